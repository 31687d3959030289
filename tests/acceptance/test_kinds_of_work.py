"""Kinds of work beside claim and task, by the API alone, on both databases: what is done, refused, published and kept back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.fixtures.browsing import reader
from tests.fixtures.sites import PNG, Site
from tests.fixtures.unions import NAMES, found

OWNER = "organiser"


def paper(site: Site, who: str) -> str:
    """A file sent by that person."""
    answer = site[who].upload(PNG, "paper.png")
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["id"])


def refused(site: Site, who: str, case: dict[str, Any], action: str, **data: Any) -> set[str]:
    """The codes of every reason for which this person may not take the step."""
    answer = site.tried(who, case, action, "理由", **data)
    assert answer.status_code in {403, 409, 422}, answer.get_json()
    return {one["code"] for one in answer.get_json()["refusals"]}


def board(site: Site) -> dict[str, dict[str, Any]]:
    """Everything that is public, by number."""
    answer = site.app.test_client().get("/api/v1/public/brook?year=2026")
    return {one["number"]: one for one in answer.get_json()["items"]}


def person(site: Site, who: str) -> str:
    return str(site.town.people[who])


def test_a_months_condolences_are_one_list_one_approval_one_claim_and_no_names(site: Site) -> None:
    rows = [
        {"member": person(site, "member"), "kind": "hospital", "amount_fen": 100_000},
        {"member": person(site, "organiser"), "kind": "birthday", "amount_fen": 30_000},
    ]
    case = site.opened(
        "clerk", "condolence", name=f"2026年5月慰问{NAMES['member']}等", listed_on="2026-05-08", heads=2, people=rows
    )
    case = site.acted("clerk", case, "submit")
    assert (case["number"], case["amount_fen"]) == ("WW-2026-0001", 130_000)
    assert refused(site, "clerk", case, "approve") == {"not_your_step"}
    assert case["id"] in [one["id"] for one in site["chair"].get("/inbox").get_json()["items"]]
    case = site.acted("chair", case, "approve")

    claim = site.submitted(130_000, purpose="5月会员慰问", payee="签领表各人")
    receipts = [paper(site, "treasurer")]
    form = reader(site, "treasurer").get(f"/cases/{case['id']}").text
    assert f'<option value="{claim["id"]}"' in form
    assert 'name="receipts' in form
    assert refused(site, "cashier", case, "settle", claim=claim["id"], receipts=receipts) == {"not_your_step"}
    assert refused(site, "treasurer", case, "settle", receipts=receipts) == {"field_missing"}
    case = site.acted("treasurer", case, "settle", claim=claim["id"], receipts=receipts)
    case = site.acted("chair", case, "publish")

    item = board(site)["WW-2026-0001"]
    assert item["title"] == "2026年5月慰问陆**等"
    assert item["fields"]["heads"] == 2
    assert item["fields"]["amount_fen"] == 130_000
    assert [one["name"] for one in item["approved_by"]] == [NAMES["chair"]]
    page = site.app.test_client().get("/public/brook/WW-2026-0001").text
    for told in (json.dumps(item, ensure_ascii=False), page):
        assert NAMES["member"] not in told
        assert "住院" not in told
        assert "hospital" not in told
    trail = site["chair"].get(f"/cases/{case['id']}/trail").get_json()["entries"]
    said = "".join(entry["canonical"] for entry in trail)
    assert person(site, "member") not in said
    assert "hospital" not in said


def test_an_activity_is_agreed_before_it_is_held_and_signed_off_with_photos(site: Site) -> None:
    data = {
        "name": "五月健步走",
        "kind": "sports",
        "held_on": "2026-05-16",
        "place": "河堤",
        "planned": 30,
        "owner": person(site, OWNER),
        "budget_fen": 60_000,
    }
    case = site.opened("clerk", "activity", **data)
    assert refused(site, "clerk", case, "propose") == {"field_missing"}
    changed = site["clerk"].patch(
        f"/cases/{case['id']}", {"version": case["version"], "data": {"programme": [paper(site, "clerk")]}}
    )
    case = site.acted("clerk", {**case, **changed.get_json()}, "propose")
    case = site.acted("chair", case, "approve")
    done: dict[str, Any] = {"attended": 27, "result": "二十七人走完五公里。", "photos": [paper(site, OWNER)]}
    assert refused(site, "clerk", case, "report", **done) == {"not_your_step"}
    case = site.acted(OWNER, case, "report", **done)
    case = site.acted("clerk", site.acted("chair", case, "sign_off"), "publish")
    assert case["phase"] == "published"
    assert board(site)["HD-2026-0001"]["fields"]["attended"] == 27
    public = site.app.test_client().get("/public/brook?year=2026").text
    assert "二十七人走完五公里。" in public
    assert "HD-2026-0001" in public


def test_a_member_suggests_and_nobody_judges_his_own_suggestion(site: Site) -> None:
    said = {"name": "泵房加装声控灯", "made_on": "2026-06-01", "kind": "suggestion", "now": "常亮", "proposal": "声控"}
    assert site["chair"].post("/cases", {"workflow": "suggestion", "data": said}).status_code == 201  # members, all
    case = site.acted("member", site.opened("member", "suggestion", **said), "submit")
    assert site["treasurer"].get(f"/cases/{case['id']}").status_code == 200
    assert refused(site, "member", case, "accept") == {"not_your_step"}
    case = site.acted("clerk", case, "accept")
    case = site.acted("chair", case, "adopt", owner=person(site, OWNER), due_on="2026-07-01")
    case = site.acted(OWNER, case, "report", effect="每月省电三百度。", proof=[paper(site, OWNER)])
    assert refused(site, "member", case, "rate", grade="first") == {"not_your_step"}
    form = reader(site, "vice").get(f"/cases/{case['id']}").text
    assert all(f'name="grade" value="{one}"' in form for one in ("first", "second", "third", "good"))
    case = site.acted("vice", case, "rate", grade="second")
    site.acted("chair", case, "publish")
    item = board(site)[case["number"]]
    assert (item["fields"]["grade"], item["fields"]["effect"]) == ("second", "每月省电三百度。")
    assert NAMES["member"] not in json.dumps(item, ensure_ascii=False)


def test_an_opinion_is_settled_by_its_member_and_only_what_was_written_for_all_is_public(site: Site) -> None:
    raised = {"name": "午休室", "made_on": "2026-06-02", "content": "我家远，中午没有地方休息。"}
    case = site.acted("member", site.opened("member", "opinion", **raised), "submit")
    assert site["treasurer"].get(f"/cases/{case['id']}").status_code == 404
    case = site.acted("organiser", case, "assign", owner=person(site, "vice"), due_on="2026-06-12")
    case = site.acted("vice", case, "answer", reply="三楼小会议室中午开放。")
    assert refused(site, "vice", case, "confirm") == {"not_your_step"}
    case = site.acted("member", case, "confirm")
    site.acted("clerk", case, "publish", told="有会员反映午休不便，三楼小会议室中午开放。", told_on="2026-06-15")
    told = json.dumps(board(site)[case["number"]], ensure_ascii=False)
    assert "三楼小会议室中午开放" in told
    assert "我家远" not in told


def test_what_was_published_wrong_is_corrected_beside_it_and_never_in_it(site: Site) -> None:
    claim = site.acted("auditor1", site.submitted(12_800), "approve")
    said = {"found_on": "2026-07-02", "wrong": "摘要写成了荧光笔。", "right": "应为荧光棒。", "cause": "录入错误。"}
    case = site.opened(
        "clerk", "correction", name="更正用品名称", about=claim["number"], papers=[paper(site, "clerk")], **said
    )
    assert refused(site, "clerk", case, "submit") == {"not_published"}
    paid = site.acted("cashier", claim, "pay", paid_on="2026-05-06", bank_reference="HD-1")
    site.acted("chair", paid, "publish")
    before = site.app.test_client().get(f"/public/brook/{claim['number']}").text
    case = site.acted("clerk", case, "submit")
    assert refused(site, "chair", case, "approve") == {"not_your_step"}
    case = site.acted("auditor2", case, "approve")
    site.acted("chair", case, "publish")
    after = site.app.test_client().get(f"/public/brook/{claim['number']}").text
    assert case["number"] == "GZ-2026-0001"
    assert case["number"] in after
    assert case["number"] not in before
    assert "应为荧光棒。" in site.app.test_client().get("/public/brook/GZ-2026-0001").text
    elsewhere = site.opened(
        "clerk", "correction", name="更正", about="GH-2026-9999", papers=[paper(site, "clerk")], **said
    )
    assert refused(site, "clerk", elsewhere, "submit") == {"not_published"}
    verdict = site.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert verdict.exit_code == 0, verdict.output


def test_a_hardship_file_and_its_relief_grant_are_seen_by_few_and_the_file_by_nobody_outside(site: Site) -> None:
    officers = {"welfare": ("welfare",), "leader": ("group_leader",), "women": ("women_workers",)}
    rest = {one: (one,) for one in ("chair", "clerk", "treasurer", "organiser")} | {
        "vice": ("vice_chair",),
        "member": (),
    }
    town = found(site.database, "creek", {**officers, **rest}, now=datetime(2026, 1, 4, 2, tzinfo=UTC), suffix="_c")
    member, leader = str(town.people["member"]), str(town.people["leader"])
    case = site.opened(
        "leader_c",
        "hardship_file",
        name="二组第1户",
        filed_on="2026-03-02",
        applicant=member,
        id_number="11010119900307123X",
        category="relative",
        cause="illness",
        situation="配偶长期住院。",
        people=3,
        income_fen=90_000,
        papers=[paper(site, "leader_c")],
        contact=leader,
    )
    case = site.acted("leader_c", case, "submit")
    for stranger in ("treasurer_c", "clerk_c", "organiser_c", "chair"):
        assert site[stranger].get(f"/cases/{case['id']}").status_code == 404
    case = site.acted("welfare_c", case, "verify", checked_on="2026-03-04", checked_note="属实。")
    case = site.acted("women_c", case, "notice", notice_until="2026-03-12", notice_papers=[paper(site, "women_c")])
    assert refused(site, "welfare_c", case, "approve") == {"not_your_step"}
    case = site.acted("chair_c", case, "approve")
    assert case["state"] == "on_file"
    said = json.dumps(site["chair_c"].get(f"/cases/{case['id']}/trail").get_json(), ensure_ascii=False)
    for secret in ("11010119900307123X", "配偶长期住院", "relative", "90000", member):
        assert secret not in said

    rows = [{"member": member, "reason": "配偶长期住院", "amount_fen": 200_000}]
    grant = site.opened(
        "welfare_c",
        "relief_grant",
        name="春季困难补助",
        asked_on="2026-04-01",
        source="own",
        households=1,
        file=case["id"],
        people=rows,
        papers=[paper(site, "welfare_c")],
    )
    grant = site.acted("welfare_c", grant, "submit")
    grant = site.acted("organiser_c", grant, "approve")
    assert grant["state"] == "submitted"
    assert refused(site, "organiser_c", grant, "approve") == {"already_decided"}
    assert site.acted("chair_c", grant, "approve")["state"] == "approved"
    public = site.app.test_client().get("/api/v1/public/creek?year=2026").get_json()
    assert public["items"] == []
