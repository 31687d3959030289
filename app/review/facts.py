"""Facts of the review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.cases.ports import CaseView
from app.engine.decision import Finding, Ground, Severity
from app.foundation.clock import union_day
from app.wording import Text


def period_is_over(
    session: Session, case: CaseView, parameters: Mapping[str, Any], now: datetime, *, lock: bool
) -> Iterator[Finding]:
    """The last day of the period is past, and the period does not end before it begins."""
    first, last = case.data.get("period_from"), case.data.get("period_to")
    if not first or not last:
        return  # said by cases.complete
    if date.fromisoformat(last) < date.fromisoformat(first):
        text = Text("审查期间的止日早于起日。", "The period ends before it begins.")
        yield Finding("period_reversed", Severity.BLOCK, text, Ground.INVALID, {"field": "period_to"})
    elif union_day(now) <= date.fromisoformat(last):
        text = Text(
            f"审查期间到 {last} 为止，过后才能提交。",
            f"The period runs until {last}; submit the review after it has ended.",
        )
        yield Finding("period_not_over", Severity.BLOCK, text, Ground.CONFLICT, {"field": "period_to"})
