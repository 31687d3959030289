"""The demo, loaded into an empty installation and removed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.files import Files
from app.cases.models import Case, StoredFile
from app.cases.ports import Registry
from app.cases.service import Cases
from app.demo import people, story
from app.demo.stage import CURTAIN, Stage, play
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.errors import Conflict
from app.foundation.filetypes import sniff
from app.foundation.migrating import check_current, downgrade, upgrade
from app.foundation.storage import LocalStore, Store
from app.fund.invoices import child
from app.fund.invoices.wordings import ATTACHMENT_ONLY
from app.notices.delivering import Worker
from app.people import accounts, queries
from app.people.models import INSTALLATION, Union
from app.people.offices import OfficeBook
from app.people.passwords import Passwords
from app.trail.keys import SigningKey
from config import Settings


class DemoInProduction(Conflict):
    """正式使用的系统不能装入演示数据。请另设一套环境：GONGKAI_ENVIRONMENT=development。

    The demo is not for production. Use another installation, with GONGKAI_ENVIRONMENT=development.
    """

    code = "demo_in_production"


class DemoNeedsEmpty(Conflict):
    """数据库里已经有工会（{unions}），演示数据只能装入空库。请换一个数据库，或先清除：flask --app wsgi demo clear

    The database already holds {unions}; the demo is loaded into an empty one. Use another database, or remove the demo
    first: flask --app wsgi demo clear
    """

    code = "demo_needs_empty"


class NotOnlyDemo(Conflict):
    """数据库里还有别的工会（{unions}），不能清除。

    The database holds other unions ({unions}) and is left alone.
    """

    code = "not_only_demo"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded."""

    unions: int
    cases: int
    files: int


def load(wiring: Wiring, password: str, now: datetime) -> Loaded:
    """Tell the whole story, up to its last day or ``now``, in one transaction: it is all there, or nothing is.

    Raises:
        DemoInProduction, DemoNeedsEmpty, DatabaseBehind.
    """
    settings, database = wiring.use(Settings), wiring.use(Database)
    refuse_production(settings)
    check_current(database)
    with database.read() as session:
        _refuse_unions(session)
    password_hash = wiring.use(Passwords).hash(password)

    def work(session: Session) -> Loaded:
        _refuse_unions(session)
        cast = people.founded(session, wiring.use(OfficeBook), settings.host, password_hash)
        stage = Stage(session, wiring.use(Cases), _files(wiring), cast, wiring.use(Worker), people.FOUNDED)
        signer = wiring.use(SigningKey)
        play(stage, story.strands(stage, signer), min(now, CURTAIN))
        return _counted(session, cast)

    return database.transact(work)


def is_empty(database: Database) -> bool:
    """Whether no union has been set up."""
    with database.read() as session:
        return not queries.any_union(session)


def holds_demo(database: Database) -> bool:
    """Whether the demo, and nothing else, is there."""
    with database.read() as session:
        slugs = {slug for slug, _ in _unions(session)}
    return bool(slugs) and slugs <= people.SLUGS


def change_password(wiring: Wiring, password: str, now: datetime) -> None:
    """Give everyone of the demo this password."""
    password_hash = wiring.use(Passwords).hash(password)

    def work(session: Session) -> None:
        for username in people.USERNAMES:
            accounts.reset_password(session, username, password_hash, now, temporary=False)

    wiring.use(Database).transact(work)


def clear(wiring: Wiring) -> int:
    """Remove the demo with its files and leave an empty database; return how many files went.

    Raises:
        DemoInProduction, DatabaseBehind.
        NotOnlyDemo: a union is there that the demo did not bring.
    """
    settings, database = wiring.use(Settings), wiring.use(Database)
    refuse_production(settings)
    check_current(database)
    with database.read() as session:
        others = [name for slug, name in _unions(session) if slug not in people.SLUGS]
        if others:
            raise NotOnlyDemo(unions="、".join(others))
        kept = set(session.scalars(sa.select(StoredFile.sha256).where(StoredFile.union_id.in_(sa.select(Union.id)))))
    url = settings.owner_database_url or settings.database_url
    downgrade(url, to="base")
    upgrade(url)
    store: Store = wiring.use(Store)  # type: ignore[type-abstract]
    if isinstance(store, LocalStore):
        for sha256 in kept:
            store.path(sha256).unlink(missing_ok=True)
    return len(kept)


def refuse_production(settings: Settings) -> None:
    """Invented people have no place among real ones.

    Raises:
        DemoInProduction: when real money is at stake.
    """
    if settings.is_production:
        raise DemoInProduction


def _unions(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(sa.select(Union.slug, Union.name).where(Union.id != INSTALLATION).order_by(Union.created_at))
    return [(row.slug, row.name) for row in rows]


def _refuse_unions(session: Session) -> None:
    found = _unions(session)
    if found:
        raise DemoNeedsEmpty(unions="、".join(name for _, name in found))


def _files(wiring: Wiring) -> Files:
    """How files come in, with the parsers in this process: our own papers need no fence, and a child each takes minutes."""
    store: Store = wiring.use(Store)  # type: ignore[type-abstract]
    return Files(store, Registry(file_readers={"invoice": _read_here}))


def _read_here(content: bytes, name: str) -> Mapping[str, Any] | None:
    reading = child.read_as(content, sniff(content, name))
    return None if reading.reject == ATTACHMENT_ONLY else reading.as_dict()


def _counted(session: Session, cast: people.Cast) -> Loaded:
    def count(table: type[Case | StoredFile]) -> int:
        return session.scalar(sa.select(sa.func.count()).select_from(table).where(table.union_id == cast.union_id)) or 0

    return Loaded(unions=len(people.SLUGS), cases=count(Case), files=count(StoredFile))
