"""Reads the calendars: one file per year with its holidays and make-up working days, and one with the festivals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.engine.calendar import FESTIVALS, Calendar, Festival, Holidays
from app.engine.loading import load_mapping
from app.engine.problems import DefinitionError, Problem, Where, hint
from app.wording import Text

FESTIVALS_FILE = "festivals.yaml"
LONGEST_HOLIDAY = 15
LARGEST_SHIFT = 10

_SENTENCES = {
    "no_calendar": Text(
        "这里没有 {name}。请放回随程序的那一份。",
        "There is no {name} here. Put back the one that came with the program.",
    ),
    "calendar_keys": Text(
        "这一项写得不对：要有 {wanted}。", "This entry is not written as it should be: it needs {wanted}."
    ),
    "calendar_year": Text(
        "文件名要是“年份.yaml”，year 要与它相同。", "The file is called by its year, and year says the same."
    ),
    "unknown_festival": Text("没有叫“{name}”的节日。{hint}", "There is no festival “{name}”. {hint}"),
    "missing_festival": Text("缺少节日“{name}”。请补上。", "The festival “{name}” is missing. Add it."),
    "holiday_days": Text(
        "“{name}”的起止要在 {year} 年里，先后不颠倒，不超过 15 天。",
        "“{name}” begins and ends in {year}, in that order, and lasts at most 15 days.",
    ),
    "make_up_day": Text(
        "{day} 不能是调休上班的日子：要是 {year} 年的周六或周日，不在假期里，也只写一次。",
        "{day} cannot be a make-up working day: it must be a Saturday or Sunday of {year}, in no holiday, named once.",
    ),
    "festival_day": Text(
        "“{name}”要写 month 和 day，或者在 on 里每年写一个日期。",
        "“{name}” says month and day, or names one date for each year under on.",
    ),
}


def load_calendars(folder: Path) -> Calendar:
    """The calendar that the files of a folder make together.

    Raises:
        DefinitionError: with the problems of all files.
    """
    problems: list[Problem] = []
    festivals: list[Festival] = []
    years: list[Holidays] = []
    if not (folder / FESTIVALS_FILE).is_file():
        problems.append(_problem(FESTIVALS_FILE, None, "no_calendar", name=FESTIVALS_FILE))
    for path in sorted(folder.glob("*.yaml")):
        try:
            document, lines = load_mapping(path)
        except DefinitionError as error:
            problems += error.problems
            continue
        read = _Reader(path, lines)
        if path.name == FESTIVALS_FILE:
            festivals = read.festivals(document)
        else:
            years += read.year(document)
        problems += read.problems
    if problems:
        raise DefinitionError(problems)
    return Calendar(years, festivals)


def _problem(file: str, line: int | None, code: str, **figures: object) -> Problem:
    text = _SENTENCES[code]
    zh, en = ({k: v.in_(tongue) if isinstance(v, Text) else v for k, v in figures.items()} for tongue in ("zh", "en"))
    return Problem(file, line, code, Text(text.zh.format(**zh), text.en.format(**en)))


class _Reader:
    """One file, and what is wrong with it."""

    def __init__(self, path: Path, lines: Mapping[Where, int]) -> None:
        self.path = path
        self.lines = lines
        self.problems: list[Problem] = []

    def report(self, code: str, where: Where, **figures: object) -> None:
        """Note a fault."""
        line = next((self.lines[where[:end]] for end in range(len(where), -1, -1) if where[:end] in self.lines), None)
        self.problems.append(_problem(self.path.name, line, code, **figures))

    def is_shaped(self, value: object, where: Where, needed: dict[str, type], extra: dict[str, type]) -> bool:
        """Whether a mapping has exactly these keys, with values of these types."""
        known = needed | extra
        if (
            isinstance(value, dict)
            and needed.keys() <= value.keys() <= known.keys()
            and all(type(item) is known[key] for key, item in value.items())
        ):
            return True
        self.report("calendar_keys", where, wanted=", ".join([*needed, *(f"({key})" for key in extra)]))
        return False

    def year(self, document: dict[str, Any]) -> list[Holidays]:
        """The year of a file; none when it cannot be used."""
        if not self.is_shaped(document, (), {"year": int, "holidays": dict}, {"provisional": bool}):
            return []
        year = document["year"]
        if self.path.stem != str(year) or not date.min.year < year < date.max.year:
            self.report("calendar_year", ("year",))
            return []
        off: set[date] = set()
        make_up: list[tuple[Where, object]] = []
        for key, one in document["holidays"].items():
            where: Where = ("holidays", key)
            if key not in FESTIVALS:
                self.report("unknown_festival", where, name=key, hint=hint(key, FESTIVALS))
            if not self.is_shaped(one, where, {"from": date, "to": date}, {"make_up": list}):
                continue
            first, last = one["from"], one["to"]
            if not (first.year == last.year == year and 0 <= (last - first).days < LONGEST_HOLIDAY):
                self.report("holiday_days", where, name=key, year=year)
                continue
            off |= {first + timedelta(days=after) for after in range((last - first).days + 1)}
            make_up += [((*where, "make_up", place), day) for place, day in enumerate(one.get("make_up", []))]
        made_up = frozenset(self._made_up(year, off, make_up))
        return [Holidays(year, frozenset(off), made_up, is_provisional=document.get("provisional", False))]

    def _made_up(self, year: int, off: set[date], named: list[tuple[Where, object]]) -> Iterator[date]:
        seen: set[object] = set()
        for where, day in named:
            if type(day) is date and day.year == year and day.weekday() >= 5 and day not in off | seen:
                seen.add(day)
                yield day
            else:
                self.report("make_up_day", where, day=day, year=year)

    def festivals(self, document: dict[str, Any]) -> list[Festival]:
        """The festivals of the file."""
        if not self.is_shaped(document, (), {"festivals": dict}, {}):
            return []
        found = [self._festival(key, one) for key, one in document["festivals"].items()]
        for key in FESTIVALS:
            if key not in document["festivals"]:
                self.report("missing_festival", ("festivals",), name=key)
        return [one for one in found if one is not None]

    def _festival(self, key: str, one: Any) -> Festival | None:
        where: Where = ("festivals", key)
        if key not in FESTIVALS:
            self.report("unknown_festival", where, name=key, hint=hint(key, FESTIVALS))
        extra = {"month": int, "day": int, "on": list, "off": dict}
        if not self.is_shaped(one, where, {"title": dict}, extra):
            return None
        if not self.is_shaped(one["title"], (*where, "title"), {"zh": str, "en": str}, {}):
            return None
        off = one.get("off")
        if off is not None and not (
            self.is_shaped(off, (*where, "off"), {"first": int, "last": int}, {})
            and self._is_span(off, (*where, "off"), key)
        ):
            return None
        fixed, days = _month_and_day(one), _days(one)
        if (fixed is None) == (days is None):
            self.report("festival_day", where, name=key)
            return None
        return Festival(key, Text(**one["title"]), fixed, days or {}, off and (off["first"], off["last"]))

    def _is_span(self, off: dict[str, int], where: Where, key: str) -> bool:
        if -LARGEST_SHIFT <= off["first"] <= off["last"] <= LARGEST_SHIFT:
            return True
        self.report("festival_day", where, name=key)
        return False


def _month_and_day(one: dict[str, Any]) -> tuple[int, int] | None:
    """Month and day of a festival, where they are a day of every year."""
    try:
        date(2023, one["month"], one["day"])  # not a leap year: 29 February is no day of every year
    except (KeyError, ValueError):
        return None
    return one["month"], one["day"]


def _days(one: dict[str, Any]) -> dict[int, date] | None:
    """The festival's day by year, where each year has one."""
    days = one.get("on")
    if not days or not all(type(day) is date for day in days):
        return None
    by_year = {day.year: day for day in days}
    return by_year if len(by_year) == len(days) else None
