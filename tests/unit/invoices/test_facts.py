"""Amounts are exact, days exist, and one invoice has one identity however it is typed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.foundation.money import yuan
from app.fund.invoices.facts import InvoiceNumberUnclear, amount_of, day_of, invoice_key, number_of

NUMBER = "26002000000000000042"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER,
        NUMBER.translate(WIDE),
        "2600 2000 0000 0000 0042",
        " 26002000-000000000042\n",
        "2600\u200b2000000000000042",
        "2600\u30002000000000000042",
    ],
)
def test_an_invoice_typed_otherwise_is_the_same_invoice(typed: str) -> None:
    assert invoice_key(typed) == NUMBER
    assert invoice_key(typed, "033001900211") == NUMBER


def test_an_older_invoice_is_its_code_and_number() -> None:
    assert invoice_key("12345678", "033001900211") == "03300190021112345678"
    assert invoice_key(" 1234 5678", "０３３００１９００２１１") == "03300190021112345678"
    assert invoice_key("12345678", "3300190021") != invoice_key("12345678", "3300190022")
    assert invoice_key("e012345678") == invoice_key("E012345678")


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "1234/5678", "9" * 41, "发票", "1;drop"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvoiceNumberUnclear):
        invoice_key(typed)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1286.00", 128600),
        ("￥1,286.50", 128650),
        ("¥ 0.01", 1),
        ("１２８６．５", 128650),
        ("-5", -500),
        ("¥-12.30", -1230),
        ("−12.30", -1230),
        ("4197.170000", 419717),
        ("CNY 1092.00", 109200),
        ("99999999999.99", 9_999_999_999_999),
    ],
)
def test_amounts_are_read_as_invoices_print_them(text: str, fen: int) -> None:
    assert amount_of(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "inf",
        "-Infinity",
        "1e3",
        "0x10",
        "1.005",
        "1,28.6",
        "1.2.3",
        "--1",
        "９" * 5000,
        "100000000000.00",
        "壹",
        "***",
        "1_000",
    ],
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    assert amount_of(text) is None


@given(st.integers(min_value=-(10**13) + 1, max_value=10**13 - 1))
def test_every_amount_comes_back_to_the_fen(fen: int) -> None:
    assert amount_of(f"¥{yuan(fen)}") == fen
    assert amount_of(yuan(fen).replace(",", "")) == fen


@given(st.text(max_size=60))
def test_no_text_makes_a_reader_fail(text: str) -> None:
    amount = amount_of(text)
    assert amount is None or abs(amount) < 10**13
    number = number_of(text)
    assert number is None or number.isascii()
    day = day_of(text)
    assert day is None or day.year >= 1


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05",
        "2026年03月05日",
        "2026年3月5日",
        "20260305",
        "2026/3/5 10:11:12",
        "2026 年 03 月 05 日",
        "２０２６年３月５日",
    ],
)
def test_a_day_is_read_in_every_usual_form(text: str) -> None:
    assert day_of(text) == date(2026, 3, 5)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "20260332", "0000-01-01", "yesterday", ""])
def test_a_day_that_does_not_exist_is_not_a_day(text: str) -> None:
    assert day_of(text) is None
