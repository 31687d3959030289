"""A version while somebody writes it: its text, the form it is shown as, and what the live check says."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.cases.situations import settings_of
from app.engine.comparing import changes
from app.engine.conditions import SETTING_PREFIX, Value
from app.engine.definition import Definition, Field, FieldType
from app.engine.loading import DefinitionError, read_document
from app.engine.sides import staffing
from app.engine.trying import asked_of, tried
from app.engine.writing import document_as_yaml
from app.foundation.clock import union_day
from app.foundation.money import parse_yuan
from app.people import queries as people
from app.people.models import Union
from app.revising import editing, presenting
from app.revising.editing import Document
from app.revising.service import Draft, Revising
from app.wording import Language, Text

TYPES: dict[FieldType, Text] = {
    FieldType.TEXT: Text("一行文字", "a line of text"),
    FieldType.LONG_TEXT: Text("多行文字", "several lines"),
    FieldType.MONEY: Text("金额", "an amount"),
    FieldType.DATE: Text("日期", "a date"),
    FieldType.INTEGER: Text("整数", "a whole number"),
    FieldType.BOOL: Text("是或否", "yes or no"),
    FieldType.PERSON: Text("本会的一个人", "a person of the union"),
    FieldType.FILES: Text("附件", "files"),
    FieldType.CHOICE: Text("几项选一", "one of several"),
    FieldType.ACCOUNT: Text("科目", "a category of the budget"),
    FieldType.CASE: Text("另一件事项", "another case"),
    FieldType.INVOICE: Text("发票号码", "an invoice's number"),
    FieldType.LINES: Text("明细表", "a table of lines"),
}
_SIDES = {
    "submitter": Text("提交人", "the submitter"),
    "opener": Text("填写人", "whoever opened it"),
    "approver": Text("已审批过的人", "whoever approved it"),
}


@dataclass(frozen=True, slots=True)
class Drafted:
    """A version that somebody is writing."""

    text: str
    document: Document | None
    """None where the text cannot be read at all, so that no form can be made of it."""


def started(door: Revising, definition: Definition, *, is_copy: bool) -> Drafted:
    """Begin from a definition; a copy gets a name and letters of its own, to be changed."""
    document = editing.document_for(definition)
    if is_copy:
        document |= {"workflow": f"{definition.name}_2"[:40], "number": f"{definition.number}X"[:6]}
    return Drafted(document_as_yaml(document), document)


def filled_in(door: Revising, form: MultiDict[str, str]) -> Drafted:
    """What a form sent: the text itself, or what was filled in over the text it was made from."""
    if "yaml" in form:
        text = form["yaml"].replace("\r\n", "\n")
        return Drafted(text, _document_of(door, text))
    base = _document_of(door, form.get("base", "").replace("\r\n", "\n"))
    if base is None:
        return Drafted(form.get("base", ""), None)
    document = editing.revised(base, dict(form.lists()))
    return Drafted(document_as_yaml(document), document)


def _document_of(door: Revising, text: str) -> Document | None:
    try:
        return editing.document_for(door.definitions.read(text, "yaml"))
    except DefinitionError:
        pass
    try:
        document = read_document(text)
    except DefinitionError:
        return None
    return document if _has_form(document) else None


def _has_form(document: Document) -> bool:
    """Whether the parts that the form shows are of the right kind, whatever else is wrong with them."""
    parts = [document.get(key) for key in ("states", "fields", "actions")]
    if not all(isinstance(part, dict) and all(isinstance(one, dict) for one in part.values()) for part in parts):
        return False
    states, fields, actions = (list(part.values()) for part in parts if part is not None)
    plain = (document.get(key, "") for key in ("workflow", "number"))
    return (
        all(isinstance(one, str) for one in plain)
        and all(_is_title(one.get("title")) for one in (document, *states, *fields, *actions))
        and all(isinstance(one.get("deadline", {}), dict) for one in states)
        and all(_is_field(one) for one in fields)
        and all(_is_action(one) for one in actions)
        and _is_by(document.get("open", {}))
        and _is_texts(document.get("sides", {}))
        and _is_texts(document.get("summary", {}))
    )


def _is_field(field: Document) -> bool:
    words = (field.get("type", ""), field.get("publish", ""))
    return all(isinstance(one, str) for one in words) and ("hint" not in field or _is_title(field["hint"]))


def _is_action(action: Document) -> bool:
    lines = action.get("approvals", [])
    names = (action.get("bars", []), action.get("from", []))
    return (
        all(_is_names(one) for one in names)
        and isinstance(lines, list)
        and all(isinstance(line, dict) for line in lines)
        and _is_by(action.get("by", {}))
    )


def _is_by(by: Any) -> bool:
    return isinstance(by, dict) and _is_names(by.get("offices", []))


def _is_names(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(one, str) for one in names)


def _is_texts(mapping: Any) -> bool:
    return isinstance(mapping, dict) and all(isinstance(one, str) for one in mapping.values())


def _is_title(title: Any) -> bool:
    return isinstance(title, dict) and _is_texts(title)


def outline(document: Document, offices: Mapping[str, Text]) -> dict[str, Any]:
    """The document as the form shows it."""
    fields = document["fields"]
    sides = {
        name: _SIDES.get(name) or _title(fields.get(str(document.get("sides", {}).get(name)).partition(".")[0]), name)
        for name in editing.sides_of(document)
    }
    return {
        "workflow": document.get("workflow", ""),
        "number": document.get("number", ""),
        "title": document.get("title") or {},
        "opening": document.get("open") or {},
        "offices": [(name, title) for name, title in offices.items() if name != "maintainer"],
        "sides": list(sides.items()),
        "has_amount": bool((document.get("summary") or {}).get("amount")),
        "states": [{"name": name, **one} for name, one in document["states"].items()],
        "fields": [
            {"name": name, **one, "kind": TYPES.get(one.get("type"), Text(str(one.get("type")), str(one.get("type"))))}
            for name, one in fields.items()
        ],
        "actions": [
            {
                "name": name,
                **one,
                "leaves": [_title(document["states"].get(state), state) for state in one.get("from", [])],
                "approval": editing.approvals_of(document, one),
                "others": [key for key in one.get("by", {}) if key not in ("offices", "or_else")],
            }
            for name, one in document["actions"].items()
        ],
        "types": [(kind.value, TYPES[kind]) for kind in editing.ADDABLE],
    }


def looked(
    door: Revising,
    session: Session,
    union_id: uuid.UUID,
    drafted: Drafted,
    form: MultiDict[str, str],
    now: datetime,
    language: Language,
) -> dict[str, Any]:
    """Every problem in sentences; for a sound version also the picture, who can carry it, and a pretended case."""
    draft: Draft = door.looked_at(session, union_id, drafted.text)
    definition = draft.definition
    is_sound = definition is not None and not draft.problems
    found: dict[str, Any] = {
        "problems": draft.problems,
        "is_sound": is_sound,
        "picture": presenting.picture(definition, language),
        "changes": [],
        "gone": [],
        "staff": [],
        "asked": [],
        "trial": [],
    }
    if definition is None or not is_sound:
        return found
    before = door.present(session, union_id, definition.name)
    union = session.get_one(Union, union_id)
    settings = settings_of(union)
    holders = people.holders(session, union_id, editing.offices_named(drafted.document or {}), union_day(now))
    staff = staffing(definition, holders, settings)
    persons = {person for gap in (*staff.away, *staff.parties) for group, _ in gap.groups for person in group}
    values: dict[str, Value] = {f"{SETTING_PREFIX}{name}": value for name, value in settings.items()}
    asked = asked_of(definition)
    typed = {field.name: form.get(f"_try.{field.name}", "") for field in asked}
    values |= {field.name: _value(field, typed[field.name]) for field in asked}
    here = {state.name for state in definition.states}
    return found | {
        "changes": changes(before, definition) if before is None or before.hash != definition.hash else [],
        "gone": [
            (one, [state for state in definition.states if state.phase is one.phase])
            for one in (before.states if before is not None else ())
            if one.name not in here
        ],
        "staff": staff.sentences(people.names(session, union_id, map(uuid.UUID, persons))),
        "asked": [(field, typed[field.name]) for field in asked],
        "trial": tried(definition, values),
    }


def _value(field: Field, typed: str) -> Value:
    """What somebody who tries it filled in; a plain guess where he did not."""
    match field.type:
        case FieldType.MONEY:
            try:
                return parse_yuan(typed) if typed else 100_000
            except ValueError:
                return None
        case FieldType.BOOL:
            return typed == "1"
        case FieldType.INTEGER:
            return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 1
        case FieldType.CHOICE:
            return typed or next((name for name, _ in field.choices), None)
        case _:
            return typed or None


def _title(part: Any, otherwise: str) -> Text:
    title = part.get("title") if isinstance(part, dict) else None
    if isinstance(title, dict):
        return Text(str(title.get("zh") or otherwise), str(title.get("en") or otherwise))
    return Text(otherwise, otherwise)
