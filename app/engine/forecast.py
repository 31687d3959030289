"""流程预测: the coming steps of a case to its end, by the same rules that will decide them: who, how many, when, what blocks.

A forecast promises nothing. It follows the conditions on the form as it is filled in now and the people who hold the
offices today; facts are known for the present state alone, and what people will answer is not known at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from app.engine import machine
from app.engine.arranged import Arranged, arranged
from app.engine.calendar import Calendar
from app.engine.conditions import SETTING_PREFIX, Value, operands, read
from app.engine.decision import Severity, Situation, Verb
from app.engine.definition import Action, Definition, Phase, Quorum
from app.engine.earlier import RESUME_TO, is_forward
from app.engine.seats import ballot_of, is_barred, persons_at, who_may
from app.engine.voting import ONE, Line, lines_of, members_of, weight_of
from app.engine.ways import carries
from app.wording import Text

ENDS = frozenset({Phase.PUBLISHED, Phase.ENDED})


@dataclass(frozen=True, slots=True)
class Coming:
    """One step that is still to come."""

    action: str
    title: Text
    state: str
    """Where the case rests while it waits for this step."""
    rule: Text
    """By which rule these people are asked."""
    need: int
    """How many of them must still agree; weight, where votes weigh differently."""
    who: tuple[str, ...]
    """Everyone who could take it as things stand, by id; empty where anyone of the union may."""
    expected_on: date | None = None
    blocks: tuple[Text, ...] = ()
    """What stands in the way, as far as it is known now."""
    instead: tuple[Text, ...] = ()
    """Other steps onward that may be taken in its place."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The rest of the way. ``ends_in`` is the last state that could be foreseen."""

    steps: tuple[Coming, ...]
    ends_in: str
    open_end: Text | None = None
    """Why nothing can be said from there on; None where the case ends there."""


@dataclass(slots=True)
class _Way:
    """What is gathered while walking."""

    definition: Definition
    situation: Situation
    is_now: bool = True
    passed: set[str] = field(default_factory=set)
    coming: list[Coming] = field(default_factory=list)


def offices_ahead(definition: Definition) -> frozenset[str]:
    """The offices whose holders a forecast looks at."""
    return frozenset(
        office
        for action in definition.actions
        if is_forward(action)
        for office in (*action.by.offices, *action.by.or_else)
    )


def forecast(
    definition: Definition,
    situation: Situation,
    *,
    typical: Mapping[str, int],
    calendar: Calendar,
    since: date,
    today: date,
) -> Forecast:
    """Walk from the present state to the end. Pure.

    Args:
        definition: the case's own.
        situation: with the holders of ``offices_ahead`` as its members; findings of the present state where they are known.
        typical: action -> working days it usually takes, from the union's own past; where that is not known, the deadline
            of the state counts, and without one there is no date.
        calendar: counts working days.
        since: from when the case rests in its state.
        today: nothing is expected before it.
    """
    way = _Way(definition, situation)
    ends_in, open_end = _walked(way)
    return Forecast(tuple(_dated(definition, way.coming, typical, calendar, since, today)), ends_in, open_end)


def _walked(way: _Way) -> tuple[str, Text | None]:
    definition = way.definition
    while True:
        state = way.situation.state
        if definition.state(state).phase in ENDS:
            return state, None
        onward = [action for action in definition.actions_from(state) if is_forward(action)]
        staying = [action for action in onward if _targets(action) <= {state}]
        leaving = [action for action in onward if action not in staying]
        for action in staying:
            if not _facts_in_the_way(way, action):  # a step that facts refuse here was taken already, or is not due
                _ask(way, action, ())
        if not leaving:
            return state, Text("之后由有关人员决定。", "After that it is for people to decide.")
        if state in way.passed:
            return state, Text("之后会再走一遍前面的步骤。", "After that earlier steps come round again.")
        way.passed.add(state)
        target = _target(way, leaving[0])
        _ask(way, leaving[0], tuple(one.title for one in leaving[1:]))
        if isinstance(target, Text):
            return state, target
        _move(way, leaving[0], target)


def _targets(action: Action) -> set[str]:
    return {branch.state for branch in action.branches}


