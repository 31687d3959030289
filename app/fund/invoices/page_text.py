"""Reading an invoice from the text printed on its pages, put back into lines by where each character stands."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from app.fund.invoices.facts import InvoiceReading, plain_text
from app.fund.invoices.tags import TwoInvoices, reading_of

CELL = "\t"
"""Stands between two texts on one line that are far apart."""

_AMOUNT = r"-?[¥]?\s*-?[0-9][0-9,]*\.[0-9]{2}"
_NUMBER = re.compile(r"(?<!蓝字)(?<!数电)(?<!电票)(?<!原)(?:发票|票据)号码\s*:?\s*([0-9]{20}|[0-9]{8,10})(?![0-9])")
_CODE = re.compile(r"(?:发票|票据)代码\s*:?\s*([0-9]{8,12})(?![0-9])")
_DATE = re.compile(r"(?:开票|填开|开具)日期\s*:?\s*([0-9]{4}\s*[-年]\s*[0-9]{1,2}\s*[-月]\s*[0-9]{1,2})")
_NAME = re.compile(
    # A name may stand in the next cell, unless that cell is the other party's or the cipher field (密码区).
    r"(?<!方)(?<!行)(?<!户)(?<!项目)名\s*称\s*: *(?:\t(?!密))?((?!.{0,3}名\s*称)[^\t\n:]{2,120})?"
)
_TAX_ID = re.compile(r"(?:纳税人识别号|统一社会信用代码)\s*:[ \t]*([0-9A-Z]{15,20})?(?![0-9A-Z])")
_TOTAL = re.compile(rf"[(]\s*小\s*写\s*[)]\s*({_AMOUNT})")
_TOTAL_OTHER = re.compile(rf"(?:价税合计|票\s*价|合\s*计|金额合计)\s*:?\s*(?:CNY)?\s*({_AMOUNT})")
_AIR_ROW = re.compile(rf"(?:CNY\s*{_AMOUNT}\s*){{3,}}")
_CAPITALS = re.compile(
    r"大写[^零壹贰叁肆伍陆柒捌玖\n]{0,12}?((?:[(]负数[)])?[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]+[元圆][零壹贰叁肆伍陆柒捌玖角分整正]*)"
)
_SUMS = re.compile(rf"合\s*计\s*({_AMOUNT})\s*({_AMOUNT}|\*+|免税|不征税)")
_REMARK = re.compile(r"(?:被红冲蓝字|对应正数)[^\n]{0,120}")
_TITLE = re.compile(r"[^\t\n:]{0,20}(?:普通发票|专用发票|行程单|专用收据|电子票据|财政票据|客票)")
_STACKED = re.compile(r"\s(?:[购销买售方信息]\s*)+\Z")
_LABELLED_NAMES = {
    "buyer": re.compile(r"(?:购买方名称|交款人|付款单位)\s*:\s*([^\t\n:]{2,120})"),
    "seller": re.compile(r"(?:销售方名称|收款单位|开票单位)\s*:\s*([^\t\n:]{2,120})"),
}


@dataclass(frozen=True)
class Glyph:
    """One character and its box, in points from the page's lower left corner."""

    character: str
    left: float
    bottom: float
    right: float
    top: float


def lines_of(glyphs: list[Glyph]) -> str:
    """Lines from top to bottom, each from left to right, with ``CELL`` at wide gaps."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: -(glyph.top + glyph.bottom)):
        row = rows[-1] if rows else []
        if row and _on_one_line(row[0], glyph):
            row.append(glyph)
        else:
            rows.append([glyph])
    return "\n".join(_line(sorted(row, key=lambda glyph: glyph.left)) for row in rows)


def read_text(pages: list[str]) -> InvoiceReading | None:
    """The invoice printed on these pages (lines as ``lines_of`` makes them), or None when there is none.

    Raises:
        TwoInvoices: the pages carry two different invoice numbers.
    """
    text = "\n".join(_normal(page) for page in pages)
    numbers = list(dict.fromkeys(_NUMBER.findall(text)))
    if len(numbers) > 1:
        raise TwoInvoices
    if not numbers:
        return None
    raw = {"number": numbers[0]} | _parties(text) | _amounts(text)
    for field, pattern in (("code", _CODE), ("date", _DATE)):
        if found := pattern.search(text):
            raw[field] = found.group(1)
    if found := _REMARK.search(text):
        raw["remark"] = found.group(0)
    if found := _TITLE.search(text):
        raw["type"] = found.group(0)
    return reading_of(raw)


def capitals_in(pages: list[str]) -> str | None:
    """The first amount in capitals on the pages."""
    found = _CAPITALS.search("\n".join(_normal(page) for page in pages).replace(" ", ""))
    return found.group(1) if found else None


def _amounts(text: str) -> dict[str, str]:
    raw: dict[str, str] = {}
    if row := _AIR_ROW.search(text):  # fare, surcharge, tax, fund and, last, the total
        return {"total": row.group(0).split("CNY")[-1]}
    if sums := _SUMS.search(text):
        raw["ex_tax"], raw["tax"] = sums.groups()
    total = _TOTAL.search(text) or (None if "ex_tax" in raw else _TOTAL_OTHER.search(text))
    if total:
        raw["total"] = total.group(1)
    return raw


def _parties(text: str) -> dict[str, str]:
    """The buyer is named first (left or above), the seller after; explicit labels win."""
    raw = dict(zip(("buyer", "seller"), (_STACKED.sub("", name) for name in _NAME.findall(text)), strict=False))
    raw |= dict(zip(("buyer_tax_id", "seller_tax_id"), _TAX_ID.findall(text), strict=False))
    for side, pattern in _LABELLED_NAMES.items():
        if found := pattern.search(text):
            raw[side] = found.group(1)
    return raw


def _normal(page: str) -> str:
    return "\n".join(CELL.join(plain_text(cell) for cell in line.split(CELL)) for line in page.split("\n"))


def _on_one_line(first: Glyph, other: Glyph) -> bool:
    height = max(min(first.top - first.bottom, other.top - other.bottom), 1.0)
    return abs((first.top + first.bottom) - (other.top + other.bottom)) / 2 < 0.5 * height


def _line(row: list[Glyph]) -> str:
    text = row[0].character
    for before, glyph in itertools.pairwise(row):
        size = max(glyph.top - glyph.bottom, before.top - before.bottom, 4.0)
        gap = glyph.left - before.right
        text += (CELL if gap > 1.2 * size else " " if gap > 0.35 * size else "") + glyph.character
    return text
