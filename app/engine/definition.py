"""What a workflow is, as frozen data: states, fields, sides and actions. Built by ``loading``, proved by ``checks``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.wording import Text


class Phase(StrEnum):
    """What a state means to people who do not know the workflow; lists, the public page and roll-ups speak in phases."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    AUDITED = "audited"
    PUBLISHED = "published"
    ENDED = "ended"


class FieldType(StrEnum):
    """The closed list of what a field may hold."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    MONEY = "money"
    DATE = "date"
    INTEGER = "integer"
    CHOICE = "choice"
    BOOL = "bool"
    PERSON = "person"
    FILES = "files"
    ACCOUNT = "account"
    CASE = "case"
    INVOICE = "invoice"
    LINES = "lines"


FREE_TEXT = frozenset({FieldType.TEXT, FieldType.LONG_TEXT})
"""Types that people type into: only salted commitments of them enter the trail."""


class Publish(StrEnum):
    """How a field appears on the public page."""

    NO = "no"
    MASKED = "masked"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a case may rest in a state, counted from the working day after it came there, and what follows then.

    Without ``escalate_to`` and ``close_by`` those who are waited for are told once more, and that is all.
    """

    working_days: int
    """The last working day on which it is in time; the first is the one after it came there."""
    remind_before: int | None = None
    """How many working days before the last one people are reminded; 0 is on that day itself."""
    escalate_to: tuple[str, ...] = ()
    """Offices that are told when it is overdue, and see it among what they have to look after."""
    close_by: str | None = None
    """The action that a rule of the system then takes: it sends back or ends, and people can undo it; never a yes."""


@dataclass(frozen=True, slots=True)
class State:
    """One place a case can rest in."""

    name: str
    phase: Phase
    """What the state means to people who do not know the workflow."""
    title: Text
    """What people read."""
    deadline: Deadline | None = None
    """How long it may rest there."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked. A field with ``columns`` is a table of lines."""

    name: str
    type: FieldType
    """What it may hold."""
    title: Text
    """What people read."""
    hint: Text | None = None
    """A line under the label that helps to fill it in."""
    required: bool = False
    """Whether it must be there to submit."""
    material: bool = False
    """Changing it voids approvals, because they were given on what it said."""
    personal: bool = False
    """About a person: only a commitment of it enters the record, and it can be erased."""
    publish: Publish = Publish.NO
    """How it appears on the public page."""
    asked: bool = False
    """Filled in together with an action, never while drafting."""
    filled_by: str | None = None
    """Filled in by this effect, never by a person."""
    default: int | str | bool | None = None
    """What stands there before anyone types."""
    at_least: int | None = None
    """The smallest number taken."""
    at_most: int | None = None
    """The largest number taken."""
    choices: tuple[tuple[str, Text], ...] = ()
    """For a choice: the names to choose from, with what people read."""
    columns: tuple[Field, ...] = ()
    """For lines: what is asked in each row."""
    sum_of: tuple[str, str] | None = None
    """``(lines field, money column)``: the total is computed, and a total sent by a client must agree."""
    workflow: str | None = None
    """For a ``case`` field: which workflow the linked case must run."""
    account_kind: str = "spending"
    """For an ``account`` field: which side of the chart it picks from."""

    @property
    def sealed(self) -> bool:
        """Whether only a salted commitment of its value enters the trail."""
        return self.personal or self.type in FREE_TEXT


@dataclass(frozen=True, slots=True)
class Setting:
    """A figure that the union itself sets, named in a condition instead of a constant."""

    name: str


Operand = int | bool | str | Setting


@dataclass(frozen=True, slots=True)
class Compare:
    """``left op right``; ``left`` is a field's name or ``setting.NAME``."""

    left: str
    op: str
    right: Operand | tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = Compare | AllOf | AnyOf | Not

OPERATORS = ("is", "is_not", "above", "at_least", "below", "at_most", "one_of")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who may take an action: closed unless something here opens it."""

    offices: tuple[str, ...] = ()
    """Whoever holds one of these offices today."""
    fields: tuple[str, ...] = ()
    """Person fields of the form whose holder may act."""
    opener: bool = False
    """Whoever filled the case in."""
    submitter: bool = False
    """Whoever submitted it."""
    anyone: bool = False
    """Any signed-in person of the union."""
    system: bool = False
    """A rule of the system, never a person; recorded as such."""
    or_else: tuple[str, ...] = ()
    """Offices that step in when nobody of ``offices`` is left, or when someone hands the step over to them."""

    @property
    def empty(self) -> bool:
        """Whether nobody at all is named."""
        return not (self.offices or self.fields or self.opener or self.submitter or self.anyone or self.system)


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many different people must agree, when its condition holds.

    Lines without a ``party`` are alternatives: the first that holds counts. Lines with one are the parties of a joint
    decision (会签): every line that holds must be met, side by side or one after another.
    """

    need: int | None
    """A number (of votes, or of weight), or None for every member of the offices named, or for ``share`` of them."""
    when: Condition | None = None
    """For which cases the line counts; always where it is left out."""
    or_all_members: bool = False
    """Where the offices have fewer members than ``need``, all of them are enough; the trail says so."""
    share: tuple[int, int] | None = None
    """``(2, 3)``: two thirds of the members, rounded up."""
    party: str | None = None
    """The name of a party to a joint decision."""
    of: tuple[str, ...] = ()
    """The party's offices; without a party, everyone of ``by`` votes on the line."""
    after: str | None = None
    """The party that must have agreed before this one is asked (依次)."""
    weights: tuple[tuple[str, int], ...] = ()
    """What the vote of an office weighs where it is not 1."""
    draw: int | None = None
    """How many of the members are drawn by lot when the step begins; only they are asked."""

    @property
    def counts_members(self) -> bool:
        """Whether the number needed depends on how many people hold the offices."""
        return self.need is None or (self.or_all_members and self.need > 1)


