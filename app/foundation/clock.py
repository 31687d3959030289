"""The only place that reads the clock. Everything else is handed ``now``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

UNION_ZONE = ZoneInfo("Asia/Shanghai")
"""The zone in which a union's days begin and end."""


def utc_now() -> datetime:
    """The present moment, aware, UTC, with microseconds."""
    return datetime.now(UTC)


def union_day(moment: datetime) -> date:
    """The calendar day in China at that moment; deadlines, years and half-years are counted in it."""
    return moment.astimezone(UNION_ZONE).date()


def start_of(day: date) -> datetime:
    """The moment at which a calendar day begins in China, in UTC."""
    return datetime.combine(day, time(), UNION_ZONE).astimezone(UTC)


def union_minute(moment: datetime) -> str:
    """That moment as people in China write it: ``2026-04-28 09:30``."""
    return moment.astimezone(UNION_ZONE).strftime("%Y-%m-%d %H:%M")


def stamp(moment: datetime) -> str:
    """The one text form of a moment: ``2026-04-28T01:30:00.000000Z``. It is what is hashed and what the API sends."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
