"""A few races of each kind on every run, against two server processes; the long tier runs five hundred."""

from __future__ import annotations

import pytest

from app.foundation.db import Database
from tests.fixtures import racing
from tests.fixtures.racing import Client
from tests.fixtures.servers import StartServer

RACES = 12


@pytest.fixture
def url(database: Database) -> str:
    """The database's address, for servers."""
    return database.url.render_as_string(hide_password=False)


def test_people_who_act_at_once_get_one_effect(database: Database, url: str, live_server: StartServer) -> None:
    server = live_server(url, 2)
    union = racing.funded(database, RACES * 200)
    assert racing.double_approvals(union, server, RACES) == 0
    assert racing.undecided(union, server, RACES)["wrong"] == 0
    assert racing.overwritten(union, server, RACES) == 0


def test_the_last_money_goes_to_one_claim_and_numbers_have_no_gaps(
    database: Database, url: str, live_server: StartServer
) -> None:
    server = live_server(url, 2)
    union = racing.funded(database, 100)
    assert racing.overspent(union, server, RACES) == 0
    treasurer = Client(server, "treasurer")
    drafts = [union.claim(1) for _ in range(8)]
    steps = [treasurer.step(draft, "submit") for draft in drafts]
    assert racing.at_once(steps) == [200] * 8
    status, page = treasurer.send("GET", "/inbox?tab=mine&limit=200", None)
    assert status == 200
    numbers = sorted(one["number"] for one in page["items"] if one["number"] and one["number"].startswith("GH"))
    assert numbers == [f"GH-2026-{number:04d}" for number in range(1, RACES + 9)]
