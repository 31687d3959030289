"""A union with its books, on both databases."""

from __future__ import annotations

import pytest

from app.foundation.db import Database, require_union_id
from tests.fixtures.fund import Books, books


@pytest.fixture
def union(database: Database) -> Books:
    """A union with 1,000 yuan for culture and sports in 2026; every statement must name the union."""
    found = books(database)
    found.budgeted(a501102=100_000)
    require_union_id(database.writer)
    require_union_id(database.reader)
    return found
