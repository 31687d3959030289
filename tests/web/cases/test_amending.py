"""Changing a form while others decide on it: shown before it is confirmed, recorded with old and new, and void what it must."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.trail.models import TrailValue
from tests.fixtures.browsing import Reader, main_of, reader
from tests.fixtures.sites import PNG, Site, site_on

PURCHASE = """\
workflow: purchase
title: {zh: 采购, en: Purchase}
number: CG
initial: draft
summary: {title: name, amount: amount_fen}
open: {offices: [treasurer]}
visible_to: [treasurer, auditor, audit_chair, chair, cashier]
states:
  draft:     {phase: draft, title: {zh: 草稿, en: Draft}}
  submitted: {phase: submitted, title: {zh: 待同意, en: Awaiting consent}}
  agreed:    {phase: ended, title: {zh: 已同意, en: Agreed}}
fields:
  name: {type: text, title: {zh: 名称, en: Name}, required: true, material: true}
  bank: {type: text, title: {zh: 账号, en: Bank account}, personal: true, material: true}
  wanted_on: {type: date, title: {zh: 需用日期, en: Wanted on}}
  note: {type: text, title: {zh: 备注, en: Note}}
  lines:
    type: lines
    title: {zh: 明细, en: Lines}
    required: true
    material: true
    columns:
      what: {type: text, title: {zh: 品名, en: What}, required: true}
      amount_fen: {type: money, title: {zh: 金额, en: Amount}, required: true}
  papers: {type: files, title: {zh: 附件, en: Papers}}
  amount_fen: {type: money, title: {zh: 合计, en: Total}, sum_of: lines.amount_fen, material: true}
actions:
  submit:
    title: {zh: 提交, en: Submit}
    from: [draft]
    to: submitted
    by: {offices: [treasurer]}
  agree:
    title: {zh: 同意, en: Agree}
    from: [submitted]
    to: agreed
    by: {offices: [auditor, audit_chair]}
    bars: [submitter]
    approvals: [{need: 2}]
  send_back:
    title: {zh: 退回, en: Send back}
    from: [submitted]
    to: draft
    by: {offices: [auditor, audit_chair]}
    comment: required
    new_round: true
    tone: caution
  amend:
    title: {zh: 修改内容, en: Amend}
    from: [submitted]
    to: submitted
    by: {submitter: true}
    amends: true
    tone: caution
"""
BASE = {"name": "雨伞", "lines": [{"what": "伞", "amount_fen": 50_000}, {"what": "雨衣", "amount_fen": 10_000}]}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A union whose treasurer may change a purchase while auditors look at it."""
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "purchase.yaml").write_text(PURCHASE, encoding="utf-8")
    site = site_on(database_url, tmp_path, GONGKAI_EXTRA_WORKFLOWS=str(folder))
    yield site
    site.database.close()


def submitted(site: Site, **more: Any) -> dict[str, Any]:
    """A purchase that waits for two auditors."""
    return site.acted(
        "treasurer", site.opened("treasurer", "purchase", **{**BASE, "bank": "62220000", **more}), "submit"
    )


def half_agreed(site: Site) -> dict[str, Any]:
    """One of the two has agreed."""
    return site.acted("auditor1", submitted(site), "agree")


def form_of(case: dict[str, Any], **changes: str) -> dict[str, str | list[str]]:
    """The amend form as the browser posts it, with changes."""
    kept = {
        "version": str(case["version"]),
        "name": "雨伞",
        "bank": "62220000",
        "lines.0.what": "伞",
        "lines.0.amount_fen": "500.00",
        "lines.1.what": "雨衣",
        "lines.1.amount_fen": "100.00",
    }
    return {**kept, **changes}


def confirmed(page: Reader, address: str, form: dict[str, str | list[str]]) -> Any:
    """Look, then confirm just what was shown."""
    looked = page.post(address, form)
    found = re.search(r'name="confirms" value="([0-9a-f]+)"', looked.text)
    assert found is not None, main_of(looked)
    return page.post(address, {**form, "confirms": found.group(1)})


def seen(site: Site, case: dict[str, Any], who: str = "treasurer") -> dict[str, Any]:
    """The case as that person sees it."""
    return dict(site[who].get(f"/cases/{case['id']}").get_json())


def test_the_whole_form_is_filled_in_and_only_whom_it_concerns_opens_it(shop: Site) -> None:
    case = half_agreed(shop)
    address = f"/cases/{case['id']}/amend/amend"
    page = main_of(reader(shop, "treasurer").get(address))
    assert all(value in page for value in ('value="雨伞"', 'value="500.00"', 'value="62220000"'))
    refused = reader(shop, "auditor1").get(address)
    assert refused.status_code == 403
    assert "提交人" in refused.text
    assert reader(shop, "treasurer").get(f"/cases/{case['id']}/amend/agree").status_code == 404


def test_nothing_is_written_before_every_change_was_shown(shop: Site) -> None:
    case = half_agreed(shop)
    treasurer = reader(shop, "treasurer")
    form = form_of(case, **{"name": "大雨伞", "bank": "6222999", "lines.0.amount_fen": "520", "lines.1.what": ""})
    form.pop("lines.1.amount_fen")
    answer = treasurer.post(f"/cases/{case['id']}/amend/amend", form)
    told = main_of(answer)
    assert answer.status_code == 200
    assert "“名称”：雨伞 → 大雨伞" in told
    assert "“账号”有改动" in told
    assert "62220000 →" not in told
    assert "“明细第 1 行金额”：¥500.00 → ¥520.00" in told
    assert "“明细”删除第 2 行" in told
    assert "“合计”：¥600.00 → ¥520.00" in told
    assert "已有的 1 个签批作废" in told
    assert seen(shop, case)["version"] == case["version"]


