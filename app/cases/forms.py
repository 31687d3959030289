"""From what a browser's form sends to what the strict schema takes, and back to what the form shows again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.cases import queries
from app.cases.models import StoredFile
from app.cases.ports import Registry
from app.cases.values import file_ids
from app.engine.definition import Definition, Field, FieldType
from app.foundation.money import parse_yuan
from app.people import queries as people
from app.wording import Language, Text

BAD_AMOUNT = Text(
    "金额应写作 1286.50（元，最多两位小数）。", "Write the amount as 1286.50 (yuan, at most two decimals)."
)
BAD_NUMBER = Text("应为整数。", "Write a whole number.")


@dataclass(slots=True)
class Typed:
    """What was typed: values for the schema, values to show again, and what could not be read, by path."""

    data: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, list[Text]] = field(default_factory=dict)


def read_form(fields: Sequence[Field], form: MultiDict[str, str]) -> Typed:
    """Read the fields that a form may contain; wholly empty lines are dropped."""
    typed = Typed()
    for one in fields:
        if one.sum_of is not None:
            continue
        value, shown = _value(one, form, one.name, typed.faults)
        typed.data[one.name] = value
        typed.shown[one.name] = shown
    return typed


def _value(one: Field, form: MultiDict[str, str], path: str, faults: dict[str, list[Text]]) -> tuple[Any, Any]:
    if one.type is FieldType.LINES:
        return _lines(one, form, faults)
    if one.type is FieldType.FILES:
        ids = [value for value in form.getlist(path) if value]
        return ids, ids
    raw = form.get(path, "").strip()
    if one.type is FieldType.BOOL:
        return raw == "1", raw == "1"
    if not raw:
        return None, None
    try:
        if one.type is FieldType.MONEY:
            amount = parse_yuan(raw)
            return amount, amount
        if one.type is FieldType.INTEGER:
            return int(raw) if re.fullmatch(r"-?[0-9]{1,15}", raw) else _fail(raw), raw
    except ValueError:
        faults[path] = [BAD_AMOUNT if one.type is FieldType.MONEY else BAD_NUMBER]
        return None, raw
    return raw, raw


def _fail(raw: str) -> int:
    raise ValueError(raw)


def _lines(table: Field, form: MultiDict[str, str], faults: dict[str, list[Text]]) -> tuple[list[Any], list[Any]]:
    prefix = f"{table.name}."
    numbers = sorted(
        {
            int(part)
            for key in form
            if key.startswith(prefix) and (part := key.split(".")[1]).isdigit() and len(part) < 5
        }
    )
    rows: list[Any] = []
    shown_rows: list[Any] = []
    for number in numbers:
        found: dict[str, list[Text]] = {}
        row: dict[str, Any] = {}
        shown: dict[str, Any] = {}
        for column in table.columns:
            row[column.name], shown[column.name] = _value(column, form, f"{table.name}.{number}.{column.name}", found)
        if any(value not in (None, "", []) for value in shown.values()):
            at = len(rows)
            faults.update({f"{table.name}.{at}.{path.split('.')[2]}": texts for path, texts in found.items()})
            rows.append({name: value for name, value in row.items() if value not in (None, "", [])})
            shown_rows.append(shown)
    return rows, shown_rows


def options_for(
    session: Session,
    registry: Registry,
    definition: Definition,
    union_id: uuid.UUID,
    data: Mapping[str, Any],
    *,
    year: int,
    today: date,
    language: Language,
    fields: Iterable[Field] | None = None,
) -> dict[str, Any]:
    """Selects for persons, accounts (with what is left of them) and linked cases; files by id under ``_files``."""
    options: dict[str, Any] = {}
    persons = person_options(session, union_id, today)
    left = registry.accounts_left(session, union_id, year) if registry.accounts_left else {}
    for one in [*(fields or definition.fields), *(column for outer in definition.fields for column in outer.columns)]:
        if one.type is FieldType.PERSON:
            options[one.name] = persons
        elif one.type is FieldType.ACCOUNT and registry.account_titles is not None:
            titles = registry.account_titles(union_id, one.account_kind)
            options[one.name] = [
                {"value": code, "label": f"{code} {title.in_(language)}", "left_fen": left.get(code)}
                for code, title in titles.items()
            ]
        elif one.type is FieldType.CASE and one.workflow is not None:
            options[one.name] = _cases(session, union_id, one.workflow)
    options["_files"] = files_shown(session, definition, union_id, data)
    return options


def person_options(session: Session, union_id: uuid.UUID, today: date) -> list[dict[str, Any]]:
    """Everyone of the union today, as a select offers them."""
    return [{"value": person_id, "label": name} for person_id, name in people.person_names(session, union_id, today)]


def _cases(session: Session, union_id: uuid.UUID, workflow: str) -> list[dict[str, Any]]:
    page = queries.listing(session, union_id, [workflow], phases=["draft", "submitted", "audited"], limit=200)
    return [
        {"value": str(case.id), "label": case.title, "note": case.number, "left_fen": None, "disabled": False}
        for case in page.rows
    ]


def files_shown(
    session: Session, definition: Definition, union_id: uuid.UUID, data: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The form's files as tiles show them, by id."""
    ids: set[uuid.UUID] = set()
    for value in file_ids(definition, data):
        try:
            ids.add(uuid.UUID(value))
        except ValueError:
            continue  # typed by hand; the schema says so
    return {str(file.id): tile(file) for file in queries.files_of(session, union_id, ids).values()}


def tile(file: StoredFile) -> dict[str, Any]:
    """One file as ``components/files.html`` shows it."""
    is_picture = file.media_type in {"image/png", "image/jpeg"}
    has_pages = is_picture or file.media_type == "application/pdf"
    invoice = file.reading if file.reading and file.reading.get("number") else None
    return {
        "id": str(file.id),
        "name": file.name,
        "size": file.size,
        "href": f"/files/{file.id}",
        "thumb": f"/files/{file.id}/page/1?small=1" if has_pages else None,
        "invoice": invoice,
        "pages": [{"src": f"/files/{file.id}/page/1"}] if has_pages else [],
        "media_type": file.media_type,
    }
