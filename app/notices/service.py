"""Delivering what the outbox holds: one message per person and outbox row, however often the worker dies in between."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.clock import union_day
from app.notices.models import Notice, Outbox
from app.people import queries as people


def deliver(session: Session, union_id: uuid.UUID, now: datetime, *, at_most: int = 100) -> int:
    """Deliver waiting rows of one union, oldest first, and return how many there were.

    On PostgreSQL rows are skipped that another worker has taken; on SQLite there is one writer anyway.
    """
    rows = session.scalars(
        sa.select(Outbox)
        .where(Outbox.union_id == union_id, Outbox.delivered_at.is_(None))
        .order_by(Outbox.created_at)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    offices = {who for row in rows for who in row.payload.get("waiting", []) if len(who) != 36}
    holders = people.holders(session, union_id, offices, union_day(now)) if offices else {}
    notices = [notice for row in rows for notice in _notices_of(row, holders, now)]
    if notices:
        session.execute(sa.insert(Notice), notices)
    session.execute(
        sa.update(Outbox)
        .where(Outbox.union_id == union_id, Outbox.id.in_([row.id for row in rows]))
        .values(delivered_at=now, attempts=Outbox.attempts + 1)
    )
    return len(rows)


def _notices_of(row: Outbox, holders: Mapping[str, frozenset[str]], now: datetime) -> list[dict[str, Any]]:
    """One message for everyone the case now waits for, except whoever just acted."""
    payload = row.payload
    persons: set[str] = set()
    for who in payload.get("waiting", []):
        persons |= {who} if len(who) == 36 else holders.get(who, frozenset())
    persons.discard(payload["by"])
    number, title = payload.get("number") or "", payload.get("title") or ""
    return [
        {
            "union_id": row.union_id,
            "person_id": uuid.UUID(person),
            "outbox_id": row.id,
            "case_id": uuid.UUID(payload["case"]),
            "zh": f"{number} {title} 等您办理",
            "en": f"{number} {title} waits for you",
            "created_at": now,
            "read_at": None,
        }
        for person in sorted(persons)
    ]
