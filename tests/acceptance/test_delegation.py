"""Standing in for someone who is away: by whom, for how long, what the one who stands in may do, and what both may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.people.models import Delegation
from tests.fixtures.browsing import reader
from tests.fixtures.sites import Site


def asked(site: Site, who: str, taker: str, **more: Any) -> Any:
    """Somebody asks another to stand in for the coming week."""
    body = {"taker": str(site.town.people[taker]), "from": on(site, 0), "until": on(site, 7), **more}
    return site[who].post("/delegations", body)


def on(site: Site, days: int) -> str:
    """The day so many days from now."""
    return (site.hands.now + timedelta(days=days)).date().isoformat()


def todo(site: Site, who: str) -> list[str]:
    return [one["id"] for one in site[who].get("/inbox").get_json()["items"]]


def test_whoever_stands_in_finds_the_work_and_decides_in_the_others_place(site: Site) -> None:
    claim = site.submitted()
    assert claim["id"] not in todo(site, "member")
    assert asked(site, "auditor1", "member").status_code == 201
    assert claim["id"] in todo(site, "member")
    site.acted("member", claim, "approve")
    step = site["auditor1"].get(f"/cases/{claim['id']}").get_json()["timeline"][-1]
    assert step["person"]["id"] == str(site.town.people["member"])
    assert step["in_place_of"]["id"] == str(site.town.people["auditor1"])
    assert site.app.test_cli_runner().invoke(args=["trail", "verify"]).exit_code == 0


def test_neither_of_the_two_may_be_the_submitter(site: Site) -> None:
    assert asked(site, "auditor1", "treasurer").get_json()["code"] == "delegation_clash"


def test_before_and_after_the_days_nobody_stands_in(site: Site) -> None:
    claim = site.submitted()
    asked(site, "auditor1", "member", **{"from": on(site, 3)})
    assert site.tried("member", claim, "approve").status_code == 404
    site.hands.now += timedelta(days=4)
    assert claim["id"] in todo(site, "member")
    site.hands.now += timedelta(days=10)
    assert claim["id"] not in todo(site, "member")


@pytest.mark.parametrize(
    ("who", "taker", "more", "status", "code"),
    [
        ("auditor1", "auditor1", {}, 422, "invalid"),
        ("auditor1", "member", {"until": "2026-01-05"}, 422, "invalid"),
        ("auditor1", "member", {"from": "2026-06-01"}, 422, "invalid"),
        ("auditor1", "member", {"until": "2027-12-31"}, 422, "invalid"),
        ("auditor1", "member", {"offices": ["chair"]}, 409, "nothing_to_delegate"),
        ("member", "auditor1", {}, 403, None),
        ("auditor1", "cashier", {}, 409, "delegation_clash"),
    ],
)
def test_what_makes_no_sense_is_refused(
    sqlite_site: Site, who: str, taker: str, more: dict[str, Any], status: int, code: str | None
) -> None:
    answer = asked(sqlite_site, who, taker, **more)
    assert answer.status_code == status, answer.get_json()
    assert code is None or answer.get_json()["code"] == code


def test_one_person_stands_in_and_never_at_second_hand(sqlite_site: Site) -> None:
    site = sqlite_site
    assert asked(site, "auditor1", "member").status_code == 201
    assert asked(site, "auditor1", "organiser").get_json()["code"] == "away_twice"
    assert asked(site, "auditor2", "auditor1").get_json()["code"] == "away_himself"
    assert asked(site, "auditor2", "member").status_code == 201


def test_nobody_sends_another_away_and_only_the_two_or_the_chair_end_it(sqlite_site: Site) -> None:
    site = sqlite_site
    for_other = {"giver": str(site.town.people["auditor1"])}
    assert asked(site, "chair", "member", **for_other).status_code == 422
    made = asked(site, "auditor1", "member")
    assert site["clerk"].post(f"/delegations/{made.get_json()['id']}/end").status_code == 403
    assert site["member"].post(f"/delegations/{made.get_json()['id']}/end").status_code == 200
    assert site["member"].post(f"/delegations/{made.get_json()['id']}/end").status_code == 404


def test_the_maintainer_stands_in_for_nobody(sqlite_site: Site) -> None:
    assert asked(sqlite_site, "chair", "admin").get_json()["code"] in {"delegation_clash", "members_only"}


def test_offices_that_exclude_each_other_do_not_meet_in_one_deputy(sqlite_site: Site) -> None:
    site = sqlite_site
    assert asked(site, "treasurer", "member").status_code == 201
    assert asked(site, "auditor1", "member").get_json()["code"] == "delegation_clash"
    person = str(site.town.people["member"])
    body = {"person_id": person, "office": "auditor", "from": on(site, 0)}
    assert site["clerk"].post("/offices", body).get_json()["code"] == "incompatible_offices"


def test_whoever_is_submitted_for_is_the_submitter_too(site: Site) -> None:
    assert asked(site, "treasurer", "member").status_code == 201
    claim = site.acted("member", site.claim(), "submit")
    shown = site["treasurer"].get(f"/cases/{claim['id']}").get_json()
    refusals = {one["name"]: {r["code"] for r in one["refusals"]} for one in shown["actions"]}
    assert "own_submission" in refusals["reject"] or "not_your_step" in refusals["reject"]
    assert site.acted("auditor1", claim, "approve")["state"] == "audited"
    assert site.app.test_cli_runner().invoke(args=["trail", "verify"]).exit_code == 0


def test_a_delegation_that_was_slipped_into_the_table_is_named(site: Site) -> None:
    made = asked(site, "auditor1", "member").get_json()["id"]
    with site.database.write() as session:
        session.execute(
            sa.update(Delegation).where(Delegation.union_id == site.town.union_id).values(offices=["auditor"])
        )
    told = site.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert told.exit_code == 1
    assert "delegation" in told.output.lower() or "代理" in told.output
    assert made


def test_another_unions_delegation_is_not_found(sqlite_site: Site) -> None:
    unknown = "01890000-0000-7000-8000-000000000000"
    assert sqlite_site["chair"].post(f"/delegations/{unknown}/end").status_code == 404
    nobody = {"taker": unknown, "from": on(sqlite_site, 0), "until": on(sqlite_site, 7)}
    assert sqlite_site["chair"].post("/delegations", nobody).status_code == 422


def test_a_circle_of_two_who_stand_in_for_each_other_is_refused(sqlite_site: Site) -> None:
    assert asked(sqlite_site, "auditor1", "auditor2").status_code == 201
    assert asked(sqlite_site, "auditor2", "auditor1").get_json()["code"] == "away_himself"


def test_the_page_offers_it_to_officers_and_lists_both_ways(sqlite_site: Site) -> None:

    site = sqlite_site
    asked(site, "auditor1", "member")
    page = reader(site, "auditor1").get("/me/away").text
    assert "代理我的" in page
    assert "陆小满" in page
    assert "您现在没有担任职务" in reader(site, "member").get("/me/away").text
