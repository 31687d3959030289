"""Working days in China: weekends, holidays, make-up working days (调休), and which day a festival falls on. Pure.

What the State Council has published for a year is data (``workflows/calendars/<year>.yaml``). A year without a
published notice is worked out from the law's own days off and is called provisional, because the notice will move days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.wording import Text

FESTIVALS = (
    *("new_year", "spring_festival", "lantern", "womens_day", "arbor_day", "qingming", "labour_day", "youth_day"),
    *("nurses_day", "childrens_day", "dragon_boat", "party_day", "army_day", "physicians_day", "teachers_day"),
    *("mid_autumn", "double_ninth", "national_day", "constitution_day"),
)
"""The names that other files may use for festivals."""

ONE_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Festival:
    """One festival: the same day of every year, or a day named year by year."""

    key: str
    title: Text
    month_and_day: tuple[int, int] | None = None
    days: Mapping[int, date] = field(default_factory=dict)
    """Year -> its day, where it follows the moon or the sun."""
    off: tuple[int, int] | None = None
    """The law's days off, counted from its day: ``(-1, 2)`` is from the eve to the third day; None is a working day."""

    def in_year(self, year: int) -> date | None:
        """Its day in that year; None where nobody has written it down."""
        return date(year, *self.month_and_day) if self.month_and_day else self.days.get(year)


@dataclass(frozen=True, slots=True)
class Holidays:
    """One year's arrangement."""

    year: int
    off: frozenset[date]
    made_up: frozenset[date]
    """Days of a weekend on which people work."""
    is_provisional: bool = False
    """Not published yet: the notice will move days."""


class Calendar:
    """All years and festivals that are known. Without any it still knows weekends, and calls every year provisional."""

    def __init__(self, years: Iterable[Holidays] = (), festivals: Iterable[Festival] = ()) -> None:
        """``years`` are those that have a file; all others are worked out when they are asked for."""
        self.festivals = {one.key: one for one in festivals}
        self._years = {one.year: one for one in years}
        self.digest = hashlib.sha256(repr(self._content()).encode()).hexdigest()
        """Tells whether days were counted by this calendar or by an earlier one."""

    def holidays(self, year: int) -> Holidays:
        """The year's arrangement, published or worked out."""
        if year not in self._years:
            self._years[year] = self.by_law(year)
        return self._years[year]

    def by_law(self, year: int) -> Holidays:
        """The year by the law alone: its days off, and those that fall on a weekend made good on the next working days.

        Source: 《全国年节及纪念日放假办法》第二条、第六条（2025-01-01 起施行）.
        """
        off: set[date] = set()
        for festival in self.festivals.values():
            day = festival.in_year(year)
            if day is not None and festival.off is not None:
                first, last = festival.off
                off |= {day + timedelta(days=after) for after in range(first, last + 1)}
        for day in sorted(off):
            instead = day
            while day.weekday() >= _SATURDAY and (instead in off or instead.weekday() >= _SATURDAY):
                instead += ONE_DAY
            off.add(instead)
        return Holidays(year, frozenset(off), frozenset(), is_provisional=True)

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open."""
        year = self.holidays(day.year)
        return day in year.made_up or (day.weekday() < _SATURDAY and day not in year.off)

    def next_working_day(self, day: date) -> date:
        """The day itself if offices are open, else the first day after it on which they are."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def add_working_days(self, start: date, count: int) -> date:
        """The ``count``-th working day after ``start``, which is not counted itself; before it when negative.

        With 0 it is ``start``, working day or not.
        """
        step = ONE_DAY if count >= 0 else -ONE_DAY
        for _ in range(abs(count)):
            start += step
            while not self.is_working_day(start):
                start += step
        return start

    def working_days(self, after: date, until: date) -> int:
        """How many working days there are after the one day up to and including the other; 0 when there are none."""
        return sum(self.is_working_day(after + timedelta(days=day)) for day in range(1, (until - after).days + 1))

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether any year from the one day to the other still waits for its notice."""
        return any(self.holidays(year).is_provisional for year in range(first.year, last.year + 1))

    def festival(self, key: str, year: int) -> date | None:
        """The festival's day in that year; None where nobody has written it down.

        Raises:
            KeyError: no festival of that name.
        """
        return self.festivals[key].in_year(year)

    def festivals_of(self, year: int) -> dict[str, date]:
        """Every festival whose day in that year is known, in the order of the year."""
        found = {key: day for key, one in self.festivals.items() if (day := one.in_year(year)) is not None}
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def _content(self) -> object:
        years = [(one.year, sorted(one.off), sorted(one.made_up), one.is_provisional) for one in self._years.values()]
        named = [(one.key, one.month_and_day, sorted(one.days.items()), one.off) for one in self.festivals.values()]
        return sorted(years), sorted(named, key=lambda one: one[0])
