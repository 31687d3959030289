"""The demo's commands, as somebody at a terminal meets them."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.demo import DemoDatabase
from tests.fixtures.servers import ROOT


def flask(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def password_file(demo: DemoDatabase) -> Path:
    return demo.path.with_name(f"{demo.path.name}.demo-password")


def settings_of(directory: Path) -> dict[str, str]:
    return {
        "GONGKAI_ENVIRONMENT": "test",
        "GONGKAI_ARGON2_COST": "low",
        "GONGKAI_DATABASE_URL": f"sqlite:///{directory / 'gongkai.sqlite3'}",
        "GONGKAI_FILES": str(directory / "files"),
        "GONGKAI_SIGNING_KEY": str(directory / "trail.key"),
    }


def test_load_prints_who_signs_in_and_keeps_the_password_for_its_owner_alone(tmp_path: Path) -> None:
    done = flask(settings_of(tmp_path) | {"DEMO_PASSWORD": "three herons at dawn"}, "load")
    assert done.returncode == 0, done.stderr
    assert "three herons at dawn" in done.stdout
    assert "auditor1" in done.stdout
    kept = tmp_path / "gongkai.sqlite3.demo-password"
    assert kept.read_text(encoding="utf-8") == "three herons at dawn\n"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_load_refuses_a_database_that_is_not_empty(demo_database: DemoDatabase, tmp_path: Path) -> None:
    copy = demo_database.copied_to(tmp_path)
    done = flask(copy.environment, "load")
    assert done.returncode != 0
    assert "只能装入空库" in done.stderr
    assert "Traceback" not in done.stderr
    assert not password_file(copy).exists()


def test_clear_asks_first_and_then_removes_the_password_too(demo_database: DemoDatabase, tmp_path: Path) -> None:
    copy = demo_database.copied_to(tmp_path)
    password_file(copy).write_text("seven willows\n", encoding="utf-8")
    assert flask(copy.environment, "clear").returncode != 0
    assert password_file(copy).exists()
    done = flask(copy.environment, "clear", "--yes")
    assert done.returncode == 0, done.stderr
    assert not password_file(copy).exists()
    with sqlite3.connect(copy.path) as connection:
        assert connection.execute('SELECT count(*) FROM "union"').fetchone() == (0,)


def test_serve_names_the_busy_port_before_it_touches_anything(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = flask(settings_of(tmp_path), "serve", "--port", str(port))
    assert done.returncode != 0
    assert f"端口 {port} 已被占用" in done.stderr
    assert not (tmp_path / "gongkai.sqlite3").exists()


@pytest.mark.parametrize("command", [("load",), ("clear", "--yes"), ("serve", "--port", "1")])
def test_no_command_of_the_demo_runs_in_production(tmp_path: Path, command: tuple[str, ...]) -> None:
    from app.trail.keys import create_key_file

    create_key_file(tmp_path / "trail.key")
    production = {
        "GONGKAI_ENVIRONMENT": "production",
        "GONGKAI_ARGON2_COST": "normal",
        "GONGKAI_HOST": "union.example.cn",
    }
    done = flask(settings_of(tmp_path) | production, *command)
    assert done.returncode != 0
    assert "不能装入演示数据" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "gongkai.sqlite3").exists()
