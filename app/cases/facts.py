"""Facts that hold for any workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.course import that_stand
from app.cases.definitions import Definitions
from app.cases.models import Case, Decision
from app.cases.ports import CaseView, Fact, Registry
from app.cases.values import missing
from app.engine.decision import Finding, Ground, Severity
from app.engine.definition import Phase
from app.wording import Text


def register(registry: Registry, definitions: Definitions) -> None:
    """Put this package's facts into the registry."""
    registry.fact("cases.complete", _complete_by(definitions))
    registry.fact("cases.nobody_decided", nobody_decided)
    registry.fact("cases.names_published", names_published, field=str)


def _complete_by(definitions: Definitions) -> Fact:
    def complete(
        session: Session, case: CaseView, parameters: Mapping[str, Any], now: datetime, *, lock: bool
    ) -> Iterator[Finding]:
        """Every required field is filled in."""
        hash_ = session.scalar(
            sa.select(Case.definition_hash).where(Case.union_id == case.union_id, Case.id == case.id)
        )
        gaps = list(missing(definitions.by_hash(session, hash_ or ""), case.data))
        for path, title in gaps:
            text = Text(f"请填写“{title.zh}”。", f"Fill in “{title.en}”.")
            yield Finding("field_missing", Severity.BLOCK, text, Ground.INVALID, {"field": path})
        if not gaps:
            yield Finding("complete", Severity.OK, Text("填写完整", "Everything is filled in"))

    return complete


def nobody_decided(
    session: Session, case: CaseView, parameters: Mapping[str, Any], now: datetime, *, lock: bool
) -> Iterator[Finding]:
    """Nobody has decided since it was submitted, so the submitter may still take it back."""
    rows = session.execute(
        sa.select(Decision.action, Decision.round, Decision.source)
        .where(Decision.union_id == case.union_id, Decision.case_id == case.id)
        .order_by(Decision.event)
    )
    decided = any(row.round == case.round and row.source == case.state for row in that_stand(rows))
    if decided:
        yield Finding(
            "already_in_decision",
            Severity.BLOCK,
            Text(
                "已有人审批，不能撤回；可请审批人退回。",
                "Someone has already decided; ask to have it sent back instead.",
            ),
        )


def names_published(
    session: Session, case: CaseView, parameters: Mapping[str, Any], now: datetime, *, lock: bool
) -> Iterator[Finding]:
    """The number in that field is of something this union has published: only that can be corrected (更正)."""
    name = str(parameters["field"])
    number = str(case.data.get(name) or "")
    if not number:
        return  # that it is missing is said by ``cases.complete``
    named = sa.select(Case.id).where(
        Case.union_id == case.union_id, Case.number == number, Case.phase == Phase.PUBLISHED.value
    )
    if session.scalar(named) is None:
        text = Text(
            "没有公布过这个编号的事项。还没公布的，请退回修改，不用更正。",
            "Nothing was published under this number. What is not published yet is sent back and changed, not corrected.",
        )
        yield Finding("not_published", Severity.BLOCK, text, Ground.INVALID, {"field": name})
