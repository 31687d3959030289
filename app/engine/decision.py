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
    """Whose hand it was."""
    seat: str = ""
    """In whose place, where a deputy acted or a signed sheet was recorded."""
    weight: int = 1
    party: str = ""

    @property
    def of(self) -> str:
        """Whose word it counts as."""
        return self.seat or self.person


@dataclass(frozen=True, slots=True)
class Deputed:
    """Someone who is away and whom the actor stands in for today (代理)."""

    person: str
    offices: frozenset[str]
    """Those offices of his that the delegation covers."""
    whole: bool = False
    """Whether it covers everything, so also what he is asked as a person and not by office."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person with the offices held today, or a rule of the system."""

    person: str | None
    offices: frozenset[str] = frozenset()
    rule: str | None = None
    stands_in_for: tuple[Deputed, ...] = ()


class Verb(StrEnum):
    """What can be done around a step without taking it: who is asked changes, the state does not."""

    ADD_SIGNER = "add_signer"
    DROP_SIGNER = "drop_signer"
    HAND_OVER = "hand_over"
    ASK_OPINION = "ask_opinion"
    GIVE_OPINION = "give_opinion"
    RECALL_OPINION = "recall_opinion"
    RECUSE = "recuse"
    DRAW = "draw"
    REMIND = "remind"
    REMARK = "remark"
    COPY = "copy"
    CONFIRM_PAPER = "confirm_paper"
    DISPUTE_PAPER = "dispute_paper"


ABOUT_THE_CASE = frozenset({Verb.REMIND, Verb.REMARK, Verb.COPY, Verb.CONFIRM_PAPER, Verb.DISPUTE_PAPER, Verb.DRAW})
"""What leaves untouched who is asked, or follows from a step by itself: it does not stop anyone taking a step back."""


class Order(StrEnum):
    """When an added signer signs: before the others, beside them, or after them."""

    BEFORE = "before"
    BESIDE = "beside"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Something that was arranged about one step of the case."""

    verb: Verb
    action: str
    by: str | None
    """None where the lot fell by a rule of the system."""
    to: str | None = None
    order: Order = Order.BESIDE


@dataclass(frozen=True, slots=True)
class LastStep:
    """The last decision that still stands, for whoever wants to take it back."""

    action: str
    person: str | None
    source: str
    target: str
    closes: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A signed sheet of paper that is being recorded: who signed, what he may decide, and the date on it."""

    signer: str
    offices: frozenset[str]
    dated: str
    """ISO date."""


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
    arrangements: tuple[Arrangement, ...] = ()
    """Of the present step, oldest first; those who stood aside did so for the whole case."""
    path: tuple[str, ...] = ()
    """The states it came through and could go back to, oldest first."""
    last: LastStep | None = None
    submitted_for: str | None = None
    """In whose place it was submitted, where a deputy did; the same side as the submitter."""
    is_disputed: bool = False
    """Whether someone said that he did not sign the sheet that was recorded for him, in this round."""
    resume_to: str | None = None
    """Where a returned case goes straight back to; None where nothing was promised, or what was decided on changed."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the actor sends along: the opinion, and values of the fields that the action asks."""

    comment: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    return_to: str | None = None
    resume: bool = False
    sheet: Sheet | None = None
    changes_material: bool = False
    """Whether ``data`` changes something that was decided on; the door knows what stood there before."""


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
    seat: str | None = None
    """In whose place the actor acted, if not his own."""
    weight: int = 1
    party: str = ""
    added: tuple[str, ...] = ()
    """Signers who were added to the step; each of them must be among the votes."""


Answer = Decision | Refused
