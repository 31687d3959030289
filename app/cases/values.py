"""What a case's data is made of: totals that are computed, what is sealed, and the columns lists are made from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.engine.definition import Definition, Field, FieldType
from app.foundation.errors import Invalid
from app.wording import Text


@dataclass(frozen=True, slots=True)
class CleanData:
    """Values of a form that passed the strict schema; only ``schemas`` makes it, and the door takes nothing else."""

    fields: Mapping[str, Any]


EMPTY = CleanData({})

TOTAL_DIFFERS = Text("合计与明细不符，应为 {total}。", "The total does not equal the lines; it should be {total}.")


def with_totals(definition: Definition, data: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The data with its computed totals; defaults fill what is absent.

    Raises:
        Invalid: ``sent`` named a total that the lines do not add up to.
    """
    whole = dict(data)
    for field in definition.fields:
        if field.default is not None and whole.get(field.name) is None:
            whole[field.name] = field.default
        if field.sum_of is None:
            continue
        table, column = field.sum_of
        total = sum(row.get(column) or 0 for row in whole.get(table) or [])
        if sent.get(field.name) not in (None, total):
            raise Invalid({f"data.{field.name}": [TOTAL_DIFFERS.fill(total=total)]})
        whole[field.name] = total
    return whole


def split_sealed(definition: Definition, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data in two parts: what the trail may say in clear, and by path what it only commits to."""
    clear: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    for field in definition.fields:
        value = data.get(field.name)
        if value is None:
            continue
        if field.sealed:
            sealed[field.name] = value
        elif field.type is FieldType.LINES:
            clear[field.name] = [_clear_row(field, row, number, sealed) for number, row in enumerate(value)]
        else:
            clear[field.name] = value
    return clear, sealed


def _clear_row(table: Field, row: Mapping[str, Any], number: int, sealed: dict[str, Any]) -> dict[str, Any]:
    clear: dict[str, Any] = {}
    for column in table.columns:
        value = row.get(column.name)
        if value is None:
            continue
        if column.sealed:
            sealed[f"{table.name}.{number}.{column.name}"] = value
        else:
            clear[column.name] = value
    return clear


def values_of(definition: Definition, data: Mapping[str, Any], kind: FieldType) -> Iterator[tuple[str, Any]]:
    """Every value of one type with its path, lines included."""
    for field in definition.fields:
        value = data.get(field.name)
        if value is None:
            continue
        if field.type is kind:
            yield field.name, value
        for column in field.columns:
            if column.type is kind:
                for number, row in enumerate(value):
                    if row.get(column.name) is not None:
                        yield f"{field.name}.{number}.{column.name}", row[column.name]


def file_ids(definition: Definition, data: Mapping[str, Any]) -> dict[str, str]:
    """File id -> the path it stands at."""
    return {file: path for path, files in values_of(definition, data, FieldType.FILES) for file in files}


@dataclass(frozen=True, slots=True)
class Columns:
    """What lists show of a case."""

    title: str
    amount_fen: int | None
    category: str | None
    day: date | None


def columns_of(definition: Definition, data: Mapping[str, Any]) -> Columns:
    """The list columns, taken from the fields the definition names in ``summary``."""
    summary = definition.summary
    day = data.get(summary.day) if summary.day else None
    return Columns(
        title=str(data.get(summary.title) or ""),
        amount_fen=data.get(summary.amount) if summary.amount else None,
        category=data.get(summary.category) if summary.category else None,
        day=date.fromisoformat(day) if day else None,
    )


def year_of(definition: Definition, data: Mapping[str, Any], otherwise: int) -> int:
    """The year a case is numbered in."""
    day = data.get(definition.year_of) if definition.year_of else None
    return date.fromisoformat(day).year if day else otherwise


def missing(definition: Definition, data: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    """Every required field that is still empty: its path and title."""
    for field in definition.drafting_fields:
        value = data.get(field.name)
        if field.required and value in (None, "", []):
            yield field.name, field.title
        for column in field.columns:
            for number, row in enumerate(value or []):
                if column.required and row.get(column.name) in (None, "", []):
                    yield f"{field.name}.{number}.{column.name}", column.title
