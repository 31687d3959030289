"""公开栏 as anyone reads it: what is there, what is masked, and that nothing else leaks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.engine.loading import load_catalogue
from app.foundation.edge import EXTENSION
from app.people.models import INSTALLATION, Union
from app.public.queries import approving_actions
from app.trail import service as trail
from app.trail.keys import SigningKey
from tests.fixtures.browsing import anyone, main_of, reader, statements, ticked
from tests.fixtures.sites import Site, site_on
from tests.fixtures.unions import BOOK, NAMES, ROOT, found
from tests.web.public.conftest import BANK_REFERENCE, Board


def everywhere(board: Board, case: dict[str, Any]) -> str:
    """Page, item page and API of a published case, one after another."""
    visitor = anyone(board.site)
    pages = [visitor.get("/public/brook?year=2026").text, visitor.get(f"/public/brook/{case['number']}").text]
    return "\n".join([*pages, json.dumps(board.told(), ensure_ascii=False)])


def test_what_is_not_published_is_nowhere(board_on_both: Board) -> None:
    board = board_on_both
    board.site.claim(purpose="草稿中的采购")
    board.site.submitted(purpose="待经审的采购")
    board.paid(purpose="已付款未公布的采购")
    board.confirmed()
    board.signed_off("未公布的任务")
    shown = board.published(purpose="已公布的采购")
    text = everywhere(board, shown)
    assert "已公布的采购" in text
    for hidden in ("草稿中", "待经审的采购", "已付款未公布", "四月会费", "未公布的任务"):
        assert hidden not in text
    told = board.told()
    assert [one["number"] for one in told["items"]] == [shown["number"]]
    assert told["income"] == []
    assert [(one["count"], one["amount_fen"]) for one in told["spending"]] == [(1, 10_000)]


def test_unpublished_another_unions_and_unknown_items_are_the_same_404(board_on_both: Board) -> None:
    board = board_on_both
    hidden, shown = board.paid(), board.published()
    found(board.site.database, "meadow", suffix="m")
    visitor = anyone(board.site)
    assert visitor.get(f"/public/brook/{shown['number']}").status_code == 200
    addresses = [
        f"/public/brook/{hidden['number']}",
        f"/public/meadow/{shown['number']}",
        f"/public/nowhere/{shown['number']}",
        "/public/brook/GH-2026-9999",
        "/public/brook/%00",
        "/public/%00",
        "/public/nowhere",
        "/public/nowhere/trail",
    ]
    answers = [visitor.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {404}
    assert len({main_of(answer) for answer in answers}) == 1
    for slug in ("nowhere", "%00"):
        answer = visitor.get(f"/api/v1/public/{slug}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def test_the_installation_itself_has_no_public_page(board: Board) -> None:
    with board.site.database.read() as session:
        slug = session.get_one(Union, INSTALLATION).slug
    assert anyone(board.site).get(f"/public/{slug}").status_code == 404


@pytest.mark.parametrize(
    ("payee", "shown"), [("王小明", "王**"), ("王明、李四等三人", "王**"), ("河边文具店", "河边**")]
)
def test_payees_are_masked(board: Board, payee: str, shown: str) -> None:
    case = board.published(payee=payee)
    text = everywhere(board, case)
    assert shown in text
    assert payee not in text
    assert payee[:3] not in text
    assert board.told()["items"][0]["fields"]["payee"] == shown


def test_the_purpose_does_not_tell_the_name_that_the_payee_keeps_back(board: Board) -> None:
    case = board.published(
        purpose="慰问住院会员王小明",
        payee="王小明",
        handled_by=str(board.site.town.people["organiser"]),
    )
    text = everywhere(board, case)
    assert "慰问住院会员王**" in text
    assert "王小明" not in text


def test_the_name_of_a_person_who_was_paid_is_kept_back_in_the_purpose(board: Board) -> None:
    board.published(
        purpose=f"{NAMES['member']}困难补助", payee="本人", payee_person=str(board.site.town.people["member"])
    )
    assert board.told()["items"][0]["title"] == "陆**困难补助"


def test_phone_identity_and_bank_numbers_never_appear(board: Board) -> None:
    case = board.published(
        purpose="慰问金，联系 13800138000，证号 11010519491231002X", payee="王小明 6222020200112233445"
    )
    text = everywhere(board, case)
    assert re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)|\d{17}[\dXx]|\d{16,}", without_hashes(text)) == []
    assert BANK_REFERENCE not in text
    assert "138****" in text


def without_hashes(text: str) -> str:
    """The text without hexadecimal words and ids, whose digits mean nothing."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{40,}\b", "", text)


