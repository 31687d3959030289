"""Commands of the demo: load it, remove it, and ``demo serve``, which is what ``make run`` calls on a fresh clone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, cast

import click
from flask.cli import AppGroup

from app import operating
from app.demo import loading
from app.demo.people import UPPER_CHAIR, USERNAMES, members
from app.foundation.clock import Clock
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.errors import AppError
from app.foundation.migrating import upgrade
from app.people.passwords import one_time_password
from config import Settings

_KEPT_AS = "demo-password"
_STOP_SECONDS = 10

demo_cli = AppGroup("demo", help="演示工会 the demo union: invented people, papers and a year of work.")


@demo_cli.command("load")
def demo_load() -> None:
    """把演示数据装入空库 / load the demo into an empty database."""
    wiring = operating.wired()
    _refuse_production(wiring)
    _prepare(wiring)
    _load(wiring)
    _print_people(wiring)


@demo_cli.command("clear")
@click.confirmation_option(
    prompt="清除演示数据？数据库里的内容会全部删掉 / Remove the demo and everything recorded in it?"
)
def demo_clear() -> None:
    """清除演示数据，留下空库 / remove the demo and leave an empty database."""
    wiring = operating.wired()
    try:
        files = loading.clear(wiring)
    except AppError as error:
        _stop(error)
    _password_file(wiring).unlink(missing_ok=True)
    click.echo(f"已清除演示数据和 {files} 个文件 / the demo and {files} files are gone.")


@demo_cli.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, envvar="PORT")
def demo_serve(host: str, port: int) -> None:
    """准备数据库，装入演示数据，启动服务 / prepare the database, load the demo when it is empty, and serve."""
    wiring = operating.wired()
    _refuse_production(wiring)
    operating.refuse_busy_port(host, port)
    _prepare(wiring)
    if loading.is_empty(wiring.use(Database)):
        _load(wiring)
    elif loading.holds_demo(wiring.use(Database)):
        _follow_setting(wiring)
    click.echo(f"\n  http://{host}:{port}/\n")
    if loading.holds_demo(wiring.use(Database)):
        _print_people(wiring)
    # Server and worker open the database themselves; nothing of it is carried over into their processes.
    wiring.use(Database).close()
    with _worker():
        operating.start_server(host, port, workers=1)


def _refuse_production(wiring: Wiring) -> None:
    try:
        loading.refuse_production(wiring.use(Settings))
    except AppError as error:
        _stop(error)


def _prepare(wiring: Wiring) -> None:
    settings = wiring.use(Settings)
    operating.prepare_folders(settings)
    upgrade(settings.owner_database_url or settings.database_url)


def _load(wiring: Wiring) -> None:
    click.echo("正在装入演示数据，约十几秒 / loading the demo, some ten seconds …")
    password = wiring.use(Settings).demo_password or one_time_password()
    try:
        loaded = loading.load(wiring, password, _now(wiring))
    except AppError as error:
        _stop(error)
    _keep(_password_file(wiring), password)
    click.echo(f"已装入 loaded: {loaded.cases} 个事项 cases, {loaded.files} 个文件 files")


def _follow_setting(wiring: Wiring) -> None:
    """DEMO_PASSWORD also changes the password of a demo that is there already."""
    file, given = _password_file(wiring), wiring.use(Settings).demo_password
    if given and given != _kept(file):
        loading.change_password(wiring, given, _now(wiring))
        _keep(file, given)


def _print_people(wiring: Wiring) -> None:
    names = {one.username: one.name for one in members()} | {"upper": f"{UPPER_CHAIR}（上级工会）"}
    for username in USERNAMES:
        click.echo(f"  {username:<11} {names.get(username, '')}")
    file = _password_file(wiring)
    lost = f"密码文件不在了 / the password's file is gone: {file}。用 DEMO_PASSWORD 另设 / set a new one with DEMO_PASSWORD"
    click.echo(f"\n  密码 password: {_kept(file) or lost}\n")


def _kept(file: Path) -> str | None:
    return file.read_text(encoding="utf-8").strip() if file.exists() else None


def _now(wiring: Wiring) -> datetime:
    return cast("Clock", wiring.use(cast("type[Any]", Clock)))()


def _password_file(wiring: Wiring) -> Path:
    """Next to the database; where that is a server, next to the files."""
    settings, database = wiring.use(Settings), wiring.use(Database)
    if database.is_sqlite:
        place = Path(str(database.url.database))
        return place.with_name(f"{place.name}.{_KEPT_AS}")
    return settings.files.parent / f"{database.url.database}.{_KEPT_AS}"


def _keep(file: Path, password: str) -> None:
    """Write the password so that only its owner reads it."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(f"{password}\n")


@contextlib.contextmanager
def _worker() -> Iterator[None]:
    """The outbox's worker, in a process beside the server that ends with it."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "work"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own interpreter and command
    try:
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        if process.poll() is None:
            process.kill()


def _stop(error: AppError) -> NoReturn:
    raise click.ClickException(f"{error.text.zh} {error.text.en}")


COMMANDS = (demo_cli,)
