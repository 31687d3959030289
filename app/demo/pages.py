"""Plain sheets of the demo union: programmes, minutes, bank slips. The same bytes come out for the same input."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import typst
from pylopdf_fonts_zh_cn import sans_path

_TEMPLATE = Path(__file__).with_name("page.typ")


def page_pdf(
    title: str, paragraphs: Sequence[str], signed: str, day: date, rows: Sequence[Sequence[str]] = ()
) -> bytes:
    """One sheet as PDF: title, paragraphs, a table when there are ``rows`` (the first is its head), who signed, when."""
    page = {
        "title": title,
        "paragraphs": list(paragraphs),
        "rows": [list(row) for row in rows],
        "signed": signed,
        "date": f"{day.year}年{day.month}月{day.day}日",
    }
    made = _compiler().compile(
        format="pdf", sys_inputs={"page": json.dumps(page, ensure_ascii=False)}, timestamp=0, pdf_tags=False
    )
    return made if isinstance(made, bytes) else b"".join(made or ())


@functools.cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), font_paths=[str(sans_path().parent)], ignore_system_fonts=True)
