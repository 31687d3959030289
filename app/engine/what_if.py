"""What a past case would have met on another version of its workflow: the people and steps as they were, other rules.

Nothing is decided here and no fact is asked; only routes, numbers of people and who stands on which side are compared,
for the last round of the case and on the form as it stood in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.engine import machine
from app.engine.conditions import Value, operands, read
from app.engine.decision import Situation, Vote
from app.engine.definition import Action, Definition
from app.engine.seats import is_barred, persons_at, who_may
from app.engine.voting import Line, lines_of, members_of
from app.engine.ways import carries
from app.wording import Text


class Kind(StrEnum):
    """What is different, the worst first."""

    BLOCK = "block"
    CONFLICT = "conflict"
    ROUTE = "route"


@dataclass(frozen=True, slots=True)
class Taken:
    """One decision that was taken in the last round of a case."""

    action: str
    person: str
    """Whose word it counted as."""
    office: str | None
    source: str
    target: str
    closes: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would have been different."""

    kind: Kind
    text: Text


@dataclass(frozen=True, slots=True)
class Answer:
    """What a case would have met: the states it would have gone through, and every difference; none when all is the same."""

    route: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def kind(self) -> Kind | None:
        """The worst of them."""
        return next((kind for kind in Kind if any(one.kind is kind for one in self.differences)), None)


def replayed(definition: Definition, situation: Situation, taken: Sequence[Taken]) -> Answer:
    """The decisions of one round taken again on this version.

    ``situation`` holds the form, opener, submitter, the union's settings and the members of the offices of this version.
    """
    walking = _Walking(definition, replace(situation, votes=(), arrangements=(), approvers=frozenset()))
    walking.walk(taken)
    before = tuple(dict.fromkeys([*(one.source for one in taken[:1]), *(one.target for one in taken)]))
    route = tuple(dict.fromkeys(walking.route))
    if route != before and not walking.found:
        walking.differs(
            Kind.ROUTE,
            Text(
                f"走的路不同：{_way(definition, route, 'zh')}。",
                f"It goes another way: {_way(definition, route, 'en')}.",
            ),
        )
    return Answer(route, tuple(dict.fromkeys(walking.found)))


