"""``decide``: the one question. It answers yes with everything to write, or no with every reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from app.engine import machine
from app.engine.arranged import arranged
from app.engine.conditions import Value, operands, read
from app.engine.decision import Actor, Answer, Decision, Given, Refusal, Refused, Severity, Situation, Vote
from app.engine.definition import TAKE_BACK, Action, Definition
from app.engine.earlier import RESUME_TO, RETURN_TO, is_forward, moves_on
from app.engine.refusals import refusal
from app.engine.seats import Seat, Seated, added_reasons, ballot_of, is_barred, not_your_step, seat_of, seat_on_paper
from app.engine.voting import Line, applicable, lines_of, still_possible
from app.wording import Text

NOTHING = Given()


def decide(
    definition: Definition, situation: Situation, action_name: str, actor: Actor, given: Given = NOTHING
) -> Answer:
    """Whether this actor may take this action now, and what follows if so.

    Pure: the same arguments give the same answer. Findings of the facts that the action requires must be in
    ``situation.findings``; a required fact that nobody looked at is a programming error.

    Raises:
        KeyError: a required fact has no findings, or the state is unknown to the definition.
    """
    if action_name == TAKE_BACK:
        return take_back(definition, situation, actor)
    action = definition.action(action_name)
    if action is None:
        return Refused((refusal("unknown_action", action=action_name),))
    reasons = [*_state_reasons(definition, situation, action)]
    is_here = not reasons
    values = _operands_of(definition, action, situation, given)
    seated = _seated(definition, situation, action, actor, given, values)
    reasons += () if isinstance(seated, Seat) else seated
    if situation.is_disputed and is_forward(action):
        reasons.append(refusal("paper_disputed"))
    reasons += _given_reasons(definition, situation, action, given)
    if is_here:
        reasons += _fact_reasons(situation, action)
    if reasons or not isinstance(seated, Seat):
        return Refused(tuple(reasons))
    return _yes(definition, situation, action, actor, seated, values, given)


def available(definition: Definition, situation: Situation, actor: Actor) -> list[tuple[Action, Answer]]:
    """Every action that leaves the present state with its answer, as buttons show it.

    What the action would ask on its form (a comment, a date, where to return to) is not held against it.
    """
    answers: list[tuple[Action, Answer]] = []
    for action in definition.actions_from(situation.state):
        given = Given(return_to=situation.path[0]) if action.returns and situation.path else NOTHING
        values = _operands_of(definition, action, situation, given)
        seated = _seated(definition, situation, action, actor, given, values)
        facts = (*_fact_reasons(situation, action),)
        if situation.is_disputed and is_forward(action):
            facts = (refusal("paper_disputed"), *facts)
        if isinstance(seated, Seat) and not facts:
            answers.append((action, _yes(definition, situation, action, actor, seated, values, given)))
        else:
            answers.append((action, Refused((*(() if isinstance(seated, Seat) else seated), *facts))))
    return answers


def may_take(definition: Definition, situation: Situation, action: Action, actor: Actor) -> bool:
    """Whether the actor is one to take the action, whatever its form and its facts say."""
    return isinstance(_seated(definition, situation, action, actor, NOTHING), Seat)


def is_asked(definition: Definition, situation: Situation, action: Action, actor: Actor) -> bool:
    """Whether the actor is asked at this step at all, even where others come first."""
    values = _operands_of(definition, action, situation, NOTHING)
    return actor.person is not None and isinstance(seat_of(definition, situation, action, actor, values), Seat)


def offices_to_count(
    definition: Definition, situation: Situation, action: Action, actor: Actor, given: Given = NOTHING
) -> frozenset[str]:
    """The offices whose holders must be read to answer: where a number, an outcome or a stand-in depends on them."""
    target = definition.action(action.opposes) if action.opposes is not None else action
    assert target is not None  # noqa: S101 - the checks saw that it exists
    by = target.by
    if action.opposes is not None or arranged(situation.arrangements, action.name).handed:
        return frozenset(by.offices)
    if by.or_else and not actor.offices.isdisjoint(by.or_else) and actor.offices.isdisjoint(by.offices):
        return frozenset(by.offices)
    if not action.quorums:
        return frozenset()
    values = _operands_of(definition, action, situation, given)
    return frozenset(
        office for quorum in applicable(action, values) if quorum.counts_members for office in quorum.of or by.offices
    )


def take_back(definition: Definition, situation: Situation, actor: Actor) -> Answer:
    """Whether the actor may undo the last step of the case, and what that leads to."""
    last = situation.last
    action = None if last is None else definition.action(last.action)
    if last is None or action is None or not action.take_back or situation.state != last.target:
        return Refused((refusal("nothing_to_take_back"),))
    if last.person is None or last.person != actor.person:
        return Refused((refusal("not_your_decision"),))
    values: dict[str, Value] = {machine.TAKEN_BACK: last.action, machine.BACK_TO: last.source}
    try:
        target = machine.fire(definition, situation.state, TAKE_BACK, values, quorum_met=last.closes)
    except machine.ArrowMissing:  # it had come straight back to where it was sent back from
        return Refused((refusal("nothing_to_take_back"),))
    return Decision(
        action=TAKE_BACK,
        office=None,
        source=situation.state,
        target=target,
        closes=last.closes,
        votes=(),
        need=None,
        routing=values,
        new_round=False,
        effects=action.effects if last.closes else (),
    )


def _seated(
    definition: Definition,
    situation: Situation,
    action: Action,
    actor: Actor,
    given: Given,
    values: Mapping[str, Value] | None = None,
) -> Seated:
    """The place in which the action would be taken, whatever its form says; or why there is none."""
    if actor.person is None:
        is_ruled = actor.rule and action.by.system
        return Seat("", None) if is_ruled else (not_your_step(definition, action),)
    values = _operands_of(definition, action, situation, given) if values is None else values
    if given.sheet is not None:
        seated = seat_on_paper(definition, situation, action, actor, given.sheet, values)
    else:
        seated = seat_of(definition, situation, action, actor, values)
    if isinstance(seated, Seat) and situation.arrangements:
        votes = _votes_for(situation, action)
        reasons = (*added_reasons(action, situation, seated, _base(action, situation, values, votes), votes),)
        return reasons or seated
    return seated


def _state_reasons(definition: Definition, situation: Situation, action: Action) -> Iterator[Refusal]:
    if situation.state in action.sources:
        return
    now = definition.state(situation.state).title
    sources = [definition.state(name).title for name in action.sources]
    yield refusal(
        "wrong_state",
        state=now.zh,
        state_en=now.en,
        sources="、".join(f"“{title.zh}”" for title in sources),
        sources_en=" or ".join(f"“{title.en}”" for title in sources),
    )


def _given_reasons(definition: Definition, situation: Situation, action: Action, given: Given) -> Iterator[Refusal]:
    if action.comment_required and not given.comment.strip():
        yield refusal("comment_missing")
    for name in action.asks:
        if given.data.get(name) in (None, "", []):
            title = definition.field(name).title
            yield refusal("field_missing", field=name, title=title.zh, title_en=title.en)
    titles = {field.name: field.title for field in definition.fields}
    writable = {field.name for field in definition.drafting_fields} if action.amends else action.asks
    for name in given.data:
        if name not in writable:
            title = titles.get(name, Text(name, name))
            yield refusal("field_not_asked", field=name, title=title.zh, title_en=title.en)
    if action.returns and given.return_to not in situation.path:
        yield refusal("not_returnable")
    if given.resume and not action.resume:
        yield refusal("no_resuming")


def _fact_reasons(situation: Situation, action: Action) -> Iterator[Refusal]:
    for use in action.require:
        for finding in situation.findings[use.name]:
            if finding.severity is Severity.BLOCK:
                yield Refusal(finding.code, finding.text, finding.ground, finding.figures)


def _yes(
    definition: Definition,
    situation: Situation,
    action: Action,
    actor: Actor,
    seat: Seat,
    values: dict[str, Value],
    given: Given,
) -> Answer:
    need: int | None = None
    counted: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    met = True
    if action.opposes is not None:
        met = _is_lost(definition, situation, action, seat, values)
    elif action.amends:
        met = given.changes_material
    elif action.quorums or situation.arrangements:
        added = tuple(one.person for one in arranged(situation.arrangements, action.name).added)
        votes = [
            *_votes_for(situation, action),
            Vote(action.name, actor.person or "", seat.person, seat.weight, seat.party),
        ]
        lines = _base(action, situation, values, votes)
        if action.quorums and not lines:
            return Refused((refusal("no_branch"),))
        if action.quorums or added:
            counted = tuple(vote.of for vote in votes)
            need = next((line.need for line in lines if (line.quorum.party or "") == seat.party), 1)
            met = all(line.is_met for line in lines) and set(added) <= set(counted)
    try:
        target = machine.fire(definition, situation.state, action.name, values, quorum_met=met)
    except machine.ArrowMissing:
        return Refused((refusal("no_branch"),))
    return Decision(
        action=action.name,
        office=seat.office,
        source=situation.state,
        target=target,
        closes=met,
        votes=counted,
        need=need,
        routing=values,
        new_round=action.opens_round and met,
        effects=action.effects if met else (),
        seat=seat.person if seat.person not in (actor.person, "") else None,
        weight=seat.weight,
        party=seat.party,
        added=added,
    )


def _votes_for(situation: Situation, action: Action) -> list[Vote]:
    return [vote for vote in situation.votes if vote.action == action.name]


def _base(action: Action, situation: Situation, values: Mapping[str, Value], votes: list[Vote]) -> list[Line]:
    """The lines of the approvals, counted without the signers who were added; one vote where none are written."""
    extra = {one.person for one in arranged(situation.arrangements, action.name).added}
    ordinary = [vote for vote in votes if vote.of not in extra] if extra else votes
    return lines_of(action, situation, values, ordinary)


def _is_lost(
    definition: Definition, situation: Situation, action: Action, seat: Seat, values: dict[str, Value]
) -> bool:
    """Whether with this vote against, the action it opposes can no longer pass; the figures go into ``values``."""
    target = definition.action(action.opposes or "")
    assert target is not None  # noqa: S101 - the checks saw that it exists
    is_vetoed = seat.office is not None and seat.office in action.veto
    spoken = {vote.of for vote in situation.votes if vote.action in ballot_of(definition, action)} | {seat.person}
    arrangement = arranged(situation.arrangements, target.name)
    barred = {
        person
        for office in target.by.offices
        for person in situation.members.get(office, ())
        if is_barred(definition, situation, target, person)
    }
    lines = _base(target, situation, values, _votes_for(situation, target))
    is_possible = all(
        line.is_met
        or still_possible(line, situation, spoken, arrangement.recused | barred, arrangement.handed, arrangement.drawn)
        for line in lines
    )
    values |= {"votes_against": 1 + sum(vote.action == action.name for vote in situation.votes), "vetoed": is_vetoed}
    return is_vetoed or not is_possible or seat.person in {one.person for one in arrangement.added}


@lru_cache(maxsize=4096)
def _names_read(definition: Definition, action_name: str) -> tuple[str, ...]:
    """The operands that the action's quorums and branches are decided on."""
    action = definition.action(action_name)
    assert action is not None  # noqa: S101 - asked with actions of the definition
    target = action if action.opposes is None else definition.action(action.opposes) or action
    branches = () if action.returns else (branch.when for branch in action.branches)
    conditions = [*(quorum.when for quorum in target.quorums), *branches]
    return tuple(sorted({name for condition in conditions for name in operands(condition)}))


def _operands_of(definition: Definition, action: Action, situation: Situation, given: Given) -> dict[str, Value]:
    """The values that the action's quorums and branches are decided on."""
    names = _names_read(definition, action.name)
    data = {**situation.data, **given.data} if given.data else situation.data
    values = {name: read(name, data, situation.settings) for name in names}
    if action.returns:
        values[RETURN_TO] = given.return_to
        if given.resume:
            values["resume"] = True
    elif situation.resume_to is not None and moves_on(action):
        values[RESUME_TO] = situation.resume_to
    return values
