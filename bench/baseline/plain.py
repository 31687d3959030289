"""The plain application (b): what one would write first. Flask, the ORM, and one ``transitions.Machine`` per claim.

It is correct and durable: it locks the claim, checks the token, the office, the version and the sides, counts votes above
the union's limit, and writes the same rows in one transaction. It maps the tables with the product's classes, so that the
rows are the same; everything else is as the tutorials have it: one engine, a session per request, objects changed and
committed.

``BENCH_SERVED_DATABASE_URL`` names the database.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.orm import Session, sessionmaker
from transitions import Machine

import app.every_table  # noqa: F401 - mappers need every table before the first query
from app.cases.models import Case, Decision, Waiting
from app.foundation.clock import stamp, utc_now
from app.foundation.ids import new_id
from app.notices.models import Outbox
from app.notices.service import HOLD
from app.people.models import Account, ApiToken, OfficeHolding, Person, Union
from app.trail.canonical import canonical
from app.trail.chain import chain_next, leaf_hash
from app.trail.models import TrailEntry, TrailHead

STATES = ["draft", "submitted", "audited", "published", "rejected", "voided"]
TRANSITIONS: list[Any] = [
    {"trigger": "submit", "source": "draft", "dest": "submitted"},
    {"trigger": "approve", "source": "submitted", "dest": "audited"},
    {"trigger": "send_back", "source": "submitted", "dest": "draft"},
    {"trigger": "reject", "source": "submitted", "dest": "rejected"},
    {"trigger": "publish", "source": "audited", "dest": "published"},
    {"trigger": "void", "source": ["draft", "audited"], "dest": "voided"},
]


class Refused(Exception):
    """The answer is no."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class ClaimFlow:
    """One claim with a machine of its own."""

    state: str

    def __init__(self, claim: Case) -> None:
        self.claim = claim
        self.machine = Machine(
            model=self, states=STATES, transitions=TRANSITIONS, initial=claim.state, after_state_change="store"
        )

    def store(self) -> None:
        """Keep the new state in the row."""
        self.claim.state = self.state
        self.claim.phase = self.state


def engine_for(url: str) -> Engine:
    """An engine as the ORM's manual sets one up for writers on SQLite, and as it comes on PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_size=8)
    engine = sa.create_engine(parsed, pool_size=8, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def create_app(url: str) -> Flask:
    """The application on this database."""
    flask_app = Flask(__name__)
    engine = engine_for(url)
    flask_app.extensions["close"] = engine.dispose
    new_session = sessionmaker(engine)

    @flask_app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """Ready."""
        return {"status": "ok"}

    @flask_app.post("/api/v1/cases/<uuid:case_id>/actions/approve")
    def approve(case_id: Any) -> ResponseReturnValue:
        """Approve a claim."""
        body, now = request.get_json(), utc_now()
        try:
            with new_session() as session, session.begin():
                person = signed_in(session, now)
                claim = approved(session, person, case_id, body["version"], now)
                return {"id": str(claim.id), "number": claim.number, "state": claim.state, "version": claim.version}
        except Refused as error:
            return jsonify(code=error.code), error.status

    return flask_app


def signed_in(session: Session, now: datetime) -> Person:
    """The owner of the request's token."""
    secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = session.get(ApiToken, hashlib.sha256(secret.encode()).hexdigest())
    if token is None or token.revoked_at is not None or token.expires_at <= now:
        raise Refused(401, "not_signed_in")
    account = session.get_one(Account, token.account_id)
    if account.disabled_at is not None:
        raise Refused(401, "not_signed_in")
    return session.scalars(
        sa.select(Person).where(Person.union_id == token.union_id, Person.account_id == account.id)
    ).one()


def offices_of(session: Session, person: Person, now: datetime) -> set[str]:
    """What the person holds today."""
    held = session.scalars(
        sa.select(OfficeHolding).where(OfficeHolding.union_id == person.union_id, OfficeHolding.person_id == person.id)
    )
    today = now.date()
    return {
        one.office
        for one in held
        if one.confirmed_at is not None and one.from_on <= today and (one.to_on is None or one.to_on >= today)
    }


