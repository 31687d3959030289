"""Signed heads of a union's trail, and the keys they are signed with."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.people.models import Union
from app.trail import service as trail
from app.trail.keys import SigningKey
from app.trail.models import TrailCheckpoint, TrailHead
from app.trail.note import TrustedKey
from app.trail.queries import latest_head
from app.trail.verifying import signed_head_holds


def holds(session: Session, note: TrailCheckpoint, head: TrailHead, key: SigningKey) -> bool:
    """Whether the records under that head are the ones that were signed; each is read once and nothing is remembered."""
    return signed_head_holds(session, note, head, [TrustedKey(key.named(head.origin).verifier, 0, None)])


def sign_what_is_new(session: Session, union_id: uuid.UUID, signer: SigningKey, now: datetime) -> None:
    """Sign a head where records were added since the last one, so that a signed head covers them all."""
    signed = latest_head(session, union_id)
    size = session.scalar(sa.select(TrailHead.size).where(TrailHead.union_id == union_id))
    if signed is None or signed.size != size:
        trail.make_checkpoint(session, union_id, signer, now)


def sign_all(session: Session, signer: SigningKey, now: datetime) -> list[str]:
    """Sign a head for every union and for the installation, also where nothing is new."""
    unions = session.scalars(sa.select(Union.id).order_by(Union.id)).all()
    return [trail.make_checkpoint(session, union_id, signer, now) for union_id in unions]
