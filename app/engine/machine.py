"""The only file that knows the library ``transitions``: one flat machine per definition, through which every move goes.

The machine is told nothing about people or facts; those are decided before. It holds the arrows, chooses the branch, and
moves a token that it does not keep. ``queued`` stays off (with it, a thread's move may run later in another thread), and
callables are passed, never strings (which the library would import).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from transitions import EventData, Machine, MachineError

from app.engine.conditions import Value, holds
from app.engine.definition import TAKE_BACK, Action, Branch, Definition
from app.engine.earlier import RESUME_TO, moves_on

TAKEN_BACK = "taken_back"
"""The operand that names the action whose step is undone."""
BACK_TO = "back_to"
"""The operand that names where it had started from."""


class ArrowMissing(Exception):
    """The definition has no arrow for this move; the engine must have asked for a step it had refused."""


class _Token:
    """What the machine moves: it lives for one event and is never registered."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


def fire(definition: Definition, source: str, action: str, values: Mapping[str, Value], *, quorum_met: bool) -> str:
    """Move along one arrow and return the state arrived at (``source`` itself while a quorum is unmet).

    Raises:
        ArrowMissing: no arrow, or no branch whose condition holds.
    """
    token = _Token(source)
    event = _compiled(definition).events.get(action)
    if event is None:
        raise ArrowMissing(f"{definition.name}: no action {action}")
    try:
        moved = event.trigger(token, values=values, quorum_met=quorum_met)
    except MachineError as error:
        raise ArrowMissing(f"{definition.name}: {action} from {source}") from error
    if not moved:
        raise ArrowMissing(f"{definition.name}: {action} from {source}: no branch holds")
    return token.state


@lru_cache(maxsize=256)
def _compiled(definition: Definition) -> Machine:
    machine = Machine(
        model=None,
        states=[state.name for state in definition.states],
        initial=None,
        auto_transitions=False,
        send_event=True,
        queued=False,
    )
    returning = sorted({source for one in definition.actions if one.resume for source in one.sources})
    for action in definition.actions:
        for source in action.sources:
            _add_arrows(machine, action, source, returning if moves_on(action) else [])
    return machine


def _add_arrows(machine: Machine, action: Action, source: str, returning: list[str]) -> None:
    add: Callable[..., Any] = machine.add_transition
    if action.may_stay:
        # An internal transition: the vote is heard, and the token stays where it is.
        add(trigger=action.name, source=source, dest=None, conditions=[_quorum_open])
    for state in returning:
        add(trigger=action.name, source=source, dest=state, conditions=[_quorum_met, _reads(RESUME_TO, state)])
    for branch in action.branches:
        add(trigger=action.name, source=source, dest=branch.state, conditions=[_open(branch)])
        if action.take_back:
            add(trigger=TAKE_BACK, source=branch.state, dest=source, conditions=[_quorum_met, *_undoes(action, source)])
    if action.take_back and action.may_stay:
        add(trigger=TAKE_BACK, source=source, dest=None, conditions=[*_undoes(action, source), _quorum_open])


def _undoes(action: Action, source: str) -> list[Callable[[EventData], bool]]:
    return [_reads(TAKEN_BACK, action.name), _reads(BACK_TO, source)]


def _reads(name: str, value: str) -> Callable[[EventData], bool]:
    def is_read(event: EventData) -> bool:
        return bool(event.kwargs["values"].get(name) == value)

    return is_read


def _quorum_open(event: EventData) -> bool:
    return not event.kwargs["quorum_met"]


def _quorum_met(event: EventData) -> bool:
    return bool(event.kwargs["quorum_met"])


def _open(branch: Branch) -> Callable[[EventData], bool]:
    """The quorum is met and the branch's condition holds: one callable, since the library takes time over each."""

    def is_open(event: EventData) -> bool:
        told = event.kwargs
        return bool(told["quorum_met"]) and holds(branch.when, told["values"])

    return is_open
