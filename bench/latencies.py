"""How long 待办 and 公开栏 take at a hundred thousand cases: server time through the whole application, without a network."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from flask.testing import FlaskClient

from app.foundation.clock import union_day, utc_now
from bench.approvals import the_union
from bench.copying import Copy, copy_cases
from bench.databases import Place
from bench.world import PASSWORD, SLUG, World, application

CASES = 100_000
YEARS = 5
WARM_UP = 3
IN_STATES = {
    ("claims", "published"): 0.72,
    ("tasks", "published"): 0.20,
    ("claims", "paid"): 0.03,
    ("claims", "audited"): 0.02,
    ("claims", "submitted"): 0.02,
    ("tasks", "reported"): 0.005,
    ("tasks", "signed_off"): 0.005,
}
"""A union that has kept its books here for years: nearly all is published, two thousand claims wait for the auditors."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one address, for one reader; ``cpu_ms`` is the median of this process's own work."""

    what: str
    median_ms: float
    p95_ms: float
    cpu_ms: float


def measure(place: Place, world: World, directory: Path, *, cases: int, times: int) -> list[Latency]:
    """Load the cases into a copy of the database and ask each address so many times."""
    url = place.copy(world.url, "crowded")
    app, database = application(url, directory)
    copy_cases(database, the_union(database), _population(world, cases))
    place.settled(url)
    year = union_day(utc_now()).year
    program, auditor, anyone = app.test_client(), app.test_client(), app.test_client()
    _sign_in(auditor, "auditor1")
    bearer = {"Authorization": f"Bearer {world.tokens['auditor1']}"}
    asked = [
        ("inbox, to do, API", program, "/api/v1/inbox?tab=todo", bearer),
        ("inbox, to do, page", auditor, "/inbox", {}),
        (
            "inbox, mine, API",
            program,
            "/api/v1/inbox?tab=mine",
            {"Authorization": f"Bearer {world.tokens['treasurer']}"},
        ),
        ("inbox, done, API", program, "/api/v1/inbox?tab=done", bearer),
        ("inbox, done, page", auditor, "/inbox?tab=done", {}),
        ("public, API", anyone, f"/api/v1/public/{SLUG}", {}),
        ("public, page", anyone, f"/public/{SLUG}", {}),
        ("public, page, last year", anyone, f"/public/{SLUG}?year={year - 1}&period=year", {}),
    ]
    found = [_latency(what, client, address, headers, times) for what, client, address, headers in asked]
    database.close()
    return found


def _population(world: World, cases: int) -> list[Copy]:
    """Spread over the years, the unfinished ones over the last weeks."""
    chance, today = Random(1), union_day(utc_now())
    templates = {"claims": world.templates.claims, "tasks": world.templates.tasks}
    copies: list[Copy] = []
    for (kind, state), share in IN_STATES.items():
        span = 365 * YEARS if state == "published" else 60
        for _ in range(round(cases * share)):
            day = today - timedelta(days=chance.randrange(span))
            copies.append(Copy(templates[kind][state].id, day, _moment(day, chance)))
    return copies


def _moment(day: date, chance: Random) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(microseconds=chance.randrange(86_400_000_000))


def _sign_in(client: FlaskClient, username: str) -> None:
    answer = client.post("/sign-in", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:600]


def _latency(what: str, client: FlaskClient, address: str, headers: dict[str, str], times: int) -> Latency:
    milliseconds, busy = [], []
    for turn in range(times + WARM_UP):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        answer = client.get(address, headers=headers)
        answer.get_data()
        if turn >= WARM_UP:
            milliseconds.append((time.perf_counter() - begun) * 1000)
            busy.append((time.process_time() - begun_cpu) * 1000)
        assert answer.status_code == 200, answer.get_data(as_text=True)[:600]
    return Latency(
        what, statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1], statistics.median(busy)
    )
