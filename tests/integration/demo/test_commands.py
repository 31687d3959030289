"""The demo's commands, as somebody at a terminal meets them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from app.demo import loading
from app.demo.stage import CURTAIN
from app.factory import create_app
from app.foundation.db import Database
from app.foundation.edge import EXTENSION
from app.people.errors import SignInRefused
from app.people.sign_in import SignIns
from app.trail.keys import create_key_file
from app.wiring import wire
from config import Settings
from tests.fixtures.demo import LOADED_AT, DemoDatabase
from tests.fixtures.servers import ROOT, LiveServer, free_port, wait_until_it_answers

EARLY = CURTAIN - timedelta(days=310)
"""A clock at which little of the story has happened, so that loading is quick."""

Run = Callable[..., Result]


@pytest.fixture
def run() -> Iterator[Run]:
    """Run ``flask demo …`` with these settings."""
    with contextlib.ExitStack() as stack:

        def one(environment: dict[str, str], *arguments: str, now: datetime = EARLY) -> Result:
            app = create_app(Settings.from_env(environment), clock=lambda: now)
            stack.enter_context(contextlib.closing(app.extensions[EXTENSION].use(Database)))
            return app.test_cli_runner().invoke(args=["demo", *arguments])

        yield one


def password_file(environment: dict[str, str]) -> Path:
    return Path(environment["GONGKAI_DATABASE_URL"].removeprefix("sqlite:///") + ".demo-password")


def in_folder(directory: Path) -> dict[str, str]:
    empty = DemoDatabase(directory / "gongkai.sqlite3", directory / "files", directory / "trail.key")
    return dict(empty.environment)


def may_sign_in(demo: DemoDatabase, password: str) -> bool:
    wired = wire(Settings.from_env(demo.environment))
    with contextlib.closing(wired.use(Database)) as database:
        try:
            wired.use(SignIns).sign_in(database, "auditor2", password, "192.0.2.1", LOADED_AT)
        except SignInRefused:
            return False
        return True


def test_load_prints_who_signs_in_and_keeps_the_password_for_its_owner_alone(tmp_path: Path, run: Run) -> None:
    environment = in_folder(tmp_path)
    done = run(environment | {"DEMO_PASSWORD": "three herons at dawn"}, "load")
    assert done.exit_code == 0, done.output
    assert "three herons at dawn" in done.output
    assert "auditor1" in done.output
    kept = password_file(environment)
    assert kept.read_text(encoding="utf-8") == "three herons at dawn\n"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_password_nobody_chose_is_random(tmp_path: Path, run: Run) -> None:
    passwords = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        environment = in_folder(tmp_path / name)
        assert run(environment, "load").exit_code == 0
        passwords.add(password_file(environment).read_text(encoding="utf-8"))
    assert len(passwords) == 2
    assert all(len(password) > 12 for password in passwords)


def test_load_refuses_a_database_that_is_not_empty(demo_database: DemoDatabase, tmp_path: Path, run: Run) -> None:
    copy = demo_database.copied_to(tmp_path)
    done = run(copy.environment, "load")
    assert done.exit_code != 0
    assert "只能装入空库" in done.output
    assert not password_file(copy.environment).exists()


def test_clear_asks_first_and_then_removes_the_password_too(
    demo_database: DemoDatabase, tmp_path: Path, run: Run
) -> None:
    copy = demo_database.copied_to(tmp_path)
    kept = password_file(copy.environment)
    kept.write_text("seven willows\n", encoding="utf-8")
    assert run(copy.environment, "clear").exit_code != 0
    assert kept.exists()
    done = run(copy.environment, "clear", "--yes")
    assert done.exit_code == 0, done.output
    assert not kept.exists()
    with contextlib.closing(sqlite3.connect(copy.path)) as connection:
        assert connection.execute('SELECT count(*) FROM "union"').fetchone() == (0,)


def test_serve_names_the_busy_port_before_it_touches_anything(tmp_path: Path, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(in_folder(tmp_path), "serve", "--port", str(port))
    assert done.exit_code != 0
    assert f"端口 {port} 已被占用" in done.output
    assert not (tmp_path / "gongkai.sqlite3").exists()


@pytest.mark.parametrize("command", [("load",), ("clear", "--yes"), ("serve", "--port", "1")])
def test_no_command_of_the_demo_runs_in_production(tmp_path: Path, command: tuple[str, ...], run: Run) -> None:
    create_key_file(tmp_path / "trail.key")
    production = {
        "GONGKAI_ENVIRONMENT": "production",
        "GONGKAI_ARGON2_COST": "normal",
        "GONGKAI_HOST": "union.example.cn",
    }
    done = run(in_folder(tmp_path) | production, *command)
    assert done.exit_code != 0
    assert "不能装入演示数据" in done.output
    assert not (tmp_path / "gongkai.sqlite3").exists()


def test_serve_answers_with_a_new_password_and_takes_its_worker_along_when_it_ends(
    demo_database: DemoDatabase, tmp_path: Path
) -> None:
    copy, port, log = demo_database.copied_to(tmp_path), free_port(), tmp_path / "serve.log"
    environment = {**os.environ, **copy.environment, "DEMO_PASSWORD": "a kingfisher waits"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    outlived = False
    try:
        wait_until_it_answers(LiveServer(f"http://127.0.0.1:{port}", process, log))
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
            outlived = True
    assert not outlived
    said = log.read_text(encoding="utf-8")
    assert f"http://127.0.0.1:{port}/" in said
    assert "a kingfisher waits" in said
    assert may_sign_in(copy, "a kingfisher waits")
    assert not may_sign_in(copy, copy.password)


def test_the_new_password_of_a_demo_is_everyones(demo_database: DemoDatabase, tmp_path: Path) -> None:
    copy = demo_database.copied_to(tmp_path)
    wired = wire(Settings.from_env(copy.environment))
    with contextlib.closing(wired.use(Database)):
        loading.change_password(wired, "an otter at night", LOADED_AT)
    assert may_sign_in(copy, "an otter at night")
