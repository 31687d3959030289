"""No file, however made, is anything but a reading with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.documents import SampleInvoice, invoice_pdf, invoice_photo, invoice_xml
from app.foundation import archives, confined, filetypes, safe_xml
from app.foundation.errors import AppError
from app.foundation.filetypes import Kind
from app.fund.invoices.child import read_as
from app.fund.invoices.facts import InvoiceReading
from app.fund.invoices.reading import read_invoice, read_known
from app.fund.invoices.wordings import KINDS, REJECTS, WARNINGS

ENDINGS = {Kind.XML: "a.xml", Kind.PDF: "a.pdf", Kind.JPEG: "a.jpg"}


def is_sound(reading: InvoiceReading) -> bool:
    return (
        reading.kind in KINDS
        and set(reading.warnings) <= set(WARNINGS)
        and (reading.reject is None or reading.reject in REJECTS)
        and (reading.reject is not None or reading.number is not None)
    )


def mutated(data: bytes, cuts: list[tuple[float, bytes]], keep: float) -> bytes:
    changed = bytearray(data)
    for place, piece in cuts:
        start = int(place * len(changed))
        changed[start : start + len(piece)] = piece
    return bytes(changed[: max(1, int(keep * len(changed)))])


damage = st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=24)), max_size=6)
lengths = st.one_of(st.just(1.0), st.floats(0.01, 1.0))


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.pdf", "empty_file"),
        (b"MZ" + b"\x00" * 100, "a.pdf", "unsupported_file"),
        (b"<html></html>", "a.png", "unsupported_file"),
        (b"%PDF-1.7", "a.xml", "file_mismatch"),
        (b"%PDF-1.7\n%%EOF", "a.pdf", "broken_file"),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x20\x00\x30\x01\x01\x11\x00", "a.jpg", "broken_file"),
        (b"<!DOCTYPE a><a/>", "a.xml", "unsafe_xml"),
        (b"<a>" * 50_000, "a.xml", "unsafe_xml"),
        (b"<EInvoice><TaxSupervisionInfo>", "a.xml", "broken_xml"),
        (b"PK\x03\x04" + b"\x00" * 200, "a.ofd", "broken_archive"),
    ],
)
def test_a_bad_file_is_refused_with_a_stable_reason(data: bytes, name: str, reason: str) -> None:
    reading = read_invoice(data, name)
    assert reading == InvoiceReading(reject=reason)


@given(damage, lengths)
def test_damaged_xml_is_a_reading_or_a_reason(
    invoice: SampleInvoice, cuts: list[tuple[float, bytes]], keep: float
) -> None:
    assert is_sound(read_as(mutated(invoice_xml(invoice), cuts, keep), Kind.XML))


@settings(max_examples=12, deadline=None)
@given(damage, lengths, st.sampled_from(sorted(ENDINGS)))
def test_damaged_files_never_harm_the_server(
    invoice: SampleInvoice, cuts: list[tuple[float, bytes]], keep: float, kind: Kind
) -> None:
    whole = {Kind.XML: invoice_xml, Kind.PDF: invoice_pdf, Kind.JPEG: invoice_photo}[kind](invoice)
    data = mutated(whole, cuts, keep)
    assert is_sound(read_invoice(data, ENDINGS[kind]))
    assert is_sound(read_known(data, kind))


def test_a_file_of_a_kind_without_a_reader_is_an_attachment() -> None:
    assert read_known(b"anything", Kind.HEIC).reject == "not_an_invoice"


def test_every_way_a_file_can_be_refused_has_its_sentence_among_the_reasons() -> None:
    for module in (archives, confined, filetypes, safe_xml):
        errors = [thing for thing in vars(module).values() if isinstance(thing, type) and issubclass(thing, AppError)]
        own = [error for error in errors if error.__module__ == module.__name__]
        assert own
        assert {error.code for error in own} <= set(REJECTS)
