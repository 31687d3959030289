"""A definition written out again as a file: what ``loading`` reads back to the same hash. Comments of a file are not kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.engine.canonical import document_of, in_order
from app.engine.definition import Definition

WIDEST = 110
"""A mapping or list that fits on a line of this width is written on one."""

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff]*(?:\.[A-Za-z0-9_]+)*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_BREAKS = {"\x85": "\\x85", "\u2028": "\\u2028", "\u2029": "\\u2029", "\x7f": "\\x7f"}
_FIRST = (
    *("workflow", "title", "number", "year_of", "initial", "summary", "open", "visible_to"),
    *("states", "fields", "sides", "actions"),
)
"""The order in which a workflow is read aloud; keys that are not named follow."""


def as_yaml(definition: Definition) -> str:
    """The definition as a file."""
    return document_as_yaml(plain_document(definition))


def plain_document(definition: Definition) -> dict[str, object]:
    """The definition in the language of the files, in the order of its file."""
    document = in_order(document_of(definition))
    for action in document["actions"].values():  # type: ignore[attr-defined]
        _shorten(action)
    return document


def _shorten(action: dict[str, Any]) -> None:
    """Leave out what the canonical form always says and a file need not."""
    for part in ("to", "approvals"):
        if isinstance(action[part], list):
            action[part] = [{key: one[key] for key in one if key != "when" or one[key]} for one in action[part]]
    if isinstance(action["to"], list) and len(action["to"]) == 1 and action["to"][0].keys() == {"state"}:
        action["to"] = action["to"][0]["state"]
    if not action["approvals"]:
        del action["approvals"]


def document_as_yaml(document: Mapping[str, object]) -> str:
    """A document of the language as a file; one that is not sound yet is written just as well."""
    names = [*(name for name in _FIRST if name in document), *(name for name in document if name not in _FIRST)]
    lines: list[str] = []
    for name in names:
        lines += _block(name, document[name], 0)
    return "\n".join(lines) + "\n"


def _block(key: str, value: object, depth: int) -> list[str]:
    """``key: value`` on one line where it fits, else spread over indented lines."""
    margin = "  " * depth
    line = f"{margin}{_text(key)}: {_flow(value)}"
    is_list = isinstance(value, list) and value
    is_mapping = isinstance(value, dict) and value
    spread = depth == 0 and is_mapping and all(isinstance(one, dict) for one in value.values())  # type: ignore[attr-defined]
    if not (is_list or is_mapping) or (len(line) <= WIDEST and not spread):
        return [line]
    if isinstance(value, dict):
        return [f"{margin}{_text(key)}:", *(row for name, one in value.items() for row in _block(name, one, depth + 1))]
    assert isinstance(value, list)  # noqa: S101 - nothing else is spread
    return [f"{margin}{_text(key)}:", *(f"{margin}  - {_flow(one)}" for one in value)]


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(key))}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(value: str) -> str:
    """Bare where nothing but a word can be meant, else in quotes."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    for sign, escaped in _BREAKS.items():
        quoted = quoted.replace(sign, escaped)
    return quoted
