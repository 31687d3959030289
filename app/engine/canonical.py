"""The canonical form of a definition: what its hash covers, and what is stored so that old cases keep their workflow.

The form is the language of the files themselves, as JSON with sorted keys, no spaces and UTF-8. Whatever stands at its
default is left out (so that the language can grow without changing old hashes), except what a verifier reads of an
action: ``from``, ``to`` and ``approvals`` are always there, as lists. Since keys are sorted, ``order`` keeps the order
in which the file names things.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields

from app.engine.definition import (
    Action,
    AllOf,
    AnyOf,
    Branch,
    Candidates,
    Compare,
    Condition,
    Deadline,
    Definition,
    Field,
    Not,
    Operand,
    Quorum,
    Setting,
    State,
    Summary,
    Use,
)
from app.wording import Text

Json = dict[str, object]

LANGUAGE = 1
"""The version of the language that definitions are written in."""

EARLIER = "earlier"
"""What stands as ``to`` where the actor chooses among the earlier steps."""

_WRITTEN = {"account_kind": "kind"}


def encode(document: Mapping[str, object]) -> bytes:
    """The bytes that are hashed and stored."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def document_of(definition: Definition) -> Json:
    """The definition in its own language, with ``language`` and ``order`` beside it."""
    document: Json = {
        "language": LANGUAGE,
        "workflow": definition.name,
        "title": _text(definition.title),
        "number": definition.number,
        "initial": definition.initial,
        "states": {one.name: _state(one) for one in definition.states},
        "fields": {one.name: _field(one) for one in definition.fields},
        "sides": dict(definition.sides),
        "actions": {one.name: _action(one) for one in definition.actions},
        "open": _candidates(definition.open),
        "visible_to": list(definition.visible_to),
        "summary": _changed(definition.summary),
        "order": _order(definition),
    }
    if definition.year_of is not None:
        document["year_of"] = definition.year_of
    return document


