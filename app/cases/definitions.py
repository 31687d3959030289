"""Which definition a case runs: the shipped files, what a union has in force, and every version ever used, by hash."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import DefinitionInForce, StoredDefinition
from app.engine.definition import Definition
from app.engine.loading import definition_from_canonical, load_definition
from app.foundation.errors import NotFound
from app.trail import service as trail
from app.wording import Text

ADOPTED = "workflow.adopted"
"""The event of the trail by which a version came into force."""


class UnknownWorkflow(NotFound):
    """没有叫“{workflow}”的流程。

    There is no workflow called “{workflow}”.
    """

    code = "unknown_workflow"


class Definitions:
    """All definitions this installation knows. One object per hash, so that caches keyed by it hold."""

    def __init__(self, shipped: Mapping[str, Definition], offices: Mapping[str, Text]) -> None:
        """``shipped`` are the checked files by name; ``offices`` are titles for sentences."""
        self.shipped = dict(shipped)
        self._offices = dict(offices)
        self._by_hash = {definition.hash: definition for definition in shipped.values()}

    def by_hash(self, session: Session, hash_: str) -> Definition:
        """The definition of that hash, from the cache or the table.

        Raises:
            UnknownWorkflow: never stored here.
        """
        known = self._by_hash.get(hash_)
        if known is not None:
            return known
        stored = session.scalar(sa.select(StoredDefinition.canonical).where(StoredDefinition.hash == hash_))
        if stored is None:
            raise UnknownWorkflow(workflow=hash_)
        return self._by_hash.setdefault(hash_, definition_from_canonical(stored, self._offices))

    def in_force(self, session: Session, union_id: uuid.UUID, name: str) -> Definition:
        """What the union uses now: its own choice, else the shipped file.

        Raises:
            UnknownWorkflow: neither exists.
        """
        if not name.isprintable():  # PostgreSQL takes no NUL, not even to look for it
            raise UnknownWorkflow(workflow="?")
        chosen = session.scalar(
            sa.select(DefinitionInForce.hash)
            .where(DefinitionInForce.union_id == union_id, DefinitionInForce.name == name)
            .order_by(DefinitionInForce.since.desc())
            .limit(1)
        )
        if chosen is not None:
            return self.by_hash(session, chosen)
        if name not in self.shipped:
            raise UnknownWorkflow(workflow=name)
        return self.shipped[name]

    def all_in_force(self, session: Session, union_id: uuid.UUID) -> dict[str, Definition]:
        """Every workflow of the union by name, in the shipped files' order."""
        chosen = session.execute(
            sa.select(DefinitionInForce.name, DefinitionInForce.hash)
            .where(DefinitionInForce.union_id == union_id)
            .order_by(DefinitionInForce.since)
        ).all()
        return {**self.shipped, **{row.name: self.by_hash(session, row.hash) for row in chosen}}

    def adopt(self, session: Session, union_id: uuid.UUID, definition: Definition, now: datetime) -> None:
        """Store a definition and put it in force for a union that has none of that name yet; recorded as the system's act."""
        self.store(session, definition)
        is_chosen = session.scalar(
            sa.select(sa.literal(1)).where(
                DefinitionInForce.union_id == union_id, DefinitionInForce.name == definition.name
            )
        )
        if is_chosen:
            return
        self._put_in_force(session, union_id, definition, now)
        trail.append(
            session,
            union_id,
            trail.Record(
                event=ADOPTED,
                person=None,
                rule="shipped_definition",
                body={"extra": {"workflow": definition.name, "definition": definition.hash}},
            ),
            now,
        )

    def store(self, session: Session, definition: Definition) -> None:
        """Keep a definition by its hash, so that cases can run it for ever."""
        if session.get(StoredDefinition, definition.hash) is None:
            session.execute(
                sa.insert(StoredDefinition).values(
                    hash=definition.hash, name=definition.name, canonical=definition.canonical
                )
            )

    def adopt_decided(
        self,
        session: Session,
        union_id: uuid.UUID,
        definition: Definition,
        person_id: uuid.UUID,
        about: Mapping[str, object],
        now: datetime,
    ) -> None:
        """Put a stored definition in force because a person decided so; new cases run it, running ones keep theirs.

        ``about`` goes into the record: which proposal, by whom.
        """
        self._put_in_force(session, union_id, definition, now)
        extra = {"workflow": definition.name, "definition": definition.hash, **about}
        record = trail.Record(event=ADOPTED, person=str(person_id), body={"extra": extra})
        trail.append(session, union_id, record, now)

    def versions(self, session: Session, union_id: uuid.UUID, name: str) -> list[DefinitionInForce]:
        """What was in force of that name, oldest first; the last one is now. Empty while the shipped file is used."""
        return list(
            session.scalars(
                sa.select(DefinitionInForce)
                .where(DefinitionInForce.union_id == union_id, DefinitionInForce.name == name)
                .order_by(DefinitionInForce.since)
            )
        )

    def read(self, text: str, source: str) -> Definition:
        """The definition in a text that somebody sent.

        Raises:
            DefinitionError: with every problem of its form.
        """
        return load_definition(text, self._offices, source)

    def _put_in_force(self, session: Session, union_id: uuid.UUID, definition: Definition, now: datetime) -> None:
        last = session.scalar(
            sa.select(sa.func.max(DefinitionInForce.since)).where(
                DefinitionInForce.union_id == union_id, DefinitionInForce.name == definition.name
            )
        )
        since = now if last is None or last < now else last + timedelta(microseconds=1)
        row = {"union_id": union_id, "name": definition.name, "since": since, "hash": definition.hash}
        session.execute(sa.insert(DefinitionInForce).values(**row))
