"""The form by which officers change a workflow: what it shows of the text, and the text with what was filled in.

The text is the one truth: a form is made from it, and what is filled in is written back into it. Whatever the form does
not show stays as it is. Nothing here judges; the check does.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.engine.definition import Definition, FieldType, Publish
from app.engine.writing import plain_document
from app.foundation.money import parse_yuan, yuan

Document = dict[str, Any]
Form = Mapping[str, Sequence[str]]
"""What a form sent: every value of each name."""

BUILT_IN_SIDES = ("submitter", "opener", "approver")
UNION_LIMIT = {"setting": "two_auditor_limit_fen"}
ADDABLE = (
    FieldType.TEXT,
    FieldType.LONG_TEXT,
    FieldType.MONEY,
    FieldType.DATE,
    FieldType.INTEGER,
    FieldType.BOOL,
    FieldType.PERSON,
    FieldType.FILES,
)
"""Kinds of fields that need nothing more to be said about them; others are added in the text."""
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Approvals:
    """How many must agree, as far as the form can say it: up to a limit so many, above it so many."""

    need: str
    above: str = ""
    limit: str = ""
    """Yuan as typed; empty where there is no limit, or it is the union's own."""
    is_union_limit: bool = False
    is_plain: bool = True
    """False: parties, shares or other conditions, which only the text can say."""


def document_for(definition: Definition) -> Document:
    """The definition as the form changes it."""
    return plain_document(definition)


def approvals_of(document: Document, action: Document) -> Approvals:
    """How many must agree to an action."""
    lines = action.get("approvals") or []
    if not lines:
        return Approvals("1")
    if len(lines) == 1 and _is_simple(lines[0]) and not lines[0].get("when"):
        return Approvals(str(lines[0].get("need", "")))
    amount = _amount(document)
    if amount is not None and len(lines) == 2 and all(_is_simple(line) for line in lines):
        lower, upper = _limit(lines[0], amount, "at_most"), _limit(lines[1], amount, "above")
        if lower is not None and lower == upper:
            is_union = lower == UNION_LIMIT
            shown = "" if is_union else yuan(int(lower))
            return Approvals(str(lines[0].get("need", "")), str(lines[1].get("need", "")), shown, is_union)
    return Approvals("", is_plain=False)


def revised(document: Document, form: Form) -> Document:
    """The document with what was filled in."""
    found = copy.deepcopy(document)
    for key in ("workflow", "number"):
        if key in form:
            found[key] = _one(form, key)
    _title(found, form, "title")
    if "open.offices" in form or "_form" in form:
        opening = _mapping(found, "open")
        offices = _in_order(_many(form, "open.offices"), opening.get("offices", ()))
        if offices or opening.get("offices"):
            found["open"] = {**opening, "offices": offices}
    for name, state in _mapping(found, "states").items():
        _title(state, form, f"states.{name}.title", "title")
        _deadline(state, form, f"states.{name}.deadline")
    for name, action in _mapping(found, "actions").items():
        _action(found, action, form, f"actions.{name}")
    for name, field in _mapping(found, "fields").items():
        _field(field, form, f"fields.{name}")
    for name in form.get("_remove_field", ()):
        _mapping(found, "fields").pop(name, None)
    if "_add_field" in form:
        _add_field(found, form)
    return found


def offices_named(document: Document) -> set[str]:
    """Every office that the steps and the opening are open to."""
    named = {*_mapping(document, "open").get("offices", ())}
    for action in _mapping(document, "actions").values():
        named |= {*_mapping(action, "by").get("offices", ())}
    return named


def sides_of(document: Document) -> list[str]:
    """The sides that an action may bar."""
    return [*BUILT_IN_SIDES, *_mapping(document, "sides")]


def _action(document: Document, action: Document, form: Form, at: str) -> None:
    if f"{at}.title.zh" not in form:
        return
    _title(action, form, f"{at}.title", "title")
    by = _mapping(action, "by")
    offices = _in_order(_many(form, f"{at}.offices"), by.get("offices", ()))
    if offices or by.get("offices"):
        action["by"] = {**({"offices": offices} if offices else {}), **{k: v for k, v in by.items() if k != "offices"}}
    known = _in_order(_many(form, f"{at}.bars"), action.get("bars", ()))
    if known or action.get("bars"):
        action["bars"] = known
        if not known:
            del action["bars"]
    if f"{at}.need" in form:
        _approvals(document, action, form, at)


