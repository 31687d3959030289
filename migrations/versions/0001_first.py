"""The first schema: unions and people, the trail, cases, notices, the fund, the plan, reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("trail_entry", "trail_checkpoint", "decision", "arrangement", "case_migration", "budget_entry")
"""The database itself refuses to change or remove rows of these."""


def moment() -> sa.types.TypeEngine[object]:
    """A UTC moment."""
    return sa.DateTime(timezone=True)


def whole() -> sa.types.TypeEngine[int]:
    """A whole number of 64 bits."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def json() -> sa.types.TypeEngine[object]:
    """JSON, binary where the database has it."""
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:  # noqa: PLR0915 - a schema is a long list
    """Forward."""
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column(
            "password_is_temporary", sa.Boolean(), nullable=False, comment="known to someone else; to be changed first"
        ),
        sa.Column("disabled_at", moment(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "definition",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_definition")),
    )
    op.create_table(
        "invoice_registry",
        sa.Column("invoice_key", sa.Text(), nullable=False),
        sa.Column("total_fen", whole(), nullable=False),
        sa.Column("used_fen", whole(), nullable=False),
        sa.CheckConstraint("used_fen >= 0 AND used_fen <= total_fen", name=op.f("ck_invoice_registry_used")),
        sa.PrimaryKeyConstraint("invoice_key", name=op.f("pk_invoice_registry")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_address_at"), "sign_in_attempt", ["address", "at"], unique=False)
    op.create_index(op.f("ix_sign_in_attempt_username_at"), "sign_in_attempt", ["username", "at"], unique=False)
    op.create_table(
        "union",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=False, comment="the name in addresses: /public/SLUG"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, comment="province or city, for the rule pack"),
        sa.Column("tax_id", sa.Text(), nullable=False, comment="what invoices must carry as the buyer's number"),
        sa.Column("two_auditor_limit_fen", whole(), nullable=False, comment="a claim above this needs two auditors"),
        sa.Column("chair_approves", sa.Boolean(), nullable=False, comment="claims also pass the chair before payment"),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["union.id"], name=op.f("fk_union_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_union")),
        sa.UniqueConstraint("slug", name=op.f("uq_union_slug")),
    )
    op.create_table(
        "api_token",
        sa.Column("secret_hash", sa.Text(), nullable=False, comment="SHA-256 of the token, hex"),
        sa.Column("id", sa.Uuid(), nullable=False, comment="what lists show, so that it can be revoked"),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("revoked_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_token_account_id")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_api_token_union_id")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_api_token")),
        sa.UniqueConstraint("id", name=op.f("uq_api_token_id")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"], unique=False)
    op.create_table(
        "budget_line",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", whole(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("allocated_fen", whole(), nullable=False),
        sa.Column("encumbered_fen", whole(), nullable=False, comment="已占用: submitted and not yet paid"),
        sa.Column("spent_fen", whole(), nullable=False),
        sa.CheckConstraint("allocated_fen - encumbered_fen - spent_fen >= 0", name=op.f("ck_budget_line_available")),
        sa.CheckConstraint("allocated_fen >= 0", name=op.f("ck_budget_line_allocated")),
        sa.CheckConstraint("encumbered_fen >= 0", name=op.f("ck_budget_line_encumbered")),
        sa.CheckConstraint("spent_fen >= 0", name=op.f("ck_budget_line_spent")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_budget_line_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_budget_line")),
        sa.UniqueConstraint("union_id", "year", "account", name=op.f("uq_budget_line_union_id_year_account")),
    )
    op.create_table(
        "case",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("definition_hash", sa.Text(), nullable=False),
        sa.Column(
            "number",
            sa.Text(),
            nullable=True,
            comment="GH-2026-0042: gap-free per union, kind and year; given at submit",
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("round", whole(), nullable=False, comment="1, and one more after each return; earlier rounds stay"),
        sa.Column(
            "version", whole(), nullable=False, comment="what a client sends back; grows with content, state or round"
        ),
        sa.Column("events", whole(), nullable=False, comment="grows with every event, votes included"),
        sa.Column("arranged", whole(), nullable=False, comment="how many of the events are arrangements"),
        sa.Column("migrated", whole(), nullable=False, comment="how many of the events carried it to another version"),
        sa.Column(
            "material_changed",
            sa.Boolean(),
            nullable=False,
            comment="whether something that is decided on changed since the round began",
        ),
        sa.Column("data", json(), nullable=False, comment="what was asked: the truth that signatures hash"),
        sa.Column(
            "sealed", json(), nullable=False, comment="path -> salted commitment of personal values and free text"
        ),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column(
            "warnings",
            json(),
            nullable=False,
            comment="what the checks pointed out when it was submitted: [{code, zh, en}]",
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount_fen", whole(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("opener_id", sa.Uuid(), nullable=False),
        sa.Column("submitter_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("submitted_at", moment(), nullable=True),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("published_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["definition_hash"], ["definition.hash"], name=op.f("fk_case_definition_hash")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_case_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_case")),
        sa.UniqueConstraint("union_id", "number", name=op.f("uq_case_union_id_number")),
    )
    op.create_index(
        op.f("ix_case_union_id_opener_id_updated_at"), "case", ["union_id", "opener_id", "updated_at"], unique=False
    )
    op.create_index(
        op.f("ix_case_union_id_phase_updated_at"), "case", ["union_id", "phase", "updated_at"], unique=False
    )
    op.create_index(
        op.f("ix_case_union_id_workflow_phase_day"),
        "case",
        ["union_id", "workflow", "phase", "day"],
        unique=False,
    )
    op.create_index(
        "ix_case_published",
        "case",
        ["union_id", "phase", "workflow", "day", "category", "amount_fen", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "claim",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("year", whole(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_fen", whole(), nullable=False),
        sa.Column("round", whole(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("paid_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_claim_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_union_id_year_account"), "claim", ["union_id", "year", "account"], unique=False)
    op.create_table(
        "claim_line",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", whole(), autoincrement=False, nullable=False),
        sa.Column("number", whole(), autoincrement=False, nullable=False),
        sa.Column("amount_fen", whole(), nullable=False),
        sa.Column("invoice_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_claim_line_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "round", "number", name=op.f("pk_claim_line")),
    )
    op.create_table(
        "definition_in_force",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", moment(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hash"], ["definition.hash"], name=op.f("fk_definition_in_force_hash")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_definition_in_force_union_id")),
        sa.PrimaryKeyConstraint("union_id", "name", "since", name=op.f("pk_definition_in_force")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status", whole(), nullable=False),
        sa.Column(
            "body",
            sa.Text(),
            nullable=False,
            comment="as it was sent, so that the repeated answer is the same to the byte",
        ),
        sa.Column("at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_idempotency_key_union_id")),
        sa.PrimaryKeyConstraint("union_id", "person_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "income_entry",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", whole(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_income_entry_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", name=op.f("pk_income_entry")),
    )
    op.create_index(
        op.f("ix_income_entry_union_id_received_on"), "income_entry", ["union_id", "received_on"], unique=False
    )
    op.create_table(
        "invoice_use",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_key", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("round", whole(), nullable=False),
        sa.Column("amount_fen", whole(), nullable=False),
        sa.Column("used_at", moment(), nullable=False),
        sa.Column("released_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_invoice_use_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_invoice_use")),
    )
    op.create_index(op.f("ix_invoice_use_union_id_case_id"), "invoice_use", ["union_id", "case_id"], unique=False)
    op.create_index(
        op.f("ix_invoice_use_union_id_invoice_key"), "invoice_use", ["union_id", "invoice_key"], unique=False
    )
    op.create_table(
        "notice",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("read_at", moment(), nullable=True),
        sa.Column(
            "in_digest", sa.Boolean(), nullable=False, comment="waits for, or stood in, a daily digest by e-mail"
        ),
        sa.Column("digest_on", sa.Date(), nullable=True, comment="the day of the digest that took it"),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_notice_union_id")),
        sa.PrimaryKeyConstraint("union_id", "person_id", "outbox_id", name=op.f("pk_notice")),
    )
    op.create_index(
        op.f("ix_notice_union_id_person_id_created_at"), "notice", ["union_id", "person_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["union_id", "person_id", "created_at"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index(
        "ix_notice_for_digest",
        "notice",
        ["union_id", "person_id", "created_at"],
        unique=False,
        sqlite_where=sa.text("in_digest IS 1 AND digest_on IS NULL"),
        postgresql_where=sa.text("in_digest IS true AND digest_on IS NULL"),
    )
    op.create_table(
        "webhook",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column(
            "secret", sa.Text(), nullable=False, comment="signs what is sent; kept because signing needs it, shown once"
        ),
        sa.Column("changed_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_webhook_union_id")),
        sa.PrimaryKeyConstraint("union_id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "delivery",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="mail:PERSON:OUTBOX, digest:PERSON:DAY, webhook:OUTBOX"),
        sa.Column("channel", sa.Text(), nullable=False, comment="mail | digest | webhook"),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("outbox_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True, comment="of a digest"),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True, comment="whose case it is: is shown when it fails"),
        sa.Column("due_at", moment(), nullable=False, comment="not before; of a claimed one, when the claim lapses"),
        sa.Column("claim", sa.Uuid(), nullable=True, comment="of the worker that is sending it right now"),
        sa.Column("attempts", whole(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False, comment="a code, never an address or a name"),
        sa.Column("done_at", moment(), nullable=True, comment="sent, found unnecessary, or given up"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="empty while open; sent | needless | failed"),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_delivery_union_id")),
        sa.PrimaryKeyConstraint("union_id", "key", name=op.f("pk_delivery")),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["union_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(op.f("ix_delivery_union_id_outbox_id"), "delivery", ["union_id", "outbox_id"], unique=False)
    op.create_table(
        "incident",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column(
            "number",
            sa.Text(),
            nullable=False,
            comment="the case's number, for the maintainer, who may not open the case",
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True, comment="whose case, or else whose message it was"),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", whole(), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("resolved_at", moment(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_incident_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_incident")),
    )
    op.create_index(
        "ix_incident_open",
        "incident",
        ["union_id", "case_id"],
        unique=False,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "number_counter",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", whole(), autoincrement=False, nullable=False),
        sa.Column("last", whole(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_number_counter_union_id")),
        sa.PrimaryKeyConstraint("union_id", "kind", "year", name=op.f("pk_number_counter")),
    )
    op.create_table(
        "outbox",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column(
            "event", whole(), nullable=True, comment="the case's event that caused it, so that an undo can withdraw it"
        ),
        sa.Column("payload", json(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column(
            "not_before",
            moment(),
            nullable=False,
            comment="held this long, so that an undo leaves nothing to take back",
        ),
        sa.Column("delivered_at", moment(), nullable=True, comment="when it was passed on to people and channels"),
        sa.Column("withdrawn_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_outbox_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["union_id", "not_before"],
        unique=False,
        sqlite_where=sa.text("delivered_at IS NULL"),
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_index(op.f("ix_outbox_union_id_case_id_event"), "outbox", ["union_id", "case_id", "event"], unique=False)
    op.create_table(
        "person",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False, comment="工会小组 or department"),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True, comment="the first day on which he is no longer in the union"),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_person_account_id")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_person_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_person")),
        sa.UniqueConstraint("union_id", "account_id", name=op.f("uq_person_union_id_account_id")),
    )
    op.create_index(op.f("ix_person_account_id"), "person", ["account_id"], unique=False)
    op.create_table(
        "notice_setting",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="personal: erasable, never in the trail"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("mail_urgent", sa.Text(), nullable=False, comment="immediate | digest | off"),
        sa.Column("mail_other", sa.Text(), nullable=False, comment="immediate | digest | off"),
        sa.CheckConstraint("mail_urgent IN ('immediate', 'digest', 'off')", name=op.f("ck_notice_setting_mail_urgent")),
        sa.CheckConstraint("mail_other IN ('immediate', 'digest', 'off')", name=op.f("ck_notice_setting_mail_other")),
        sa.ForeignKeyConstraint(
            ["union_id", "person_id"],
            ["person.union_id", "person.id"],
            name=op.f("fk_notice_setting_union_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_notice_setting_union_id")),
        sa.PrimaryKeyConstraint("union_id", "person_id", name=op.f("pk_notice_setting")),
    )
    op.create_table(
        "plan_item",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="the work_plan case"),
        sa.Column("position", whole(), autoincrement=False, nullable=False),
        sa.Column("year", whole(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_plan_item_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "position", name=op.f("pk_plan_item")),
    )
    op.create_index(op.f("ix_plan_item_union_id_year"), "plan_item", ["union_id", "year"], unique=False)
    op.create_table(
        "review",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("scope_size", whole(), nullable=False, comment="the last record of the trail in scope"),
        sa.Column("income_fen", whole(), nullable=False),
        sa.Column("spending_fen", whole(), nullable=False),
        sa.Column(
            "figures_hash", sa.Text(), nullable=False, comment="SHA-256 of the report's figures in canonical form"
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_review_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_union_id_period_to"), "review", ["union_id", "period_to"], unique=False)
    op.create_table(
        "sign_in_session",
        sa.Column("secret_hash", sa.Text(), nullable=False, comment="SHA-256 of the cookie's secret, hex"),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_used_at", moment(), nullable=False, comment="coarse: written at most every five minutes"),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_session_account_id")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_sign_in_session_union_id")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sign_in_session")),
    )
    op.create_index(op.f("ix_sign_in_session_account_id"), "sign_in_session", ["account_id"], unique=False)
    op.create_table(
        "stored_file",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", whole(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", moment(), nullable=False),
        sa.Column("reading", json(), nullable=True, comment="what a reader found in it, e.g. an invoice's figures"),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_stored_file_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_stored_file")),
    )
    op.create_index(op.f("ix_stored_file_union_id_sha256"), "stored_file", ["union_id", "sha256"], unique=False)
    op.create_table(
        "task",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True, comment="the work_plan case it comes from"),
        sa.Column("plan_item", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("budget_fen", whole(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("signed_off_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_task_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", name=op.f("pk_task")),
    )
    op.create_index(op.f("ix_task_union_id_due_on"), "task", ["union_id", "due_on"], unique=False)
    op.create_index(op.f("ix_task_union_id_owner_id"), "task", ["union_id", "owner_id"], unique=False)
    op.create_table(
        "trail_checkpoint",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("size", whole(), autoincrement=False, nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("root_hash", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "frontier",
            json(),
            nullable=False,
            comment="roots of the full subtrees, so that the next one costs only what is new",
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_trail_checkpoint_size")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_trail_checkpoint_union_id")),
        sa.PrimaryKeyConstraint("union_id", "size", "made_at", name=op.f("pk_trail_checkpoint")),
    )
    op.create_table(
        "trail_entry",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("seq", whole(), autoincrement=False, nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.Text(), nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_trail_entry_union_id")),
        sa.PrimaryKeyConstraint("union_id", "seq", name=op.f("pk_trail_entry")),
    )
    op.create_table(
        "trail_head",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("size", whole(), nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False, comment="hex"),
        sa.Column(
            "origin", sa.Text(), nullable=False, comment="the log's name, bound into its first link and its checkpoints"
        ),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_trail_head_union_id")),
        sa.PrimaryKeyConstraint("union_id", name=op.f("pk_trail_head")),
    )
    op.create_table(
        "trail_value",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("seq", whole(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("value", json(), nullable=True),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_trail_value_union_id")),
        sa.PrimaryKeyConstraint("union_id", "seq", "path", name=op.f("pk_trail_value")),
    )
    op.create_table(
        "budget_entry",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="allocate, encumber, release or spend"),
        sa.Column("amount_fen", whole(), nullable=False),
        sa.Column("round", whole(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.CheckConstraint("kind = 'allocate' OR amount_fen > 0", name=op.f("ck_budget_entry_amount")),
        sa.CheckConstraint("kind IN ('allocate', 'encumber', 'release', 'spend')", name=op.f("ck_budget_entry_kind")),
        sa.ForeignKeyConstraint(
            ["union_id", "line_id"],
            ["budget_line.union_id", "budget_line.id"],
            name=op.f("fk_budget_entry_union_id_line_id"),
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_budget_entry_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_budget_entry")),
    )
    op.create_index(op.f("ix_budget_entry_union_id_case_id"), "budget_entry", ["union_id", "case_id"], unique=False)
    op.create_index(op.f("ix_budget_entry_union_id_line_id"), "budget_entry", ["union_id", "line_id"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="where in the form: evidence, lines.0.files"),
        sa.Column("round", whole(), nullable=False),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_case_file_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["union_id", "file_id"],
            ["stored_file.union_id", "stored_file.id"],
            name=op.f("fk_case_file_union_id_file_id"),
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_case_file_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "file_id", name=op.f("pk_case_file")),
    )
    op.create_index(op.f("ix_case_file_union_id_file_id"), "case_file", ["union_id", "file_id"], unique=False)
    op.create_table(
        "case_link",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_case_link_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["union_id", "other_id"], ["case.union_id", "case.id"], name=op.f("fk_case_link_union_id_other_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_case_link_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "field", "other_id", name=op.f("pk_case_link")),
    )
    op.create_index(op.f("ix_case_link_union_id_other_id"), "case_link", ["union_id", "other_id"], unique=False)
    op.create_table(
        "copy",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("sent_at", moment(), nullable=False),
        sa.Column("read_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_copy_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_copy_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "person_id", name=op.f("pk_copy")),
    )
    op.create_index(
        op.f("ix_copy_union_id_person_id_sent_at"), "copy", ["union_id", "person_id", "sent_at"], unique=False
    )
    op.create_table(
        "decision",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("event", whole(), autoincrement=False, nullable=False, comment="1, 2, … within the case"),
        sa.Column("round", whole(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("closes", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True, comment="the system rule that acted, where no person did"),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("at", moment(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("trail_seq", whole(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=True, comment="in whose place the person acted, if not his own"),
        sa.Column("weight", whole(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("resumes", sa.Boolean(), nullable=False, comment="sent back so that it comes straight back"),
        sa.Column(
            "paper", json(), nullable=True, comment="{dated, file, sha256} of the signed sheet that the person recorded"
        ),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_decision_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_decision_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "event", name=op.f("pk_decision")),
    )
    op.create_index(
        op.f("ix_decision_union_id_person_id_at"), "decision", ["union_id", "person_id", "at"], unique=False
    )
    op.create_index(
        "ix_decision_open_vote",
        "decision",
        ["union_id", "person_id", "case_id", "at"],
        unique=False,
        sqlite_where=sa.text("closes IS 0"),
        postgresql_where=sa.text("closes IS false"),
    )
    op.create_table(
        "arrangement",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("event", whole(), autoincrement=False, nullable=False),
        sa.Column("round", whole(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="None: a rule of the system drew the lot"),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("detail", json(), nullable=False, comment="{order}, or {seed, pool} of a lot"),
        sa.Column("at", moment(), nullable=False),
        sa.Column("trail_seq", whole(), nullable=False),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_arrangement_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_arrangement_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "event", name=op.f("pk_arrangement")),
    )
    op.create_index(
        op.f("ix_arrangement_union_id_person_id_case_id"),
        "arrangement",
        ["union_id", "person_id", "case_id"],
        unique=False,
    )
    op.create_table(
        "opening",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version", whole(), autoincrement=False, nullable=False, comment="the version that was looked at"),
        sa.Column("at", moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_opening_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_opening_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "person_id", "version", name=op.f("pk_opening")),
    )
    op.create_table(
        "delegation",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("giver_id", sa.Uuid(), nullable=False),
        sa.Column("taker_id", sa.Uuid(), nullable=False),
        sa.Column("offices", json(), nullable=False, comment="the giver's offices it covers; empty for all of them"),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["union_id", "giver_id"], ["person.union_id", "person.id"], name=op.f("fk_delegation_union_id_giver_id")
        ),
        sa.ForeignKeyConstraint(
            ["union_id", "taker_id"], ["person.union_id", "person.id"], name=op.f("fk_delegation_union_id_taker_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_delegation_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_delegation")),
    )
    op.create_index(op.f("ix_delegation_union_id_taker_id"), "delegation", ["union_id", "taker_id"], unique=False)
    op.create_index(op.f("ix_delegation_union_id_giver_id"), "delegation", ["union_id", "giver_id"], unique=False)
    op.create_table(
        "office_holding",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True, comment="last day in office; empty while open"),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["union_id", "person_id"],
            ["person.union_id", "person.id"],
            name=op.f("fk_office_holding_union_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_office_holding_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_office_holding")),
    )
    op.create_index(op.f("ix_office_holding_union_id_office"), "office_holding", ["union_id", "office"], unique=False)
    op.create_index(
        op.f("ix_office_holding_union_id_person_id"), "office_holding", ["union_id", "person_id"], unique=False
    )
    op.create_table(
        "deadline",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_at", moment(), nullable=False),
        sa.Column("due_at", moment(), nullable=False, comment="the end of the last working day, in China"),
        sa.Column("remind_at", moment(), nullable=True),
        sa.Column(
            "next_at", moment(), nullable=True, comment="when a timer looks at it again; NULL: nothing is left to do"
        ),
        sa.Column("reminded_at", moment(), nullable=True),
        sa.Column("overdue_at", moment(), nullable=True, comment="when it was told, or reported, that it is overdue"),
        sa.Column(
            "calendar", sa.Text(), nullable=False, comment="digest of the calendar that the days were counted by"
        ),
        sa.Column(
            "is_provisional",
            sa.Boolean(),
            nullable=False,
            comment="touches a year whose holidays are not published yet",
        ),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_deadline_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_deadline_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", name=op.f("pk_deadline")),
    )
    op.create_index(op.f("ix_deadline_union_id_next_at"), "deadline", ["union_id", "next_at"], unique=False)
    op.create_table(
        "waiting",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False, comment="an office's name, or a person's id"),
        sa.Column("since", moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_waiting_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_waiting_union_id")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "action", "who", name=op.f("pk_waiting")),
    )
    op.create_index(op.f("ix_waiting_union_id_who_since"), "waiting", ["union_id", "who", "since"], unique=False)
    op.create_table(
        "case_migration",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("event", whole(), autoincrement=False, nullable=False),
        sa.Column("round", whole(), nullable=False),
        sa.Column("from_hash", sa.Text(), nullable=False),
        sa.Column("to_hash", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column(
            "states", json(), nullable=False, comment="{state of the old version: of the new one}, where they differ"
        ),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("trail_seq", whole(), nullable=False),
        sa.ForeignKeyConstraint(
            ["union_id", "case_id"], ["case.union_id", "case.id"], name=op.f("fk_case_migration_union_id_case_id")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_case_migration_union_id")),
        sa.ForeignKeyConstraint(["from_hash"], ["definition.hash"], name=op.f("fk_case_migration_from_hash")),
        sa.ForeignKeyConstraint(["to_hash"], ["definition.hash"], name=op.f("fk_case_migration_to_hash")),
        sa.PrimaryKeyConstraint("union_id", "case_id", "event", name=op.f("pk_case_migration")),
    )
    op.create_table(
        "definition_proposal",
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column(
            "base_hash",
            sa.Text(),
            nullable=True,
            comment="what was in force when it was proposed; empty for a new one",
        ),
        sa.Column(
            "states",
            json(),
            nullable=False,
            comment="where running cases go: {state of the old version: of the new one}",
        ),
        sa.Column("changes", json(), nullable=False, comment="what changes, in sentences: [{zh, en}]"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="waiting, adopted or rejected"),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", moment(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", moment(), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by OR status = 'rejected'",
            name=op.f("ck_definition_proposal_two_people"),
        ),
        sa.ForeignKeyConstraint(["hash"], ["definition.hash"], name=op.f("fk_definition_proposal_hash")),
        sa.ForeignKeyConstraint(["union_id"], ["union.id"], name=op.f("fk_definition_proposal_union_id")),
        sa.PrimaryKeyConstraint("union_id", "id", name=op.f("pk_definition_proposal")),
    )
    op.create_index(
        op.f("ix_definition_proposal_union_id_name_proposed_at"),
        "definition_proposal",
        ["union_id", "name", "proposed_at"],
        unique=False,
    )
    for table in APPEND_ONLY:
        protect(table)


def protect(table: str) -> None:
    """Let the database itself refuse to change or remove what was written."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION append_only()"
    )
    op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    """Back."""
    # ### commands auto generated by Alembic - please adjust! ###
    op.drop_table("definition_proposal")
    op.drop_table("case_migration")
    op.drop_table("waiting")
    op.drop_table("deadline")
    op.drop_table("office_holding")
    op.drop_table("delegation")
    op.drop_table("opening")
    op.drop_table("arrangement")
    op.drop_table("decision")
    op.drop_table("copy")
    op.drop_table("case_link")
    op.drop_table("case_file")
    op.drop_table("budget_entry")
    op.drop_table("trail_value")
    op.drop_table("trail_head")
    op.drop_table("trail_entry")
    op.drop_table("trail_checkpoint")
    op.drop_table("task")
    op.drop_table("stored_file")
    op.drop_table("sign_in_session")
    op.drop_table("review")
    op.drop_table("plan_item")
    op.drop_table("notice_setting")
    op.drop_table("person")
    op.drop_table("outbox")
    op.drop_table("number_counter")
    op.drop_table("incident")
    op.drop_table("delivery")
    op.drop_table("webhook")
    op.drop_table("notice")
    op.drop_table("invoice_use")
    op.drop_table("income_entry")
    op.drop_table("idempotency_key")
    op.drop_table("definition_in_force")
    op.drop_table("claim_line")
    op.drop_table("claim")
    op.drop_table("case")
    op.drop_table("budget_line")
    op.drop_table("api_token")
    op.drop_table("union")
    op.drop_table("sign_in_attempt")
    op.drop_table("invoice_registry")
    op.drop_table("definition")
    op.drop_table("account")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS append_only() CASCADE")
