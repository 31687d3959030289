"""预算与支出 and the fund's part of the API: the figures, and who sees them."""

from __future__ import annotations

import pytest

from tests.fixtures.browsing import anyone, main_of, reader, statements
from tests.fixtures.sites import Site
from tests.fixtures.unions import found


def test_the_budget_tells_what_is_held_spent_and_left(site: Site) -> None:
    site.submitted(120_000)
    paid = site.acted("auditor1", site.submitted(30_000), "approve")
    site.acted("cashier", paid, "pay", paid_on="2026-04-29", bank_reference="HD-1")
    told = site["auditor1"].get("/budgets/2026").get_json()
    figures = {"allocated_fen": 1_000_000, "encumbered_fen": 120_000, "spent_fen": 30_000, "available_fen": 850_000}
    assert told["lines"] == [
        {"account": "501102", "title": {"zh-CN": "文体活动支出", "en": "Culture and sports"}, **figures}
    ]
    assert told["totals"] == figures
    page = main_of(reader(site, "treasurer").get("/budget?year=2026"))
    for amount in ("10,000.00", "1,200.00", "300.00", "8,500.00"):
        assert amount in page


def test_totals_add_up_over_categories(sqlite_site: Site) -> None:
    sqlite_site.budgeted(a501102=1_000_000, a501105=400_000)
    told = sqlite_site["chair"].get("/budgets/2026").get_json()
    assert len(told["lines"]) == 2
    assert told["totals"]["available_fen"] == sum(line["available_fen"] for line in told["lines"])


def test_another_unions_budget_is_not_in_it(site: Site) -> None:
    found(site.database, "meadow", suffix="m")
    answer = anyone(site).client.post(
        "/api/v1/tokens", json={"username": "chairm", "password": "a walk along the canal"}
    )
    headers = {"Authorization": f"Bearer {answer.get_json()['token']}"}
    told = site.app.test_client().get("/api/v1/budgets/2026", headers=headers).get_json()
    assert (told["lines"], told["totals"]["allocated_fen"]) == ([], 0)


@pytest.mark.parametrize(("username", "status"), [("member", 403), ("admin", 403), ("auditor2", 200), ("cashier", 200)])
def test_only_those_who_keep_or_audit_the_books_see_the_budget(sqlite_site: Site, username: str, status: int) -> None:
    assert sqlite_site[username].get("/budgets/2026").status_code == status
    assert reader(sqlite_site, username).get("/budget").status_code == status


def test_whoever_is_not_signed_in_is_asked_to(sqlite_site: Site) -> None:
    visitor = anyone(sqlite_site)
    for address in ("/budget", "/api/v1/budgets/2026", "/api/v1/accounts"):
        assert visitor.get(address).status_code == 401


@pytest.mark.parametrize("year", ["0", "1999", "2101", "99999999999999999999"])
def test_a_year_that_no_union_keeps_is_not_found(site: Site, year: str) -> None:
    answer = site["treasurer"].get(f"/budgets/{year}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("year", ["0000", "2026x", "９９９９", "-1", "99999"])
def test_a_strange_year_in_the_address_shows_this_year(sqlite_site: Site, year: str) -> None:
    answer = reader(sqlite_site, "treasurer").get(f"/budget?year={year}")
    assert answer.status_code == 200
    assert "<h1>预算与支出 2026</h1>" in answer.text


def test_a_year_without_a_budget_says_what_to_do(sqlite_site: Site) -> None:
    page = main_of(reader(sqlite_site, "treasurer").get("/budget?year=2027"))
    assert "这一年还没有预算" in page
    assert "/cases/new/budget" in page
    assert "/cases/new/budget" not in main_of(reader(sqlite_site, "auditor1").get("/budget?year=2027"))


def test_the_page_asks_as_often_for_many_categories_as_for_one(sqlite_site: Site) -> None:
    treasurer = reader(sqlite_site, "treasurer")

    def asked() -> int:
        with statements(sqlite_site.database.reader) as seen:
            assert treasurer.get("/budget?year=2026").status_code == 200
        return len(seen)

    before = asked()
    sqlite_site.budgeted(a501102=1_000_000, a501101=100, a501103=100, a501105=100, a503002=100)
    assert asked() == before


def test_the_chart_of_accounts_is_told_with_both_sides(sqlite_site: Site) -> None:
    told = sqlite_site["member"].get("/accounts").get_json()
    assert {"code": "501102", "title": {"zh-CN": "文体活动支出", "en": "Culture and sports"}} in told["spending"]
    assert told["income"]
    assert {one["code"] for one in told["income"]}.isdisjoint({one["code"] for one in told["spending"]})
