"""Rows in which somebody wrote what no program of ours writes: each is named, and none ends the check or escapes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, DefinitionInForce, NumberCounter, StoredDefinition, StoredFile
from app.trail.models import TrailCheckpoint, TrailEntry, TrailHead, TrailValue
from tests.fixtures.chronicles import Chronicle
from tests.fixtures.unions import NOW
from tests.integration.trail.test_commands import flask
from tests.integration.trail.test_tampering import change, change_data

Forgery = Callable[[Session, Chronicle], object]


def entry(**values: object) -> Forgery:
    """Record 9 with other columns."""

    def forge(session: Session, chronicle: Chronicle) -> None:
        session.execute(
            sa.update(TrailEntry)
            .where(TrailEntry.union_id == chronicle.books.town.union_id, TrailEntry.seq == 9)
            .values(**values),
            execution_options={"synchronize_session": False},
        )

    return forge


def copy_of(model: Any, **values: object) -> Forgery:
    """A second row like the first one of a table, under another key."""

    def forge(session: Session, chronicle: Chronicle) -> None:
        table = model.__table__
        row = session.execute(sa.select(table).where(table.c.union_id == chronicle.books.town.union_id)).first()
        assert row is not None
        session.execute(sa.insert(table).values({**row._mapping, **values}))

    return forge


def numbered(number: str) -> Forgery:
    """The published claim under another number, with the counter set after it."""

    def forge(session: Session, chronicle: Chronicle) -> None:
        change(Case, number=number)(session, chronicle)

    return forge


def of_all_definitions(**values: object) -> Forgery:
    """Every stored workflow with other columns."""

    def forge(session: Session, _chronicle: Chronicle) -> None:
        session.execute(sa.update(StoredDefinition).values(**values))

    return forge


def a_weaker_workflow(session: Session, chronicle: Chronicle) -> None:
    """Claims from now on run a workflow that is stored properly, but that the union never adopted."""
    weaker = b'{"name":"expense_claim","nobody":"need approve"}'
    digest = hashlib.sha256(weaker).hexdigest()
    session.execute(sa.insert(StoredDefinition).values(hash=digest, name="expense_claim", canonical=weaker))
    session.execute(
        sa.update(DefinitionInForce)
        .where(DefinitionInForce.union_id == chronicle.books.town.union_id, DefinitionInForce.name == "expense_claim")
        .values(hash=digest)
    )


def erased_beside_the_trail(session: Session, chronicle: Chronicle) -> None:
    """The salts are gone, so that nothing can prove the payee any more; then he is changed on the form."""
    session.execute(
        sa.update(TrailValue)
        .where(TrailValue.union_id == chronicle.books.town.union_id)
        .values(salt=None, value=sa.null()),
        execution_options={"synchronize_session": False},
    )
    change_data(payee="另一家店")(session, chronicle)


HOSTILE: dict[str, tuple[Forgery, str]] = {
    "a record that is a list": (entry(body=b"[]"), "entry_not_canonical"),
    "a record that is a number": (entry(body=b"1"), "entry_not_canonical"),
    "a record that is nested without end": (entry(body=b"[" * 100_000), "entry_not_canonical"),
    "a link that is no hash": (entry(chain_hash="z" * 64), "link_broken"),
    "another moment beside the record": (entry(at=NOW - timedelta(days=400)), "entry_misplaced"),
    "a record hidden before the first": (copy_of(TrailEntry, seq=0), "entry_misplaced"),
    "a record after the last": (copy_of(TrailEntry, seq=5000), "entry_missing"),
    "another hash algorithm": (change(TrailHead, algorithm="md5"), "head_differs"),
    "another name of the log": (change(TrailHead, origin="elsewhere.test/trail/brook"), "entry_misplaced"),
    "an empty signed head": (change(TrailCheckpoint, note=""), "checkpoint_unsigned"),
    "subtrees that the next head would grow from": (
        change(TrailCheckpoint, frontier=["00" * 32]),
        "checkpoint_misfiled",
    ),
    "another moment of a signed head": (
        change(TrailCheckpoint, made_at=NOW - timedelta(days=400)),
        "checkpoint_misfiled",
    ),
    "a salt too short to hide anything": (change(TrailValue, salt=b"\x00"), "value_changed"),
    "a value that has no canonical form": (change(TrailValue, value=1.5), "value_changed"),
    "a value of no record": (copy_of(TrailValue, seq=9999), "value_untold"),
    "a value that no record sealed": (copy_of(TrailValue, path="extra"), "value_changed"),
    "a payee changed after what proves him was erased": (erased_beside_the_trail, "data_changed"),
    "a form that is a list": (change(Case, data=[]), "unreadable"),
    "an amount that is no whole number": (change_data(amount_fen=1.5), "unreadable"),
    "lines that are a word": (change_data(lines="abc"), "unreadable"),
    "a field that the workflow does not have": (change_data(unknown=1), "data_changed"),
    "commitments that are a list": (change(Case, sealed=[]), "data_changed"),
    "a claim that is said to be a task": (change(Case, workflow="task"), "case_differs"),
    "a number beyond all counting": (numbered("GH-2026-99999999999"), "number_missing"),
    "a number without end": (numbered("GH-2026-" + "9" * 5000), "case_differs"),
    "a counter beyond all counting": (change(NumberCounter, last=99_999_999_999), "number_missing"),
    "a workflow rewritten under its hash": (of_all_definitions(canonical=b"{}"), "definition_changed"),
    "a workflow in force that nobody adopted": (a_weaker_workflow, "definition_unadopted"),
    "a file under a name that is no hash": (change(StoredFile, sha256="../../etc/passwd"), "file_changed"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_named_and_the_check_goes_on_to_its_end(chronicle: Chronicle, what: str) -> None:
    forge, code = HOSTILE[what]
    with chronicle.behind_its_back() as session:
        forge(session, chronicle)
        session.execute(  # the last part of the check must still be reached
            sa.insert(NumberCounter).values(union_id=chronicle.books.town.union_id, kind="ZZ", year=2026, last=1)
        )
    found = chronicle.verified()
    assert code in {one.code for one in found}, found
    assert ("number_missing", "ZZ-2026-0001") in {(one.code, one.subject) for one in found}
    assert all(one.text.zh and one.text.en for one in found)


def test_a_form_that_cannot_be_read_is_named_with_its_number_and_no_other_case_is(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        change_data(lines=[1, 2])(session, chronicle)
    named = {one.subject for one in chronicle.verified() if one.code == "unreadable" and one.seq is not None}
    assert named == {chronicle.paid.number}


def test_a_long_run_of_missing_numbers_is_one_problem(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        change(NumberCounter, last=40_000)(session, chronicle)
    gaps = [one.subject for one in chronicle.verified() if one.subject and one.subject.startswith("GH-")]
    assert gaps == ["GH-2026-0004…40000"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE trail_entry SET at = 'garbage' WHERE seq = 9", "entry_misplaced"),
        ("UPDATE trail_entry SET body = '{}' WHERE seq = 9", "entry_changed"),
        ("UPDATE trail_value SET value = '{'", "value_changed"),
        ("UPDATE decision SET at = 'garbage'", "unreadable"),
        ("UPDATE definition SET canonical = '{}'", "definition_changed"),
        ("UPDATE \"case\" SET opener_id = 'nobody'", "unreadable"),
    ],
)
def test_what_only_sqlite_lets_a_column_hold_is_named_too(chronicle: Chronicle, statement: str, code: str) -> None:
    with chronicle.behind_its_back() as session:
        session.connection().exec_driver_sql(statement)
    assert code in chronicle.codes()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_says_so_when_the_log_s_own_head_is_gone(chronicle: Chronicle) -> None:
    with chronicle.behind_its_back() as session:
        session.execute(sa.delete(TrailHead).where(TrailHead.union_id == chronicle.books.town.union_id))
    answer = flask(chronicle, "verify", "--union", "brook")
    assert (answer.returncode, "head_missing" in answer.stderr) == (1, True), answer.stderr
