"""Proof of the ways through a workflow: all are reachable, all can end, and money and votes are safe on each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.engine.definition import Action, Definition, FieldType, Phase, State
from app.engine.problems import Fault, Where, fault, hint

_ENDS = frozenset({Phase.PUBLISHED, Phase.ENDED})
_RANK = {phase: rank for rank, phase in enumerate(Phase)}

Edge = tuple[str, Action, str]


def graph_faults(definition: Definition) -> Iterator[Fault]:
    """What is wrong with states, arrows and rounds."""
    states = {state.name: state for state in definition.states}
    yield from _names(definition, states)
    edges = [
        (source, action, branch.state)
        for action in definition.actions
        for source in action.sources
        for branch in action.branches
        if source in states and branch.state in states
    ]
    if definition.initial in states:
        yield from _initial(states[definition.initial])
        yield from _ways(definition, edges)
    yield from _votes(definition, edges)
    yield from _rounds(edges, states)
    if has_money(definition):
        yield from _money(definition, edges, states)


def has_money(definition: Definition) -> bool:
    """Whether a case of this workflow names an amount anywhere."""
    fields = [one for field in definition.fields for one in (field, *field.columns)]
    return any(field.type is FieldType.MONEY for field in fields)


def _names(definition: Definition, states: dict[str, State]) -> Iterator[Fault]:
    if definition.initial not in states:
        yield fault("unknown_state", ("initial",), name=definition.initial, hint=hint(definition.initial, states))
    for action in definition.actions:
        where: Where = ("actions", action.name)
        if not action.sources:
            yield fault("no_sources", (*where, "from"), action=action.title)
        if not action.branches:
            yield fault("no_targets", (*where, "to"), action=action.title)
        for place, name in enumerate(action.sources):
            if name not in states:
                yield fault("unknown_state", (*where, "from", place), name=name, hint=hint(name, states))
            if name in action.sources[:place]:
                yield fault("named_twice", (*where, "from", place), name=name)
        for place, branch in enumerate(action.branches):
            if branch.state not in states:
                at = (*where, "to", place, "state")
                yield fault("unknown_state", at, name=branch.state, hint=hint(branch.state, states))


def _initial(state: State) -> Iterator[Fault]:
    if state.phase is not Phase.DRAFT:
        yield fault("initial_not_draft", ("initial",), name=state.title)


def _ways(definition: Definition, edges: list[Edge]) -> Iterator[Fault]:
    reached = _closure({definition.initial}, [(source, target) for source, _, target in edges])
    ends = {state.name for state in definition.states if state.phase in _ENDS}
    if not ends:
        yield fault("no_end", ("states",))
    can_end = _closure(ends, [(target, source) for source, _, target in edges])
    for state in definition.states:
        if state.name not in reached:
            yield fault("unreachable_state", ("states", state.name), name=state.title)
        elif ends and state.name not in can_end:
            yield fault("no_way_out", ("states", state.name), name=state.title)
    for action in definition.actions:
        if action.sources and reached.isdisjoint(action.sources):
            yield fault("dead_action", ("actions", action.name), action=action.title)


def reached_from(start: str, arrows: list[tuple[str, str]]) -> set[str]:
    """Everything that arrows lead to from a state, itself included."""
    return _closure({start}, arrows)


def _closure(start: Iterable[str], arrows: list[tuple[str, str]]) -> set[str]:
    """Everything that arrows lead to from ``start``, which is part of it."""
    leads: dict[str, list[str]] = {}
    for source, target in arrows:
        leads.setdefault(source, []).append(target)
    reached, waiting = set(start), list(start)
    while waiting:
        for target in leads.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _votes(definition: Definition, edges: list[Edge]) -> Iterator[Fault]:
    titles = {state.name: state.title for state in definition.states}
    same_round = [(source, target) for source, action, target in edges if not action.opens_round and source != target]
    for action in definition.actions:
        if not action.quorums:
            continue
        where: Where = ("actions", action.name, "approvals")
        targets = {branch.state for branch in action.branches}
        if not targets.isdisjoint(action.sources):
            yield fault("quorum_stays", where, action=action.title)
        for source in action.sources:
            onward = {target for start, target in same_round if start == source}
            if source in _closure(onward, same_round):
                yield fault("votes_return", where, action=action.title, state=titles[source])


def _rounds(edges: list[Edge], states: dict[str, State]) -> Iterator[Fault]:
    for source, action, target in edges:
        if _RANK[states[target].phase] < _RANK[states[source].phase] and not action.opens_round:
            yield fault("backwards_same_round", ("actions", action.name), action=action.title)


def _money(definition: Definition, edges: list[Edge], states: dict[str, State]) -> Iterator[Fault]:
    for source, action, target in edges:
        where: Where = ("actions", action.name)
        before, after = states[source].phase, states[target].phase
        if before is Phase.DRAFT and after is Phase.PUBLISHED:
            yield fault("publish_skips_review", (*where, "from"), action=action.title)
        is_approval = before in (Phase.DRAFT, Phase.SUBMITTED) and after in (Phase.AUDITED, Phase.PUBLISHED)
        if action.by.system and (is_approval or after is Phase.AUDITED):  # within audited: the chair's yes, a payment
            yield fault("system_approves", (*where, "by"), action=action.title)
        if is_approval:
            if before is Phase.SUBMITTED and not _submitter_barred(definition, action, edges, states):
                yield fault("submitter_approves", (*where, "bars"), action=action.title)
            if before is Phase.DRAFT and after is Phase.AUDITED and not _barred(action, "opener"):
                yield fault("opener_approves", (*where, "bars"), action=action.title)


def _barred(action: Action, side: str) -> bool:
    """Whether the side cannot decide this alone: it may not act, or always needs a second person."""
    second = [quorum.need is not None and quorum.need >= 2 and not quorum.or_all_members for quorum in action.quorums]
    return side in action.bars or (bool(second) and all(second))


def _submitter_barred(definition: Definition, action: Action, edges: list[Edge], states: dict[str, State]) -> bool:
    """Also true where only barred persons of the form can have submitted, such as the owner of a task."""
    if _barred(action, "submitter"):
        return True
    barred = {path for name, path in definition.sides if name in action.bars}
    submits = [
        one
        for source, one, target in edges
        if states[source].phase is Phase.DRAFT and states[target].phase is Phase.SUBMITTED
    ]
    return bool(submits) and all(_only_persons(one, barred) for one in submits)


def _only_persons(action: Action, fields: set[str]) -> bool:
    by = action.by
    open_to_others = by.offices or by.opener or by.submitter or by.anyone or by.system
    return not open_to_others and set(by.fields) <= fields
