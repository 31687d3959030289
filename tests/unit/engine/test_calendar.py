"""Working days: checked by hand against the notices, day by day against a library, and by what must always hold."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.calendar import FESTIVALS, Calendar
from app.engine.calendar_files import load_calendars
from app.engine.problems import DefinitionError
from tests.unit.engine.workbench import WORKFLOWS

FOLDER = WORKFLOWS / "calendars"
CALENDAR = load_calendars(FOLDER)
DAYS = st.dates(date(2024, 1, 1), date(2034, 12, 31))
COUNTS = st.integers(0, 60)


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2025, 1, 26), True),  # 周日，春节调休上班
        (date(2025, 1, 27), True),
        (date(2025, 1, 28), False),  # 除夕
        (date(2025, 2, 4), False),  # 正月初七
        (date(2025, 2, 5), True),
        (date(2025, 2, 8), True),  # 周六，春节调休上班
        (date(2025, 2, 9), False),
        (date(2025, 9, 28), True),  # 周日，国庆调休上班
        (date(2025, 10, 1), False),
        (date(2025, 10, 6), False),  # 中秋
        (date(2025, 10, 8), False),
        (date(2025, 10, 9), True),
        (date(2025, 10, 11), True),  # 周六，国庆调休上班
        (date(2025, 10, 12), False),
        (date(2026, 1, 4), True),
        (date(2026, 11, 21), False),
        (date(2024, 2, 9), True),  # 2024 年除夕只是鼓励休息
    ],
)
def test_the_offices_are_open_as_the_notice_says(day: date, is_working: bool) -> None:  # noqa: FBT001 - a table
    assert CALENDAR.is_working_day(day) is is_working


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 30), 3, date(2025, 10, 11)),  # 9 日、10 日和调休的 11 日（周六）
        (date(2025, 9, 30), 4, date(2025, 10, 13)),
        (date(2025, 9, 26), 1, date(2025, 9, 28)),  # 周五之后的下一个工作日是周日
        (date(2025, 1, 24), 2, date(2025, 1, 27)),
        (date(2025, 1, 27), 1, date(2025, 2, 5)),
        (date(2026, 11, 24), 3, date(2026, 11, 27)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2025, 10, 9), -1, date(2025, 9, 30)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
    ],
)
def test_working_days_are_counted_over_weekends_holidays_and_make_up_days(start: date, count: int, end: date) -> None:
    assert CALENDAR.add_working_days(start, count) == end


def test_the_calendar_agrees_with_a_library_on_every_day_of_twelve_years() -> None:
    library = holidays.country_holidays("CN", years=range(2024, 2036))
    day, differing = date(2024, 1, 1), []
    while day < date(2036, 1, 1):
        if library.is_working_day(day) != CALENDAR.is_working_day(day):
            differing.append(day)
        day += timedelta(days=1)
    assert differing == []


def test_every_festival_has_its_day_in_every_year_of_the_table() -> None:
    library = holidays.country_holidays("CN", years=range(2020, 2036), language="zh_CN")
    names = {"spring_festival": "春节", "qingming": "清明节", "dragon_boat": "端午节", "mid_autumn": "中秋节"}
    for year in range(2020, 2036):
        days = CALENDAR.festivals_of(year)
        assert set(days) == set(FESTIVALS)
        for key, name in names.items():
            assert name in library[days[key]]
        assert days["lantern"] == days["spring_festival"] + timedelta(days=14)
    assert CALENDAR.festival("double_ninth", 2026) == date(2026, 10, 18)
    assert CALENDAR.festival("womens_day", 2026) == date(2026, 3, 8)
    assert CALENDAR.festival("spring_festival", 2036) is None


def test_a_year_whose_notice_is_not_published_is_provisional_and_goes_by_the_law() -> None:
    assert not CALENDAR.is_provisional(date(2024, 1, 1), date(2026, 12, 31))
    assert CALENDAR.is_provisional(date(2026, 12, 30), date(2027, 1, 4))
    assert CALENDAR.is_provisional(date(2040, 1, 1), date(2040, 1, 2))
    assert CALENDAR.holidays(2027) == CALENDAR.by_law(2027)
    assert not CALENDAR.is_working_day(date(2027, 2, 10))  # 初一、初二逢周末，补到 9 日、10 日
    assert CALENDAR.is_working_day(date(2027, 2, 11))


def test_without_any_file_only_weekends_are_known_and_nothing_is_certain() -> None:
    bare = Calendar()
    assert bare.is_working_day(date(2026, 10, 1))
    assert not bare.is_working_day(date(2026, 10, 3))
    assert bare.is_provisional(date(2026, 10, 1), date(2026, 10, 1))


@given(DAYS, COUNTS)
def test_as_many_working_days_lie_between_as_were_added(start: date, count: int) -> None:
    end = CALENDAR.add_working_days(start, count)
    assert CALENDAR.working_days(start, end) == count
    assert count == 0 or CALENDAR.is_working_day(end)


@given(DAYS, st.integers(1, 60))
def test_counting_back_leads_to_where_one_started(start: date, count: int) -> None:
    day = CALENDAR.next_working_day(start)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(day, count), -count) == day


@given(DAYS, st.integers(0, 9), COUNTS)
def test_who_begins_later_never_has_to_be_done_earlier(start: date, later: int, count: int) -> None:
    end, end_later = (CALENDAR.add_working_days(start + timedelta(days=days), count) for days in (0, later))
    assert end <= end_later


@given(DAYS)
def test_the_next_working_day_is_the_first_that_is_open(day: date) -> None:
    found = CALENDAR.next_working_day(day)
    assert CALENDAR.is_working_day(found)
    assert not any(CALENDAR.is_working_day(day + timedelta(days=gap)) for gap in range((found - day).days))


def test_another_notice_gives_the_calendar_another_digest(tmp_path: Path) -> None:
    assert load_calendars(_copy(tmp_path)).digest == CALENDAR.digest
    _spoil(tmp_path, "2027.yaml", "to: 2027-02-10}", "to: 2027-02-12, make_up: [2027-02-20]}")
    assert load_calendars(tmp_path).digest != CALENDAR.digest


FAULTS = [
    ("2026.yaml", "make_up: [2026-01-04]", "make_up: [2026-01-05]", "make_up_day"),  # a Monday
    ("2026.yaml", "make_up: [2026-01-04]", "make_up: [2026-01-03]", "make_up_day"),  # in the holiday
    ("2026.yaml", "make_up: [2026-01-04]", "make_up: [2026-01-04, 2026-01-04]", "make_up_day"),
    ("2026.yaml", "make_up: [2026-01-04]", "make_up: [Sunday]", "make_up_day"),
    ("2026.yaml", "to: 2026-01-03", "to: 2025-12-31", "holiday_days"),
    ("2026.yaml", "to: 2026-02-23", "to: 2026-12-23", "holiday_days"),
    ("2026.yaml", "to: 2026-01-03", "until: 2026-01-03", "calendar_keys"),
    ("2026.yaml", "to: 2026-01-03", "to: soon", "calendar_keys"),
    ("2026.yaml", "  new_year: ", "  new_yaer: ", "unknown_festival"),
    ("2026.yaml", "year: 2026", "year: 2025", "calendar_year"),
    ("2026.yaml", "year: 2026", "year: 2026\nprovisional: maybe", "calendar_keys"),
    ("2026.yaml", "year: 2026", "year: 2026\nyear: 2026", "duplicate_key"),
    ("festivals.yaml", "    month: 1\n    day: 1\n", "    month: 2\n    day: 30\n", "festival_day"),
    ("festivals.yaml", "    month: 1\n    day: 1\n", "", "festival_day"),
    ("festivals.yaml", "2021-02-12, 2022-02-01", "2021-02-12, 2021-02-01", "festival_day"),
    ("festivals.yaml", "off: {first: -1, last: 2}", "off: {first: 2, last: -1}", "festival_day"),
    ("festivals.yaml", "off: {first: -1, last: 2}", "off: {first: -1}", "calendar_keys"),
    ("festivals.yaml", "title: {zh: 元旦, ", "title: {", "calendar_keys"),
    ("festivals.yaml", "  constitution_day:", "  constitutionday:", "missing_festival"),
]


@pytest.mark.parametrize(("name", "old", "new", "code"), FAULTS)
def test_a_fault_in_a_calendar_is_named_with_file_and_line(
    tmp_path: Path, name: str, old: str, new: str, code: str
) -> None:
    _spoil(_copy(tmp_path), name, old, new)
    with pytest.raises(DefinitionError) as caught:
        load_calendars(tmp_path)
    problem = next(one for one in caught.value.problems if one.code == code)
    assert problem.file == name
    assert problem.line is not None
    assert "{" not in problem.text.zh + problem.text.en


def test_a_folder_without_festivals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"festivals\.yaml"):
        load_calendars(tmp_path)


def _copy(place: Path) -> Path:
    for path in FOLDER.glob("*.yaml"):
        (place / path.name).write_bytes(path.read_bytes())
    return place


def _spoil(place: Path, name: str, old: str, new: str) -> None:
    text = (place / name).read_text(encoding="utf-8")
    assert old in text
    (place / name).write_text(text.replace(old, new, 1), encoding="utf-8")
