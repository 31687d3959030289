"""Commands: the first union from the terminal or a file, and what only the owner of the server does to accounts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, cast

import click
from flask.cli import AppGroup, with_appcontext

from app.foundation import edge, strict_json
from app.foundation.clock import Clock
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.errors import AppError, Invalid
from app.foundation.money import parse_yuan
from app.people import accounts, queries, setting_up
from app.people.errors import AlreadySetUp
from app.people.offices import OfficeBook
from app.people.passwords import Passwords, one_time_password
from app.people.schemas import SetupSchema, load, plan_of
from app.people.setting_up import Plan
from app.trail.keys import SigningKey
from config import Settings

people_cli = AppGroup("people", help="账号 Accounts, by the owner of the server.")


@click.command("setup", help="建立第一个工会 Found the first union of an empty installation.")
@click.option("--from", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A JSON file.")
@click.option("--link", is_flag=True, help="Only print the address of the first-run page.")
@click.option("--name", help="工会全称 Full name of the union.")
@click.option("--place", help="所在地 Place.")
@click.option("--limit", help="超过多少元需两名经审委员 Two auditors above so many yuan; empty: one is always enough.")
@click.option(
    "--chair-approves/--no-chair-approves", default=None, help="付款前主席审批 The chair approves every claim too."
)
@click.option(
    "--person", "people", multiple=True, help="姓名:用户名:职务,职务 e.g. 李静:lijing:treasurer; may be repeated."
)
@with_appcontext
def setup_cli(
    *,
    source: Path | None,
    link: bool,
    name: str | None,
    place: str | None,
    limit: str | None,
    chair_approves: bool | None,
    people: tuple[str, ...],
) -> None:
    """Found a union from a file, from options, or by asking; then print the one-time passwords."""
    wiring = edge.wiring()
    if link:
        click.echo(_link(wiring))
        return
    with wiring.use(Database).read() as session:
        if queries.any_union(session):
            _stop(AlreadySetUp())
    try:
        raw = _from_file(source) if source else _asked(wiring, name, place, limit, chair_approves, people)
        plan = plan_of(load(SetupSchema, raw))
        _found(wiring, plan)
    except AppError as error:
        _stop(error)
    click.echo(f"已建立 Founded: {plan.union.name} /public/{plan.union.slug}")
    for one in plan.people:
        secret = f"  一次性密码 one-time password: {one.password}" if one.temporary else ""
        click.echo(f"  {one.username}  {one.name}  {', '.join(one.offices)}{secret}")


@people_cli.command("list")
@with_appcontext
def list_accounts() -> None:
    """Print the user names of every union."""
    wiring = edge.wiring()
    with wiring.use(Database).read() as session:
        for union, username, name, is_disabled in queries.every_account(session):
            click.echo(f"{union}  {username}  {name}{'  停用 shut' if is_disabled else ''}")


@people_cli.command("reset-password")
@click.argument("username")
@with_appcontext
def reset_password(username: str) -> None:
    """Give USERNAME a one-time password and print it; every session and token of the account ends."""
    wiring = edge.wiring()
    password = one_time_password()
    hashed = wiring.use(Passwords).hash(password)
    now = _now(wiring)
    try:
        wiring.use(Database).transact(lambda session: accounts.reset_password(session, username, hashed, now))
    except AppError as error:
        _stop(error)
    click.echo(f"{username}  一次性密码 one-time password: {password}")


def _found(wiring: Wiring, plan: Plan) -> None:
    book, host, now = wiring.use(OfficeBook), wiring.use(Settings).host, _now(wiring)
    setting_up.check(plan, book)
    hashes = setting_up.hashes(plan, wiring.use(Passwords))
    wiring.use(Database).transact(lambda session: setting_up.set_up(session, book, plan, hashes, host, now))


def _from_file(source: Path) -> dict[str, Any]:
    raw = strict_json.loads(source.read_bytes())
    if not isinstance(raw, dict):
        raise click.ClickException(f"{source}: 应为 JSON 对象 / expected a JSON object")
    return raw


def _asked(
    wiring: Wiring,
    name: str | None,
    place: str | None,
    limit: str | None,
    chair_approves: bool | None,  # noqa: FBT001 - the option's own three answers: yes, no, not said
    people: tuple[str, ...],
) -> dict[str, Any]:
    """What the options say; what they leave open is asked, unless people were given and so nobody sits there."""
    asks = not people
    if asks:
        name = name or click.prompt("工会全称 Full name of the union")
        place = place or click.prompt("所在地 Place")
        limit = limit or click.prompt(
            "超过多少元需两名经审委员（可空）Two auditors above how many yuan (may be empty)",
            default="",
            show_default=False,
        )
        if chair_approves is None:
            chair_approves = click.confirm(
                "付款前还要主席审批每一笔支出？The chair approves every claim too?", default=False
            )
        people = _asked_people(wiring.use(OfficeBook))
    try:
        fen = parse_yuan(limit) if limit else None
    except ValueError as error:
        raise click.ClickException(f"--limit {limit!r}: 应写作 5000 / write 5000") from error
    return {
        "union_name": name or "",
        "place": place or "",
        "two_auditors_above_fen": fen,
        "chair_approves": bool(chair_approves),
        "people": [_person(one) for one in people],
    }


def _asked_people(book: OfficeBook) -> tuple[str, ...]:
    click.echo("职务 Offices: " + ", ".join(f"{name} {book.title(name).zh}" for name in book.appointed()))
    rows: list[str] = []
    while True:
        row = click.prompt(
            "姓名:用户名:职务,职务（空行结束）name:username:offices (empty to end)", default="", show_default=False
        )
        if not row:
            return tuple(rows)
        rows.append(row)


def _person(row: str) -> dict[str, Any]:
    parts = [part.strip() for part in row.replace("：", ":").replace("，", ",").split(":")]
    if len(parts) != 3:
        raise click.ClickException(f"{row!r}: 应写作 姓名:用户名:职务,职务 / write name:username:office,office")
    offices = [office.strip() for office in parts[2].split(",") if office.strip()]
    return {"name": parts[0], "username": parts[1], "offices": offices}


def _link(wiring: Wiring) -> str:
    signer = wiring.use(SigningKey)
    token = setting_up.link_token(signer.sign(setting_up.LINK_MESSAGE))
    return f"https://{wiring.use(Settings).host}/setup?token={token}"


def _now(wiring: Wiring) -> datetime:
    return cast("Clock", wiring.use(cast("type[Any]", Clock)))()


def _stop(error: AppError) -> NoReturn:
    """End with the error in both languages, every fault on a line of its own."""
    lines = [f"{error.text.zh} {error.text.en}"]
    if isinstance(error, Invalid):
        lines += [f"  {path}: {text.zh} {text.en}" for path, texts in error.faults.items() for text in texts]
    raise click.ClickException("\n".join(lines))


COMMANDS = (setup_cli, people_cli)
