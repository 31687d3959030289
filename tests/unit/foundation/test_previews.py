"""A phone shows papers as pictures: upright, small, and without what the camera wrote into them."""

from __future__ import annotations

import io
from datetime import date

import pytest
from PIL import Image

from app.demo.documents import Party, SampleInvoice, SampleLine, invoice_pdf, sample_number, sample_tax_id
from app.foundation.confined import ReadingFailed
from app.foundation.filetypes import Kind
from app.foundation.previews import preview

ORIENTATION, GPS = 0x0112, 0x8825


def test_a_pdf_page_becomes_a_picture_of_the_asked_size() -> None:
    buyer, seller = Party("白鹭小学工会委员会", sample_tax_id(1, union=True)), Party("白鹭文具店", sample_tax_id(2))
    invoice = SampleInvoice(sample_number(2026, 1), date(2026, 3, 5), seller, buyer, (SampleLine("*文具*笔", 100),))
    shown = preview(invoice_pdf(invoice), Kind.PDF, longest_side=700)
    assert shown.pages == 1
    (picture,) = shown.pictures
    assert picture.media_type == "image/png"
    assert len(picture.data) < 60_000
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.size == (picture.width, picture.height)
        assert max(image.size) in (700, 701)
        assert min(image.convert("L").tobytes()) < 100


def test_a_phone_photo_is_turned_upright_and_loses_its_place() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[1] = "N"
    photo = io.BytesIO()
    Image.new("RGB", (3000, 2000), "red").save(photo, "JPEG", exif=exif)
    (picture,) = preview(photo.getvalue(), Kind.JPEG, longest_side=600).pictures
    assert (picture.width, picture.height) == (400, 600)
    with Image.open(io.BytesIO(picture.data)) as image:
        assert not image.getexif()


def test_a_see_through_picture_is_shown_on_white() -> None:
    drawing = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(drawing, "PNG")
    (picture,) = preview(drawing.getvalue(), Kind.PNG).pictures
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.getpixel((10, 10)) == (255, 255, 255)


def test_kinds_without_a_picture_have_an_empty_preview() -> None:
    assert preview(b"<a/>", Kind.XML).pictures == ()
    assert preview(b"anything", Kind.HEIC).pages == 0


@pytest.mark.parametrize(("data", "kind"), [(b"%PDF-1.7\nnothing", Kind.PDF), (b"\x89PNG\r\n\x1a\nnothing", Kind.PNG)])
def test_a_file_that_cannot_be_drawn_is_an_error_with_a_sentence(data: bytes, kind: Kind) -> None:
    with pytest.raises(ReadingFailed):
        preview(data, kind)