class _Walking:
    """A case on its way through the other version."""

    def __init__(self, definition: Definition, situation: Situation) -> None:
        self.definition = definition
        self.situation = situation
        self.route: list[str] = []
        self.found: list[Difference] = []

    def differs(self, kind: Kind, text: Text) -> None:
        """Note a difference."""
        self.found.append(Difference(kind, text))

    def walk(self, taken: Sequence[Taken]) -> None:
        """Take one decision after another, until one cannot be taken."""
        if not taken:
            return
        self.situation = replace(self.situation, state=taken[0].source)
        self.route.append(taken[0].source)
        if taken[0].source not in {one.name for one in self.definition.states}:
            self.differs(
                Kind.ROUTE, Text("新版没有它出发的状态。", "The state it started from is not in this version.")
            )
            return
        for one in taken:
            if not self._take(one):
                return

    def _take(self, one: Taken) -> bool:
        """Whether the walk goes on after this decision."""
        action = self.definition.action(one.action)
        if action is None or self.situation.state not in action.sources:
            self._stopped(one)
            return False
        if is_barred(self.definition, self.situation, action, one.person):
            self.differs(
                Kind.CONFLICT,
                Text(
                    f"当时办“{action.title.zh}”的人，按新版要回避。",
                    f"Whoever took “{action.title.en}” would be barred from it.",
                ),
            )
        elif not self._is_asked(action, one):
            who = who_may(self.definition, action.by)
            self.differs(
                Kind.ROUTE,
                Text(
                    f"“{action.title.zh}”要由{'、'.join(title.zh for title in who)}来办，当时不是。",
                    f"“{action.title.en}” would be for {', '.join(title.en for title in who)}; then it was someone else.",
                ),
            )
        return self._carried(action, one)

    def _stopped(self, one: Taken) -> None:
        state = self.definition.state(self.situation.state)
        waits = [action for action in self.definition.actions_from(state.name) if action.tone == "plain"]
        zh = "、".join(action.title.zh for action in waits) or "—"
        en = ", ".join(action.title.en for action in waits) or "—"
        self.differs(
            Kind.ROUTE,
            Text(
                f"停在“{state.title.zh}”：下一步是“{zh}”，当时办的那一步在这里没有。",
                f"It rests at “{state.title.en}”: next comes “{en}”; the step that was taken is not there.",
            ),
        )

    def _is_asked(self, action: Action, one: Taken) -> bool:
        by, situation = action.by, self.situation
        parties = {office for quorum in action.quorums for office in quorum.of}
        return (
            by.anyone
            or (one.office is not None and one.office in {*by.offices, *by.or_else, *parties})
            or (by.opener and one.person == situation.opener)
            or (by.submitter and one.person == situation.submitter)
            or any(one.person in set(persons_at(situation, name)) for name in by.fields)
        )

    def _carried(self, action: Action, one: Taken) -> bool:
        situation = self.situation
        vote = Vote(action.name, one.person, party=_party(action, one))
        votes = [*(held for held in situation.votes if held.action == action.name and held.of != one.person), vote]
        values = dict(self._values(action))
        met = one.closes
        if action.quorums:
            lines = lines_of(action, situation, values, votes)
            met = bool(lines) and all(line.is_met for line in lines)
            if not self._goes_on(action, lines, votes, one, met=met):
                return False
        self.situation = replace(
            situation,
            votes=(*(held for held in situation.votes if held.action != action.name), *votes),
            approvers=situation.approvers | ({one.person} if carries(action) else set()),
        )
        return self._moved(action, one, values, met=met)

    def _goes_on(self, action: Action, lines: list[Line], votes: list[Vote], one: Taken, *, met: bool) -> bool:
        """Whether there were people enough then, or at least there are now."""
        title = action.title
        if not lines:
            self.differs(
                Kind.BLOCK,
                Text(f"“{title.zh}”没有一条人数规定适用。", f"No line of “{title.en}” says how many must agree."),
            )
            return False
        short = [line for line in lines if not line.is_met and self._reach(action, line, votes) < line.need]
        for line in short:
            self.differs(
                Kind.BLOCK,
                Text(
                    f"“{title.zh}”要 {line.need} 人，除去要回避的只有 {self._reach(action, line, votes)} 人能办。",
                    f"“{title.en}” needs {line.need}, and only {self._reach(action, line, votes)} are not barred.",
                ),
            )
        if short:
            return False
        if one.closes and not met:
            more = sum(max(0, line.need - line.have) for line in lines)
            self.differs(
                Kind.ROUTE,
                Text(f"“{title.zh}”还要再有 {more} 人同意。", f"“{title.en}” would need {more} more to agree."),
            )
            return False
        if met and not one.closes:
            self.differs(
                Kind.ROUTE,
                Text(f"“{title.zh}”更少的人就够了。", f"Fewer would have been enough for “{title.en}”."),
            )
        return True

    def _reach(self, action: Action, line: Line, votes: Sequence[Vote]) -> int:
        able = {
            person
            for person in members_of(line.offices, self.situation)
            if not is_barred(self.definition, self.situation, action, person)
        }
        return len(able | {vote.of for vote in votes})

    def _moved(self, action: Action, one: Taken, values: Mapping[str, Value], *, met: bool) -> bool:
        if action.returns:
            values = {**values, "return_to": one.target}
        try:
            target = machine.fire(self.definition, self.situation.state, action.name, values, quorum_met=met)
        except machine.ArrowMissing:
            self.differs(
                Kind.BLOCK,
                Text(f"“{action.title.zh}”没有一个去处适用。", f"No branch of “{action.title.en}” applies."),
            )
            return False
        if target != self.situation.state:
            self.situation = replace(self.situation, state=target, votes=())
            self.route.append(target)
        return True

    def _values(self, action: Action) -> Iterator[tuple[str, Value]]:
        whens = [*(quorum.when for quorum in action.quorums), *(branch.when for branch in action.branches)]
        for name in {name for when in whens for name in operands(when)}:
            yield name, read(name, self.situation.data, self.situation.settings)


def _party(action: Action, one: Taken) -> str:
    named = (quorum.party for quorum in action.quorums if quorum.party and one.office in quorum.of)
    return next((party for party in named if party), "")


def _way(definition: Definition, route: Sequence[str], language: str) -> str:
    titles = {state.name: state.title for state in definition.states}
    return " → ".join(titles[name].zh if language == "zh" else titles[name].en for name in route if name in titles)
