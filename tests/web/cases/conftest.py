"""One service for all tests of a file that leave each other alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.databases import sqlite_url
from tests.fixtures.sites import Site, site_on


@pytest.fixture(scope="module")
def shared_site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service on SQLite with 10,000 yuan for culture and sports; do not count on being the first in it."""
    place = tmp_path_factory.mktemp("site")
    made = site_on(sqlite_url(Path(shutil.copyfile(sqlite_template, place / "gongkai.sqlite3"))), place)
    made.budgeted(a501102=1_000_000)
    yield made
    made.database.close()
