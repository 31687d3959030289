"""Published cases as pages and API show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.cases.models import Case
from app.engine.definition import Definition, Field, FieldType
from app.foundation.problems import words
from app.wording import Text


def item_json(
    case: Case,
    definition: Definition,
    fields: list[tuple[Field, Any]],
    approved: list[tuple[str, str]],
    offices: Mapping[str, Text],
) -> dict[str, Any]:
    """One published case: only published fields, and the officers who approved it."""
    return {
        "number": case.number,
        "workflow": case.workflow,
        "kind": words(definition.title),
        "title": case.title,
        "amount_fen": case.amount_fen,
        "category": case.category,
        "day": case.day.isoformat() if case.day else None,
        "published_at": case.published_at.isoformat() if case.published_at else None,
        "fields": {field.name: value for field, value in fields if field.type is not FieldType.PERSON},
        "approved_by": [
            {"name": name, "office": words(offices[office])} if office in offices else {"name": name, "office": None}
            for name, office in approved
        ],
    }


def kv_row(field: Field, value: Any, titles: Mapping[str, Text]) -> dict[str, Any] | None:
    """One published field for the key-value list; None for what has a place of its own on the page."""
    row: dict[str, Any] = {"label": field.title}
    match field.type:
        case FieldType.LINES | FieldType.PERSON | FieldType.CASE:
            return None
        case FieldType.MONEY:
            return row | {"fen": value}
        case FieldType.DATE:
            return row | {"day": value}
        case FieldType.ACCOUNT:
            return row | {"value": titles.get(value, Text(value, value))}
        case FieldType.CHOICE:
            return row | {"value": dict(field.choices).get(value, Text(str(value), str(value)))}
        case FieldType.FILES:
            return row | {"value": Text(f"{value} 份", f"{value} file(s)")}
        case _:
            return row | {"value": value}


def who(approved: list[tuple[str, str]], offices: Mapping[str, Text]) -> Text:
    """经审委员 江一鸣、经审委员 江二鸣."""
    return Text(
        "、".join(f"{offices[office].zh if office in offices else ''} {name}".strip() for name, office in approved),
        ", ".join(f"{name} ({offices[office].en})" if office in offices else name for name, office in approved),
    )
