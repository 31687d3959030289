"""Proof that every case can finish: each reachable situation of each band, with votes as counters, is looked at.

``check_graph`` looks at arrows as if a case could take any of them. Here a case keeps what it is: within a round its
branches and numbers are those of its band, and only while it stands at the start can its form be changed. Counting
votes instead of voters keeps a step of 25 auditors at 26 situations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.engine.bands import Band
from app.engine.definition import Action, Definition
from app.engine.problems import Fault, Where, fault
from app.engine.ways import ENDS, most_people
from app.wording import Text

MOST_SITUATIONS = 20_000
"""How many situations are looked at, over all bands, before the workflow is called too tangled."""

Situation = tuple[str, tuple[int, ...]]
"""A state, and how many have voted for each action that counts people there, in the file's order."""


class TooManySituationsError(Exception):
    """流程可能出现的情形太多，无法逐一核对。

    More situations than can be looked at one by one.
    """


@dataclass(slots=True)
class _Explored:
    """What was seen in one band."""

    leads: dict[Situation, list[Situation]] = field(default_factory=dict)
    lines: set[tuple[str, str, int]] = field(default_factory=set)
    """(action, ``to`` or ``approvals``, line) that some case used."""
    short: set[str] = field(default_factory=set)
    """Actions that more people are needed for than can take them."""


def soundness_faults(definition: Definition, found: Sequence[Band]) -> Iterator[Fault]:
    """What keeps a case from finishing, or can never happen; the bands are all bands of the definition.

    Raises:
        TooManySituationsError: more than ``MOST_SITUATIONS``.
    """
    yield from _nobody(definition)
    explored = [(band, _explore(definition, band)) for band in found]
    if sum(len(one.leads) for _, one in explored) > MOST_SITUATIONS:
        raise TooManySituationsError
    yield from _out_of_reach(definition, explored)
    yield from _stuck(definition, explored)
    yield from _never(definition, explored)


def situations(definition: Definition, band: Band) -> int:
    """How many situations a case of this band can be in."""
    return len(_explore(definition, band).leads)


def _nobody(definition: Definition) -> Iterator[Fault]:
    for action in definition.actions:
        if not action.by.empty and most_people(definition, action) == 0:
            yield fault("nobody_left", ("actions", action.name, "bars"), action=action.title)


def _explore(definition: Definition, band: Band) -> _Explored:
    explored = _Explored()
    counted = {
        state.name: [action for action in definition.actions_from(state.name) if action.quorums]
        for state in definition.states
    }
    start: Situation = (definition.initial, (0,) * len(counted[definition.initial]))
    waiting = [start]
    while waiting:
        situation = waiting.pop()
        if situation in explored.leads:
            continue
        if len(explored.leads) > MOST_SITUATIONS:
            raise TooManySituationsError
        state = situation[0]
        following: list[Situation] = []
        for action in definition.actions_from(state):
            place = counted[state].index(action) if action.quorums else None
            target, left = _taken(definition, band, action, situation, place, explored)
            if target is not None:
                following.append((target, left or (0,) * len(counted[target])))
        explored.leads[situation] = following
        waiting += following
    return explored


def _taken(
    definition: Definition,
    band: Band,
    action: Action,
    situation: Situation,
    place: int | None,
    explored: _Explored,
) -> tuple[str | None, tuple[int, ...]]:
    """Where one more person taking the action leads (None: nobody is left to take it), and the votes that stay."""
    state, votes = situation
    most = most_people(definition, action)
    given = 0 if place is None else votes[place]
    if most is not None and given >= most:
        explored.short.add(action.name)
        return None, ()
    quorum = band.quorum(action)
    if quorum is not None and place is not None:
        explored.lines.add((action.name, "approvals", band.line(action, "approvals")))
        if given + 1 < (quorum.need or 1):
            return state, (*votes[:place], given + 1, *votes[place + 1 :])
    explored.lines.add((action.name, "to", band.line(action, "to")))
    target = band.branch(action).state
    return target, votes if target == state else ()


def _out_of_reach(definition: Definition, explored: list[tuple[Band, _Explored]]) -> Iterator[Fault]:
    for action in definition.actions:
        most = most_people(definition, action)
        if not most or not any(action.name in one.short for _, one in explored):
            continue
        for place, quorum in enumerate(action.quorums):
            if (quorum.need or 1) > most:
                where: Where = ("actions", action.name, "approvals", place)
                yield fault("quorum_out_of_reach", where, action=action.title, need=quorum.need or 1, most=most)


def _stuck(definition: Definition, explored: list[tuple[Band, _Explored]]) -> Iterator[Fault]:
    ends = {state.name for state in definition.states if state.phase in ENDS}
    told: set[str] = set()
    for band, one in explored:
        can_end = _back_from({situation for situation in one.leads if situation[0] in ends}, one.leads)
        for state in definition.states:
            if state.name in told:
                continue
            if any(situation[0] == state.name and situation not in can_end for situation in one.leads):
                told.add(state.name)
                yield fault("stuck", ("states", state.name), name=state.title, cases=cases_of(band))


def cases_of(band: Band) -> Text:
    """Which cases a band holds, in words."""
    if not band.witness.zh:
        return Text("事项", "a case")
    return Text(f"有的事项（例如 {band.witness.zh}）", f"a case (such as {band.witness.en})")


def _back_from(ends: set[Situation], leads: dict[Situation, list[Situation]]) -> set[Situation]:
    """Every situation from which one of the ends can be reached."""
    before: dict[Situation, list[Situation]] = {}
    for situation, following in leads.items():
        for target in following:
            before.setdefault(target, []).append(situation)
    reached, waiting = set(ends), list(ends)
    while waiting:
        for situation in before.get(waiting.pop(), ()):
            if situation not in reached:
                reached.add(situation)
                waiting.append(situation)
    return reached


def _never(definition: Definition, explored: list[tuple[Band, _Explored]]) -> Iterator[Fault]:
    """Lines that no case ever uses, although their action can be reached."""
    used = set().union(*(one.lines for _, one in explored))
    states = {situation[0] for _, one in explored for situation in one.leads}
    for action in definition.actions:
        if states.isdisjoint(action.sources) or most_people(definition, action) == 0:
            continue
        ways = () if action.returns else action.branches
        parties = action.quorums[0].party is not None if action.quorums else False
        for part, lines in (("to", ways), ("approvals", () if parties else action.quorums)):
            if part == "to" and not any((action.name, "to", place) in used for place in range(len(lines))):
                continue  # the action never closes: told as a quorum out of reach
            for place in range(len(lines)):
                if (action.name, part, place) not in used:
                    yield fault("line_never_used", ("actions", action.name, part, place), action=action.title)
