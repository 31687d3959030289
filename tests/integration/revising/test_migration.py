"""Running cases are carried to a new version: whole or not at all, on record, and never past an approval."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.models import Case, CaseMigration
from tests.fixtures.answers import problem
from tests.fixtures.revising import THREE, adopted, changed, problems
from tests.fixtures.sites import Site

RENAMED = (
    ("  submitted:", "  in_audit:"),
    ("from: [submitted]", "from: [in_audit]"),
    ("[submitted, awaiting_chair]", "[in_audit, awaiting_chair]"),
    ("to: submitted", "to: in_audit"),
)
"""The state in which auditors decide gets another name."""
STATES = {"submitted": "in_audit"}


def renamed(site: Site) -> str:
    """That version, with every place that names the state."""
    return changed(site, *RENAMED)


def report(site: Site, proposal: dict[str, Any], who: str = "vice") -> list[dict[str, Any]]:
    """The dry run."""
    answer = site[who].get(f"/proposals/{proposal['id']}/migration")
    assert answer.status_code == 200, answer.get_json()
    return list(answer.get_json()["items"])


def carry(site: Site, proposal: dict[str, Any], items: list[dict[str, Any]], who: str = "vice") -> list[dict[str, Any]]:
    """Carry these cases; what became of each."""
    body = {"cases": [{"id": one["id"], "events": one["events"]} for one in items]}
    answer = site[who].post(f"/proposals/{proposal['id']}/migration", body)
    assert answer.status_code == 200, answer.get_json()
    return list(answer.get_json()["results"])


def shown(site: Site, case: dict[str, Any]) -> dict[str, Any]:
    """The case as it stands."""
    return {**case, **site["treasurer"].get(f"/cases/{case['id']}").get_json()}


def limit(site: Site, fen: int) -> None:
    """Above this, two auditors are needed."""
    assert site["chair"].patch("/union", {"two_auditor_limit_fen": fen}).status_code == 200


def test_a_case_goes_on_in_the_new_version_where_it_stood(site: Site) -> None:
    claim = site.submitted()
    made = adopted(site, renamed(site), states=STATES)
    (item,) = report(site, made)
    assert (item["number"], item["from"], item["to"], item["open"]) == (claim["number"], "submitted", "in_audit", True)
    assert shown(site, claim)["state"] == "submitted"
    assert [one["carried"] for one in carry(site, made, [item])] == [True]
    now = shown(site, claim)
    assert (now["state"], now["phase"], now["round"]) == ("in_audit", "submitted", 1)
    assert [one["to"] for one in now["migrations"]] == [made["hash"]]
    assert problems(site) == set()
    now = site.acted("auditor1", now, "approve")
    now = site.acted("cashier", now, "pay", paid_on="2026-07-20", bank_reference="HD-1")
    assert site.acted("chair", now, "publish")["state"] == "published"
    assert report(site, made) == []
    assert problems(site) == set()


def test_a_vote_that_was_given_still_counts(site: Site) -> None:
    limit(site, 5_000)
    claim = site.acted("auditor1", site.submitted(), "approve")
    made = adopted(site, renamed(site), states=STATES)
    assert [one["carried"] for one in carry(site, made, report(site, made))] == [True]
    now = shown(site, claim)
    assert site.tried("auditor1", now, "approve").status_code == 409
    assert site.acted("auditor2", now, "approve")["state"] == "audited"
    assert problems(site) == set()


def test_who_approved_under_the_old_version_still_may_not_pay(site: Site) -> None:
    claim = site.acted("auditor1", site.submitted(), "approve")
    made = adopted(site, changed(site, ("by: {offices: [cashier]}", "by: {offices: [cashier, auditor]}")))
    assert [one["carried"] for one in carry(site, made, report(site, made))] == [True]
    now = shown(site, claim)
    body = {"version": now["version"], "data": {"paid_on": "2026-07-20", "bank_reference": "1"}}
    refused = problem(site["auditor1"].post(f"/cases/{claim['id']}/actions/pay", body), 403)
    assert "already_approved_by_you" in {one["code"] for one in refused["refusals"]}


@pytest.mark.parametrize(
    ("pairs", "states", "code"),
    [
        (RENAMED, {}, "no_state"),
        (RENAMED, {"submitted": "audited"}, "phase_differs"),
        ((("by: {offices: [auditor, audit_chair]}", "by: {offices: [audit_chair]}"),), {}, "vote_place_gone"),
        ((("need: 2", "need: 1"),), {}, "vote_enough"),
        ((("  payee_person: {", "  paid_to: {"), ("payee: payee_person", "payee: paid_to")), {}, "field_gone"),
        (
            (("  payee_person: {", "  payee_person: {required: true, "),),
            {},
            "field_missing",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_is_lost_by_being_carried(
    site: Site, pairs: tuple[tuple[str, str], ...], states: dict[str, str], code: str
) -> None:
    limit(site, 5_000)
    person: dict[str, Any] = {} if code == "field_missing" else {"payee_person": str(site.town.people["member"])}
    claim = site.acted("auditor1", site.submitted(**person), "approve")
    text = changed(site, *pairs)
    made = adopted(site, text, states=states)
    (item,) = report(site, made)
    assert code in {one["code"] for one in item["losses"]}
    before = shown(site, claim)
    (result,) = carry(site, made, [item])
    assert (result["carried"], result["error"]["refusals"][0]["code"]) == (False, item["losses"][0]["code"])
    assert shown(site, claim) == before
    assert problems(site) == set()


def test_what_was_voted_on_meanwhile_is_skipped_and_the_rest_goes(site: Site) -> None:
    limit(site, 5_000)
    one, other = site.submitted(), site.submitted()
    made = adopted(site, renamed(site), states=STATES)
    items = report(site, made)
    site.acted("auditor1", one, "approve")
    results = {result["id"]: result for result in carry(site, made, items)}
    assert results[one["id"]]["error"]["code"] == "moved_meanwhile"
    assert results[other["id"]]["carried"]
    assert (shown(site, one)["state"], shown(site, other)["state"]) == ("submitted", "in_audit")
    assert problems(site) == set()


def test_a_step_on_the_old_version_is_stale_once_the_case_was_carried(site: Site) -> None:
    claim = site.submitted()
    made = adopted(site, changed(site, THREE))
    carry(site, made, report(site, made))
    assert problem(site.tried("auditor1", claim, "approve"), 409)["code"] == "stale_version"


def test_cases_are_carried_only_to_a_version_that_is_in_force(site: Site) -> None:
    site.submitted()
    first = adopted(site, changed(site, THREE))
    items = report(site, first)
    adopted(site, changed(site, ("need: 3", "need: 4")))
    body = {"cases": [{"id": one["id"], "events": one["events"]} for one in items]}
    assert problem(site["vice"].post(f"/proposals/{first['id']}/migration", body), 409)["code"] == "not_in_force"


def test_a_draft_that_nobody_submitted_is_carried_without_a_record(site: Site) -> None:
    draft = site.claim()
    made = adopted(site, changed(site, THREE))
    carry(site, made, report(site, made))
    now = site.acted("treasurer", shown(site, draft), "submit")
    assert (now["state"], shown(site, now)["migrations"]) == ("submitted", [])
    assert problems(site) == set()


def test_a_returned_draft_is_carried_and_submitted_again(site: Site) -> None:
    claim = site.acted("auditor1", site.submitted(), "return", "少一张签领表")
    made = adopted(site, renamed(site), states=STATES)
    carry(site, made, report(site, made))
    again = site.acted("treasurer", shown(site, claim), "submit")
    assert (again["state"], again["round"]) == ("in_audit", 2)
    assert problems(site) == set()


def test_the_timeline_of_a_carried_case_names_its_old_steps(site: Site) -> None:
    claim = site.submitted()
    made = adopted(site, renamed(site), states=STATES)
    carry(site, made, report(site, made))
    client = site.app.test_client()
    client.post("/sign-in", data={"username": "treasurer", "password": "a walk along the canal"})
    page = client.get(f"/cases/{claim['id']}").text
    assert "改用流程的新版本" in page


def forged(site: Site, statement: Any) -> set[str]:
    """What the check says after somebody wrote into the database himself."""
    with site.database.writer.begin() as connection:
        connection.execute(statement)
    return problems(site)


def test_a_case_moved_to_another_version_behind_the_door_is_named(site: Site) -> None:
    claim = site.submitted()
    made = adopted(site, changed(site, THREE))
    found = forged(
        site,
        sa.update(Case)
        .where(Case.union_id == site.town.union_id, Case.number == claim["number"])
        .values(definition_hash=made["hash"]),
    )
    assert "case_differs" in found


def test_a_carrying_without_its_record_is_named(site: Site) -> None:
    claim = site.submitted()
    made = adopted(site, changed(site, THREE))
    row = {
        "union_id": site.town.union_id,
        "case_id": uuid.UUID(claim["id"]),
        "event": 2,
        "round": 1,
        "from_hash": made["base"],
        "to_hash": made["hash"],
        "source": "submitted",
        "target": "submitted",
        "states": {},
        "person_id": site.town.people["chair"],
        "at": site.hands.now,
        "trail_seq": 999,
    }
    assert "migration_untold" in forged(site, sa.insert(CaseMigration).values(row))


def test_the_database_itself_refuses_to_change_a_carrying(site: Site) -> None:
    site.submitted()
    made = adopted(site, changed(site, THREE))
    carry(site, made, report(site, made))
    with pytest.raises(sa.exc.DBAPIError):
        forged(site, sa.update(CaseMigration).where(CaseMigration.union_id == site.town.union_id).values(target="x"))


def test_the_deadline_of_the_new_version_counts_from_when_the_case_was_carried(site: Site) -> None:
    claim = site.submitted()
    before = shown(site, claim)["deadline"]["last_day"]
    made = adopted(site, changed(site, ("deadline: {working_days: ", "deadline: {working_days: 1")))
    carry(site, made, report(site, made))
    assert shown(site, claim)["deadline"]["last_day"] > before
    assert site.acted("auditor1", shown(site, claim), "approve")["state"] == "audited"
    assert problems(site) == set()
