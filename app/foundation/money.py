"""Money as whole fen (分). No float ever touches it."""

from __future__ import annotations

import re
from typing import NewType

Fen = NewType("Fen", int)
"""An amount in fen: 1286.00 yuan is ``Fen(128600)``."""

LARGEST = 10**13
"""Amounts must stay below this many fen (a hundred billion yuan), so that sums fit 64 bits."""

_YUAN = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2}))?\Z")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_SECTIONS = ("", "万", "亿", "万亿")


def parse_yuan(text: str) -> Fen:
    """Read what a person types: ``1286``, ``1,286.5``, ``1286.50``. ASCII digits only.

    Raises:
        ValueError: anything else, three decimals and exponents included.
    """
    cleaned = text.strip()
    if "," in cleaned:
        if not re.fullmatch(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?", cleaned):
            raise ValueError(text)
        cleaned = cleaned.replace(",", "")
    match = _YUAN.match(cleaned)
    if not match:
        raise ValueError(text)
    sign, whole, decimals = match.groups()
    amount = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
    return Fen(-amount if sign else amount)


def yuan(amount: int) -> str:
    """``1,286.00``: thousands separators, always two decimals."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{amount // 100:,}.{amount % 100:02d}"


def in_capitals(amount: int) -> str:
    """The amount in Chinese capitals as vouchers write it, without the 人民币 prefix; ``128600`` is 壹仟贰佰捌拾陆元整.

    Source: 《会计基础工作规范》第五十二条 (capitals end in 整 at 元 or 角, never after 分).

    Raises:
        ValueError: negative, or not below ``LARGEST``.
    """
    if not 0 <= amount < LARGEST:
        raise ValueError(amount)
    whole, jiao, fen = amount // 100, amount // 10 % 10, amount % 10
    if amount == 0:
        return "零元整"
    text = f"{_whole_in_capitals(whole)}元" if whole else ""
    if not jiao and not fen:
        return text + "整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif whole:
        text += "零"
    return text + (f"{_DIGITS[fen]}分" if fen else "整")


def _whole_in_capitals(whole: int) -> str:
    """Capitals of a positive number of yuan, in sections of four digits."""
    text, pending_zero, index = "", False, 0
    sections: list[int] = []
    while whole:
        whole, section = divmod(whole, 10_000)
        sections.append(section)
    for index in range(len(sections) - 1, -1, -1):
        section = sections[index]
        if section == 0:
            pending_zero = bool(text)
            continue
        if text and (pending_zero or section < 1000):
            text += "零"
        text += _section_in_capitals(section) + _SECTIONS[index]
        pending_zero = False
    return text


def _section_in_capitals(section: int) -> str:
    """Capitals of 1..9999, without leading zeros."""
    text, pending_zero = "", False
    for power in (3, 2, 1, 0):
        digit = section // 10**power % 10
        if digit:
            text += ("零" if pending_zero and text else "") + _DIGITS[digit] + _UNITS[power]
            pending_zero = False
        else:
            pending_zero = True
    return text
