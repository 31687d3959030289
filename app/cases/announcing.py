"""What a step of a case says to whom: the case's side of ``notices``. Read when a notice is passed on, not when decided."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.models import Case, Decision, Waiting
from app.engine.definition import Action, Definition, Phase
from app.foundation.edge import Wiring
from app.foundation.money import yuan
from app.notices import kinds
from app.notices.kinds import Kinds
from app.notices.models import Outbox
from app.notices.ports import Announce, Announced, Announcers, Message
from app.people import queries as people
from app.wording import Text

APPROVING = Text("审批", "decide")
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


def announcer(definitions: Definitions, known: Kinds) -> Announce:
    """The reader of rows ``case.<action>``: four statements, however many rows."""

    def announce(session: Session, union_id: uuid.UUID, rows: Sequence[Outbox]) -> Mapping[uuid.UUID, Announced]:
        ids = {row.case_id for row in rows if row.case_id is not None}
        cases = {
            case.id: case
            for case in session.scalars(sa.select(Case).where(Case.union_id == union_id, Case.id.in_(ids)))
        }
        events = {row.event for row in rows}
        decisions = {
            (one.case_id, one.event): one
            for one in session.scalars(
                sa.select(Decision).where(
                    Decision.union_id == union_id, Decision.case_id.in_(ids), Decision.event.in_(events)
                )
            )
        }
        waiting: dict[uuid.UUID, list[Waiting]] = {}
        for one in session.scalars(
            sa.select(Waiting).where(Waiting.union_id == union_id, Waiting.case_id.in_(ids)).order_by(Waiting.action)
        ):
            waiting.setdefault(one.case_id, []).append(one)
        deciders = {one.person_id for one in decisions.values() if one.person_id is not None}
        names = people.names(session, union_id, deciders)
        found: dict[uuid.UUID, Announced] = {}
        for row in rows:
            case = cases.get(row.case_id) if row.case_id else None
            decision = decisions.get((row.case_id, row.event)) if row.case_id and row.event else None
            if case is None or decision is None:
                continue
            by, owner = str(decision.person_id) if decision.person_id else None, case.submitter_id or case.opener_id
            if not decision.closes:  # a vote that leaves the case where it is
                found[row.id] = Announced((), by, owner)
                continue
            definition = definitions.by_hash(session, case.definition_hash)
            is_last = case.events == decision.event
            figures = _figures(case, definition, decision, names)
            to_act = _to_act(case, definition, waiting.get(case.id, []), figures) if is_last else ()
            to_know = _to_know(case, definition, decision, known, figures)
            found[row.id] = Announced((*to_act, *to_know), by, owner)
        return found

    return announce


def _figures(case: Case, definition: Definition, decision: Decision, names: Mapping[str, str]) -> dict[str, Text]:
    action, name = definition.action(decision.action), names.get(str(decision.person_id))
    by = THE_SYSTEM if decision.person_id is None else Text(name, name) if name else _ONE_WHO_LEFT
    return {
        "case": about(case),
        "by": by,
        "step": action.title if action else Text(decision.action, decision.action),
        "state": definition.state(decision.target).title,
    }


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
    whose = frozenset(str(person) for person in (case.opener_id, case.submitter_id) if person is not None)
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
    yield Message(kind, whose, figures)


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
