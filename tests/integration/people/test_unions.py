"""Unions: founded with a trail of their own, a tree, settings that leave a trace, and the first run."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation.db import Database
from app.foundation.errors import Invalid, NotFound
from app.people import queries, service, setting_up
from app.people.errors import AlreadySetUp
from app.people.models import INSTALLATION, Union
from app.people.service import ONE_AUDITOR_IS_ENOUGH, Founding
from app.people.setting_up import Newcomer, Plan
from app.trail.chain import Link, verify_links
from app.trail.models import TrailEntry, TrailHead, TrailValue
from tests.fixtures.unions import BOOK, HOST, NAMES, NOW, PASSWORD, PASSWORDS, Town, found, newcomer

FOUR = (
    newcomer("chair", "chair"),
    newcomer("treasurer", "treasurer"),
    newcomer("cashier", "cashier"),
    newcomer("auditor1", "auditor"),
)


def trail_of(database: Database, union_id: Any) -> list[bytes]:
    with database.read() as session:
        return list(
            session.scalars(sa.select(TrailEntry.body).where(TrailEntry.union_id == union_id).order_by(TrailEntry.seq))
        )


def set_up(database: Database, people: tuple[Newcomer, ...] = FOUR, **union: Any) -> Any:
    plan = Plan(Founding(**{"name": "溪口镇工会", "slug": "union", **union}), people)
    hashes = [PASSWORDS.hash(one.password) for one in people]
    return database.transact(lambda session: setting_up.set_up(session, BOOK, plan, hashes, HOST, NOW))


# --- founding and settings -----------------------------------------------------------------------------------------------


def test_a_unions_trail_begins_with_its_founding_and_every_link_holds(town: Town) -> None:
    for union_id, slug in ((town.union_id, "brook"), (INSTALLATION, "installation")):
        with town.database.read() as session:
            origin = session.scalar(sa.select(TrailHead.origin).where(TrailHead.union_id == union_id))
            rows = session.scalars(
                sa.select(TrailEntry).where(TrailEntry.union_id == union_id).order_by(TrailEntry.seq)
            )
            links = [Link(row.seq, row.body, row.leaf_hash, row.chain_hash) for row in rows]
        assert origin == f"{HOST}/trail/{slug}"
        assert verify_links(origin, links) is None
        assert len(links) >= len(town.people)
    assert b'"event":"union.founded"' in trail_of(town.database, town.union_id)[0]


def test_names_are_sealed_on_the_trail_and_kept_beside_it(town: Town) -> None:
    bodies = trail_of(town.database, town.union_id)
    with town.database.read() as session:
        kept = set(session.scalars(sa.select(TrailValue.value).where(TrailValue.union_id == town.union_id)))
    for name in NAMES.values():
        assert not any(name.encode() in body for body in bodies)
        assert name in kept


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"name": " "}, "name"),
        ({"slug": "Brook"}, "slug"),
        ({"slug": "-a"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"slug": "a" * 41}, "slug"),
        ({"slug": "installation"}, "slug"),
        ({"slug": "brook"}, "slug"),
        ({"two_auditor_limit_fen": -1}, "two_auditor_limit_fen"),
    ],
)
def test_a_union_that_cannot_be_founded_names_the_fault(town: Town, wrong: dict[str, Any], path: str) -> None:
    founding = Founding(**{"name": "溪口镇工会", "slug": "valley", **wrong})
    with pytest.raises(Invalid) as refused, town.database.write() as session:
        service.found_union(session, founding, HOST, NOW)
    assert list(refused.value.faults) == [path]


def test_a_union_needs_a_parent_that_exists(town: Town) -> None:
    orphan = Founding("溪口镇工会", "valley", parent_id=town.people["chair"])
    with pytest.raises(NotFound), town.database.write() as session:
        service.found_union(session, orphan, HOST, NOW)


def test_unions_form_a_tree_read_with_one_statement(town: Town) -> None:
    hill = found(town.database, "hill", {"upper": ("chair",)})
    vale = found(town.database, "vale", {"chair": ("chair",)}, parent_id=hill.union_id, suffix="2")
    found(town.database, "glen", {"chair": ("chair",)}, parent_id=vale.union_id, suffix="3")
    with town.database.read() as session:
        tree = queries.below(session, hill.union_id)
    assert [(one.slug, one.depth) for one in tree] == [("hill", 0), ("vale", 1), ("glen", 2)]


def test_a_changed_setting_is_on_record_with_before_and_after_and_an_unchanged_one_is_not(town: Town) -> None:
    chair, before = town.acting("chair"), len(trail_of(town.database, town.union_id))
    changes = {"two_auditor_limit_fen": 500000, "chair_approves": True, "place": ""}
    town.database.transact(lambda session: service.change_settings(session, chair, changes, NOW))
    bodies = trail_of(town.database, town.union_id)
    assert len(bodies) == before + 1
    assert b'"chair_approves":{"from":false,"to":true}' in bodies[-1]
    assert f'"two_auditor_limit_fen":{{"from":{ONE_AUDITOR_IS_ENOUGH},"to":500000}}'.encode() in bodies[-1]
    assert b'"place"' not in bodies[-1]
    town.database.transact(lambda session: service.change_settings(session, chair, changes, NOW))
    assert len(trail_of(town.database, town.union_id)) == before + 1


@pytest.mark.parametrize("wrong", [{"name": " "}, {"two_auditor_limit_fen": -1}])
def test_a_setting_that_cannot_be_is_refused(town: Town, wrong: dict[str, Any]) -> None:
    chair = town.acting("chair")
    with pytest.raises(Invalid) as refused:
        town.database.transact(lambda session: service.change_settings(session, chair, wrong, NOW))
    assert list(refused.value.faults) == list(wrong)


# --- the first run -------------------------------------------------------------------------------------------------------


def test_the_first_run_founds_a_union_whose_offices_count_at_once(watched: Database) -> None:
    union_id = set_up(watched, two_auditor_limit_fen=500000, chair_approves=True)
    with watched.read() as session:
        union = session.get_one(Union, union_id)
        assert (union.name, union.two_auditor_limit_fen, union.chair_approves) == ("溪口镇工会", 500000, True)
        held = queries.holders(session, union_id, ["chair", "treasurer", "cashier", "auditor"], NOW.date())
    assert all(len(people) == 1 for people in held.values())


def test_a_second_first_run_is_refused(watched: Database) -> None:
    set_up(watched)
    with pytest.raises(AlreadySetUp):
        set_up(watched, slug="again")


def test_two_first_runs_at_once_found_one_union(database: Database) -> None:
    start, outcomes = threading.Barrier(2), list[str]()

    def run(slug: str) -> None:
        start.wait(10)
        try:
            set_up(database, slug=slug)
            outcomes.append("founded")
        except AlreadySetUp as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=run, args=(slug,)) for slug in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["already_set_up", "founded"]
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Union)) == 2


@pytest.mark.parametrize("missing", range(4))
def test_chair_treasurer_cashier_and_auditor_are_needed(watched: Database, missing: int) -> None:
    people = tuple(one for at, one in enumerate(FOUR) if at != missing)
    with pytest.raises(Invalid) as refused:
        set_up(watched, people)
    assert list(refused.value.faults) == ["people"]
    with watched.read() as session:
        assert not queries.any_union(session)


def test_every_fault_of_the_first_run_is_named_by_its_field(watched: Database) -> None:
    people = (
        newcomer("chair", "chair", "auditor"),
        newcomer("treasurer", "treasurer", "emperor"),
        newcomer("CHAIR", "cashier"),
        Newcomer("某人", "!", "weak", ()),
    )
    with pytest.raises(Invalid) as refused:
        set_up(watched, people)
    assert set(refused.value.faults) == {
        "people.1.offices",
        "people.2.username",
        "people.3.username",
        "people.3.password",
    }


def test_exclusive_offices_stop_the_first_run_at_their_field(watched: Database) -> None:
    with pytest.raises(Invalid) as refused:
        set_up(watched, (*FOUR[1:], newcomer("chair", "chair", "auditor")))
    assert list(refused.value.faults) == ["people.3.offices"]
    with watched.read() as session:
        assert not queries.any_union(session)


def test_a_passwords_that_holds_the_unions_name_is_refused(watched: Database) -> None:
    people = (*FOUR[:3], Newcomer("江一鸣", "auditor1", "我在溪口镇工会上班呢", ("auditor",)))
    with pytest.raises(Invalid) as refused:
        set_up(watched, people)
    assert list(refused.value.faults) == ["people.3.password"]
    assert PASSWORD not in repr(refused.value.faults)
