"""Approvals per second over HTTP: product, floor and plain application in turn, on copies of one database."""

from __future__ import annotations

import contextlib
import json
import statistics
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from app.cases.models import Case, Decision
from app.foundation.clock import union_day, utc_now
from app.foundation.db import Database
from app.people.models import INSTALLATION, Union
from app.trail.models import TrailEntry
from bench import serving
from bench.copying import Copy, copy_cases
from bench.databases import Place
from bench.load import Measured, Request, send
from bench.world import World

CONNECTIONS = 8
IN_A_BATCH = 20


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is done: rounds, and approvals (and tasks signed off) in each."""

    rounds: int
    approvals: int


@dataclass(slots=True)
class Rates:
    """Items per second, a figure per round, by contestant; and the 95th percentile of waiting for an answer."""

    per_second: dict[str, list[float]] = field(default_factory=dict)
    p95_ms: dict[str, list[float]] = field(default_factory=dict)

    def add(self, who: str, items: int, measured: Measured) -> None:
        """One round of one contestant."""
        self.per_second.setdefault(who, []).append(items / measured.seconds)
        ninety_fifth = statistics.quantiles(measured.latencies, n=20)[-1] if len(measured.latencies) > 1 else 0.0
        self.p95_ms.setdefault(who, []).append(ninety_fifth * 1000)

    def ratios(self, who: str, baseline: str) -> list[float]:
        """Of the same round, never across rounds."""
        return [a / b for a, b in zip(self.per_second[who], self.per_second[baseline], strict=True)]


@dataclass(frozen=True, slots=True)
class _Contestant:
    name: str
    target: str
    url: str


def measure(place: Place, world: World, directory: Path, extent: Extent) -> Rates:
    """Interleaved rounds; the first one warms up and is not counted.

    Raises:
        Refused: a request was refused.
        AssertionError: an approval was acknowledged and is not there.
    """
    prepared = place.copy(world.url, "prepared")
    claims, tasks = _prepare(prepared, world, extent)
    contestants = [
        _Contestant(name, target, place.copy(prepared, name))
        for name, target in (("raw", serving.RAW), ("plain", serving.PLAIN), ("product", serving.PRODUCT))
    ]
    rates = Rates()
    with contextlib.ExitStack() as stack:
        ports = {one.name: stack.enter_context(serving.served(one.target, one.url, directory)) for one in contestants}
        for turn in range(extent.rounds + 1):
            part = slice(turn * extent.approvals, (turn + 1) * extent.approvals)
            approvals = _approvals(claims[part], world.templates.claims["submitted"].version)
            batches = _batches(tasks[part], world.templates.tasks["reported"].version)
            counted = Rates() if turn == 0 else rates
            for shift in range(len(contestants)):  # who begins changes, so that no one always meets a cold cache
                name = contestants[(turn + shift) % len(contestants)].name
                counted.add(name, extent.approvals, send(ports[name], world.tokens["auditor1"], CONNECTIONS, approvals))
            counted.add("batch", extent.approvals, send(ports["product"], world.tokens["chair"], CONNECTIONS, batches))
    for one in contestants:
        _check(one, claims, tasks)
    return rates


def _prepare(url: str, world: World, extent: Extent) -> tuple[list[str], list[str]]:
    """Ids of submitted claims and reported tasks, enough for every round."""
    count = extent.approvals * (extent.rounds + 1)
    now = utc_now()
    kinds = [world.templates.claims["submitted"].id] * count + [world.templates.tasks["reported"].id] * count
    database = Database(url)
    copies = [Copy(kind, union_day(now), now - timedelta(seconds=place)) for place, kind in enumerate(kinds)]
    ids = copy_cases(database, the_union(database), copies)
    database.close()
    return ids[:count], ids[count:]


def the_union(database: Database) -> uuid.UUID:
    """The only union of the database."""
    with database.read() as session:
        return session.scalars(sa.select(Union.id).where(Union.id != INSTALLATION)).one()


def _approvals(ids: Sequence[str], version: int) -> list[Request]:
    return [Request(f"/api/v1/cases/{one}/actions/approve", json.dumps({"version": version})) for one in ids]


def _batches(ids: Sequence[str], version: int) -> list[Request]:
    parts = [ids[start : start + IN_A_BATCH] for start in range(0, len(ids), IN_A_BATCH)]
    bodies = [{"items": [{"id": one, "version": version} for one in part]} for part in parts]
    return [Request("/api/v1/cases/actions/sign_off", json.dumps(body)) for body in bodies]


def _check(one: _Contestant, claims: Sequence[str], tasks: Sequence[str]) -> None:
    """What was acknowledged is there: the state, the decision, the link of the trail, the outbox row."""
    expected = {"audited": len(claims)} | ({"signed_off": len(tasks)} if one.name == "product" else {})
    database = Database(one.url)
    with database.read() as session:
        for state, count in expected.items():
            found = session.scalar(
                sa.select(sa.func.count())
                .select_from(Case)
                .join(Decision, (Decision.union_id == Case.union_id) & (Decision.case_id == Case.id))
                .join(TrailEntry, (TrailEntry.union_id == Case.union_id) & (TrailEntry.seq == Decision.trail_seq))
                .where(Case.number.like("BENCH-%"), Case.state == state, Decision.target == state)
            )
            assert found == count, f"{one.name}: {found} of {count} are {state}"
    database.close()
