"""Published cases as pages and API show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.engine.definition import Field, FieldType
from app.foundation.problems import words
from app.public.queries import Item, Linked, published_columns
from app.wording import Text

_KINDS = {FieldType.MONEY: "money", FieldType.INTEGER: "int"}


def item_json(item: Item, offices: Mapping[str, Text]) -> dict[str, Any]:
    """One published case: only published fields, and the officers who approved it."""
    case = item.case
    return {
        "number": case.number,
        "workflow": case.workflow,
        "kind": words(item.definition.title),
        "title": item.title,
        "amount_fen": item.amount_fen,
        "category": item.category,
        "day": item.day.isoformat() if item.day else None,
        "published_at": case.published_at.isoformat() if case.published_at else None,
        "fields": {field.name: asdict(value) if isinstance(value, Linked) else value for field, value in item.fields},
        "approved_by": [
            {"name": name, "office": words(offices[office]) if office in offices else None}
            for name, office in item.approved
        ],
    }


def list_row(item: Item, offices: Mapping[str, Text], titles: Mapping[str, Text], slug: str) -> dict[str, Any]:
    """One published case in the lists of the page."""
    values = {field.name: value for field, value in item.fields}
    return {
        "workflow": item.case.workflow,
        "number": item.case.number,
        "title": item.title or item.definition.title,
        "fen": item.amount_fen,
        "day": item.day,
        "account": titles.get(item.category) if item.category else None,
        "payee": values.get("payee"),
        "result": values.get("result") or values.get("opinion") or values.get("outcome") or values.get("told"),
        "photos": values.get("photos"),
        "kind": item.definition.title,
        "who": who(item.approved, offices),
        "href": f"/public/{slug}/{item.case.number}",
    }


def kv_rows(item: Item, titles: Mapping[str, Text], slug: str) -> list[dict[str, Any]]:
    """The published fields for the key-value list, lines left out."""
    return [_kv_row(field, value, titles, slug) for field, value in item.fields if field.type is not FieldType.LINES]


def _kv_row(field: Field, value: Any, titles: Mapping[str, Text], slug: str) -> dict[str, Any]:
    row: dict[str, Any] = {"label": field.title}
    match field.type:
        case FieldType.MONEY:
            return row | {"fen": value}
        case FieldType.DATE:
            return row | {"day": value}
        case FieldType.CASE:
            return row | {"value": value.title or value.number, "href": f"/public/{slug}/{value.number}"}
        case FieldType.ACCOUNT | FieldType.CHOICE:
            return row | {"value": _said(field, value, titles)}
        case FieldType.BOOL:
            return row | {"value": Text("是", "Yes") if value else Text("否", "No")}
        case FieldType.FILES:
            return row | {"value": Text(f"{value} 份", f"{value} file(s)")}
        case _:
            return row | {"value": str(value), "wide": field.type is FieldType.LONG_TEXT}


def tables(item: Item, titles: Mapping[str, Text]) -> list[dict[str, Any]]:
    """The published lines, one table for each field of lines."""
    return [
        {
            "title": field.title,
            "columns": [
                {"key": column.name, "title": column.title, "kind": _KINDS.get(column.type, "text")}
                for column in published_columns(field)
            ],
            "rows": [
                {
                    "cells": {
                        column.name: _said(column, row[column.name], titles)
                        for column in published_columns(field)
                        if column.name in row
                    }
                }
                for row in value
            ],
        }
        for field, value in item.fields
        if field.type is FieldType.LINES
    ]


def _said(field: Field, value: Any, titles: Mapping[str, Text]) -> Any:
    if field.type is FieldType.ACCOUNT:
        return titles.get(value, Text(value, value))
    if field.type is FieldType.CHOICE:
        return dict(field.choices).get(value, Text(str(value), str(value)))
    return value


def who(approved: Sequence[tuple[str, str]], offices: Mapping[str, Text]) -> Text:
    """经审委员 江一鸣、经审委员 江二鸣."""
    return Text(
        "、".join(f"{offices[office].zh if office in offices else ''} {name}".strip() for name, office in approved),
        ", ".join(f"{name} ({offices[office].en})" if office in offices else name for name, office in approved),
    )
