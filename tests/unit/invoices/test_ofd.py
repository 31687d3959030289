"""An OFD is read from whichever source it has, and a change after signing is noticed."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile

import pytest

from app.demo.documents import SampleInvoice, invoice_xml, sample_number
from app.foundation.filetypes import Kind
from app.fund.invoices.child import read_as
from app.fund.invoices.reading import read_invoice

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
OFD = f"<ofd:OFD {NS}><ofd:DocBody><ofd:DocInfo><ofd:CustomDatas>%s</ofd:CustomDatas></ofd:DocInfo></ofd:DocBody></ofd:OFD>"
ATTACHED = "Doc_0/Attachs/original_invoice.xml"


def packed(entries: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return out.getvalue()


def signature(entries: dict[str, bytes | str], method: str = "1.2.156.10197.1.401") -> str:
    references = ""
    for name, data in entries.items():
        digest = hashlib.new("sm3", data.encode() if isinstance(data, str) else data).digest()
        value = base64.b64encode(digest).decode()
        references += f'<ofd:Reference FileRef="/{name}"><ofd:CheckValue>{value}</ofd:CheckValue></ofd:Reference>'
    return (
        f"<ofd:Signature {NS}><ofd:SignedInfo>"
        f'<ofd:References CheckMethod="{method}">{references}</ofd:References></ofd:SignedInfo></ofd:Signature>'
    )


def attached(invoice: SampleInvoice) -> dict[str, bytes | str]:
    return {"OFD.xml": OFD % "", ATTACHED: invoice_xml(invoice)}


def test_attached_data_is_read_and_an_intact_signature_is_quiet(invoice: SampleInvoice) -> None:
    entries = attached(invoice)
    reading = read_invoice(packed(entries | {"Doc_0/Signs/Sign_0/Signature.xml": signature(entries)}), "a.ofd")
    assert (reading.number, reading.amount_total_fen) == (invoice.number, invoice.total_fen)
    assert reading.warnings == ()


def test_a_change_after_signing_is_noticed(invoice: SampleInvoice) -> None:
    entries = attached(invoice)
    entries["Doc_0/Signs/Sign_0/Signature.xml"] = signature(entries)
    entries[ATTACHED] = invoice_xml(invoice).replace(b"1736.01", b"9736.01")
    assert "changed_after_signing" in read_as(packed(entries), Kind.OFD).warnings


@pytest.mark.parametrize("method", ["1.2.3", "md5"])
def test_a_signature_we_cannot_check_is_said_to_be_unchecked(invoice: SampleInvoice, method: str) -> None:
    entries = attached(invoice)
    signed = packed(entries | {"Doc_0/Signs/Sign_0/Signature.xml": signature(entries, method)})
    assert read_as(signed, Kind.OFD).warnings == ("signature_unchecked",)


def test_an_unsigned_file_is_accepted_as_unverified(invoice: SampleInvoice) -> None:
    reading = read_as(packed(attached(invoice)), Kind.OFD)
    assert reading.reject is None
    assert reading.warnings == ("signature_missing",)


def test_tags_and_properties_are_enough_and_properties_hold_the_amount_without_tax() -> None:
    number = sample_number(2026, 7)
    data = "".join(
        f'<ofd:CustomData Name="{name}">{text}</ofd:CustomData>'
        for name, text in [
            ("发票号码", number),
            ("开票日期", "2026年03月05日"),
            ("合计金额", "100.00"),
            ("合计税额", "6.00"),
            ("销售方纳税人识别号", "91000000DEM0000019"),
        ]
    )
    tags = (
        "<:eInvoice xmlns:=''><InvoiceNo><ofd:ObjectRef PageRef=\"1\">7</ofd:ObjectRef></InvoiceNo>"
        '<Buyer><BuyerName><ofd:ObjectRef PageRef="1">8</ofd:ObjectRef></BuyerName></Buyer>'
        '<TaxInclusiveTotalAmount><ofd:ObjectRef PageRef="1">9</ofd:ObjectRef></TaxInclusiveTotalAmount></:eInvoice>'
    )
    texts = [("7", number, "10 10 40 4"), ("8", "临江市第一中学工会委员会", "10 20 40 4"), ("9", "¥", "10 30 4 4")]
    page = "".join(
        f'<ofd:TextObject ID="{key}" Boundary="{box}"><ofd:TextCode>{text}</ofd:TextCode></ofd:TextObject>'
        for key, text, box in texts
    )
    reading = read_as(
        packed(
            {
                "OFD.xml": OFD % data,
                "Doc_0/Tags/CustomTag.xml": tags,
                "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {NS}>{page}</ofd:Page>",
            }
        ),
        Kind.OFD,
    )
    assert (reading.number, reading.buyer, reading.seller_tax_id) == (
        number,
        "临江市第一中学工会委员会",
        "91000000DEM0000019",
    )
    assert (reading.amount_ex_tax_fen, reading.tax_fen, reading.amount_total_fen) == (10000, 600, 10600)
    assert "total_computed" in reading.warnings


def test_two_attached_invoices_are_refused(invoice: SampleInvoice) -> None:
    other = invoice_xml(invoice).replace(invoice.number.encode(), sample_number(2026, 99).encode())
    assert read_as(packed(attached(invoice) | {"Doc_0/Attachs/b.xml": other}), Kind.OFD).reject == "two_invoices"


def test_unsafe_xml_inside_is_refused_like_unsafe_xml_alone(invoice: SampleInvoice) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    assert read_as(packed(attached(invoice) | {ATTACHED: bomb}), Kind.OFD).reject == "unsafe_xml"
