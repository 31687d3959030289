"""Schema fields that take a number, a yes or a text for what it is, and nothing that merely resembles one."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar, cast

from marshmallow import ValidationError, fields, validate

from app.wording import Text

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


class PlainText(fields.String):
    """Text that is what it looks like: NFC, trimmed, no control, hidden or direction-changing characters."""

    unseen: ClassVar[frozenset[str]] = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
    """Unicode categories that are refused."""

    def __init__(self, longest: int, *, multiline: bool = False, **kwargs: Any) -> None:
        """``longest`` counts characters; ``multiline`` lets line breaks stand."""
        super().__init__(validate=validate.Length(max=longest), **kwargs)
        self.multiline = multiline

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs)).strip()
        for character in text:
            if unicodedata.category(character) in self.unseen and not (character == "\n" and self.multiline):
                raise ValidationError(cast("Any", [_INVISIBLE]))
        return text


_INVISIBLE = Text("含有看不见的字符，请删去。", "Contains invisible characters; remove them.")
