"""Pictures of papers for a phone: pages of a PDF, photos turned upright and made small, with no place or camera data left.

Made in a confined child. XML, OFD, DOCX, XLSX and HEIC have no picture here: the page shows what was read instead, and
offers the original as a download.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from app.foundation.confined import Source, run
from app.foundation.filetypes import Kind

MOST_PAGES = 12
LONGEST_SIDE = 1400
"""Pixels: sharp on a phone, readable on a PC."""


@dataclass(frozen=True)
class Picture:
    """One page or photo."""

    media_type: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True)
class Preview:
    """The pictures of one file."""

    pages: int
    """Pages the file has; may be more than there are pictures."""
    pictures: tuple[Picture, ...]


def preview(
    source: Source, kind: Kind, *, longest_side: int = LONGEST_SIDE, first: int = 0, count: int = MOST_PAGES
) -> Preview:
    """Pictures of pages ``first`` (from 0) and following; an empty preview for kinds that have none.

    Raises:
        ReadingFailed: the file cannot be drawn, or it took too long.
    """
    if kind not in (Kind.PDF, Kind.PNG, Kind.JPEG):
        return Preview(0, ())
    arguments = {"kind": kind.value, "longest_side": longest_side, "first": first, "count": min(count, MOST_PAGES)}
    answer = run("app.foundation.drawing:draw", source, arguments)
    return Preview(
        int(answer["pages"]),
        tuple(
            Picture(p["media_type"], p["width"], p["height"], base64.b64decode(p["data"])) for p in answer["pictures"]
        ),
    )
