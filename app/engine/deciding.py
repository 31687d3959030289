"""``decide``: the one question. It answers yes with everything to write, or no with every reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.engine import machine
from app.engine.conditions import Value, holds, operands, read
from app.engine.decision import Actor, Answer, Decision, Given, Refusal, Refused, Severity, Situation, Vote
from app.engine.definition import Action, Candidates, Definition, Quorum
from app.engine.refusals import refusal
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
    action = definition.action(action_name)
    if action is None:
        return Refused((refusal("unknown_action", action=action_name),))
    reasons = [*_state_reasons(definition, situation, action)]
    reasons += who_reasons(definition, situation, action, actor)
    reasons += _given_reasons(definition, action, given)
    if not reasons or all(reason.code != "wrong_state" for reason in reasons):
        reasons += _fact_reasons(situation, action)
    if reasons:
        return Refused(tuple(reasons))
    return _yes(definition, situation, action, actor, given)


def available(definition: Definition, situation: Situation, actor: Actor) -> list[tuple[Action, Answer]]:
    """Every action that leaves the present state with its answer, as buttons show it.

    What the action would ask on its form (a comment, a date) is not held against it.
    """
    answers: list[tuple[Action, Answer]] = []
    for action in definition.actions_from(situation.state):
        reasons = (*who_reasons(definition, situation, action, actor), *_fact_reasons(situation, action))
        answers.append((action, Refused(reasons) if reasons else _yes(definition, situation, action, actor, NOTHING)))
    return answers


def need_of(action: Action, situation: Situation, values: dict[str, Value]) -> int | None:
    """How many different people must agree here; None where the action asks no quorum."""
    for quorum in action.quorums:
        if holds(quorum.when, values):
            return _count(quorum, action.by, situation)
    return None


def quorum_reads_members(action: Action, situation: Situation, given: Given = NOTHING) -> bool:
    """Whether the number needed here depends on how many people hold the offices, so that they must be read."""
    values = _operands_of(action, {**situation.data, **given.data}, situation)
    return any(
        quorum.need is None or (quorum.or_all_members and quorum.need > 1)
        for quorum in action.quorums
        if holds(quorum.when, values)
    )


def who_reasons(definition: Definition, situation: Situation, action: Action, actor: Actor) -> tuple[Refusal, ...]:
    """Why this actor may not take the action, whatever its form says; empty when he may."""
    if actor.person is None:
        return () if actor.rule and action.by.system else (_not_your_step(definition, action),)
    if not _is_candidate(situation, action.by, actor):
        return (_not_your_step(definition, action),)
    reasons = [*_side_reasons(definition, situation, action, actor.person)]
    if action.quorums and Vote(action.name, actor.person) in situation.votes:
        reasons.append(refusal("already_decided"))
    return tuple(reasons)


def sides_of(definition: Definition, situation: Situation, person: str) -> frozenset[str]:
    """Which sides of this case the person is on."""
    sides = {name for name, path in definition.sides if person in set(_persons_at(situation, path))}
    if person == situation.submitter:
        sides.add("submitter")
    if person == situation.opener:
        sides.add("opener")
    if person in situation.approvers:
        sides.add("approver")
    return frozenset(sides)


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


def _not_your_step(definition: Definition, action: Action) -> Refusal:
    titles = who_may(definition, action.by)
    return refusal(
        "not_your_step", who="、".join(title.zh for title in titles), who_en=", ".join(title.en for title in titles)
    )


def who_may(definition: Definition, by: Candidates) -> list[Text]:
    """The people an action or step is open to, in words: offices, persons of the form, whoever opened or submitted."""
    offices = dict(definition.office_titles)
    roles = (
        (by.opener, Text("填写人", "whoever opened it")),
        (by.submitter, Text("提交人", "whoever submitted it")),
        (by.anyone, Text("本会人员", "anyone of the union")),
        (by.system, Text("系统规则", "a rule of the system")),
    )
    return [
        *(offices[name] for name in by.offices),
        *(definition.field(name).title for name in by.fields),
        *(words for is_named, words in roles if is_named),
    ]


def _is_candidate(situation: Situation, by: Candidates, actor: Actor) -> bool:
    return (
        by.anyone
        or not actor.offices.isdisjoint(by.offices)
        or any(actor.person in set(_persons_at(situation, name)) for name in by.fields)
        or (by.opener and actor.person == situation.opener)
        or (by.submitter and actor.person == situation.submitter)
    )


def _side_reasons(definition: Definition, situation: Situation, action: Action, person: str) -> Iterator[Refusal]:
    if not action.bars:
        return
    on = sides_of(definition, situation, person)
    codes = {"submitter": "own_submission", "opener": "own_opening", "approver": "already_approved_by_you"}
    for side in action.bars:
        if side not in on or (side == "opener" and "submitter" in on and "submitter" in action.bars):
            continue
        if side in codes:
            yield refusal(codes[side])
        else:
            title = definition.field(dict(definition.sides)[side].split(".")[0]).title
            yield refusal("you_are_a_side", side=title.zh, side_en=title.en)


def _persons_at(situation: Situation, path: str) -> Iterator[str]:
    """The person ids at ``field`` or ``lines.column``."""
    name, _, column = path.partition(".")
    value = situation.data.get(name)
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for row in value:
            inner = row.get(column) if isinstance(row, dict) else row
            if isinstance(inner, str):
                yield inner


def _given_reasons(definition: Definition, action: Action, given: Given) -> Iterator[Refusal]:
    if action.comment_required and not given.comment.strip():
        yield refusal("comment_missing")
    for name in action.asks:
        if given.data.get(name) in (None, "", []):
            title = definition.field(name).title
            yield refusal("field_missing", field=name, title=title.zh, title_en=title.en)
    titles = {field.name: field.title for field in definition.fields}
    for name in given.data:
        if name not in action.asks:
            title = titles.get(name, Text(name, name))
            yield refusal("field_not_asked", field=name, title=title.zh, title_en=title.en)


def _fact_reasons(situation: Situation, action: Action) -> Iterator[Refusal]:
    for use in action.require:
        for finding in situation.findings[use.name]:
            if finding.severity is Severity.BLOCK:
                yield Refusal(finding.code, finding.text, finding.ground, finding.figures)


def _yes(definition: Definition, situation: Situation, action: Action, actor: Actor, given: Given) -> Answer:
    values = _operands_of(action, {**situation.data, **given.data}, situation)
    need = need_of(action, situation, values)
    if action.quorums and need is None:
        return Refused((refusal("no_branch"),))
    counted: tuple[str, ...] = ()
    if need is not None and actor.person is not None:
        counted = (*(vote.person for vote in situation.votes if vote.action == action.name), actor.person)
    met = need is None or len(counted) >= need
    try:
        target = machine.fire(definition, situation.state, action.name, values, quorum_met=met)
    except machine.ArrowMissing:
        return Refused((refusal("no_branch"),))
    return Decision(
        action=action.name,
        office=next((office for office in action.by.offices if office in actor.offices), None),
        source=situation.state,
        target=target,
        closes=met,
        votes=counted,
        need=need,
        routing=values,
        new_round=action.new_round and met,
        effects=action.effects if met else (),
    )


def _operands_of(action: Action, data: Mapping[str, object], situation: Situation) -> dict[str, Value]:
    """The values that the action's quorums and branches are decided on."""
    conditions = [*(quorum.when for quorum in action.quorums), *(branch.when for branch in action.branches)]
    names = sorted({name for condition in conditions for name in operands(condition)})
    return {name: read(name, data, situation.settings) for name in names}


def _count(quorum: Quorum, by: Candidates, situation: Situation) -> int:
    members: set[str] = set()
    if quorum.need is None or (quorum.or_all_members and quorum.need > 1):
        for office in by.offices:
            members |= situation.members.get(office, frozenset())
    if quorum.need is None:
        return max(1, len(members))
    return min(quorum.need, max(1, len(members))) if quorum.or_all_members and members else quorum.need
