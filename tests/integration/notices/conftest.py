"""A service with its own mail server and receiver, and a worker whose clock the test sets."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.foundation.edge import EXTENSION
from app.notices.delivering import Worker
from app.notices.models import Delivery, Incident, Notice, Outbox
from tests.fixtures.receivers import Listener, PostOffice, mail_server, webhook_receiver
from tests.fixtures.sites import Site, site_on

LATER = timedelta(seconds=11)
"""Past the hold."""


@dataclass
class Post:
    """The service, and what leaves it."""

    site: Site
    office: PostOffice
    listener: Listener

    @property
    def worker(self) -> Worker:
        """The worker of ``flask work``."""
        return self.site.app.extensions[EXTENSION].use(Worker)  # type: ignore[no-any-return]

    @property
    def union_id(self) -> uuid.UUID:
        """The union."""
        return self.site.town.union_id

    def wait(self, **time: float) -> datetime:
        """Let the clock run."""
        self.site.hands.now += timedelta(**time)
        return self.site.hands.now

    def work(self, pause: timedelta = LATER) -> int:
        """Let so much time pass, then work until nothing is left to do."""
        self.site.hands.now += pause
        done = total = self.worker.round(self.site.hands.now)
        while done:
            done = self.worker.round(self.site.hands.now)
            total += done
        return total

    def mail(self, who: str, **choices: str) -> None:
        """Let that person enter his address."""
        answer = self.site[who].patch("/me/notices", {"email": f"{who}@mail.example", **choices})
        assert answer.status_code == 200, answer.get_json()

    def hook(self) -> str:
        """Let the chair connect the receiver; the secret."""
        url = f"http://127.0.0.1:{self.listener.port}/in"
        answer = self.site["chair"].send("PUT", "/union/webhook", json={"url": url})
        assert answer.status_code == 200, answer.get_json()
        return str(answer.get_json()["secret"])

    def notices(self, who: str) -> list[str]:
        """What that person is told, in Chinese, oldest first."""
        found = self.site[who].get("/notices").get_json()["notices"]
        return [one["message"]["zh-CN"] for one in reversed(found)]

    def letters_to(self, who: str) -> list[str]:
        """The subjects of the letters that person was sent."""
        return [str(one["Subject"]) for one in self.office.letters if str(one["To"]) == f"{who}@mail.example"]

    def rows(self, table: type[Outbox | Notice | Delivery | Incident]) -> list[Any]:
        """Every row of the union."""
        with self.site.database.read() as session:
            return list(session.scalars(sa.select(table).where(table.union_id == self.union_id)))


Open = Callable[[str], Post]


@pytest.fixture
def open_post(tmp_path: Path) -> Iterator[Open]:
    """Makes the service on a database."""
    opened: list[Site] = []
    with mail_server() as office, webhook_receiver() as listener:

        def make(url: str) -> Post:
            site = site_on(
                url,
                tmp_path,
                GONGKAI_SMTP_HOST="127.0.0.1",
                GONGKAI_SMTP_PORT=str(office.port),
                GONGKAI_SMTP_SECURITY="none",
                GONGKAI_MAIL_FROM="gongkai@union.example",
                GONGKAI_PUBLIC_ADDRESS="https://union.example",
                GONGKAI_WEBHOOK_HOSTS=f"127.0.0.1:{listener.port}",
                GONGKAI_WEBHOOK_PRIVATE_NETWORKS="127.0.0.0/8",
            )
            opened.append(site)
            site.budgeted(a501102=1_000_000)
            made = Post(site, office, listener)
            made.work()  # what the budget had to say
            return made

        yield make
    for site in opened:
        site.database.close()


@pytest.fixture
def post(open_post: Open, database_url: str) -> Post:
    """On SQLite and on PostgreSQL."""
    return open_post(database_url)


@pytest.fixture
def sqlite_post(open_post: Open, sqlite_database_url: str) -> Post:
    """On SQLite alone."""
    return open_post(sqlite_database_url)
