"""Reading notices, settings and incidents. Each list is read along an index, as far as its page."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.notices.models import Delivery, Incident, Notice, NoticeSetting, Outbox, Webhook
from app.people.models import INSTALLATION, Person, Union
from app.people.queries import present_on

MOST_COUNTED = 100
"""The bell says 99+ above this, and the database counts no further."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a person's notices, unread ones first, and the cursor of the next page or None."""

    rows: Sequence[Notice]
    next_cursor: str | None


def count_unread(session: Session, union_id: uuid.UUID, person_id: uuid.UUID) -> int:
    """How many wait to be read, at most ``MOST_COUNTED``: every page shows it."""
    first = (
        sa.select(Notice.outbox_id)
        .where(Notice.union_id == union_id, Notice.person_id == person_id, Notice.read_at.is_(None))
        .limit(MOST_COUNTED)
        .subquery()
    )
    return session.scalar(sa.select(sa.func.count()).select_from(first)) or 0


def page(
    session: Session,
    union_id: uuid.UUID,
    person_id: uuid.UUID,
    *,
    limit: int = 50,
    cursor: str | None = None,
    unread_only: bool = False,
) -> Page:
    """Unread ones first, each part newest first; at most two statements."""
    part, after = _parse_cursor(cursor)
    rows: list[Notice] = []
    if part == "unread":
        rows += _part(session, union_id, person_id, after, limit + 1, is_read=False)
        after = None
    if len(rows) <= limit and not unread_only:
        rows += _part(session, union_id, person_id, after, limit + 1 - len(rows), is_read=True)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], _cursor(last, rows[limit]) if last else None)


def _part(
    session: Session,
    union_id: uuid.UUID,
    person_id: uuid.UUID,
    after: tuple[datetime, uuid.UUID] | None,
    limit: int,
    *,
    is_read: bool,
) -> Sequence[Notice]:
    statement = sa.select(Notice).where(Notice.union_id == union_id, Notice.person_id == person_id)
    statement = statement.where(Notice.read_at.is_not(None) if is_read else Notice.read_at.is_(None))
    if after is not None:
        there = sa.tuple_(
            sa.literal(after[0], Notice.created_at.type),
            sa.literal(after[1], Notice.outbox_id.type),
        )
        statement = statement.where(sa.tuple_(Notice.created_at, Notice.outbox_id) < there)
    return session.scalars(statement.order_by(Notice.created_at.desc(), Notice.outbox_id.desc()).limit(limit)).all()


def _cursor(last: Notice, following: Notice) -> str:
    """Where the next page begins: behind ``last``, or at the first read one."""
    if last.read_at is None and following.read_at is not None:
        return "read~"
    return f"{'unread' if last.read_at is None else 'read'}~{last.created_at.isoformat()}~{last.outbox_id}"


def _parse_cursor(cursor: str | None) -> tuple[str, tuple[datetime, uuid.UUID] | None]:
    """A cursor as we gave it; anything else starts from the beginning."""
    part, _, rest = (cursor or "").partition("~")
    if part not in {"read", "unread"}:
        return "unread", None
    text, _, notice_id = rest.partition("~")
    try:
        moment = datetime.fromisoformat(text)
        return (part, (moment, uuid.UUID(notice_id))) if moment.tzinfo is not None else (part, None)
    except ValueError:
        return part, None


# --- settings ------------------------------------------------------------------------------------------------------------


def setting_of(session: Session, union_id: uuid.UUID, person_id: uuid.UUID) -> NoticeSetting:
    """What a person chose, or the defaults."""
    found = session.get(NoticeSetting, (union_id, person_id))
    return found or NoticeSetting(
        union_id=union_id, person_id=person_id, email="", language="zh", mail_urgent="immediate", mail_other="digest"
    )


def mailable(
    session: Session, union_id: uuid.UUID, person_ids: Collection[uuid.UUID], day: date
) -> dict[uuid.UUID, NoticeSetting]:
    """The settings of those who have an address and belong to the union on that day."""
    rows = session.scalars(
        sa.select(NoticeSetting)
        .join(Person, sa.and_(Person.union_id == NoticeSetting.union_id, Person.id == NoticeSetting.person_id))
        .where(NoticeSetting.union_id == union_id, NoticeSetting.person_id.in_(person_ids))
        .where(NoticeSetting.email != "", present_on(day))
    )
    return {row.person_id: row for row in rows}


def webhook_of(session: Session, union_id: uuid.UUID) -> Webhook | None:
    """Where the union has its events sent, if anywhere."""
    return session.get(Webhook, union_id)


# --- what went wrong -----------------------------------------------------------------------------------------------------


def open_incidents(session: Session, union_id: uuid.UUID, case_id: uuid.UUID | None = None) -> Sequence[Incident]:
    """Deliveries of the union, or of one case, that were given up and that nobody has tried again."""
    asked = sa.select(Incident).where(Incident.union_id == union_id, Incident.resolved_at.is_(None))
    if case_id is not None:
        asked = asked.where(Incident.case_id == case_id)
    return session.scalars(asked.order_by(Incident.opened_at.desc(), Incident.id.desc()).limit(200)).all()


def every_union(session: Session) -> list[uuid.UUID]:
    """All unions but the installation itself."""
    return list(session.scalars(sa.select(Union.id).where(Union.id != INSTALLATION)))


def count_open_incidents(session: Session) -> int:
    """Over all unions: for whoever runs the server."""
    asked = sa.select(sa.func.count()).select_from(Incident)
    return session.scalar(asked.where(Incident.union_id.in_(every_union(session)), Incident.resolved_at.is_(None))) or 0


def count_overdue(session: Session, before: datetime) -> int:
    """Outbox rows that should have been passed on before that moment: no worker is running."""
    asked = sa.select(sa.func.count()).select_from(Outbox).where(Outbox.union_id.in_(every_union(session)))
    return session.scalar(asked.where(Outbox.delivered_at.is_(None), Outbox.not_before < before)) or 0


def unions_with_work(session: Session, now: datetime, digest_cutoff: datetime | None) -> list[uuid.UUID]:
    """Unions in which something is due: rows to pass on, deliveries to send, or notices for a digest."""
    unions = every_union(session)
    waiting = sa.select(Outbox.union_id).where(
        Outbox.union_id.in_(unions), Outbox.delivered_at.is_(None), Outbox.not_before <= now
    )
    due = sa.select(Delivery.union_id).where(
        Delivery.union_id.in_(unions), Delivery.done_at.is_(None), Delivery.due_at <= now
    )
    asked: list[sa.Select[uuid.UUID]] = [waiting, due]
    if digest_cutoff is not None:
        asked.append(
            sa.select(Notice.union_id).where(
                Notice.union_id.in_(unions),
                Notice.in_digest.is_(True),
                Notice.digest_on.is_(None),
                Notice.created_at < digest_cutoff,
            )
        )
    return sorted(session.scalars(sa.union(*asked)))
