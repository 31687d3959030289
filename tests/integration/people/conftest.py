"""A founded union on SQLite, with every statement watched for ``union_id``; a signing door with the usual rules."""

from __future__ import annotations

import pytest

from app.foundation.db import Database, require_union_id
from app.people.identity import Cookie, Identity
from app.people.sign_in import Rules, SignIns
from tests.fixtures.unions import PASSWORDS, Town, found


@pytest.fixture
def watched(sqlite_database: Database) -> Database:
    require_union_id(sqlite_database.writer)
    require_union_id(sqlite_database.reader)
    return sqlite_database


@pytest.fixture
def town(watched: Database) -> Town:
    return found(watched)


@pytest.fixture
def door() -> SignIns:
    return SignIns(PASSWORDS, Rules())


@pytest.fixture
def identity() -> Identity:
    return Identity(Cookie(is_production=False), Rules())
