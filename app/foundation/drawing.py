"""The child's side of ``previews``: the only place that decodes a picture or draws a page to show it."""

from __future__ import annotations

import base64
import io
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
from PIL import Image, ImageOps

from app.foundation.filetypes import Kind

QUALITY = 78
COLOURS = 64
"""A printed page needs few, and is a third of the size for it."""


def draw(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """The child's side of ``preview``."""
    side = int(arguments["longest_side"])
    if arguments["kind"] != Kind.PDF:
        return {"pages": 1, "pictures": [_photo(data, side)]}
    return _pages(data, side, int(arguments["first"]), int(arguments["count"]))


def _pages(data: bytes, side: int, first: int, count: int) -> dict[str, Any]:
    document = pypdfium2.PdfDocument(data)
    pictures = []
    for index in range(first, min(len(document), first + count)):
        page = document[index]
        width, height = page.get_size()
        scale = min(side / max(width, height, 1), 4)
        pictures.append(_encoded(page.render(scale=scale, may_draw_forms=False).to_pil(), "PNG"))
    return {"pages": len(document), "pictures": pictures}


def _photo(data: bytes, side: int) -> dict[str, Any]:
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
        image.draft("RGB", (side, side))
        image.thumbnail((side, side))
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "P", "PA"):
            paper = Image.new("RGB", upright.size, "white")
            paper.paste(upright.convert("RGBA"), mask=upright.convert("RGBA").getchannel("A"))
            upright = paper
        return _encoded(upright.convert("RGB"), "JPEG")


def _encoded(image: Image.Image, format_: str) -> dict[str, Any]:
    out = io.BytesIO()
    if format_ == "PNG":
        image.convert("RGB").quantize(COLOURS).save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=QUALITY, exif=b"")
    return {
        "media_type": f"image/{format_.lower()}",
        "width": image.width,
        "height": image.height,
        "data": base64.b64encode(out.getvalue()).decode("ascii"),
    }
