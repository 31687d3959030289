"""Commands of the trail: prove it, sign its head, show it, make its key."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.ports import Registry
from app.foundation import edge
from app.foundation.clock import utc_now
from app.foundation.db import Database
from app.foundation.errors import AppError
from app.foundation.storage import Store
from app.people.models import INSTALLATION, Union
from app.people.queries import union_by_slug
from app.review import heads
from app.review.verification import Verifier
from app.trail.keys import SigningKey, create_key_file
from app.trail.models import TrailHead
from app.trail.note import TrustedKey
from app.trail.queries import latest_head
from app.trail.verifying import Problem, Witnessed, verify_log

trail_cli = AppGroup("trail", help="留痕：核对、签链头、公钥 / the trail: prove it, sign its head, its key.")


@trail_cli.command("verify")
@click.option("--union", "slug", help="只核对这个工会 / this union only (its short name).")
@click.option(
    "--head", "witnessed", multiple=True, help="您手里的链头：size@root，或链头文件 / a head you hold, or a file."
)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / as JSON.")
def verify(slug: str | None, witnessed: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """核对全部记录：链、签名、逐件重放、各表、附件 / links, signatures, every case replayed, rows, files."""
    wiring = edge.wiring()
    key = wiring.use(SigningKey)
    verifier = Verifier(wiring.use(Definitions), wiring.use(Registry), wiring.use(Store))  # type: ignore[type-abstract]
    held = [Witnessed(_text_of(one)) for one in witnessed]
    total = 0
    with wiring.use(Database).read() as session:
        unions = _unions(session, slug)
        if held and sum(union.id != INSTALLATION for union in unions) > 1:
            raise click.UsageError(
                "链头是某一个工会的，请用 --union 指明 / a head is one union's: say which by --union"
            )
        for union in unions:
            head = session.get(TrailHead, union.id)
            keys = [] if head is None else [TrustedKey(key.named(head.origin).verifier, 0, None)]
            size, name = 0 if head is None else head.size, union.name
            problems = (
                verify_log(session, union.id, keys)
                if union.id == INSTALLATION
                else verifier.verify(session, union.id, keys, held)
            )
            total += _tell(name, size, problems, as_json=as_json)
    sys.exit(1 if total else 0)


def _unions(session: Session, slug: str | None) -> list[Union]:
    if slug is None:
        return list(session.scalars(sa.select(Union).order_by(Union.id)))
    union = union_by_slug(session, slug)
    if union is None:
        raise click.ClickException(f"没有这个工会 / no such union: {slug}")
    return [union]


def _text_of(given: str) -> str:
    """A head given on the command line, or the file it stands in."""
    path = Path(given)
    is_file = len(given) < 400 and "\n" not in given and path.is_file()
    return path.read_text(encoding="utf-8") if is_file else given


def _tell(name: str, size: int, problems: Iterable[Problem], *, as_json: bool) -> int:
    """Say each problem as it is found, or all at once as JSON; how many there were."""
    if as_json:
        told = [
            {"code": one.code, "seq": one.seq, "subject": one.subject, "zh-CN": one.text.zh, "en": one.text.en}
            for one in problems
        ]
        click.echo(json.dumps({"union": name, "size": size, "problems": told}, ensure_ascii=False))
        return len(told)
    count = 0
    for count, one in enumerate(problems, start=1):  # noqa: B007 - the last number is the count
        click.echo(f"[{one.code}] {one.text.zh} {one.text.en}", err=True)
    if count:
        click.echo(f"{name}：{count} 个问题 / problems; {size} 条记录 / records", err=True)
    else:
        click.echo(f"{name}：记录完整，{size} 条全部核对一致 / whole: all {size} records hold")
    return count


@trail_cli.command("checkpoint")
def checkpoint() -> None:
    """给每个工会的留痕签一次链头；没有新记录也签 / sign every union's head, also when nothing is new."""
    wiring = edge.wiring()
    key = wiring.use(SigningKey)
    notes = wiring.use(Database).transact(lambda session: heads.sign_all(session, key, utc_now()))
    click.echo(f"已签 / signed: {len(notes)}")


@trail_cli.command("head")
@click.option("--union", "slug", help="工会短名 / the union's short name.")
def head(slug: str | None) -> None:
    """显示最新链头和公钥 / the latest signed head, and the public key to check it with."""
    wiring = edge.wiring()
    key = wiring.use(SigningKey)
    with wiring.use(Database).read() as session:
        for union in _unions(session, slug):
            origin = session.get_one(TrailHead, union.id).origin
            latest = latest_head(session, union.id)
            click.echo(f"{union.name}\n  公钥 / key   {key.named(origin).verifier.vkey()}")
            click.echo(f"  链头 / head  {f'{latest.size}@{latest.root_hash}' if latest else '—'}")


@trail_cli.command("keygen")
@click.argument("path", type=click.Path(path_type=Path))
def keygen(path: Path) -> None:
    """生成签名密钥文件，只有本人可读 / make the signing key, readable by its owner alone."""
    try:
        create_key_file(path)
    except AppError as error:
        raise click.ClickException(f"{error.text.zh} {error.text.en}") from error
    click.echo(f"已生成 / made: {path}。请另行备份，不要和数据库放在一起 / back it up apart from the database.")


COMMANDS = (trail_cli,)
