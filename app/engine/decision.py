"""What the engine is told and what it answers. Plain values; nothing here reads a clock or a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.engine.definition import Use
from app.wording import Text


class Ground(StrEnum):
    """Why a refusal is a refusal; the edge turns it into 403, 409 or 422."""

    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    INVALID = "invalid"


class Severity(StrEnum):
    """How much a finding weighs."""

    OK = "ok"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a fact provider saw: a check that passed, a warning to read, or a reason to refuse."""

    code: str
    severity: Severity
    text: Text
    ground: Ground = Ground.CONFLICT
    figures: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why not, with a stable code and a sentence a member understands."""

    code: str
    text: Text
    ground: Ground
    figures: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer no: every reason, not the first."""

    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Vote:
    """A decision already taken in the present state of the present round."""

    action: str
    person: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person with the offices held today, or a rule of the system."""

    person: str | None
    offices: frozenset[str] = frozenset()
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """A case as the engine sees it at one moment. Person and case ids are strings."""

    state: str
    data: Mapping[str, object]
    opener: str
    submitter: str | None = None
    votes: tuple[Vote, ...] = ()
    """Of this round and state."""
    approvers: frozenset[str] = frozenset()
    """Everyone whose decision carried this round forward, in any state of it."""
    settings: Mapping[str, int | bool | str] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Office -> persons who hold it today; read only where a quorum depends on it."""
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    """Fact name -> what its provider saw."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the actor sends along: the opinion, and values of the fields that the action asks."""

    comment: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer yes, and everything that must be written because of it."""

    action: str
    office: str | None
    """The office in whose right the actor acted; None for the opener or a person of the form."""
    source: str
    target: str
    closes: bool
    """False while a quorum still waits for others: the state stays."""
    votes: tuple[str, ...]
    """The persons counted, this one included, oldest first; empty where no quorum is asked."""
    need: int | None
    routing: Mapping[str, int | bool | str | None]
    """The values that conditions were decided on, so that anyone can decide them again."""
    new_round: bool
    effects: tuple[Use, ...]


Answer = Decision | Refused
