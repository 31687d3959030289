"""Effects of the review: the scope is frozen on submission, and the figures are noted on publication."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from app.cases.ports import EffectCall
from app.review import queries
from app.review.models import Review


def freeze_scope(call: EffectCall) -> None:
    """Note the last record of the trail: what comes later is not in this review."""
    call.fill("scope_size", queries.head_size(call.session, call.case.union_id))


def write_report(call: EffectCall) -> None:
    """Note what the published report says, so that it can be told from any later one."""
    data = call.case.data
    first, last = date.fromisoformat(data["period_from"]), date.fromisoformat(data["period_to"])
    found = queries.figures(call.session, call.case.union_id, first, last, data["scope_size"])
    digest = queries.figures_hash(found)
    call.session.execute(
        sa.insert(Review).values(
            union_id=call.case.union_id,
            case_id=call.case.id,
            period_from=first,
            period_to=last,
            scope_size=data["scope_size"],
            income_fen=found.income_fen,
            spending_fen=found.spending_fen,
            figures_hash=digest,
        )
    )
    call.figures["figures_hash"] = digest
    call.figures["income_fen"] = found.income_fen
    call.figures["spending_fen"] = found.spending_fen
