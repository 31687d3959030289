"""What the page and the API say of a deadline, and the commands that look at deadlines."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from app.cases.service import Cases
from app.cases.timing import scan_due
from app.foundation.edge import EXTENSION
from tests.fixtures.sites import NOW, Site
from tests.fixtures.unions import PASSWORD

MONDAY_AFTER = NOW + timedelta(days=7)
"""Submitted on Monday 20 July 2026, due on Monday the 27th."""


def page(site: Site, path: str, username: str = "auditor1", language: str = "zh-CN") -> str:
    client = site.app.test_client()
    assert client.post("/sign-in", data={"username": username, "password": PASSWORD}).status_code == 303
    return client.get(path, headers={"Accept-Language": language}).text


def deadline(text: str) -> str:
    found = re.search(r'data-testid="deadline">.*?<span>(.*?)</span>', text, re.DOTALL)
    return found.group(1) if found else ""


def look(site: Site, now: datetime) -> int:
    site.hands.now = now
    site.callers.clear()
    return scan_due(site.database, site.app.extensions[EXTENSION].use(Cases), site.town.union_id, now).total


def test_the_page_and_the_api_say_until_when_and_what_follows(sqlite_site: Site) -> None:
    claim = sqlite_site.submitted()
    text = page(sqlite_site, f"/cases/{claim['id']}")
    assert deadline(text) == "请于 7月27日（周一）前办理，还剩 5 个工作日。逾期报经审会主任督办。"
    answer = sqlite_site["auditor1"].get(f"/cases/{claim['id']}").get_json()["deadline"]
    assert answer["due_at"] == "2026-07-27T16:00:00+00:00"
    assert (answer["working_days"], answer["overdue"], answer["provisional"]) == (5, False, False)
    assert answer["message"]["en"] == (
        "Due by Mon 27 Jul: 5 working days left. When overdue it is reported to: Chair of the audit committee."
    )


def test_an_overdue_claim_says_so_and_waits_for_the_chair_of_the_auditors_too(sqlite_site: Site) -> None:
    claim = sqlite_site.submitted()
    assert look(sqlite_site, MONDAY_AFTER + timedelta(days=2)) == 1
    text = page(sqlite_site, f"/cases/{claim['id']}", "auditchair")
    assert deadline(text) == "应于 7月27日（周一）前办理，已逾期 2 个工作日。已报经审会主任督办。"
    assert "等待：逾期督办" in text
    assert sqlite_site["auditor1"].get(f"/cases/{claim['id']}").get_json()["state"] == "submitted"


def test_a_published_case_has_no_deadline(sqlite_site: Site) -> None:
    claim = sqlite_site.acted("auditor1", sqlite_site.submitted(), "approve")
    assert sqlite_site["auditor1"].get(f"/cases/{claim['id']}").get_json()["deadline"] is None
    assert deadline(page(sqlite_site, f"/cases/{claim['id']}")) == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["work", "--once"], "期限 / deadlines: 1"), (["workflows", "reschedule"], "已重算 / counted again: 0")],
)
def test_the_commands_say_what_they_did(sqlite_site: Site, arguments: list[str], said: str) -> None:
    sqlite_site.submitted()
    sqlite_site.hands.now = MONDAY_AFTER + timedelta(days=1)
    answer = sqlite_site.app.test_cli_runner().invoke(args=arguments)
    assert answer.exit_code == 0, answer.output
    assert said in answer.output
