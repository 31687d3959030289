"""The service with a webhook host allowed, and a worker whose clock the test sets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.foundation.edge import EXTENSION
from app.notices.delivering import Worker
from tests.fixtures.sites import Site, site_on


@pytest.fixture
def told_site(sqlite_database_url: str, tmp_path: Path) -> Iterator[Site]:
    """On SQLite, with a budget whose notices are delivered and read."""
    made = site_on(
        sqlite_database_url,
        tmp_path,
        GONGKAI_WEBHOOK_HOSTS="hooks.example",
        GONGKAI_SMTP_HOST="smtp.example.test",
        GONGKAI_MAIL_FROM="gongkai@union.example",
        GONGKAI_PUBLIC_ADDRESS="https://union.example",
    )
    made.budgeted(a501102=1_000_000)
    deliver(made)
    for who in made.town.people:
        made[who].post("/notices/read")
    yield made
    made.database.close()


def deliver(site: Site) -> None:
    """Let the hold pass and the worker work."""
    site.hands.now += timedelta(seconds=11)
    site.app.extensions[EXTENSION].use(Worker).round(site.hands.now)
