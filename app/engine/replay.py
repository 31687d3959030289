"""Decides recorded moves again: from the start, through the same machine, on the values that were recorded with them.

Who held which office on that day is not known here; what is proved is that each step was a step of the workflow, led
where it leads, was agreed by as many different people as it asks, and stands in the right round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.engine import machine
from app.engine.arranged import arranged
from app.engine.conditions import Value
from app.engine.decision import ABOUT_THE_CASE, Arrangement, Verb, Vote
from app.engine.definition import TAKE_BACK, Action, Definition, Quorum
from app.engine.earlier import RESUME_TO
from app.engine.lots import draw_lots
from app.engine.voting import ONE, applicable
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
    seat: str | None = None
    """In whose place it was taken, if not in the person's own."""
    weight: int = 1
    party: str = ""
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """One recorded arrangement of a case: the state stays, who is asked changes."""

    seq: int
    arrangement: Arrangement
    state: str
    round: int
    lot: tuple[str, tuple[str, ...]] | None = None
    """For what was drawn: the seed, and everyone who could have been."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One recorded carrying of a case to another version of its workflow."""

    seq: int
    before: str
    """Hash of the version it left."""
    definition: Definition
    """The version it came to."""
    source: str
    target: str
    round: int


Event = Move | Noted | Carried


