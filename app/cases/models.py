"""Tables of cases, decisions, who is waited for, files and links. Only ``service`` writes them."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.db import Base, Bytes, Json, UnionRow


class StoredDefinition(Base):
    """A workflow definition by its hash: immutable and shared by all unions."""

    __tablename__ = "definition"

    hash: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    canonical: Mapped[Bytes]


class DefinitionInForce(UnionRow, Base):
    """Which definition of a workflow a union uses, since when. Running cases keep theirs."""

    __tablename__ = "definition_in_force"

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(sa.ForeignKey("definition.hash"))


class Case(UnionRow, Base):
    """One run of a workflow, as it stands now."""

    __tablename__ = "case"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workflow: Mapped[str]
    definition_hash: Mapped[str] = mapped_column(sa.ForeignKey("definition.hash"))
    number: Mapped[str | None] = mapped_column(
        comment="GH-2026-0042: gap-free per union, kind and year; given at submit"
    )
    state: Mapped[str]
    phase: Mapped[str]
    round: Mapped[int] = mapped_column(comment="1, and one more after each return; earlier rounds stay")
    version: Mapped[int] = mapped_column(comment="what a client sends back; grows with content, state or round")
    events: Mapped[int] = mapped_column(comment="grows with every event, votes included")
    arranged: Mapped[int] = mapped_column(default=0, comment="how many of the events are arrangements")
    migrated: Mapped[int] = mapped_column(default=0, comment="how many of the events carried it to another version")
    material_changed: Mapped[bool] = mapped_column(
        default=False, comment="whether something that is decided on changed since the round began"
    )
    data: Mapped[Json] = mapped_column(comment="what was asked: the truth that signatures hash")
    sealed: Mapped[Json] = mapped_column(comment="path -> salted commitment of personal values and free text")
    data_hash: Mapped[str]
    warnings: Mapped[Json] = mapped_column(
        comment="what the checks pointed out when it was submitted: [{code, zh, en}]"
    )
    title: Mapped[str] = mapped_column(default="")
    amount_fen: Mapped[int | None]
    category: Mapped[str | None]
    day: Mapped[date | None]
    opener_id: Mapped[uuid.UUID]
    submitter_id: Mapped[uuid.UUID | None]
    opened_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("union_id", "number"),
        sa.Index(None, "union_id", "opener_id", "updated_at"),
        sa.Index(None, "union_id", "workflow", "phase", "day"),
        sa.Index(None, "union_id", "phase", "updated_at"),
        # The public page's sums and the order of its lists, without reading a case.
        sa.Index(
            "ix_case_published", "union_id", "phase", "workflow", "day", "category", "amount_fen", "updated_at", "id"
        ),
    )


class Decision(UnionRow, Base):
    """One step that was taken: append-only, and the same facts stand in the trail at ``trail_seq``."""

    __tablename__ = "decision"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    event: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    round: Mapped[int]
    action: Mapped[str]
    source: Mapped[str]
    target: Mapped[str]
    closes: Mapped[bool]
    person_id: Mapped[uuid.UUID | None]
    rule: Mapped[str | None] = mapped_column(comment="the system rule that acted, where no person did")
    office: Mapped[str | None]
    at: Mapped[datetime]
    data_hash: Mapped[str]
    trail_seq: Mapped[int]
    seat_id: Mapped[uuid.UUID | None] = mapped_column(comment="in whose place the person acted, if not his own")
    weight: Mapped[int] = mapped_column(default=1)
    party: Mapped[str] = mapped_column(default="")
    resumes: Mapped[bool] = mapped_column(default=False, comment="sent back so that it comes straight back")
    paper: Mapped[Json] = mapped_column(
        nullable=True, comment="{dated, file, sha256} of the signed sheet that the person recorded"
    )

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),
        sa.Index(None, "union_id", "person_id", "at"),
        sa.Index(
            "ix_decision_open_vote",
            "union_id",
            "person_id",
            "case_id",
            "at",
            sqlite_where=sa.text("closes IS 0"),
            postgresql_where=sa.text("closes IS false"),
        ),
    )


class ArrangementRow(UnionRow, Base):
    """Something arranged about a step: who is asked changed, the state did not. Append-only, numbered with the decisions."""

    __tablename__ = "arrangement"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    event: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round: Mapped[int]
    state: Mapped[str]
    verb: Mapped[str]
    action: Mapped[str]
    person_id: Mapped[uuid.UUID | None] = mapped_column(comment="None: a rule of the system drew the lot")
    target_id: Mapped[uuid.UUID | None]
    detail: Mapped[Json] = mapped_column(comment="{order}, or {seed, pool} of a lot")
    at: Mapped[datetime]
    trail_seq: Mapped[int]

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),
        sa.Index(None, "union_id", "person_id", "case_id"),
    )


class CaseMigration(UnionRow, Base):
    """A case was carried to another version of its workflow. Append-only, numbered with the decisions."""

    __tablename__ = "case_migration"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    event: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round: Mapped[int]
    from_hash: Mapped[str] = mapped_column(sa.ForeignKey("definition.hash"))
    to_hash: Mapped[str] = mapped_column(sa.ForeignKey("definition.hash"))
    source: Mapped[str]
    target: Mapped[str]
    states: Mapped[Json] = mapped_column(comment="{state of the old version: of the new one}, where they differ")
    person_id: Mapped[uuid.UUID]
    at: Mapped[datetime]
    trail_seq: Mapped[int]

    __table_args__ = (sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),)


class Waiting(UnionRow, Base):
    """Whom a case waits for: one row per office or person that could take its next step."""

    __tablename__ = "waiting"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(primary_key=True, comment="an office's name, or a person's id")
    since: Mapped[datetime]

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),
        sa.Index(None, "union_id", "who", "since"),
    )


class Deadline(UnionRow, Base):
    """How long a case may rest in the state it is in; written when it comes there, gone when it leaves."""

    __tablename__ = "deadline"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    entered_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(comment="the end of the last working day, in China")
    remind_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None] = mapped_column(
        comment="when a timer looks at it again; NULL: nothing is left to do"
    )
    reminded_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None] = mapped_column(comment="when it was told, or reported, that it is overdue")
    calendar: Mapped[str] = mapped_column(comment="digest of the calendar that the days were counted by")
    is_provisional: Mapped[bool] = mapped_column(comment="touches a year whose holidays are not published yet")

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),
        sa.Index(None, "union_id", "next_at"),
    )


class Copy(UnionRow, Base):
    """A person who was sent a copy (抄送), and when he read it."""

    __tablename__ = "copy"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sent_by: Mapped[uuid.UUID | None]
    sent_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),
        sa.Index(None, "union_id", "person_id", "sent_at"),
    )


class Opening(UnionRow, Base):
    """When a person first opened a version of a case: the one thing that reading writes."""

    __tablename__ = "opening"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="the version that was looked at"
    )
    at: Mapped[datetime]

    __table_args__ = (sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),)


class CaseLink(UnionRow, Base):
    """One case named in another: a claim inside a task, a task of a plan."""

    __tablename__ = "case_link"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    other_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),
        sa.ForeignKeyConstraint(["union_id", "other_id"], ["case.union_id", "case.id"]),
        sa.Index(None, "union_id", "other_id"),
    )


class NumberCounter(UnionRow, Base):
    """The last number given per kind and year."""

    __tablename__ = "number_counter"

    kind: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class StoredFile(UnionRow, Base):
    """A file somebody sent; its bytes lie in the store under their SHA-256."""

    __tablename__ = "stored_file"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    uploaded_by: Mapped[uuid.UUID]
    uploaded_at: Mapped[datetime]
    reading: Mapped[Json] = mapped_column(nullable=True, comment="what a reader found in it, e.g. an invoice's figures")

    __table_args__ = (sa.Index(None, "union_id", "sha256"),)


class CaseFile(UnionRow, Base):
    """A file that a case stands on; from then on it is visible to whoever may see the case, and never replaced."""

    __tablename__ = "case_file"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    file_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(comment="where in the form: evidence, lines.0.files")
    round: Mapped[int]

    __table_args__ = (
        sa.ForeignKeyConstraint(["union_id", "case_id"], ["case.union_id", "case.id"]),
        sa.ForeignKeyConstraint(["union_id", "file_id"], ["stored_file.union_id", "stored_file.id"]),
        sa.Index(None, "union_id", "file_id"),
    )
