"""The door writes everything of a step or nothing: whatever fails on the way, and also when the database itself refuses."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.models import Case, Decision, Waiting
from app.cases.ports import EffectCall
from app.cases.service import Step
from app.foundation.db import Database, require_union_id
from app.fund.models import BudgetEntry, BudgetLine
from app.notices.models import Outbox
from app.trail.models import TrailEntry, TrailHead
from tests.fixtures.fund import Books, books
from tests.fixtures.unions import NOW


@pytest.fixture
def union(database: Database) -> Books:
    """A union with 1,000 yuan for culture and sports in 2026; every statement must name the union."""
    found = books(database)
    found.budgeted(a501102=100_000)
    require_union_id(database.writer)
    require_union_id(database.reader)
    return found


WRITTEN = (TrailEntry, Decision, Outbox, BudgetEntry)


def everything(union: Books, case_id: uuid.UUID) -> dict[str, Any]:
    """What a step could have changed."""
    union_id = union.town.union_id
    with union.database.read() as session:
        case = session.get_one(Case, (union_id, case_id))
        counts = {
            table.__tablename__: session.scalar(
                sa.select(sa.func.count()).select_from(table).where(table.union_id == union_id)
            )
            for table in WRITTEN
        }
        line = session.scalars(sa.select(BudgetLine).where(BudgetLine.union_id == union_id)).one()
        waiting = session.scalars(
            sa.select(Waiting.action).where(Waiting.union_id == union_id, Waiting.case_id == case_id)
        )
        return {
            "case": {column.key: getattr(case, column.key) for column in sa.inspect(Case).mapper.column_attrs},
            "counts": counts,
            "line": (line.allocated_fen, line.encumbered_fen, line.spent_fen),
            "waiting": sorted(set(waiting)),
        }


@pytest.mark.parametrize("table", ["trail_entry", "decision", "outbox", "waiting"])
def test_when_one_table_refuses_its_row_no_other_keeps_its_own(union: Books, table: str) -> None:
    claim = union.submitted(30_000)
    before = everything(union, claim.id)

    def refuse(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: Any) -> None:
        if statement.startswith(f"INSERT INTO {table} "):
            raise OSError("no space left on device")

    sa.event.listen(union.database.writer, "before_cursor_execute", refuse)
    try:
        with pytest.raises(OSError, match="no space left"):
            union.acted("auditor1", claim, "approve")
    finally:
        sa.event.remove(union.database.writer, "before_cursor_execute", refuse)
    assert everything(union, claim.id) == before
    assert union.acted("auditor1", claim, "approve").state == "audited"


def test_when_the_database_refuses_the_record_nothing_is_approved(union: Books) -> None:
    claim = union.submitted(30_000)
    here = TrailHead.union_id == union.town.union_id
    with union.database.write() as session:  # the next record gets a number that is taken
        session.execute(sa.update(TrailHead).where(here).values(size=TrailHead.size - 1))
    before = everything(union, claim.id)
    with pytest.raises(sa.exc.IntegrityError):
        union.acted("auditor1", claim, "approve")
    assert everything(union, claim.id) == before


@pytest.mark.parametrize("effect", ["fund.encumber", "fund.write_claim"])
def test_when_an_effect_fails_after_it_wrote_nothing_stays(
    union: Books, effect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = union.claim(30_000)
    before, real = everything(union, draft.id), union.door.registry.effects[effect]

    def late(call: EffectCall) -> None:
        real(call)
        raise RuntimeError("failed after writing")

    with monkeypatch.context() as patch:
        patch.setitem(union.door.registry.effects, effect, late)
        with pytest.raises(RuntimeError, match="failed after writing"):
            union.acted("treasurer", draft, "submit")
    assert everything(union, draft.id) == before
    assert union.acted("treasurer", draft, "submit").number == "GH-2026-0001"  # the number was not used up


def test_a_case_named_twice_is_decided_once(union: Books) -> None:
    claim = union.submitted(100)
    before = everything(union, claim.id)["counts"]["decision"]
    steps = [Step(claim.id, claim.version)] * 2
    outcomes = union.database.transact(
        lambda session: union.door.act_on_many(session, union.town.acting("auditor1"), steps, "approve", NOW)
    )
    (outcome,) = outcomes
    assert outcome.case is not None
    assert outcome.case.state == "audited"
    assert everything(union, claim.id)["counts"]["decision"] == before + 1
