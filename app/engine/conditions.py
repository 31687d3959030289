"""Comparisons of a field or a setting with constants: the only thing that may choose a branch or a quorum."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping

from app.engine.definition import AllOf, AnyOf, Compare, Condition, Not, Operand, Setting

Value = int | bool | str | None
SETTING_PREFIX = "setting."

_ORDERED: dict[str, Callable[[int, int], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}


def operands(condition: Condition | None) -> Iterator[str]:
    """The names a condition reads: field names and ``setting.NAME``."""
    match condition:
        case None:
            return
        case Compare(left, _, right):
            yield left
            for operand in right if isinstance(right, tuple) else (right,):
                if isinstance(operand, Setting):
                    yield SETTING_PREFIX + operand.name
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from operands(part)
        case Not(part):
            yield from operands(part)


def read(name: str, data: Mapping[str, object], settings: Mapping[str, int | bool | str]) -> Value:
    """The value of one operand; None when the form does not have it yet."""
    value = settings.get(name.removeprefix(SETTING_PREFIX)) if name.startswith(SETTING_PREFIX) else data.get(name)
    return value if isinstance(value, int | str) else None


def holds(condition: Condition | None, values: Mapping[str, Value]) -> bool:
    """Whether the condition holds for these operand values; a missing value satisfies no comparison."""
    match condition:
        case None:
            return True
        case AllOf(parts):
            return all(holds(part, values) for part in parts)
        case AnyOf(parts):
            return any(holds(part, values) for part in parts)
        case Not(part):
            return not holds(part, values)
        case Compare(left, op, right):
            return _compare(values.get(left), op, right, values)


def _compare(value: Value, op: str, right: Operand | tuple[Operand, ...], values: Mapping[str, Value]) -> bool:
    if op == "one_of":
        options = right if isinstance(right, tuple) else (right,)
        return any(_compare(value, "is", option, values) for option in options)
    other = values.get(SETTING_PREFIX + right.name) if isinstance(right, Setting) else right
    if value is None or other is None or isinstance(other, tuple):
        return False
    if op == "is":
        return value == other
    if op == "is_not":
        return value != other
    if not isinstance(value, int) or not isinstance(other, int):
        return False
    return _ORDERED[op](value, other)
