"""The review and the trail as people and programs meet them: pages, JSON, the pack as a download."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.foundation.db import Database
from app.foundation.edge import EXTENSION
from tests.fixtures.sites import Site
from tests.fixtures.unions import PASSWORD

SPRING = datetime(2026, 4, 28, 2, tzinfo=UTC)
JULY = datetime(2026, 7, 20, 2, tzinfo=UTC)


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    """A claim of 100 yuan paid and published in spring; now it is July."""
    sqlite_site.hands.now = SPRING
    case = sqlite_site.submitted(10_000)
    case = sqlite_site.acted("auditor1", case, "approve", "单据齐全")
    case = sqlite_site.acted("cashier", case, "pay", paid_on="2026-04-27", bank_reference="0427-0001")
    sqlite_site.acted("chair", case, "publish")
    sqlite_site.hands.now = JULY
    sqlite_site.callers.clear()
    return sqlite_site


class Browser:
    """A person with a browser, which sends the page's token along as its forms do."""

    def __init__(self, site: Site, username: str) -> None:
        self.client: FlaskClient = site.app.test_client()
        answer = self.client.post("/sign-in", data={"username": username, "password": PASSWORD})
        assert answer.status_code == 303

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, page: str, **form: str) -> TestResponse:
        token = re.search(r'name="csrf-token" content="([^"]*)"', self.get(page).text)
        assert token is not None
        return self.client.post(path, data={**form, "csrf_token": token.group(1)})


def opened(site: Site) -> dict[str, Any]:
    """A review of the first half-year, submitted for signature."""
    case = site.opened(
        "auditor1",
        "fund_review",
        name="2026年上半年经费审查",
        period_from="2026-01-01",
        period_to="2026-06-30",
        opinion="账实相符，手续齐全。",
    )
    return site.acted("auditor1", case, "submit")


def test_an_auditor_begins_a_review_of_the_half_year_on_the_page_and_sees_its_figures(site: Site) -> None:
    auditor = Browser(site, "auditor1")
    answer = auditor.post("/review", "/review", year="2026", period="h1")
    assert answer.status_code == 303
    page = auditor.get(answer.location)
    assert page.status_code == 200
    assert "2026年上半年经费审查" in page.text
    for said in ("支出与预算", "100.00", "GH-2026-0001", "同意 江一鸣（经审委员）04-28“单据齐全”", "/cases/"):
        assert said in page.text, said
    assert "2026年上半年经费审查" in auditor.get("/review").text


@pytest.mark.parametrize(
    "form", [{"year": "2026", "period": "q1"}, {"year": "26", "period": "h1"}, {"year": "２０２６", "period": "h1"}]
)
def test_a_period_that_there_is_not_opens_nothing(site: Site, form: dict[str, str]) -> None:
    auditor = Browser(site, "auditor1")
    assert auditor.post("/review", "/review", **form).status_code == 404


def test_only_the_audit_committee_begins_a_review_and_only_those_with_the_books_see_it(site: Site) -> None:
    case = opened(site)
    treasurer = Browser(site, "treasurer")
    assert treasurer.get(f"/review/{case['id']}").status_code == 200
    assert treasurer.post("/review", "/review", year="2026", period="h1").status_code == 403
    for username in ("organiser", "member", "admin"):
        assert site[username].get(f"/reviews/{case['id']}").status_code == 403
        assert site[username].get(f"/reviews/{case['id']}/pack").status_code == 403
    nobody = site.app.test_client()
    assert nobody.get(f"/api/v1/reviews/{case['id']}").status_code == 401
    assert nobody.get(f"/api/v1/reviews/{case['id']}/pack").status_code == 401


