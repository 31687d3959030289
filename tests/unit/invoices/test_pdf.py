"""A PDF may carry data, text and a code; they are compared, and it may carry mischief, which is only data to us."""

from __future__ import annotations

import io
from dataclasses import replace

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from app.demo.documents import SampleInvoice, SampleLine, invoice_pdf, invoice_xml, sample_number
from app.foundation.filetypes import Kind
from app.fund.invoices.child import read_as
from app.fund.invoices.reading import read_invoice


def joined(*files: bytes, attachments: dict[str, bytes] | None = None, script: str = "", password: str = "") -> bytes:
    writer = PdfWriter()
    for file in files:
        writer.append(PdfReader(io.BytesIO(file)))
    for name, data in (attachments or {}).items():
        writer.add_attachment(name, data)
    if script:
        action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(script)}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pictured(file: bytes) -> bytes:
    """The same page as a scan: one picture, no text."""
    out = io.BytesIO()
    pypdfium2.PdfDocument(file)[0].render(scale=2).to_pil().convert("RGB").save(out, "PDF", quality=80)
    return out.getvalue()


@pytest.fixture(scope="module")
def other(invoice: SampleInvoice) -> SampleInvoice:
    return replace(invoice, number=sample_number(2026, 99), lines=(SampleLine("*文具*纸", 8800),))


def test_data_attached_to_the_page_and_the_page_agree(invoice: SampleInvoice) -> None:
    data = joined(invoice_pdf(invoice), attachments={"a.xml": invoice_xml(invoice), "readme.txt": b"no xml"})
    assert read_as(data, Kind.PDF) == read_as(invoice_xml(invoice), Kind.XML)


def test_data_that_disagrees_with_the_page_is_said_to(invoice: SampleInvoice) -> None:
    cheaper = replace(invoice, lines=(SampleLine("*文具*纸", 8800),))
    reading = read_as(joined(invoice_pdf(invoice), attachments={"a.xml": invoice_xml(cheaper)}), Kind.PDF)
    assert reading.amount_total_fen == 8800
    assert {"sources_differ", "qr_mismatch"} <= set(reading.warnings)


def test_two_invoices_in_one_pdf_are_refused_however_they_are_there(
    invoice: SampleInvoice, other: SampleInvoice
) -> None:
    one, two = invoice_pdf(invoice), invoice_pdf(other)
    assert read_as(joined(one, two), Kind.PDF).reject == "two_invoices"
    assert read_as(joined(one, attachments={"a.xml": invoice_xml(other)}), Kind.PDF).reject == "two_invoices"
    assert read_as(joined(pictured(one), pictured(two)), Kind.PDF).reject == "two_invoices"
    assert read_as(joined(one, one), Kind.PDF).number == invoice.number


def test_a_scan_is_read_by_its_code(invoice: SampleInvoice) -> None:
    reading = read_as(pictured(invoice_pdf(invoice)), Kind.PDF)
    assert (reading.number, reading.amount_total_fen) == (invoice.number, invoice.total_fen)
    assert "from_qr_only" in reading.warnings


def test_a_script_in_a_pdf_is_never_run_and_changes_nothing(invoice: SampleInvoice) -> None:
    armed = joined(invoice_pdf(invoice), script="app.alert('x'); while(1){}")
    assert read_invoice(armed, "a.pdf") == read_as(invoice_pdf(invoice), Kind.PDF)


def test_a_locked_pdf_is_asked_to_be_unlocked(invoice: SampleInvoice) -> None:
    assert read_invoice(joined(invoice_pdf(invoice), password="x"), "a.pdf").reject == "password_needed"


def test_a_pdf_without_an_invoice_is_an_attachment() -> None:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    assert read_invoice(out.getvalue(), "plan.pdf").reject == "not_an_invoice"
