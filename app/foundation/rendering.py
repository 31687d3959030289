"""Filters and functions of the templates: wording, money, moments and QR codes, each in one form everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

import segno
from jinja2 import Environment
from markupsafe import Markup

from app.foundation import money
from app.foundation.clock import UNION_ZONE, union_day
from app.wording import Language, Text


def install(env: Environment, language: Callable[[], Language], csrf_token: Callable[[], str]) -> None:
    """Give ``env`` our filters and globals.

    ``language`` and ``csrf_token`` are asked at each use, so that macros imported without context still speak the
    reader's language.
    """
    env.trim_blocks = env.lstrip_blocks = True
    env.globals.update(
        t=lambda zh, en: zh if language() == "zh" else en,
        language=language,
        csrf_token=csrf_token,
    )
    env.filters.update(
        w=lambda value: worded(value, language()),
        yuan=yuan,
        as_typed=as_typed,
        wan=wan,
        percent=percent,
        capitals=capitals,
        when=when,
        day=day,
        long_day=lambda value: long_day(value, language()),
        machine_time=machine_time,
        size=size,
        qr=qr,
    )


def worded(value: object, language: Language) -> str:
    """A ``Text``, a ``{"zh": …, "en": …}`` mapping or a plain string in the reader's language; ``None`` is empty."""
    if value is None:
        return ""
    if isinstance(value, Text):
        return value.in_(language)
    if isinstance(value, Mapping):
        return Text(str(value["zh"]), str(value["en"])).in_(language)
    return str(value)


def yuan(fen: int | None) -> str:
    """``1,286.00``; an amount that is not known yet is empty, never zero."""
    return "" if fen is None else money.yuan(fen)


def as_typed(value: object) -> str:
    """What stands in a money input: fen as ``1286.00``; what a person typed wrongly comes back unchanged."""
    if isinstance(value, int) and not isinstance(value, bool):
        return money.yuan(value).replace(",", "")
    return "" if value is None else str(value)


def wan(fen: int) -> str:
    """Ten thousands of yuan for charts, one decimal, rounded half up: ``12.9`` for 128,600.00 yuan."""
    sign, tenths = "-" if fen < 0 else "", (abs(fen) + 50_000) // 100_000
    return f"{sign}{tenths // 10:,}.{tenths % 10}"


def percent(part: int, whole: int) -> int | None:
    """Whole percents of two amounts, rounded down so that 99.9 % never reads as all; ``None`` when there is no whole."""
    return part * 100 // whole if whole > 0 else None


def capitals(fen: int) -> str:
    """``人民币壹仟贰佰捌拾陆元整``; a negative amount says 负."""
    return f"人民币{'负' if fen < 0 else ''}{money.in_capitals(abs(fen))}"


def when(value: datetime | str | None) -> str:
    """``2026-04-28 09:05``, China time. Accepts the text form of ``clock.stamp`` too.

    Raises:
        ValueError: a moment without a zone.
    """
    return "" if value is None else _moment(value).astimezone(UNION_ZONE).strftime("%Y-%m-%d %H:%M")


def day(value: date | datetime | str | None) -> str:
    """``2026-04-28``; of a moment, the day in China."""
    return "" if value is None else _day(value).isoformat()


def long_day(value: date | datetime | str | None, language: Language) -> str:
    """``2026年4月28日`` or ``28 April 2026``, as documents write it."""
    if value is None:
        return ""
    on = _day(value)
    if language == "zh":
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {on:%B} {on.year}"


def machine_time(value: datetime | str) -> str:
    """The value of a ``<time datetime>``: the moment with China's offset, to the second."""
    return _moment(value).astimezone(UNION_ZONE).isoformat(timespec="seconds")


def size(count: int) -> str:
    """A file's size as people read it: ``820 KB``, ``1.2 MB``."""
    if count < 1_000_000:
        return f"{max(1, (count + 512) // 1024)} KB" if count else "0 KB"
    return f"{count / 1_000_000:.1f} MB"


def qr(content: str) -> Markup:
    """A QR code as an inline SVG, dark on white in every theme because scanners need it so."""
    drawn = segno.make(content, error="m", micro=False).svg_inline(
        dark="#000", light="#fff", border=2, omitsize=True, svgclass="qr-code", lineclass=None
    )
    return Markup(drawn)  # noqa: S704 -- drawn by segno, which never writes the content out


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a zone: {value!r}")
    return moment


def _day(value: date | datetime | str) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value) if len(value) == 10 else union_day(_moment(value))
    return union_day(_moment(value)) if isinstance(value, datetime) else value
