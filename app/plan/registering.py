"""Making the plan known: its facts, effects and reconcilers."""

from __future__ import annotations

from app.cases.ports import Registry
from app.foundation.edge import Wiring
from app.plan import effects, facts, reconciling


def register(wiring: Wiring) -> None:
    """Fill the registry."""
    registry = wiring.use(Registry)
    registry.fact("plan.task_approved", facts.task_approved)
    registry.fact("plan.open_claims", facts.open_claims)
    registry.effect("plan.write_task", effects.write_task)
    registry.repeatable.add("plan.write_task")
    registry.effect("plan.adopt", effects.adopt)
    registry.facts_of_many["plan.open_claims"] = facts.open_claims_of
    registry.effects_of_many["plan.write_task"] = effects.write_tasks
    registry.reconcilers |= {"plan.tasks": reconciling.tasks, "plan.items": reconciling.items}