@dataclass(frozen=True, slots=True)
class Branch:
    """Where an action leads, when its condition holds."""

    state: str
    """Where it leads."""
    when: Condition | None = None
    """For which cases."""


@dataclass(frozen=True, slots=True)
class Use:
    """A fact or an effect by its registered name, with its typed parameters."""

    name: str
    parameters: tuple[tuple[str, int | bool | str], ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One verb: from where to where, who may, who may not, what must hold, what follows."""

    name: str
    title: Text
    """What the button says."""
    sources: tuple[str, ...]
    """The states it starts from."""
    branches: tuple[Branch, ...]
    """Where it leads."""
    by: Candidates
    """Who may take it; nobody unless named."""
    bars: tuple[str, ...] = ()
    """Sides that may not act: submitter, opener, approver, or a side of the definition."""
    quorums: tuple[Quorum, ...] = ()
    """How many must agree; one where it is left out."""
    require: tuple[Use, ...] = ()
    """Facts that must hold."""
    effects: tuple[Use, ...] = ()
    """What follows in the books."""
    asks: tuple[str, ...] = ()
    """Fields that are filled in with it."""
    comment_required: bool = False
    """Whether a reason must be written."""
    new_round: bool = False
    """Going back: what was decided before counts no more."""
    batch: bool = False
    """Many cases may be ticked off at once."""
    tone: str = "plain"
    """plain, caution or danger: how the button looks."""
    returns: bool = False
    """Leads to whichever earlier step the actor names; ``branches`` are all that could be."""
    resume: bool = False
    """The actor may let the case come straight back to him once it was corrected, instead of walking again."""
    opposes: str | None = None
    """A vote against that action: it takes the case along only when the other can no longer pass."""
    veto: tuple[str, ...] = ()
    """Offices whose single vote against is enough."""
    arrange: tuple[str, ...] = ()
    """Which of ``ARRANGEABLE`` those who are asked may do with this step."""
    take_back: bool = False
    """Whoever took it may take it back until the next person acts."""
    amends: bool = False
    """Changes the form while others decide: a material change opens a new round, any other only notifies."""
    paper: tuple[str, ...] = ()
    """Offices that may record this step from a signed sheet."""
    copy_to: tuple[str, ...] = ()
    """Offices that are sent a copy when the case moves on."""
    opened_above: Operand | None = None
    """In a batch, a case above this amount (fen, or a setting) must have been opened by the person before."""

    @property
    def opens_round(self) -> bool:
        """Whether what was decided before counts no more once it closes."""
        return self.new_round or self.amends

    @property
    def may_stay(self) -> bool:
        """Whether a single vote may leave the case where it is."""
        return bool(self.quorums) or self.amends or self.opposes is not None or "add_signer" in self.arrange


ARRANGEABLE = ("add_signer", "hand_over", "ask_opinion")
"""加签, 转交, 征求意见: what a step may allow besides deciding. Standing aside (回避) is never forbidden."""

TAKE_BACK = "take_back"
"""The built-in step that undoes one's own last decision."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Which fields a list shows: title, amount (fen), category and day."""

    title: str
    """The field that names the case."""
    amount: str | None = None
    """The field with its amount."""
    category: str | None = None
    """The field with its category."""
    day: str | None = None
    """The field with its day."""


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One workflow, immutable; ``hash`` is the SHA-256 of its canonical JSON form, in hex.

    Compared by identity (the catalogue keeps one object per hash), so that caches keyed by it cost nothing.
    """

    name: str
    """The name in addresses, files and the API."""
    title: Text
    """What people read."""
    number: str
    """The letters of its numbers, such as GH in GH-2026-0042."""
    year_of: str | None
    """The date field whose year numbers and budgets go by."""
    initial: str
    """The state a case begins in."""
    states: tuple[State, ...]
    """Where a case can rest."""
    fields: tuple[Field, ...]
    """What is asked."""
    sides: tuple[tuple[str, str], ...]
    """Names for the persons of the form who must stand aside."""
    actions: tuple[Action, ...]
    """The verbs."""
    open: Candidates
    """Who may begin one."""
    visible_to: tuple[str, ...]
    """Offices that may see every case; parties see theirs."""
    summary: Summary
    """What lists show."""
    office_titles: tuple[tuple[str, Text], ...]
    """What the offices named here are called, for sentences; not part of the hash."""
    hash: str
    canonical: bytes
    source: str = ""
    """The file it was read from, for messages; not part of the hash."""
    lines: Mapping[tuple[str | int, ...], int] = dataclasses.field(default_factory=dict)
    """Where each part stands in that file; not part of the hash."""

    def state(self, name: str) -> State:
        """The state of that name; KeyError when there is none."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(name)

    def field(self, name: str) -> Field:
        """The field of that name; KeyError when there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def action(self, name: str) -> Action | None:
        """The action of that name, if any."""
        for action in self.actions:
            if action.name == name:
                return action
        return None

    def actions_from(self, state: str) -> tuple[Action, ...]:
        """Every action that leaves a state, in the file's order."""
        return tuple(action for action in self.actions if state in action.sources)

    @property
    def drafting_fields(self) -> tuple[Field, ...]:
        """The fields a person fills in before submitting."""
        return tuple(field for field in self.fields if not field.asked and field.filled_by is None)
