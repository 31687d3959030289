"""Finding invoice codes in pictures. Loaded in the child only."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from app.fund.invoices.qr import QrCode, parse

_LONGEST_SIDE = 2600
_FORMATS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


def codes_in(image: Image.Image) -> list[QrCode]:
    """Every invoice code found in a picture."""
    grey = image.convert("L")
    grey.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    found = zxingcpp.read_barcodes(grey, formats=_FORMATS)
    return [code for code in (parse(barcode.text) for barcode in found) if code]


def codes_in_photo(data: bytes) -> list[QrCode]:
    """Every invoice code found in a PNG or JPEG file."""
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
        image.draft("L", (_LONGEST_SIDE, _LONGEST_SIDE))
        return codes_in(image)