def condition_document(condition: Condition | None) -> Json | None:
    """A condition in the language of the files; None stays None."""
    match condition:
        case None:
            return None
        case Compare(left, op, right):
            written = [_operand(one) for one in right] if isinstance(right, tuple) else _operand(right)
            return {left: {op: written}}
        case AllOf(parts):
            return {"all": [condition_document(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [condition_document(part) for part in parts]}
        case Not(part):
            return {"not": condition_document(part)}


def in_order(document: object) -> Json:
    """A stored document with its mappings back in the order of the file, and without what is not of the language.

    Raises:
        ValueError: of another language version, or ``order`` does not name exactly what is there.
    """
    if not isinstance(document, dict) or document.get("language") != LANGUAGE:
        raise ValueError("not a stored definition of this language")
    order = document.get("order")
    if not isinstance(order, dict):
        raise ValueError("no order")  # noqa: TRY004 - the value is wrong, not a caller's type
    kept = {key: value for key, value in document.items() if key not in ("language", "order")}
    for path, names in order.items():
        *way, last = path.split(".")
        holder: object = kept
        for key in way:
            holder = holder[key] if isinstance(holder, dict) and key in holder else None
        if not isinstance(holder, dict):
            raise ValueError(path)  # noqa: TRY004 - the value is wrong, not a caller's type
        holder[last] = _sorted_by(holder.get(last), names, path)
    return kept


def _sorted_by(mapping: object, names: object, path: str) -> Json:
    if not isinstance(mapping, dict) or not isinstance(names, list) or sorted(mapping) != sorted(map(str, names)):
        raise ValueError(path)
    return {name: mapping[name] for name in names}


def _order(definition: Definition) -> Json:
    order: Json = {
        "states": [one.name for one in definition.states],
        "fields": [one.name for one in definition.fields],
        "sides": [name for name, _ in definition.sides],
        "actions": [one.name for one in definition.actions],
    }
    for one in definition.fields:
        _order_of_field(order, f"fields.{one.name}", one)
    return order


def _order_of_field(order: Json, path: str, field: Field) -> None:
    if field.choices:
        order[f"{path}.choices"] = [name for name, _ in field.choices]
    if field.columns:
        order[f"{path}.columns"] = [column.name for column in field.columns]
    for column in field.columns:
        _order_of_field(order, f"{path}.columns.{column.name}", column)


def _state(state: State) -> Json:
    written: Json = {"phase": state.phase.value, "title": _text(state.title)}
    return written if state.deadline is None else written | {"deadline": _deadline(state.deadline)}


def _deadline(deadline: Deadline) -> Json:
    written: Json = {"working_days": deadline.working_days}
    if deadline.remind_before is not None:
        written["remind_before"] = deadline.remind_before
    if deadline.escalate_to:
        written["then"] = {"escalate_to": list(deadline.escalate_to)}
    if deadline.close_by is not None:
        written["then"] = {"close_by": deadline.close_by}
    return written


def _field(field: Field) -> Json:
    written = _changed(field)
    written["type"] = field.type.value
    if field.choices:
        written["choices"] = {name: _text(title) for name, title in field.choices}
    if field.columns:
        written["columns"] = {column.name: _field(column) for column in field.columns}
    if field.sum_of:
        written["sum_of"] = ".".join(field.sum_of)
    return written


def _action(action: Action) -> Json:
    written: Json = {
        "title": _text(action.title),
        "from": list(action.sources),
        "to": EARLIER if action.returns else [_branch(branch) for branch in action.branches],
        "by": _candidates(action.by),
        "approvals": [_quorum(quorum) for quorum in action.quorums],
    }
    named: dict[str, Iterable[object]] = {
        "bars": action.bars,
        "asks": action.asks,
        "require": [_use(use) for use in action.require],
        "effects": [_use(use) for use in action.effects],
        "veto": action.veto,
        "arrange": action.arrange,
        "paper": action.paper,
        "copy_to": action.copy_to,
    }
    written |= {key: list(value) for key, value in named.items() if value}
    if action.comment_required:
        written["comment"] = "required"
    flags = ("new_round", "batch", "resume", "take_back", "amends")
    written |= {key: True for key in flags if getattr(action, key)}
    if action.opposes is not None:
        written["opposes"] = action.opposes
    if action.opened_above is not None:
        written["opened_above"] = _operand(action.opened_above)
    if action.tone != "plain":
        written["tone"] = action.tone
    return written


def _branch(branch: Branch) -> Json:
    return {"state": branch.state, "when": condition_document(branch.when)}


def _quorum(quorum: Quorum) -> Json:
    need: object = "all" if quorum.need is None else quorum.need
    if quorum.share is not None:
        need = "{}/{}".format(*quorum.share)
    written: Json = {"need": need, "when": condition_document(quorum.when)}
    if quorum.weights:
        written["weights"] = dict(quorum.weights)
    if quorum.of:
        written["of"] = list(quorum.of)
    plain = {"party": quorum.party, "after": quorum.after, "draw": quorum.draw, "or_all_members": quorum.or_all_members}
    return written | {key: value for key, value in plain.items() if value}


def _use(use: Use) -> str | Json:
    return {use.name: dict(use.parameters)} if use.parameters else use.name


def _operand(operand: Operand) -> int | str | Json:
    return {"setting": operand.name} if isinstance(operand, Setting) else operand


def _candidates(by: Candidates) -> Json:
    return _changed(by)


def _text(text: Text) -> Json:
    return {"zh": text.zh, "en": text.en}


def _changed(part: Field | Candidates | Summary) -> Json:
    """The attributes that differ from their defaults, as plain values."""
    return {
        _WRITTEN.get(one.name, one.name): _plain(getattr(part, one.name))
        for one in fields(part)
        if one.name != "name" and (one.default is MISSING or getattr(part, one.name) != one.default)
    }


def _plain(value: object) -> object:
    if isinstance(value, Text):
        return _text(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, str) else value
