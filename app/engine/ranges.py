"""Decides exactly whether a list of conditions is total and disjoint, and shows values where it is not.

A condition only compares operands with constants and with each other. So nothing but the order of the values matters,
and it is enough to look at each constant, and beside each constant at as many neighbours as there are operands that
may lie between it and the next one. If the conditions hold as they should for all these, they do for every value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from app.engine.conditions import SETTING_PREFIX, Value, holds
from app.engine.definition import AllOf, AnyOf, Compare, Condition, Not, Setting

MOST_POINTS = 20_000
"""How many combinations are looked at before a list of conditions is called too wide."""
EXAMPLE = 500_000
"""Shown where a whole number is compared with no constant: 5000.00 yuan reads better than 0."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two bounds; None is no bound."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """One of these words; None is any word."""

    options: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """true or false."""


Domain = Whole | Word | Truth


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about a list of conditions."""

    gap: Mapping[str, Value] | None
    """Values for which none holds."""
    overlap: tuple[Mapping[str, Value], int, int] | None
    """Values for which two hold, and which two."""
    dead: tuple[int, ...]
    """Positions of conditions that never hold."""


class TooWideError(Exception):
    """条件太多，无法逐一核对。

    Too many combinations to look at each.
    """


def judge(conditions: Sequence[Condition | None], domains: Mapping[str, Domain]) -> Verdict:
    """Whether for all values of the operands in ``domains`` exactly one condition holds.

    Raises:
        TooWideError: more than ``MOST_POINTS`` combinations.
    """
    gap: Mapping[str, Value] | None = None
    overlap: tuple[Mapping[str, Value], int, int] | None = None
    alive: set[int] = set()
    for values in points(conditions, domains):
        true = [place for place, condition in enumerate(conditions) if holds(condition, values)]
        alive.update(true)
        if not true and gap is None:
            gap = values
        if len(true) > 1 and overlap is None:
            overlap = (values, true[0], true[1])
    return Verdict(gap, overlap, tuple(place for place in range(len(conditions)) if place not in alive))


def points(conditions: Sequence[Condition | None], domains: Mapping[str, Domain]) -> Iterator[dict[str, Value]]:
    """Values of all operands that stand for all others.

    Raises:
        TooWideError: more than ``MOST_POINTS`` combinations.
    """
    compared = [compare for condition in conditions for compare in comparisons(condition)]
    linked = any(setting in domains for compare in compared for setting in _settings(compare))
    columns = [_values(name, domains, compared, linked=linked) for name in domains]
    if prod(len(column) for column in columns) > MOST_POINTS:
        raise TooWideError
    for row in product(*columns):
        yield dict(zip(domains, row, strict=True))


def comparisons(condition: Condition | None) -> Iterator[Compare]:
    """Every comparison in a condition."""
    match condition:
        case None:
            return
        case Compare():
            yield condition
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from comparisons(part)
        case Not(part):
            yield from comparisons(part)


def _settings(compare: Compare) -> Iterator[str]:
    """The operands that a comparison reads on its right side."""
    for right in compare.right if isinstance(compare.right, tuple) else (compare.right,):
        if isinstance(right, Setting):
            yield SETTING_PREFIX + right.name


def _constants(compared: Iterable[Compare]) -> Iterator[int | str]:
    for compare in compared:
        for right in compare.right if isinstance(compare.right, tuple) else (compare.right,):
            if not isinstance(right, Setting):
                yield right


def _values(name: str, domains: Mapping[str, Domain], compared: list[Compare], *, linked: bool) -> Sequence[Value]:
    """What one operand is tried with. Operands that are compared with each other share constants and neighbours."""
    domain = domains[name]
    if isinstance(domain, Truth):
        return (True, False)
    together = [one for one in domains.values() if type(one) is type(domain)] if linked else [domain]
    touching = compared if linked else [compare for compare in compared if compare.left == name]
    constants = set(_constants(touching))
    if isinstance(domain, Word):
        return _words(domain, [one for one in together if isinstance(one, Word)], constants)
    numbers = {one for one in constants if not isinstance(one, str | bool)}
    return _wholes(domain, [one for one in together if isinstance(one, Whole)], numbers)


def _words(domain: Word, together: list[Word], constants: set[int | str]) -> Sequence[str]:
    if domain.options is not None:
        return domain.options
    known = {one for one in constants if isinstance(one, str)} | {
        word for one in together for word in one.options or ()
    }
    others = [word for place in range(len(together)) if (word := "…" + "′" * place) not in known]
    return [*sorted(known), *others]


def _wholes(domain: Whole, together: list[Whole], constants: set[int]) -> Sequence[int]:
    bounds = {bound for one in together for bound in (one.low, one.high) if bound is not None}
    marks = sorted(constants | bounds | (set() if constants else {EXAMPLE}))
    count = len(together)
    tried = [*sorted(constants or {EXAMPLE}), *sorted(bounds)]
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        tried += [mark + step for step in range(1, count + 1) if following is None or mark + step < following]
    tried += [marks[0] - step for step in range(1, count + 1)]
    return [
        value
        for value in dict.fromkeys(tried)
        if (domain.low is None or value >= domain.low) and (domain.high is None or value <= domain.high)
    ]
