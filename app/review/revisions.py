"""Whether the workflows in force came there by two people: proposals, what is in force and the trail say the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import ADOPTED
from app.cases.models import DefinitionInForce
from app.foundation.clock import stamp
from app.review.telling import Revision
from app.revising.models import REJECTED, WAITING, DefinitionProposal
from app.trail.verifying import Problem
from app.wording import Text

PROPOSED, TURNED_DOWN = "workflow.proposed", "workflow.rejected"


def revisions_hold(session: Session, union_id: uuid.UUID, told: Sequence[Revision]) -> Iterator[Problem]:
    """Every difference between what the tables say of versions and what the trail says."""
    yield from _two_people(told)
    yield from _in_force(session, union_id, told)
    yield from _proposals(session, union_id, told)


def _two_people(told: Sequence[Revision]) -> Iterator[Problem]:
    """A version that a person put in force was proposed before, by somebody else."""
    proposed: dict[str, Revision] = {}
    for one in told:
        if one.event == PROPOSED:
            proposed[str(one.extra.get("proposal"))] = one
        elif one.event == ADOPTED and one.person is not None:
            before = proposed.get(str(one.extra.get("proposal")))
            if before is None or before.person == one.person or not _same(before.extra, one.extra):
                name = str(one.extra.get("workflow"))
                text = Text(
                    f"流程“{name}”在第 {one.seq} 条启用，而此前没有别人提出过这个版本。",
                    f"The workflow “{name}” was put in force at entry {one.seq} without another person proposing it.",
                )
                yield Problem("definition_adopted_alone", text, one.seq, name)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("workflow", "definition"))


def _in_force(session: Session, union_id: uuid.UUID, told: Sequence[Revision]) -> Iterator[Problem]:
    """What is in force is what was adopted last, and every adoption has its row."""
    rows: dict[str, list[str]] = {}
    statement = sa.select(DefinitionInForce).where(DefinitionInForce.union_id == union_id)
    for row in session.scalars(statement.order_by(DefinitionInForce.name, DefinitionInForce.since)):
        rows.setdefault(row.name, []).append(row.hash)
    adopted: dict[str, list[str]] = {}
    for one in told:
        if one.event == ADOPTED:
            adopted.setdefault(str(one.extra.get("workflow")), []).append(str(one.extra.get("definition")))
    for name in sorted(rows.keys() | adopted.keys()):
        found, expected = rows.get(name, []), adopted.get(name, [])
        if found != expected and set(found) <= set(expected):  # a version never adopted is named by itself
            text = Text(
                f"流程“{name}”先后启用的版本与留痕不符。",
                f"The versions of the workflow “{name}” that came into force are not those of the trail.",
            )
            yield Problem("definition_versions_differ", text, subject=name)


def _proposals(session: Session, union_id: uuid.UUID, told: Sequence[Revision]) -> Iterator[Problem]:
    """Each proposal's row says what its records say."""
    ends = {ADOPTED: "adopted", TURNED_DOWN: REJECTED}
    expected: dict[str, tuple[object, ...]] = {}
    for one in told:
        key = str(one.extra.get("proposal"))
        if one.event == PROPOSED:
            extra = one.extra
            about: tuple[object, ...] = (
                extra.get("workflow"),
                extra.get("definition"),
                extra.get("base"),
                extra.get("states") or {},
            )
            expected[key] = (*about, one.person, one.at, WAITING, None, None)
        elif key in expected and one.event in ends:
            expected[key] = (*expected[key][:6], ends[one.event], one.person, one.at)
    rows = session.scalars(sa.select(DefinitionProposal).where(DefinitionProposal.union_id == union_id))
    for row in sorted(rows, key=lambda one: str(one.id)):
        if _of_row(row) != expected.pop(str(row.id), None):
            text = Text(
                f"流程“{row.name}”的提案与留痕不符。", f"A proposal for “{row.name}” is not what the trail says."
            )
            yield Problem("proposal_differs", text, subject=row.name)
    for lost in expected.values():
        text = Text(f"流程“{lost[0]}”的一个提案不见了。", f"A proposal for “{lost[0]}” is gone.")
        yield Problem("proposal_missing", text, subject=str(lost[0]))


def _of_row(row: DefinitionProposal) -> tuple[object, ...]:
    decided = (
        None if row.decided_by is None else str(row.decided_by),
        None if row.decided_at is None else stamp(row.decided_at),
    )
    about = (row.name, row.hash, row.base_hash, dict(row.states or {}))
    return (*about, str(row.proposed_by), stamp(row.proposed_at), row.status, *decided)
