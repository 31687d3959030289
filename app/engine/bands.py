"""The bands of a workflow: the kinds of cases that its conditions tell apart, each with values that stand for all.

Two cases of one band take the same branch at every step and need the same number of people; so whatever is proved for
the values shown is proved for each case. Lists of conditions that share no operand are looked at one by one, and only
their results are combined; so bands stay few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod

from app.engine.check_conditions import Known, known_field, known_setting, witness
from app.engine.conditions import SETTING_PREFIX, Value, holds, operands
from app.engine.definition import Action, Branch, Condition, Definition, Quorum
from app.engine.ranges import Domain, TooWideError, Truth, Whole, Word, points
from app.engine.vocabulary import ConstantType
from app.wording import Text

MOST_BANDS = 200
"""How many kinds of cases one workflow may tell apart."""

_Key = tuple[str, str]
"""(action, ``to`` or ``approvals``): one list of conditions."""


@dataclass(frozen=True, slots=True)
class Band:
    """One kind of case: which line of each list holds for it."""

    values: Mapping[str, Value]
    """Values of all operands that lead here."""
    witness: Text
    """The same in words; settings whose value is given are left out. Empty where nothing is decided by a field."""
    _lines: Mapping[_Key, int] = field(default_factory=dict)

    def branch(self, action: Action) -> Branch:
        """Where the action leads in this band."""
        return action.branches[self.line(action, "to")]

    def quorum(self, action: Action) -> Quorum | None:
        """How many it needs in this band; None where the action asks no quorum."""
        return action.quorums[self.line(action, "approvals")] if action.quorums else None

    def line(self, action: Action, part: str) -> int:
        """The position of the line that holds; ``part`` is ``to`` or ``approvals``."""
        return self._lines.get((action.name, part), 0)


@dataclass(frozen=True, slots=True)
class _Found:
    values: Mapping[str, Value]
    lines: Mapping[_Key, int]


def bands(
    definition: Definition,
    kinds: Mapping[str, ConstantType],
    settings: Mapping[str, int | bool | str] | None = None,
) -> list[Band]:
    """Every band, in the order of the first list's lines; where ``settings`` are given, only those they allow.

    ``kinds`` are the types of the settings that conditions may name. The lists must be total and disjoint
    (``check_conditions``); of a list with a gap the first line is taken.

    Raises:
        TooWideError: more than ``MOST_BANDS``, or more combinations of values than are looked at.
        KeyError: a condition names a setting whose type is not given.
    """
    lists = dict(_lists(definition))
    known = _known(definition, kinds, lists.values())
    apart = [_classes(group, lists, known, settings) for group in _groups(lists)]
    if prod(len(one) for one in apart) > MOST_BANDS:
        raise TooWideError
    return [_band(chosen, known, settings or {}) for chosen in product(*apart)]


def _band(chosen: Iterable[_Found], known: Mapping[str, Known], settings: Mapping[str, int | bool | str]) -> Band:
    values: dict[str, Value] = {}
    lines: dict[_Key, int] = {}
    for one in chosen:
        values |= one.values
        lines |= one.lines
    shown = {name: value for name, value in values.items() if name.removeprefix(SETTING_PREFIX) not in settings}
    return Band(values, witness(shown, known), lines)


def _lists(definition: Definition) -> Iterator[tuple[_Key, tuple[Condition | None, ...]]]:
    for action in definition.actions:
        ways = () if action.returns else action.branches  # the actor names the state
        parts = (("to", ways), ("approvals", action.quorums))
        for part, lines in parts:
            whens = tuple(line.when for line in lines)
            if any(when is not None for when in whens):
                yield (action.name, part), whens


def _known(
    definition: Definition, kinds: Mapping[str, ConstantType], lists: Iterable[tuple[Condition | None, ...]]
) -> dict[str, Known]:
    names = {name: None for conditions in lists for when in conditions for name in operands(when)}
    return {
        name: known_setting(name.removeprefix(SETTING_PREFIX), kinds[name.removeprefix(SETTING_PREFIX)])
        if name.startswith(SETTING_PREFIX)
        else known_field(definition.field(name))
        for name in names
    }


def _groups(lists: Mapping[_Key, tuple[Condition | None, ...]]) -> list[list[_Key]]:
    """The lists, those that share an operand together."""
    groups: list[tuple[set[str], list[_Key]]] = []
    for key, conditions in lists.items():
        names, keys = {name for when in conditions for name in operands(when)}, [key]
        for other in [one for one in groups if not one[0].isdisjoint(names)]:
            groups.remove(other)
            names |= other[0]
            keys = [*other[1], *keys]
        groups.append((names, keys))
    return [keys for _, keys in groups]


def _classes(
    group: list[_Key],
    lists: Mapping[_Key, tuple[Condition | None, ...]],
    known: Mapping[str, Known],
    settings: Mapping[str, int | bool | str] | None,
) -> list[_Found]:
    """What one group can lead to, each with the first values that do, ordinary ones rather than the greatest or least."""
    conditions = [when for key in group for when in lists[key]]
    names = dict.fromkeys(name for when in conditions for name in operands(when))
    fixed = {
        name: settings[name.removeprefix(SETTING_PREFIX)]
        for name in names
        if settings is not None and name.startswith(SETTING_PREFIX)
    }
    domains = {name: _fixed(known[name].domain, fixed.get(name)) for name in names}
    found: dict[tuple[int, ...], _Found] = {}
    least: dict[tuple[int, ...], int] = {}
    for values in points(conditions, domains):
        if any(values[name] != value for name, value in fixed.items()):
            continue
        lines = tuple(_first(lists[key], values) for key in group)
        extreme = sum(_is_bound(domains[name], value) for name, value in values.items())
        if extreme < least.get(lines, len(values) + 1):
            least[lines] = extreme
            found[lines] = _Found(values, dict(zip(group, lines, strict=True)))
    return [found[lines] for lines in sorted(found)]


def _is_bound(domain: Domain, value: Value) -> bool:
    return isinstance(domain, Whole) and domain.low != domain.high and value in (domain.low, domain.high)


def _fixed(domain: Domain, value: Value) -> Domain:
    """The domain, narrowed to one value where that is known."""
    if value is None or isinstance(domain, Truth):
        return domain
    return Word((str(value),)) if isinstance(domain, Word) else Whole(int(value), int(value))


def _first(conditions: tuple[Condition | None, ...], values: Mapping[str, Value]) -> int:
    return next((place for place, when in enumerate(conditions) if holds(when, values)), 0)