def test_what_people_typed_is_text_and_never_markup(board: Board) -> None:
    hostile = '<script>alert("1")</script><img src=x onerror=alert(1)>'
    board.site.acted("chair", board.signed_off(hostile), "publish")
    case = board.published(purpose=hostile, payee="<b>公司</b>")
    visitor = anyone(board.site)
    for address in (
        "/public/brook?year=2026",
        f"/public/brook/{case['number']}",
        "/public/brook?category=<script>alert(2)",
    ):
        answer = visitor.get(address)
        page, main = answer.text, main_of(answer)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>" not in main
    assert "&lt;script&gt;alert" in visitor.get("/public/brook?year=2026").text


def test_those_who_let_it_pass_are_named_once_with_their_office(board: Board) -> None:
    board.published()
    board.site.acted("chair", board.signed_off(), "publish")
    by_kind = {one["workflow"]: one for one in board.told()["items"]}
    claim = [(one["name"], one["office"]["zh-CN"]) for one in by_kind["expense_claim"]["approved_by"]]
    assert claim == [(NAMES["auditor1"], "经审委员")]
    assert [one["name"] for one in by_kind["task"]["approved_by"]] == [NAMES["chair"]]


def test_approving_steps_are_known_from_the_definition_alone() -> None:
    shipped = load_catalogue(ROOT / "workflows", BOOK.titles())
    found = {name: set(approving_actions(one)) for name, one in shipped.items()}
    known = {
        "budget": {"approve", "pass"},
        "expense_claim": {"approve", "chair_approve"},
        "fund_review": {"sign"},
        "income": {"confirm"},
        "task": {"approve", "sign_off"},
        "work_plan": {"adopt"},
        "condolence": {"approve"},
        "suggestion": {"accept", "adopt", "rate"},
        "donation_drive": {"approve", "check"},
        "election": {"approve"},
        "correction": {"approve"},
    }
    assert {name: found[name] for name in known} == known


def test_whoever_only_notes_what_was_done_is_not_named_as_having_approved_it() -> None:
    shipped = load_catalogue(ROOT / "workflows", BOOK.titles())
    noting = {"settle", "report", "hold", "receive", "answer", "enrol"}
    assert all(noting.isdisjoint(approving_actions(one)) for one in shipped.values())


def test_a_published_task_tells_its_result_and_how_many_photos(board: Board) -> None:
    task = board.site.acted("chair", board.signed_off(), "publish")
    told = board.told()["items"][0]
    assert told["fields"]["result"] == "三十人参加，顺利结束。"
    assert told["fields"]["photos"] == 1
    assert "owner" not in told["fields"]
    page = main_of(anyone(board.site).get("/public/brook?year=2026"))
    assert task["number"] in page
    assert "照片 1" in page


def test_a_claim_names_its_task_only_once_that_is_published(board: Board) -> None:
    task = board.signed_off(budget_fen=50_000)
    case = board.published(task=task["id"])
    assert "task" not in board.told()["items"][0]["fields"]
    board.site.acted("chair", task, "publish")
    claim = next(one for one in board.told()["items"] if one["workflow"] == "expense_claim")
    assert claim["fields"]["task"] == {"number": task["number"], "title": "职工歌咏比赛"}
    page = main_of(anyone(board.site).get(f"/public/brook/{case['number']}"))
    assert f"/public/brook/{task['number']}" in page
    assert task["id"] not in page


