"""Whatever order claims are held, given back and paid in, the budget adds up and no invoice is used beyond its total."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.cases.models import StoredFile
from app.cases.ports import CaseView, Effect, EffectCall
from app.engine.decision import Decision
from app.foundation.errors import Conflict
from app.foundation.ids import new_id
from app.fund import effects
from app.fund.invoices.facts import InvoiceReading
from app.fund.models import BudgetEntry, BudgetLine, InvoiceRegistry
from tests.fixtures.fund import CULTURE, Books
from tests.fixtures.unions import NOW

ALLOCATED = 100_000
NUMBER = "26000000000000000029"
TOTAL = 30_000
CLAIMS = 4
STEPS = {"encumber": effects.encumber, "release": effects.release, "spend": effects.spend}

_runs = itertools.count(1)

moves = st.lists(
    st.tuples(st.integers(0, CLAIMS - 1), st.sampled_from(sorted(STEPS)), st.integers(1, 70_000)), max_size=25
)
shares = st.lists(st.tuples(st.integers(0, CLAIMS - 1), st.booleans(), st.integers(1, 20_000)), max_size=20)
several = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def call_for(session: Session, union: Books, case_id: uuid.UUID, data: Mapping[str, Any]) -> EffectCall:
    """An effect's call for a claim with that data; the tables of cases are not needed for it."""
    view = CaseView(
        union_id=union.town.union_id,
        id=case_id,
        workflow="expense_claim",
        number=None,
        state="draft",
        phase="draft",
        round=1,
        data=data,
        stored=data,
        opener_id=union.town.people["treasurer"],
        submitter_id=None,
    )
    decision = Decision("submit", "treasurer", "draft", "submitted", True, (), None, {}, False, ())
    return EffectCall(session, view, decision, None, NOW, {}, lambda _name, _value: None)


def refusal_of(effect: Effect, call: EffectCall) -> str | None:
    """The code with which the effect refused, if it did."""
    try:
        effect(call)
    except Conflict as error:
        return error.code
    return None


def line_of(session: Session, union: Books) -> BudgetLine:
    """The line as the database has it."""
    session.expire_all()
    return session.query(BudgetLine).filter_by(union_id=union.town.union_id, account=CULTURE).one()


@given(steps=moves)
@several
def test_the_budget_adds_up_after_every_step(union: Books, steps: list[tuple[int, str, int]]) -> None:
    cases = [new_id(NOW) for _ in range(CLAIMS)]
    held, spent = dict.fromkeys(cases, 0), 0
    with union.database.writer.connect() as connection, Session(connection, autoflush=False) as session:
        for index, step, amount in steps:
            case = cases[index]
            if step == "encumber" and held[case]:
                continue  # the workflow submits a claim once a round
            data = {"amount_fen": amount, "account": CULTURE, "spent_on": "2026-04-20", "paid_on": "2026-04-27"}
            fits = sum(held.values()) + spent + amount <= ALLOCATED
            refused = refusal_of(STEPS[step], call_for(session, union, case, data))
            assert refused == (None if fits or step != "encumber" else "budget_short")
            if refused:
                continue
            spent += held[case] if step == "spend" else 0
            held[case] = amount if step == "encumber" else 0
            line = line_of(session, union)
            assert (line.encumbered_fen, line.spent_fen) == (sum(held.values()), spent)
            assert line.allocated_fen == line.available_fen + line.encumbered_fen + line.spent_fen == ALLOCATED
            assert line.available_fen >= 0
        entries = session.query(BudgetEntry).filter_by(union_id=union.town.union_id, kind="spend").all()
        assert sum(one.amount_fen for one in entries) == spent
        session.rollback()


@given(steps=shares)
@several
def test_a_divided_invoice_is_never_used_beyond_its_total(union: Books, steps: list[tuple[int, bool, int]]) -> None:
    cases = [new_id(NOW) for _ in range(CLAIMS)]
    used = dict.fromkeys(cases, 0)
    with union.database.writer.connect() as connection, Session(connection, autoflush=False) as session:
        file_id = _invoice_file(session, union)
        for index, uses, share in steps:
            case = cases[index]
            if uses and used[case]:
                continue
            line = {"amount_fen": share, "share_fen": share, "files": [str(file_id)]}
            call = call_for(session, union, case, {"lines": [line]})
            fits = sum(used.values()) + share <= TOTAL
            refused = refusal_of(effects.use_invoices if uses else effects.free_invoices, call)
            assert refused == (None if fits or not uses else "invoice_in_use")
            if refused:
                continue
            used[case] = share if uses else 0
            session.expire_all()
            row = session.get(InvoiceRegistry, NUMBER)
            assert (row.used_fen if row else 0) == sum(used.values()) <= TOTAL
        session.rollback()


def _invoice_file(session: Session, union: Books) -> uuid.UUID:
    file = StoredFile(
        union_id=union.town.union_id,
        id=new_id(NOW),
        sha256=f"{next(_runs):064x}",
        name="invoice.xml",
        media_type="application/xml",
        size=10,
        uploaded_by=union.town.people["treasurer"],
        uploaded_at=NOW,
        reading=InvoiceReading(number=NUMBER, amount_total_fen=TOTAL).as_dict(),
    )
    session.add(file)
    session.flush()
    return file.id
