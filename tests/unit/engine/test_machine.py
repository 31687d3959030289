"""The one flat machine per definition: no way but those drawn, and nothing kept of what it moves."""

from __future__ import annotations

import pytest
from transitions import Machine

from app.engine import machine
from app.engine.machine import ArrowMissing, fire
from tests.unit.engine.workbench import sound

VALUES = {"setting.chair_approves": False, "amount_fen": 1}


def test_a_met_quorum_moves_and_an_unmet_one_stays() -> None:
    definition = sound()
    assert fire(definition, "submitted", "approve", VALUES, quorum_met=True) == "audited"
    assert fire(definition, "submitted", "approve", VALUES, quorum_met=False) == "submitted"


@pytest.mark.parametrize("name", ["to_published", "published", "__init__", "trigger", "may_approve", "is_draft"])
def test_what_the_library_would_add_by_itself_does_not_exist(name: str) -> None:
    with pytest.raises(ArrowMissing):
        fire(sound(), "draft", name, VALUES, quorum_met=True)


def test_an_arrow_that_is_not_drawn_or_a_branch_that_does_not_hold_is_an_error_not_a_no() -> None:
    definition = sound()
    with pytest.raises(ArrowMissing):
        fire(definition, "draft", "approve", VALUES, quorum_met=True)
    with pytest.raises(ArrowMissing):
        fire(definition, "submitted", "approve", {}, quorum_met=True)


def test_the_machine_is_built_once_per_definition_and_keeps_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[dict[str, object]] = []

    class Watched(Machine):
        def __init__(self, **options: object) -> None:
            built.append(options)
            super().__init__(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(machine, "Machine", Watched)
    definition = sound()
    for _ in range(3):
        fire(definition, "draft", "submit", {}, quorum_met=True)
    assert len(built) == 1
    assert (built[0]["auto_transitions"], built[0]["queued"], built[0]["model"]) == (False, False, None)
    assert machine._compiled(definition).models == []