def _approvals(document: Document, action: Document, form: Form, at: str) -> None:
    """One line for everything, or one up to a limit and one above it; what else the lines say stays with them."""
    need, above = _need(_one(form, f"{at}.need")), _need(_one(form, f"{at}.above"))
    was = approvals_of(document, action)
    lines = [*(action.get("approvals") or []), {}, {}]
    amount, limit = _amount(document), _one(form, f"{at}.limit")
    figure: Any = UNION_LIMIT if f"{at}.union_limit" in form else None
    if figure is None and limit:
        try:
            figure = parse_yuan(limit)
        except ValueError:
            figure = limit  # the check says that it is no amount
    if amount is None or figure is None or above is None:
        rest = {key: value for key, value in lines[0].items() if key not in ("need", "when")}
        if need == 1 and not rest:
            action.pop("approvals", None)
        elif need is not None:
            action["approvals"] = [{"need": need, **rest}]
        return
    kept = [{key: value for key, value in line.items() if key not in ("need", "when")} for line in lines[:2]]
    if not was.above:
        kept[1] = {}
    action["approvals"] = [
        {"need": need, "when": {amount: {"at_most": copy.deepcopy(figure)}}, **kept[0]},
        {"need": above, "when": {amount: {"above": copy.deepcopy(figure)}}, **kept[1]},
    ]


def _need(value: str) -> Any:
    """A number, or a word of the language as it stands."""
    if not value:
        return None
    return int(value) if re.fullmatch(r"[0-9]{1,4}", value) else value


def _field(field: Document, form: Form, at: str) -> None:
    if f"{at}.title.zh" not in form:
        return
    _title(field, form, f"{at}.title", "title")
    hint = {language: _one(form, f"{at}.hint.{language}") for language in ("zh", "en")}
    if any(hint.values()):
        field["hint"] = hint
    else:
        field.pop("hint", None)
    _flag(field, "required", is_set=f"{at}.required" in form)
    publish = _one(form, f"{at}.publish")
    if publish in {one.value for one in Publish} and publish != Publish.NO.value:
        field["publish"] = publish
    else:
        field.pop("publish", None)


def _add_field(document: Document, form: Form) -> None:
    zh, en, kind = (_one(form, f"_new.{part}") for part in ("zh", "en", "type"))
    fields = document.setdefault("fields", {})
    name = free_name(en, fields)
    fields[name] = {"type": kind or FieldType.TEXT.value, "title": {"zh": zh, "en": en or zh}}


def free_name(title: str, taken: Collection[str]) -> str:
    """A name for a new field, after its English title."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    name = "_".join(words)[:_LONGEST_NAME].strip("_")
    if not _NAME.fullmatch(name):
        name = "extra"
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name[: _LONGEST_NAME - 4]}_{number}"
    return found


def _deadline(state: Document, form: Form, at: str) -> None:
    if f"{at}.working_days" not in form:
        return
    days, remind = _one(form, f"{at}.working_days"), _one(form, f"{at}.remind_before")
    if not days:
        state.pop("deadline", None)
        return
    deadline = {**_mapping(state, "deadline"), "working_days": _need(days)}
    if remind:
        deadline["remind_before"] = _need(remind)
    else:
        deadline.pop("remind_before", None)
    state["deadline"] = deadline


def _title(part: Document, form: Form, at: str, key: str = "title") -> None:
    if f"{at}.zh" in form:
        part[key] = {language: _one(form, f"{at}.{language}") for language in ("zh", "en")}


def _in_order(chosen: Sequence[str], before: Sequence[str]) -> list[str]:
    """What was there before keeps its place; what is new comes after it."""
    return [*(one for one in before if one in chosen), *(one for one in chosen if one not in before)]


def _flag(part: Document, key: str, *, is_set: bool) -> None:
    if is_set:
        part[key] = True
    else:
        part.pop(key, None)


def _is_simple(line: Any) -> bool:
    return isinstance(line, dict) and set(line) <= {"need", "when", "or_all_members"}


def _limit(line: Document, amount: str, op: str) -> Any:
    """The figure of a line that applies up to it, or above it; None for any other condition."""
    when = line.get("when")
    compared = when.get(amount) if isinstance(when, dict) and set(when) == {amount} else None
    figure = compared.get(op) if isinstance(compared, dict) and set(compared) == {op} else None
    is_figure = (isinstance(figure, int) and not isinstance(figure, bool)) or figure == UNION_LIMIT
    return figure if is_figure else None


def _amount(document: Document) -> str | None:
    named = _mapping(document, "summary").get("amount")
    return named if isinstance(named, str) else None


def _mapping(part: Document, key: str) -> Document:
    found = part.get(key)
    return found if isinstance(found, dict) else {}


def _one(form: Form, key: str) -> str:
    values = form.get(key) or [""]
    return values[0].strip()


def _many(form: Form, key: str) -> list[str]:
    return [value for value in form.get(key, ()) if value]