def test_the_period_and_the_category_choose_what_is_listed(board_on_both: Board) -> None:
    board = board_on_both
    early, late = board.published(12_000), board.published(7_000, spent_on="2026-07-02")
    assert {one["number"] for one in board.told()["items"]} == {early["number"], late["number"]}
    assert [one["number"] for one in board.told("&period=h1")["items"]] == [early["number"]]
    assert [one["number"] for one in board.told("&period=m7&category=501102")["items"]] == [late["number"]]
    assert board.told("&category=503002")["items"] == []
    assert board.told("&period=h2")["spending"][0]["amount_fen"] == 7_000
    page = main_of(anyone(board.site).get("/public/brook?year=2026&period=h1&category=501102"))
    assert early["number"] in page
    assert late["number"] not in page
    assert "1 %" in page  # 120 of the year's 10,000 yuan


def test_every_item_is_reached_by_the_cursor_and_none_twice(board_on_both: Board) -> None:
    board = board_on_both
    wanted = {board.published()["number"] for _ in range(5)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = board.told(f"&limit=2{cursor}")
        seen += [one["number"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor'].replace('+', '%2B')}"
    assert len(seen) == len(set(seen))
    assert set(seen) == wanted


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=2026-01-01T00:00:00~019f7d40-6500-7799-b08d-501f0ebe9ca8", "category=%00", "year=99999"],
)
def test_an_address_that_was_tampered_with_shows_a_page_all_the_same(board_on_both: Board, query: str) -> None:
    assert anyone(board_on_both.site).get(f"/public/brook?{query}").status_code == 200


@pytest.mark.parametrize(
    "query", ["year=1", "period=h3", "limit=0", "limit=100000", "colour=red", "period=h1&period=h2"]
)
def test_a_question_the_api_cannot_answer_names_the_fault(board: Board, query: str) -> None:
    answer = board.site.app.test_client().get(f"/api/v1/public/brook?{query}")
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]) == {query.partition("=")[0]}


def test_page_and_api_ask_as_often_for_many_items_as_for_one(board: Board) -> None:
    task = board.site.acted("chair", board.signed_off(budget_fen=500_000), "publish")
    board.published(task=task["id"])
    visitor = anyone(board.site)

    def asked(address: str) -> int:
        with statements(board.site.database.reader) as seen:
            assert visitor.get(address).status_code == 200
        return len(seen)

    addresses = ["/public/brook?year=2026", "/api/v1/public/brook?year=2026"]
    before = [asked(address) for address in addresses]
    for _ in range(6):
        board.published(task=task["id"])
    assert [asked(address) for address in addresses] == before
    assert max(before) <= 15


def test_the_head_of_the_record_is_there_for_anyone_to_keep(board: Board) -> None:
    assert board.told()["checkpoint"] is None
    key = board.site.app.extensions[EXTENSION].use(SigningKey)
    note = board.site.database.transact(
        lambda session: trail.make_checkpoint(session, board.site.town.union_id, key, board.site.hands.now)
    )
    assert board.told()["checkpoint"] == note
    size, root = note.splitlines()[1:3]
    heads = main_of(anyone(board.site).get("/public/brook/trail"))
    assert size in heads
    assert root in heads.replace("&#43;", "+")
    assert "<svg" in main_of(anyone(board.site).get("/public/brook"))


def test_members_read_the_same_page_as_anyone(board: Board) -> None:
    board.published()
    assert main_of(reader(board.site, "member").get("/public/brook?year=2026")) == main_of(
        anyone(board.site).get("/public/brook?year=2026")
    )


