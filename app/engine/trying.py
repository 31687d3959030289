"""A pretended case on a workflow: the way it would take with these amounts and answers, and who would decide each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.engine.comparing import side_title
from app.engine.conditions import Value, holds, operands
from app.engine.definition import Action, Condition, Definition, Field, Phase
from app.engine.earlier import is_forward
from app.engine.seats import who_may
from app.engine.voting import applicable
from app.wording import Text

_ENDS = frozenset({Phase.PUBLISHED, Phase.ENDED})


@dataclass(frozen=True, slots=True)
class Trial:
    """One step of the way."""

    action: Text
    source: Text
    target: Text
    who: tuple[Text, ...]
    need: tuple[Text, ...]
    """How many, one for each party that is asked."""
    barred: tuple[Text, ...]


def asked_of(definition: Definition) -> list[Field]:
    """The fields that a way depends on: what somebody who tries the workflow is asked."""
    names = {name for action in definition.actions for when in _whens(action) for name in operands(when)}
    return [field for field in definition.fields if field.name in names]


def tried(definition: Definition, values: Mapping[str, Value]) -> list[Trial]:
    """The plain way from the start; ``values`` are of fields and, as ``setting.NAME``, of the union's settings.

    Ends where no plain step leads on, because the case is done or a value is missing.
    """
    titles = {state.name: state.title for state in definition.states}
    phases = {state.name: state.phase for state in definition.states}
    found: list[Trial] = []
    state, seen = definition.initial, {definition.initial}
    while phases.get(state) not in _ENDS:
        onward: str | None = None
        for action in definition.actions_from(state):
            target = _target(action, values)
            if target is None or not is_forward(action) or (target != state and (target in seen or onward)):
                continue
            found.append(_trial(definition, action, titles[state], titles.get(target, Text(target, target)), values))
            if target != state:
                onward = target
        if onward is None:
            break
        state = onward
        seen.add(state)
    return found


def _trial(definition: Definition, action: Action, source: Text, target: Text, values: Mapping[str, Value]) -> Trial:
    return Trial(
        action=action.title,
        source=source,
        target=target,
        who=tuple(who_may(definition, action.by)),
        need=tuple(_need(definition, action, values)),
        barred=tuple(side_title(definition, side) for side in action.bars),
    )


def _need(definition: Definition, action: Action, values: Mapping[str, Value]) -> Iterator[Text]:
    offices = dict(definition.office_titles)
    for quorum in applicable(action, values) if action.quorums else ():
        of = [offices.get(name, Text(name, name)) for name in quorum.of]
        zh, en = "、".join(one.zh for one in of), ", ".join(one.en for one in of)
        if quorum.share is not None:
            number = Text("{}/{} 的人".format(*quorum.share), "{}/{} of them".format(*quorum.share))
        elif quorum.need is None:
            number = Text("全体", "all")
        else:
            number = Text(f"{quorum.need} 人", f"{quorum.need}")
        yield Text(f"{zh} {number.zh}".strip(), f"{number.en} {en}".strip())


def _target(action: Action, values: Mapping[str, Value]) -> str | None:
    if action.returns:
        return None
    return next((branch.state for branch in action.branches if holds(branch.when, values)), None)


def _whens(action: Action) -> list[Condition | None]:
    return [*(branch.when for branch in action.branches), *(quorum.when for quorum in action.quorums)]
