"""Proof that two people never act on one situation: whoever comes second is decided on what the first one left.

Every situation that a case can get into is made by ``decide`` itself, with invented people in every office. In each, for
each two steps that two different people may take, the first is taken, and it is looked at what that does to the second:

- the first closes: the case's version moves, so the second, asked with the old version, is *stale*; asked again it is
  decided on the new situation;
- the first is a vote that others must still join: the version stays, and the second is decided on the new situation,
  where the vote counts.

In neither case does anything follow from the old situation. Facts let through here; what they add is for the locks of
the database, which races try (``tests/prove``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.engine.bands import Band, bands
from app.engine.conditions import SETTING_PREFIX, Value
from app.engine.deciding import decide
from app.engine.decision import Actor, Answer, Decision, Given, Refused, Situation, Vote
from app.engine.definition import Action, Definition
from app.engine.vocabulary import ConstantType
from app.engine.ways import carries, steps

MOST_SITUATIONS = 2_000
"""How many situations are looked at before the workflow is called too tangled."""

People = Mapping[str, frozenset[str]]
"""Person -> offices."""


class Second(StrEnum):
    """What becomes of the second step."""

    STALE = "stale"
    """Its version is gone; asked again, it is refused on the new situation."""
    STALE_THEN_OPEN = "stale_then_open"
    """Its version is gone; asked again, it may be taken on the new situation."""
    AFRESH = "afresh"
    """Decided on the new situation and taken, the first vote counted."""
    REFUSED = "refused"
    """Decided on the new situation and refused."""
    LOST = "lost"
    """A fault: it would be taken although the first already led away, or as if the first had never been."""


@dataclass(frozen=True, slots=True)
class Taking:
    """One person taking one action."""

    action: str
    person: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two steps open at once to two people, and what becomes of the second when the first was taken."""

    state: str
    votes: tuple[Vote, ...]
    first: Taking
    second: Taking
    becomes: Second
    values: Mapping[str, Value]
    """What the form and the settings say: one band of cases."""
    repeats: bool
    """The same effects would run twice, if no fact stood in the way: what only facts guard."""


class TooManySituationsError(Exception):
    """流程可能出现的情形太多，无法逐一核对。

    More situations than can be looked at one by one.
    """


@dataclass(frozen=True, slots=True)
class _Standing:
    """A situation without what never changes in a band."""

    state: str
    opener: str
    submitter: str | None
    votes: tuple[Vote, ...]
    approvers: frozenset[str]


def cast_of(definition: Definition) -> dict[str, frozenset[str]]:
    """Invented people: for each group of offices that are always named together, as many as could meet at one step.

    That is two, and where people are counted one more than the largest number; and two without any office, of whom the
    last is whom the form names.
    """
    groups = (definition.open, *(action.by for action in definition.actions))
    named: dict[str, list[int]] = {}
    for place, by in enumerate(groups):
        for office in by.offices:
            named.setdefault(office, []).append(place)
    first: dict[tuple[int, ...], str] = {}
    for office, places in named.items():
        first.setdefault(tuple(places), office)
    people: dict[str, frozenset[str]] = {}
    for office in first.values():
        for number in range(1, _most_together(definition, office) + 1):
            people[f"{office} {number}"] = frozenset({office})
    return {**people, "member": frozenset(), "party": frozenset()}


def _most_together(definition: Definition, office: str) -> int:
    needs = [
        quorum.need or 2 for action in definition.actions if office in action.by.offices for quorum in action.quorums
    ]
    return max([1, *needs]) + 1


def pairs(
    definition: Definition,
    settings: Mapping[str, int | bool | str],
    people: People | None = None,
) -> Iterator[Pair]:
    """Every pair of steps of two people in every reachable situation, for these settings of the union.

    Raises:
        TooManySituationsError: more than ``MOST_SITUATIONS``.
    """
    kinds: dict[str, ConstantType] = {name: type(value) for name, value in settings.items()}
    for band in bands(definition, kinds, settings):
        yield from _Exploring(definition, band, settings, people or cast_of(definition)).pairs()


