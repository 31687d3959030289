"""Exactness of the range splitting: it agrees with trying every value, and shows values where lines fail."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.conditions import Value, holds
from app.engine.definition import AllOf, AnyOf, Compare, Condition, Not, Setting
from app.engine.ranges import Domain, TooWideError, Truth, Whole, Word, judge, points

DOMAINS: dict[str, Domain] = {
    "a": Whole(0, 6),
    "setting.s": Whole(1, 5),
    "flag": Truth(),
    "kind": Word(("x", "y")),
    "place": Word(),
}
EVERYTHING: list[dict[str, Value]] = [
    dict(zip(DOMAINS, row, strict=True))
    for row in product(range(7), range(1, 6), (True, False), ("x", "y"), ("p", "q", "r", "elsewhere"))
]
ORDERED = st.sampled_from(["above", "at_least", "below", "at_most", "is", "is_not"])
NUMBERS = st.integers(-1, 7)

leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, st.just("a"), ORDERED, st.one_of(NUMBERS, st.just(Setting("s")))),
    st.builds(Compare, st.just("setting.s"), ORDERED, NUMBERS),
    st.builds(Compare, st.just("a"), st.just("one_of"), st.lists(NUMBERS, min_size=1, max_size=3).map(tuple)),
    st.builds(Compare, st.just("flag"), st.sampled_from(["is", "is_not"]), st.booleans()),
    st.builds(Compare, st.just("kind"), st.sampled_from(["is", "is_not"]), st.sampled_from(["x", "y"])),
    st.builds(Compare, st.just("place"), st.sampled_from(["is", "is_not"]), st.sampled_from(["p", "q", "r"])),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(conditions, min_size=1, max_size=3))
def test_the_verdict_is_that_of_trying_every_value(lines: list[Condition]) -> None:
    true = [[place for place, line in enumerate(lines) if holds(line, values)] for values in EVERYTHING]
    verdict = judge(lines, DOMAINS)
    assert (verdict.gap is None) == all(true)
    assert (verdict.overlap is None) == all(len(one) <= 1 for one in true)
    assert set(verdict.dead) == set(range(len(lines))) - {place for one in true for place in one}
    if verdict.gap is not None:
        assert not any(holds(line, verdict.gap) for line in lines)
    if verdict.overlap is not None:
        values, first, second = verdict.overlap
        assert holds(lines[first], values)
        assert holds(lines[second], values)


def test_two_neighbouring_whole_numbers_have_nothing_between_them() -> None:
    below, above = Compare("a", "at_most", 5), Compare("a", "at_least", 6)
    assert judge([below, above], {"a": Whole()}).gap is None
    assert judge([below, Compare("a", "at_least", 7)], {"a": Whole()}).gap == {"a": 6}


def test_a_figure_of_the_union_may_lie_anywhere() -> None:
    domains: dict[str, Domain] = {"a": Whole(0), "setting.s": Whole(0)}
    limit = Setting("s")
    assert judge([Compare("a", "at_most", limit), Compare("a", "above", limit)], domains).gap is None
    verdict = judge([Compare("a", "below", limit), Compare("a", "above", limit)], domains)
    assert verdict.gap is not None
    assert verdict.gap["a"] == verdict.gap["setting.s"]


def test_two_figures_of_the_union_may_stand_in_either_order() -> None:
    domains: dict[str, Domain] = {"a": Whole(0), "setting.s": Whole(0), "setting.t": Whole(0)}
    lines = [Compare("a", "at_most", Setting("s")), Compare("a", "above", Setting("t"))]
    verdict = judge(lines, domains)
    assert verdict.gap is not None
    assert verdict.overlap is not None
    low, amount, high = (verdict.gap[name] for name in ("setting.s", "a", "setting.t"))
    assert isinstance(low, int)
    assert isinstance(amount, int)
    assert isinstance(high, int)
    assert low < amount <= high


def test_bounds_of_a_field_are_part_of_the_question() -> None:
    lines = [Compare("a", "at_most", 5)]
    assert judge(lines, {"a": Whole(0, 5)}).gap is None
    assert judge(lines, {"a": Whole(0, 6)}).gap == {"a": 6}


def test_the_number_of_looks_is_bounded() -> None:
    lines = [Compare(name, "one_of", tuple(range(0, 100, 2))) for name in ("a", "b", "c")]
    domains: dict[str, Domain] = {name: Whole() for name in ("a", "b", "c")}
    with pytest.raises(TooWideError):
        judge(lines, domains)
    assert sum(1 for _ in points(lines[:1], {"a": Whole()})) < 200


def test_two_operands_may_both_lie_beyond_a_limit_and_still_differ() -> None:
    apart = AllOf((Compare("a", "above", 10), Compare("a", "below", Setting("s"))))
    domains: dict[str, Domain] = {"a": Whole(), "setting.s": Whole()}
    assert judge([Not(apart)], domains).gap == {"a": 11, "setting.s": 12}
