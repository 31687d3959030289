"""Tables of the outbox, of the messages people find in the product, and of what is still on its way to them."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Json, UnionRow


class Outbox(UnionRow, Base):
    """Something to tell, written in the transaction that caused it."""

    __tablename__ = "outbox"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    topic: Mapped[str]
    case_id: Mapped[uuid.UUID | None]
    event: Mapped[int | None] = mapped_column(
        comment="the case's event that caused it, so that an undo can withdraw it"
    )
    payload: Mapped[Json]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime] = mapped_column(comment="held this long, so that an undo leaves nothing to take back")
    delivered_at: Mapped[datetime | None] = mapped_column(comment="when it was passed on to people and channels")
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "ix_outbox_waiting",
            "union_id",
            "not_before",
            sqlite_where=sa.text("delivered_at IS NULL"),
            postgresql_where=sa.text("delivered_at IS NULL"),
        ),
        sa.Index(None, "union_id", "case_id", "event"),
    )


class Notice(UnionRow, Base):
    """One message to one person; made once per outbox row and person."""

    __tablename__ = "notice"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outbox_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    case_id: Mapped[uuid.UUID | None]
    zh: Mapped[str]
    en: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    in_digest: Mapped[bool] = mapped_column(comment="waits for, or stood in, a daily digest by e-mail")
    digest_on: Mapped[date | None] = mapped_column(comment="the day of the digest that took it")

    __table_args__ = (
        sa.Index(None, "union_id", "person_id", "created_at"),
        sa.Index(
            "ix_notice_unread",
            "union_id",
            "person_id",
            "created_at",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        ),
        sa.Index(
            "ix_notice_for_digest",
            "union_id",
            "person_id",
            "created_at",
            sqlite_where=sa.text("in_digest IS 1 AND digest_on IS NULL"),
            postgresql_where=sa.text("in_digest IS true AND digest_on IS NULL"),
        ),
    )


class NoticeSetting(UnionRow, Base):
    """What one person chose about e-mail; without a row the defaults count and there is no address."""

    __tablename__ = "notice_setting"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(default="", comment="personal: erasable, never in the trail")
    language: Mapped[str] = mapped_column(default="zh")
    mail_urgent: Mapped[str] = mapped_column(default="immediate", comment="immediate | digest | off")
    mail_other: Mapped[str] = mapped_column(default="digest", comment="immediate | digest | off")

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "person_id"], ["person.union_id", "person.id"]),
        sa.CheckConstraint("mail_urgent IN ('immediate', 'digest', 'off')", name="mail_urgent"),
        sa.CheckConstraint("mail_other IN ('immediate', 'digest', 'off')", name="mail_other"),
    )


class Webhook(UnionRow, Base):
    """Where a union has its events sent; at most one."""

    __tablename__ = "webhook"

    url: Mapped[str]
    secret: Mapped[str] = mapped_column(comment="signs what is sent; kept because signing needs it, shown once")
    changed_at: Mapped[datetime]


class Delivery(UnionRow, Base):
    """One message on its way by one channel. Its key is made from what it carries, so it cannot exist twice."""

    __tablename__ = "delivery"

    key: Mapped[str] = mapped_column(primary_key=True, comment="mail:PERSON:OUTBOX, digest:PERSON:DAY, webhook:OUTBOX")
    channel: Mapped[str] = mapped_column(comment="mail | digest | webhook")
    person_id: Mapped[uuid.UUID | None]
    outbox_id: Mapped[uuid.UUID | None]
    day: Mapped[date | None] = mapped_column(comment="of a digest")
    case_id: Mapped[uuid.UUID | None]
    owner_id: Mapped[uuid.UUID | None] = mapped_column(comment="whose case it is: is shown when it fails")
    due_at: Mapped[datetime] = mapped_column(comment="not before; of a claimed one, when the claim lapses")
    claim: Mapped[uuid.UUID | None] = mapped_column(comment="of the worker that is sending it right now")
    attempts: Mapped[int]
    last_error: Mapped[str] = mapped_column(comment="a code, never an address or a name")
    done_at: Mapped[datetime | None] = mapped_column(comment="sent, found unnecessary, or given up")
    outcome: Mapped[str] = mapped_column(comment="empty while open; sent | needless | failed")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.Index(
            "ix_delivery_due",
            "union_id",
            "due_at",
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        ),
        sa.Index(None, "union_id", "outbox_id"),
    )


class Incident(UnionRow, Base):
    """A delivery that was given up: it waits for a person to try again. The case itself is untouched."""

    __tablename__ = "incident"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    delivery_key: Mapped[str]
    channel: Mapped[str]
    case_id: Mapped[uuid.UUID | None]
    number: Mapped[str] = mapped_column(comment="the case's number, for the maintainer, who may not open the case")
    owner_id: Mapped[uuid.UUID | None] = mapped_column(comment="whose case, or else whose message it was")
    error: Mapped[str]
    attempts: Mapped[int]
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[uuid.UUID | None]

    __table_args__ = (
        sa.Index(
            "ix_incident_open",
            "union_id",
            "case_id",
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
    )
