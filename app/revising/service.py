"""Changing a workflow takes two people: one proposes a version that passed every check, another confirms it or does not.

Each is one transaction with its record in the trail. Nothing here commits; the edge does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.migrating import Candidate, report
from app.cases.service import Cases, Move, Outcome
from app.engine.checks import check
from app.engine.comparing import changes
from app.engine.definition import Definition
from app.engine.loading import DefinitionError, clashes
from app.engine.problems import Problem
from app.engine.vocabulary import Vocabulary
from app.foundation.errors import NotFound
from app.foundation.ids import new_id
from app.people.policy import RULES_CONFIRMED, RULES_OFFERED
from app.people.principal import Principal
from app.revising import errors, queries
from app.revising.models import ADOPTED, REJECTED, WAITING, DefinitionProposal
from app.trail import service as trail
from app.wording import Text

FILE = "yaml"
"""What a text that somebody sent is called in problems."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that somebody is writing: what came of reading it, and what is wrong with it."""

    definition: Definition | None
    """None where not even its form could be read."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Revising:
    """The door to proposals, with what the factory wired into it."""

    cases: Cases
    vocabulary: Vocabulary

    @property
    def definitions(self) -> Definitions:
        """All definitions this installation knows."""
        return self.cases.definitions

    def looked_at(self, session: Session, union_id: uuid.UUID, text: str) -> Draft:
        """Read and prove a version without keeping it: every problem at once."""
        try:
            definition = self.definitions.read(text, FILE)
        except DefinitionError as error:
            return Draft(None, error.problems)
        others = self.definitions.all_in_force(session, union_id)
        catalogue = [*(one for name, one in others.items() if name != definition.name), definition]
        found = [one for one in clashes(catalogue) if one.file == FILE]
        return Draft(definition, (*check(definition, self.vocabulary), *found, *self._dropped(definition)))

    def _dropped(self, definition: Definition) -> Iterator[Problem]:
        """What a shipped workflow does in other parts of the product, its versions do as well: budget, books, plans rely on it."""
        shipped = self.definitions.shipped.get(definition.name)
        if shipped is None:
            return
        kept = {use.name for action in definition.actions for use in action.effects}
        for action in shipped.actions:
            for use in action.effects:
                if use.name not in kept:
                    kept.add(use.name)
                    text = Text(
                        f"系统靠“{action.title.zh}”自动办理的 {use.name}，在这个版本里没有了，台账会对不上。请在 effects 里保留。",
                        f"“{action.title.en}” does {use.name}, on which the books rely; it is not in this version. "
                        "Keep it among the effects.",
                    )
                    yield Problem(FILE, None, "effect_dropped", text)

    def present(self, session: Session, union_id: uuid.UUID, name: str) -> Definition | None:
        """What the union uses under that name now, if anything."""
        return self.definitions.all_in_force(session, union_id).get(name)

    def propose(
        self,
        session: Session,
        principal: Principal,
        text: str,
        note: str,
        now: datetime,
        *,
        states: Mapping[str, str] | None = None,
    ) -> DefinitionProposal:
        """Put a version up for confirmation; ``states`` says where running cases of a state that is gone would go.

        Raises:
            NotFound: not open to this person.
            BadDefinition: with every problem.
            SameAsInForce, AlreadyProposed.
        """
        if principal.offices.isdisjoint(RULES_OFFERED):
            raise NotFound
        draft = self.looked_at(session, principal.union_id, text)
        if draft.problems or draft.definition is None:
            raise errors.BadDefinition(draft.problems)
        definition = draft.definition
        before = self.present(session, principal.union_id, definition.name)
        if before is not None and before.hash == definition.hash:
            raise errors.SameAsInForce
        if queries.waiting_with_hash(session, principal.union_id, definition.hash):
            raise errors.AlreadyProposed
        self.definitions.store(session, definition)
        if before is not None:
            self.definitions.store(session, before)
        proposal = DefinitionProposal(
            union_id=principal.union_id,
            id=new_id(now),
            name=definition.name,
            hash=definition.hash,
            base_hash=None if before is None else before.hash,
            states=dict(states or {}),
            changes=[{"zh": one.zh, "en": one.en} for one in changes(before, definition)],
            note=note,
            status=WAITING,
            proposed_by=principal.person_id,
            proposed_at=now,
            decided_by=None,
            decided_at=None,
            decision_note="",
        )
        session.add(proposal)
        session.flush()
        extra = {**_about(proposal), "base": proposal.base_hash, "states": dict(proposal.states)}
        _record(session, principal, "workflow.proposed", extra, note, now)
        return proposal

    def confirm(
        self, session: Session, principal: Principal, proposal_id: uuid.UUID, note: str, now: datetime
    ) -> DefinitionProposal:
        """Put a proposed version in force: by another person than the one who proposed it.

        Raises:
            NotFound, OwnProposal, NoLongerWaiting, BaseChanged.
            BadDefinition: the version no longer passes, because what it may name has changed.
        """
        proposal = self._waiting(session, principal, proposal_id)
        if principal.offices.isdisjoint(RULES_CONFIRMED):
            raise NotFound
        if principal.person_id == proposal.proposed_by:
            raise errors.OwnProposal
        definition = self.definitions.by_hash(session, proposal.hash)
        before = self.present(session, principal.union_id, proposal.name)
        if (None if before is None else before.hash) != proposal.base_hash:
            raise errors.BaseChanged
        problems = [*check(definition, self.vocabulary), *self._dropped(definition)]
        if problems:
            raise errors.BadDefinition(problems)
        self._decide(proposal, principal, ADOPTED, note, now)
        about = {"proposal": str(proposal.id), "proposed_by": str(proposal.proposed_by)}
        self.definitions.adopt_decided(session, principal.union_id, definition, principal.person_id, about, now)
        return proposal

    def reject(
        self, session: Session, principal: Principal, proposal_id: uuid.UUID, note: str, now: datetime
    ) -> DefinitionProposal:
        """Turn a proposal down, or take back one's own.

        Raises:
            NotFound, NoLongerWaiting.
        """
        proposal = self._waiting(session, principal, proposal_id)
        if principal.offices.isdisjoint(RULES_CONFIRMED) and principal.person_id != proposal.proposed_by:
            raise NotFound
        self._decide(proposal, principal, REJECTED, note, now)
        _record(session, principal, "workflow.rejected", _about(proposal), note, now)
        return proposal

    def migration(
        self, session: Session, union_id: uuid.UUID, proposal: DefinitionProposal, now: datetime
    ) -> list[Candidate]:
        """The dry run: each running case on another version, where it would stand and what it would lose."""
        to = self.definitions.by_hash(session, proposal.hash)
        return report(session, self.definitions, union_id, to, proposal.states, now)

    def migrate(
        self,
        session: Session,
        principal: Principal,
        proposal_id: uuid.UUID,
        moves: Sequence[Move],
        now: datetime,
    ) -> list[Outcome]:
        """Carry running cases to a version that two people put in force, by the states they agreed on.

        Raises:
            NotFound, NotAllowed, NotAdopted, NotInForce.
        """
        proposal = queries.proposal(session, principal.union_id, proposal_id)
        if proposal.status != ADOPTED:
            raise errors.NotAdopted
        to = self.definitions.by_hash(session, proposal.hash)
        about = {"proposal": str(proposal.id)}
        return self.cases.migrate(session, principal, moves, to, proposal.states, about, now)

    def _waiting(self, session: Session, principal: Principal, proposal_id: uuid.UUID) -> DefinitionProposal:
        """The proposal, locked, while it still waits."""
        proposal = session.scalar(
            sa.select(DefinitionProposal)
            .where(DefinitionProposal.union_id == principal.union_id, DefinitionProposal.id == proposal_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if proposal is None:
            raise NotFound
        if proposal.status != WAITING:
            raise errors.NoLongerWaiting
        return proposal

    def _decide(
        self, proposal: DefinitionProposal, principal: Principal, status: str, note: str, now: datetime
    ) -> None:
        proposal.status = status
        proposal.decided_by = principal.person_id
        proposal.decided_at = now
        proposal.decision_note = note


def _about(proposal: DefinitionProposal) -> dict[str, Any]:
    return {"proposal": str(proposal.id), "workflow": proposal.name, "definition": proposal.hash}


def _record(
    session: Session, principal: Principal, event: str, extra: Mapping[str, Any], note: str, now: datetime
) -> None:
    """One record; what somebody wrote is committed to, not told."""
    sealed, opened = trail.seal({trail.COMMENT: note}) if note else ({}, {})
    body: dict[str, object] = {"extra": {name: value for name, value in extra.items() if value not in (None, {})}}
    if sealed:
        body["sealed"] = sealed
    trail.append(
        session,
        principal.union_id,
        trail.Record(event=event, person=str(principal.person_id), body=body, values=opened),
        now,
    )
