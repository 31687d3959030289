"""What the product is measured against does the same work: the same rows for an approval, and none for a stranger."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.cases.models import Case, Decision, Waiting
from app.foundation.clock import union_day, utc_now
from app.foundation.db import Database, table_of
from app.notices.models import Outbox
from app.trail.chain import Link, verify_links
from app.trail.models import TrailEntry, TrailHead
from bench import statements, world
from bench.approvals import the_union
from bench.baseline import plain, raw
from bench.copying import Copy, copy_cases
from bench.world import World

CONTESTANTS = ("product", "raw", "plain")


@dataclass
class Course:
    """A union with one submitted claim for each contestant, all alike, and one left over."""

    world: World
    database: Database
    apps: dict[str, Flask]
    claims: dict[str, str]
    spare: str

    def approve(self, who: str, claim: str, token: str | None = None) -> tuple[int, Any]:
        """Approve a claim as its first auditor, or with another token; status and answer."""
        template = self.world.templates.claims["submitted"]
        answer = (
            self.apps[who]
            .test_client()
            .post(
                f"/api/v1/cases/{claim}/actions/approve",
                json={"version": template.version},
                headers={"Authorization": f"Bearer {token or self.world.tokens['auditor1']}"},
            )
        )
        return answer.status_code, answer.get_json()

    def written(self) -> dict[str, int]:
        """How many rows each table has that an approval writes."""
        with self.database.read() as session:
            return {
                table.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in (Decision, TrailEntry, Outbox, Waiting)
            }

    def rows_of(self, claim: str) -> dict[str, Any]:
        """The rows of one approved claim, without what differs from claim to claim: ids, numbers, moments, hashes."""
        key = uuid.UUID(claim)
        with self.database.read() as session:
            case = session.execute(sa.select(table_of(Case)).where(Case.id == key)).one()
            last = session.execute(
                sa.select(table_of(Decision)).where(Decision.case_id == key).order_by(Decision.event.desc()).limit(1)
            ).one()
            entry = session.execute(sa.select(table_of(TrailEntry)).where(TrailEntry.seq == last.trail_seq)).one()
            waiting = session.execute(sa.select(table_of(Waiting)).where(Waiting.case_id == key)).all()
            outbox = [
                row
                for row in session.execute(sa.select(table_of(Outbox))).all()
                if row.payload["case"] == claim and row.topic == "case.approve"
            ]
        found = {
            "case": case._asdict(),
            "decision": last._asdict(),
            "body": json.loads(entry.body),
            "waiting": [row._asdict() for row in waiting],
            "outbox": [row._asdict() for row in outbox],
        }
        alike: dict[str, Any] = _without_own(found, {claim, case.number})
        return alike


def _without_own(value: Any, own: set[str]) -> Any:
    """The same with every value that belongs to one claim alone replaced by its type."""
    if isinstance(value, dict):
        return {
            name: None if name in {"seq", "at", "trail_seq"} else _without_own(one, own) for name, one in value.items()
        }
    if isinstance(value, list):
        return [_without_own(one, own) for one in value]
    if isinstance(value, datetime):
        return "moment"
    if str(value) in own or (isinstance(value, uuid.UUID) and value.version == 7 and str(value) not in own):
        return type(value).__name__
    return value


@pytest.fixture
def course(empty_database_url: str, tmp_path: Path) -> Iterator[Course]:
    built = world.build(empty_database_url, tmp_path)
    product, database = world.application(empty_database_url, tmp_path)
    with contextlib.closing(database):
        now = utc_now()
        template = built.templates.claims["submitted"].id
        ids = copy_cases(database, the_union(database), [Copy(template, union_day(now), now)] * (len(CONTESTANTS) + 1))
        apps = {
            "product": product,
            "raw": raw.create_app(empty_database_url),
            "plain": plain.create_app(empty_database_url),
        }
        yield Course(built, database, apps, dict(zip(CONTESTANTS, ids, strict=False)), ids[-1])
        apps["raw"].extensions["close"]()
        apps["plain"].extensions["close"]()


def test_the_baselines_write_the_rows_that_the_product_writes(course: Course) -> None:
    added: dict[str, dict[str, int]] = {}
    for who, claim in course.claims.items():
        before = course.written()
        status, answer = course.approve(who, claim)
        assert (status, answer["state"]) == (200, "audited"), (who, answer)
        added[who] = {table: count - before[table] for table, count in course.written().items()}
    assert added["product"] == {"decision": 1, "trail_entry": 1, "outbox": 1, "waiting": -1}
    assert added["raw"] == added["plain"] == added["product"]
    rows = {who: course.rows_of(claim) for who, claim in course.claims.items()}
    assert rows["raw"] == rows["product"]
    assert rows["plain"] == rows["product"]
    with course.database.read() as session:
        head = session.execute(
            sa.select(table_of(TrailHead)).where(TrailHead.union_id == the_union(course.database))
        ).one()
        entries = session.scalars(
            sa.select(TrailEntry).where(TrailEntry.union_id == head.union_id).order_by(TrailEntry.seq)
        )
        links = [Link(row.seq, row.body, row.leaf_hash, row.chain_hash) for row in entries]
    assert verify_links(head.origin, links) is None
    assert (head.size, head.chain_hash) == (links[-1].seq, links[-1].chain)


@pytest.mark.parametrize("who", CONTESTANTS)
def test_nobody_approves_without_a_token_that_holds_or_without_the_office(course: Course, who: str) -> None:
    before = course.written()
    assert course.approve(who, course.spare, "gk_made_up")[0] == 401
    assert course.approve(who, course.spare, course.world.tokens["cashier"])[0] in {401, 403}
    assert course.written() == before


@pytest.mark.parametrize("who", CONTESTANTS)
def test_the_same_claim_is_not_approved_twice(course: Course, who: str) -> None:
    assert course.approve(who, course.spare)[0] == 200
    before = course.written()
    assert course.approve(who, course.spare)[0] == 409
    assert course.written() == before


def test_an_approval_takes_no_more_statements_than_it_is_allowed(course: Course) -> None:
    with statements.watched(course.database) as seen:
        assert course.approve("product", course.spare)[0] == 200
    assert 0 < len(seen.statements) <= 15
    assert seen.transactions.count("COMMIT") == 1
