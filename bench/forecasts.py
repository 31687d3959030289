"""How long the rest of the way takes to foretell for a thousand open cases at once, read from the tables each time."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from app.cases.foreseeing import foreseen_of_many
from app.cases.models import Case
from app.cases.service import Cases
from app.foundation.clock import union_day, utc_now
from app.foundation.edge import EXTENSION
from bench.approvals import the_union
from bench.copying import Copy, copy_cases
from bench.databases import Place
from bench.world import World, application

OPEN_CASES = 1_000


@dataclass(frozen=True, slots=True)
class Foretold:
    """Seconds for all of them, and how many steps were foretold."""

    seconds: list[float]
    steps: int


def measure(place: Place, world: World, directory: Path, *, rounds: int) -> Foretold:
    """Half claims, half tasks, in several states, with a past to learn from."""
    url = place.copy(world.url, "forecasts")
    app, database = application(url, directory)
    union_id, now = the_union(database), utc_now()
    templates = [*world.templates.claims.values(), *world.templates.tasks.values()]
    kinds = [templates[number % len(templates)].id for number in range(2 * OPEN_CASES)]
    copy_cases(database, union_id, [Copy(kind, union_day(now), now - timedelta(days=3)) for kind in kinds])
    door = app.extensions[EXTENSION].use(Cases)
    wanted = sa.select(Case).where(Case.union_id == union_id, Case.phase.in_(["submitted", "audited"]))
    taken, steps = [], 0
    for _ in range(rounds):
        with database.read() as session:
            cases = session.scalars(wanted.limit(OPEN_CASES)).all()
            begun = time.perf_counter()
            found = foreseen_of_many(session, door, union_id, cases, now)
            taken.append(time.perf_counter() - begun)
        assert len(found) == OPEN_CASES, len(found)
        steps = sum(len(one.steps) for one in found.values())
    database.close()
    return Foretold(taken, steps)


def median(found: Foretold) -> float:
    """Seconds of the round in the middle."""
    return statistics.median(found.seconds)
