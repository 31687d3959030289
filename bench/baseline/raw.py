"""The floor (a): one handler that writes an approval's rows by raw SQL, and decides nothing.

It checks the token and the office by one statement, refuses a case that is not submitted at that version, and writes what
the product writes: the link of the trail, the case, the decision, who is waited for next, and the outbox. One connection
per thread; on SQLite writers queue on a lock of the process, which is faster there than SQLite's own waiting.

``BENCH_SERVED_DATABASE_URL`` names the database.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from psycopg.rows import tuple_row
from sqlalchemy.engine import make_url

from app.foundation.clock import stamp, utc_now
from app.foundation.ids import new_id
from app.notices.service import HOLD

WHO = """
SELECT t.union_id, p.id FROM api_token t
JOIN account a ON a.id = t.account_id
JOIN person p ON p.union_id = t.union_id AND p.account_id = t.account_id
JOIN office_holding o ON o.union_id = p.union_id AND o.person_id = p.id
WHERE t.secret_hash = ? AND t.revoked_at IS NULL AND t.expires_at > ? AND a.disabled_at IS NULL
AND (p.left_on IS NULL OR p.left_on > ?) AND o.office = 'auditor' AND o.confirmed_at IS NOT NULL
AND o.from_on <= ? AND (o.to_on IS NULL OR o.to_on >= ?)"""
CASE = """
SELECT c.workflow, c.definition_hash, c.number, c.round, c.version, c.events, c.title, c.data_hash, c.amount_fen,
u.two_auditor_limit_fen FROM "case" c JOIN "union" u ON u.id = c.union_id
WHERE c.union_id = ? AND c.id = ? AND c.state = 'submitted' AND c.version = ?"""
LOCKED_CASE = f"{CASE} FOR UPDATE OF c"
HEAD = "SELECT size, chain_hash, origin FROM trail_head WHERE union_id = ?"
LOCKED_HEAD = f"{HEAD} FOR UPDATE"
LINK = "INSERT INTO trail_entry (union_id, seq, at, body, leaf_hash, chain_hash) VALUES (?, ?, ?, ?, ?, ?)"
NEW_HEAD = "UPDATE trail_head SET size = ?, chain_hash = ? WHERE union_id = ?"
NEW_STATE = """
UPDATE "case" SET state = 'audited', phase = 'audited', version = version + 1, events = events + 1, updated_at = ?
WHERE union_id = ? AND id = ?"""
DECISION = """
INSERT INTO decision (union_id, case_id, event, round, action, source, target, closes, person_id, rule, office, at,
data_hash, trail_seq, seat_id, weight, party, resumes, paper)
VALUES (?, ?, ?, ?, 'approve', 'submitted', 'audited', ?, ?, NULL, 'auditor', ?, ?, ?, NULL, 1, '', ?, NULL)"""
NOT_WAITING = "DELETE FROM waiting WHERE union_id = ? AND case_id = ?"
NO_DEADLINE = "DELETE FROM deadline WHERE union_id = ? AND case_id = ?"
WAITING = "INSERT INTO waiting (union_id, case_id, action, who, since) VALUES (?, ?, 'pay', 'cashier', ?)"
OUTBOX = """
INSERT INTO outbox (union_id, id, topic, case_id, event, payload, created_at, not_before, delivered_at, withdrawn_at)
VALUES (?, ?, 'case.approve', ?, ?, ?, ?, ?, NULL, NULL)"""


class Sqlite:
    """A connection per thread, as durable as the product's: WAL, and fsync at every commit."""

    case, head = CASE, HEAD
    """The whole file is locked already."""

    def __init__(self, url: str) -> None:
        self._path = str(make_url(url).database)
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._turn = threading.Lock()

    def run(self, statement: str, *values: object) -> Any:
        """Execute on this thread's connection."""
        return self._connection().execute(statement, tuple(map(_for_sqlite, values)))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """One write at a time."""
        with self._turn:
            self.run("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.run("ROLLBACK")
                raise
            self.run("COMMIT")

    def close(self) -> None:
        """Give every connection back."""
        for connection in self._opened:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
                connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
            self._opened.append(connection)
        found: sqlite3.Connection = self._local.connection
        return found


class Postgres:
    """A connection per thread, with the server's own durability."""

    case, head = LOCKED_CASE, LOCKED_HEAD

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._local = threading.local()
        self._opened: list[psycopg.Connection[tuple[Any, ...]]] = []

    def run(self, statement: str, *values: object) -> Any:
        """Execute on this thread's connection; the driver prepares what it sees often."""
        return self._connection().execute(statement.replace("?", "%s"), values)

    def transaction(self) -> contextlib.AbstractContextManager[object]:
        """Committed in the end."""
        return self._connection().transaction()

    def close(self) -> None:
        """Give every connection back."""
        for connection in self._opened:
            connection.close()

    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        if not hasattr(self._local, "connection"):
            self._local.connection = psycopg.connect(self._url, autocommit=True, row_factory=tuple_row)
            self._opened.append(self._local.connection)
        found: psycopg.Connection[tuple[Any, ...]] = self._local.connection
        return found


def _for_sqlite(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.hex if hasattr(value, "hex") and hasattr(value, "int") else value


def create_app(url: str) -> Flask:
    """The handler on this database."""
    app = Flask(__name__)
    store = Sqlite(url) if url.startswith("sqlite") else Postgres(url)
    app.extensions["close"] = store.close

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        """Ready."""
        return {"status": "ok"}

    @app.post("/api/v1/cases/<uuid:case_id>/actions/approve")
    def approve(case_id: Any) -> ResponseReturnValue:
        """Write an approval."""
        now = utc_now()
        day = now.date()
        digest = hashlib.sha256(request.headers.get("Authorization", "").removeprefix("Bearer ").encode()).hexdigest()
        who = store.run(WHO, digest, now, day, day, day).fetchone()
        if who is None:
            return jsonify(code="not_signed_in"), 401
        with store.transaction():
            case = store.run(store.case, who[0], case_id, request.get_json()["version"]).fetchone()
            if case is None:
                return jsonify(code="wrong_state"), 409
            _write(store, who[0], who[1], case_id, case, now)
        return {"id": str(case_id), "number": case[2], "state": "audited", "version": case[4] + 1}

    return app


def _write(store: Sqlite | Postgres, union: Any, person: Any, case_id: Any, case: Any, now: datetime) -> None:
    workflow, definition, number, round_, version, events, title, data_hash, amount, limit = case
    size, chain, origin = store.run(store.head, union).fetchone()
    seq = size + 1
    body = json.dumps(
        {
            "v": 1,
            "log": origin,
            "seq": seq,
            "at": stamp(now),
            "event": "case.approve",
            "actor": {"person": _dashed(person), "office": "auditor"},
            "sealed": {},
            "case": {
                "id": str(case_id),
                "number": number,
                "workflow": workflow,
                "definition": definition,
                "round": round_,
                "version": version + 1,
            },
            "action": "approve",
            "from": "submitted",
            "to": "audited",
            "closes": True,
            "votes": [_dashed(person)],
            "need": 1,
            "routing": {
                "amount_fen": amount,
                "setting.chair_approves": False,
                "setting.two_auditor_limit_fen": limit,
            },
            "data_hash": data_hash,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
    leaf = hashlib.sha256(b"\x00" + body).digest()
    link = hashlib.sha256(b"\x02" + bytes.fromhex(chain) + leaf).hexdigest()
    outbox = json.dumps(
        {
            "case": str(case_id),
            "number": number,
            "title": title,
            "workflow": workflow,
            "state": "audited",
            "closes": True,
            "by": _dashed(person),
            "waiting": ["cashier"],
        },
        ensure_ascii=False,
    )
    store.run(LINK, union, seq, now, body, leaf.hex(), link)
    store.run(NEW_HEAD, seq, link, union)
    store.run(NEW_STATE, now, union, case_id)
    store.run(DECISION, union, case_id, events + 1, round_, True, person, now, data_hash, seq, False)
    store.run(NOT_WAITING, union, case_id)
    store.run(NO_DEADLINE, union, case_id)
    store.run(WAITING, union, case_id, now)
    store.run(OUTBOX, union, new_id(now), case_id, events + 1, outbox, now, now + HOLD)


def _dashed(value: Any) -> str:
    text = str(value)
    return text if "-" in text else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


app = create_app(os.environ["BENCH_SERVED_DATABASE_URL"]) if "BENCH_SERVED_DATABASE_URL" in os.environ else None
"""What the server runs."""