class Lead(Protocol):
    """Says where a step leads: the machine, or the table."""

    def __call__(
        self, definition: Definition, source: str, action: str, values: Mapping[str, Value], *, quorum_met: bool
    ) -> str:
        """The state arrived at; ArrowMissing where there is no way."""


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
    "wrong_added": (
        "“{action}”记的加签人与此前的安排不符。",
        "The added signers recorded for “{action}” are not those that were arranged.",
    ),
    "wrong_weight": ("“{action}”的一票记成了 {weight}。", "A vote for “{action}” is recorded as weighing {weight}."),
    "wrong_taking_back": (
        "收回的不是上一步，或不是本人收回。",
        "What was taken back was not the last step, or not by whoever took it.",
    ),
    "wrong_version": (
        "这一步记的是从另一个流程版本迁来的。",
        "The record says it was carried from a version of the workflow that it did not run.",
    ),
    "wrong_passage": (
        "迁到新版时从“{source}”变成了“{target}”，不是同一阶段，或新版没有这个状态。",
        "Carried to the new version it went from “{source}” to “{target}”: another phase, or no state of it.",
    ),
    "vote_lost": (
        "迁到新版时，“{action}”已有的表态没有了位置。",
        "Carried to the new version, the votes given on “{action}” lost their place.",
    ),
    "wrong_promise": (
        "“{action}”记作直接回到退回的那一步，而退回时没有这样说好。",
        "“{action}” is recorded as coming straight back, but the return had not promised it.",
    ),
    "wrong_lot": ("抽签结果与记录的种子算出来的不一样。", "The lot does not follow from the recorded seed."),
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

    __slots__ = (
        "actions",
        "arrangements",
        "before",
        "definition",
        "lead",
        "needs",
        "promise",
        "round",
        "state",
        "votes",
    )

    def __init__(self, definition: Definition, lead: Lead) -> None:
        self.definition = definition
        self.lead = lead
        self.actions = {action.name: action for action in definition.actions}
        self.state = definition.initial
        self.round = 1
        self.votes: dict[str, tuple[Vote, ...]] = {}
        self.needs: dict[str, int] = {}
        self.arrangements: tuple[Arrangement, ...] = ()
        self.before: list[tuple[Move, tuple[Any, ...]]] = []
        self.promise: str | None = None
        """Where a returned case may come straight back to."""

    def note(self, noted: Noted) -> None:
        """Follow one arrangement.

        Raises:
            _BrokenError: it was made elsewhere, or the lot was not drawn as recorded.
        """
        arrangement = noted.arrangement
        self._stands_at(noted.state, noted.round)
        if arrangement.action and arrangement.action not in self.actions:
            raise _BrokenError("unknown_action", action=arrangement.action)
        if arrangement.verb is Verb.DRAW:
            quorum = next((one for one in self.actions[arrangement.action].quorums if one.draw is not None), None)
            seed, pool = noted.lot or ("", ())
            if quorum is None or quorum.draw is None or arrangement.to not in draw_lots(seed, pool, quorum.draw):
                raise _BrokenError("wrong_lot")
        elif arrangement.verb not in ABOUT_THE_CASE:
            self.before.clear()  # the next person has acted
        self.arrangements = (*self.arrangements, arrangement)

    def carry(self, carried: Carried) -> None:
        """Follow a case to another version: it stands where it stood, and its open votes keep their place.

        Raises:
            _BrokenError: it was not there, or something was lost or gained on the way.
        """
        new = carried.definition
        if carried.before != self.definition.hash:
            raise _BrokenError("wrong_version")
        self._stands_at(carried.source, carried.round)
        phases = {one.name: one.phase for one in new.states}
        if phases.get(carried.target) is not self.definition.state(carried.source).phase:
            raise _BrokenError("wrong_passage", source=carried.source, target=carried.target)
        actions = {action.name: action for action in new.actions}
        for name in self.votes:
            if name not in actions or carried.target not in actions[name].sources:
                raise _BrokenError("vote_lost", action=name)
        self.definition, self.actions, self.state = new, actions, carried.target
        self.before.clear()

    def take(self, move: Move) -> None:
        """Follow one move.

        Raises:
            _BrokenError: it could not have happened here.
        """
        if move.action == TAKE_BACK:
            self._take_back(move)
            return
        action = self._is_here(move.action, move.source, move.round)
        if move.person is None and not action.by.system:
            raise _BrokenError("not_a_person", action=move.action)
        if move.routing.get(RESUME_TO) not in (None, self.promise):
            raise _BrokenError("wrong_promise", action=move.action)
        self._remember(action, move)
        met = self._is_met(action, move)
        target = self._fired(move, met=met)
        new_round = action.opens_round and met
        if new_round or target != self.state:
            self.votes, self.needs = {}, {}
            self.arrangements = tuple(one for one in self.arrangements if one.verb is Verb.RECUSE)
        if new_round:
            self.promise = move.source if action.returns and move.routing.get("resume") else None
        elif target == self.promise:
            self.promise = None
        self.round += new_round
        self.state = target

    def _remember(self, action: Action, move: Move) -> None:
        """Keep what a step that can be taken back would be undone to; past any other there is no going back."""
        if action.take_back:
            stood = (self.state, self.round, dict(self.votes), dict(self.needs), self.arrangements, self.promise)
            self.before.append((move, stood))
        else:
            self.before.clear()

    def _is_here(self, name: str, state: str, round_: int) -> Action:
        action = self.actions.get(name)
        if action is None:
            raise _BrokenError("unknown_action", action=name)
        self._stands_at(state, round_)
        return action

    def _stands_at(self, state: str, round_: int) -> None:
        if state != self.state:
            raise _BrokenError("wrong_source", source=state, state=self.state)
        if round_ != self.round:
            raise _BrokenError("wrong_round", round=round_, expected=self.round)

    def _fired(self, move: Move, *, met: bool) -> str:
        try:
            target = self.lead(self.definition, move.source, move.action, move.routing, quorum_met=met)
        except machine.ArrowMissing:
            raise _BrokenError("arrow_missing", action=move.action, source=move.source) from None
        if target != move.target:
            raise _BrokenError("wrong_target", action=move.action, expected=target, target=move.target)
        return target

    def _take_back(self, move: Move) -> None:
        """Only the very last move can be undone, and only once."""
        last, snapshot = self.before.pop() if self.before else (None, ())
        if last is None or last.person != move.person or move.routing.get(machine.TAKEN_BACK) != last.action:
            raise _BrokenError("wrong_taking_back")
        if move.source != self.state or move.closes != last.closes:
            raise _BrokenError("wrong_source", source=move.source, state=self.state)
        self._fired(move, met=move.closes)
        self.state, self.round, self.votes, self.needs, self.arrangements, self.promise = snapshot

    def _is_met(self, action: Action, move: Move) -> bool:
        """Whether the step carried the case along: by its quorum, or as the record says of a vote against or an amendment."""
        added = tuple(one.person for one in arranged(self.arrangements, action.name).added)
        if move.added != added:
            raise _BrokenError("wrong_added", action=action.name)
        if action.quorums or added:
            return self._counted(action, move)
        if move.votes or move.need is not None:
            raise _BrokenError("wrong_votes", action=move.action)
        if action.opposes is not None:
            self._count_against(action, move)
        elif not action.amends and not move.closes:
            raise _BrokenError("quorum_differs", action=move.action, need=1, count=1)
        return move.closes

    def _vote(self, action: Action, move: Move) -> tuple[Vote, ...]:
        """The votes for the action with this one."""
        before = self.votes.get(action.name, ())
        if move.person is None or (move.seat or move.person) in {vote.of for vote in before}:
            raise _BrokenError("voted_twice", action=action.name)
        votes = (*before, Vote(action.name, move.person, move.seat or "", move.weight, move.party))
        self.votes[action.name] = votes
        return votes

    def _count_against(self, action: Action, move: Move) -> None:
        if move.routing.get("votes_against") != len(self._vote(action, move)):
            raise _BrokenError("wrong_votes", action=action.name)

    def _counted(self, action: Action, move: Move) -> bool:
        """Whether the approvals are met by this vote and those before it."""
        votes = self._vote(action, move)
        if move.votes != tuple(vote.of for vote in votes):
            raise _BrokenError("wrong_votes", action=action.name)
        lines = applicable(action, move.routing) if action.quorums else [ONE]
        is_added = (move.seat or move.person) in move.added
        quorum = next((one for one in lines if is_added or (one.party or "") == move.party), None)
        if quorum is None or move.need is None or not (is_added or _allows(quorum, move.need)):
            asked = "?" if quorum is None else "all" if quorum.need is None else quorum.need
            raise _BrokenError("wrong_need", action=action.name, expected=asked, need=move.need)
        if move.weight != 1 and move.weight not in dict(quorum.weights).values():
            raise _BrokenError("wrong_weight", action=action.name, weight=move.weight)
        if not is_added:
            self.needs[f"{action.name} {move.party}"] = move.need
        have = {
            one.party or "": sum(
                vote.weight for vote in votes if vote.of not in move.added and vote.party == (one.party or "")
            )
            for one in lines
        }
        needs = {party: self.needs.get(f"{action.name} {party}") for party in have}
        met = all(need is not None and have[party] >= need for party, need in needs.items())
        if len(lines) > 1 and any(one.counts_members for one in lines):
            # How many members a party has may have changed since it voted; only its own vote records the number.
            met = move.closes and all(needs.values())
        met = met and set(move.added) <= set(move.votes)
        if move.closes != met:
            raise _BrokenError("quorum_differs", action=action.name, need=move.need, count=len(votes))
        return met


def refold(definition: Definition, moves: Iterable[Event], lead: Lead | None = None) -> Standing | Broken:
    """Where the moves of one case, oldest first, lead; or the first that could not have happened.

    ``lead`` is ``table.step`` where very many cases are only looked at; without it every move goes through the machine.
    """
    folding = _Folding(definition, lead or machine.fire)
    for move in moves:
        try:
            if isinstance(move, Noted):
                folding.note(move)
            elif isinstance(move, Carried):
                folding.carry(move)
            else:
                folding.take(move)
        except _BrokenError as error:
            zh, en = _SENTENCES[error.code]
            return Broken(move.seq, error.code, Text(zh.format(**error.figures), en.format(**error.figures)))
    return Standing(folding.state, folding.round)


def _allows(quorum: Quorum, need: int) -> bool:
    """How many members an office had is not recorded, so where that counts, any number up to the rule's is possible."""
    if quorum.need is None:
        return need >= 1
    return 1 <= need <= quorum.need if quorum.or_all_members else need == quorum.need
