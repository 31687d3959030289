"""What is printed on an invoice is what is read from it, from XML, PDF and photo alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.documents import (
    Party,
    SampleInvoice,
    SampleLine,
    activity_photo,
    invoice_pdf,
    invoice_photo,
    invoice_qr_text,
    invoice_xml,
    sample_number,
    sample_tax_id,
    signed_list,
)
from app.foundation.filetypes import Kind
from app.fund.invoices import qr
from app.fund.invoices.child import read_as
from app.fund.invoices.facts import InvoiceReading
from app.fund.invoices.reading import read_invoice, read_known


def expected(invoice: SampleInvoice) -> InvoiceReading:
    return InvoiceReading(
        number=invoice.number,
        date=invoice.issued,
        amount_total_fen=invoice.total_fen,
        amount_ex_tax_fen=invoice.ex_tax_fen,
        tax_fen=invoice.tax_fen,
        seller=invoice.seller.name,
        seller_tax_id=invoice.seller.tax_id,
        buyer=invoice.buyer.name,
        buyer_tax_id=invoice.buyer.tax_id,
        kind="digital_special" if invoice.special else "digital_ordinary",
    )


@pytest.mark.parametrize("special", [False, True])
def test_xml_and_pdf_of_one_invoice_are_read_alike_and_without_a_warning(
    invoice: SampleInvoice, tmp_path: Path, *, special: bool
) -> None:
    invoice = replace(invoice, special=special)
    path = tmp_path / "stored"
    path.write_bytes(invoice_pdf(invoice))
    assert read_invoice(invoice_xml(invoice), "a.xml") == expected(invoice)
    assert read_invoice(path, "a.pdf") == expected(invoice)


def test_a_photo_tells_what_its_code_tells_and_asks_for_the_rest(invoice: SampleInvoice) -> None:
    reading = read_invoice(invoice_photo(invoice), "IMG_1.JPG")
    assert reading == InvoiceReading(
        number=invoice.number,
        date=invoice.issued,
        amount_total_fen=invoice.total_fen,
        kind="digital_ordinary",
        warnings=("from_qr_only", "parties_missing"),
    )


@pytest.mark.parametrize("make", [invoice_xml, invoice_pdf])
def test_a_red_letter_is_negative_and_names_the_invoice_it_cancels(invoice: SampleInvoice, make: object) -> None:
    lines = tuple(replace(line, total_fen=-line.total_fen) for line in invoice.lines)
    red = replace(invoice, number=sample_number(2026, 43), lines=lines, red_letter_of=invoice.number)
    data, kind = (invoice_xml(red), Kind.XML) if make is invoice_xml else (invoice_pdf(red), Kind.PDF)
    assert read_known(data, kind) == replace(expected(red), red_letter_of=invoice.number, warnings=("red_letter",))


def test_papers_that_are_no_invoice_are_attachments() -> None:
    assert read_invoice(signed_list("签领表", ["姓名"], [["会员甲"]]), "a.jpg").reject == "not_an_invoice"
    assert read_invoice(activity_photo("趣味运动会"), "a.jpg").reject == "not_an_invoice"
    assert read_invoice(b"<notice>hello</notice>", "a.xml").reject == "not_an_invoice"


def test_the_same_input_makes_the_same_bytes(invoice: SampleInvoice) -> None:
    for make in (invoice_xml, invoice_pdf, invoice_photo):
        assert make(invoice) == make(invoice)
    assert activity_photo("春游", 3) == activity_photo("春游", 3) != activity_photo("春游", 4)


def test_sample_papers_are_small(invoice: SampleInvoice) -> None:
    assert len(invoice_xml(invoice)) < 5_000
    assert len(invoice_pdf(invoice)) < 40_000
    assert len(invoice_photo(invoice)) < 90_000
    assert len(signed_list("签领表", ["姓名", "物品"], [["会员甲", "米油"]] * 12)) < 120_000
    assert len(activity_photo("春季趣味运动会")) < 80_000


amounts = st.integers(min_value=1, max_value=10**11)
lines = st.builds(
    SampleLine, st.just("*服务*费"), amounts, st.integers(1, 50), st.just("项"), st.sampled_from([0, 1, 3, 6, 9, 13])
)
names = st.text(st.characters(categories=["Lo"], min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=30)
invoices = st.builds(
    SampleInvoice,
    number=st.builds(sample_number, st.integers(2021, 2060), st.integers(0, 10**15 - 1)),
    issued=st.dates(date(2021, 1, 1), date(2060, 12, 31)),
    seller=st.builds(Party, names, st.builds(sample_tax_id, st.integers(0, 99_999))),
    buyer=st.builds(Party, names, st.builds(sample_tax_id, st.integers(0, 99_999))),
    lines=st.lists(lines, min_size=1, max_size=4).map(tuple),
    special=st.booleans(),
)


@given(invoices)
def test_any_invoice_comes_back_from_its_xml_to_the_fen(invoice: SampleInvoice) -> None:
    reading = read_as(invoice_xml(invoice), Kind.XML)
    assert reading == expected(invoice)
    assert InvoiceReading.from_dict(reading.as_dict()) == reading


@settings(max_examples=25, deadline=None)
@given(invoices)
def test_any_invoice_comes_back_from_its_pdf_to_the_fen(invoice: SampleInvoice) -> None:
    assert read_as(invoice_pdf(invoice), Kind.PDF) == expected(invoice)


@given(invoices)
def test_the_code_on_an_invoice_agrees_with_it_and_an_altered_one_does_not(invoice: SampleInvoice) -> None:
    text = invoice_qr_text(invoice)
    code = qr.parse(text)
    assert code is not None
    assert code.checksum_ok
    assert code.agrees_with(expected(invoice))
    altered = qr.parse(text.replace(invoice.number, sample_number(2061, 1)))
    assert altered is not None
    assert not altered.checksum_ok
    assert not altered.agrees_with(expected(invoice))
