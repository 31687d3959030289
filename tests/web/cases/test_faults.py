"""What breaks under a step breaks the whole step: the answer says so, and afterwards everything is as it was."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.demo.documents import activity_photo
from app.engine import machine
from tests.fixtures.answers import problem, trail_size
from tests.fixtures.browsing import reader, statements
from tests.fixtures.sites import PNG, Site

Ready = tuple[str, dict[str, Any], str]
"""Who, which case, which step."""


def ready_claim(site: Site) -> Ready:
    """A claim before its auditor."""
    return "auditor1", site.submitted(100), "approve"


def ready_payment(site: Site) -> Ready:
    """A claim before its payment."""
    return "cashier", site.acted("auditor1", site.submitted(100), "approve"), "pay"


def ready_task(site: Site) -> Ready:
    """A task before the chair's 立项."""
    owner = str(site.town.people["organiser"])
    task = site.opened("clerk", "task", name="五一歌咏比赛", owner=owner, due_on="2026-05-01", budget_fen=30_000)
    return "chair", site.acted("clerk", task, "propose"), "approve"


def ready_report(site: Site) -> Ready:
    """A task before its sign-off."""
    chair, task, _ = ready_task(site)
    photo = site["organiser"].upload(PNG, "a.png").get_json()["id"]
    return (
        chair,
        site.acted("organiser", site.acted(chair, task, "approve"), "report", result="办完", photos=[photo]),
        "sign_off",
    )


def ready_review(site: Site) -> Ready:
    """A review before its first signature."""
    draft = site.opened(
        "auditor1", "fund_review", name="审查", period_from="2026-01-01", period_to="2026-06-30", opinion="好"
    )
    return "auditor1", site.acted("auditor1", draft, "submit"), "sign"


def ready_budget(site: Site) -> Ready:
    """Next year's budget before the chair."""
    lines = [{"account": "501102", "amount_fen": 100}]
    draft = site.opened("treasurer", "budget", name="明年预算", starts_on="2027-01-01", kind="annual", lines=lines)
    return "chair", site.acted("treasurer", draft, "submit"), "approve"


READY: dict[str, Callable[[Site], Ready]] = {
    "claim": ready_claim,
    "payment": ready_payment,
    "task": ready_task,
    "report": ready_report,
    "review": ready_review,
    "budget": ready_budget,
}


def seen(site: Site, case: dict[str, Any]) -> Any:
    """The case as the chair sees it."""
    return site["chair"].get(f"/cases/{case['id']}").get_json()


def given(action: str) -> dict[str, str]:
    """What the step asks."""
    return {"paid_on": "2026-04-28", "bank_reference": "HD-1"} if action == "pay" else {}


@pytest.mark.parametrize("kind", READY)
def test_when_the_machine_raises_every_approval_fails(
    shared_site: Site, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, case, action = READY[kind](shared_site)
    before, size = seen(shared_site, case), trail_size(shared_site)

    def broken(*_args: object, **_more: object) -> str:
        raise RuntimeError("the machine is broken")

    with monkeypatch.context() as patch:
        patch.setattr("app.engine.machine.fire", broken)
        problem(shared_site.tried(who, case, action, **given(action)), 500)
        body = {"items": [{"id": case["id"], "version": case["version"]}], "data": given(action)}
        together = shared_site[who].post(f"/cases/actions/{action}", body)
        assert together.status_code == 500 or not together.get_json()["items"][0]["ok"]
    assert (seen(shared_site, case), trail_size(shared_site)) == (before, size)
    shared_site.acted(who, case, action, **given(action))


@pytest.mark.parametrize("kind", ["claim", "payment", "budget"])
def test_when_the_machine_raises_after_it_moved_nothing_has_moved(
    site: Site, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, case, action = READY[kind](site)
    before, size, moved = seen(site, case), trail_size(site), []

    def late(*args: Any, **more: Any) -> str:
        moved.append(machine_fire(*args, **more))
        raise RuntimeError("a callback failed after the move")

    machine_fire = machine.fire
    with monkeypatch.context() as patch:
        patch.setattr("app.engine.machine.fire", late)
        problem(site.tried(who, case, action, **given(action)), 500)
    assert moved, "the machine was not asked"
    assert (seen(site, case), trail_size(site)) == (before, size)


@contextlib.contextmanager
def writers_kept_waiting(site: Site) -> Iterator[None]:
    """Another process of ours holds the writers' lock file."""
    with Path(f"{site.database.url.database}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def foreign_program_writing(site: Site) -> Iterator[None]:
    """A program that knows nothing of our lock writes to the file and takes its time."""
    with site.database.writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    with contextlib.closing(sqlite3.connect(str(site.database.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("block", [writers_kept_waiting, foreign_program_writing])
def test_when_writing_takes_too_long_people_are_told_when_to_come_back(
    sqlite_site: Site,
    block: Callable[[Site], contextlib.AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.foundation.db.LOCK_WAIT_SECONDS", 0.05)
    claim = sqlite_site.submitted()
    assert sqlite_site["auditor1"].get("/me").status_code == 200
    before, size = seen(sqlite_site, claim), trail_size(sqlite_site)
    with block(sqlite_site):
        answer = sqlite_site.tried("auditor1", claim, "approve")
        problem(answer, 503, "too_busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert (seen(sqlite_site, claim), trail_size(sqlite_site)) == (before, size)  # reading goes on
    assert sqlite_site.acted("auditor1", claim, "approve")["state"] == "audited"


def test_a_page_asks_as_often_for_a_claim_with_many_lines_as_for_one(sqlite_site: Site) -> None:
    photos = [activity_photo("现场", seed=seed) for seed in (1, 2, 3)]
    papers = [sqlite_site["treasurer"].upload(photo, "a.jpg").get_json()["id"] for photo in photos]
    lines = [{"summary": f"第{n}项", "amount_fen": 100, "files": [paper]} for n, paper in enumerate(papers)]
    short, long = sqlite_site.submitted(lines=lines[:1]), sqlite_site.submitted(lines=lines)
    page = reader(sqlite_site, "auditor1")
    counts = []
    for case in (short, long):
        with statements(sqlite_site.database.reader) as asked:
            assert page.get(f"/cases/{case['id']}").status_code == 200
            assert sqlite_site["auditor1"].get(f"/cases/{case['id']}").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
