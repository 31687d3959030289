"""Making the review known: its fact, its effects, and what its reports are compared with."""

from __future__ import annotations

from app.cases.ports import Registry
from app.foundation.edge import Wiring
from app.review import effects, facts, reconciling


def register(wiring: Wiring) -> None:
    """Fill the registry."""
    registry = wiring.use(Registry)
    registry.fact("review.period_is_over", facts.period_is_over)
    registry.effect("review.freeze_scope", effects.freeze_scope)
    registry.effect("review.write_report", effects.write_report)
    registry.reconcilers["review.reports"] = reconciling.reports
