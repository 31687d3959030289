"""What somebody with the database in his hands changes is found and named, on both databases."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, CaseFile, Decision, NumberCounter, StoredFile
from app.foundation.storage import Store
from app.fund.models import BudgetEntry, BudgetLine, Claim
from app.trail.models import TrailCheckpoint, TrailEntry, TrailHead, TrailValue
from app.trail.verifying import Problem
from tests.fixtures.chronicles import Chronicle, swapped
from tests.fixtures.unions import NOW

Forgery = Callable[[Session, Chronicle], object]


def test_a_record_that_nobody_touched_holds_also_against_the_head_a_member_kept(chronicle: Chronicle) -> None:
    assert chronicle.verified(chronicle.head) == []
    checkpoint = chronicle.head.splitlines()
    assert int(checkpoint[1]) > 5


def change(model: Any, **values: object) -> Forgery:
    """A forgery that sets columns on rows of one table: those of the published claim, where the table has cases."""

    def forge(session: Session, chronicle: Chronicle) -> None:
        statement = sa.update(model).where(model.union_id == chronicle.books.town.union_id)
        key = model.id if model is Case else getattr(model, "case_id", None)
        if key is not None:
            statement = statement.where(key == chronicle.paid.id)
        session.execute(statement.values(**values), execution_options={"synchronize_session": False})

    return forge


def change_data(**values: object) -> Forgery:
    """A forgery of the published claim's form."""

    def forge(session: Session, chronicle: Chronicle) -> None:
        data = {**chronicle.paid.data, **values}
        change(Case, data=data)(session, chronicle)

    return forge


def decision(taken: str, /, **values: object) -> Forgery:
    """A forgery of one decision row on the published claim."""

    def forge(session: Session, chronicle: Chronicle) -> None:
        clean = {
            name: chronicle.books.town.people[str(value)] if name == "person_id" else value
            for name, value in values.items()
        }
        session.execute(
            sa.update(Decision)
            .where(
                Decision.union_id == chronicle.books.town.union_id,
                Decision.case_id == chronicle.paid.id,
                Decision.action == taken,
            )
            .values(**clean)
        )

    return forge


def remove(model: Any) -> Forgery:
    """A forgery that takes the published claim's rows out of one table."""

    def forge(session: Session, chronicle: Chronicle) -> None:
        session.execute(
            sa.delete(model).where(model.union_id == chronicle.books.town.union_id, model.case_id == chronicle.paid.id)
        )

    return forge


def the_other_file(session: Session, chronicle: Chronicle) -> None:
    """The claim's evidence is another paper, whose bytes are whole."""
    other = chronicle.wiring.use(Store).put(b"another list")  # type: ignore[type-abstract]
    session.execute(
        sa.update(StoredFile).where(StoredFile.union_id == chronicle.books.town.union_id).values(sha256=other)
    )


def a_vote_more(session: Session, chronicle: Chronicle) -> None:
    """A decision that no record tells of."""
    session.execute(
        sa.insert(Decision).values(
            union_id=chronicle.books.town.union_id,
            case_id=chronicle.paid.id,
            event=9,
            round=1,
            action="approve",
            source="submitted",
            target="audited",
            closes=True,
            person_id=chronicle.books.town.people["auditor2"],
            rule=None,
            office="auditor",
            at=NOW,
            data_hash=chronicle.paid.data_hash,
            trail_seq=999,
        )
    )