def test_a_confirmed_material_change_voids_the_votes_and_the_timeline_tells_both(shop: Site) -> None:
    case = half_agreed(shop)
    treasurer = reader(shop, "treasurer")
    address = f"/cases/{case['id']}/amend/amend"
    assert confirmed(treasurer, address, form_of(case, **{"lines.0.amount_fen": "520"})).status_code == 303
    now = seen(shop, case)
    assert (now["round"], now["amount_fen"], now["state"]) == (2, 62_000, "submitted")
    told = {one["path"]: one for one in now["timeline"][-1]["changes"]}
    assert (told["amount_fen"]["before"], told["amount_fen"]["after"]) == (60_000, 62_000)
    page = main_of(treasurer.get(f"/cases/{case['id']}"))
    assert "这次签批作废" in page
    assert "¥500.00 → ¥520.00" in page
    again = shop.acted("auditor1", {**case, "version": now["version"]}, "agree")
    assert again["state"] == "submitted"  # his earlier vote no longer counts: two are needed anew
    assert shop.acted("auditchair", again, "agree")["state"] == "agreed"


def test_a_harmless_change_keeps_the_votes(shop: Site) -> None:
    case = half_agreed(shop)
    treasurer = reader(shop, "treasurer")
    form = form_of(case, note="放在工会办公室", wanted_on="2026-08-01")
    looked = main_of(treasurer.post(f"/cases/{case['id']}/amend/amend", form))
    assert "已有的签批保留" in looked
    assert confirmed(treasurer, f"/cases/{case['id']}/amend/amend", form).status_code == 303
    now = seen(shop, case)
    assert (now["round"], now["data"]["note"]) == (1, "放在工会办公室")
    assert "这次签批作废" not in main_of(treasurer.get(f"/cases/{case['id']}"))
    assert shop.acted("auditchair", {**case, "version": now["version"]}, "agree")["state"] == "agreed"


def test_a_value_can_be_taken_out_again(shop: Site) -> None:
    case = submitted(shop, note="先放着")
    treasurer = reader(shop, "treasurer")
    assert confirmed(treasurer, f"/cases/{case['id']}/amend/amend", form_of(case, note="")).status_code == 303
    assert "note" not in seen(shop, case)["data"]
    assert "“备注”：先放着 → （空）" in main_of(treasurer.get(f"/cases/{case['id']}"))


def test_what_is_confirmed_must_be_what_was_shown(shop: Site) -> None:
    case = half_agreed(shop)
    treasurer = reader(shop, "treasurer")
    address = f"/cases/{case['id']}/amend/amend"
    looked = treasurer.post(address, form_of(case, name="大雨伞"))
    shown = re.search(r'name="confirms" value="([0-9a-f]+)"', looked.text)
    assert shown is not None
    slipped = treasurer.post(address, form_of(case, name="太阳伞", confirms=shown.group(1)))
    assert slipped.status_code == 200
    assert "雨伞 → 太阳伞" in slipped.text
    assert seen(shop, case)["data"]["name"] == "雨伞"


def test_changing_nothing_and_a_stale_page_are_refused(shop: Site) -> None:
    case = half_agreed(shop)
    treasurer = reader(shop, "treasurer")
    address = f"/cases/{case['id']}/amend/amend"
    same = treasurer.post(address, form_of(case))
    assert (same.status_code, "没有改动任何内容" in same.text) == (422, True)
    stale = confirmed(treasurer, address, form_of(case, name="大雨伞", version="1"))
    assert stale.status_code == 409
    assert seen(shop, case)["data"]["name"] == "雨伞"


def test_after_a_return_the_timeline_tells_what_the_second_round_changed(shop: Site) -> None:
    paper = shop["treasurer"].upload(PNG, "a.png").get_json()["id"]
    other = shop["treasurer"].upload(PNG + b"x", "b.png").get_json()["id"]
    case = submitted(shop, papers=[paper])
    case = shop.acted("auditor1", case, "send_back", "换附件")
    changes = {"name": "大雨伞", "papers": [other], "bank": "62229999", "wanted_on": "2026-08-01"}
    body = {"version": case["version"], "data": changes}
    case = shop["treasurer"].patch(f"/cases/{case['id']}", body).get_json()
    shop.acted("treasurer", case, "submit")
    page = main_of(reader(shop, "auditor1").get(f"/cases/{case['id']}"))
    for told in ("“名称”：雨伞 → 大雨伞", "“附件”：替换 1 份", "“账号”有改动", "“需用日期”：（空） → 2026-08-01"):
        assert told in page
    assert "“明细" not in page
    assert "62229999" not in str(seen(shop, case, "auditor1")["timeline"])


def test_what_was_erased_is_not_compared(shop: Site) -> None:
    case = submitted(shop, note="张某的病情")
    case = shop.acted("auditor1", case, "send_back", "写简单些")
    with shop.database.writer.begin() as connection:
        erase = sa.update(TrailValue).where(TrailValue.union_id == shop.town.union_id, TrailValue.path == "note")
        connection.execute(erase.values(value=sa.null(), salt=None))
    body = {"version": case["version"], "data": {"note": "慰问"}}
    case = shop["treasurer"].patch(f"/cases/{case['id']}", body).get_json()
    shop.acted("treasurer", case, "submit")
    page = main_of(reader(shop, "treasurer").get(f"/cases/{case['id']}"))
    assert "“备注”原来的内容已清除，不能比较" in page
    assert "张某" not in page
