"""Which definition a case runs: the shipped files, what a union has in force, and every version ever used, by hash."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import DefinitionInForce, StoredDefinition
from app.engine.definition import Definition
from app.engine.loading import definition_from_canonical
from app.foundation.errors import NotFound
from app.trail import service as trail
from app.wording import Text


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
        if session.get(StoredDefinition, definition.hash) is None:
            session.execute(
                sa.insert(StoredDefinition).values(
                    hash=definition.hash, name=definition.name, canonical=definition.canonical
                )
            )
        is_chosen = session.scalar(
            sa.select(sa.literal(1)).where(
                DefinitionInForce.union_id == union_id, DefinitionInForce.name == definition.name
            )
        )
        if is_chosen:
            return
        session.execute(
            sa.insert(DefinitionInForce).values(
                union_id=union_id, name=definition.name, since=now, hash=definition.hash
            )
        )
        trail.append(
            session,
            union_id,
            trail.Record(
                event="workflow.adopted",
                person=None,
                rule="shipped_definition",
                body={"extra": {"workflow": definition.name, "definition": definition.hash}},
            ),
            now,
        )
