"""The ways a case can go within one round, in one band: steps from the start to an end, and who is counted on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.engine.bands import Band
from app.engine.definition import Action, Definition, FieldType, Phase
from app.engine.earlier import is_forward

ENDS = frozenset({Phase.PUBLISHED, Phase.ENDED})
MOST_WAYS = 500
"""How many ways a round may have in one band before the workflow is called too tangled to be looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action taken from one state to another (or the same)."""

    action: Action
    source: str
    target: str


Way = tuple[Step, ...]


class TooManyWaysError(Exception):
    """流程的走法太多，无法逐一核对。

    The workflow can go more ways than can be looked at one by one.
    """


def steps(definition: Definition, band: Band) -> list[Step]:
    """Every arrow that can be taken in this band."""
    return [
        Step(action, source, branch.state)
        for action in definition.actions
        for source in action.sources
        for branch in (action.branches if action.returns else (band.branch(action),))
    ]


def carries(action: Action) -> bool:
    """Whether a yes here carries the round forward: the people who give it are its approvers.

    That is a plain step that moves the case, and that the submitter may not take.
    """
    return (
        action.tone == "plain"
        and "submitter" in action.bars
        and not {branch.state for branch in action.branches} <= set(action.sources)
    )


def ways(definition: Definition, band: Band) -> Iterator[Way]:
    """Every way of one round from the start to an end, each state once.

    Steps onward are those that look plain and open no new round; where none of these leads to an end, the others that
    stay in the round count too. A plain step that leaves the case where it is (such as recording a payment) is taken
    once in each state where it can be.

    Raises:
        TooManyWaysError: more than ``MOST_WAYS``.
    """
    in_round = [step for step in steps(definition, band) if not step.action.opens_round]
    plain = [step for step in in_round if is_forward(step.action)]
    found = list(_walked(definition, plain))
    yield from found or _walked(definition, in_round)


def _walked(definition: Definition, allowed: list[Step]) -> Iterator[Way]:
    onward: dict[str, list[Step]] = {}
    staying: dict[str, list[Step]] = {}
    for step in allowed:
        (staying if step.source == step.target else onward).setdefault(step.source, []).append(step)
    ends = {state.name for state in definition.states if state.phase in ENDS}
    useful = _leading_to(ends, onward)
    begun: list[tuple[str, Way]] = [(definition.initial, tuple(staying.get(definition.initial, ())))]
    count = 0
    while begun:
        state, way = begun.pop()
        if state in ends:
            count += 1
            if count > MOST_WAYS:
                raise TooManyWaysError
            yield way
            continue
        passed = {definition.initial, *(step.target for step in way)}
        begun += [
            (step.target, (*way, step, *staying.get(step.target, ())))
            for step in reversed(onward.get(state, []))
            if step.target in useful and step.target not in passed
        ]
        if len(begun) > MOST_WAYS:
            raise TooManyWaysError


def _leading_to(ends: set[str], onward: dict[str, list[Step]]) -> set[str]:
    """The states from which an end can be reached; others are no part of a way."""
    found = set(ends)
    grown = True
    while grown:
        more = {source for source, leaving in onward.items() if any(step.target in found for step in leaving)} - found
        found |= more
        grown = bool(more)
    return found


def most_people(definition: Definition, action: Action) -> int | None:
    """How many different people can take this action in one round at the most; None where that depends on the union.

    Offices and lists of people may hold any number; a person of the form, the opener and the submitter are one each,
    and none where the action bars just that side.
    """
    by = action.by
    lists = {field.name for field in definition.fields if field.type is FieldType.LINES}
    if by.offices or by.anyone or by.system or any(name in lists for name in by.fields):
        return None
    barred = {path for name, path in definition.sides if name in action.bars}
    persons = sum(name not in barred for name in by.fields)
    return persons + (by.opener and "opener" not in action.bars) + (by.submitter and "submitter" not in action.bars)
