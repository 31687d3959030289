"""What is measured of the engine alone is a whole life of a claim, and every shipped workflow passes its proofs there."""

from __future__ import annotations

from app.engine.loading import load_catalogue
from app.people.offices import OfficeBook
from app.wiring import WORKFLOWS
from bench import engine, report


def test_the_questions_asked_are_those_of_a_claim_from_draft_to_publication() -> None:
    shipped = load_catalogue(WORKFLOWS, OfficeBook.load(WORKFLOWS / "offices.yaml").titles())
    asked, moves = engine._lived(shipped["expense_claim"])
    assert [action for _, action, _, _ in asked] == [action for action, _ in engine.LIFE]
    assert [move.closes for move in moves] == [True, False, True, True, True]
    assert set(engine._proofs(shipped["income"], 1)) == {"load", "people", "pairs"}


def test_an_aim_that_is_missed_is_said() -> None:
    figures = engine.Figures(29_999, 100_000, {"task": {"load": 20.0, "people": 20.0, "pairs": 20.0}}, 1.0)
    met = {line.what: line.met for line in report.of_engine(figures)}
    assert met["decisions/s, one core, machine in the path"] is False
    assert met["moves/s replayed by the table"] is True
    assert met["proofs at load, slowest (task)"] is True
    assert met["all proofs, slowest (task)"] is False
