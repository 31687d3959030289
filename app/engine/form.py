"""The form of a workflow as JSON Schema 2020-12, for clients that fill it in without knowing this product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.engine.check_conditions import LARGEST_MONEY
from app.engine.definition import Definition, Field, FieldType
from app.wording import Text

DRAFT = "draft"
"""What is filled in before submitting."""
LONGEST_TEXT = {FieldType.TEXT: 200, FieldType.LONG_TEXT: 5000}
MOST_FILES = 50
MOST_LINES = 500

Json = dict[str, Any]

_UUID: Json = {"type": "string", "format": "uuid"}


def json_schema(definition: Definition, *, at: str = DRAFT) -> Json:
    """The schema of ``data``: of the whole form (``at="draft"``), or of what one action asks (its name).

    A draft may be saved with less than ``required`` says; submitting it asks for all of it. Whatever is ``readOnly`` is
    worked out by the server: a client leaves it out, or sends a total that agrees.

    Raises:
        KeyError: there is no such action.
    """
    if at == DRAFT:
        fields = [field for field in definition.fields if not field.asked]
        required = [field.name for field in fields if field.required and not _computed(field)]
        title = definition.title
    else:
        action = definition.action(at)
        if action is None:
            raise KeyError(at)
        fields = list(definition.drafting_fields) if action.amends else [definition.field(name) for name in action.asks]
        required = list(action.asks)
        title = action.title
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_titled(title, None),
        **_object(fields, required),
    }


def _computed(field: Field) -> bool:
    return field.sum_of is not None or field.filled_by is not None


def _object(fields: list[Field], required: list[str]) -> Json:
    return {
        "type": "object",
        "properties": {field.name: _property(field, required=field.name in required) for field in fields},
        "required": required,
        "additionalProperties": False,
    }


def _property(field: Field, *, required: bool) -> Json:
    schema = {**_titled(field.title, field.hint), **_TYPES[field.type](field)}
    if required and field.type in (FieldType.TEXT, FieldType.LONG_TEXT):
        schema["minLength"] = 1
    if required and field.type in (FieldType.FILES, FieldType.LINES):
        schema["minItems"] = 1
    if field.default is not None:
        schema["default"] = field.default
    if _computed(field):
        schema["readOnly"] = True
    if field.sum_of is not None:
        schema["x-sum-of"] = ".".join(field.sum_of)
    if field.filled_by is not None:
        schema["x-filled-by"] = field.filled_by
    marks = {"x-material": field.material, "x-personal": field.personal}
    schema |= {mark: True for mark, holds in marks.items() if holds}
    return schema | {"x-publish": field.publish.value}


def _titled(title: Text, hint: Text | None) -> Json:
    """Chinese where JSON Schema has a word for it, both languages beside it."""
    schema: Json = {"title": title.zh, "x-title": title._asdict()}
    if hint is not None:
        schema |= {"description": hint.zh, "x-hint": hint._asdict()}
    return schema


def _text(field: Field) -> Json:
    return {"type": "string", "maxLength": LONGEST_TEXT[field.type]}


def _money(field: Field) -> Json:
    low = max(0, field.at_least or 0)
    high = LARGEST_MONEY if field.at_most is None else min(LARGEST_MONEY, field.at_most)
    return {"type": "integer", "minimum": low, "maximum": high, "x-unit": "fen"}


def _integer(field: Field) -> Json:
    bounds = {"minimum": field.at_least, "maximum": field.at_most}
    return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}


def _choice(field: Field) -> Json:
    return {
        "type": "string",
        "enum": [name for name, _ in field.choices],
        "x-choices": {name: title._asdict() for name, title in field.choices},
    }


def _files(_field: Field) -> Json:
    return {"type": "array", "items": _UUID, "maxItems": MOST_FILES, "uniqueItems": True, "x-kind": "file"}


def _case(field: Field) -> Json:
    return {**_UUID, "x-kind": "case"} | ({} if field.workflow is None else {"x-workflow": field.workflow})


def _lines(field: Field) -> Json:
    required = [column.name for column in field.columns if column.required]
    return {"type": "array", "items": _object(list(field.columns), required), "maxItems": MOST_LINES}


_TYPES: dict[FieldType, Callable[[Field], Json]] = {
    FieldType.TEXT: _text,
    FieldType.LONG_TEXT: _text,
    FieldType.MONEY: _money,
    FieldType.INTEGER: _integer,
    FieldType.CHOICE: _choice,
    FieldType.FILES: _files,
    FieldType.CASE: _case,
    FieldType.LINES: _lines,
    FieldType.DATE: lambda _field: {"type": "string", "format": "date"},
    FieldType.BOOL: lambda _field: {"type": "boolean"},
    FieldType.PERSON: lambda _field: {**_UUID, "x-kind": "person"},
    FieldType.ACCOUNT: lambda field: {"type": "string", "x-kind": "account", "x-account-kind": field.account_kind},
    FieldType.INVOICE: lambda _field: {"type": "string", "maxLength": 40, "x-kind": "invoice"},
}
