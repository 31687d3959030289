"""What the templates' filters make of amounts, moments and wording."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from jinja2 import Environment

from app.foundation.rendering import install
from app.wording import Language, Text


def page(template: str, language: Language = "zh", **values: object) -> str:
    """The template rendered by an environment of its own."""
    env = Environment(autoescape=True)
    install(env, language=lambda: language, csrf_token=lambda: "token-1")
    return env.from_string(template).render(values)


def test_a_member_reads_a_text_in_the_language_chosen() -> None:
    returned = Text("已退回", "Returned")
    assert page("{{ x|w }}", x=returned) == "已退回"
    assert page("{{ x|w }}", "en", x=returned) == "Returned"
    assert page("{{ x|w }}", "en", x={"zh": "已退回", "en": "Returned"}) == "Returned"
    assert page("{{ t('提交', 'Submit') }}", "en") == "Submit"


def test_a_purpose_typed_by_a_person_is_shown_as_typed_and_escaped() -> None:
    assert page("{{ x|w }}", "en", x="<b>五一</b>用品") == "&lt;b&gt;五一&lt;/b&gt;用品"
    assert page("{{ x|w }}", x=None) == ""


def test_a_macro_imported_without_context_still_speaks_the_readers_language() -> None:
    assert page("{% macro m() %}{{ t('同意', 'Approve') }} {{ csrf_token() }}{% endmacro %}{{ m() }}", "en") == (
        "Approve token-1"
    )


@pytest.mark.parametrize(
    ("fen", "shown", "typed"),
    [(128600, "1,286.00", "1286.00"), (-5, "-0.05", "-0.05"), (0, "0.00", "0.00"), (None, "", "")],
)
def test_an_amount_is_shown_with_separators_and_edited_without(fen: int | None, shown: str, typed: str) -> None:
    assert page("{{ x|yuan }}", x=fen) == shown
    assert page("{{ x|as_typed }}", x=fen) == typed


def test_an_amount_typed_wrongly_comes_back_as_it_was_typed() -> None:
    assert page("{{ x|as_typed }}", x="12.345") == "12.345"


def test_capitals_carry_the_prefix_and_say_when_they_are_negative() -> None:
    assert page("{{ x|capitals }}", x=140950) == "人民币壹仟肆佰零玖元伍角整"
    assert page("{{ x|capitals }}", x=-10000) == "人民币负壹佰元整"


def test_charts_count_in_ten_thousands_rounded_half_up() -> None:
    assert [page("{{ x|wan }}", x=x) for x in (12_860_000, 12_850_000, 12_849_999, 0, -12_860_000)] == [
        "12.9",
        "12.9",
        "12.8",
        "0.0",
        "-12.9",
    ]


def test_a_budget_line_is_full_only_when_nothing_is_left() -> None:
    assert page("{{ 9999|percent(10000) }}") == "99"
    assert page("{{ 10000|percent(10000) }}") == "100"
    assert page("{{ 1|percent(0) is none }}") == "True"


def test_a_moment_late_in_the_utc_evening_belongs_to_the_next_day_in_china() -> None:
    moment = datetime(2026, 4, 27, 17, 5, tzinfo=UTC)
    assert page("{{ x|when }}|{{ x|day }}|{{ x|long_day }}", x=moment) == "2026-04-28 01:05|2026-04-28|2026年4月28日"
    assert page("{{ x|when }}|{{ x|day }}", x="2026-04-27T17:05:00.000000Z") == "2026-04-28 01:05|2026-04-28"
    assert page("{{ x|machine_time }}", x=moment) == "2026-04-28T01:05:00+08:00"


def test_a_date_is_a_date_in_both_languages() -> None:
    assert page("{{ x|day }} {{ x|long_day }}", "en", x=date(2026, 5, 1)) == "2026-05-01 1 May 2026"
    assert page("{{ x|day }}", x="2026-05-01") == "2026-05-01"
    assert page("{{ x|day }}{{ x|when }}{{ x|long_day }}", x=None) == ""


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        page("{{ x|when }}", x=datetime(2026, 4, 28, 9, 5))  # noqa: DTZ001 -- the mistake under test


def test_a_file_is_never_shown_as_empty_unless_it_is() -> None:
    assert [page("{{ x|size }}", x=x) for x in (0, 1, 839_680, 1_250_000)] == ["0 KB", "1 KB", "820 KB", "1.2 MB"]


def test_a_qr_code_is_an_inline_drawing_without_styles() -> None:
    drawn = page("{{ x|qr }}", x="https://union.example/public?a=<b>")
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
    assert "<b>" not in drawn
