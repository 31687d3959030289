"""A POST sent twice with one key has one effect: the answer is kept in the transaction that made it."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.foundation.db import Base, UnionRow
from app.foundation.errors import AppError

LONGEST_KEY = 128


class IdempotencyKey(UnionRow, Base):
    """One answered request of one person."""

    __tablename__ = "idempotency_key"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int]
    body: Mapped[str] = mapped_column(comment="as it was sent, so that the repeated answer is the same to the byte")
    at: Mapped[datetime]


class KeyReused(AppError):
    """同一个 Idempotency-Key 已用于另一次请求，请换一个新的。

    This Idempotency-Key was used for a different request. Use a new one.
    """

    status = 422
    code = "idempotency_key_reused"


class Answer(NamedTuple):
    """What was answered: a status, and the body as it was sent (for pages: the address to go to)."""

    status: int
    body: str


class Keyed(NamedTuple):
    """A request that carries a key."""

    union_id: uuid.UUID
    person_id: uuid.UUID
    key: str
    request_hash: str


def request_hash(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def earlier_answer(session: Session, keyed: Keyed) -> Answer | None:
    """The answer already given under this key, if any.

    Raises:
        KeyReused: the key was used for something else.
    """
    row = session.execute(
        sa.select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.union_id == keyed.union_id,
            IdempotencyKey.person_id == keyed.person_id,
            IdempotencyKey.key == keyed.key,
        )
    ).first()
    if row is None:
        return None
    if row.request_hash != keyed.request_hash:
        raise KeyReused
    return Answer(row.status, row.body)


def keep(session: Session, keyed: Keyed, answer: Answer, now: datetime) -> None:
    """Keep the answer; a concurrent twin fails on the key and is then answered from here."""
    session.execute(
        sa.insert(IdempotencyKey).values(
            union_id=keyed.union_id,
            person_id=keyed.person_id,
            key=keyed.key,
            request_hash=keyed.request_hash,
            status=answer.status,
            body=answer.body,
            at=now,
        )
    )
