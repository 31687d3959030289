"""Schema fields that take a number or a yes for what it is, and nothing that merely resembles one."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import fields

_DIGITS = re.compile(r"[0-9]{1,9}")


class WholeNumber(fields.Integer):
    """A whole number as JSON writes it: no text, no fraction, no true/false."""

    def __init__(self, **kwargs: Any) -> None:
        """Bounds come by ``validate``."""
        super().__init__(strict=True, **kwargs)

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class AddressNumber(fields.Integer):
    """A whole number in an address (``?limit=50``): plain digits, no sign, no separators, no other script's digits."""

    def _validated(self, value: Any) -> Any:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class StrictBoolean(fields.Boolean):
    """true or false, nothing that merely resembles them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value
