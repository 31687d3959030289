"""marshmallow: one strict schema per definition, and the envelopes of the API."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validate

from app.cases.values import CleanData
from app.engine.decision import Order, Verb
from app.engine.definition import Definition, Field, FieldType
from app.foundation.edge import faults_of
from app.foundation.errors import Invalid
from app.foundation.money import LARGEST
from app.foundation.strict_fields import AddressNumber, PlainText, StrictBoolean, WholeNumber
from app.wording import Text

LONGEST_TEXT = 200
LONGEST_LONG_TEXT = 5000
MOST_LINES = 200
MOST_FILES = 50
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_ACCOUNT = re.compile(r"[0-9A-Za-z.]{1,20}\Z")


class Day(fields.String):
    """A calendar day, ``2026-04-28``; kept as text, as the trail hashes it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            day = date.fromisoformat(text) if _DATE.match(text) else None
        except ValueError:
            day = None
        if day is None or not 1990 <= day.year <= 2100:
            raise ValidationError(cast("Any", [Text("日期格式应为 2026-04-28。", "Write the date as 2026-04-28.")]))
        return text


class Id(fields.String):
    """A UUID, kept as lower-case text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise ValidationError(cast("Any", [Text("编号格式不对。", "Not an id.")])) from None


def load_data(definition: Definition, raw: object, action: str | None = None) -> CleanData:
    """Check what a person or program sent for the form: drafting fields, or those that an action asks.

    Raises:
        Invalid: every fault, by path.
    """
    names = _names_at(definition, action)
    if not isinstance(raw, Mapping):
        raise Invalid({"data": [Text("应为对象。", "Send an object.")]})
    try:
        loaded = _schema(definition, names)().load(dict(raw))
    except ValidationError as error:
        raise Invalid({f"data.{path}": texts for path, texts in faults_of(error.messages).items()}) from error
    return CleanData(cast("dict[str, Any]", loaded))


def _names_at(definition: Definition, action: str | None) -> tuple[str, ...]:
    if action is None:
        return tuple(field.name for field in definition.drafting_fields)
    found = definition.action(action)
    if found is not None and found.amends:
        return _names_at(definition, None)
    return found.asks if found else ()


@lru_cache(maxsize=512)
def _schema(definition: Definition, names: tuple[str, ...]) -> type[Schema]:
    return Schema.from_dict({name: _field(definition.field(name)) for name in names}, name=f"{definition.name}_data")


def _field(field: Field) -> fields.Field[Any]:  # noqa: C901 - one case per type of the closed list
    common: dict[str, Any] = {"required": False, "allow_none": True}
    match field.type:
        case FieldType.TEXT:
            return PlainText(LONGEST_TEXT, **common)
        case FieldType.LONG_TEXT:
            return PlainText(LONGEST_LONG_TEXT, multiline=True, **common)
        case FieldType.MONEY:
            low = field.at_least if field.at_least is not None else 0
            high = field.at_most if field.at_most is not None else LARGEST - 1
            return WholeNumber(validate=validate.Range(low, high), **common)
        case FieldType.INTEGER:
            low = field.at_least if field.at_least is not None else -(2**53) + 1
            high = field.at_most if field.at_most is not None else 2**53 - 1
            return WholeNumber(validate=validate.Range(low, high), **common)
        case FieldType.DATE:
            return Day(**common)
        case FieldType.CHOICE:
            return fields.String(validate=validate.OneOf([name for name, _ in field.choices]), **common)
        case FieldType.BOOL:
            return StrictBoolean(**common)
        case FieldType.PERSON | FieldType.CASE:
            return Id(**common)
        case FieldType.ACCOUNT:
            return fields.String(validate=validate.Regexp(_ACCOUNT), **common)
        case FieldType.INVOICE:
            return PlainText(40, **common)
        case FieldType.FILES:
            return fields.List(Id(), validate=validate.Length(max=MOST_FILES), **common)
        case FieldType.LINES:
            row = Schema.from_dict({column.name: _field(column) for column in field.columns})
            return fields.List(fields.Nested(row), validate=validate.Length(max=MOST_LINES), **common)


class OpenSchema(Schema):
    """A new case: which workflow, and the form so far."""

    workflow = fields.String(required=True, validate=validate.Length(1, 60))
    data = fields.Dict(keys=fields.String(), load_default=dict)


class EditSchema(Schema):
    """A draft's form, changed: the version seen, and the fields that change."""

    version = WholeNumber()
    data = fields.Dict(keys=fields.String(), required=True)


class ActSchema(Schema):
    """A step: the version seen, the opinion, and what the action asks."""

    version = WholeNumber()
    comment = PlainText(2000, multiline=True, load_default="")
    data = fields.Dict(keys=fields.String(), load_default=dict)
    return_to = PlainText(60, load_default=None, allow_none=True)
    resume = StrictBoolean(load_default=False)
    paper = fields.Nested(lambda: PaperSchema(), load_default=None, allow_none=True)  # noqa: PLW0108 - defined below


class PaperSchema(Schema):
    """A signed sheet: who signed it, the date on it, and its picture as an uploaded file."""

    signer = Id(required=True)
    dated = Day(required=True)
    file = Id(required=True)


class ArrangeSchema(Schema):
    """Something to arrange about the present step, or to say about the case."""

    verb = fields.String(required=True, validate=validate.OneOf([verb.value for verb in Verb if verb is not Verb.DRAW]))
    action = PlainText(60, load_default="")
    person = Id(load_default=None, allow_none=True)
    comment = PlainText(2000, multiline=True, load_default="")
    order = fields.String(load_default=Order.BESIDE.value, validate=validate.OneOf([one.value for one in Order]))
    mentions = fields.List(Id(), load_default=list, validate=validate.Length(max=50))


class BatchItemSchema(Schema):
    """One case of a batch."""

    id = Id(required=True)
    version = WholeNumber(required=True)


def _each_case_once(items: list[dict[str, Any]]) -> None:
    if len({item["id"] for item in items}) != len(items):
        raise ValidationError(cast("Any", [Text("同一事项出现了两次。", "The same case appears twice.")]))


class BatchSchema(Schema):
    """One step for many cases: every item is decided by itself, and each case is named once."""

    items = fields.List(
        fields.Nested(BatchItemSchema), required=True, validate=[validate.Length(1, 500), _each_case_once]
    )
    comment = PlainText(2000, multiline=True, load_default="")
    data = fields.Dict(keys=fields.String(), load_default=dict)


class InboxSchema(Schema):
    """Which tab of the inbox, from where on."""

    tab = fields.String(load_default="todo", validate=validate.OneOf(["todo", "mine", "done", "cc"]))
    cursor = fields.String(load_default=None, validate=validate.Length(max=200))
    limit = AddressNumber(load_default=50, validate=validate.Range(1, 200))
