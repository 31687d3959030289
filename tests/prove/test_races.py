"""Five hundred races of each kind on each database, against two server processes: no double effect, no overspending."""

from __future__ import annotations

import pytest

from app.foundation.db import Database
from tests.fixtures import racing
from tests.fixtures.servers import LiveServer, StartServer

pytestmark = pytest.mark.prove

RACES = 500
PAIRED = 4
"""Races of each pair of steps."""
KNOWN_BAD = 30
"""Races against a service without protection; some of them must go wrong."""


def served(database: Database, live_server: StartServer) -> LiveServer:
    """Two processes of the product on this database."""
    return live_server(database.url.render_as_string(hide_password=False), 2)


def served_without_locks(database: Database, live_server: StartServer) -> LiveServer:
    """The same, reading in one transaction and writing in another."""
    url = database.url.render_as_string(hide_password=False)
    return live_server(url, 2, target="tests.fixtures.careless:app", CARELESS="lock")


def test_of_two_auditors_at_once_one_approves(database: Database, live_server: StartServer) -> None:
    union = racing.funded(database, RACES * 100)
    assert racing.double_approvals(union, served(database, live_server), RACES) == 0


def test_of_two_claims_for_the_last_money_one_is_held(database: Database, live_server: StartServer) -> None:
    union = racing.funded(database, 100)
    assert racing.overspent(union, served(database, live_server), RACES) == 0


def test_of_approval_return_and_withdrawal_exactly_one_wins(database: Database, live_server: StartServer) -> None:
    union = racing.funded(database, RACES * 100)
    outcome = racing.undecided(union, served(database, live_server), RACES)
    assert outcome["wrong"] == 0, outcome
    assert sum(outcome.values()) == RACES
    assert len(outcome) == 3, "one of the three never won: it was no race"


def test_the_harness_sees_double_approvals_where_nothing_is_locked(
    database: Database, live_server: StartServer
) -> None:
    union = racing.funded(database, KNOWN_BAD * 100)
    assert racing.double_approvals(union, served_without_locks(database, live_server), KNOWN_BAD) > 0


def test_the_harness_sees_overspending_where_nothing_is_locked(database: Database, live_server: StartServer) -> None:
    union = racing.funded(database, 100)
    assert racing.overspent(union, served_without_locks(database, live_server), KNOWN_BAD) > 0


def test_of_every_two_steps_open_to_two_people_no_more_comes_than_the_proof_says(
    database: Database, live_server: StartServer
) -> None:
    union = racing.funded(database, PAIRED * 10**8, racing.SEVERAL)
    server = served(database, live_server)
    meetings = racing.meetings(union)
    assert len({(one.pair.state, one.pair.first.action, one.pair.second.action) for one in meetings}) >= 24
    assert [wrong for one in meetings for wrong in racing.met_wrongly(union, server, one, PAIRED)] == []


def test_the_harness_sees_two_steps_where_the_proof_allows_one(database: Database, live_server: StartServer) -> None:
    union = racing.funded(database, KNOWN_BAD * 10**6, racing.SEVERAL)
    server = served_without_locks(database, live_server)
    (approvals,) = [
        one
        for one in racing.meetings(union)
        if one.pair.first.action == one.pair.second.action == "approve"
        and not one.both
        and not one.pair.votes
        and not one.pair.values["setting.chair_approves"]
    ]
    assert racing.met_wrongly(union, server, approvals, KNOWN_BAD)
