"""Who is acting: a person of one union, with the offices held today."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Protocol, cast

from app.engine.decision import Actor, Deputed
from app.foundation.errors import NotSignedIn


@dataclass(frozen=True, slots=True)
class Principal:
    """One person of one union, as of now. ``person_id`` is what the trail names; the name may be erased later.

    ``offices`` holds what is confirmed and in its term today, and ``member`` for members.
    """

    union_id: uuid.UUID
    person_id: uuid.UUID
    name: str
    offices: frozenset[str]
    account_id: uuid.UUID | None = None
    csrf_token: str | None = None
    token_id: uuid.UUID | None = None
    """The API token that was presented, when it was not a browser."""
    union_name: str = ""
    union_slug: str = ""
    stands_in_for: tuple[Deputed, ...] = ()
    """Whom this person stands in for today, each with the offices that covers."""
    password_is_temporary: bool = False
    """Someone else knows the password: until it is changed, nothing else is open."""

    @property
    def actor(self) -> Actor:
        """The same person as the engine sees him."""
        return Actor(str(self.person_id), self.offices, stands_in_for=self.stands_in_for)

    @property
    def asked_as(self) -> frozenset[str]:
        """Offices, own and stood in for, and the persons stood in for: what a case may wait for when it waits for him."""
        if not self.stands_in_for:
            return self.offices
        return self.offices.union(
            *({*one.offices, *((one.person,) if one.whole else ())} for one in self.stands_in_for)
        )


class _Called(Protocol):
    @property
    def caller(self) -> object | None: ...


def signed_in(call: _Called) -> Principal:
    """The person behind a call.

    Raises:
        NotSignedIn: nobody is.
    """
    if call.caller is None:
        raise NotSignedIn
    return cast("Principal", call.caller)
