"""Reading JSON from strangers: duplicate names, NaN, floats that pass for money, depth and huge numbers are refused."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from app.foundation.errors import AppError

DEEPEST = 64
LONGEST_NUMBER = 32
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL)
"""A whole string, also one that never ends, or one bracket outside strings."""


class MalformedJson(AppError):
    """发来的内容不是规范的 JSON：{reason}。

    What was sent is not proper JSON: {reason}.
    """

    status = 400
    code = "malformed_json"


def loads(raw: bytes) -> object:
    """The value of a UTF-8 JSON text.

    Raises:
        MalformedJson: syntax, encoding, a name twice in one object, NaN, numbers or nesting beyond the limits.
    """
    try:
        text = raw.decode("utf-8-sig")
        if _depth(text) > DEEPEST:
            raise MalformedJson(reason="nesting")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_constant, parse_int=_integer)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise MalformedJson(reason=type(error).__name__) from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJson(reason="duplicate name")
    return found


def _constant(token: str) -> NoReturn:
    raise MalformedJson(reason=token)


def _integer(token: str) -> int:
    if len(token) > LONGEST_NUMBER:
        raise MalformedJson(reason="number too long")
    return int(token)


def _depth(text: str) -> int:
    """How deep brackets nest, outside strings; a cheap bound that never recurses."""
    deepest = depth = 0
    for part in _STRING_OR_BRACKET.findall(text):
        if part in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif part in "]}":
            depth -= 1
    return deepest
