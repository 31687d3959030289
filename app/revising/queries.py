"""Reading proposals."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.errors import NotFound
from app.revising.models import WAITING, DefinitionProposal


def proposals(session: Session, union_id: uuid.UUID, name: str | None = None) -> list[DefinitionProposal]:
    """The proposals of the union, or of one workflow, latest first."""
    statement = sa.select(DefinitionProposal).where(DefinitionProposal.union_id == union_id)
    if name is not None:
        statement = statement.where(DefinitionProposal.name == name)
    order = (DefinitionProposal.proposed_at.desc(), DefinitionProposal.id.desc())
    return list(session.scalars(statement.order_by(*order).limit(200)))


def proposal(session: Session, union_id: uuid.UUID, proposal_id: uuid.UUID) -> DefinitionProposal:
    """One proposal.

    Raises:
        NotFound: none of this union.
    """
    found = session.get(DefinitionProposal, (union_id, proposal_id))
    if found is None:
        raise NotFound
    return found


def waiting_with_hash(session: Session, union_id: uuid.UUID, hash_: str) -> bool:
    """Whether this version waits to be confirmed already."""
    statement = sa.select(sa.literal(1)).where(
        DefinitionProposal.union_id == union_id,
        DefinitionProposal.hash == hash_,
        DefinitionProposal.status == WAITING,
    )
    return session.scalar(statement.limit(1)) is not None