RELIEF = """
workflow: relief
title: {zh: 帮扶慰问, en: Relief}
number: BF
year_of: given_on
initial: draft
summary: {title: person_in_need, amount: amount_fen, category: account, day: given_on}
open: {offices: [clerk]}
visible_to: [clerk, chair, vice_chair, treasurer]
states:
  draft:     {phase: draft,     title: {zh: 草稿, en: Draft}}
  waiting:   {phase: submitted, title: {zh: 待会商, en: Waiting}}
  agreed:    {phase: audited,   title: {zh: 已同意, en: Agreed}}
  published: {phase: published, title: {zh: 已公布, en: Published}}
fields:
  person_in_need: {type: text, title: {zh: 慰问对象, en: Person}, required: true, personal: true}
  reason:     {type: text, title: {zh: 情况, en: Why}, required: true}
  given_on:   {type: date, title: {zh: 日期, en: Day}, required: true, publish: full}
  account:    {type: account, title: {zh: 科目, en: Category}, required: true, publish: full}
  amount_fen: {type: money, title: {zh: 金额, en: Amount}, required: true, material: true, publish: full}
  lines:
    type: lines
    title: {zh: 物品, en: Things}
    publish: full
    columns:
      thing:    {type: text, title: {zh: 物品, en: Thing}, required: true}
      receiver: {type: text, title: {zh: 签收人, en: Receiver}, personal: true}
actions:
  submit:
    title: {zh: 提交, en: Submit}
    from: [draft]
    to: waiting
    by: {offices: [clerk]}
    require: [cases.complete]
  consent:
    title: {zh: 赞成, en: Consent}
    from: [waiting]
    to: agreed
    by: {offices: [chair, vice_chair, treasurer]}
    bars: [submitter, opener]
    approvals: [{need: 2}]
  show:
    title: {zh: 公布, en: Publish}
    from: [agreed]
    to: published
    by: {offices: [clerk]}
    batch: true
"""


@pytest.fixture
def relief(sqlite_database_url: str, tmp_path: Path) -> Iterator[Site]:
    yield from with_relief(sqlite_database_url, tmp_path, RELIEF)


@pytest.fixture
def relief_without_a_day(database_url: str, tmp_path: Path) -> Iterator[Site]:
    yield from with_relief(database_url, tmp_path, RELIEF.replace(", day: given_on}", "}"))


def with_relief(database_url: str, tmp_path: Path, written: str) -> Iterator[Site]:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "relief.yaml").write_text(written, encoding="utf-8")
    made = site_on(database_url, tmp_path, GONGKAI_EXTRA_WORKFLOWS=str(folder))
    yield made
    made.database.close()


def agreed_relief(site: Site) -> dict[str, Any]:
    case = site.opened(
        "clerk",
        "relief",
        person_in_need="赵某某",
        reason="住院手术",
        given_on="2026-04-20",
        account="503002",
        amount_fen=50_000,
        lines=[{"thing": "慰问品一份", "receiver": "赵家属"}],
    )
    case = site.acted("clerk", case, "submit")
    return site.acted("vice", site.acted("chair", case, "consent"), "consent")


def test_a_workflow_added_as_a_file_publishes_what_its_fields_say_and_nothing_else(relief: Site) -> None:
    relief.acted("clerk", agreed_relief(relief), "show")
    told = Board(relief).told()
    item = told["items"][0]
    assert item["title"] is None
    assert item["fields"]["lines"] == [{"thing": "慰问品一份"}]
    assert {one["name"] for one in item["approved_by"]} == {NAMES["chair"], NAMES["vice"]}
    assert [one["amount_fen"] for one in told["spending"]] == [50_000]
    pages = everywhere(Board(relief), {"number": item["number"]})
    assert "慰问品一份" in pages
    for hidden in ("赵某某", "住院手术", "赵家属"):
        assert hidden not in pages


def test_what_has_no_day_of_its_own_is_public_under_the_day_it_was_published(relief_without_a_day: Site) -> None:
    site = relief_without_a_day
    case = agreed_relief(site)
    site.hands.now = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)  # in China the first of October
    clerk = reader(site, "clerk")
    page = clerk.get("/publish?year=2026&period=q4")
    assert case["number"] in page.text
    assert "已办理 1 件" in main_of(clerk.post("/publish", ticked(page)))
    board = Board(site)
    assert board.told("&period=q3")["items"] == []
    (item,) = board.told("&period=q4")["items"]
    assert item["day"] == "2026-10-01"
    assert [one["amount_fen"] for one in board.told("&period=m10")["spending"]] == [50_000]
    assert case["number"] in main_of(anyone(site).get("/public/brook?year=2026&period=q4"))
