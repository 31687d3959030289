"""What people do, in a real browser on the demo union: from a dropped invoice to the public page, on PC and phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.demo.documents import Party, SampleInvoice, SampleLine, activity_photo, invoice_pdf, invoice_xml, sample_tax_id
from tests.fixtures.browsers import CountingPage, OpenPage
from tests.fixtures.demo import DemoDatabase
from tests.fixtures.servers import StartServer

PHONE = (390, 844)
SignIn = Callable[..., CountingPage]
SignInWith = Callable[..., SignIn]


@pytest.fixture
def signed_in_with(
    demo_database: DemoDatabase, tmp_path: Path, live_server: StartServer, open_page: OpenPage
) -> SignInWith:
    """Serves the demo with these settings besides its own, and opens it as one of its people."""

    def served(**settings: str) -> SignIn:
        demo = demo_database.copied_to(tmp_path / "demo")
        environment: dict[str, Any] = {**demo.environment, **settings}
        del environment["GONGKAI_DATABASE_URL"]
        server = live_server(demo.url, **environment)

        def open_as(username: str, size: tuple[int, int] = (1366, 768), *, javascript: bool = True) -> CountingPage:
            page = open_page(server.url, size, javascript=javascript)
            page.open("/sign-in")
            page.fill("input[name=username]", username)
            page.fill("input[name=password]", demo.password)
            page.click("main form button.primary")
            page.wait_for_address("**/desk")
            return page

        return open_as

    return served


@pytest.fixture
def signed_in(signed_in_with: SignInWith) -> SignIn:
    """Opens the demo as one of its people."""
    return signed_in_with()


def invoice(number: str, fen: int) -> SampleInvoice:
    """An invoice made out to the demo union by an invented shop."""
    return SampleInvoice(
        number=number,
        issued=date(2026, 11, 18),
        seller=Party("清河市河畔文具店", sample_tax_id(901)),
        buyer=Party("清河市水务服务中心机关工会", sample_tax_id(1, union=True)),
        lines=(SampleLine("荧光棒", fen),),
    )


def papers(folder: Path) -> list[Path]:
    """A 数电票 XML, an invoice PDF and a photo."""
    files = [folder / "one.xml", folder / "two.pdf", folder / "photo.jpg"]
    files[0].write_bytes(invoice_xml(invoice("26000000000000009001", 12_800)))
    files[1].write_bytes(invoice_pdf(invoice("26000000000000009002", 7_200)))
    files[2].write_bytes(activity_photo("冬季健步走", seed=5))
    return files


def test_the_treasurer_files_a_claim_from_two_dropped_invoices_and_a_photo(signed_in: SignIn, tmp_path: Path) -> None:
    page = signed_in("treasurer")
    page.open("/cases/new/expense_claim")
    before = page.counted.total
    xml, pdf, photo = papers(tmp_path)
    page.drop("[data-drop][data-fills=lines]", xml, pdf)
    page.drop("[data-drop=evidence]", photo)
    page.find("[data-drop=evidence] .tile[data-state=done]").first.expect().to_be_visible()
    page.find("[data-total]").first.expect().to_contain_text("200.00")
    page.fill("input[name=purpose]", "冬季健步走用品")
    page.fill("input[name=payee]", "清河市河畔文具店")
    page.select("select[name=account]", "501102 文体活动支出")
    page.find("[data-testid=budget-after]").first.expect().to_be_visible()
    page.click("[data-testid=submit-submit]")
    page.find("[data-testid=timeline]").first.expect().to_be_visible()
    assert page.find("[data-testid=number]").text().startswith("GH-2026-")
    assert "待经审" in page.text()
    assert "200.00" in page.text()
    assert page.counted.total - before <= 8
    assert page.faults == []
    assert not page.overflows()


def test_an_auditor_on_the_phone_sees_the_invoice_and_approves(signed_in: SignIn) -> None:
    page = signed_in("auditor1", PHONE)
    page.open("/inbox")
    waiting = page.find(".inbox [data-item]").count()
    page.find(".inbox a.item-title").first.click()
    page.find("main img").first.expect().to_be_visible()
    assert not page.overflows()
    page.click("[data-testid=action-approve]")
    page.find("[data-testid=timeline]").first.expect().to_contain_text("同意")
    page.open("/inbox")
    assert page.find(".inbox [data-item]").count() == waiting - 1
    assert page.faults == []


def test_eighteen_clean_claims_are_approved_in_four_taps(signed_in: SignIn) -> None:
    page = signed_in("auditor1", PHONE)
    page.open("/inbox")
    before = page.counted.total
    page.click("[data-testid=select-clean]")
    page.click("[data-testid=batch-approve]")
    page.click("[data-testid=confirm-ok]")
    page.wait_for_address("**/inbox/batch")
    assert page.counted.total - before <= 4
    assert "已办理 18 件" in page.text()


def test_a_returned_claim_is_fixed_and_the_earlier_round_stays_visible(signed_in: SignIn) -> None:
    auditor = signed_in("auditor2")
    auditor.open("/inbox")
    auditor.find(".inbox a.item-title").first.click()
    address = auditor.url.partition("?")[0]
    auditor.open(address)  # from the list, the next case would open by itself
    auditor.click("[data-testid=action-return]")
    auditor.find("form[action$='/actions/return'] textarea").fill("发票抬头不对，请换开")
    auditor.click(
        "form[action$='/actions/return'] .buttons button[type=submit], form[action$='/actions/return'] .buttons .caution"
    )
    auditor.find("[data-testid=timeline]").first.expect().to_contain_text("请换开")
    treasurer = signed_in("treasurer")
    treasurer.open(address.removeprefix(treasurer.url.split("/desk")[0]))
    treasurer.click("[data-testid=edit]")
    treasurer.fill("input[name=purpose]", "运动会参赛交通（已换开发票）")
    treasurer.click("[data-testid=submit-submit]")
    treasurer.find("[data-testid=timeline]").first.expect().to_contain_text("请换开")
    assert "第 2 次提交" in treasurer.text()
    assert "待经审" in treasurer.text()


def test_the_cashier_records_a_payment_and_the_chair_publishes_the_period(signed_in: SignIn) -> None:
    cashier = signed_in("cashier")
    cashier.open("/inbox")
    cashier.find(".inbox a.item-title").first.click()
    cashier.open(cashier.url.partition("?")[0])  # from the list, the next case would open by itself
    cashier.click("[data-testid=action-pay]")
    cashier.find("form[action$='/actions/pay'] input[name=bank_reference]").fill("HD-20261124-01")
    cashier.click("form[action$='/actions/pay'] .buttons .primary")
    cashier.find("[data-testid=timeline]").first.expect().to_contain_text("登记付款")
    number = cashier.find("[data-testid=number]").text()
    chair = signed_in("chair")
    chair.open("/publish")
    chair.click("[data-testid=publish-publish] >> nth=0")
    chair.find("main").expect().to_contain_text("已办理")
    member = signed_in("member", PHONE)
    slug = member.find("a[href^='/public/']").first.attribute("href")
    assert slug is not None
    assert member.open(f"{slug}/{number}") == 200
    assert "HD-20261124-01" not in member.html()
    assert "**" in member.text()
    assert not member.overflows()


def test_a_member_finds_where_the_money_went_in_three_taps(signed_in: SignIn) -> None:
    page = signed_in("member", PHONE)
    slug = page.find("a[href^='/public/']").first.attribute("href")
    assert slug is not None
    before = page.counted.total
    page.open(slug)
    page.find("[data-testid=category]").first.click()
    page.find("[data-testid=item]").first.click()
    assert page.counted.total - before <= 3
    assert "审批" in page.text()


def test_the_owner_reports_a_task_with_photos_and_the_chair_signs_off_the_month(
    signed_in: SignIn, tmp_path: Path
) -> None:
    owner = signed_in("owner", PHONE)
    owner.open("/inbox")
    owner.find(".inbox a.item-title").first.click()
    title = owner.find("h1").text()
    owner.click("[data-testid=action-report]")
    form = owner.find("form[action$='/actions/report']")
    form.find("textarea[name=result]").fill("全组三十人参加，顺利结束。")
    photos = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    for seed, photo in enumerate(photos):
        photo.write_bytes(activity_photo("现场", seed=seed))
    form.find("input[type=file]").drop(*photos)
    form.find(".tile[data-state=done]").nth(1).expect().to_be_visible()
    form.find(".buttons .primary").click()
    owner.find("[data-testid=timeline]").first.expect().to_contain_text("上报完成")
    chair = signed_in("chair")
    chair.open("/plan/sign-off")
    assert title in chair.text()
    chair.click("[data-testid=sign-off-all]")
    chair.find("main").expect().to_contain_text("已办理")
    assert chair.faults == []


def test_an_auditor_exports_the_review_pack(signed_in: SignIn, tmp_path: Path) -> None:
    page = signed_in("auditor1")
    page.open("/review")
    page.find(".inbox a.item-title").first.click()
    assert "逐笔审查" in page.text()
    file = page.download(lambda: page.click("[data-testid=export-pack]"), tmp_path / "pack.zip")
    assert file.read_bytes()[:2] == b"PK"


def test_reading_submitting_and_approving_work_without_javascript(signed_in: SignIn) -> None:
    auditor = signed_in("auditor2", PHONE, javascript=False)
    auditor.open("/inbox")
    auditor.find(".inbox a.item-title").first.click()
    auditor.click("[data-testid=action-approve]")
    auditor.find("[data-testid=timeline]").first.expect().to_contain_text("同意")


@pytest.mark.parametrize("size", [(1366, 768), PHONE], ids=["pc", "phone"])
@pytest.mark.parametrize("who", ["treasurer", "auditor1", "chair", "member", "admin"])
def test_every_page_of_a_person_fits_and_is_accessible(signed_in: SignIn, who: str, size: tuple[int, int]) -> None:
    page = signed_in(who, size)
    addresses = ["/desk", "/inbox", "/me", *PAGES.get(who, [])]
    slug = page.find("a[href^='/public/']").first.attribute("href")
    for address in [*addresses, *([slug] if slug else [])]:
        assert page.open(address) == 200, address
        assert not page.overflows(), address
        assert page.axe() == [], address
    assert page.faults == []


PAGES = {
    "treasurer": ["/cases/new/expense_claim", "/cases/new/budget", "/budget", "/plan", "/trail"],
    "auditor1": ["/review", "/budget", "/trail"],
    "chair": ["/plan", "/plan/sign-off", "/publish", "/people", "/settings", "/cases/new/task"],
    "admin": ["/people"],
}
