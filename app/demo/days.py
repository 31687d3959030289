"""The days of the story: its first and last moment, working days, and moments of a day as the union's clock shows them."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import holidays

from app.foundation.clock import UNION_ZONE

TERM_BEGINS = date(2025, 12, 22)
TERM_ENDS = date(2030, 12, 21)
"""The committee's term: five years. Source: 《工会法》第十六条."""
YEAR = 2026
LAST_DAY = date(2026, 11, 20)

DATA = Path(__file__).with_name("data")


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one of the story's tables, by column."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def fen(yuan_text: str) -> int:
    """Fen of an amount as the tables write it: ``386`` or ``96.42`` yuan."""
    whole, _, cents = yuan_text.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0") or 0)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """That moment in the union's zone, as UTC."""
    return datetime.combine(day, time(hour, minute), UNION_ZONE).astimezone(UTC)


def is_workday(day: date) -> bool:
    """Whether the office is open; made-up working days count as Sundays, which harms nobody here."""
    return day.weekday() < 5 and day not in _holidays()


def workdays_after(day: date, count: int) -> date:
    """The working day that comes ``count`` working days later; earlier, when ``count`` is negative."""
    step = timedelta(days=1 if count >= 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_workday(day):
            day += step
    return day


def last_workday(year: int, month: int) -> date:
    """The last working day of a month."""
    return workdays_after(date(year + month // 12, month % 12 + 1, 1), -1)


@functools.cache
def _holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=(YEAR - 1, YEAR))
