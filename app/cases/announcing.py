"""What a step of a case says to whom: the case's side of ``notices``. Read when a notice is passed on, not when decided."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.models import ArrangementRow, Case, Copy, Decision, Waiting
from app.engine.decision import Verb
from app.engine.definition import TAKE_BACK, Action, Definition, Phase
from app.foundation.edge import Wiring
from app.foundation.money import yuan
from app.notices import kinds
from app.notices.kinds import Kinds
from app.notices.models import Outbox
from app.notices.ports import Announce, Announced, Announcers, Message
from app.people import queries as people
from app.wording import Text

APPROVING = Text("审批", "decide")
GIVING_OPINION = Text("提出意见", "give your opinion")
CORRECTING = Text("修改后重新提交", "correct it and submit again")
THE_SYSTEM = Text("系统", "The system")
_ONE_WHO_LEFT = Text("经办的人", "Someone")


def register(wiring: Wiring) -> None:
    """Let ``notices`` read the outbox rows of cases."""
    announcers = wiring.use(Announcers)
    announcers.by_topic["case"] = announcer(wiring.use(Definitions), wiring.use(Kinds))


def about(case: Case) -> Text:
    """The case as a notice names it: ``GH-2026-0042 五一歌咏比赛用品，1,280.00 元``."""
    name = " ".join(part for part in (case.number, case.title) if part)
    if case.amount_fen is None:
        return Text(name, name)
    return Text(f"{name}，{yuan(case.amount_fen)} 元", f"{name}, {yuan(case.amount_fen)} yuan")


@dataclass(frozen=True, slots=True)
class _Course:
    """What the rows are about, read at once for all of them."""

    cases: Mapping[uuid.UUID, Case]
    decisions: Mapping[tuple[uuid.UUID, int], Decision]
    arrangements: Mapping[tuple[uuid.UUID, int], ArrangementRow]
    waiting: Sequence[Waiting]
    copies: Sequence[Copy]
    names: Mapping[str, str]


def announcer(definitions: Definitions, known: Kinds) -> Announce:
    """The reader of rows ``case.<action>`` and ``case.<verb>``: six statements, however many rows."""

    def announce(session: Session, union_id: uuid.UUID, rows: Sequence[Outbox]) -> Mapping[uuid.UUID, Announced]:
        course = _course(session, union_id, rows)
        found: dict[uuid.UUID, Announced] = {}
        for row in rows:
            case = course.cases.get(row.case_id) if row.case_id else None
            if case is None or row.event is None:
                continue
            definition = definitions.by_hash(session, case.definition_hash)
            decision = course.decisions.get((case.id, row.event))
            arrangement = course.arrangements.get((case.id, row.event))
            messages: Iterator[Message] = iter(())
            is_known = decision is not None and any(one.name == decision.target for one in definition.states)
            if decision is not None and is_known:  # else it was carried to another version since
                messages = _of_decision(case, definition, decision, course, known)
            elif arrangement is not None:
                messages = _of_arrangement(case, definition, arrangement, row, course)
            acted = decision or arrangement
            by = str(acted.person_id) if acted and acted.person_id else None
            found[row.id] = Announced(tuple(messages), by, case.submitter_id or case.opener_id)
        return found

    return announce


def _course(session: Session, union_id: uuid.UUID, rows: Sequence[Outbox]) -> _Course:
    ids = {row.case_id for row in rows if row.case_id is not None}
    events = {row.event for row in rows if row.event is not None}
    cases = session.scalars(sa.select(Case).where(Case.union_id == union_id, Case.id.in_(ids))).all()
    decisions = session.scalars(
        sa.select(Decision).where(Decision.union_id == union_id, Decision.case_id.in_(ids), Decision.event.in_(events))
    ).all()
    arrangements = session.scalars(
        sa.select(ArrangementRow).where(
            ArrangementRow.union_id == union_id, ArrangementRow.case_id.in_(ids), ArrangementRow.event.in_(events)
        )
    ).all()
    acting = [*(one.person_id for one in decisions), *(one.person_id for one in arrangements)]
    return _Course(
        {case.id: case for case in cases},
        {(one.case_id, one.event): one for one in decisions},
        {(one.case_id, one.event): one for one in arrangements},
        session.scalars(
            sa.select(Waiting).where(Waiting.union_id == union_id, Waiting.case_id.in_(ids)).order_by(Waiting.action)
        ).all(),
        session.scalars(sa.select(Copy).where(Copy.union_id == union_id, Copy.case_id.in_(ids))).all(),
        people.names(session, union_id, [person for person in acting if person is not None]),
    )


def _of_decision(
    case: Case, definition: Definition, decision: Decision, course: _Course, known: Kinds
) -> Iterator[Message]:
    """Those who act next, those whose case it is, those who are sent a copy; a vote that moves nothing tells nobody.

    A step that was taken back tells nobody either: what it had told was withdrawn.
    """
    if decision.action == TAKE_BACK:
        return
    figures = _figures(case, definition, decision.action, decision.person_id, course.names)
    figures["state"] = definition.state(decision.target).title
    if decision.closes:
        if case.state == decision.target:  # it may have moved on, or been taken back, while the row was held
            since = [one for one in course.waiting if one.case_id == case.id and one.since == decision.at]
            yield from _to_act(case, definition, since, figures)
        yield from _to_know(case, definition, decision, known, figures)
    copied = {str(one.person_id) for one in course.copies if one.case_id == case.id and one.sent_at == decision.at}
    if copied:
        yield Message(kinds.COPY, frozenset(copied), figures)


_KINDS_OF_VERBS = {
    Verb.ADD_SIGNER: kinds.YOUR_TURN,
    Verb.HAND_OVER: kinds.YOUR_TURN,
    Verb.ASK_OPINION: kinds.YOUR_TURN,
    Verb.COPY: kinds.COPY,
    Verb.REMARK: kinds.MENTION,
    Verb.REMIND: kinds.REMINDER,
}


def _of_arrangement(
    case: Case, definition: Definition, made: ArrangementRow, row: Outbox, course: _Course
) -> Iterator[Message]:
    """Those who are newly asked, mentioned, reminded or sent a copy; where nobody is left, the chair and whose case it is."""
    figures = _figures(case, definition, made.action, made.person_id, course.names)
    if row.topic == "case.blocked":
        yield Message(kinds.BLOCKED, frozenset({"chair", *_whose(case)}), figures)
        return
    kind = _KINDS_OF_VERBS.get(Verb(made.verb))
    if kind is None:
        return
    action = definition.action(made.action)
    if made.verb == Verb.ASK_OPINION:
        figures["step"] = GIVING_OPINION
    elif action is not None:
        figures["step"] = _step(definition, case.state, action)
    yield Message(kind, frozenset(row.payload["waiting"]), figures)


def _figures(
    case: Case, definition: Definition, action_name: str, person_id: uuid.UUID | None, names: Mapping[str, str]
) -> dict[str, Text]:
    action, name = definition.action(action_name), names.get(str(person_id))
    by = THE_SYSTEM if person_id is None else Text(name, name) if name else _ONE_WHO_LEFT
    step = action.title if action else Text(action_name, action_name)
    return {"case": about(case), "by": by, "step": step}


def _whose(case: Case) -> frozenset[str]:
    return frozenset(str(person) for person in (case.opener_id, case.submitter_id) if person is not None)


def _to_act(
    case: Case, definition: Definition, waiting: Sequence[Waiting], figures: Mapping[str, Text]
) -> Iterator[Message]:
    """Whom the case waits for now; whoever may not take the step because of his side of it is not called."""
    if case.state == definition.initial:
        return
    by_action: dict[str, set[str]] = {}
    for row in waiting:
        by_action.setdefault(row.action, set()).add(row.who)
    for name, who in by_action.items():
        action = definition.action(name)
        barred = _barred(case, definition, action) if action else frozenset()
        step = {"step": _step(definition, case.state, action) if action else CORRECTING}
        yield Message(kinds.YOUR_TURN, frozenset(who), {**figures, **step}, barred)


def _to_know(
    case: Case, definition: Definition, decision: Decision, known: Kinds, figures: Mapping[str, Text]
) -> Iterator[Message]:
    """Those whose case it is, of what became of it."""
    action, phase = definition.action(decision.action), definition.state(decision.target).phase
    told = [known.by_effect[use.name] for use in (action.effects if action else ()) if use.name in known.by_effect]
    if told:
        kind = told[0]
    elif decision.source == definition.initial:
        return  # submitting is what they did themselves
    elif decision.target == definition.initial:
        kind = kinds.RETURNED
    elif phase is Phase.PUBLISHED:
        kind = kinds.PUBLISHED
    elif phase is Phase.ENDED:
        kind = kinds.REJECTED
    elif decision.source != decision.target:
        kind = kinds.MOVED
    else:
        return
    yield Message(kind, _whose(case), figures)


def _step(definition: Definition, state: str, action: Action) -> Text:
    """What one is asked to do: to decide, where the same people may also say no; else the button's words."""
    offices = set(action.by.offices)
    for other in definition.actions_from(state):
        if other.tone != "plain" and other.comment_required and offices & set(other.by.offices):
            return APPROVING
    return Text(f"办理“{action.title.zh}”", f"take the step “{action.title.en}”")


def _barred(case: Case, definition: Definition, action: Action) -> frozenset[str]:
    sides = {"submitter": case.submitter_id, "opener": case.opener_id}
    sides |= {side: case.data.get(field) for side, field in definition.sides}
    return frozenset(str(sides[bar]) for bar in action.bars if sides.get(bar))
