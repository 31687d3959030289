"""Decides recorded moves again: from the start, through the same machine, on the values that were recorded with them.

Who held which office on that day is not known here; what is proved is that each step was a step of the workflow, led
where it leads, was agreed by as many different people as it asks, and stands in the right round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.engine import machine
from app.engine.conditions import Value, holds
from app.engine.definition import Action, Definition, Quorum
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Move:
    """One recorded step of a case."""

    seq: int
    """Its place in the record, to name it by."""
    action: str
    source: str
    target: str
    closes: bool
    person: str | None
    """None for a rule of the system."""
    votes: tuple[str, ...]
    """The persons counted, this one included, oldest first; empty where no quorum is asked."""
    need: int | None
    routing: Mapping[str, Value]
    round: int
    """The round in which the step was taken, before a return opened the next one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands after its moves."""

    state: str
    round: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The first move that could not have happened, and why."""

    seq: int
    code: str
    text: Text


_SENTENCES: dict[str, tuple[str, str]] = {
    "unknown_action": ("流程里没有“{action}”这一步。", "The workflow has no action “{action}”."),
    "wrong_source": (
        "这一步记的是从“{source}”出发，而当时在“{state}”。",
        "The step says it left “{source}”, but the case was in “{state}”.",
    ),
    "wrong_round": (
        "这一步记的是第 {round} 轮，而当时是第 {expected} 轮。",
        "The step says round {round}, but the case was in round {expected}.",
    ),
    "not_a_person": (
        "“{action}”不能由系统规则办理，记录里却没有人。",
        "“{action}” is not open to a rule of the system, but the record names no person.",
    ),
    "arrow_missing": (
        "“{action}”在“{source}”没有通路。",
        "There is no way along “{action}” from “{source}”.",
    ),
    "wrong_target": (
        "“{action}”应当到“{expected}”，记的却是“{target}”。",
        "“{action}” leads to “{expected}”, but the record says “{target}”.",
    ),
    "wrong_need": (
        "“{action}”要 {expected} 人同意，记的却是 {need}。",
        "“{action}” asks {expected}, but the record says {need}.",
    ),
    "voted_twice": ("同一个人在“{action}”算了两次。", "One person was counted twice for “{action}”."),
    "wrong_votes": (
        "“{action}”记的表态人与此前的记录不符。",
        "The people counted for “{action}” are not those of the steps before.",
    ),
    "quorum_differs": (
        "“{action}”要 {need} 人，有 {count} 人，是否办结记错了。",
        "“{action}” needs {need} and has {count}; whether it closed is recorded wrongly.",
    ),
}

CODES = frozenset(_SENTENCES)


class _BrokenError(Exception):
    """A move could not have happened."""

    def __init__(self, code: str, **figures: object) -> None:
        super().__init__(code)
        self.code = code
        self.figures = figures


class _Folding:
    """A case while its moves are decided again."""

    __slots__ = ("actions", "definition", "round", "state", "votes")

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.actions = {action.name: action for action in definition.actions}
        self.state = definition.initial
        self.round = 1
        self.votes: dict[str, tuple[str, ...]] = {}

    def take(self, move: Move) -> None:
        """Follow one move.

        Raises:
            _BrokenError: it could not have happened here.
        """
        action = self.actions.get(move.action)
        if action is None:
            raise _BrokenError("unknown_action", action=move.action)
        if move.source != self.state:
            raise _BrokenError("wrong_source", source=move.source, state=self.state)
        if move.round != self.round:
            raise _BrokenError("wrong_round", round=move.round, expected=self.round)
        if move.person is None and not action.by.system:
            raise _BrokenError("not_a_person", action=move.action)
        met = self._counted(action, move) if action.quorums else _uncounted(move)
        try:
            target = machine.fire(self.definition, move.source, move.action, move.routing, quorum_met=met)
        except machine.ArrowMissing:
            raise _BrokenError("arrow_missing", action=move.action, source=move.source) from None
        if target != move.target:
            raise _BrokenError("wrong_target", action=move.action, expected=target, target=move.target)
        new_round = action.new_round and met
        if new_round or target != self.state:
            self.votes = {}
        self.round += new_round
        self.state = target

    def _counted(self, action: Action, move: Move) -> bool:
        """Whether the quorum is met by this vote and those before it."""
        before = self.votes.get(action.name, ())
        if move.person in before or move.person is None:
            raise _BrokenError("voted_twice", action=action.name)
        votes = (*before, move.person)
        if move.votes != votes:
            raise _BrokenError("wrong_votes", action=action.name)
        need = _need(action, move)
        met = len(votes) >= need
        if move.closes != met:
            raise _BrokenError("quorum_differs", action=action.name, need=need, count=len(votes))
        self.votes[action.name] = votes
        return met


def refold(definition: Definition, moves: Iterable[Move]) -> Standing | Broken:
    """Where the moves of one case, oldest first, lead; or the first that could not have happened."""
    folding = _Folding(definition)
    for move in moves:
        try:
            folding.take(move)
        except _BrokenError as error:
            zh, en = _SENTENCES[error.code]
            return Broken(move.seq, error.code, Text(zh.format(**error.figures), en.format(**error.figures)))
    return Standing(folding.state, folding.round)


def _need(action: Action, move: Move) -> int:
    """How many the record says were needed, where the workflow allows that number for the recorded values."""
    quorum = next((one for one in action.quorums if holds(one.when, move.routing)), None)
    if quorum is None or move.need is None or not _allows(quorum, move.need):
        asked = "?" if quorum is None else "all" if quorum.need is None else quorum.need
        raise _BrokenError("wrong_need", action=action.name, expected=asked, need=move.need)
    return move.need


def _allows(quorum: Quorum, need: int) -> bool:
    """How many members an office had is not recorded, so where that counts, any number up to the rule's is possible."""
    if quorum.need is None:
        return need >= 1
    return 1 <= need <= quorum.need if quorum.or_all_members else need == quorum.need


def _uncounted(move: Move) -> bool:
    if move.votes or move.need is not None:
        raise _BrokenError("wrong_votes", action=move.action)
    if not move.closes:
        raise _BrokenError("quorum_differs", action=move.action, need=1, count=1)
    return True
