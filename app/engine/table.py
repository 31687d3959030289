"""The definition as a plain table of arrows: where a step leads, without the machine.

For replaying and foreseeing many cases at once. That it always says what the machine says is tested on random
definitions; a person's step goes through the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from app.engine.conditions import Value, holds
from app.engine.definition import TAKE_BACK, Branch, Definition
from app.engine.earlier import RESUME_TO, moves_on
from app.engine.machine import BACK_TO, TAKEN_BACK, ArrowMissing

_Row = tuple[bool, frozenset[str], tuple[Branch, ...]]
"""Whether a vote may leave the case where it is, where a corrected case may come straight back to, and the branches."""


def step(definition: Definition, source: str, action: str, values: Mapping[str, Value], *, quorum_met: bool) -> str:
    """Where the step leads (``source`` itself while a quorum is unmet).

    Raises:
        ArrowMissing: no arrow, or no branch whose condition holds.
    """
    if action == TAKE_BACK:
        return _taken_back(definition, source, values, quorum_met=quorum_met)
    row = _rows(definition).get((source, action))
    if row is None:
        raise ArrowMissing(f"{definition.name}: {action} from {source}")
    may_stay, returning, branches = row
    if may_stay and not quorum_met:
        return source
    if returning and quorum_met and (resumed := values.get(RESUME_TO)) in returning:
        return str(resumed)
    for branch in branches if quorum_met else ():
        if branch.when is None or holds(branch.when, values):
            return branch.state
    raise ArrowMissing(f"{definition.name}: {action} from {source}: no branch holds")


def _taken_back(definition: Definition, source: str, values: Mapping[str, Value], *, quorum_met: bool) -> str:
    """Where the step that is undone had started."""
    undone, back = definition.action(str(values.get(TAKEN_BACK))), values.get(BACK_TO)
    if undone is not None and undone.take_back and back in undone.sources:
        if quorum_met and any(branch.state == source for branch in undone.branches):
            return str(back)
        if not quorum_met and undone.may_stay and back == source:
            return source
    raise ArrowMissing(f"{definition.name}: {TAKE_BACK} from {source}")


@lru_cache(maxsize=256)
def _rows(definition: Definition) -> dict[tuple[str, str], _Row]:
    returning = frozenset(source for one in definition.actions if one.resume for source in one.sources)
    return {
        (source, action.name): (
            action.may_stay,
            returning if moves_on(action) else frozenset(),
            action.branches,
        )
        for action in definition.actions
        for source in action.sources
    }
