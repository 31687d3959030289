"""The demo as it stands on its last day, asked through the doors that people use."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.definitions import Definitions
from app.cases.models import Case, CaseFile, Decision, StoredFile
from app.cases.ports import Registry
from app.cases.service import Cases
from app.demo.people import UNION, UPPER_UNION, USERNAMES
from app.foundation.clock import union_day
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.storage import Store
from app.people import queries as people
from app.people.models import Union
from app.people.principal import Principal
from app.people.sign_in import SignIns
from app.review.verification import Verifier
from app.trail.keys import SigningKey
from app.trail.models import TrailCheckpoint, TrailEntry, TrailHead
from app.trail.note import TrustedKey
from app.wiring import wire
from config import Settings
from tests.fixtures.demo import LOADED_AT, DemoDatabase

LAST_DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def wiring(demo_database: DemoDatabase) -> Iterator[Wiring]:
    wired = wire(Settings.from_env(demo_database.environment))
    with contextlib.closing(wired.use(Database)):
        yield wired


@pytest.fixture
def session(wiring: Wiring) -> Iterator[Session]:
    with wiring.use(Database).read() as opened:
        yield opened


@pytest.fixture
def union(session: Session) -> Union:
    found = people.union_by_slug(session, UNION.slug)
    assert found is not None
    return found


def signed_in(session: Session, union: Union, username: str) -> Principal:
    listed = next(one for one in people.people(session, union.id, LAST_DAY) if one.username == username)
    offices = {held.office for held in listed.offices if held.in_force(LAST_DAY)}
    return Principal(union.id, listed.id, listed.name, frozenset(offices))


def claims_of(session: Session, union: Union) -> list[Case]:
    return list(session.scalars(sa.select(Case).where(Case.union_id == union.id, Case.workflow == "expense_claim")))


def test_every_state_of_a_claim_is_there(session: Session, union: Union) -> None:
    claims = claims_of(session, union)
    states = Counter(claim.state for claim in claims)
    assert states == {"published": 79, "audited": 53, "submitted": 22, "draft": 8, "rejected": 2, "voided": 2}
    paid = [claim for claim in claims if claim.state == "audited" and claim.data.get("paid_on")]
    assert len(paid) == 47
    sent_back = [claim for claim in claims if claim.state == "draft" and claim.round > 1]
    assert len(sent_back) == 5
    assert sum(1 for claim in claims if claim.state == "published" and claim.round > 1) == 3


def test_claims_of_the_first_half_are_published_and_later_ones_are_not(session: Session, union: Union) -> None:
    for claim in claims_of(session, union):
        if claim.state == "published":
            assert claim.day is not None
            assert claim.day <= date(2026, 6, 30)


def test_the_first_auditor_finds_twenty_claims_of_which_two_need_a_second_look(
    wiring: Wiring, session: Session, union: Union
) -> None:
    auditor = signed_in(session, union, "auditor1")
    submitted = [claim for claim in claims_of(session, union) if claim.state == "submitted"]
    open_to_him = wiring.use(Cases).steps_open_to(session, auditor, submitted)
    waiting = [claim for claim in submitted if "approve" in {action.name for action in open_to_him[claim.id]}]
    assert len(waiting) == 20
    assert sum(1 for claim in waiting if claim.warnings) == 2
    half_decided = [claim for claim in submitted if claim not in waiting]
    assert len(half_decided) == 2
    assert all((claim.amount_fen or 0) > UNION.two_auditor_limit_fen for claim in half_decided)


def test_claims_above_the_limit_were_decided_by_two_auditors(session: Session, union: Union) -> None:
    decided = [claim for claim in claims_of(session, union) if claim.state in {"audited", "published"}]
    rows = cases.decisions_of(session, union.id, [claim.id for claim in decided])
    large = [claim for claim in decided if (claim.amount_fen or 0) > UNION.two_auditor_limit_fen]
    assert len(large) >= 5
    for claim in decided:
        voters = {row.person_id for row in rows[claim.id] if row.action == "approve"}
        assert len(voters) == (2 if claim in large else 1)


def test_nobody_approves_what_he_filed_handled_or_paid(session: Session, union: Union) -> None:
    decided = claims_of(session, union)
    rows = cases.decisions_of(session, union.id, [claim.id for claim in decided])
    for claim in decided:
        sides = {str(claim.submitter_id), claim.data.get("handled_by"), claim.data.get("payee_person")}
        sides |= {str(row.person_id) for row in rows[claim.id] if row.action == "pay"}
        assert sides.isdisjoint({str(row.person_id) for row in rows[claim.id] if row.action == "approve"})


def test_numbers_have_no_gaps(session: Session, union: Union) -> None:
    numbers = session.scalars(sa.select(Case.number).where(Case.union_id == union.id, Case.number.is_not(None)))
    kinds: dict[str, list[int]] = {}
    for number in numbers:
        kind, _, serial = str(number).rpartition("-")
        kinds.setdefault(kind, []).append(int(serial))
    assert {"GH-2026", "RW-2026", "YS-2026", "SR-2026", "JH-2026", "SC-2026"} <= kinds.keys()
    for serials in kinds.values():
        assert sorted(serials) == list(range(1, len(serials) + 1))


def test_tasks_are_as_far_as_the_year(session: Session, union: Union) -> None:
    tasks = list(session.scalars(sa.select(Case).where(Case.union_id == union.id, Case.workflow == "task")))
    states = Counter(task.state for task in tasks)
    assert len(tasks) == 52
    assert states["published"] >= 25
    assert states["reported"] >= 5
    assert states.keys() >= {"signed_off", "in_progress", "approved", "proposed", "draft", "cancelled"}
    overdue = [task for task in tasks if task.state == "in_progress" and task.data["due_on"] < LAST_DAY.isoformat()]
    assert len(overdue) >= 3


def test_the_review_of_the_first_half_carries_two_signatures(session: Session, union: Union) -> None:
    review = session.scalars(sa.select(Case).where(Case.union_id == union.id, Case.workflow == "fund_review")).one()
    rows = cases.decisions_of(session, union.id, [review.id])[review.id]
    assert review.state == "published"
    assert len({row.person_id for row in rows if row.action == "sign"}) == 2
    assert rows[-1].office == "audit_chair"


def test_nothing_happens_out_of_order_or_after_the_last_day(session: Session, union: Union) -> None:
    rows = session.execute(
        sa.select(TrailEntry.at).where(TrailEntry.union_id == union.id).order_by(TrailEntry.seq)
    ).scalars()
    moments = list(rows)
    assert moments == sorted(moments)
    assert moments[-1].date() <= LAST_DAY
    decided = session.scalars(sa.select(Decision.person_id).where(Decision.union_id == union.id)).all()
    accounts = {one.id for one in people.people(session, union.id, LAST_DAY) if one.username}
    assert set(decided) <= accounts


def test_the_whole_record_verifies(wiring: Wiring, session: Session, union: Union) -> None:
    upper = people.union_by_slug(session, UPPER_UNION.slug)
    assert upper is not None
    store: Store = wiring.use(Store)  # type: ignore[type-abstract]
    verifier = Verifier(wiring.use(Definitions), wiring.use(Registry), store)
    for one in (upper, union):
        head = session.get_one(TrailHead, one.id)
        key = TrustedKey(wiring.use(SigningKey).named(head.origin).verifier, 0, None)
        assert list(verifier.verify(session, one.id, [key])) == []


def test_every_month_ends_with_a_signed_head(session: Session, union: Union) -> None:
    made = session.scalars(
        sa.select(TrailCheckpoint.made_at).where(TrailCheckpoint.union_id == union.id).order_by(TrailCheckpoint.made_at)
    ).all()
    assert [union_day(moment).month for moment in made] == [12, *range(1, 11), 11]
    last = session.scalar(sa.select(sa.func.max(TrailCheckpoint.size)).where(TrailCheckpoint.union_id == union.id))
    assert last == session.get_one(TrailHead, union.id).size


def test_every_file_of_a_case_is_kept_whole(wiring: Wiring, session: Session, union: Union) -> None:
    store: Store = wiring.use(Store)  # type: ignore[type-abstract]
    rows = session.scalars(
        sa.select(StoredFile.sha256)
        .join(CaseFile, (CaseFile.union_id == StoredFile.union_id) & (CaseFile.file_id == StoredFile.id))
        .where(StoredFile.union_id == union.id, CaseFile.union_id == union.id)
    ).all()
    assert len(rows) > 250
    assert all(store.verify(sha256) for sha256 in set(rows))


def test_everyone_signs_in_with_the_one_password_and_need_not_change_it(
    demo_database: DemoDatabase, tmp_path: Path
) -> None:
    copy = demo_database.copied_to(tmp_path)
    wired = wire(Settings.from_env(copy.environment))
    with contextlib.closing(wired.use(Database)) as database:
        for username in USERNAMES:
            opened = wired.use(SignIns).sign_in(database, username, copy.password, "192.0.2.1", LOADED_AT)
            assert not opened.password_is_temporary


def test_offices_were_recorded_by_one_and_confirmed_by_another(session: Session, union: Union) -> None:
    holdings = people.offices_of(session, union.id)
    assert all(held.is_confirmed for held in holdings)
    founders = {one.id for one in people.people(session, union.id, LAST_DAY) if one.username in {"chair", "admin"}}
    assert all(held.recorded_by not in {None, held.person_id} for held in holdings if held.person_id not in founders)


def test_the_copy_of_a_demo_is_whole_and_its_own(demo_database: DemoDatabase, tmp_path: Path) -> None:
    copy = demo_database.copied_to(tmp_path)
    with contextlib.closing(sqlite3.connect(copy.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute('UPDATE "union" SET name = ? WHERE slug = ?', ("changed", UNION.slug))
        connection.commit()
    with contextlib.closing(sqlite3.connect(demo_database.path)) as connection:
        assert connection.execute('SELECT name FROM "union" WHERE slug = ?', (UNION.slug,)).fetchone() == (UNION.name,)


def test_other_kinds_of_work_are_in_the_year_and_public(session: Session, union: Union) -> None:
    found = session.scalars(
        sa.select(Case).where(
            Case.union_id == union.id, Case.workflow.in_(["condolence", "chairs_meeting", "suggestion"])
        )
    ).all()
    assert {(one.workflow, one.state, one.number) for one in found} == {
        ("condolence", "published", "WW-2026-0001"),
        ("chairs_meeting", "published", "ZX-2026-0001"),
        ("suggestion", "published", "JY-2026-0001"),
    }
    (list_,) = (one for one in found if one.workflow == "condolence")
    claim = session.get_one(Case, (union.id, uuid.UUID(list_.data["claim"])))
    assert (claim.title, claim.amount_fen) == ("五月会员生日蛋糕", list_.amount_fen)
