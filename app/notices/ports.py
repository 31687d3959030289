"""What features provide so that their outbox rows become sentences: ``notices`` knows no cases."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.notices.models import Outbox
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Message:
    """What an outbox row says to some people: a kind, the figures of its sentence, and offices or person ids as text."""

    kind: str
    to: frozenset[str]
    figures: Mapping[str, Text]
    barred: frozenset[str] = frozenset()
    """Person ids that are left out, although they hold one of the offices."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What one outbox row says, most important first: a person gets the first message that is for him."""

    messages: tuple[Message, ...] = ()
    by: str | None = None
    """Who acted: not told of his own step."""
    owner: uuid.UUID | None = None
    """Whose case it is: sees deliveries that failed."""


Announce = Callable[[Session, uuid.UUID, Sequence[Outbox]], Mapping[uuid.UUID, Announced]]
"""From rows of one union to what they say, by row id; asked once for many rows."""


@dataclass(slots=True)
class Announcers:
    """Who can read which outbox rows, by the first part of their topic (``case.approve`` -> ``case``)."""

    by_topic: dict[str, Announce] = field(default_factory=dict)

    def announced(self, session: Session, union_id: uuid.UUID, rows: Sequence[Outbox]) -> dict[uuid.UUID, Announced]:
        """What the rows say; a topic that nobody reads says nothing."""
        found: dict[uuid.UUID, Announced] = {}
        for topic in sorted({_topic(row) for row in rows} & set(self.by_topic)):
            found.update(self.by_topic[topic](session, union_id, [row for row in rows if _topic(row) == topic]))
        return found


def _topic(row: Outbox) -> str:
    return row.topic.partition(".")[0]
