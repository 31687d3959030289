"""A server killed in the middle of work, twenty times: what was acknowledged is there, and the trail holds."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.cases.models import Case, Decision
from app.factory import create_app
from app.foundation.db import Database
from app.foundation.edge import EXTENSION
from app.foundation.storage import LocalStore
from tests.fixtures.fund import Books
from tests.fixtures.racing import Client, funded
from tests.fixtures.servers import LiveServer, StartServer
from tests.fixtures.sites import PNG, settings_for

pytestmark = pytest.mark.prove

KILLS = 20
PER_KILL = 40


def url_of(database: Database) -> str:
    """The database's address, for servers."""
    return database.url.render_as_string(hide_password=False)


def kept_paper(union: Books, directory: Path) -> str:
    """A signed list whose bytes really lie where the servers keep files."""
    return str(union.paper("treasurer", LocalStore(directory / "files").put(PNG)))


def killed_at_work(union: Books, server: LiveServer, paper: str, killed_after: int) -> tuple[set[str], int]:
    """Approve forty claims and kill the server after so many. Which approvals were acknowledged, and how many broke off."""
    claims = [union.submitted(100, evidence=[paper]) for _ in range(PER_KILL)]
    auditor, midway = Client(server, "auditor1"), threading.Event()
    acknowledged: set[str] = set()
    broken: list[str] = []

    def approve() -> None:
        for number, claim in enumerate(claims):
            if number == killed_after:
                midway.set()
            status, _ = auditor.post(f"/cases/{claim.id}/actions/approve", {"version": claim.version}, timeout=5)
            if status == 200:
                acknowledged.add(str(claim.id))
            elif status == 0:
                broken.append(str(claim.id))

    worker = threading.Thread(target=approve)
    worker.start()
    assert midway.wait(30)
    server.kill()
    worker.join()
    return acknowledged, len(broken)


def decided(union: Books) -> tuple[set[str], set[str]]:
    """The cases that stand approved, and those whose approval is recorded."""
    with union.database.read() as session:
        standing = session.scalars(
            sa.select(Case.id).where(Case.union_id == union.town.union_id, Case.state == "audited")
        )
        recorded = session.scalars(
            sa.select(Decision.case_id).where(
                Decision.union_id == union.town.union_id,
                Decision.action == "approve",
                Decision.target == "audited",
            )
        )
        return {str(one) for one in standing}, {str(one) for one in recorded}


def test_no_acknowledged_decision_is_lost_when_the_server_is_killed(
    database: Database, live_server: StartServer, tmp_path: Path
) -> None:
    union = funded(database, KILLS * PER_KILL * 100)
    paper = kept_paper(union, tmp_path)
    acknowledged: set[str] = set()
    interrupted = 0
    for kill in range(KILLS):
        told, broken = killed_at_work(union, live_server(url_of(database)), paper, killed_after=5 + kill)
        acknowledged |= told
        interrupted += broken
    assert interrupted, "no request was ever interrupted: the harness proves nothing"
    standing, recorded = decided(union)
    assert acknowledged <= standing
    assert standing == recorded
    app = create_app(settings_for(url_of(database), tmp_path))
    verdict = app.test_cli_runner().invoke(args=["trail", "verify"])
    app.extensions[EXTENSION].use(Database).close()
    assert verdict.exit_code == 0, verdict.output


def test_the_harness_sees_decisions_lost_where_the_answer_comes_before_the_commit(
    database: Database, live_server: StartServer, tmp_path: Path
) -> None:
    union = funded(database, PER_KILL * 100)
    server = live_server(url_of(database), target="tests.fixtures.careless:app", CARELESS="commit")
    acknowledged, _ = killed_at_work(union, server, kept_paper(union, tmp_path), killed_after=10)
    assert acknowledged - decided(union)[0]
