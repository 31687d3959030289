"""An invoice in a PDF: data files attached to it, the text on its pages, the QR code drawn on them."""

from __future__ import annotations

import ctypes

import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # the same

from app.fund.invoices.page_text import Glyph, lines_of
from app.fund.invoices.qr import QrCode
from app.fund.invoices.qr_images import codes_in

MOST_PAGES = 5
MOST_CHARACTERS = 20_000
MOST_ATTACHMENTS = 10
LARGEST_ATTACHMENT = 5 * 1024 * 1024
_QR_SIDE = 1300
"""Pixels on a page's longer side when looking for codes: about 150 dpi on the usual 210 mm wide form."""


class PasswordNeeded(Exception):
    """The PDF is encrypted."""


def open_pdf(data: bytes) -> pypdfium2.PdfDocument:
    """The document.

    Raises:
        PasswordNeeded: it asks for a password.
        ValueError: it is not readable.
    """
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise PasswordNeeded from error
        raise ValueError("not a readable PDF") from error


def attached_files(document: pypdfium2.PdfDocument) -> list[bytes]:
    """The first attachments that are small enough to be data."""
    found = []
    for index in range(min(document.count_attachments(), MOST_ATTACHMENTS)):
        try:
            data = bytes(document.get_attachment(index).get_data())
        except pypdfium2.PdfiumError:
            continue
        if data and len(data) <= LARGEST_ATTACHMENT:
            found.append(data)
    return found


def texts_of(document: pypdfium2.PdfDocument) -> list[str]:
    """The text of the first pages, in lines."""
    return [lines_of(_glyphs(document[index])) for index in range(min(len(document), MOST_PAGES))]


def qr_codes_of(document: pypdfium2.PdfDocument, pages: int = MOST_PAGES) -> list[QrCode]:
    """Every invoice code drawn on the first pages."""
    codes = []
    for index in range(min(len(document), pages)):
        page = document[index]
        scale = min(_QR_SIDE / max(*page.get_size(), 1), 4)
        codes += codes_in(page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil())
    return codes


def _glyphs(page: pypdfium2.PdfPage) -> list[Glyph]:
    text = page.get_textpage()
    glyphs = []
    box = pdfium.FS_RECTF()
    for index in range(min(text.count_chars(), MOST_CHARACTERS)):
        code = pdfium.FPDFText_GetUnicode(text.raw, index)
        if code <= 32 or code in (0xA0, 0x3000, 0xFFFE) or 0xD800 <= code < 0xE000:
            continue
        if pdfium.FPDFText_GetLooseCharBox(text.raw, index, ctypes.byref(box)):
            glyphs.append(Glyph(chr(code), box.left, box.bottom, box.right, box.top))
    return glyphs
