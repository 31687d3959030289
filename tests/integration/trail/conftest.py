"""A union with a finished story, wired like the product, and a hand that reaches into the database behind its back."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.models import Case
from app.cases.ports import Registry
from app.cases.schemas import load_data
from app.cases.service import Cases
from app.cases.values import CleanData
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.storage import LocalStore, Store
from app.review.verification import Verifier
from app.trail import service as trail
from app.trail.keys import SigningKey
from app.trail.models import TrailEntry, TrailHead
from app.trail.note import TrustedKey
from app.trail.verifying import Problem, Witnessed
from app.wiring import wire
from config import Settings
from tests.fixtures.fund import Books
from tests.fixtures.unions import NOW, found

RECEIPT = b"\x89PNG\r\n\x1a\n a list that forty members signed"


@dataclass(frozen=True)
class Chronicle:
    """The union's books with everything that proves them."""

    wiring: Wiring
    books: Books
    paid: Case
    """Approved, paid and published."""
    returned: Case
    """Sent back, and changed by the treasurer since."""
    head: str
    """The signed head that a member kept after the story."""

    @property
    def database(self) -> Database:
        return self.books.database

    def verified(self, *held: str) -> list[Problem]:
        """Every problem of the union's record, as ``flask trail verify`` finds them."""
        verifier = Verifier(
            self.wiring.use(Definitions),
            self.wiring.use(Registry),
            self.wiring.use(Store),  # type: ignore[type-abstract]
        )
        union_id = self.books.town.union_id
        with self.database.read() as session:
            origin = session.get_one(TrailHead, union_id).origin
            keys = [TrustedKey(self.wiring.use(SigningKey).named(origin).verifier, 0, None)]
            return list(verifier.verify(session, union_id, keys, [Witnessed(one) for one in held]))

    def codes(self, *held: str) -> set[str]:
        """The codes of those problems."""
        return {one.code for one in self.verified(*held)}

    def signed(self) -> str:
        """A fresh signed head, as a note."""
        return self.database.transact(
            lambda session: trail.make_checkpoint(
                session, self.books.town.union_id, self.wiring.use(SigningKey), NOW + timedelta(days=3)
            )
        )

    def rechained(self, session: Session) -> None:
        """What a forger does who knows the format: every hash computed anew over the records as they now stand."""
        head = session.get_one(TrailHead, self.books.town.union_id)
        chain = trail.chain_start(head.origin, head.algorithm)
        rows = session.scalars(
            sa.select(TrailEntry).where(TrailEntry.union_id == head.union_id).order_by(TrailEntry.seq)
        )
        size = 0
        for row in rows:
            leaf = trail.leaf_hash(bytes(row.body), head.algorithm)
            chain = trail.chain_next(chain, leaf, head.algorithm)
            row.leaf_hash, row.chain_hash, size = leaf.hex(), chain.hex(), row.seq
        head.size, head.chain_hash = size, chain.hex()
        session.flush()

    @contextlib.contextmanager
    def behind_its_back(self) -> Iterator[Session]:
        """A session in which the database refuses nothing; its guards stand again afterwards."""
        with self.database.write() as session:
            connection = session.connection()
            guards = _guards_taken_down(connection)
            yield session
            session.flush()
            for guard in guards:
                connection.exec_driver_sql(guard)


def _guards_taken_down(connection: sa.Connection) -> list[str]:
    """Take every trigger down; what puts them back."""
    if connection.dialect.name == "sqlite":
        triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _ in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return [str(sql) for _, sql in triggers]
    names = connection.exec_driver_sql(
        "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
    ).all()
    for (name,) in names:
        connection.exec_driver_sql(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
    return [f'ALTER TABLE "{name}" ENABLE TRIGGER USER' for (name,) in names]


@pytest.fixture
def chronicle(database_url: str, tmp_path: Path) -> Iterator[Chronicle]:
    """Half a year in small: a budget, a claim that was published, and one that was sent back and changed."""
    wiring = wire(
        Settings(
            environment="test",
            argon2_cost="low",
            database_url=database_url,
            files=tmp_path / "files",
            signing_key=tmp_path / "trail.key",
            host="example.test",
        )
    )
    with contextlib.closing(wiring.use(Database)) as database:
        yield told(wiring, Books(found(database), wiring.use(Cases)))


def told(wiring: Wiring, books: Books) -> Chronicle:
    """Tell the story."""
    books.budgeted(a501102=100_000)
    sha256 = wiring.use(Store).put(RECEIPT)  # type: ignore[type-abstract]
    evidence = str(books.paper("treasurer", sha256))
    case = books.acted("treasurer", books.claim(30_000, evidence=[evidence]), "submit")
    case = books.acted("auditor1", case, "approve", comment="单据齐全")
    case = books.acted("cashier", case, "pay", paid_on="2026-04-27", bank_reference="0427-0001")
    paid = books.acted("chair", case, "publish")
    sent_back = books.acted("auditor1", books.submitted(5_000, evidence=[evidence]), "return", comment="请补明细")
    changed = books.database.transact(
        lambda session: books.door.edit(
            session,
            books.town.acting("treasurer"),
            sent_back.id,
            sent_back.version,
            books_data(books, {"lines": [{"summary": "荧光棒和哨子", "amount_fen": 6_000}]}),
            NOW,
        )
    )
    return Chronicle(wiring, books, paid, changed, _signed(wiring, books))


def books_data(books: Books, raw: dict[str, object]) -> CleanData:
    """A claim's form as it would be sent."""
    return load_data(books.door.definitions.shipped["expense_claim"], raw)


def _signed(wiring: Wiring, books: Books) -> str:
    return books.database.transact(
        lambda session: trail.make_checkpoint(session, books.town.union_id, wiring.use(SigningKey), NOW)
    )


def swapped(chronicle: Chronicle, content: bytes) -> None:
    """Other bytes under the receipt's name, as somebody with the disk in his hands could write them."""
    store = chronicle.wiring.use(Store)  # type: ignore[type-abstract]
    assert isinstance(store, LocalStore)
    path = store.path(hashlib.sha256(RECEIPT).hexdigest())
    os.chmod(path, 0o600)
    path.write_bytes(content)
