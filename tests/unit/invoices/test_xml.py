"""Structured invoices in their dialects, and what does not fit is said."""

from __future__ import annotations

from datetime import date

import pytest

from app.demo.documents import SampleInvoice, invoice_xml
from app.foundation.filetypes import Kind
from app.fund.invoices import qr
from app.fund.invoices.child import read_as
from app.fund.invoices.facts import InvoiceReading
from app.fund.invoices.wordings import KINDS, REJECTS, WARNINGS


def read(text: str | bytes) -> InvoiceReading:
    return read_as(text.encode() if isinstance(text, str) else text, Kind.XML)


def changed(invoice: SampleInvoice, before: str, after: str) -> InvoiceReading:
    text = invoice_xml(invoice).decode()
    assert before in text
    return read(text.replace(before, after))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_the_encoding_makes_no_difference(invoice: SampleInvoice, encoding: str) -> None:
    text = invoice_xml(invoice).decode().replace("utf-8", encoding.removesuffix("-sig"))
    assert read(text.encode(encoding)) == read(invoice_xml(invoice))


def test_full_width_digits_and_blanks_are_normalised(invoice: SampleInvoice) -> None:
    wide = invoice.number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert changed(invoice, f"<InvoiceNumber>{invoice.number}", f"<InvoiceNumber> {wide} ").number == invoice.number
    assert changed(invoice, "1736.01", "￥１，７３６．０１").amount_total_fen == 173_601


@pytest.mark.parametrize(
    ("before", "after", "warning"),
    [
        ("<TotalTaxAm>", "<TotalTaxAm>9", "sum_mismatch"),
        ("壹仟柒佰叁拾陆圆零壹分", "贰仟柒佰叁拾陆圆零壹分", "capitals_mismatch"),
        ("1736.01", "NaN", "amount_unclear"),
        ("1736.01", "9" * 5000, "amount_unclear"),
        ("1736.01", "1e9", "amount_unclear"),
        ("2026-03-05", "2026-02-30", "date_missing"),
        ("<BuyerName>临江市第一中学工会委员会</BuyerName>", "", "parties_missing"),
        ("<SellerIdNum>", "<SellerIdNum>12345", "tax_id_unclear"),
        ("<InvoiceNumber>", "<InvoiceNumber>1", "number_unclear"),
        ("<LabelCode>Y", "<LabelCode>N", "red_letter"),
    ],
)
def test_what_does_not_fit_is_a_warning_and_the_reading_stands(
    invoice: SampleInvoice, before: str, after: str, warning: str
) -> None:
    reading = changed(invoice, before, after)
    assert warning in reading.warnings
    assert reading.reject is None
    assert reading.seller == invoice.seller.name


def test_capitals_may_be_written_in_either_style(invoice: SampleInvoice) -> None:
    assert changed(invoice, "壹仟柒佰叁拾陆圆零壹分", "人民币壹仟柒佰叁拾陆元零壹分整").warnings == ()


def test_an_unreadable_total_is_computed_from_its_parts_and_said_to_be(invoice: SampleInvoice) -> None:
    reading = changed(invoice, "<TotalTax-includedAmount>1736.01</TotalTax-includedAmount>", "")
    assert reading.amount_total_fen == 173_601
    assert reading.warnings == ("total_computed",)


def test_two_invoices_in_one_file_are_refused(invoice: SampleInvoice) -> None:
    one = invoice_xml(invoice).decode().partition("?>")[2]
    other = one.replace(invoice.number, "26002000000000000099")
    assert read(f"<All>{one}{other}</All>").reject == "two_invoices"
    assert read(f"<All>{one}{one}</All>").number == invoice.number


def test_numbers_on_a_line_are_not_the_invoices_number(invoice: SampleInvoice) -> None:
    reading = changed(invoice, "<SpecMod />", "<InvoiceNumber>26002000000000000099</InvoiceNumber>")
    assert (reading.number, reading.reject) == (invoice.number, None)


CODE = qr.text_of("10", "033001900211", "12345678", "181.14", date(2020, 11, 12), check_code="0" * 20)
OLDER = f"""<eInvoice xmlns:fp="http://www.edrm.org.cn/schema/e-invoice/2019"><fp:InvoiceCode>033001900211</fp:InvoiceCode>
<fp:InvoiceNo>12345678</fp:InvoiceNo><fp:IssueDate>2020年11月12日</fp:IssueDate>
<fp:Buyer><fp:BuyerName>临江市第一中学工会委员会</fp:BuyerName><fp:BuyerTaxID>81000000DEM0000029</fp:BuyerTaxID></fp:Buyer>
<fp:Seller><fp:SellerName>白鹭书店</fp:SellerName><fp:SellerTaxID>91000000DEM0000019</fp:SellerTaxID></fp:Seller>
<fp:TaxInclusiveTotalAmount>181.14</fp:TaxInclusiveTotalAmount><fp:TaxTotalAmount>***</fp:TaxTotalAmount>
<fp:TaxExclusiveTotalAmount>181.14</fp:TaxExclusiveTotalAmount><fp:GraphCode>{CODE}</fp:GraphCode></eInvoice>"""


def test_the_form_of_2019_is_read_and_its_code_compared() -> None:
    reading = read(OLDER)
    assert (reading.code, reading.number, reading.kind) == ("033001900211", "12345678", "vat_ordinary")
    assert (reading.amount_total_fen, reading.tax_fen) == (18114, 0)
    assert reading.warnings == ("tax_exempt",)
    assert reading.key == "03300190021112345678"
    altered = OLDER.replace("<fp:TaxExclusiveTotalAmount>181.14", "<fp:TaxExclusiveTotalAmount>180.14")
    assert {"qr_mismatch", "sum_mismatch"} <= set(read(altered).warnings)
    assert "qr_checksum" in read(OLDER.replace(CODE, CODE.replace("181.14", "181.15"))).warnings


def test_a_railway_voucher_is_read_from_its_own_elements() -> None:
    reading = read(
        '<xbrl xmlns:rai="http://xbrl.mof.gov.cn/taxonomy/2021-11-30/rai"><rai:TypeOfVoucher>电子发票（铁路电子客票）</rai:TypeOfVoucher>'
        "<rai:ElectronicInvoiceRailwayETicketNumber>26009165800000000001</rai:ElectronicInvoiceRailwayETicketNumber>"
        "<rai:DateOfIssue>2026-07-11</rai:DateOfIssue><rai:Fare>272.50</rai:Fare>"
        "<rai:NameOfPurchaser>临江市第一中学工会委员会</rai:NameOfPurchaser></xbrl>"
    )
    assert (reading.kind, reading.amount_total_fen, reading.warnings) == ("railway", 27250, ())


def test_every_code_has_its_sentence_in_both_languages() -> None:
    for codes in (KINDS, WARNINGS, REJECTS):
        for code, text in codes.items():
            assert code.isidentifier()
            assert code.islower()
            assert text.zh
            assert text.en


def test_the_plain_form_has_exactly_the_promised_keys() -> None:
    assert list(InvoiceReading().as_dict()) == [
        "number",
        "code",
        "date",
        "amount_total_fen",
        "amount_ex_tax_fen",
        "tax_fen",
        "seller",
        "seller_tax_id",
        "buyer",
        "buyer_tax_id",
        "kind",
        "red_letter_of",
        "warnings",
        "reject",
    ]