def approved(session: Session, person: Person, case_id: Any, version: int, now: datetime) -> Case:
    """The claim after this person's approval."""
    claim = session.get(Case, (person.union_id, case_id), with_for_update=True)
    if claim is None:
        raise Refused(404, "not_found")
    if "auditor" not in offices_of(session, person, now):
        raise Refused(403, "not_your_office")
    if claim.version != version or claim.state != "submitted":
        raise Refused(409, "stale_version")
    if person.id in {claim.opener_id, claim.submitter_id}:
        raise Refused(403, "own_claim")
    union = session.get_one(Union, person.union_id)
    earlier = session.scalars(
        sa.select(Decision).where(
            Decision.union_id == claim.union_id,
            Decision.case_id == claim.id,
            Decision.round == claim.round,
            Decision.action == "approve",
        )
    ).all()
    if person.id in {one.person_id for one in earlier}:
        raise Refused(409, "already_voted")
    votes = [*(str(one.person_id) for one in earlier), str(person.id)]
    need = 2 if (claim.amount_fen or 0) > union.two_auditor_limit_fen else 1
    closes = len(votes) >= need
    flow = ClaimFlow(claim)
    if closes:
        flow.approve()  # type: ignore[attr-defined]
        claim.version += 1
        claim.updated_at = now
    claim.events += 1
    quorum = {
        "votes": votes,
        "need": need,
        "routing": {
            "amount_fen": claim.amount_fen,
            "setting.chair_approves": union.chair_approves,
            "setting.two_auditor_limit_fen": union.two_auditor_limit_fen,
        },
    }
    _record(session, claim, person, quorum, now, closes=closes)
    return claim


def _record(
    session: Session, claim: Case, person: Person, quorum: dict[str, Any], now: datetime, *, closes: bool
) -> None:
    """The rows that go with it: trail, decision, who is waited for, outbox."""
    head = session.get_one(TrailHead, claim.union_id, with_for_update=True)
    head.size += 1
    body = canonical(
        {
            "v": 1,
            "log": head.origin,
            "seq": head.size,
            "at": stamp(now),
            "event": "case.approve",
            "actor": {"person": str(person.id), "office": "auditor"},
            "sealed": {},
            "case": {
                "id": str(claim.id),
                "number": claim.number,
                "workflow": claim.workflow,
                "definition": claim.definition_hash,
                "round": claim.round,
                "version": claim.version,
            },
            "action": "approve",
            "from": "submitted",
            "to": claim.state,
            "closes": closes,
            "data_hash": claim.data_hash,
            **quorum,
        }
    )
    leaf = leaf_hash(body)
    head.chain_hash = chain_next(bytes.fromhex(head.chain_hash), leaf).hex()
    session.add(
        TrailEntry(
            union_id=claim.union_id,
            seq=head.size,
            at=now,
            body=body,
            leaf_hash=leaf.hex(),
            chain_hash=head.chain_hash,
        )
    )
    session.add(
        Decision(
            union_id=claim.union_id,
            case_id=claim.id,
            event=claim.events,
            round=claim.round,
            action="approve",
            source="submitted",
            target=claim.state,
            closes=closes,
            person_id=person.id,
            office="auditor",
            at=now,
            data_hash=claim.data_hash,
            trail_seq=head.size,
        )
    )
    if closes:
        waiting = session.scalars(
            sa.select(Waiting).where(Waiting.union_id == claim.union_id, Waiting.case_id == claim.id)
        )
        for row in waiting:
            session.delete(row)
        session.add(Waiting(union_id=claim.union_id, case_id=claim.id, action="pay", who="cashier", since=now))
    session.add(
        Outbox(
            union_id=claim.union_id,
            id=new_id(now),
            topic="case.approve",
            case_id=claim.id,
            event=claim.events,
            payload={
                "case": str(claim.id),
                "number": claim.number,
                "title": claim.title,
                "workflow": claim.workflow,
                "state": claim.state,
                "closes": closes,
                "by": str(person.id),
                "waiting": ["cashier"] if closes else [],
            },
            created_at=now,
            not_before=now + HOLD,
        )
    )


app_of_server = (
    create_app(os.environ["BENCH_SERVED_DATABASE_URL"]) if "BENCH_SERVED_DATABASE_URL" in os.environ else None
)
"""What the server runs."""
