"""One report, three forms: the page, the spreadsheet and the PDF say the same figures."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, date, datetime

import openpyxl
import pypdf
import pytest

from app.cases.models import Case
from app.review import report
from app.review.queries import Category, Figures, Item, Step
from app.review.report import Cover, Report, Signature
from app.wording import Text

OFFICES = {"auditor": Text("经审委员", "Auditor"), "chair": Text("主席", "Chair")}
AUDITOR, OTHER = str(uuid.uuid4()), str(uuid.uuid4())


def item(number: str, fen: int, title: str = "五一歌咏比赛用品", approver: str = OTHER) -> Item:
    """One claim that was paid and published."""
    case = Case(number=number, title=title, amount_fen=fen, category="501102", data={"paid_on": "2026-04-27"})
    steps = (
        Step("approve", "江一鸣", "auditor", "2026-04-26T01:00:00+00:00", "单据齐全"),
        Step("publish", "林晚", "chair", "2026-04-30T01:00:00+00:00", ""),
    )
    return Item(case, steps, frozenset({approver}))


def told(*items: Item, signer: str = AUDITOR, opinion: str = "账实相符，手续齐全。", **changes: object) -> Report:
    """The report of these items."""
    total = sum(one.case.amount_fen or 0 for one in items)
    parts: dict[str, object] = {
        "period_from": date(2026, 1, 1),
        "period_to": date(2026, 6, 30),
        "scope_size": 655,
        "income": (Category("4030", 1_234_567, 0, 1_234_567),),
        "spending": (Category("501102", total, 2_000_000, total + 80_000),),
        "months": (("2026-04", total),),
        "items": items,
        "unpaid": (),
        "without_invoice": (),
        "later": (),
        "delays": tuple(3 for _ in items),
        **changes,
    }
    cover = Cover(
        union="河边工会",
        number="SC-2026-0001",
        name="2026年上半年经费审查",
        opinion=opinion,
        signatures=(
            Signature(signer, "沈砚", Text("经审会主任", "Chair of audit"), datetime(2026, 7, 20, tzinfo=UTC)),
        ),
        head=f"655@{'ab' * 32}",
        made_on=datetime(2026, 7, 20, tzinfo=UTC),
    )
    titles = {"501102": Text("文体活动", "Culture and sports"), "4030": Text("上级补助收入", "Subsidy")}
    return report.build(Figures(**parts), cover, lambda _union, _side: titles, uuid.uuid4(), OFFICES)  # type: ignore[arg-type]


def fen_in(value: object) -> int:
    """What a cell with yuan holds."""
    assert isinstance(value, int | float)
    return round(value * 100)


def test_the_spreadsheet_and_the_pdf_say_what_the_page_says() -> None:
    whole = told(item("GH-2026-0001", 123_456), item("GH-2026-0002", 500))
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx(whole, "zh")))
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(report.pdf(whole, "zh"))).pages)
    assert book.sheetnames == ["报告", *(table.title.zh for table in whole.tables)]
    for table in whole.tables:
        sheet = book[table.title.zh]
        assert sheet.max_row == len(table.rows) + 2
        for index, fen in table.sums.items():
            assert fen_in(sheet.cell(sheet.max_row, index + 1).value) == fen
            assert f"{fen / 100:,.2f}".replace(",", "") in text.replace(",", "")
        for number, row in enumerate(table.rows, start=2):
            for index, column in enumerate(table.columns):
                if column.is_money:
                    assert fen_in(sheet.cell(number, index + 1).value) == row[index]
                    assert table.cases or f"{row[index] / 100:,.2f}".replace(",", "") in text.replace(",", "")
    assert book["支出明细"]["A3"].value == "GH-2026-0002"
    assert "账实相符" in text
    assert "沈砚" in text


def test_the_same_report_is_the_same_pdf() -> None:
    assert report.pdf(told(item("GH-2026-0001", 500)), "zh") == report.pdf(told(item("GH-2026-0001", 500)), "zh")


@pytest.mark.parametrize("purpose", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2", "https://example.test/"])
def test_what_people_typed_never_runs_in_a_spreadsheet(purpose: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(report.xlsx(told(item("GH-2026-0001", 500, purpose)), "zh")))
    cell = book["支出明细"]["C2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (purpose, "s", None)


@pytest.mark.parametrize("opinion", ["#set page(width: 1cm)", "$x^2$", '*粗* _斜_ `code` \\ "引号"'])
def test_what_people_typed_is_text_in_the_pdf(opinion: str) -> None:
    content = report.pdf(told(item("GH-2026-0001", 500), opinion=opinion), "zh")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert opinion.split(maxsplit=1)[0] in text


def test_the_printed_report_is_one_page_however_much_was_spent_or_said() -> None:
    items = [item(f"GH-2026-{number:04d}", 500 + number) for number in range(1, 301)]
    categories = tuple(Category(f"50{number:02d}", 100, 200, 100) for number in range(1, 31))
    opinion = "单据齐全，用途合规，建议下半年按月公布。" * 60
    whole = told(*items, spending=categories, months=tuple((f"2026-{m:02d}", 1) for m in range(1, 13)), opinion=opinion)
    pages = pypdf.PdfReader(io.BytesIO(report.pdf(whole, "zh"))).pages
    assert len(pages) == 1
    text = pages[0].extract_text()
    for said in ("经审会主任 沈砚", "2026-07-20 08:00", "5030", "人民币", "按月公布"):
        assert said in text, said


def test_the_report_says_where_a_signer_had_approved_in_daily_work() -> None:
    items = item("GH-2026-0001", 500, approver=AUDITOR), item("GH-2026-0002", 500)
    own = "1 笔由签名的经审委员在日常审批中同意过"
    assert any(own in one.zh for one in told(*items).sentences)
    assert [row[-1].zh for row in told(*items).tables[-1].rows] == ["是", ""]
    assert not any("日常审批" in one.zh for one in told(*items, signer=str(uuid.uuid4())).sentences)


def test_the_report_says_how_long_publication_took_and_what_came_later() -> None:
    items = [item(f"GH-2026-000{number}", 500) for number in (1, 2, 3)]
    whole = told(*items[:2], delays=(7,), later=(items[2].case,))
    assert [table.title.zh for table in whole.tables][-2:] == ["范围确定以后入账", "支出明细"]
    assert whole.tables[-2].rows[0][0] == "GH-2026-0003"
    assert any("又有 1 笔" in one.zh for one in whole.sentences)
    sentences = " ".join(one.zh for one in told(*items, delays=(2, 7)).sentences)
    assert "已公布 2 笔，从付款到公布平均 4 天，最长 7 天；尚未公布 1 笔" in sentences


def test_spending_stands_beside_its_budget_with_its_share() -> None:
    table = told(item("GH-2026-0001", 500_000)).tables[1]
    assert table.rows == ((Text("501102 文体活动", "501102 Culture and sports"), 500_000, 580_000, 2_000_000, "29 %"),)
    assert table.sums == {1: 500_000, 2: 580_000, 3: 2_000_000}


def test_each_item_says_who_decided_in_which_office_when_and_what_he_said() -> None:
    decided = told(item("GH-2026-0001", 500)).tables[-1].rows[0][5]
    assert decided.zh == "同意 江一鸣（经审委员）04-26“单据齐全”；公布 林晚（主席）04-30"
    assert decided.en == "Approved by 江一鸣 (Auditor) 04-26 “单据齐全”; Published by 林晚 (Chair) 04-30"
