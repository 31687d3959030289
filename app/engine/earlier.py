"""Which earlier steps a case may be sent back to (退回): worked out from the ways of the workflow, not written by hand."""

from __future__ import annotations

from dataclasses import replace

from app.engine.definition import Action, Branch, Compare, Definition

RETURN_TO = "return_to"
"""The operand that holds the state the actor named."""
RESUME_TO = "resume_to"
"""The operand that holds where a corrected case goes straight back to."""


def with_earlier_steps(definition: Definition) -> Definition:
    """The definition with the branches of every ``to: earlier``: one for each state that lies before the action's own."""
    if not any(action.returns for action in definition.actions):
        return definition
    actions = tuple(
        replace(action, branches=_branches(definition, action)) if action.returns else action
        for action in definition.actions
    )
    return replace(definition, actions=actions)


def is_forward(action: Action) -> bool:
    """Whether the action carries a case onward, and does not send it back, end it early or only add to it."""
    return action.tone == "plain" and not (action.new_round or action.returns or action.amends or action.opposes)


def moves_on(action: Action) -> bool:
    """Whether it is forward and leaves its state, so that a promise to come straight back may be kept by it."""
    return is_forward(action) and not {branch.state for branch in action.branches} <= set(action.sources)


def _branches(definition: Definition, action: Action) -> tuple[Branch, ...]:
    onward: dict[str, set[str]] = {}
    for one in definition.actions:
        if is_forward(one):
            for source in one.sources:
                onward.setdefault(source, set()).update(branch.state for branch in one.branches)
    return tuple(
        Branch(state.name, Compare(RETURN_TO, "is", state.name))
        for state in definition.states
        if any(source != state.name and source in _reached(state.name, onward) for source in action.sources)
    )


def _reached(start: str, onward: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for state in onward.get(waiting.pop(), ()):
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found
