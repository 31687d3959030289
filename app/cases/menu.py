"""What can be begun, as a person is offered it: the commonest first, the rest in groups, as ``workflows/menu.yaml`` says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.engine.definition import Definition
from app.engine.loading import load_yaml
from app.foundation.errors import AppError
from app.wording import Text

OWN = Text("本会自定", "Our own")
"""The heading of kinds that the menu does not name: those in a union's own folder."""

FIRST = 3
"""As many of the commonest are offered before anyone asks for all."""


class MenuUnusable(AppError):
    """新建页的分组文件 {file} 有误：{reason}。请改正后再启动。

    The file that groups the kinds of work, {file}, cannot be used: {reason}. Correct it and start again.
    """

    code = "menu_unusable"


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of work under one heading."""

    title: Text
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one person may begin: the commonest and the union's own kinds, and everything by group, none of them empty."""

    first: tuple[Definition, ...]
    groups: tuple[tuple[Text, tuple[Definition, ...]], ...]

    @property
    def count(self) -> int:
        """How many kinds there are in all."""
        return sum(len(kinds) for _, kinds in self.groups)


class Menu:
    """The groups in their order, and which kinds are commonest."""

    def __init__(self, often: Sequence[str], groups: Sequence[Group]) -> None:
        """``often`` and the kinds of a group are names of workflows, in the order in which they are offered."""
        self._often = tuple(often)
        self._groups = tuple(groups)

    @classmethod
    def load(cls, path: Path, known: Collection[str]) -> Menu:
        """Read the file. ``known`` are the names of the workflows.

        Raises:
            DefinitionError: not our YAML.
            MenuUnusable: an entry of another shape, a kind that does not exist, or one that stands in two groups.
        """
        document = load_yaml(path)
        try:
            groups = [
                Group(Text(one["title"]["zh"], one["title"]["en"]), tuple(one["kinds"]))
                for one in document["groups"].values()
            ]
            often = [str(name) for name in document["often"]]
        except (AttributeError, KeyError, TypeError) as error:
            raise MenuUnusable(file=path.name, reason="often: […], groups: {…: {title, kinds: […]}}") from error
        listed = [name for group in groups for name in group.kinds]
        wrong = [name for name in (*often, *listed) if name not in known]
        wrong += [name for name in set(listed) if listed.count(name) > 1]
        if wrong:
            raise MenuUnusable(file=path.name, reason="、".join(map(str, wrong)))
        return cls(often, groups)

    def group_of(self, name: str) -> Text:
        """The heading a kind of work stands under."""
        return next((group.title for group in self._groups if name in group.kinds), OWN)

    def offer(self, definitions: Mapping[str, Definition], offices: Collection[str]) -> Offer:
        """What these offices may begin, of the workflows in force."""
        may = {name: one for name, one in definitions.items() if may_open(one, offices)}
        groups = self.arranged(may)
        own = next((kinds for title, kinds in groups if title == OWN), ())
        often = [may[name] for name in self._often if name in may]
        others = [one for _, kinds in groups for one in kinds if one not in often and one not in own]
        return Offer((*[*often, *others][:FIRST], *own), groups)

    def arranged(self, definitions: Mapping[str, Definition]) -> tuple[tuple[Text, tuple[Definition, ...]], ...]:
        """These workflows under their headings, in the menu's order; no heading is empty."""
        listed = {name for group in self._groups for name in group.kinds}
        own = tuple(one for name, one in definitions.items() if name not in listed)
        groups = [
            *(
                (one.title, tuple(definitions[name] for name in one.kinds if name in definitions))
                for one in self._groups
            ),
            (OWN, own),
        ]
        return tuple((title, kinds) for title, kinds in groups if kinds)


def may_open(definition: Definition, offices: Collection[Any]) -> bool:
    """Whether someone with these offices may begin a case of this kind."""
    return definition.open.anyone or not set(offices).isdisjoint(definition.open.offices)
