"""The child's side of ``reading``: everything that decodes an untrusted file happens here.

Sources in one file are trusted in this order: structured data, tags, properties, printed text, QR code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.foundation import safe_xml
from app.foundation.errors import AppError
from app.foundation.filetypes import Kind
from app.fund.invoices import checks, page_text, pdf, tags
from app.fund.invoices.facts import InvoiceReading, rejected
from app.fund.invoices.ofd import read_ofd
from app.fund.invoices.pdf import PasswordNeeded
from app.fund.invoices.qr import QrCode, parse
from app.fund.invoices.qr_images import codes_in_photo
from app.fund.invoices.tags import TwoInvoices


@dataclass
class Found:
    """What the sources in one file say, the most trusted first."""

    readings: list[InvoiceReading] = field(default_factory=list)
    capitals: str | None = None
    codes: list[QrCode] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Read a file of ``arguments['kind']``; never raises for a bad file, but says so in ``reject``."""
    return read_as(data, Kind(arguments["kind"])).as_dict()


def read_as(data: bytes, kind: Kind) -> InvoiceReading:
    """The invoice in a file of this kind."""
    try:
        return _conclusion(_SOURCES[kind](data)) if kind in _SOURCES else rejected("not_an_invoice")
    except TwoInvoices:
        return rejected("two_invoices")
    except PasswordNeeded:
        return rejected("password_needed")
    except AppError as error:
        return rejected(error.code)
    except (OSError, ValueError, SyntaxError, ArithmeticError):  # how Pillow and pdfium say that a file is broken
        return rejected("broken_file")


def _conclusion(found: Found) -> InvoiceReading:
    _refuse_two([reading.number for reading in found.readings] or [code.number for code in found.codes])
    if found.readings:
        return checks.checked(checks.merged(found.readings).warned(*found.warnings), found.capitals, found.codes)
    if found.codes:
        _refuse_two([f"{code.code or ''}{code.number}" for code in found.codes])
        return checks.checked(found.codes[0].as_reading().warned("from_qr_only", *found.warnings), None, found.codes)
    return rejected("not_an_invoice")


def _refuse_two(numbers: list[str | None]) -> None:
    if len(set(numbers) - {None}) > 1:
        raise TwoInvoices


def _from_xml(data: bytes) -> Found:
    found = Found()
    _add_structured(found, data)
    return found


def _from_pdf(data: bytes) -> Found:
    document = pdf.open_pdf(data)
    found = Found()
    for attached in pdf.attached_files(document):
        _add_attached(found, attached)
    pages = pdf.texts_of(document)
    if printed := page_text.read_text(pages):
        found.readings.append(printed)
        found.capitals = found.capitals or page_text.capitals_in(pages)
    # When text was found the code only confirms it, and invoices carry it on their first page.
    found.codes += pdf.qr_codes_of(document, 1 if found.readings else pdf.MOST_PAGES)
    return found


def _from_ofd(data: bytes) -> Found:
    content = read_ofd(data)
    found = Found(warnings=content.warnings, codes=content.qr_codes)
    for attached in content.attached:
        _add_attached(found, attached)
    for pairs in (content.tagged, content.properties):
        raw = tags.fields_of(pairs)
        if "number" in raw:
            found.readings.append(tags.reading_of(raw))
    if printed := page_text.read_text(content.pages):
        found.readings.append(printed)
    found.capitals = found.capitals or page_text.capitals_in(content.pages)
    return found


def _from_photo(data: bytes) -> Found:
    return Found(codes=codes_in_photo(data))


def _add_attached(found: Found, data: bytes) -> None:
    """Attachments may be anything; those that are no XML at all are passed over, unsafe ones are not."""
    try:
        _add_structured(found, data)
    except safe_xml.BrokenXml:
        return


def _add_structured(found: Found, data: bytes) -> None:
    result = tags.read_xml(safe_xml.parse(data))
    if not result:
        return
    reading, raw = result
    found.readings.append(reading)
    found.capitals = found.capitals or raw.get("capitals")
    if code := parse(raw.get("qr", "")):
        found.codes.append(code)


_SOURCES = {
    Kind.XML: _from_xml,
    Kind.PDF: _from_pdf,
    Kind.OFD: _from_ofd,
    Kind.PNG: _from_photo,
    Kind.JPEG: _from_photo,
}
