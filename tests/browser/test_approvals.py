"""How approving feels: twenty claims on a phone, an undo, a return answered, a month signed off, and words that are not lost."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.demo.documents import activity_photo
from tests.browser.test_journeys import SignIn, SignInWith, signed_in, signed_in_with
from tests.fixtures.browsers import DESK, PHONE, CountingPage
from tests.fixtures.demo import PASSWORD
from tests.web.cases.test_amending import PURCHASE

__all__ = ["signed_in", "signed_in_with"]
BOTH = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "pc"])


def in_order(page: CountingPage) -> None:
    """Nothing went wrong in the page, it fits, and people with disabilities can use it."""
    assert page.faults == []
    assert not page.overflows()
    assert page.axe() == []


def path_of(page: CountingPage) -> str:
    """Where the page is, without what the address says besides."""
    return urlsplit(page.url).path


def send_back(page: CountingPage, reason: str) -> None:
    """Return the case that is open, for one of the usual reasons: three taps."""
    page.click("[data-testid=action-return]")
    page.find("form[action$='/actions/return'] .option", has_text=reason).first.click()
    page.click("[data-testid=confirm-return]")


# --- F4: twenty claims, two of them exceptions -----------------------------------------------------------------------------


@BOTH
def test_twenty_claims_with_two_exceptions_take_an_auditor_at_most_twelve_interactions(
    signed_in: SignIn, size: tuple[int, int]
) -> None:
    page = signed_in("auditor1", size)
    before = page.counted.total
    page.find("a[href='/inbox']:visible").first.click()
    page.expect().to_have_title("待办 · 清河市水务服务中心机关工会")
    assert page.find("[data-item]").count() == 20
    assert page.find("input[name=case]:disabled").count() == 2
    in_order(page)
    page.click("[data-testid=select-clean]")
    page.find("[data-bar] [data-selected]").expect().to_have_text("18")
    page.click("[data-testid=batch-approve]")
    page.click("[data-testid=confirm-ok]")
    page.wait_for_address("**/inbox/batch")
    assert "已办理 18 件" in page.text()
    page.click("[data-testid=one-by-one]")
    page.find("[data-testid=place]").expect().to_contain_text("1/2")
    first = path_of(page)
    assert page.find("main .checks .warn, main .checks .block").count() > 0
    assert page.find("main img").count() > 0  # the voucher itself, without a download
    send_back(page, "超标准")
    page.find(f"[data-case]:not([data-case='{first}'])").expect().to_be_visible()  # the other one opened by itself
    send_back(page, "其他")
    page.wait_for_address("**/inbox")
    assert page.counted.total - before <= 12
    assert "没有要您处理的事项" in page.text()
    page.open("/inbox?tab=done")
    assert page.find("[data-item]").count() >= 20
    in_order(page)


# --- F5: undo, and taking back later ---------------------------------------------------------------------------------------


@BOTH
def test_an_approval_is_undone_at_once_or_taken_back_until_the_next_person_acts(
    signed_in: SignIn, size: tuple[int, int]
) -> None:
    page = signed_in("auditor1", size)
    page.open("/inbox")
    page.find(".inbox a.item-title").first.click()
    address = path_of(page)
    page.open(address)
    before = page.counted.total
    page.click("[data-testid=action-approve]")
    page.click("[data-testid=toast-undo]")
    page.find("[data-testid=timeline]").first.expect().to_contain_text("收回自己的决定")
    assert page.counted.total - before == 2
    page.open("/inbox")
    assert page.find(f"a[href^='{address}']").count() == 1
    page.open(address)
    page.click("[data-testid=action-approve]")
    page.find("[data-testid=toast-undo]").expect().to_be_visible()
    page.open(address)  # later: the toast is gone, the decision can still be taken back
    assert page.find("[data-testid=toast-undo]").count() == 0
    page.click("[data-testid=take-back]")
    page.find("[data-testid=action-approve]").expect().to_be_visible()
    assert page.find(".timeline .void").count() == 2
    page.click("[data-testid=action-approve]")
    cashier = signed_in("cashier", size)
    cashier.open(address)
    cashier.click("[data-testid=action-pay]")
    cashier.fill("form[action$='/actions/pay'] input[name=bank_reference]", "HD-1")
    cashier.click("[data-testid=confirm-pay]")
    cashier.find("[data-testid=timeline]").first.expect().to_contain_text("登记付款")
    page.open(address)
    assert page.find("[data-testid=take-back]").count() == 0
    assert "下一个人已经办理" in page.find("[data-testid=why]").text()
    in_order(page)


# --- F6: returned, corrected, sent again -----------------------------------------------------------------------------------


@BOTH
def test_a_returned_claim_is_answered_in_four_interactions_and_the_timeline_tells_what_changed(
    signed_in: SignIn, tmp_path: Path, size: tuple[int, int]
) -> None:
    auditor = signed_in("auditor2", size)
    auditor.open("/inbox")
    auditor.find(".inbox a.item-title").first.click()
    address = path_of(auditor)
    auditor.open(address)
    send_back(auditor, "缺发票")
    auditor.find("[data-testid=timeline]").first.expect().to_contain_text("缺发票")
    photo = tmp_path / "receipt.jpg"
    photo.write_bytes(activity_photo("补拍的小票", seed=9))
    treasurer = signed_in("treasurer", size)
    treasurer.open("/inbox")
    before = treasurer.counted.total
    treasurer.find(f".inbox a.item-title[href^='{address}']").click()
    treasurer.click("[data-testid=edit]")
    assert "缺发票" in treasurer.find("[data-testid=returned]").text()
    treasurer.find("[data-drop=evidence]").drop(photo)
    treasurer.find("[data-drop=evidence] .tile[data-state=done]", has_text="receipt.jpg").expect().to_be_visible()
    treasurer.click("[data-testid=submit-submit]")
    treasurer.find("[data-testid=timeline]").first.expect().to_contain_text("第 2 次提交")
    assert treasurer.counted.total - before <= 4
    told = treasurer.find("[data-testid=timeline]").first.text()
    assert "“照片、签领表等附件”：新增 1 份" in told
    assert "缺发票" in told
    in_order(treasurer)


# --- F7: a month of tasks --------------------------------------------------------------------------------------------------


@BOTH
def test_a_month_of_tasks_is_signed_off_in_six_interactions_and_two_for_each_exception(
    signed_in: SignIn, size: tuple[int, int]
) -> None:
    page = signed_in("chair", size)
    before = page.counted.total
    page.find("a[href='/plan']:visible").first.click()
    page.find("a[href^='/plan/sign-off']").first.click()
    page.expect().to_have_title("月度任务审签 2026-11 · 清河市水务服务中心机关工会")
    ticked = page.find("input[name=case]:checked")
    count, exceptions = ticked.count(), 0
    assert count > 0
    if count > 1:
        ticked.first.click()
        exceptions, count = 1, count - 1
    in_order(page)
    page.click("[data-testid=sign-off-all]")
    page.find("main").expect().to_contain_text(f"已办理 {count} 件")
    assert page.counted.total - before <= 6 + 2 * exceptions
    page.find(".inbox a.item-title").first.click()
    told = page.find("[data-testid=timeline]").first
    told.expect().to_contain_text("同意办结")
    in_order(page)


# --- a form that changes while others decide -------------------------------------------------------------------------------


def test_an_amendment_is_shown_before_it_is_confirmed_and_strikes_out_what_it_voids(
    signed_in_with: SignInWith, tmp_path: Path
) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "purchase.yaml").write_text(PURCHASE, encoding="utf-8")
    signed_in = signed_in_with(GONGKAI_EXTRA_WORKFLOWS=str(folder))
    treasurer = signed_in("treasurer", PHONE)
    treasurer.open("/cases/new/purchase")
    treasurer.fill("input[name=name]", "雨伞")
    treasurer.click("[data-add-line]")
    treasurer.fill("input[name='lines.0.what']", "伞")
    treasurer.fill("input[name='lines.0.amount_fen']", "500")
    treasurer.click("[data-testid=submit-submit]")
    treasurer.find("[data-testid=timeline]").first.expect().to_contain_text("等待：同意")
    address = path_of(treasurer)
    auditor = signed_in("auditor1", PHONE)
    auditor.open(address)
    auditor.click("[data-testid=action-agree]")
    auditor.find("[data-testid=shut-agree]").expect().to_be_visible()
    treasurer.click("[data-testid=action-amend]")
    treasurer.fill("input[name='lines.0.amount_fen']", "520")
    treasurer.click("[data-testid=look-amend]")
    shown = treasurer.find("[data-testid=changes]")
    shown.expect().to_contain_text("¥500.00 → ¥520.00")
    shown.expect().to_contain_text("已有的 1 个签批作废")
    in_order(treasurer)
    treasurer.click("[data-testid=confirm-amend]")
    treasurer.find(".timeline .void").expect().to_contain_text("同意")
    assert "“合计”：¥500.00 → ¥520.00" in treasurer.find("[data-testid=timeline]").first.text()
    assert treasurer.kept() == 0
    in_order(treasurer)


# --- what is being typed ---------------------------------------------------------------------------------------------------


def sign_in_again(page: CountingPage, username: str) -> None:
    """From the page that says one is no longer signed in."""
    page.click("[data-testid=problem] a[href^='/sign-in']")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("[data-testid=sign-in]")


def test_an_opinion_being_typed_survives_a_lost_session_and_goes_once_it_was_sent(signed_in: SignIn) -> None:
    page = signed_in("auditor1", PHONE)
    page.open("/inbox")
    page.find(".inbox a.item-title").first.click()
    address = path_of(page)
    page.open(address)
    page.click("[data-testid=action-return]")
    box = page.find("form[action$='/actions/return'] textarea")
    box.fill("抬头写错了，请换开发票")
    page.lose_session()
    page.click("[data-testid=confirm-return]")
    page.find("[data-testid=problem]").expect().to_be_visible()
    sign_in_again(page, "auditor1")
    page.wait_for_address(f"**{address}")
    box.expect().to_have_value("抬头写错了，请换开发票")
    page.find("[data-testid=draft-restored]").first.expect().to_be_visible()
    in_order_but_for_the_refusal(page)
    page.click("[data-testid=confirm-return]")
    page.find("[data-testid=timeline]").first.expect().to_contain_text("抬头写错了")
    assert page.kept() == 0


def in_order_but_for_the_refusal(page: CountingPage) -> None:
    """As ``in_order``; the console also tells of the one answer 401."""
    assert [fault for fault in page.faults if "401" not in fault] == []
    assert not page.overflows()
    assert page.axe() == []


def test_a_form_half_filled_in_survives_a_lost_session_with_its_lines_and_files(
    signed_in: SignIn, tmp_path: Path
) -> None:
    photo = tmp_path / "list.jpg"
    photo.write_bytes(activity_photo("签领表", seed=3))
    page = signed_in("treasurer")
    page.open("/cases/new/expense_claim")
    page.fill("input[name=purpose]", "冬至包饺子")
    page.click("[data-add-line]")
    page.fill("input[name='lines.0.summary']", "面粉")
    page.fill("input[name='lines.0.amount_fen']", "35.50")
    page.click("[data-add-line]")
    page.fill("input[name='lines.1.summary']", "肉馅")
    page.find("[data-drop=evidence]").drop(photo)
    page.find("[data-drop=evidence] .tile[data-state=done]").expect().to_be_visible()
    page.lose_session()
    page.click("[data-testid=submit-submit]")
    page.find("[data-testid=problem]").expect().to_be_visible()
    sign_in_again(page, "treasurer")
    page.wait_for_address("**/cases/new/expense_claim")
    page.find("[data-testid=draft-restored]").expect().to_be_visible()
    assert page.find("input[name=purpose]").value() == "冬至包饺子"
    assert page.find("input[name='lines.0.amount_fen']").value() == "35.50"
    assert page.find("input[name='lines.1.summary']").value() == "肉馅"
    assert page.find("[data-drop=evidence] .tile", has_text="list.jpg").count() == 1
    page.find("[data-total]").first.expect().to_contain_text("35.50")
    in_order_but_for_the_refusal(page)
    page.click("[data-draft-drop]")
    page.find("input[name=purpose]").expect().to_have_value("")


def test_signing_out_leaves_nothing_of_it_in_the_browser(signed_in: SignIn) -> None:
    page = signed_in("auditor1", PHONE)
    page.open("/inbox")
    page.find(".inbox a.item-title").first.click()
    page.click("[data-testid=remark]")
    page.fill("#remark-text", "这张发票像是复印的")
    assert page.kept() == 1
    page.click("[data-testid=user-menu]")
    page.click("[data-testid=sign-out]")
    page.wait_for_address("**/sign-in")
    assert page.kept() == 0