class _Exploring:
    """All situations of one band, made by the engine."""

    def __init__(
        self, definition: Definition, band: Band, settings: Mapping[str, int | bool | str], people: People
    ) -> None:
        self.definition = definition
        self.people = people
        self._band = band
        self._live = _live_sides(definition, band)
        self._alike: dict[frozenset[str], list[str]] = {}
        for person, offices in people.items():
            self._alike.setdefault(offices, []).append(person)
        data: dict[str, object] = {
            name: value for name, value in band.values.items() if not name.startswith(SETTING_PREFIX)
        }
        named = {name for action in definition.actions for name in action.by.fields}
        self._party = list(people)[-1] if named else ""
        data |= dict.fromkeys(named, self._party)
        members: dict[str, set[str]] = {}
        for person, offices in people.items():
            for office in offices:
                members.setdefault(office, set()).add(person)
        self._frame = Situation(
            state=definition.initial,
            data=data,
            opener="",
            settings=settings,
            members={office: frozenset(held) for office, held in members.items()},
            findings={use.name: () for action in definition.actions for use in action.require},
        )
        self._answers: dict[_Standing, tuple[Situation, dict[tuple[str, str], Answer]]] = {}

    def pairs(self) -> Iterator[Pair]:
        """Look at every situation once, up to people who are alike."""
        openers = self._openers() if "opener" in self._live[self.definition.initial] else [""]
        waiting = [_Standing(self.definition.initial, opener, None, (), frozenset()) for opener in openers]
        seen = {self._shape(one) for one in waiting}
        for standing in waiting:
            if len(waiting) > MOST_SITUATIONS:
                raise TooManySituationsError
            firsts, all_two = self._representatives(standing)
            takings = list(self._open_takings(standing, all_two))
            for action, person, decision in takings:
                if person not in firsts:
                    continue
                after = self._after(standing, action, person, decision)
                for other, second, on_old in takings:
                    if person != second:
                        yield self._pair(standing, after, (action, person, decision), (other, second, on_old))
                if self._shape(after) not in seen:
                    seen.add(self._shape(after))
                    waiting.append(after)

    def _openers(self) -> list[str]:
        by = self.definition.open
        return [
            people[0] for offices, people in self._alike.items() if by.anyone or not offices.isdisjoint(by.offices)
        ] or [next(iter(self.people))]

    def _open_takings(self, standing: _Standing, tried: list[str]) -> Iterator[tuple[Action, str, Decision]]:
        """What these people can take here."""
        for action in self.definition.actions_from(standing.state):
            for person in tried:
                answer = self._answer(standing, action, person)
                if isinstance(answer, Decision):
                    yield action, person, answer

    def _representatives(self, standing: _Standing) -> tuple[set[str], list[str]]:
        """Of people who are alike here the first, and the first two: nobody else could do anything else."""
        counts: dict[tuple[object, ...], int] = {}
        firsts: set[str] = set()
        chosen: list[str] = []
        for person in self.people:
            kind = self._kind(standing, person)
            counts[kind] = counts.get(kind, 0) + 1
            if counts[kind] <= 2:
                chosen.append(person)
            if counts[kind] == 1:
                firsts.add(person)
        return firsts, chosen

    def _kind(self, standing: _Standing, person: str) -> tuple[object, ...]:
        return (
            self.people[person],
            person == standing.opener,
            person == standing.submitter,
            person in standing.approvers,
            tuple(vote.action for vote in standing.votes if vote.person == person),
            person == self._party,
        )

    def _shape(self, standing: _Standing) -> tuple[object, ...]:
        """The situation up to people who are alike."""
        counts: dict[tuple[object, ...], int] = {}
        for person in self.people:
            kind = self._kind(standing, person)
            counts[kind] = counts.get(kind, 0) + 1
        return (standing.state, frozenset(counts.items()))

    def _situation(self, standing: _Standing) -> Situation:
        return replace(
            self._frame,
            state=standing.state,
            opener=standing.opener,
            submitter=standing.submitter,
            votes=standing.votes,
            approvers=standing.approvers,
        )

    def _answer(self, standing: _Standing, action: Action, person: str) -> Answer:
        if standing not in self._answers:
            self._answers[standing] = (self._situation(standing), {})
        situation, answers = self._answers[standing]
        if (action.name, person) not in answers:
            given = Given("…", dict.fromkeys(action.asks, "…"))
            actor = Actor(person, self.people[person])
            answers[action.name, person] = decide(self.definition, situation, action.name, actor, given)
        return answers[action.name, person]

    def _after(self, standing: _Standing, action: Action, person: str, decision: Decision) -> _Standing:
        """What the door writes, as far as it matters to any step."""
        is_first = standing.state == self.definition.initial
        votes = standing.votes if decision.closes else (*standing.votes, Vote(action.name, person))
        if decision.new_round or decision.target != standing.state:
            votes = ()
        live = self._live[decision.target]
        submitter = person if is_first and decision.closes else standing.submitter
        approvers = standing.approvers | ({person} if carries(action) else frozenset())
        return _Standing(
            state=decision.target,
            opener=standing.opener if "opener" in live else "",
            submitter=submitter if "submitter" in live else None,
            votes=votes,
            approvers=approvers if "approver" in live and not decision.new_round else frozenset(),
        )

    def _pair(
        self,
        standing: _Standing,
        after: _Standing,
        first: tuple[Action, str, Decision],
        second: tuple[Action, str, Decision],
    ) -> Pair:
        action, person, decision = first
        other, later, on_old = second
        afresh = self._answer(after, other, later)
        becomes = _becomes(decision, on_old, afresh, after)
        repeats = (
            becomes is Second.STALE_THEN_OPEN
            and action.name == other.name
            and bool(decision.effects)
            and after.state == standing.state
        )
        return Pair(
            state=standing.state,
            votes=standing.votes,
            first=Taking(action.name, person),
            second=Taking(other.name, later),
            becomes=becomes,
            values=self._band.values,
            repeats=repeats,
        )


def _live_sides(definition: Definition, band: Band) -> dict[str, set[str]]:
    """By state, the sides that some step from there on looks at: the others need not be told apart."""
    live = {
        state.name: {side for action in definition.actions_from(state.name) for side in _looked_at(action)}
        for state in definition.states
    }
    arrows, grown = steps(definition, band), True
    while grown:
        grown = False
        for step in arrows:
            written = {"submitter"} if step.source == definition.initial else set[str]()
            more = live[step.target] - live[step.source] - written
            live[step.source] |= more
            grown = grown or bool(more)
    return live


def _looked_at(action: Action) -> set[str]:
    named = {"opener": action.by.opener, "submitter": action.by.submitter}
    return {*action.bars, *(side for side, is_named in named.items() if is_named)}


def _becomes(first: Decision, on_old: Decision, afresh: Answer, after: _Standing) -> Second:
    """What becomes of the second, asked with the version that was there before the first."""
    if first.closes:  # the version moved
        return Second.STALE if isinstance(afresh, Refused) else Second.STALE_THEN_OPEN
    if isinstance(afresh, Refused):
        return Second.REFUSED
    if afresh.source != after.state or (first.action == afresh.action and not _counts(afresh.votes, first, on_old)):
        return Second.LOST
    return Second.AFRESH


def _counts(votes: Sequence[str], first: Decision, on_old: Decision) -> bool:
    """Whether the second's votes are those before it, the first's among them, and its own."""
    return tuple(votes) == (*first.votes, on_old.votes[-1])
