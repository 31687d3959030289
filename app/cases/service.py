"""The door: the only place that opens, changes and decides cases. Pages, API, commands and imports all come through here.

One call is one transaction: lock the cases, let the facts lock and read, ask the engine, apply the effects, write the
trail, then the rows and the outbox. Nothing here commits; the edge does.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import errors, queries
from app.cases.deadlines import deadline_row, entered_row
from app.cases.definitions import Definitions
from app.cases.migrating import members_for, passage_of
from app.cases.models import ArrangementRow, Case, CaseFile, Copy, NumberCounter, Opening, StoredFile, Waiting
from app.cases.models import Decision as DecisionRow
from app.cases.ports import CaseView, EffectCall, Registry
from app.cases.recording import Content, arrangement_record, migration_record, step_record
from app.cases.referring import check_references, file_rows
from app.cases.rows import Arranged, Carried, Taken, write, write_arrangement, write_migration
from app.cases.situations import (
    UnionSettings,
    bare_situation,
    settings_of,
    situation_with_findings,
    view_of,
    waiting_row,
    waiting_rows,
    with_given,
)
from app.cases.values import EMPTY, CleanData, columns_of, missing, split_sealed, values_of, with_totals, year_of
from app.engine.arranging import NEEDS_PERSON, arrange, lots_for
from app.engine.calendar import Calendar
from app.engine.deciding import available, decide, may_take
from app.engine.decision import (
    Actor,
    Answer,
    Arrangement,
    Decision,
    Finding,
    Given,
    Order,
    Refused,
    Severity,
    Sheet,
    Situation,
    Verb,
)
from app.engine.definition import TAKE_BACK, Action, Definition, FieldType, Phase, Setting, Use
from app.engine.refusals import refusal
from app.engine.seats import nobody_left
from app.foundation.clock import union_day
from app.foundation.errors import AppError, Invalid, NotAllowed, NotFound
from app.foundation.ids import new_id
from app.people import queries as people
from app.people.models import Union
from app.people.policy import RULES_CONFIRMED, may_see_case
from app.people.principal import Principal
from app.trail import service as trail
from app.trail.chain import data_hash
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Step:
    """One step asked for one case. ``version`` is the one the client saw; None is refused."""

    case_id: uuid.UUID
    version: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """A case to carry to another version; ``events`` is how many it had when somebody looked at what it would lose."""

    case_id: uuid.UUID
    events: int


@dataclass(frozen=True, slots=True)
class Paper:
    """A signed sheet to record: who signed it, the date on it, and its picture."""

    signer_id: uuid.UUID
    dated: date
    file_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class SystemRule:
    """A rule of the system as it comes to the door; it is nobody, sees every case, and is recorded as what it is."""

    union_id: uuid.UUID
    name: str

    @property
    def person_id(self) -> None:
        """No person."""

    @property
    def actor(self) -> Actor:
        """The same as the engine sees it."""
        return Actor(None, rule=self.name)


Acting = Principal | SystemRule


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step: the case as it is now, or why nothing happened."""

    case_id: uuid.UUID
    case: Case | None
    error: AppError | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The buttons of a case for one person, and the situation they were decided on."""

    answers: list[tuple[Action, Answer]]
    situation: Situation


NOTHING = Given()
BETWEEN_REMINDERS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Cases:
    """The door, with what the factory wired into it."""

    definitions: Definitions
    registry: Registry
    calendar: Calendar = field(default_factory=Calendar)
    """What deadlines are counted by."""

    def open_case(self, session: Session, principal: Principal, workflow: str, data: CleanData, now: datetime) -> Case:
        """Begin a draft. It gets its number, and enters the trail, with its first step.

        Raises:
            UnknownWorkflow, MayNotOpen, UnknownReference.
        """
        definition = self.definitions.in_force(session, principal.union_id, workflow)
        opening = definition.open
        if not (opening.anyone or not principal.offices.isdisjoint(opening.offices)):
            raise errors.MayNotOpen(title=definition.title.zh, title_en=definition.title.en)
        self.definitions.adopt(session, principal.union_id, definition, now)
        whole = with_totals(definition, _without_empty(data.fields), data.fields)
        check_references(session, self.registry, principal.union_id, definition, whole)
        columns = columns_of(definition, whole)
        case = Case(
            union_id=principal.union_id,
            id=new_id(now),
            workflow=workflow,
            definition_hash=definition.hash,
            number=None,
            state=definition.initial,
            phase=definition.state(definition.initial).phase.value,
            round=1,
            version=1,
            events=0,
            data=whole,
            sealed={},
            data_hash="",
            warnings=[],
            title=columns.title,
            amount_fen=columns.amount_fen,
            category=columns.category,
            day=columns.day,
            opener_id=principal.person_id,
            submitter_id=None,
            opened_at=now,
            submitted_at=None,
            updated_at=now,
            published_at=None,
        )
        session.add(case)
        session.flush()  # the rows of files and links refer to it
        return case

    def edit(
        self,
        session: Session,
        principal: Principal,
        case_id: uuid.UUID,
        version: int | None,
        data: CleanData,
        now: datetime,
    ) -> Case:
        """Change a draft's form; fields that are not named stay.

        Raises:
            NotFound, NotYourDraft, NotADraft, VersionMissing, StaleVersion, UnknownReference, Invalid.
        """
        case, _ = self._locked(session, principal, [case_id])[case_id]
        definition = self.definitions.by_hash(session, case.definition_hash)
        self._refuse_stranger(session, principal, definition, case)
        if principal.person_id not in {case.opener_id, case.submitter_id}:
            raise errors.NotYourDraft
        if case.state != definition.initial:
            raise errors.NotADraft
        _refuse_stale(case, version)
        whole = with_totals(definition, _without_empty({**case.data, **data.fields}), data.fields)
        check_references(session, self.registry, principal.union_id, definition, whole)
        columns = columns_of(definition, whole)
        changes = {
            "data": whole,
            "version": case.version + 1,
            "updated_at": now,
            "title": columns.title,
            "amount_fen": columns.amount_fen,
            "category": columns.category,
            "day": columns.day,
            "material_changed": case.material_changed or _changes_material(definition, case.data, whole),
        }
        session.execute(
            sa.update(Case).where(Case.union_id == case.union_id, Case.id == case.id).values(**changes),
            execution_options={"synchronize_session": False},
        )
        return _refreshed(case, changes)

    def discard(self, session: Session, principal: Principal, case_id: uuid.UUID) -> None:
        """Delete a draft that was never submitted.

        Raises:
            NotFound, NotYourDraft, DraftHasHistory.
        """
        case, _ = self._locked(session, principal, [case_id])[case_id]
        definition = self.definitions.by_hash(session, case.definition_hash)
        self._refuse_stranger(session, principal, definition, case)
        if principal.person_id != case.opener_id:
            raise errors.NotYourDraft
        if case.events:
            raise errors.DraftHasHistory
        session.execute(sa.delete(Case).where(Case.union_id == case.union_id, Case.id == case.id))

    def act(
        self,
        session: Session,
        principal: Principal,
        step: Step,
        action: str,
        now: datetime,
        *,
        comment: str = "",
        data: CleanData = EMPTY,
        return_to: str | None = None,
        resume: bool = False,
        paper: Paper | None = None,
    ) -> Case:
        """Take one step; ``return_to`` names the earlier state of a return, ``paper`` a signed sheet to record.

        Raises:
            NotFound, VersionMissing, StaleVersion, ActionRefused (with every reason), and what effects refuse.
        """
        sheet = None if paper is None else self._sheet(session, principal, paper, now)
        given = Given(comment, data.fields, return_to, resume, sheet)
        outcome = self._take(session, principal, [step], action, now, given, together=False, paper=paper)[0]
        if outcome.error is not None:
            raise outcome.error
        assert outcome.case is not None  # noqa: S101 - an outcome has a case or an error
        return outcome.case

    def act_by_rule(self, session: Session, rule: SystemRule, case_id: uuid.UUID, action: str, now: datetime) -> Case:
        """Take one step by a rule of the system, on the case as it is now.

        Raises:
            NotFound, ActionRefused (with every reason), and what effects refuse.
        """
        case, _ = self._locked(session, rule, [case_id])[case_id]
        outcome = self._take(session, rule, [Step(case_id, case.version)], action, now, Given(), together=False)[0]
        if outcome.error is not None:
            raise outcome.error
        assert outcome.case is not None  # noqa: S101 - an outcome has a case or an error
        return outcome.case

    def act_on_many(
        self,
        session: Session,
        principal: Principal,
        steps: Sequence[Step],
        action: str,
        now: datetime,
        *,
        comment: str = "",
        data: CleanData = EMPTY,
    ) -> list[Outcome]:
        """Take the same step for many cases in one transaction. A refused one writes nothing and stops no other."""
        return self._take(session, principal, steps, action, now, Given(comment, data.fields), together=True)

    def arrange(
        self,
        session: Session,
        principal: Principal,
        case_id: uuid.UUID,
        verb: Verb,
        now: datetime,
        *,
        action: str = "",
        person_id: uuid.UUID | None = None,
        comment: str = "",
        order: Order = Order.BESIDE,
        mentions: Sequence[uuid.UUID] = (),
    ) -> Case:
        """Change who is asked at the present step, or say something about the case; the state stays.

        Raises:
            NotFound, UnknownReference, ActionRefused (with every reason), TooSoon (reminded within ten minutes).
        """
        case, union = self._locked(session, principal, [case_id])[case_id]
        definition = self.definitions.by_hash(session, case.definition_hash)
        self._refuse_stranger(session, principal, definition, case)
        if not case.events:
            raise errors.NotYetSubmitted
        named = [*mentions, *([person_id] if person_id else [])]
        known = people.names(session, principal.union_id, named)
        if len(known) < len(set(named)):
            raise errors.UnknownReference({"person": [Text("没有这个人。", "There is no such person.")]})
        rows = queries.past_of(session, principal.union_id, [case])[case.id]
        situation = bare_situation(case, definition, union, rows)
        about = definition.action(action)
        if about is not None:
            members = people.holders(session, case.union_id, {*about.by.offices, *about.by.or_else}, union_day(now))
            situation = replace(situation, members=members)
        if verb not in NEEDS_PERSON:
            person_id = None  # naming somebody in passing would let him see the case
        target = None if person_id is None else self._actor(session, principal.union_id, person_id, now)
        answer = arrange(
            definition, situation, verb, action, principal.actor, target=target, comment=comment, order=order
        )
        if isinstance(answer, Refused):
            raise errors.ActionRefused(answer.refusals)
        waited_for = self._waited_for(session, case) if verb is Verb.REMIND else []
        if verb is Verb.REMIND:
            self._refuse_haste(session, case, principal, now)
        if verb in (Verb.CONFIRM_PAPER, Verb.DISPUTE_PAPER) and not self._sheets_to_confirm(session, case, principal):
            raise errors.NoSheet
        detail: dict[str, Any] = {"order": order.value} if verb is Verb.ADD_SIGNER else {}
        if mentions:
            detail["mentions"] = sorted(str(one) for one in set(mentions))
        changes = {"events": case.events + 1, "arranged": case.arranged + 1}
        made = Arranged(
            case,
            answer,
            changes,
            arrangement_record(case, changes, answer, principal.person_id, detail, comment=comment),
            detail,
        )
        after = replace(situation, arrangements=(*situation.arrangements, answer))
        self._ask_others(made, definition, after, about, now)
        made.tell += waited_for
        write_arrangement(session, principal.person_id, made, now)
        return _refreshed(case, changes)

    def migrate(
        self,
        session: Session,
        principal: Principal,
        moves: Sequence[Move],
        to: Definition,
        states: Mapping[str, str],
        about: Mapping[str, object],
        now: datetime,
    ) -> list[Outcome]:
        """Carry running cases to the version in force, each whole or not at all; a refused one stops no other.

        ``states`` are those two people agreed on with the version; ``about`` says in the record who decided it.

        Raises:
            NotAllowed, NotInForce.
        """
        if principal.offices.isdisjoint(RULES_CONFIRMED):
            raise NotAllowed
        if self.definitions.in_force(session, principal.union_id, to.name).hash != to.hash:
            raise errors.NotInForce
        moves = list({move.case_id: move for move in moves}.values())
        locked = self._locked(session, principal, [move.case_id for move in moves], must_exist=False)
        past = queries.past_of(session, principal.union_id, [case for case, _ in locked.values()])
        members = members_for(session, principal.union_id, to, now)
        outcomes: list[Outcome] = []
        for move in moves:
            case, union = locked.get(move.case_id, (None, None))
            try:
                if case is None or union is None or case.workflow != to.name or case.definition_hash == to.hash:
                    raise NotFound
                if case.events != move.events:
                    raise errors.MovedMeanwhile(seen=move.events, current=case.events)
                found = passage_of(session, self.definitions, case, to, states, union, past[case.id], members)
                if found.target is None or not found.is_open:
                    raise errors.NotCarried(found)
                self._carry(session, principal, case, to, found.target, states, about, found.voted, now)
                outcomes.append(Outcome(move.case_id, case, None))
            except AppError as error:
                outcomes.append(Outcome(move.case_id, None, error))
        return outcomes

    def _carry(
        self,
        session: Session,
        principal: Principal,
        case: Case,
        to: Definition,
        target: str,
        states: Mapping[str, str],
        about: Mapping[str, object],
        voted: Collection[str],
        now: datetime,
    ) -> None:
        """Write one carrying; ``voted`` are the steps on which votes were given. A draft that never entered the record has none of it either."""
        columns = columns_of(to, case.data)
        is_on_record = case.events > 0
        changes: dict[str, Any] = {
            "definition_hash": to.hash,
            "state": target,
            "version": case.version + 1,
            "events": case.events + is_on_record,
            "migrated": case.migrated + is_on_record,
            "title": columns.title,
            "amount_fen": columns.amount_fen,
            "category": columns.category,
            "day": columns.day,
        }
        carried = Carried(case, changes, dict(states))
        if is_on_record:
            carried.record = migration_record(case, changes, principal.person_id, states, about)
            standing = {**changes, "submitter_id": case.submitter_id, "number": case.number}
            begun = [one for one in to.actions_from(target) if one.name in voted and one.tone != "plain"]
            carried.waiting = [
                *waiting_rows(session, self.registry, case, to, standing, now),
                *(waiting_row(case, one.name, office, now) for one in begun for office in one.by.offices),
            ]
            carried.deadline = entered_row(case.union_id, case.id, to, target, self.calendar, now)
        write_migration(session, principal.person_id, carried, now)
        _refreshed(case, changes)

    def note_opening(self, session: Session, principal: Principal, case: Case, now: datetime) -> None:
        """Remember that this person opened this version of the case; the first time counts. Also reads a copy sent to him."""
        key = (principal.union_id, case.id, principal.person_id, case.version)
        if session.get(Opening, key) is None:
            session.add(
                Opening(
                    union_id=case.union_id,
                    case_id=case.id,
                    person_id=principal.person_id,
                    version=case.version,
                    at=now,
                )
            )
        session.execute(
            sa.update(Copy)
            .where(
                Copy.union_id == case.union_id,
                Copy.case_id == case.id,
                Copy.person_id == principal.person_id,
                Copy.read_at.is_(None),
            )
            .values(read_at=now)
        )

    def send_copy(
        self, session: Session, principal: Principal, case_id: uuid.UUID, person_id: uuid.UUID, now: datetime
    ) -> None:
        """Let another person of the union read this case (抄送).

        Raises:
            NotFound, UnknownReference, NotYetSubmitted.
        """
        self.arrange(session, principal, case_id, Verb.COPY, now, person_id=person_id)

    def keep_file(
        self,
        session: Session,
        principal: Principal,
        *,
        sha256: str,
        name: str,
        media_type: str,
        size: int,
        reading: Mapping[str, Any] | None,
        now: datetime,
    ) -> StoredFile:
        """Note a file whose bytes are already in the store."""
        row = StoredFile(
            union_id=principal.union_id,
            id=new_id(now),
            sha256=sha256,
            name=name,
            media_type=media_type,
            size=size,
            uploaded_by=principal.person_id,
            uploaded_at=now,
            reading=reading,
        )
        session.add(row)
        return row

    def answers(
        self, session: Session, principal: Principal, case: Case, definition: Definition, now: datetime
    ) -> Standing:
        """Every action that leaves the present state, with the engine's answer for this person: the buttons."""
        union = session.get_one(Union, principal.union_id)
        rows = queries.past_of(session, case.union_id, [case])[case.id]
        actions = definition.actions_from(case.state)
        situation = situation_with_findings(
            session, self.registry, case, definition, union, rows, actions, principal.actor, NOTHING, now, lock=False
        )
        return Standing(available(definition, situation, principal.actor), situation)

    def open_to(
        self, session: Session, principal: Principal, cases: Sequence[Case], action_name: str, now: datetime
    ) -> set[uuid.UUID]:
        """Which of these cases this person may take the action on now, facts included; decisions are read once for all."""
        union = session.get_one(Union, principal.union_id)
        decisions = queries.past_of(session, principal.union_id, cases)
        found: set[uuid.UUID] = set()
        for case in cases:
            definition = self.definitions.by_hash(session, case.definition_hash)
            action = definition.action(action_name)
            if action is None or case.state not in action.sources:
                continue
            situation = situation_with_findings(
                session,
                self.registry,
                case,
                definition,
                union,
                decisions[case.id],
                [action],
                principal.actor,
                NOTHING,
                now,
                lock=False,
            )
            if not isinstance(decide(definition, situation, action_name, principal.actor), Refused):
                found.add(case.id)
        return found

    def steps_open_to(
        self, session: Session, principal: Principal, cases: Sequence[Case]
    ) -> dict[uuid.UUID, list[Action]]:
        """By case, the actions of its present state that this person is one to take; facts are not asked.

        For lists: two statements, however many cases. The engine is asked in full when the step is taken.
        """
        union = session.get_one(Union, principal.union_id)
        decisions = queries.past_of(session, principal.union_id, cases)
        found: dict[uuid.UUID, list[Action]] = {}
        for case in cases:
            definition = self.definitions.by_hash(session, case.definition_hash)
            situation = bare_situation(case, definition, union, decisions[case.id])
            found[case.id] = [
                action
                for action in definition.actions_from(case.state)
                if may_take(definition, situation, action, principal.actor)
            ]
        return found

    def to_open_first(
        self, session: Session, principal: Principal, cases: Sequence[Case], steps: Mapping[uuid.UUID, list[Action]]
    ) -> set[uuid.UUID]:
        """Which of these cases this person may not tick off before looking at them; at most one statement."""
        settings = settings_of(session.get_one(Union, principal.union_id))
        large = [
            case
            for case in cases
            if any(action.batch and _is_above(action, case, settings) for action in steps.get(case.id, ()))
        ]
        if not large:
            return set()
        return {case.id for case in large} - queries.opened_by(session, principal.union_id, principal.person_id, large)

    def checks(self, session: Session, case: Case, definition: Definition, now: datetime) -> list[Finding]:
        """What the facts of the workflow's first step say about the form as it is: shown before anyone decides."""
        view = view_of(case, case.data)
        uses = {use.name: use for action in definition.actions_from(definition.initial) for use in action.require}
        return [
            finding
            for use in uses.values()
            for finding in self.registry.facts[use.name](session, view, dict(use.parameters), now, lock=False)
        ]

    def may_see(self, session: Session, principal: Principal, case: Case, definition: Definition) -> bool:
        """Whether this person may see the case: by office, as a party, or because a copy was sent."""
        named = {value for _, value in values_of(definition, case.data, FieldType.PERSON)}
        close = {case.opener_id, case.submitter_id, *(uuid.UUID(value) for value in named)} - {None}
        return self._sees(principal, definition, case, close) or self._sees(
            principal, definition, case, self._involved(session, case)
        )

    # --- one step, from lock to rows ---------------------------------------------------------------------------------

    def _take(
        self,
        session: Session,
        principal: Acting,
        steps: Sequence[Step],
        action: str,
        now: datetime,
        given: Given,
        *,
        together: bool,
        paper: Paper | None = None,
    ) -> list[Outcome]:
        steps = list({step.case_id: step for step in steps}.values())  # each case once: the second would be stale
        locked = self._locked(session, principal, [step.case_id for step in steps], must_exist=not together)
        decisions = queries.past_of(session, principal.union_id, [case for case, _ in locked.values()])
        foreseen = (
            self._foreseen(session, [case for case, _ in locked.values()], action, given, now) if together else {}
        )
        outcomes: dict[uuid.UUID, Outcome] = {}
        taken: list[Taken] = []
        for step in steps:
            try:
                if step.case_id not in locked:
                    raise NotFound
                case, union = locked[step.case_id]
                rows = decisions[step.case_id]
                known = foreseen.get(step.case_id, {}) if together else None
                with session.begin_nested() if together and self._may_stop(session, case, action) else nullcontext():
                    one = self._decided(session, principal, case, union, rows, step, action, given, now, known, paper)
                taken.append(one)
                outcomes[step.case_id] = Outcome(step.case_id, one.case, None)
            except AppError as error:
                outcomes[step.case_id] = Outcome(step.case_id, None, error)
        self._carry_out_postponed(taken)
        if taken:
            write(session, principal.union_id, principal.person_id, taken, now)
        for one in taken:
            _refreshed(one.case, one.changes)
        return list(outcomes.values())

    def _decided(
        self,
        session: Session,
        principal: Acting,
        case: Case,
        union: UnionSettings,
        rows: Sequence[queries.PastEvent],
        step: Step,
        action_name: str,
        given: Given,
        now: datetime,
        foreseen: Mapping[str, tuple[Finding, ...]] | None,
        paper: Paper | None,
    ) -> Taken:
        """Ask the engine and carry out the answer; ``foreseen`` is None outside a batch."""
        batch = foreseen is not None
        definition = self.definitions.by_hash(session, case.definition_hash)
        self._refuse_stranger(session, principal, definition, case)
        action = definition.action(action_name)
        if batch and action is not None and not action.batch:
            raise errors.NotInBatch
        if action_name == TAKE_BACK or (action is not None and case.state in action.sources):
            _refuse_stale(case, step.version)
        elif step.version is None:
            raise errors.VersionMissing
        actions = (action,) if action is not None and case.state in action.sources else ()
        if action is not None and action.amends:
            given = _with_whole_totals(definition, case, given)
        situation = situation_with_findings(
            session,
            self.registry,
            case,
            definition,
            union,
            rows,
            actions,
            principal.actor,
            given,
            now,
            lock=True,
            foreseen=foreseen,
        )
        answer = decide(definition, situation, action_name, principal.actor, given)
        if isinstance(answer, Refused):
            raise errors.ActionRefused(answer.refusals)
        check_references(session, self.registry, principal.union_id, definition, given.data)
        if batch and action is not None and action.opened_above is not None and isinstance(principal, Principal):
            self._refuse_unopened(session, principal, case, action, situation)
        return self._carried_out(
            session, principal, case, definition, situation, answer, given, now, batch=batch, paper=paper
        )

    def _carried_out(
        self,
        session: Session,
        principal: Acting,
        case: Case,
        definition: Definition,
        situation: Situation,
        decision: Decision,
        given: Given,
        now: datetime,
        *,
        batch: bool,
        paper: Paper | None,
    ) -> Taken:
        """Run the effects, and work out everything that will be written."""
        action = definition.action(decision.action)
        data = with_given(case, given.data)
        postponed: list[tuple[str, EffectCall]] | None = [] if batch else None
        figures = self._effects(session, case, definition, decision, data, principal.person_id, now, postponed)
        is_first = case.state == definition.initial
        changed = is_first or data != case.data
        number = case.number
        if number is None:
            number = _next_number(
                session, case.union_id, definition.number, year_of(definition, data, union_day(now).year)
            )
        target = definition.state(decision.target)
        moved = decision.closes
        changes: dict[str, Any] = {
            "state": decision.target,
            "phase": target.phase.value,
            "round": case.round + 1 if decision.new_round else case.round,
            "version": case.version + 1 if moved or changed else case.version,
            "events": case.events + 1,
            "number": number,
            "updated_at": now if moved else case.updated_at,
            "submitter_id": case.submitter_id,
            "submitted_at": case.submitted_at,
            "published_at": case.published_at,
            "material_changed": case.material_changed and not decision.new_round,
            "arranged": case.arranged,
        }
        if is_first and moved:
            warnings = [f for found in situation.findings.values() for f in found if f.severity is Severity.WARN]
            changes |= {
                "submitter_id": principal.person_id,
                "submitted_at": now,
                "warnings": [{"code": one.code, "zh": one.text.zh, "en": one.text.en} for one in warnings],
            }
        if target.phase is Phase.PUBLISHED and moved:
            changes["published_at"] = now
        content = Content()
        new_files: list[dict[str, Any]] = []
        if changed:
            sealed, content.values, clear = _sealed(definition, case, data, is_first=is_first)
            columns = columns_of(definition, data)
            new_files = file_rows(session, case, definition, data, changes["round"])
            changes |= {
                "data": data,
                "sealed": sealed,
                "data_hash": data_hash(clear, sealed),
                "title": columns.title,
                "amount_fen": columns.amount_fen,
                "category": columns.category,
                "day": columns.day,
            }
            content.body = {"data": clear, "sealed": sealed, "files": sorted({row["sha256"] for row in new_files})}
        sheet, sheet_row = (
            (None, None) if paper is None else self._sheet_on_record(session, case, paper, principal.person_id, now)
        )
        new_files += [sheet_row] if sheet_row else []
        record = step_record(
            case,
            decision,
            changes,
            content,
            principal.person_id,
            comment=given.comment,
            figures=figures,
            paper=sheet,
            rule=principal.actor.rule,
        )
        taken = Taken(case, definition, decision, changes, record, new_files=new_files, postponed=postponed or [])
        taken.resumes = given.resume and decision.closes
        taken.paper = sheet
        if moved:
            # Undone, the case has waited all along, and whoever has voted is not asked again.
            since = (case.submitted_at or case.opened_at) if decision.action == TAKE_BACK else now
            taken.waiting = waiting_rows(session, self.registry, case, definition, changes, since)
            if decision.action != TAKE_BACK:  # lots that were drawn before stand
                self._draw_lots(session, taken, situation, now)
            if action is not None and action.copy_to:
                taken.copies = self._copies(session, case, action, now)
            taken.deadline = deadline_row(case.union_id, case.id, definition, decision, self.calendar, now)
        elif action is not None and action.quorums and action.tone != "plain":
            # Nobody is asked for such a step until one begins it; from then on the others are.
            taken.waiting_too = [waiting_row(case, action.name, office, now) for office in action.by.offices]
        return taken

    def _effects(
        self,
        session: Session,
        case: Case,
        definition: Definition,
        decision: Decision,
        data: dict[str, Any],
        person_id: uuid.UUID | None,
        now: datetime,
        postponed: list[tuple[str, EffectCall]] | None,
    ) -> dict[str, Any]:
        """Carry out the effects, or postpone those that a batch carries out together; what they add to the record."""
        figures: dict[str, Any] = {}
        for use in decision.effects:

            def fill(name: str, value: Any, effect: str = use.name) -> None:
                if definition.field(name).filled_by != effect:
                    raise ValueError(f"{effect} may not fill {name}")
                data[name] = value

            call = EffectCall(
                session, view_of(case, data), decision, person_id, now, dict(use.parameters), fill, figures
            )
            if postponed is not None and use.name in self.registry.effects_of_many:
                postponed.append((use.name, call))
            else:
                self.registry.effects[use.name](call)
        return figures

    def _foreseen(
        self, session: Session, cases: Sequence[Case], action_name: str, given: Given, now: datetime
    ) -> dict[uuid.UUID, dict[str, tuple[Finding, ...]]]:
        """What the facts that can judge many at once say, by case and fact."""
        asked: dict[tuple[str, str], tuple[Use, list[CaseView]]] = {}
        for case in cases:
            action = self.definitions.by_hash(session, case.definition_hash).action(action_name)
            for use in action.require if action is not None and case.state in action.sources else ():
                if use.name in self.registry.facts_of_many:
                    view = view_of(case, with_given(case, given.data))
                    asked.setdefault((case.definition_hash, use.name), (use, []))[1].append(view)
        found: dict[uuid.UUID, dict[str, tuple[Finding, ...]]] = {}
        for use, views in asked.values():
            fact = self.registry.facts_of_many[use.name]
            for case_id, findings in fact(session, views, dict(use.parameters), now, lock=True).items():
                found.setdefault(case_id, {})[use.name] = tuple(findings)
        return found

    def _carry_out_postponed(self, taken: Sequence[Taken]) -> None:
        calls: dict[str, list[EffectCall]] = {}
        for one in taken:
            for name, call in one.postponed:
                calls.setdefault(name, []).append(call)
        for name, together in calls.items():
            self.registry.effects_of_many[name](together)

    def _may_stop(self, session: Session, case: Case, action_name: str) -> bool:
        """Whether an effect of the action may refuse after it has written, so that its writing must be undone alone."""
        action = self.definitions.by_hash(session, case.definition_hash).action(action_name)
        return any(use.name not in self.registry.effects_of_many for use in (action.effects if action else ()))

    # --- who else is asked ---------------------------------------------------------------------------------------------

    def _actor(self, session: Session, union_id: uuid.UUID, person_id: uuid.UUID, now: datetime) -> Actor:
        """Another person as the engine sees him today."""
        return Actor(str(person_id), people.offices_on(session, union_id, person_id, union_day(now)))

    def _sheet(self, session: Session, principal: Principal, paper: Paper, now: datetime) -> Sheet:
        signer = self._actor(session, principal.union_id, paper.signer_id, now)
        return Sheet(str(paper.signer_id), signer.offices, paper.dated.isoformat())

    def _sheet_on_record(
        self, session: Session, case: Case, paper: Paper, recorder_id: uuid.UUID | None, now: datetime
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """What the record says of the sheet, and the row that ties its picture to the case.

        Raises:
            UnknownReference: no such file of the recorder's own, or a date that lies ahead.
        """
        file = queries.files_of(session, case.union_id, [paper.file_id]).get(paper.file_id)
        if file is None or file.uploaded_by != recorder_id:
            raise errors.UnknownReference({"paper": [Text("没有这个文件。", "There is no such file.")]})
        if paper.dated > union_day(now):
            ahead = Text("签字日期不能晚于今天。", "The date on the sheet cannot lie ahead.")
            raise errors.UnknownReference({"paper": [ahead]})
        tied = session.get(CaseFile, (case.union_id, case.id, file.id))
        row = {
            "union_id": case.union_id,
            "case_id": case.id,
            "file_id": file.id,
            "path": f"paper.{case.events + 1}",
            "round": case.round,
            "sha256": file.sha256,
            "is_new": tied is None,
        }
        return {"dated": paper.dated.isoformat(), "file": str(file.id), "sha256": file.sha256}, row

    def _sheets_to_confirm(self, session: Session, case: Case, principal: Principal) -> bool:
        """Whether a sheet with this person's signature waits for his word."""
        recorded = (
            sa.select(sa.func.count())
            .select_from(DecisionRow)
            .where(
                DecisionRow.union_id == case.union_id,
                DecisionRow.case_id == case.id,
                DecisionRow.seat_id == principal.person_id,
                DecisionRow.paper.is_not(None),
            )
        )
        answered = (
            sa.select(sa.func.count())
            .select_from(ArrangementRow)
            .where(
                ArrangementRow.union_id == case.union_id,
                ArrangementRow.case_id == case.id,
                ArrangementRow.person_id == principal.person_id,
                ArrangementRow.verb.in_([Verb.CONFIRM_PAPER, Verb.DISPUTE_PAPER]),
            )
        )
        return (session.scalar(recorded) or 0) > (session.scalar(answered) or 0)

    def _waited_for(self, session: Session, case: Case) -> list[str]:
        """The offices and persons the case waits for.

        Raises:
            ActionRefused: there are none.
        """
        waiting = sa.select(Waiting.who).where(Waiting.union_id == case.union_id, Waiting.case_id == case.id)
        found = sorted(set(session.scalars(waiting)))
        if not found:
            raise errors.ActionRefused((refusal("nobody_waits"),))
        return found

    def _refuse_haste(self, session: Session, case: Case, principal: Principal, now: datetime) -> None:
        """Nobody is reminded by the same person more than once in ten minutes. Source: approval engine issue, 催办."""
        last = session.scalar(
            sa.select(sa.func.max(ArrangementRow.at)).where(
                ArrangementRow.union_id == case.union_id,
                ArrangementRow.case_id == case.id,
                ArrangementRow.person_id == principal.person_id,
                ArrangementRow.verb == Verb.REMIND,
            )
        )
        if last is not None and now - last < BETWEEN_REMINDERS:
            raise errors.TooSoon

    def _refuse_unopened(
        self, session: Session, principal: Principal, case: Case, action: Action, situation: Situation
    ) -> None:
        """Money above the workflow's figure is not ticked off unseen."""
        if not _is_above(action, case, situation.settings):
            return
        if session.get(Opening, (case.union_id, case.id, principal.person_id, case.version)) is None:
            raise errors.NotOpened

    def _ask_others(
        self, made: Arranged, definition: Definition, after: Situation, about: Action | None, now: datetime
    ) -> None:
        """Whom the arrangement newly asks, whom it no longer asks, and who is told."""
        arrangement, case = made.arrangement, made.case
        match arrangement.verb:
            case Verb.ADD_SIGNER | Verb.HAND_OVER | Verb.ASK_OPINION if arrangement.to is not None:
                made.waiting = [waiting_row(case, arrangement.action, arrangement.to, now)]
                made.tell = [arrangement.to]
            case Verb.DROP_SIGNER | Verb.RECALL_OPINION if arrangement.to is not None:
                made.no_longer = [arrangement.to]
            case Verb.GIVE_OPINION if arrangement.by is not None:
                made.no_longer = [arrangement.by]
            case Verb.COPY if arrangement.to is not None:
                made.copy_to = uuid.UUID(arrangement.to)
                made.tell = [arrangement.to]
            case Verb.REMARK:
                made.tell = list(made.detail.get("mentions", ()))
            case Verb.RECUSE if about is not None and nobody_left(definition, after, about):
                made.waiting = [waiting_row(case, about.name, office, now) for office in about.by.or_else]
                made.is_blocked = not any(after.members.get(office) for office in about.by.or_else)
            case _:
                pass

    def _draw_lots(self, session: Session, taken: Taken, situation: Situation, now: datetime) -> None:
        """Where the step that begins is decided by people drawn by lot: draw them, on record."""
        case, changes = taken.case, taken.changes
        for action in taken.definition.actions_from(changes["state"]):
            if not any(quorum.draw for quorum in action.quorums):
                continue
            begun = replace(
                situation,
                state=changes["state"],
                data=changes.get("data") or case.data,
                submitter=str(changes["submitter_id"]) if changes["submitter_id"] else None,
                members=people.holders(session, case.union_id, action.by.offices, union_day(now)),
                arrangements=tuple(one for one in situation.arrangements if one.verb is Verb.RECUSE),
            )
            seed = secrets.token_hex(16)
            drawn, pool = lots_for(taken.definition, begun, action, seed)
            for person in drawn:
                detail: dict[str, Any] = {"seed": seed, "pool": list(pool)}
                arrangement = Arrangement(Verb.DRAW, action.name, None, person)
                changes |= {"events": changes["events"] + 1, "arranged": changes["arranged"] + 1}
                at = {key: changes[key] for key in ("number", "version", "round", "state", "events")}
                record = arrangement_record(case, at, arrangement, None, detail)
                taken.arranged.append(Arranged(case, arrangement, at, record, detail))
            others = [row for row in taken.waiting or [] if row["action"] != action.name]
            taken.waiting = [*others, *(waiting_row(case, action.name, person, now) for person in drawn)]

    def _copies(self, session: Session, case: Case, action: Action, now: datetime) -> list[dict[str, Any]]:
        """Rows for those whom the workflow sends a copy and who have none yet."""
        holders = people.holders(session, case.union_id, action.copy_to, union_day(now))
        there = set(
            session.scalars(sa.select(Copy.person_id).where(Copy.union_id == case.union_id, Copy.case_id == case.id))
        )
        persons = {uuid.UUID(person) for held in holders.values() for person in held} - there
        return [
            {
                "union_id": case.union_id,
                "case_id": case.id,
                "person_id": person,
                "sent_by": None,
                "sent_at": now,
                "read_at": None,
            }
            for person in sorted(persons)
        ]

    # --- who may see, what is referred to --------------------------------------------------------------------------------

    def _locked(
        self,
        session: Session,
        principal: Acting,
        ids: Collection[uuid.UUID],
        *,
        must_exist: bool = True,
    ) -> dict[uuid.UUID, tuple[Case, UnionSettings]]:
        rows = session.execute(_LOCKED, {"union": principal.union_id, "cases": list(ids)}).all()
        if must_exist and not rows:
            raise NotFound
        return {row.Case.id: (row.Case, cast("UnionSettings", row)) for row in rows}

    def _refuse_stranger(self, session: Session, principal: Acting, definition: Definition, case: Case) -> None:
        if isinstance(principal, Principal) and not self.may_see(session, principal, case, definition):
            raise NotFound

    def _sees(self, principal: Principal, definition: Definition, case: Case, participants: Collection[Any]) -> bool:
        return may_see_case(
            principal,
            case_visible_to=definition.visible_to,
            participants=participants,
            phase=case.phase,
            union_id=case.union_id,
        )

    def _involved(self, session: Session, case: Case) -> set[uuid.UUID]:
        """Everyone who decided on it or was sent a copy; asked only when office and form do not already let someone in."""
        deciders = sa.select(DecisionRow.person_id).where(
            DecisionRow.union_id == case.union_id, DecisionRow.case_id == case.id
        )
        readers = sa.select(Copy.person_id).where(Copy.union_id == case.union_id, Copy.case_id == case.id)
        asked = sa.select(ArrangementRow.target_id).where(
            ArrangementRow.union_id == case.union_id, ArrangementRow.case_id == case.id
        )
        return {person for person in session.scalars(deciders.union(readers, asked)) if person is not None}


_LOCKED = (
    sa.select(Case, Union.two_auditor_limit_fen, Union.chair_approves)
    .join(Union, Union.id == Case.union_id)
    .where(Case.union_id == sa.bindparam("union"), Case.id.in_(sa.bindparam("cases", expanding=True)))
    .order_by(Case.id)
    .with_for_update(of=Case)
    .execution_options(populate_existing=True)  # it may have changed while we waited for the lock
)


def _refreshed(case: Case, changes: Mapping[str, Any]) -> Case:
    """The case as the database now has it, without asking again."""
    for name, value in changes.items():
        sa.orm.attributes.set_committed_value(case, name, value)
    return case


def _refuse_stale(case: Case, version: int | None) -> None:
    if version is None:
        raise errors.VersionMissing
    if version != case.version:
        raise errors.StaleVersion(seen=version, current=case.version)


def _changes_material(definition: Definition, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether something that is decided on differs."""
    return any(before.get(field.name) != after.get(field.name) for field in definition.fields if field.material)


def amended(definition: Definition, case: Case, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The form as an amendment would leave it, totals included.

    Raises:
        Invalid: ``sent`` names a total that the lines do not add up to.
    """
    return with_totals(definition, with_given(case, sent), sent)


def _with_whole_totals(definition: Definition, case: Case, given: Given) -> Given:
    """An amendment as facts and the engine see it: with the totals it leads to, and whether it matters to approvals.

    Raises:
        Invalid: something that must be filled in would be empty.
    """
    data = amended(definition, case, given.data)
    gaps = {
        f"data.{path}": [Text(f"请填写“{title.zh}”。", f"Fill in “{title.en}”.")]
        for path, title in missing(definition, data)
    }
    if gaps:
        raise Invalid(gaps)
    totals = {field.name: data[field.name] for field in definition.fields if field.sum_of is not None}
    changes_material = _changes_material(definition, case.data, data)
    return replace(given, data={**given.data, **totals}, changes_material=changes_material)


def _is_above(action: Action, case: Case, settings: Mapping[str, int | bool | str]) -> bool:
    """Whether the amount is above the figure from which the action wants the case opened before it is ticked off."""
    limit = action.opened_above
    figure = settings.get(limit.name) if isinstance(limit, Setting) else limit
    return isinstance(figure, int) and (case.amount_fen or 0) > figure


def _without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in (None, "", [])}


def _sealed(
    definition: Definition, case: Case, data: Mapping[str, Any], *, is_first: bool
) -> tuple[dict[str, str], dict[str, tuple[bytes, object]], dict[str, Any]]:
    """Commitments by path, what opens the new ones, and the clear part. A value that stays keeps its commitment."""
    clear, secret = split_sealed(definition, data)
    _, before = split_sealed(definition, case.data)
    kept = (
        {}
        if is_first
        else {path: case.sealed[path] for path in secret if path in case.sealed and before.get(path) == secret[path]}
    )
    fresh, opened = trail.seal({path: value for path, value in secret.items() if path not in kept})
    return {**kept, **fresh}, opened, clear


def _next_number(session: Session, union_id: uuid.UUID, kind: str, year: int) -> str:
    """The next gap-free number of the kind and year; the counter row is locked until the end of the transaction."""
    key = (NumberCounter.union_id == union_id, NumberCounter.kind == kind, NumberCounter.year == year)
    last = session.scalar(sa.select(NumberCounter.last).where(*key).with_for_update())
    if last is None:
        session.execute(sa.insert(NumberCounter).values(union_id=union_id, kind=kind, year=year, last=1))
        return f"{kind}-{year}-0001"
    session.execute(sa.update(NumberCounter).where(*key).values(last=last + 1))
    return f"{kind}-{year}-{last + 1:04d}"
