"""Proof of the form: each field is what its name and type say, and is filled in by somebody."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.definition import FREE_TEXT, Definition, Field, FieldType, Publish
from app.engine.problems import Fault, Where, fault, hint
from app.engine.vocabulary import Vocabulary
from app.wording import Text

NUMBERS = frozenset({FieldType.MONEY, FieldType.INTEGER})

_ATTRIBUTES: dict[str, frozenset[FieldType]] = {
    "at_least": NUMBERS,
    "at_most": NUMBERS,
    "choices": frozenset({FieldType.CHOICE}),
    "columns": frozenset({FieldType.LINES}),
    "sum_of": frozenset({FieldType.MONEY}),
    "workflow": frozenset({FieldType.CASE}),
    "default": NUMBERS | FREE_TEXT | {FieldType.CHOICE, FieldType.BOOL},
}
"""Which types an attribute has a meaning for."""

_NEEDED = ((FieldType.CHOICE, "choices"), (FieldType.LINES, "columns"))

_SUMMARY: dict[str, tuple[frozenset[FieldType], Text]] = {
    "title": (FREE_TEXT | {FieldType.CHOICE}, Text("文字（text）", "text")),
    "amount": (frozenset({FieldType.MONEY}), Text("金额（money）", "money")),
    "category": (frozenset({FieldType.ACCOUNT, FieldType.CHOICE}), Text("科目（account）", "account")),
    "day": (frozenset({FieldType.DATE}), Text("日期（date）", "date")),
}


def field_faults(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    """What is wrong with the fields, and with what names them."""
    for field in definition.fields:
        where: Where = ("fields", field.name)
        yield from _one(where, field)
        yield from _total(where, field, definition)
        for column in field.columns:
            yield from _one((*where, "columns", column.name), column)
            if column.type is FieldType.LINES:
                at = (*where, "columns", column.name, "type")
                yield fault("bad_column", at, name=column.title, type=column.type.value)
    yield from _asked(definition)
    yield from _filled(definition, vocabulary)
    yield from _summary(definition)
    yield from _year(definition)


def _one(where: Where, field: Field) -> Iterator[Fault]:
    yield from _name(where, field)
    yield from _attributes(where, field)
    if field.at_least is not None and field.at_most is not None and field.at_least > field.at_most:
        yield fault("bad_bounds", (*where, "at_least"), name=field.title)
    elif field.default is not None and not _fits(field, field.default):
        yield fault("bad_default", (*where, "default"), name=field.title)
    if field.personal and field.publish is Publish.FULL:
        yield fault("personal_published", (*where, "publish"), name=field.title)


def _name(where: Where, field: Field) -> Iterator[Fault]:
    if field.type is FieldType.MONEY and not field.name.endswith("_fen"):
        yield fault("money_name", where, name=field.name)
    if field.type is not FieldType.MONEY and field.name.endswith("_fen"):
        yield fault("not_money_name", where, name=field.name)


def _attributes(where: Where, field: Field) -> Iterator[Fault]:
    for attribute, types in _ATTRIBUTES.items():
        if getattr(field, attribute) not in (None, ()) and field.type not in types:
            yield _about("misplaced", where, field, attribute)
    if field.account_kind != "spending" and field.type is not FieldType.ACCOUNT:
        yield _about("misplaced", where, field, "kind")
    for kind, attribute in _NEEDED:
        if field.type is kind and not getattr(field, attribute):
            yield _about("incomplete_field", where, field, attribute)


def _about(code: str, where: Where, field: Field, attribute: str) -> Fault:
    return fault(code, (*where, attribute), name=field.title, attribute=attribute, type=field.type.value)


def _fits(field: Field, value: int | str | bool) -> bool:  # noqa: FBT001 - a default may be a truth value
    if field.type in NUMBERS:
        low = field.at_least if field.at_least is not None else value
        high = field.at_most if field.at_most is not None else value
        return isinstance(value, int) and not isinstance(value, bool) and int(low) <= value <= int(high)
    if field.type is FieldType.BOOL:
        return isinstance(value, bool)
    if field.type is FieldType.CHOICE:
        return value in dict(field.choices)
    return isinstance(value, str)


def _total(where: Where, field: Field, definition: Definition) -> Iterator[Fault]:
    if field.sum_of is None:
        return
    lines, column = field.sum_of
    money = {
        (one.name, inner.name) for one in definition.fields for inner in one.columns if inner.type is FieldType.MONEY
    }
    if (lines, column) not in money:
        yield fault("bad_total", (*where, "sum_of"), name=field.title, lines=lines, column=column)


def _asked(definition: Definition) -> Iterator[Fault]:
    fields = {field.name: field for field in definition.fields}
    asked: set[str] = set()
    for action in definition.actions:
        for place, name in enumerate(action.asks):
            where: Where = ("actions", action.name, "asks", place)
            if name not in fields:
                yield fault("unknown_field", where, name=name, hint=hint(name, fields))
            elif not fields[name].asked:
                yield fault("not_asked", where, name=fields[name].title)
            if name in action.asks[:place]:
                yield fault("named_twice", where, name=name)
        asked |= set(action.asks)
    for field in definition.fields:
        if field.asked and field.name not in asked:
            yield fault("never_asked", ("fields", field.name, "asked"), name=field.title)


def _filled(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    used = {use.name for action in definition.actions for use in action.effects}
    for field in definition.fields:
        where: Where = ("fields", field.name, "filled_by")
        if field.filled_by is None:
            continue
        if field.filled_by not in vocabulary.effects:
            near = hint(field.filled_by, vocabulary.effects)
            yield fault("unknown_effect", where, name=field.filled_by, hint=near)
        elif field.filled_by not in used:
            yield fault("never_filled", where, name=field.title, effect=field.filled_by)


def _summary(definition: Definition) -> Iterator[Fault]:
    fields = {field.name: field for field in definition.fields}
    for part, (types, kind) in _SUMMARY.items():
        name = getattr(definition.summary, part)
        where: Where = ("summary", part)
        if name is None:
            continue
        if name not in fields:
            yield fault("unknown_field", where, name=name, hint=hint(name, fields))
        elif fields[name].type not in types:
            yield fault("wrong_type", where, name=fields[name].title, kind=kind)


def _year(definition: Definition) -> Iterator[Fault]:
    fields = {field.name: field for field in definition.fields}
    name = definition.year_of
    if name is None:
        return
    if name not in fields:
        yield fault("unknown_field", ("year_of",), name=name, hint=hint(name, fields))
    elif fields[name].type is not FieldType.DATE:
        yield fault("wrong_type", ("year_of",), name=fields[name].title, kind=Text("日期（date）", "date"))
    elif not fields[name].required:
        yield fault("year_optional", ("fields", name), name=fields[name].title)
