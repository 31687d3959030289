"""The command that replays last year on a workflow file; it stands with the others about workflow files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from app.engine.what_if import Kind
from app.foundation import edge
from app.foundation.clock import Clock
from app.foundation.db import Database
from app.people.models import INSTALLATION, Union
from app.people.queries import union_by_slug
from app.revising.service import Draft, Revising
from app.revising.what_if import what_if

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TITLES = {
    Kind.BLOCK: "走不下去 would be blocked",
    Kind.CONFLICT: "多出回避 someone would be barred",
    Kind.ROUTE: "走法不同 would go another way",
}


@click.command("what-if")
@click.argument("file", type=_FILE)
@click.option("--union", "slug", help="哪个工会的事项 / whose cases (short name).")
@with_appcontext
def what_if_file(file: Path, slug: str | None) -> None:
    """用这个文件重走去年的事项，只看不改 / replay last year's cases on a workflow FILE; changes nothing."""
    wiring = edge.wiring()
    now: datetime = cast("Clock", wiring.use(cast("type[Any]", Clock)))()
    with wiring.use(Database).read() as session:
        union = _union(session, slug)
        draft = _looked_at(session, file, union)
        assert draft.definition is not None  # noqa: S101 - _looked_at stops otherwise
        found = what_if(session, wiring.use(Revising).definitions, union.id, draft.definition, now)
        click.echo(
            f"看了 {found.looked_at} 件，{len(found.met)} 件不同 / {found.looked_at} cases, {len(found.met)} differ"
        )
        for kind in Kind:
            click.echo(f"  {_TITLES[kind]}: {found.count(kind)}")
        for one in found.met:
            click.echo(f"{one.case.number or one.case.id}")
            for difference in one.differences:
                click.echo(f"    {difference.text.zh} {difference.text.en}")


def _looked_at(session: Session, file: Path, union: Union) -> Draft:
    """What the file says.

    Raises:
        ClickException: with every problem.
    """
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeError as error:
        raise click.ClickException(f"{file}: {error}") from error
    draft = edge.wiring().use(Revising).looked_at(session, union.id, text)
    if draft.problems or draft.definition is None:
        raise click.ClickException("\n".join(f"{file.name} {one}" for one in draft.problems))
    return draft


def _union(session: Session, slug: str | None) -> Union:
    """The union that is meant: by its short name, or the only one."""
    if slug is not None:
        union = union_by_slug(session, slug)
        if union is None:
            raise click.ClickException(f"没有这个工会 / no such union: {slug}")
        return union
    unions = session.scalars(sa.select(Union).where(Union.id != INSTALLATION).order_by(Union.id).limit(2)).all()
    if len(unions) != 1:
        raise click.UsageError("请用 --union 指明工会 / say which union by --union")
    return unions[0]
