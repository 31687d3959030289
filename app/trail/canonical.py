r"""The one canonical JSON form: what is hashed is exactly these bytes, stored once and never made again.

UTF-8; object keys sorted by code point; no space outside strings; ``"`` ``\`` and the control characters below U+0020
escaped the short way (``\n``, else ``\u001f``) and nothing else escaped; whole numbers only, within ±(2**53 - 1), so
that every language reads the same number; strings and keys in Unicode NFC. Strings are normalised here, at creation:
what people typed in another form is the same text, and it is the normalised text that is kept and signed. Dates and
moments are handed in as strings already (``app.foundation.clock.stamp``), money as whole fen.
"""

from __future__ import annotations

import json
import unicodedata
from typing import NoReturn, TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""What has a canonical form. There is no float in it."""

LARGEST_INT = 2**53 - 1
"""The largest whole number every JSON reader keeps exactly."""
DEEPEST = 64
"""How many objects and lists may lie inside one another."""

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: object) -> bytes:
    """The canonical bytes of a value built from ``None``, booleans, whole numbers, strings, lists, tuples and dicts.

    Raises:
        TypeError: a float, a date, bytes, a key that is not a string, or any other type.
        ValueError: a number beyond ``LARGEST_INT``, a lone surrogate, two keys equal after NFC, or nested too deep.
    """
    return _encode(_plain(value, DEEPEST)).encode("utf-8")


def parse(body: bytes) -> Json:
    """The value of bytes in canonical form.

    Raises:
        ValueError: not JSON, or JSON in any other form than the canonical one.
    """
    try:
        value: Json = json.loads(body.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
        again = canonical(value)
    except (RecursionError, TypeError) as error:
        raise ValueError(str(error)) from error
    if again != body:
        raise ValueError("not in canonical form")
    return value


def is_canonical(body: bytes) -> bool:
    """Whether these bytes are the canonical form of the value they hold."""
    try:
        parse(body)
    except ValueError:
        return False
    return True


def _plain(value: object, depth: int) -> Json:
    """A copy in which every string is in NFC and nothing but JSON is left."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", str.__str__(value))
    if isinstance(value, int):
        if abs(value) > LARGEST_INT:
            raise ValueError(f"whole number beyond 2**53 - 1: {value.bit_length()} bits")
        return int(value)
    if depth == 0:
        raise ValueError(f"nested deeper than {DEEPEST}")
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return _plain_object(value, depth)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _plain_object(value: dict[object, object], depth: int) -> dict[str, Json]:
    """A copy of one object; two keys that become equal in NFC are refused, because one would vanish."""
    plain: dict[str, Json] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"key of type {type(key).__name__}")
        name = unicodedata.normalize("NFC", key)
        if name in plain:
            raise ValueError(f"two keys are the same text: {name!r}")
        plain[name] = _plain(item, depth - 1)
    return plain


def _refuse(token: str) -> NoReturn:
    """Refuse floats, NaN and Infinity where they are read."""
    raise ValueError(f"not a whole number: {token[:40]}")
