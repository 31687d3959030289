"""Proof that no way reaches payment or publication without the approvals that the case's band asks for.

A round is followed from its start, and from wherever a new round may begin, with nothing approved yet. On the way only
different people count, and only those whom the step keeps apart from the submitter. What a band asks for is what the
workflow itself says: at least one approval, and where an action splits its numbers by conditions, the number of the
line that holds. So a second road around an approval of two is found, with the road as a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from app.engine.bands import Band
from app.engine.check_graph import has_money
from app.engine.definition import Action, Definition, Phase, Quorum
from app.engine.problems import Fault, fault
from app.engine.soundness import cases_of
from app.engine.ways import Step, carries, steps
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Asked:
    """How many different people must have approved; ``or_all`` where the members there are may be enough."""

    people: int
    or_all: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a case stands, with how many different people have approved it in this round."""

    state: str
    people: int = 0
    known: int = 0
    """Those among them whom the engine knows as approvers, so that a later step can bar them."""


def path_faults(definition: Definition, found: Sequence[Band], paying: Collection[str]) -> Iterator[Fault]:
    """Each way on which too few approve before payment or publication; ``paying`` are effects that spend money."""
    if not has_money(definition) and not any(_pays(action, paying) for action in definition.actions):
        return
    told: set[str] = set()
    for band in found:
        asked = asked_in(definition, band)
        for step, way, people in _short_ways(definition, band, asked, paying):
            if step.action.name in told:
                continue
            told.add(step.action.name)
            code = "payment_unapproved" if _pays(step.action, paying) else "publication_unapproved"
            yield fault(
                code,
                ("actions", step.action.name),
                action=step.action.title,
                way=_spoken([*way, step]),
                people=people,
                asked=asked.people,
                cases=cases_of(band),
            )


def asked_in(definition: Definition, band: Band) -> Asked:
    """What this band asks for: the greatest number among the actions that split theirs by conditions, and at least one."""
    lines = [quorum for action in definition.actions if len(action.quorums) > 1 and (quorum := band.quorum(action))]
    most = max((quorum.need or 1 for quorum in lines), default=1)
    return Asked(most, any(_may_be_all(quorum) for quorum in lines if (quorum.need or 1) == most))


def approvals_in(
    definition: Definition, found: Sequence[Band], paying: Collection[str]
) -> dict[int, tuple[Asked, int | None]]:
    """By position of the band: what it asks for, and the fewest different people on any way to payment or publication.

    None where nothing is paid or published.
    """
    report: dict[int, tuple[Asked, int | None]] = {}
    for place, band in enumerate(found):
        asked = asked_in(definition, band)
        arrivals = [people for _, _, people in _arrivals(definition, band, asked, paying)]
        report[place] = (asked, min(arrivals, default=None))
    return report


def _short_ways(
    definition: Definition, band: Band, asked: Asked, paying: Collection[str]
) -> Iterator[tuple[Step, list[Step], int]]:
    for step, way, people in _arrivals(definition, band, asked, paying):
        if people < asked.people:
            yield step, way, people


def _arrivals(
    definition: Definition, band: Band, asked: Asked, paying: Collection[str]
) -> Iterator[tuple[Step, list[Step], int]]:
    """Each step that pays or publishes, the shortest way there, and how many approved on it."""
    phases = {state.name: state.phase for state in definition.states}
    arrows = steps(definition, band)
    came: dict[_Place, tuple[_Place, Step] | None] = {}
    begins = {definition.initial, *(step.target for step in arrows if step.action.opens_round)}
    waiting = [_Place(state) for state in sorted(begins)]
    came |= dict.fromkeys(waiting)
    for place in waiting:
        for step in arrows:
            if step.source != place.state:
                continue
            following = _after(place, step, approving(definition, step, band, asked), asked)
            if _pays(step.action, paying):
                yield step, _way(place, came), place.people
            if phases[step.target] is Phase.PUBLISHED and phases[step.source] is not Phase.PUBLISHED:
                yield step, _way(place, came), following.people
            if not step.action.opens_round and following not in came:
                came[following] = (place, step)
                waiting.append(following)


def _after(place: _Place, step: Step, gained: int, asked: Asked) -> _Place:
    """Where a step leads, with the people counted: those who may be the same as before are not counted twice."""
    apart = "approver" in step.action.bars
    people = max(place.people, place.known + gained if apart else gained)
    known = place.known
    if carries(step.action):
        known = place.known + gained if apart else max(place.known, gained)
    return _Place(step.target, min(people, asked.people), min(known, asked.people))


def approving(definition: Definition, step: Step, band: Band, asked: Asked) -> int:
    """How many different people who did not submit must have agreed for this step to be taken."""
    action = step.action
    if step.source == step.target or action.tone != "plain" or action.new_round or action.by.system:
        return 0
    quorum = band.quorum(action)
    need = 1 if quorum is None else quorum.need or 1
    if quorum is not None and _may_be_all(quorum) and not asked.or_all:
        need = 1
    if _keeps_apart(definition, action, step.source):
        return need
    return need - 1 if quorum is not None and not quorum.or_all_members else 0


def _keeps_apart(definition: Definition, action: Action, source: str) -> bool:
    """Whether whoever submitted cannot take the step; at the start, where nobody has, whoever filled in."""
    if source == definition.initial:
        return "opener" in action.bars
    if "submitter" in action.bars:
        return True
    barred = {path for name, path in definition.sides if name in action.bars}
    first = [one for one in definition.actions if definition.initial in one.sources and one.tone == "plain"]
    handing_in = [one for one in definition.actions if _hands_in(definition, one)]
    return bool(barred) and any(_only(group, barred) for group in (first, handing_in))


def _hands_in(definition: Definition, action: Action) -> bool:
    """Whether the action takes a draft to the phase submitted."""
    phases = {state.name: state.phase for state in definition.states}
    return any(phases[source] is Phase.DRAFT for source in action.sources) and any(
        phases[branch.state] is Phase.SUBMITTED for branch in action.branches
    )


def _only(actions: Sequence[Action], fields: set[str]) -> bool:
    """Whether only these persons of the form can have taken each of the actions."""
    return bool(actions) and all(
        set(one.by.fields) <= fields
        and not (one.by.offices or one.by.opener or one.by.submitter or one.by.anyone or one.by.system)
        for one in actions
    )


def _may_be_all(quorum: Quorum) -> bool:
    return quorum.or_all_members or quorum.need is None


def _pays(action: Action, paying: Collection[str]) -> bool:
    return any(use.name in paying for use in action.effects)


def _way(place: _Place, came: dict[_Place, tuple[_Place, Step] | None]) -> list[Step]:
    way: list[Step] = []
    at: _Place | None = place
    while at is not None and (before := came[at]) is not None:
        at, step = before
        way.append(step)
    return way[::-1]


def _spoken(way: Sequence[Step]) -> Text:
    return Text(
        " → ".join(f"“{step.action.title.zh}”" for step in way), " → ".join(f"“{step.action.title.en}”" for step in way)
    )
