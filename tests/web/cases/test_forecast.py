"""What a case's page and API foretell, with this union's own people and its own past."""

from __future__ import annotations

from datetime import timedelta

from app.cases.foreseeing import foreseen_of_many
from app.cases.models import Case
from app.cases.service import Cases
from app.foundation.edge import EXTENSION
from tests.fixtures.browsing import main_of, reader, statements
from tests.fixtures.sites import Site


def test_the_api_tells_the_rest_of_the_way_by_name(site: Site) -> None:
    claim = site.submitted()
    told = site["treasurer"].get(f"/cases/{claim['id']}").get_json()["forecast"]
    assert [step["action"] for step in told["steps"]] == ["approve", "pay", "publish"]
    approve, pay, _ = told["steps"]
    assert {one["id"] for one in approve["who"]} == {
        str(site.town.people[name]) for name in ("auditor1", "auditor2", "auditchair")
    }
    assert all(one["name"] for one in approve["who"])
    assert (approve["need"], pay["who"][0]["id"]) == (1, str(site.town.people["cashier"]))
    assert told["ends_in"] == "published"
    assert approve["expected_on"] == "2026-07-27"  # this union has decided nothing yet: the deadline counts
    assert pay["expected_on"] is None


def test_days_come_from_what_the_union_took_before(site: Site) -> None:
    begun = site.hands.now  # a Monday
    for days in (1, 2, 4):
        claim = site.submitted()
        site.hands.now += timedelta(days=days)
        site.acted("auditor1", claim, "approve")
        site.hands.now = begun
    claim = site.submitted()
    approve, pay, _ = site["treasurer"].get(f"/cases/{claim['id']}").get_json()["forecast"]["steps"]
    assert approve["expected_on"] == "2026-07-22"
    assert pay["expected_on"] is None


def test_whoever_waits_for_an_earlier_step_is_told_why_not_now(site: Site) -> None:
    claim = site.submitted()
    (pay,) = site["cashier"].get(f"/cases/{claim['id']}").get_json()["not_now"]
    assert (pay["name"], [one["code"] for one in pay["refusals"]]) == ("pay", ["wrong_state"])
    assert site["auditor1"].get(f"/cases/{claim['id']}").get_json()["not_now"] == []


def test_the_page_greys_what_is_still_to_come(sqlite_site: Site) -> None:
    claim = sqlite_site.submitted()
    page = main_of(reader(sqlite_site, "treasurer").get(f"/cases/{claim['id']}"))
    coming = [part.split("</li>")[0] for part in page.split('<li class="coming">')[1:]]
    assert ["登记付款" in coming[0], "公布" in coming[1], "已公布" in coming[2]] == [True, True, True]


def test_a_list_is_foretold_in_as_many_statements_as_one_case(sqlite_site: Site) -> None:
    door = sqlite_site.app.extensions[EXTENSION].use(Cases)
    counts = []
    for _ in range(2):
        for _ in range(3):
            sqlite_site.submitted()
        with sqlite_site.database.read() as session:
            cases = list(
                session.query(Case).where(Case.union_id == sqlite_site.town.union_id, Case.state == "submitted")
            )
            with statements(sqlite_site.database.reader) as asked:
                found = foreseen_of_many(session, door, sqlite_site.town.union_id, cases, sqlite_site.hands.now)
        counts.append(len(asked))
        assert {one.ends_in for one in found.values()} == {"published"}
    assert counts[0] == counts[1]


def test_each_disabled_button_stands_beside_its_reason(sqlite_site: Site) -> None:
    claim = sqlite_site.submitted()
    page = main_of(reader(sqlite_site, "cashier").get(f"/cases/{claim['id']}"))
    assert "data-bar" not in page
    rows = [row for row in page.split('class="card cannot"')[1].split("<li")[1:] if "data-testid" in row]
    said = {
        name: row
        for row in rows
        for name in ("approve", "reject", "return", "withdraw", "pay")
        if f"shut-{name}" in row
    }
    assert "经审委员、经审会主任办理" in said["approve"]
    assert "提交人办理" in said["withdraw"]
    assert "现在是“待经审”" in said["pay"]
    assert said["reject"] is said["return"]  # the same reason is said once
    assert 'href="#why"' in main_of(reader(sqlite_site, "auditor1").get(f"/cases/{claim['id']}"))