def _ask(way: _Way, action: Action, instead: tuple[Text, ...]) -> None:
    """Note who is asked at a step: a line of its approvals each, and whoever was added to it."""
    situation = way.situation
    values = _values(action, situation)
    arrangement = arranged(situation.arrangements, action.name)
    extra = {one.person for one in arrangement.added}
    votes = [vote for vote in situation.votes if vote.action == action.name and vote.of not in extra]
    comes_first = not any(one.state == situation.state for one in way.coming)
    blocks: tuple[Text, ...] = tuple(_facts_in_the_way(way, action)) if comes_first else ()
    if arrangement.asked:
        blocks += (Text("征求的意见还没有回来。", "An opinion that was asked for has not come back."),)
    lines = lines_of(action, situation, values, votes) or [Line(ONE, action.by.offices, 1, 0)]
    for line in lines:
        if not line.is_met:
            way.coming.append(_step(way, action, line, arrangement, blocks, instead))
    signed = {vote.of for vote in situation.votes}
    for one in arrangement.added:
        if one.person not in signed:
            rule = Text("加签", "added as a signer")
            way.coming.append(Coming(action.name, action.title, situation.state, rule, 1, (one.person,), None, blocks))


def _step(
    way: _Way, action: Action, line: Line, arrangement: Arranged, blocks: tuple[Text, ...], instead: tuple[Text, ...]
) -> Coming:
    definition, situation = way.definition, way.situation
    need = line.need - line.have
    asked, is_stand_in = _asked(way, action, line, arrangement)
    able = {person for person in asked if _may(way, action, person, arrangement)}
    if not action.by.anyone:
        blocks += tuple(_people_in_the_way(definition, action, line, need, asked, able, situation))
    offices = action.by.or_else if is_stand_in else line.offices
    rule = _rule(definition, action, line.quorum, offices, need, len(asked))
    who = () if action.by.anyone else tuple(sorted(able))
    return Coming(action.name, action.title, situation.state, rule, need, who, None, blocks, instead)


def _asked(way: _Way, action: Action, line: Line, arrangement: Arranged) -> tuple[set[str], bool]:
    """Everyone the line names, and whether they are stand-ins because nobody else is left."""
    situation, by = way.situation, action.by
    named = members_of(line.offices, situation)
    for name in by.fields:
        named |= set(persons_at(situation, name))
    named |= {situation.opener} if by.opener and situation.opener else set()
    submitter = situation.submitter or situation.opener
    named |= {submitter} if by.submitter and submitter else set()
    named = {arrangement.handed.get(person, person) for person in named}
    named = named & arrangement.drawn if arrangement.drawn else named
    if by.or_else and not any(_may(way, action, person, arrangement) for person in named):
        return members_of(by.or_else, situation), True
    return named, False


def _may(way: _Way, action: Action, person: str, arrangement: Arranged) -> bool:
    ballot = ballot_of(way.definition, action)
    has_spoken = any(vote.action in ballot and person in (vote.person, vote.of) for vote in way.situation.votes)
    return (
        not has_spoken
        and person not in arrangement.recused
        and not is_barred(way.definition, way.situation, action, person)
    )


def _people_in_the_way(
    definition: Definition,
    action: Action,
    line: Line,
    need: int,
    asked: set[str],
    able: set[str],
    situation: Situation,
) -> Iterator[Text]:
    titles = who_may(definition, replace(action.by, offices=line.offices) if line.offices else action.by)
    zh, en = "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)
    if action.by.system and not asked:
        return
    if not asked:
        yield Text(f"现在没有人担任{zh}。", f"Nobody is {en} at present.")
        return
    if not able:
        yield Text(
            f"{zh}都要回避，或已经表过态，没有人可以办。",
            f"Everyone who is {en} must stand aside or has spoken: nobody is left.",
        )
        return
    offices = {person: [name for name, held in situation.members.items() if person in held] for person in able}
    reach = sum(weight_of(line.quorum, offices[person]) for person in able)
    if reach < need:
        yield Text(f"还要 {need} 人，能办的只有 {reach} 人。", f"{need} more must agree, and only {reach} can.")


