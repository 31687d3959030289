"""Making the review known: its fact and its effects."""

from __future__ import annotations

from app.cases.ports import Registry
from app.foundation.edge import Wiring
from app.review import effects, facts


def register(wiring: Wiring) -> None:
    """Fill the registry."""
    registry = wiring.use(Registry)
    registry.fact("review.period_is_over", facts.period_is_over)
    registry.effect("review.freeze_scope", effects.freeze_scope)
    registry.effect("review.write_report", effects.write_report)
