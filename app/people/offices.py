"""The offices of a union: what they are called, which exclude each other, and which are for members alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.engine.loading import load_yaml
from app.foundation.errors import AppError
from app.wording import Text

MEMBER = "member"
"""Every member holds it by being one; it is never appointed."""


class OfficesUnusable(AppError):
    """职务文件 {file} 有误：{reason}。请改正后再启动。

    The file of offices {file} cannot be used: {reason}. Correct it and start again.
    """

    code = "offices_unusable"


@dataclass(frozen=True, slots=True)
class Office:
    """One office. ``barred`` names those that the same person may not hold at the same time."""

    name: str
    title: Text
    barred: frozenset[str]
    members_only: bool


class OfficeBook:
    """Every office, by name, in the file's order."""

    def __init__(self, offices: Collection[Office], source: str = "offices") -> None:
        """Make the bars hold both ways, whichever side names them.

        Raises:
            OfficesUnusable: an office bars itself, or one that is not in the book.
        """
        self._offices = {office.name: office for office in offices}
        pairs: set[frozenset[str]] = set()
        for office in offices:
            for other in office.barred:
                if other not in self._offices or other == office.name:
                    raise OfficesUnusable(file=source, reason=f"{office.name}: barred: {other}")
                pairs.add(frozenset((office.name, other)))
        self.pairs = frozenset(pairs)
        """Every two offices that exclude each other."""

    @classmethod
    def load(cls, path: Path) -> OfficeBook:
        """Read the file.

        Raises:
            DefinitionError: not our YAML.
            OfficesUnusable: an entry with missing, unknown or wrong parts.
        """
        listed = load_yaml(path).get("offices")
        if not isinstance(listed, dict) or not listed:
            raise OfficesUnusable(file=path.name, reason="offices: ?")
        return cls([_office(name, entry, path.name) for name, entry in listed.items()], path.name)

    def __contains__(self, name: object) -> bool:
        return name in self._offices

    def titles(self) -> dict[str, Text]:
        """What each office is called."""
        return {name: office.title for name, office in self._offices.items()}

    def title(self, name: str) -> Text:
        """What one office is called; one that is no longer in the book goes by its name."""
        return self._offices[name].title if name in self._offices else Text(name, name)

    def appointed(self) -> list[str]:
        """The offices a person can be appointed to."""
        return [name for name in self._offices if name != MEMBER]

    def members_only(self, name: str) -> bool:
        """Whether only a member may hold it."""
        return self._offices[name].members_only

    def clash(self, held: Collection[str], new: str) -> list[str]:
        """Those of the offices held that exclude the new one, in the book's order."""
        return [name for name in self._offices if name in held and frozenset((name, new)) in self.pairs]


def _office(name: str, entry: Any, file: str) -> Office:
    try:
        parts: Mapping[str, Any] = dict(entry)
        title = Text(parts["title"]["zh"], parts["title"]["en"])
        barred, members_only = parts.get("barred", []), parts.get("members_only", True)
        unknown = parts.keys() - {"title", "barred", "members_only"}
    except (TypeError, KeyError, ValueError) as error:
        raise OfficesUnusable(file=file, reason=f"{name}: title: {{zh: …, en: …}}") from error
    if unknown or not isinstance(barred, list) or not isinstance(members_only, bool):
        raise OfficesUnusable(file=file, reason=f"{name}: {', '.join(sorted(unknown)) or 'barred, members_only'}")
    return Office(name, title, frozenset(barred), members_only)
