"""What changed in a case's form between two of its contents, field by field and line by line. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.engine.definition import Definition, Field, FieldType


@dataclass(frozen=True, slots=True)
class Erased:
    """A sealed value that is no longer kept. Equal where its commitment is: then nothing changed."""

    commitment: str


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; for a whole line that came or went, ``column`` is None."""

    field: Field
    column: Field | None
    line: int | None
    """Counted from 1; None outside lines."""
    before: Any
    after: Any

    @property
    def path(self) -> str:
        """Where in the form."""
        if self.line is None:
            return self.field.name
        return f"{self.field.name}.{self.line - 1}" + (f".{self.column.name}" if self.column else "")

    @property
    def is_material(self) -> bool:
        """Whether approvals were given on what it said."""
        return self.field.material

    @property
    def is_personal(self) -> bool:
        """Whether only the fact that it changed may be told."""
        return self.field.personal or (self.column is not None and self.column.personal)

    @property
    def is_erased(self) -> bool:
        """Whether one of the two values is no longer kept."""
        return isinstance(self.before, Erased) or isinstance(self.after, Erased)


def changes_between(definition: Definition, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Everything that differs, in the form's order. Nothing and empty are the same."""
    found: list[Change] = []
    for field in definition.fields:
        old, new = _or_none(before.get(field.name)), _or_none(after.get(field.name))
        if field.type is FieldType.LINES:
            found += _lines(field, old or [], new or [])
        elif old != new:
            found.append(Change(field, None, None, old, new))
    return found


def fingerprint(data: Mapping[str, Any]) -> str:
    """A short name of a content, to tell whether what is confirmed is what was shown."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _lines(field: Field, old: list[Any], new: list[Any]) -> Iterator[Change]:
    for number in range(max(len(old), len(new))):
        line = number + 1
        if number >= len(old):
            yield Change(field, None, line, None, new[number])
        elif number >= len(new):
            yield Change(field, None, line, old[number], None)
        else:
            for column in field.columns:
                was, now = _or_none(old[number].get(column.name)), _or_none(new[number].get(column.name))
                if was != now:
                    yield Change(field, column, line, was, now)


def _or_none(value: Any) -> Any:
    return None if value in ("", []) else value
