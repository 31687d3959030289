"""Proof of deadlines: they come in order, tell people who may look, and never say yes or pay in anybody's place.

What a rule of the system may do on its own is bounded here too: a case that it closed can be brought back by people.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.check_graph import reached_from
from app.engine.definition import Action, Deadline, Definition, Phase, State
from app.engine.problems import Fault, Where, fault, hint
from app.engine.vocabulary import Vocabulary
from app.wording import Text

LONGEST = 250
"""Working days; about a year."""

_ENDS = frozenset({Phase.PUBLISHED, Phase.ENDED})


def deadline_faults(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    """What is wrong with the deadlines of states and with what rules of the system may do."""
    for state in definition.states:
        if state.deadline is not None:
            where: Where = ("states", state.name, "deadline")
            yield from _times(state, state.deadline, where)
            yield from _told(definition, state.deadline, vocabulary, (*where, "then", "escalate_to"))
            if state.deadline.close_by is not None:
                yield from _closing(definition, state, state.deadline.close_by, (*where, "then", "close_by"))
    for action in definition.actions:
        for place, use in enumerate(action.effects):
            if action.by.system and use.name in vocabulary.paying:
                at: Where = ("actions", action.name, "effects", place)
                yield fault("system_pays", at, action=action.title, effect=use.name)


def _times(state: State, deadline: Deadline, where: Where) -> Iterator[Fault]:
    days, before = deadline.working_days, deadline.remind_before
    if state.phase in _ENDS:
        yield fault("deadline_at_the_end", where, state=state.title)
    if not 1 <= days <= LONGEST:
        yield fault("deadline_days", (*where, "working_days"), state=state.title, days=days, limit=LONGEST)
    elif before is not None and not 0 <= before < days:
        yield fault("deadline_reminder", (*where, "remind_before"), state=state.title, days=before, limit=days - 1)


def _told(definition: Definition, deadline: Deadline, vocabulary: Vocabulary, where: Where) -> Iterator[Fault]:
    for place, name in enumerate(deadline.escalate_to):
        if name not in vocabulary.offices:
            near = hint(name, vocabulary.offices)
            yield fault("unknown_office", (*where, place), name=name, hint=near)
        elif name not in definition.visible_to:
            title = dict(definition.office_titles).get(name, Text(name, name))
            yield fault("escalation_unseen", (*where, place), name=title)
        if name in deadline.escalate_to[:place]:
            yield fault("named_twice", (*where, place), name=name)


def _closing(definition: Definition, state: State, name: str, where: Where) -> Iterator[Fault]:
    action = definition.action(name)
    if action is None:
        yield fault("unknown_closing", where, name=name, hint=hint(name, [one.name for one in definition.actions]))
        return
    if state.name == definition.initial:
        yield fault("closing_draft", where, state=state.title)
    if state.name not in action.sources:
        yield fault("closing_elsewhere", where, action=action.title, state=state.title)
    if not action.by.system:
        yield fault("closing_not_system", where, action=action.title)
    if action.asks or action.comment_required:
        yield fault("closing_asks", where, action=action.title)
    states = {one.name: one for one in definition.states}
    for target in [states[branch.state] for branch in action.branches if branch.state in states]:
        sends_back = target.name == definition.initial and action.new_round
        if target.phase is not Phase.ENDED and not sends_back:
            initial = states[definition.initial].title if definition.initial in states else definition.initial
            yield fault("closing_carries_on", where, action=action.title, target=target.title, initial=initial)
        elif state.name not in reached_from(target.name, _ways_of_people(definition)):
            yield fault("closing_for_good", where, action=action.title, state=state.title)


def _ways_of_people(definition: Definition) -> list[tuple[str, str]]:
    return [
        (source, branch.state)
        for action in definition.actions
        if _people_may(action)
        for source in action.sources
        for branch in action.branches
    ]


def _people_may(action: Action) -> bool:
    by = action.by
    return bool(by.offices or by.fields or by.opener or by.submitter or by.anyone)
