"""Two people at the same moment, against two server processes: one version, and no vote lost on the way to it."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from app.cases.models import Case, CaseMigration, Decision, DefinitionInForce
from app.engine.writing import as_yaml
from app.foundation.db import Database
from tests.fixtures import racing
from tests.fixtures.racing import Client, at_once
from tests.fixtures.servers import StartServer

RACES = 8


@pytest.fixture
def url(database: Database) -> str:
    """The database's address, for servers."""
    return database.url.render_as_string(hide_password=False)


def test_of_two_who_confirm_at_once_one_does(database: Database, url: str, live_server: StartServer) -> None:
    server = live_server(url, 2)
    union = racing.funded(database, 100)
    chair, vice, audit_chair = (Client(server, name) for name in ("chair", "vice", "auditchair"))
    text = as_yaml(union.door.definitions.shipped["expense_claim"])
    for number in range(3, 3 + RACES):
        status, made = chair.post("/proposals", {"yaml": text.replace("need: 2", f"need: {number}")})
        assert status == 201, made
        path = f"/proposals/{made['id']}/confirm"
        assert sorted(at_once([partial(one.post, path, {}) for one in (vice, audit_chair)])) == [200, 409]
    with database.read() as session:
        rows = sa.select(DefinitionInForce.hash).where(
            DefinitionInForce.union_id == union.town.union_id, DefinitionInForce.name == "expense_claim"
        )
        hashes = session.scalars(rows).all()
    assert len(set(hashes)) == len(hashes)
    assert len(hashes) in {RACES, RACES + 1}


def test_a_vote_and_a_carrying_at_once_are_never_both(database: Database, url: str, live_server: StartServer) -> None:
    server = live_server(url, 2)
    union = racing.funded(database, RACES * 200)
    chair, vice, auditor = (Client(server, name) for name in ("chair", "vice", "auditor1"))
    chair.send("PATCH", "/union", {"two_auditor_limit_fen": 0})
    claims = [union.submitted(100) for _ in range(RACES)]
    text = as_yaml(union.door.definitions.shipped["expense_claim"]).replace("need: 2", "need: 3")
    _, made = chair.post("/proposals", {"yaml": text})
    assert vice.post(f"/proposals/{made['id']}/confirm", {})[0] == 200
    path = f"/proposals/{made['id']}/migration"
    for claim in claims:
        body = {"cases": [{"id": str(claim.id), "events": claim.events}]}
        statuses = at_once([auditor.step(claim, "approve"), partial(vice.post, path, body)])
        assert statuses[0] in {200, 409}
        assert statuses[1] == 200
        with database.read() as session:
            key = (union.town.union_id, claim.id)
            case = session.get_one(Case, key)
            votes = session.scalar(
                sa.select(sa.func.count())
                .select_from(Decision)
                .where(Decision.union_id == key[0], Decision.case_id == key[1], Decision.action == "approve")
            )
            carried = session.scalar(
                sa.select(sa.func.count())
                .select_from(CaseMigration)
                .where(CaseMigration.union_id == key[0], CaseMigration.case_id == key[1])
            )
            assert (votes, carried) in {(1, 0), (0, 1)}
            assert (votes == 1) == (statuses[0] == 200)
            assert (case.definition_hash == made["hash"]) == (carried == 1)
            assert case.events == claim.events + 1
