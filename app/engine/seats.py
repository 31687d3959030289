"""Who may take a step, and in whose place: by office, as a person of the form, for someone away, added, handed over to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from app.engine.arranged import arranged
from app.engine.conditions import Value
from app.engine.decision import Actor, Deputed, Order, Refusal, Sheet, Situation, Vote
from app.engine.definition import Action, Candidates, Definition
from app.engine.refusals import refusal
from app.engine.voting import Line, applicable, lines_of, members_of, weight_of
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Seat:
    """The place in which an actor takes a step."""

    person: str
    """Whose place it is."""
    office: str | None
    """The office in whose right; None for a person of the form, whoever opened it, or an added signer."""
    weight: int = 1
    party: str = ""


Seated = Seat | tuple[Refusal, ...]


def seat_of(
    definition: Definition, situation: Situation, action: Action, actor: Actor, values: Mapping[str, Value]
) -> Seated:
    """The place in which this person may take the action, or every reason why he may not."""
    assert actor.person is not None  # noqa: S101 - rules of the system have no seat
    first: tuple[Refusal, ...] = ()
    own = Deputed(actor.person, actor.offices, whole=True)
    for one in (own, *actor.stands_in_for):
        person, offices = one.person, one.offices
        right = _right(definition, situation, action, one, is_own=one is own)
        if right is None:
            continue
        reasons = (
            *_side_reasons(definition, situation, action, {actor.person, person}),
            *_standing_reasons(definition, situation, action, {actor.person, person}),
        )
        seated = reasons or _place(situation, action, person, offices, right, values)
        if isinstance(seated, Seat):
            return seated
        first = first or seated
    return first or (not_your_step(definition, action),)


def seat_on_paper(
    definition: Definition,
    situation: Situation,
    action: Action,
    recorder: Actor,
    sheet: Sheet,
    values: Mapping[str, Value],
) -> Seated:
    """The signer's place, for a recorder of a signed sheet; the submitter alone cannot record an approval.

    Source: DESIGN 4, Paper.
    """
    reasons: list[Refusal] = []
    if recorder.offices.isdisjoint(action.paper):
        titles = dict(definition.office_titles)
        who = [titles[name] for name in action.paper]
        reasons.append(refusal("not_a_recorder", **_joined(who)) if who else refusal("not_on_paper"))
    persons = {recorder.person or "", *(one.person for one in recorder.stands_in_for)}
    if recorder.person == sheet.signer:
        reasons.append(refusal("own_sheet"))
    if not persons.isdisjoint({situation.submitter, situation.submitted_for}):
        reasons.append(refusal("submitter_records"))
    else:
        # Whoever may not decide does not bring another's decision either, and brings one of each ballot.
        reasons += _side_reasons(definition, situation, action, persons)
    reasons += _standing_reasons(definition, situation, action, {recorder.person or ""})
    seated = seat_of(definition, situation, action, Actor(sheet.signer, sheet.offices), values)
    if isinstance(seated, Seat):
        return tuple(reasons) or seated
    return (*reasons, *seated)


def not_your_step(definition: Definition, action: Action) -> Refusal:
    """The refusal that names who the step is for."""
    return refusal("not_your_step", **_joined(who_may(definition, action.by)))


def who_may(definition: Definition, by: Candidates) -> list[Text]:
    """The people a step is open to, in words: offices, persons of the form, whoever opened or submitted."""
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


def sides_of(definition: Definition, situation: Situation, person: str) -> frozenset[str]:
    """Which sides of this case the person is on."""
    sides = {name for name, path in definition.sides if person in set(persons_at(situation, path))}
    if person in (situation.submitter, situation.submitted_for):
        sides.add("submitter")
    if person == situation.opener:
        sides.add("opener")
    if person in situation.approvers:
        sides.add("approver")
    return frozenset(sides)


def persons_at(situation: Situation, path: str) -> Iterator[str]:
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


def is_barred(definition: Definition, situation: Situation, action: Action, person: str) -> bool:
    """Whether a side of the case keeps the person from this action."""
    return bool(action.bars) and any(_side_reasons(definition, situation, action, {person}))


def added_reasons(
    action: Action, situation: Situation, seat: Seat, lines: list[Line], votes: Collection[Vote]
) -> Iterator[Refusal]:
    """Whether it is this signer's turn, where signers were added before or after the others."""
    arrangement = arranged(situation.arrangements, action.name)
    if not arrangement.added:
        return
    signed = {vote.of for vote in votes}
    mine = arrangement.adding(seat.person)
    waiting = [one for one in arrangement.added if one.order is Order.BEFORE and one.person not in signed]
    if (mine is None or mine.order is Order.AFTER) and waiting:
        yield refusal("before_first", count=len(waiting))
    if mine is not None and mine.order is Order.AFTER and not all(line.is_met for line in lines):
        yield refusal("after_rest")
    if mine is None and all(line.is_met for line in lines):
        yield refusal("not_needed")


def _joined(titles: list[Text]) -> dict[str, str]:
    return {"who": "、".join(title.zh for title in titles), "who_en": ", ".join(title.en for title in titles)}


