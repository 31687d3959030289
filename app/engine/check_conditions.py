"""Proof of the conditions: they read what is there, compare like with like, and always choose exactly one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.engine.conditions import SETTING_PREFIX, Value
from app.engine.definition import FREE_TEXT, Action, Compare, Condition, Definition, Field, FieldType, Operand, Setting
from app.engine.problems import Fault, Where, fault, hint
from app.engine.ranges import Domain, TooWideError, Truth, Whole, Word, comparisons, judge
from app.engine.vocabulary import ConstantType, Vocabulary
from app.wording import Text

LARGEST_MONEY = 10**13 - 1
"""Fen; below one hundred billion yuan."""

_ORDER = frozenset({"above", "at_least", "below", "at_most"})


@dataclass(frozen=True, slots=True)
class Known:
    """An operand that may be compared."""

    title: Text
    domain: Domain
    money: bool = False
    choices: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One condition of a list, with where it stands and what it chooses."""

    where: Where
    condition: Condition | None
    chooses: Text


def condition_faults(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    """What is wrong with branches and approvals."""
    for action in definition.actions:
        where: Where = ("actions", action.name)
        titles = {state.name: state.title for state in definition.states}
        branches = [
            _Line((*where, "to", place, "when"), one.when, titles.get(one.state, Text(one.state, one.state)))
            for place, one in enumerate(action.branches)
        ]
        if not action.returns:  # the actor names the state
            yield from _list("branch", action, branches, definition, vocabulary)
        approvals = [
            _Line((*where, "approvals", place, "when"), one.when, _people(one.need))
            for place, one in enumerate(action.quorums)
        ]
        yield from _list("approvals", action, approvals, definition, vocabulary)


def _people(need: int | None) -> Text:
    return Text("全体", "all") if need is None else Text(f"{need} 人", f"{need}")


def _list(
    kind: str, action: Action, lines: list[_Line], definition: Definition, vocabulary: Vocabulary
) -> Iterator[Fault]:
    if not lines or (len(lines) == 1 and lines[0].condition is None):
        return
    known: dict[str, Known] = {}
    faults = [fault for line in lines for fault in _reads(line, definition, vocabulary, known)]
    yield from faults
    if not faults:
        yield from _choice(kind, action, lines, known)


def _choice(kind: str, action: Action, lines: Sequence[_Line], known: Mapping[str, Known]) -> Iterator[Fault]:
    where: Where = ("actions", action.name, "to" if kind == "branch" else "approvals")
    domains = {name: one.domain for name, one in known.items()}
    try:
        verdict = judge([line.condition for line in lines], domains)
    except TooWideError:
        yield fault("condition_too_wide", where)
        return
    if verdict.gap is not None:
        yield fault(f"{kind}_gap", where, action=action.title, witness=witness(verdict.gap, known))
    if verdict.overlap is not None and not (kind == "approvals" and action.quorums[0].party is not None):
        values, first, second = verdict.overlap
        yield fault(
            f"{kind}_overlap",
            lines[second].where,
            action=action.title,
            witness=witness(values, known),
            first=lines[first].chooses,
            second=lines[second].chooses,
        )
    for place in verdict.dead:
        yield fault("dead_branch", lines[place].where, action=action.title)


def _reads(line: _Line, definition: Definition, vocabulary: Vocabulary, known: dict[str, Known]) -> Iterator[Fault]:
    """Faults of the comparisons of one condition; operands that are in order are added to ``known``."""
    for compare in comparisons(line.condition):
        rights = compare.right if isinstance(compare.right, tuple) else (compare.right,)
        names = [compare.left, *(SETTING_PREFIX + right.name for right in rights if isinstance(right, Setting))]
        faults = [fault for name in names for fault in _operand(name, line.where, definition, vocabulary, known)]
        yield from faults
        if not faults:
            yield from _compared(compare, rights, line.where, known)


def _operand(
    name: str, where: Where, definition: Definition, vocabulary: Vocabulary, known: dict[str, Known]
) -> Iterator[Fault]:
    if name.startswith(SETTING_PREFIX):
        setting = name.removeprefix(SETTING_PREFIX)
        if setting not in vocabulary.settings:
            yield fault("unknown_setting", where, name=setting, hint=hint(setting, vocabulary.settings))
        else:
            known[name] = known_setting(setting, vocabulary.settings[setting])
        return
    fields = {field.name: field for field in definition.fields}
    if name not in fields:
        yield fault("unknown_field", where, name=name, hint=hint(name, fields))
        return
    faults = list(_unfit(fields[name], where))
    yield from faults
    if not faults:
        known[name] = known_field(fields[name])


def known_setting(name: str, kind: ConstantType) -> Known:
    """A figure of the union as an operand."""
    title = Text(f"本会设置 {name}", f"setting {name}")
    if kind is bool:
        return Known(title, Truth())
    if kind is str:
        return Known(title, Word())
    money = name.endswith("_fen")
    return Known(title, Whole(0, LARGEST_MONEY) if money else Whole(), money)


def _unfit(field: Field, where: Where) -> Iterator[Fault]:
    """Why a field may not choose a way."""
    if field.personal:
        yield fault("condition_personal", where, field=field.title)
    if field.asked or field.filled_by is not None:
        yield fault("condition_late", where, field=field.title)
    elif not field.required:
        yield fault("condition_optional", where, field=field.title)
    comparable = {FieldType.MONEY, FieldType.INTEGER, FieldType.CHOICE, FieldType.ACCOUNT, FieldType.BOOL}
    if field.type in FREE_TEXT or field.type not in comparable:
        yield fault("condition_kind", where, field=field.title, type=field.type.value)


def known_field(field: Field) -> Known:
    """A field of the form as an operand; its type is one that may be compared."""
    if field.type is FieldType.BOOL:
        return Known(field.title, Truth())
    if field.type is FieldType.CHOICE:
        return Known(field.title, Word(tuple(name for name, _ in field.choices)), choices=field.choices)
    if field.type is FieldType.ACCOUNT:
        return Known(field.title, Word())
    money = field.type is FieldType.MONEY
    low, high = field.at_least, field.at_most
    if money:
        low, high = max(0, low or 0), min(LARGEST_MONEY, LARGEST_MONEY if high is None else high)
    return Known(field.title, Whole(low, high), money)


def _compared(
    compare: Compare, rights: tuple[Operand, ...], where: Where, known: Mapping[str, Known]
) -> Iterator[Fault]:
    left = known[compare.left]
    for right in rights:
        if not _alike(left, compare.op, right, known):
            shown = f"setting {right.name}" if isinstance(right, Setting) else right
            yield fault("condition_types", where, left=left.title, right=shown)
        elif isinstance(right, str) and left.choices and right not in dict(left.choices):
            yield fault("not_one_of", where, value=right, hint=hint(right, dict(left.choices)))


def _alike(left: Known, op: str, right: Operand, known: Mapping[str, Known]) -> bool:
    if op in _ORDER and not isinstance(left.domain, Whole):
        return False
    if isinstance(right, Setting):
        other = known[SETTING_PREFIX + right.name]
        return type(other.domain) is type(left.domain) and other.money == left.money
    if isinstance(right, bool):
        return isinstance(left.domain, Truth)
    return isinstance(left.domain, Whole if isinstance(right, int) else Word)


def witness(values: Mapping[str, Value], known: Mapping[str, Known]) -> Text:
    """The values in words: “金额 = 5000.00、…”."""
    parts = [(known[name].title, _shown(value, known[name])) for name, value in values.items()]
    return Text(
        "、".join(f"{title.zh} = {shown.zh}" for title, shown in parts),
        ", ".join(f"{title.en} = {shown.en}" for title, shown in parts),
    )


def _shown(value: Value, known: Known) -> Text:
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, int) and known.money:
        yuan = f"{value // 100}.{value % 100:02d}"
        return Text(yuan, yuan)
    title = dict(known.choices).get(str(value))
    return title or Text(str(value), str(value))
