"""Tables of unions, persons, offices and sign-in."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Json, UnionRow

INSTALLATION = uuid.UUID(int=0)
"""The union id under which the installation keeps its own trail (accounts, settings, keys)."""


class Union(Base):
    """A trade union; unions form a tree through ``parent_id``."""

    __tablename__ = "union"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("union.id"))
    slug: Mapped[str] = mapped_column(unique=True, comment="the name in addresses: /public/SLUG")
    name: Mapped[str]
    place: Mapped[str] = mapped_column(default="", comment="province or city, for the rule pack")
    tax_id: Mapped[str] = mapped_column(default="", comment="what invoices must carry as the buyer's number")
    two_auditor_limit_fen: Mapped[int] = mapped_column(comment="a claim above this needs two auditors")
    chair_approves: Mapped[bool] = mapped_column(default=False, comment="claims also pass the chair before payment")
    created_at: Mapped[datetime]


class Account(Base):
    """A sign-in. The same account may belong to persons of several unions."""

    __tablename__ = "account"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    password_is_temporary: Mapped[bool] = mapped_column(
        default=False, comment="known to someone else; to be changed first"
    )
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SignInSession(Base):
    """A browser's session, kept on the server so that it can be ended."""

    __tablename__ = "sign_in_session"

    secret_hash: Mapped[str] = mapped_column(primary_key=True, comment="SHA-256 of the cookie's secret, hex")
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    union_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("union.id"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime] = mapped_column(comment="coarse: written at most every five minutes")
    csrf_token: Mapped[str]


class ApiToken(Base):
    """A program's key, shown once; only its hash is kept."""

    __tablename__ = "api_token"

    secret_hash: Mapped[str] = mapped_column(primary_key=True, comment="SHA-256 of the token, hex")
    id: Mapped[uuid.UUID] = mapped_column(unique=True, comment="what lists show, so that it can be revoked")
    label: Mapped[str] = mapped_column(default="")
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    union_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("union.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """A failed sign-in, counted by account name and by address."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (sa.Index(None, "username", "at"), sa.Index(None, "address", "at"))


class Person(UnionRow, Base):
    """Someone of a union: a member, or a lent bookkeeper. Names are erasable; the trail knows the id alone."""

    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    name: Mapped[str]
    group_name: Mapped[str] = mapped_column(default="", comment="工会小组 or department")
    is_member: Mapped[bool] = mapped_column(default=True)
    left_on: Mapped[date | None] = mapped_column(comment="the first day on which he is no longer in the union")
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("union_id", "account_id"),)


class OfficeHolding(UnionRow, Base):
    """An office held by a person from a day to a day; in force once a second person has confirmed it."""

    __tablename__ = "office_holding"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID]
    office: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None] = mapped_column(comment="last day in office; empty while open")
    recorded_by: Mapped[uuid.UUID | None]
    confirmed_by: Mapped[uuid.UUID | None]
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "person_id"], ["person.union_id", "person.id"]),
        sa.Index(None, "union_id", "office"),
        sa.Index(None, "union_id", "person_id"),
    )


class Delegation(UnionRow, Base):
    """Someone stands in for another who is away, from a day to a day, for some of his offices or all."""

    __tablename__ = "delegation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    giver_id: Mapped[uuid.UUID]
    taker_id: Mapped[uuid.UUID]
    offices: Mapped[Json] = mapped_column(comment="the giver's offices it covers; empty for all of them")
    from_on: Mapped[date]
    until_on: Mapped[date]
    made_by: Mapped[uuid.UUID]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "giver_id"], ["person.union_id", "person.id"]),
        sa.ForeignKeyConstraint(["union_id", "taker_id"], ["person.union_id", "person.id"]),
        sa.Index(None, "union_id", "taker_id"),
        sa.Index(None, "union_id", "giver_id"),
    )
