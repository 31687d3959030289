"""Commands of whoever runs the service: database, server, worker, workflow files, health."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import sys
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy.engine import make_url

from app.cases import staffing
from app.cases.definitions import Definitions
from app.cases.describing import as_markdown
from app.cases.menu import Menu
from app.cases.ports import Registry
from app.cases.service import Cases
from app.cases.timing import Scanned, reschedule, scan_due
from app.engine import diagram, language
from app.engine.checks import check
from app.engine.definition import Definition
from app.engine.loading import load_definition
from app.engine.problems import DefinitionError
from app.foundation.clock import Clock, union_day, utc_now
from app.foundation.db import Database
from app.foundation.edge import EXTENSION, Wiring
from app.foundation.migrating import DatabaseBehind, check_current, downgrade, grant, upgrade
from app.foundation.ticking import Tick, prepare, run_until
from app.notices import queries as notices
from app.notices.delivering import Worker
from app.people.models import INSTALLATION, Union
from app.people.offices import OfficeBook
from app.revising.cli import what_if_file
from app.trail.models import APPEND_ONLY
from app.wiring import WORKFLOWS, vocabulary
from config import Settings

LATE = timedelta(minutes=10)
"""A notice that waits longer than this has no worker."""
EVERY_MINUTE = "0 * * * * *"
"""Deadlines are counted in days; a minute later is soon enough."""
EVERY_FEW_SECONDS = "*/5 * * * * *"
NEWEST_SQLITE_BUG = (3, 51, 3)
"""Below this, SQLite's WAL can be damaged by two connections that write and checkpoint together."""


def wired() -> Wiring:
    """The parts of the running application, for commands."""
    wiring: Wiring = current_app.extensions[EXTENSION]
    return wiring


database_cli = AppGroup("database", help="数据库升级和退回 / bring the database to a version.")


@database_cli.command("upgrade")
@click.option("--to", default="head", show_default=True)
def database_upgrade(to: str) -> None:
    """升级到程序需要的版本 / to the version the program needs."""
    settings = wired().use(Settings)
    prepare_folders(settings)
    upgrade(settings.owner_database_url or settings.database_url, to=to)
    click.echo("数据库已是所需版本 / the database is at the version needed.")


@database_cli.command("downgrade")
@click.option("--to", required=True)
def database_downgrade(to: str) -> None:
    """退回到较早版本 / back to an earlier version."""
    settings = wired().use(Settings)
    downgrade(settings.owner_database_url or settings.database_url, to=to)
    click.echo(f"已退回 / now at {to}.")


@database_cli.command("grant")
@click.argument("role")
def database_grant(role: str) -> None:
    """PostgreSQL：让程序的角色只能增加、不能改动留痕 / let the program's role add to the trail, never change it."""
    settings = wired().use(Settings)
    owner = settings.owner_database_url or settings.database_url
    grant(owner, role, APPEND_ONLY)
    prepare(make_url(owner), role)
    click.echo(f"已授权 / granted: {role}")


@database_cli.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
def database_backup(target: Path) -> None:
    """备份 SQLite 数据库，运行中也可以 / back up a SQLite database while it is in use."""
    database = wired().use(Database)
    if not database.is_sqlite:
        raise click.ClickException("PostgreSQL 请用 pg_dump 备份 / back up PostgreSQL with pg_dump.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise click.ClickException(f"{target} 已存在，请换一个文件名 / exists already; choose another name.")
    source = sqlite3.connect(f"file:{database.url.database}?mode=ro", uri=True)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    click.echo(
        f"已备份到 {target}；请同时备份文件夹 {wired().use(Settings).files} / backed up; also keep the files folder."
    )


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, envvar="PORT")
@click.option("--workers", default=1, show_default=True)
@with_appcontext
def serve(host: str, port: int, workers: int) -> None:
    """启动服务 / serve the pages and the API."""
    refuse_busy_port(host, port)
    check_current(wired().use(Database))
    start_server(host, port, workers)