def test_the_figures_over_the_api_are_those_of_the_page(site: Site) -> None:
    case = opened(site)
    told = site["treasurer"].get(f"/reviews/{case['id']}").get_json()
    assert (told["income_fen"], told["spending_fen"], told["state"]) == (0, 10_000, "submitted")
    assert told["spending"] == [
        {"category": "501102", "amount_fen": 10_000, "so_far_fen": 10_000, "budget_fen": 1_000_000}
    ]
    assert told["months"] == [{"month": "2026-04", "amount_fen": 10_000}]
    assert told["published"] == {"count": 1, "longest_days": 1}
    steps = told["items"][0]["steps"]
    assert [(one["action"], one["office"], one["comment"]) for one in steps][1] == ("approve", "auditor", "单据齐全")


def test_a_claim_is_not_a_review(site: Site) -> None:
    claim = site["treasurer"].get("/inbox?tab=mine").get_json()["items"][0]["id"]
    assert site["auditor1"].get(f"/reviews/{claim}").status_code == 404
    assert site["auditor1"].get(f"/reviews/{claim}/pack").status_code == 404


def test_the_pack_is_downloaded_by_page_and_by_api(site: Site) -> None:
    case = opened(site)
    for answer in (
        site["auditor2"].get(f"/reviews/{case['id']}/pack"),
        Browser(site, "auditor2").get(f"/review/{case['id']}/pack"),
    ):
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        assert f"{case['number']}.zip" in answer.headers["Content-Disposition"]
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert f"{case['number']}/verify.py" in archive.namelist()


def test_the_pack_of_a_review_whose_scope_is_open_is_refused_with_the_remedy(site: Site) -> None:
    case = site.opened(
        "auditor1", "fund_review", name="上半年", period_from="2026-01-01", period_to="2026-06-30", opinion="好"
    )
    answer = site["auditor1"].get(f"/reviews/{case['id']}/pack")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "scope_open")


def test_anyone_reads_the_latest_signed_head_without_signing_in(site: Site) -> None:
    case = opened(site)
    assert site["auditor1"].get(f"/reviews/{case['id']}/pack").status_code == 200
    nobody = site.app.test_client()
    told = nobody.get("/api/v1/trail/checkpoint").get_json()
    assert told == nobody.get("/api/v1/trail/checkpoint?union=brook").get_json()
    assert told["note"].startswith("example.test/trail/brook\n")
    assert told["head"] == f"{told['size']}@{told['root_hash']}"
    assert nobody.get("/api/v1/trail/checkpoint?union=elsewhere").status_code == 404
    plain = nobody.get("/api/v1/trail/checkpoint", headers={"Accept": "text/plain"})
    assert (plain.mimetype, plain.text) == ("text/plain", told["note"])


def test_how_the_trail_stands_is_told_to_every_member(site: Site) -> None:
    before = site["member"].get("/trail/status").get_json()
    assert before["signed"] is None
    case = opened(site)
    assert site["auditor1"].get(f"/reviews/{case['id']}/pack").status_code == 200
    after = site["member"].get("/trail/status").get_json()
    assert after["size"] > before["size"]
    assert after["signed"]["size"] == after["size"]
    assert after["signed"]["holds"] is True
    assert site.app.test_client().get("/api/v1/trail/status").status_code == 401
    page = Browser(site, "member").get("/trail")
    assert "记录完整，已核对至" in page.text
    assert after["key"] in page.text


def test_the_page_does_not_call_a_record_whole_that_somebody_changed(site: Site) -> None:
    case = opened(site)
    assert site["auditor1"].get(f"/reviews/{case['id']}/pack").status_code == 200
    with site.app.extensions[EXTENSION].use(Database).write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER trail_entry_no_update")
        session.connection().exec_driver_sql(
            "UPDATE trail_entry SET body = x'7b7d' WHERE union_id = union_id AND seq = 3"
        )
    for page in (
        Browser(site, "member").get("/trail"),
        Browser(site, "auditor2").get(f"/review/{case['id']}"),
    ):
        assert page.status_code == 200
        assert "记录完整，已核对至" not in page.text
        assert "与签过的链头对不上" in page.text
    assert site["member"].get("/trail/status").get_json()["signed"]["holds"] is False