def _rule(
    definition: Definition, action: Action, quorum: Quorum, offices: tuple[str, ...], need: int, held: int
) -> Text:
    """The rule in words: who, and how many of them."""
    titles = who_may(definition, replace(action.by, offices=offices))
    zh, en = "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)
    if quorum.draw:
        return Text(f"{zh}中抽签 {quorum.draw} 人，还要 {need} 人", f"{quorum.draw} of {en} by lot, {need} to agree")
    if quorum.weights:
        return Text(f"{zh}，还要 {need} 票", f"{en}, {need} more votes")
    if quorum.share is not None:
        part, parts = quorum.share
        return Text(f"{zh}的 {part}/{parts}，还要 {need} 人", f"{part}/{parts} of {en}, {need} more")
    if need > 1 or quorum.need is None:
        everyone = Text(f"{zh}全体，还要 {need} 人", f"all of {en}, {need} more")
        return everyone if quorum.need is None else Text(f"{zh}，还要 {need} 人", f"{en}, {need} more")
    return Text(f"{zh}中任意一人", f"any one of {en}") if held > 1 else Text(zh, en)


def _facts_in_the_way(way: _Way, action: Action) -> list[Text]:
    """What facts refuse: known for the present state alone."""
    if not way.is_now:
        return []
    found = [finding for use in action.require for finding in way.situation.findings.get(use.name, ())]
    return [finding.text for finding in found if finding.severity is Severity.BLOCK]


def _values(action: Action, situation: Situation) -> dict[str, Value]:
    conditions = [*(quorum.when for quorum in action.quorums), *(branch.when for branch in action.branches)]
    names = {name for condition in conditions for name in operands(condition)}
    values = {name: read(name, situation.data, situation.settings) for name in names}
    if situation.resume_to is not None:
        values[RESUME_TO] = situation.resume_to
    return values


def _target(way: _Way, action: Action) -> str | Text:
    """Where the step leads; a sentence where that depends on what nobody has filled in yet."""
    definition, situation = way.definition, way.situation
    values = _values(action, situation)
    routing = {name for branch in action.branches for name in operands(branch.when)}
    unknown = sorted(name for name in routing if values[name] is None)
    if not unknown:
        return machine.fire(definition, situation.state, action.name, values, quorum_met=True)
    titles = [definition.field(name).title for name in unknown if not name.startswith(SETTING_PREFIX)]
    zh, en = "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)
    return Text(f"之后怎么走，要看“{zh}”怎么填。", f"Where it goes then depends on “{en}”.")


def _move(way: _Way, action: Action, target: str) -> None:
    """Stand in the next state, as if everyone had agreed; those without whom it could not pass have approved then."""
    situation = way.situation
    sure = {
        person
        for one in way.coming
        if one.action == action.name and one.state == situation.state and len(one.who) == one.need
        for person in one.who
    }
    spoken = {vote.of for vote in situation.votes if vote.action == action.name}
    way.situation = replace(
        situation,
        state=target,
        submitter=situation.submitter or situation.opener,
        votes=(),
        approvers=situation.approvers | sure | spoken if carries(action) else situation.approvers,
        arrangements=tuple(one for one in situation.arrangements if one.verb is Verb.RECUSE),
        resume_to=None if target == situation.resume_to else situation.resume_to,
    )
    way.is_now = False


def _dated(
    definition: Definition,
    coming: list[Coming],
    typical: Mapping[str, int],
    calendar: Calendar,
    since: date,
    today: date,
) -> Iterator[Coming]:
    """Each step with the day it is expected on; after a step that nothing is known of, no day is given."""
    begins: date | None = since
    done: dict[tuple[str, str], date | None] = {}
    for one in coming:
        key = (one.state, one.action)
        if key not in done:
            deadline = definition.state(one.state).deadline
            days = typical.get(one.action, deadline.working_days if deadline else None)
            expected = None
            if begins is not None and days is not None:
                expected = calendar.next_working_day(max(calendar.add_working_days(begins, days), today))
            done[key] = begins = expected
        yield replace(one, expected_on=done[key])
