"""A server killed in the middle of work, twenty times: what was acknowledged is there, and the trail holds."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.models import Case, Decision
from app.foundation.db import Database
from app.trail.keys import load_key_file
from app.trail.note import TrustedKey
from app.trail.verifying import verify_log
from tests.fixtures.racing import Client, funded
from tests.fixtures.servers import StartServer

KILLS = 20
PER_KILL = 40


@pytest.mark.prove
def test_no_acknowledged_decision_is_lost_when_the_server_is_killed(
    database: Database, live_server: StartServer, tmp_path: Any
) -> None:
    union = funded(database, KILLS * PER_KILL * 100)
    url = database.url.render_as_string(hide_password=False)
    acknowledged: set[str] = set()
    interrupted = 0
    for kill in range(KILLS):
        claims = [union.submitted(100) for _ in range(PER_KILL)]
        server = live_server(url, 1)
        auditor = Client(server, "auditor1")
        midway = threading.Event()

        def approve(auditor: Client = auditor, claims: Any = claims, midway: Any = midway, stop: int = kill) -> int:
            broken = 0
            for number, claim in enumerate(claims):
                if number == 5 + stop:
                    midway.set()
                status, _ = auditor.post(f"/cases/{claim.id}/actions/approve", {"version": claim.version}, timeout=5)
                if status == 200:
                    acknowledged.add(str(claim.id))
                broken += status == 0
            return broken

        results: list[int] = []
        worker = threading.Thread(target=lambda run=approve, kept=results: kept.append(run()))
        worker.start()
        assert midway.wait(30)
        server.kill()
        worker.join()
        interrupted += results[0]
    assert interrupted, "no request was ever interrupted: the harness proves nothing"
    with database.read() as session:
        approved = {
            str(one)
            for one in session.scalars(
                sa.select(Case.id).where(Case.union_id == union.town.union_id, Case.state == "audited")
            )
        }
        decided = {
            str(one)
            for one in session.scalars(
                sa.select(Decision.case_id).where(
                    Decision.union_id == union.town.union_id, Decision.action == "approve", Decision.target == "audited"
                )
            )
        }
        assert acknowledged <= approved
        assert approved == decided
        key = load_key_file(tmp_path / "trail.key", "example.test/trail/brook")
        assert list(verify_log(session, union.town.union_id, [TrustedKey(key.verifier, 0, None)])) == []