def _right(definition: Definition, situation: Situation, action: Action, one: Deputed, *, is_own: bool) -> str | None:
    """The office that opens the action, ``""`` where something else does, None where nothing does.

    What a person is asked as that person, and not by office, a deputy does only when everything was left to him.
    """
    by = action.by
    if not situation.arrangements:
        return _plain_right(definition, situation, action, one, is_own=is_own)
    arrangement = arranged(situation.arrangements, action.opposes or action.name)
    if one.whole and arrangement.adding(one.person):
        return ""
    if one.whole and one.person in arrangement.handed.values():
        return next((office for office in (*by.offices, *by.or_else) if office in one.offices), None)
    if arrangement.drawn and one.person not in arrangement.drawn:
        return None
    return _plain_right(definition, situation, action, one, is_own=is_own)


def _plain_right(
    definition: Definition, situation: Situation, action: Action, one: Deputed, *, is_own: bool
) -> str | None:
    by, person, offices = action.by, one.person, one.offices
    office = next((office for office in by.offices if office in offices), None)
    if office is not None:
        return office
    if one.whole and any(person in set(persons_at(situation, name)) for name in by.fields):
        return ""
    if is_own and (
        by.anyone or (by.opener and person == situation.opener) or (by.submitter and person == situation.submitter)
    ):
        return ""
    if by.or_else and nobody_left(definition, situation, action):
        return next((office for office in by.or_else if office in offices), None)
    return None


def nobody_left(definition: Definition, situation: Situation, action: Action) -> bool:
    """Whether everyone who holds an office of the action stood aside, is barred as a side, or is no longer there."""
    if not set(action.by.offices) <= situation.members.keys():
        return False  # nobody looked
    handed = arranged(situation.arrangements, action.name).handed
    return all(
        person in handed or is_barred(definition, situation, action, person)
        for person in members_of(action.by.offices, situation)
    )


def ballot_of(definition: Definition, action: Action) -> frozenset[str]:
    """The actions whose votes belong together: one for, and those against it."""
    name = action.opposes or action.name
    return frozenset(one.name for one in definition.actions if (one.opposes or one.name) == name)


def _side_reasons(
    definition: Definition, situation: Situation, action: Action, persons: Collection[str]
) -> Iterator[Refusal]:
    if not action.bars:
        return
    on = frozenset[str]().union(*(sides_of(definition, situation, person) for person in persons))
    codes = {"submitter": "own_submission", "opener": "own_opening", "approver": "already_approved_by_you"}
    for side in action.bars:
        if side not in on or (side == "opener" and "submitter" in on and "submitter" in action.bars):
            continue
        if side in codes:
            yield refusal(codes[side])
        else:
            title = definition.field(dict(definition.sides)[side].split(".")[0]).title
            yield refusal("you_are_a_side", side=title.zh, side_en=title.en)


def _standing_reasons(
    definition: Definition, situation: Situation, action: Action, persons: Collection[str]
) -> Iterator[Refusal]:
    """What these persons already did about the step."""
    spoken = [vote.action for vote in situation.votes if vote.person in persons or vote.of in persons]
    if spoken and not ballot_of(definition, action).isdisjoint(spoken):
        yield refusal("already_decided")
    if not situation.arrangements:
        return
    arrangement = arranged(situation.arrangements, action.opposes or action.name)
    if not arrangement.recused.isdisjoint(persons):
        yield refusal("recused")
    if not arrangement.handed.keys().isdisjoint(persons):
        yield refusal("handed_over")
    if not set(arrangement.asked.values()).isdisjoint(persons):
        yield refusal("opinion_awaited")


def _place(
    situation: Situation, action: Action, person: str, offices: frozenset[str], right: str, values: Mapping[str, Value]
) -> Seated:
    """The seat with its party and weight; no seat where the party it belongs to is not asked now."""
    if not action.quorums or action.quorums[0].party is None:
        quorum = next(iter(applicable(action, values)), None)
        weight = weight_of(quorum, offices) if quorum is not None and quorum.weights else 1
        return Seat(person, right or None, weight)
    if arranged(situation.arrangements, action.name).adding(person):
        return Seat(person, None)
    votes = [vote for vote in situation.votes if vote.action == action.name]
    lines = lines_of(action, situation, values, votes)
    met = {line.quorum.party for line in lines if line.is_met}
    applies = {line.quorum.party for line in lines}
    offices |= _handed_offices(situation, action, person)
    mine = [line for line in lines if not offices.isdisjoint(line.offices)]
    is_early = False
    for line in mine:
        after = line.quorum.after
        if line.is_met:
            continue
        if after in applies and after not in met:
            is_early = True
            continue
        office = next(office for office in line.offices if office in offices)
        return Seat(person, office, weight_of(line.quorum, offices), line.quorum.party or "")
    return (refusal("not_your_turn" if is_early else "not_needed"),)


def _handed_offices(situation: Situation, action: Action, person: str) -> set[str]:
    """The offices of whoever handed the step over to this person."""
    handed = arranged(situation.arrangements, action.name).handed
    givers = {giver for giver, taker in handed.items() if taker == person}
    return {office for office, holders in situation.members.items() if not givers.isdisjoint(holders)}
