"""The contents that a case went through, put together again from its records and from what is still kept beside them."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.changes import Change, Erased, changes_between
from app.cases.models import Decision
from app.engine.definition import Definition
from app.trail.models import TrailEntry, TrailValue
from app.trail.service import COMMENT


def changes_of(
    session: Session, definition: Definition, union_id: uuid.UUID, decisions: Sequence[Decision]
) -> dict[int, list[Change]]:
    """By event, what it changed against the content before it; two statements, and none where nothing ever changed."""
    rows = [row for before, row in zip((None, *decisions), decisions, strict=False) if _differs(before, row)]
    if len(rows) < 2:
        return {}
    contents = _contents(session, union_id, rows)
    found: dict[int, list[Change]] = {}
    for before, row in itertools.pairwise(rows):
        if before.trail_seq in contents and row.trail_seq in contents:
            found[row.event] = changes_between(definition, contents[before.trail_seq], contents[row.trail_seq])
    return found


def _differs(before: Decision | None, row: Decision) -> bool:
    return before is None or before.data_hash != row.data_hash


def _contents(session: Session, union_id: uuid.UUID, rows: Sequence[Decision]) -> dict[int, dict[str, Any]]:
    """The form by record of the trail; what was erased is there as ``Erased``."""
    seqs = [row.trail_seq for row in rows]
    entries = session.execute(
        sa.select(TrailEntry.seq, TrailEntry.body)
        .where(TrailEntry.union_id == union_id, TrailEntry.seq.in_(seqs))
        .order_by(TrailEntry.seq)
    ).all()
    kept = {
        (row.seq, row.path): row.value
        for row in session.execute(
            sa.select(TrailValue.seq, TrailValue.path, TrailValue.value).where(
                TrailValue.union_id == union_id, TrailValue.seq.in_(seqs), TrailValue.path != COMMENT
            )
        )
    }
    found: dict[int, dict[str, Any]] = {}
    opened: dict[str, Any] = {}
    for seq, body in entries:
        record = json.loads(body)
        if "data" not in record:
            continue
        whole: dict[str, Any] = record["data"]
        for path, commitment in record["sealed"].items():
            if path == COMMENT:
                continue
            value = kept.get((seq, path))
            if value is None:  # it was kept with an earlier record, or is erased
                value = opened.get(commitment, Erased(commitment))
            opened[commitment] = value
            _put(whole, path, value)
        found[seq] = whole
    return found


def _put(whole: dict[str, Any], path: str, value: Any) -> None:
    """Back to where it stood: ``payee``, or ``lines.0.summary``."""
    name, _, rest = path.partition(".")
    if not rest:
        whole[name] = value
        return
    number, _, column = rest.partition(".")
    whole[name][int(number)][column] = value


def persons_in(changes: Mapping[int, list[Change]]) -> set[uuid.UUID]:
    """Everyone who stood in a person field before or after."""
    return {
        uuid.UUID(value)
        for found in changes.values()
        for change in found
        for field in (change.column or change.field,)
        for value in (change.before, change.after)
        if field.type == "person" and isinstance(value, str)
    }