def start_server(host: str, port: int, workers: int) -> None:
    """Run granian until it is stopped."""
    Granian(
        "wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=8,
        respawn_failed_workers=True,
        log_access=False,
        log_level=LogLevels.error,
        backlog=1024,
    ).serve()


def refuse_busy_port(host: str, port: int) -> None:
    """Say in one sentence that the port is taken, before anything else is started."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise click.ClickException(
                f"端口 {port} 已被占用。请停掉占用它的程序，或换一个：PORT={port + 1} / "
                f"port {port} is in use: stop what uses it, or choose another with PORT={port + 1}"
            ) from None


@click.command("work")
@click.option("--once", is_flag=True, help="只办一轮 / one round only")
@with_appcontext
def work(once: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """看期限，投递通知，直到停止 / look at deadlines, deliver what waits in the product, by e-mail and webhook, until stopped."""
    database, door, worker = wired().use(Database), wired().use(Cases), wired().use(Worker)
    clock = cast("Clock", wired().use(cast("type[Any]", Clock)))
    check_current(database)
    if once:
        done = look_at_deadlines(database, door, clock())
        delivered = worker.round(clock())
        click.echo(f"期限 / deadlines: {done.total}；已投递 / delivered: {delivered}")
        sys.exit(1 if done.failed else 0)
    ticks = (
        Tick("deadlines", EVERY_MINUTE, lambda: look_at_deadlines(database, door, clock())),
        Tick("notices", EVERY_FEW_SECONDS, lambda: worker.round(clock())),
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_until(stop, database.url, ticks, clock)


NO_WORKFLOWS = {"offices", "menu"}
"""Files of the shipped folder that hold something else."""


def unions_of(database: Database) -> Sequence[uuid.UUID]:
    """Every union of this installation."""
    with database.read() as session:
        return session.scalars(sa.select(Union.id).where(Union.id != INSTALLATION).order_by(Union.id)).all()


def look_at_deadlines(database: Database, door: Cases, now: datetime) -> Scanned:
    """One look at the deadlines of all unions."""
    done = Scanned()
    for union_id in unions_of(database):
        done += scan_due(database, door, union_id, now)
    return done


workflows_cli = AppGroup("workflows", help="流程文件：检查、画图 / workflow files: check and draw.")


@workflows_cli.command("check")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
def workflows_check(files: tuple[Path, ...]) -> None:
    """检查流程文件，逐条指出文件、行和改法；不写文件时，还看各工会的人手 / check files; without FILES also whether each union has the people."""
    offices, registry = wired().use(OfficeBook), wired().use(Registry)
    words, faults = vocabulary(registry, offices), 0
    chosen = files or tuple(sorted(path for path in WORKFLOWS.glob("*.yaml") if path.stem not in NO_WORKFLOWS))
    for path in chosen:
        try:
            problems = check(load_definition(path, offices.titles()), words)
        except DefinitionError as error:
            problems = list(error.problems)
        for problem in problems:
            click.echo(str(problem), err=True)
        click.echo(f"{path.name}: {'可用 / fine' if not problems else f'{len(problems)} 个问题 / problems'}")
        faults += len(problems)
    if not files:
        _say_staffing()
    sys.exit(1 if faults else 0)


def _say_staffing() -> None:
    """For each union, whether its people can carry the workflows; nothing where there is no database yet."""
    database, definitions = wired().use(Database), wired().use(Definitions)
    try:
        check_current(database)
    except (DatabaseBehind, sa.exc.OperationalError):
        return
    day = union_day(utc_now())
    with database.read() as session:
        for union in session.scalars(sa.select(Union).where(Union.id != INSTALLATION).order_by(Union.slug)):
            found = staffing.staffing_of(session, definitions, union.id, day)
            stopped = sum(not one.is_ok for one in found)
            word = f"{stopped} 个流程办不下去 / workflows cannot go on" if stopped else "可办 / fine"
            click.echo(f"{union.name}: {word}")
            for text in staffing.sentences(session, union.id, found):
                click.echo(f"  {text.zh}\n    {text.en}")


@workflows_cli.command("reschedule")
def workflows_reschedule() -> None:
    """放假安排变了，重算未到的期限（后台也会自己算）/ count deadlines again by a changed calendar; the worker does so too."""
    database, door = wired().use(Database), wired().use(Cases)
    check_current(database)
    moved = 0
    for union_id in unions_of(database):
        while found := database.transact(partial(reschedule, door=door, union_id=union_id)):
            moved += found
    click.echo(f"已重算 / counted again: {moved}")


workflows_cli.add_command(what_if_file)


@workflows_cli.command("diagram")
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["svg", "mermaid"]), default="svg", show_default=True)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def workflows_diagram(name: str, form: str, language: str) -> None:
    """画出一个流程 / draw one workflow."""
    definition: Definition | None = wired().use(Definitions).shipped.get(name)
    if definition is None:
        raise click.ClickException(f"没有这个流程 / no such workflow: {name}")
    draw = diagram.svg if form == "svg" else diagram.mermaid
    click.echo(draw(definition, language="en" if language == "en" else "zh"))


@workflows_cli.command("language")
def workflows_language() -> None:
    """列出流程文件的每一个键 / list every key of the language of workflow files."""
    click.echo(language.described())


@workflows_cli.command("describe")
def workflows_describe() -> None:
    """列出全部种类：状态、谁办、公布什么 / describe all kinds: states, who acts, what is published."""
    click.echo(as_markdown(wired().use(Menu), wired().use(Definitions).shipped), nl=False)


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """检查运行环境 / look at what this installation stands on."""
    settings, database = wired().use(Settings), wired().use(Database)
    findings: list[str] = []
    if database.is_sqlite and sqlite3.sqlite_version_info < NEWEST_SQLITE_BUG and settings.sqlite_journal == "wal":
        findings.append(
            f"SQLite {sqlite3.sqlite_version} 低于 3.51.3：多进程写入请设 GONGKAI_SQLITE_JOURNAL=truncate，或升级 / "
            "below 3.51.3: with several writing processes set GONGKAI_SQLITE_JOURNAL=truncate, or upgrade"
        )
    check_current(database)
    if settings.signing_key.exists() and settings.signing_key.stat().st_mode & 0o077:
        findings.append(
            f"密钥 {settings.signing_key} 他人可读，请 chmod 600 / the key is readable by others: chmod 600"
        )
    clock = wired().use(cast("type[Any]", Clock))
    findings += undelivered(database, clock())
    for finding in findings:
        click.echo(f"注意 / note: {finding}")
    click.echo("检查完毕 / done." if findings else "一切正常 / all is well.")


def undelivered(database: Database, now: datetime) -> list[str]:
    """What the deliveries' health calls for: incidents that nobody looked at, and a worker that is not running."""
    with database.read() as session:
        incidents = notices.count_open_incidents(session)
        overdue = notices.count_overdue(session, now - LATE)
    found = []
    if incidents:
        found.append(
            f"{incidents} 次投递失败待处理，请系统维护员在“设置›高级›通知投递”重试 / deliveries failed and wait for the "
            "maintainer under Settings, Advanced, Delivery of notices"
        )
    if overdue:
        found.append(
            f"{overdue} 条通知没有人投递，请运行 flask --app wsgi work / notices are late: run flask --app wsgi work"
        )
    return found


def prepare_folders(settings: Settings) -> None:
    """Make the folders that the settings name."""
    settings.files.mkdir(parents=True, exist_ok=True)
    if settings.database_url.startswith("sqlite:///"):
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


COMMANDS = (database_cli, serve, work, workflows_cli, doctor)
