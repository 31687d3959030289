"""Printed text is put back into lines and read, in the layouts that unions meet."""

from __future__ import annotations

from datetime import date

import pytest

from app.fund.invoices.facts import InvoiceReading
from app.fund.invoices.page_text import Glyph, capitals_in, lines_of, read_text
from app.fund.invoices.tags import TwoInvoices


def placed(*words: tuple[str, float, float, float]) -> list[Glyph]:
    """Words as (text, left, middle height, size), each character as wide as its size allows."""
    glyphs = []
    for text, left, middle, size in words:
        for place, character in enumerate(text):
            width = size if ord(character) > 0x2E80 else size / 2
            start = left + sum(size if ord(before) > 0x2E80 else size / 2 for before in text[:place])
            glyphs.append(Glyph(character, start, middle - size / 2, start + width, middle + size / 2))
    return glyphs


def test_a_form_drawn_in_any_order_with_labels_and_values_apart_is_read_by_position() -> None:
    page = placed(
        ("81000000DEM0000029", 168, 272, 7),
        ("¥107.13", 470, 131, 6),
        ("青禾餐饮有限公司", 341, 301, 8),
        ("发票号码：", 436, 360, 8),
        ("购", 18, 304, 8),
        ("买", 18, 294, 8),
        ("名称：", 315, 301, 8),
        ("统一社会信用代码/纳税人识别号：", 316, 272, 7),
        ("26002000000000000042", 478, 360, 7),
        ("名称：", 32, 301, 8),
        ("临江市第一中学工会委员会", 58, 301, 8),
        ("电子发票（普通发票）", 194, 363, 17),
        ("开票日期：", 436, 343, 8),
        ("2026年03月05日", 478, 343, 7),
        ("销", 301, 304, 8),
        ("统一社会信用代码/纳税人识别号：", 32, 272, 7),
        ("91000000DEM0000019", 452, 272, 7),
        ("合", 49, 131, 7),
        ("计", 90, 131, 7),
        ("¥6.43", 550, 131, 6),
        ("（小写）", 380, 110, 7),
        ("¥113.56", 420, 110, 6),
        ("价税合计（大写）", 53, 110, 7),
        ("壹佰壹拾叁圆伍角陆分", 160, 110, 7),
    )
    text = lines_of(page)
    assert read_text([text]) == InvoiceReading(
        number="26002000000000000042",
        date=date(2026, 3, 5),
        amount_total_fen=11356,
        amount_ex_tax_fen=10713,
        tax_fen=643,
        seller="青禾餐饮有限公司",
        seller_tax_id="91000000DEM0000019",
        buyer="临江市第一中学工会委员会",
        buyer_tax_id="81000000DEM0000029",
        kind="digital_ordinary",
    )
    assert capitals_in([text]) == "壹佰壹拾叁圆伍角陆分"


OLDER = """
某某增值税电子普通发票\t发票代码:033001900211
机器编号: 000000000000\t发票号码:12345678
\t开票日期:2020 年 11 月 12 日
购 名 称:临江市第一中学工会委员会\t密 03*9<8
买 纳税人识别号:81000000DEM0000029
合 计\t¥ 181.14\t***
价税合计(大写)\tⓧ壹佰捌拾壹元壹角肆分\t(小写)¥181.14
销 名 称:白鹭书店
售 纳税人识别号:91000000DEM0000019
"""


def test_an_older_electronic_invoice_has_code_and_number_and_no_tax_is_zero() -> None:
    assert read_text([OLDER]) == InvoiceReading(
        number="12345678",
        code="033001900211",
        date=date(2020, 11, 12),
        amount_total_fen=18114,
        amount_ex_tax_fen=18114,
        tax_fen=0,
        seller="白鹭书店",
        seller_tax_id="91000000DEM0000019",
        buyer="临江市第一中学工会委员会",
        buyer_tax_id="81000000DEM0000029",
        kind="vat_ordinary",
        warnings=("tax_exempt",),
    )


def test_a_buyer_without_name_or_number_is_not_taken_for_the_seller() -> None:
    text = OLDER.replace("81000000DEM0000029", "").replace("临江市第一中学工会委员会", "")
    reading = read_text([text])
    assert reading is not None
    assert (reading.buyer, reading.buyer_tax_id) == (None, None)
    assert (reading.seller, reading.seller_tax_id) == ("白鹭书店", "91000000DEM0000019")


def test_a_railway_ticket_has_a_fare_and_no_seller() -> None:
    reading = read_text(
        [
            (
                "电子发票（铁路电子客票）\n发票号码:26009165800000000001\t开票日期:2026年06月21日\n甲城站\tD100\t乙城站\n"
                "票价:￥203.00\n电子客票号:0000\n购买方名称:临江市第一中学工会委员会\t统一社会信用代码:81000000DEM0000029"
            )
        ]
    )
    assert reading is not None
    assert (reading.kind, reading.amount_total_fen, reading.seller) == ("railway", 20300, None)
    assert (reading.buyer, reading.buyer_tax_id) == ("临江市第一中学工会委员会", "81000000DEM0000029")


def test_an_air_ticket_costs_its_total_and_not_its_fare() -> None:
    reading = read_text(
        [
            (
                "电子发票（航空运输电子客票行程单）\t发票号码:26008000000000000001\n票价 燃油附加费 增值税税额 民航发展基金 其他税费 合计\n"
                "CNY 891.74\tCNY 64.22\tCNY 86.04\tCNY 50.00\tCNY 0.00\tCNY 1092.00\n填开日期:2026年03月01日"
            )
        ]
    )
    assert reading is not None
    assert (reading.kind, reading.amount_total_fen, reading.date) == ("air", 109200, date(2026, 3, 1))


def test_a_receipt_of_the_finance_ministry_is_a_fiscal_receipt() -> None:
    reading = read_text(
        [
            "工会经费收入专用收据（电子）\n票据代码:00010126\t票据号码:0000000001\n交款人:临江市第一中学\t开票日期:2026-03-05\n金额合计(大写)壹佰元整(小写)100.00"
        ]
    )
    assert reading is not None
    assert (reading.kind, reading.code, reading.number) == ("fiscal_receipt", "00010126", "0000000001")
    assert (reading.amount_total_fen, reading.buyer) == (10000, "临江市第一中学")


def test_the_cancelled_invoice_named_in_a_remark_is_not_taken_for_this_one() -> None:
    reading = read_text(
        ["发票号码:26002000000000000043\n(小写)¥-1.00\n被红冲蓝字数电票号码:26002000000000000042 红字确认单编号:1"]
    )
    assert reading is not None
    assert (reading.number, reading.red_letter_of) == ("26002000000000000043", "26002000000000000042")
    assert "red_letter" in reading.warnings


def test_two_numbers_on_the_pages_are_two_invoices_and_one_repeated_is_one() -> None:
    one, other = "发票号码:26002000000000000042\n(小写)¥1.00", "发票号码:26002000000000000043\n(小写)¥2.00"
    assert read_text([one, one]) is not None
    with pytest.raises(TwoInvoices):
        read_text([one, other])


def test_a_page_without_a_number_is_no_invoice() -> None:
    assert read_text(["关于开展春季活动的通知\n合计 ¥100.00"]) is None
    assert read_text([lines_of([])]) is None
