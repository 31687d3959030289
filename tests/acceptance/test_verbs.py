"""Everything around a decision, through the API on both databases, with a workflow that uses every verb; the record proves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.browsing import reader
from tests.fixtures.sites import PNG, Site, site_on
from tests.unit.engine.verbs import VERBS

ISSUE = "请改"


@dataclass
class Rules:
    """The union with the workflow, and sentences about one case of it."""

    site: Site

    def begun(self, *, urgent: bool = False) -> dict[str, Any]:
        """A change of a rule, submitted by the clerk."""
        case = self.site.opened("clerk", "rule_change", name="考勤办法", urgent=urgent)
        return self.site.acted("clerk", case, "submit")

    def person(self, username: str) -> str:
        """The id of a person."""
        return str(self.site.town.people[username])

    def arrange(self, username: str, case: dict[str, Any], verb: str, **more: Any) -> Any:
        """Arrange something, whatever comes of it."""
        return self.site[username].post(f"/cases/{case['id']}/arrangements", {"verb": verb, **more})

    def arranged(self, username: str, case: dict[str, Any], verb: str, action: str = "agree", **more: Any) -> None:
        """Arrange something that is allowed."""
        answer = self.arrange(username, case, verb, action=action, comment="说明", **more)
        assert answer.status_code == 200, answer.get_json()

    def inbox(self, username: str) -> list[str]:
        """What waits for that person."""
        return [one["id"] for one in self.site[username].get("/inbox").get_json()["items"]]

    def seen(self, username: str, case: dict[str, Any]) -> dict[str, Any]:
        """The case as that person sees it."""
        answer = self.site[username].get(f"/cases/{case['id']}")
        assert answer.status_code == 200, answer.get_json()
        return dict(answer.get_json())

    def refused(self, username: str, case: dict[str, Any], action: str, **more: Any) -> list[str]:
        """The codes of every reason why not."""
        body = {"version": self.seen(username, case)["version"], **more}
        answer = self.site[username].post(f"/cases/{case['id']}/actions/{action}", body)
        assert answer.status_code in (403, 409, 422), answer.get_json()
        return [one["code"] for one in answer.get_json().get("refusals", [])] or [answer.get_json()["code"]]

    def take(self, username: str, case: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
        """A step that is allowed, on the case as that person sees it."""
        body = {"version": self.seen(username, case)["version"], "comment": "意见", **more}
        answer = self.site[username].post(f"/cases/{case['id']}/actions/{action}", body)
        assert answer.status_code == 200, answer.get_json()
        return {**case, **answer.get_json()}

    def proved(self) -> None:
        """The whole record holds, replay and tables."""
        verdict = self.site.app.test_cli_runner().invoke(args=["trail", "verify"])
        assert verdict.exit_code == 0, verdict.output


@pytest.fixture
def rules(database_url: str, tmp_path: Path) -> Iterator[Rules]:
    """A union that also changes its rules."""
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "rule_change.yaml").write_text(VERBS, encoding="utf-8")
    site = site_on(database_url, tmp_path, GONGKAI_EXTRA_WORKFLOWS=str(folder))
    yield Rules(site)
    site.database.close()


def test_a_signer_whom_the_chair_adds_finds_it_in_the_inbox_and_must_sign(rules: Rules) -> None:
    case = rules.begun()
    rules.arranged("chair", case, "add_signer", person=rules.person("cashier"), order="before")
    assert case["id"] in rules.inbox("cashier")
    assert rules.refused("chair", case, "agree") == ["before_first"]
    rules.take("cashier", case, "agree")
    assert case["id"] not in rules.inbox("cashier")
    assert rules.take("chair", case, "agree")["state"] == "voted"
    rules.proved()


def test_what_is_handed_over_leaves_one_inbox_and_enters_another(rules: Rules) -> None:
    case = rules.begun()
    rules.arranged("chair", case, "hand_over", person=rules.person("treasurer"))
    assert case["id"] not in rules.inbox("chair")
    assert case["id"] in rules.inbox("treasurer")
    answer = rules.arrange("treasurer", case, "hand_over", action="agree", person=rules.person("clerk"))
    assert answer.status_code == 422
    assert {one["code"] for one in answer.get_json()["refusals"]} == {"not_eligible", "target_barred"}
    assert rules.take("treasurer", case, "agree")["state"] == "voted"
    rules.proved()


def test_an_opinion_is_asked_given_and_stands_in_the_timeline(rules: Rules) -> None:
    case = rules.begun()
    rules.arranged("chair", case, "ask_opinion", person=rules.person("organiser"))
    assert rules.refused("chair", case, "agree") == ["opinion_awaited"]
    assert case["id"] in rules.inbox("organiser")
    rules.arranged("organiser", case, "give_opinion")
    assert case["id"] not in rules.inbox("organiser")
    told = rules.seen("chair", case)["arrangements"]
    assert [(one["verb"], one["comment"]) for one in told] == [("ask_opinion", "说明"), ("give_opinion", "说明")]
    rules.take("chair", case, "agree")
    rules.proved()


def test_when_the_chair_stands_aside_the_named_substitute_is_asked(rules: Rules) -> None:
    case = rules.begun()
    assert case["id"] not in rules.inbox("treasurer")
    rules.arranged("chair", case, "recuse")
    assert case["id"] not in rules.inbox("chair")
    assert case["id"] in rules.inbox("treasurer")
    assert rules.take("treasurer", case, "agree")["state"] == "voted"
    rules.proved()


def test_a_vote_against_and_the_ones_for_are_counted_and_a_veto_ends_it(rules: Rules) -> None:
    case = rules.take("chair", rules.begun(), "agree")
    assert rules.take("auditor1", case, "vote_against")["state"] == "voted"
    assert rules.refused("auditor1", case, "vote") == ["already_decided"]
    assert rules.take("auditchair", case, "vote_against")["state"] == "rejected"
    rules.proved()


def test_a_decision_is_taken_back_until_the_next_person_acts(rules: Rules) -> None:
    case = rules.begun()
    assert rules.refused("chair", case, "take_back") == ["nothing_to_take_back"]
    case = rules.take("chair", case, "agree")
    assert rules.seen("chair", case)["may_take_back"]
    assert rules.refused("auditor1", case, "take_back") == ["not_your_decision"]
    assert rules.take("chair", case, "take_back")["state"] == "discussed"
    assert case["id"] in rules.inbox("chair")
    case = rules.take("chair", case, "agree")
    rules.take("auditor1", case, "vote")
    assert case["id"] not in rules.inbox("auditor1")
    rules.take("auditor1", case, "take_back")
    assert case["id"] in rules.inbox("auditor1")
    rules.take("auditor1", case, "vote")
    assert rules.refused("chair", case, "take_back") == ["not_your_decision"]
    case = rules.take("auditor2", case, "vote")
    assert rules.take("auditor2", case, "take_back")["state"] == "voted"
    assert case["id"] not in rules.inbox("auditor1"), "whoever has voted is not asked again"
    assert case["id"] in rules.inbox("auditor2")
    rules.proved()


def test_a_stale_version_takes_nothing_back(rules: Rules) -> None:
    case = rules.begun()
    rules.take("chair", case, "agree")
    answer = rules.site["chair"].post(f"/cases/{case['id']}/actions/take_back", {"version": case["version"]})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "stale_version")


def test_the_case_is_sent_back_to_a_step_it_came_through_and_comes_straight_back(rules: Rules) -> None:
    case = rules.take("chair", rules.begun(), "agree")
    assert rules.refused("chair", case, "send_back", comment=ISSUE, return_to="joint") == ["not_returnable"]
    case = rules.take("chair", case, "send_back", return_to="draft", resume=True)
    assert (case["state"], case["round"]) == ("draft", 2)
    case = rules.take("clerk", case, "submit")
    assert case["state"] == "voted"
    rules.proved()


def test_a_material_change_of_the_draft_makes_the_case_walk_again(rules: Rules) -> None:
    case = rules.take("chair", rules.begun(), "agree")
    case = rules.take("chair", case, "send_back", return_to="draft", resume=True)
    answer = rules.site["clerk"].patch(f"/cases/{case['id']}", {"version": case["version"], "data": {"name": "新名"}})
    assert answer.status_code == 200
    assert rules.take("clerk", case, "submit")["state"] == "discussed"
    rules.proved()


def test_an_amendment_voids_the_votes_only_when_it_changes_what_was_decided_on(rules: Rules) -> None:
    case = rules.take("chair", rules.begun(), "agree")
    rules.take("auditor1", case, "vote")
    case = rules.take("clerk", case, "amend", data={"note": "改了一个错字"})
    assert (case["state"], case["round"]) == ("voted", 1)
    assert rules.take("auditor2", case, "vote")["state"] == "joint"
    case = rules.take("chair", rules.begun(), "agree")
    rules.take("auditor1", case, "vote")
    case = rules.take("clerk", case, "amend", data={"name": "考勤办法（修订）"})
    assert (case["state"], case["round"]) == ("discussed", 2)
    assert rules.refused("auditor1", case, "vote") == ["wrong_state"]
    rules.proved()
    amended = rules.refused("clerk", rules.take("chair", rules.begun(), "agree"), "amend", data={"name": None})
    assert amended == ["invalid"]


def test_joint_signing_goes_in_the_written_order_and_skips_whom_it_does_not_concern(rules: Rules) -> None:
    case = rules.begun(urgent=True)
    for who, action in (("chair", "agree"), ("auditor1", "vote"), ("auditor2", "vote")):
        case = rules.take(who, case, action)
    assert rules.refused("chair", case, "countersign") == ["not_your_turn"]
    rules.take("cashier", case, "countersign")
    assert rules.refused("treasurer", case, "countersign") == ["not_needed"]
    case = rules.take("chair", case, "countersign")
    assert case["state"] == "decided"
    case = rules.take("clerk", case, "publish")
    copies = [one["person"]["id"] for one in rules.seen("clerk", case)["copies"]]
    assert rules.person("auditor1") in copies
    rules.proved()


def test_a_signed_sheet_is_recorded_by_a_third_person_and_confirmed_by_its_signer(rules: Rules) -> None:
    case = rules.begun()
    sheet = {"signer": rules.person("chair"), "dated": "2026-04-20"}
    mine = rules.site["clerk"].upload(PNG, "sheet.png").get_json()["id"]
    assert "submitter_records" in rules.refused("clerk", case, "agree", paper={**sheet, "file": mine})
    file = rules.site["cashier"].upload(PNG, "sheet.png").get_json()["id"]
    case = rules.take("cashier", case, "agree", paper={**sheet, "file": file})
    assert case["state"] == "voted"
    step = rules.seen("chair", case)["timeline"][-1]
    assert step["person"]["id"] == rules.person("cashier")
    assert step["in_place_of"]["id"] == rules.person("chair")
    assert step["paper"]["dated"] == "2026-04-20"
    assert rules.arrange("auditor1", case, "confirm_paper").get_json()["code"] == "no_sheet"
    assert rules.arrange("chair", case, "confirm_paper").status_code == 200
    assert rules.arrange("chair", case, "confirm_paper").get_json()["code"] == "no_sheet"
    rules.proved()


def test_a_disputed_sheet_stops_the_case_until_it_is_sent_back(rules: Rules) -> None:
    case = rules.begun()
    sheet = {"signer": rules.person("chair"), "dated": "2026-04-20"}
    file = rules.site["cashier"].upload(PNG, "sheet.png").get_json()["id"]
    others = rules.site["treasurer"].upload(PNG, "sheet.png").get_json()["id"]
    assert rules.refused("cashier", case, "agree", paper={**sheet, "file": others}) == ["unknown_reference"]
    assert rules.refused("cashier", case, "agree", paper={**sheet, "dated": "2031-01-01", "file": file}) == [
        "unknown_reference"
    ]
    case = rules.take("cashier", case, "agree", paper={**sheet, "file": file})
    assert rules.arrange("chair", case, "dispute_paper", comment="不是我签的").status_code == 200
    assert rules.refused("auditor1", case, "vote") == ["paper_disputed"]
    case = rules.take("chair", case, "send_back", return_to="discussed")
    assert rules.take("chair", case, "agree")["state"] == "voted"
    rules.proved()


def test_people_are_reminded_once_in_ten_minutes(rules: Rules) -> None:
    case = rules.begun()
    assert rules.arrange("clerk", case, "remind").status_code == 200
    assert rules.arrange("clerk", case, "remind").status_code == 429
    rules.site.hands.now += timedelta(minutes=11)
    assert rules.arrange("clerk", case, "remind").status_code == 200


def test_remarks_and_copies_reach_people_who_could_not_see_the_case_before(rules: Rules) -> None:
    case = rules.begun()
    assert rules.site["member"].get(f"/cases/{case['id']}").status_code == 404
    assert rules.arrange("member", case, "remark", comment="我也看看").status_code == 404
    assert rules.arrange("clerk", case, "copy", person=rules.person("member")).status_code == 200
    assert rules.arrange("member", case, "remark", comment="看过了").status_code == 200
    assert rules.arrange("clerk", case, "remark").status_code == 422
    rules.proved()


def test_nothing_is_arranged_about_a_draft_or_by_a_stranger(rules: Rules) -> None:
    draft = rules.site.opened("clerk", "rule_change", name="考勤办法", urgent=False)
    assert rules.arrange("clerk", draft, "remind").get_json()["code"] == "not_yet_submitted"
    case = rules.begun()
    answer = rules.arrange("auditor1", case, "add_signer", action="agree", person=rules.person("organiser"))
    assert answer.status_code == 403
    assert rules.seen("clerk", case)["arrangements"] == []
    unknown = "01890000-0000-7000-8000-000000000000"
    assert rules.arrange("chair", case, "hand_over", action="agree", person=unknown).status_code == 422
    assert (
        rules.arrange("chair", case, "hand_over", action="nothing", person=rules.person("organiser")).status_code == 422
    )
    assert rules.arrange("chair", case, "draw", action="agree").status_code == 422


def test_whoever_leaves_the_office_hands_everything_over_on_one_page(rules: Rules) -> None:
    case, other = rules.begun(), rules.begun()
    page = reader(rules.site, "chair")
    shown = page.get("/handover").text
    assert shown.count(case["number"]) == 1
    to = rules.person("treasurer")
    answer = page.post("/handover", {f"{case['id']}:agree": to, f"{other['id']}:agree": to, "nonsense": to})
    assert "已全部转交" in answer.text
    assert {case["id"], other["id"]} <= set(rules.inbox("treasurer"))
    assert not {case["id"], other["id"]} & set(rules.inbox("chair"))
    refused = page.post("/handover", {f"{case['id']}:agree": to})
    assert "已全部转交" not in refused.text
    rules.proved()