ROWS: dict[str, tuple[Forgery, str]] = {
    "the state": (change(Case, state="submitted"), "case_differs"),
    "the phase": (change(Case, phase="audited"), "case_differs"),
    "the round": (change(Case, round=2), "case_differs"),
    "the version": (change(Case, version=99), "case_differs"),
    "the number": (change(Case, number="GH-2026-0077"), "case_differs"),
    "the fingerprint": (change(Case, data_hash="0" * 64), "case_differs"),
    "the step count": (change(Case, events=1), "case_differs"),
    "who submitted": (change(Case, submitter_id=uuid.UUID(int=7)), "case_differs"),
    "when it was submitted": (change(Case, submitted_at=NOW - timedelta(days=9)), "case_differs"),
    "when it was published": (change(Case, published_at=NOW - timedelta(days=9)), "case_differs"),
    "the amount in the list": (change(Case, amount_fen=1), "column_differs"),
    "the title in the list": (change(Case, title="别的"), "column_differs"),
    "the purpose on the form": (change_data(purpose="别的"), "data_changed"),
    "the amount on the form": (change_data(amount_fen=1), "data_changed"),
    "the payee, who is sealed": (change_data(payee="另一家店"), "data_changed"),
    "the reason, which is sealed": (change_data(no_invoice_reason="没有理由"), "data_changed"),
    "who approved": (decision("approve", person_id="auditor2"), "decision_differs"),
    "the office that approved": (decision("approve", office="audit_chair"), "decision_differs"),
    "when it was approved": (decision("approve", at=NOW - timedelta(days=9)), "decision_differs"),
    "what was approved": (decision("approve", data_hash="0" * 64), "decision_differs"),
    "an approval turned into a refusal": (decision("approve", action="reject"), "decision_differs"),
    "the decisions are gone": (remove(Decision), "decision_differs"),
    "a decision more": (a_vote_more, "decision_untold"),
    "the evidence is another file": (the_other_file, "files_differ"),
    "the evidence is gone from the claim": (remove(CaseFile), "files_differ"),
    "the claim's row": (change(Claim, amount_fen=1), "claim_differs"),
    "the payment's day": (change(Claim, paid_on=None), "payment_differs"),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_changed_row_is_named_with_the_case_it_is_about(chronicle: Chronicle, what: str) -> None:
    forge, code = ROWS[what]
    with chronicle.behind_its_back() as session:
        forge(session, chronicle)
    named = [one for one in chronicle.verified() if one.code == code]
    assert named, chronicle.verified()
    assert any(
        (chronicle.paid.number or "") in (one.subject or "") or "GH-2026-0077" in (one.subject or "") for one in named
    )


def test_a_budget_line_that_was_raised_is_named(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        change(BudgetLine, allocated_fen=900_000)(session, chronicle)
    found = {(one.code, one.subject) for one in chronicle.verified()}
    assert found == {("budget_line_differs", "2026 501102"), ("allocation_differs", "2026 501102")}


def test_a_budget_entry_that_was_raised_with_its_line_is_named(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        change(BudgetLine, allocated_fen=900_000)(session, chronicle)
        session.execute(
            sa.update(BudgetEntry)
            .where(BudgetEntry.union_id == chronicle.books.town.union_id, BudgetEntry.kind == "allocate")
            .values(amount_fen=900_000)
        )
    assert "allocation_differs" in chronicle.codes()


def test_a_case_that_was_taken_out_is_named_with_its_number(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        _taken_out(session, chronicle)
    found = {(one.code, one.subject) for one in chronicle.verified()}
    assert {("case_missing", "GH-2026-0001"), ("number_missing", "GH-2026-0001")} <= found


def test_a_case_that_was_put_in_without_any_record_is_named(chronicle: Chronicle) -> None:
    draft = chronicle.books.claim(100)
    with chronicle.behind_its_back() as session:
        session.execute(
            sa.update(Case)
            .where(Case.union_id == draft.union_id, Case.id == draft.id)
            .values(number="GH-2026-0004", state="audited", phase="audited", events=2)
        )
    assert ("case_untold", "GH-2026-0004") in {(one.code, one.subject) for one in chronicle.verified()}


def test_a_draft_put_straight_into_another_state_is_named(chronicle: Chronicle) -> None:
    draft = chronicle.books.claim(100)
    with chronicle.behind_its_back() as session:
        session.execute(
            sa.update(Case)
            .where(Case.union_id == draft.union_id, Case.id == draft.id)
            .values(state="audited", phase="audited")
        )
    assert ("case_untold", str(draft.id)) in {(one.code, one.subject) for one in chronicle.verified()}


def test_a_counter_set_back_is_named_before_a_number_is_given_twice(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        session.execute(
            sa.update(NumberCounter)
            .where(NumberCounter.union_id == chronicle.books.town.union_id, NumberCounter.kind == "GH")
            .values(last=1)
        )
    assert [(one.code, one.subject) for one in chronicle.verified()] == [("counter_differs", "GH-2026")]


def test_a_changed_record_is_named_by_its_number(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        seq = chronicle.rewritten(session)
    assert ("entry_changed", seq) in _placed(chronicle.verified())


def test_a_record_rewritten_with_all_hashes_after_it_does_not_fit_the_signed_head(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        chronicle.rewritten(session)
        chronicle.rechained(session)
    codes = chronicle.codes()
    assert "forked_before_checkpoint" in codes
    assert not codes & {"entry_changed", "link_broken", "head_differs"}


def test_with_the_signed_heads_removed_too_the_head_a_member_kept_tells(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        chronicle.rewritten(session)
        chronicle.rechained(session)
        session.execute(sa.delete(TrailCheckpoint).where(TrailCheckpoint.union_id == chronicle.books.town.union_id))
    assert "forked_from_witnessed" not in chronicle.codes()
    assert "forked_from_witnessed" in chronicle.codes(chronicle.head)
    size, root = chronicle.head.splitlines()[1], _root_hex(chronicle)
    assert "forked_from_witnessed" in chronicle.codes(f"{size}@{root}")


def test_a_tail_that_was_cut_off_is_named(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        _tail_cut(session, chronicle)
    assert {"head_differs", "shorter_than_checkpoint"} <= chronicle.codes()


def test_a_tail_cut_off_with_its_signed_heads_is_shorter_than_the_head_a_member_kept(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        _tail_cut(session, chronicle)
        chronicle.rechained(session)
        session.execute(sa.delete(TrailCheckpoint).where(TrailCheckpoint.union_id == chronicle.books.town.union_id))
    assert not chronicle.codes() & {"head_differs", "shorter_than_checkpoint", "link_broken"}
    assert "shorter_than_witnessed" in chronicle.codes(chronicle.head)


def test_a_record_taken_out_of_the_middle_is_named(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        session.execute(
            sa.delete(TrailEntry).where(TrailEntry.union_id == chronicle.books.town.union_id, TrailEntry.seq == 4)
        )
    assert ("entry_missing", 4) in _placed(chronicle.verified())


def test_a_head_signed_by_another_key_is_not_believed(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        row = session.scalars(
            sa.select(TrailCheckpoint).where(TrailCheckpoint.union_id == chronicle.books.town.union_id)
        ).one()
        line = row.note.rstrip("\n").rsplit(" ", 1)
        session.execute(
            sa.update(TrailCheckpoint)
            .where(TrailCheckpoint.union_id == row.union_id)
            .values(note=f"{line[0]} {line[1][:8]}{'A' * (len(line[1]) - 10)}==\n")
        )
    assert chronicle.codes() == {"checkpoint_unsigned"}


def test_a_comment_that_was_changed_does_not_open_its_commitment(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        session.execute(_comments(chronicle, sa.update(TrailValue)).values(value="单据不全"))
    assert chronicle.codes() == {"value_changed"}


def test_a_comment_that_was_taken_out_is_missed(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        session.execute(_comments(chronicle, sa.delete(TrailValue)))
    assert chronicle.codes() == {"value_missing"}


def test_a_file_whose_bytes_were_swapped_is_named_with_its_claim(chronicle: Chronicle) -> None:
    swapped(chronicle, b"another list")
    assert [(one.code, one.subject) for one in chronicle.verified()] == [("file_changed", "GH-2026-0001")]


def test_missing_guards_are_named(chronicle: Chronicle) -> None:
    with chronicle.database.write() as session:
        connection = session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql(
            "DROP TRIGGER trail_entry_no_update" if is_sqlite else "ALTER TABLE trail_entry DISABLE TRIGGER USER"
        )
    assert [(one.code, one.subject) for one in chronicle.verified()] == [("triggers_missing", "trail_entry")]


def _placed(problems: list[Problem]) -> set[tuple[str, int | None]]:
    return {(one.code, one.seq) for one in problems}


def _taken_out(session: Session, chronicle: Chronicle) -> None:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for table in reversed(Case.metadata.sorted_tables):
        if any(key.column.table is Case.__table__ for key in table.foreign_keys) and "case_id" in table.c:
            session.execute(
                sa.delete(table).where(
                    table.c.union_id == chronicle.books.town.union_id, table.c.case_id == chronicle.paid.id
                )
            )
    session.execute(sa.delete(Case).where(Case.union_id == chronicle.paid.union_id, Case.id == chronicle.paid.id))


def _tail_cut(session: Session, chronicle: Chronicle) -> None:
    union_id = chronicle.books.town.union_id
    size = session.get_one(TrailHead, union_id).size
    session.execute(sa.delete(TrailEntry).where(TrailEntry.union_id == union_id, TrailEntry.seq > size - 2))


def _comments(chronicle: Chronicle, statement: Any) -> Any:
    seq = (
        sa.select(Decision.trail_seq)
        .where(
            Decision.union_id == chronicle.books.town.union_id,
            Decision.case_id == chronicle.paid.id,
            Decision.action == "approve",
        )
        .scalar_subquery()
    )
    return statement.where(
        TrailValue.union_id == chronicle.books.town.union_id, TrailValue.path == "@comment", TrailValue.seq == seq
    ).execution_options(synchronize_session=False)


def _root_hex(chronicle: Chronicle) -> str:
    return base64.b64decode(chronicle.head.splitlines()[2]).hex()
