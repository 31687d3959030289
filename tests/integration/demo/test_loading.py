"""Loading and removing the demo: the same each time, on both databases, never among real unions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case, CaseFile, StoredFile
from app.demo import loading, people
from app.demo.days import at
from app.demo.stage import CURTAIN
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.migrating import check_current
from app.foundation.storage import Store
from app.people import service
from app.people.models import Union
from app.wiring import wire
from config import Settings
from tests.fixtures.demo import LOADED_AT, PASSWORD, DemoDatabase

Wire = Callable[..., Wiring]

SPRING = at(date(2026, 3, 13), 12)
"""By then every kind of case but the review has been opened, and loading is still quick."""


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[Wire]:
    with contextlib.ExitStack() as stack:

        def one(url: str, **settings: object) -> Wiring:
            base = Settings(
                environment="test",
                argon2_cost="low",
                database_url=url,
                files=tmp_path / "files",
                signing_key=tmp_path / "trail.key",
            )
            made = wire(replace(base, **settings))  # type: ignore[arg-type]
            stack.enter_context(contextlib.closing(made.use(Database)))
            return made

        yield one


def of_the_demo(demo: DemoDatabase) -> Settings:
    return Settings.from_env(demo.environment)


def told(session: Session) -> list[tuple[object, ...]]:
    """What two tellings must have in common: every case with its figures, and every file it stands on."""
    cases = session.execute(
        sa.select(Case.number, Case.workflow, Case.state, Case.round, Case.title, Case.amount_fen, Case.updated_at)
        .where(Case.union_id.in_(sa.select(Union.id)))
        .order_by(Case.workflow, Case.opened_at, Case.title)
    ).all()
    files = session.execute(
        sa.select(Case.title, StoredFile.name, StoredFile.sha256, CaseFile.path)
        .join(CaseFile, (CaseFile.union_id == StoredFile.union_id) & (CaseFile.file_id == StoredFile.id))
        .join(Case, (Case.union_id == CaseFile.union_id) & (Case.id == CaseFile.case_id))
        .where(CaseFile.union_id.in_(sa.select(Union.id)))
    ).all()
    return [*map(tuple, cases), *sorted(map(tuple, files))]


@pytest.mark.prove
def test_the_whole_story_on_postgresql_is_the_one_on_sqlite(
    demo_database: DemoDatabase, postgresql_database_url: str, wired: Wire
) -> None:
    other = wired(postgresql_database_url)
    loading.load(other, PASSWORD, LOADED_AT)
    with other.use(Database).read() as session:
        on_postgresql = told(session)
    first = wired(demo_database.url, files=demo_database.files, signing_key=demo_database.key)
    with first.use(Database).read() as session:
        on_sqlite = told(session)
    assert len(on_sqlite) > 400
    assert on_sqlite == on_postgresql


def test_two_tellings_are_the_same_story_on_either_database(
    sqlite_database_url: str, postgresql_database_url: str, wired: Wire
) -> None:
    both = []
    for url in (sqlite_database_url, postgresql_database_url):
        wiring = wired(url)
        loading.load(wiring, PASSWORD, SPRING)
        with wiring.use(Database).read() as session:
            both.append(told(session))
    assert len(both[0]) > 80
    assert both[0] == both[1]


def test_a_story_loaded_before_its_end_stops_at_that_moment(sqlite_database_url: str, wired: Wire) -> None:
    wiring, now = wired(sqlite_database_url), CURTAIN - timedelta(days=300)
    loaded = loading.load(wiring, PASSWORD, now)
    assert 0 < loaded.cases < 40
    with wiring.use(Database).read() as session:
        newest = session.scalar(sa.select(sa.func.max(Case.updated_at)).where(Case.union_id.in_(sa.select(Union.id))))
    assert newest is not None
    assert newest <= now


def test_a_second_load_is_refused_and_changes_nothing(demo_database: DemoDatabase, wired: Wire) -> None:
    wiring = wired(demo_database.url, files=demo_database.files, signing_key=demo_database.key)
    before = demo_database.path.read_bytes()
    with pytest.raises(loading.DemoNeedsEmpty) as refused:
        loading.load(wiring, PASSWORD, LOADED_AT)
    assert people.UNION.name in refused.value.text.zh
    assert demo_database.path.read_bytes() == before


def test_production_is_refused(sqlite_database_url: str, wired: Wire, tmp_path: Path) -> None:
    from app.trail.keys import create_key_file

    create_key_file(tmp_path / "trail.key")
    wiring = wired(sqlite_database_url, environment="production", argon2_cost="normal", host="union.example.cn")
    for attempt in (lambda: loading.load(wiring, PASSWORD, LOADED_AT), lambda: loading.clear(wiring)):
        with pytest.raises(loading.DemoInProduction):
            attempt()
    assert loading.is_empty(wiring.use(Database))


def test_clearing_leaves_an_empty_database_without_the_demo_s_files(
    demo_database: DemoDatabase, wired: Wire, tmp_path: Path
) -> None:
    copy = demo_database.copied_to(tmp_path / "copy")
    wiring = wired(copy.url, files=copy.files, signing_key=copy.key)
    store: Store = wiring.use(Store)  # type: ignore[type-abstract]
    foreign = store.put(b"not the demo's")
    removed = loading.clear(wiring)
    assert removed > 250
    assert loading.is_empty(wiring.use(Database))
    assert [path.name for path in copy.files.rglob("*") if path.is_file()] == [foreign]
    assert loading.load(wiring, PASSWORD, CURTAIN - timedelta(days=310)).unions == 2


def test_postgresql_is_cleared_too(postgresql_database_url: str, wired: Wire) -> None:
    wiring = wired(postgresql_database_url)
    loading.load(wiring, PASSWORD, CURTAIN - timedelta(days=310))
    assert loading.clear(wiring) > 0
    assert loading.is_empty(wiring.use(Database))
    check_current(wiring.use(Database))


def test_a_database_with_another_union_is_not_cleared(demo_database: DemoDatabase, wired: Wire, tmp_path: Path) -> None:
    copy = demo_database.copied_to(tmp_path / "copy")
    wiring = wired(copy.url, files=copy.files, signing_key=copy.key)
    real = service.Founding(name="另一个工会", slug="another")
    wiring.use(Database).transact(lambda session: service.found_union(session, real, "test", LOADED_AT))
    with pytest.raises(loading.NotOnlyDemo) as refused:
        loading.clear(wiring)
    assert "另一个工会" in refused.value.text.zh
    assert not loading.is_empty(wiring.use(Database))
    assert not loading.holds_demo(wiring.use(Database))
