"""What is filled in on the form is written into the text, and nothing else of it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.engine.loading import load_catalogue
from app.revising.editing import approvals_of, document_for, free_name, revised
from tests.fixtures.unions import BOOK

CLAIM = load_catalogue(Path(__file__).resolve().parents[3] / "workflows", BOOK.titles())["expense_claim"]


def approve(**filled: str) -> list[dict[str, Any]]:
    """The approvals of the claim after the step was filled in like that."""
    form = {f"actions.approve.{name.replace('__', '.')}": [value] for name, value in filled.items()}
    made = revised(document_for(CLAIM), {**form, "actions.approve.title.zh": ["同意"]})
    return list(made["actions"]["approve"].get("approvals", []))


LIMIT = {"setting": "two_auditor_limit_fen"}


@pytest.mark.parametrize(
    ("filled", "lines"),
    [
        ({"need": "1"}, []),
        ({"need": "2"}, [{"need": 2}]),
        ({"need": "all"}, [{"need": "all"}]),
        (
            {"need": "1", "limit": "5,000", "above": "2"},
            [
                {"need": 1, "when": {"amount_fen": {"at_most": 500_000}}},
                {"need": 2, "when": {"amount_fen": {"above": 500_000}}, "or_all_members": True},
            ],
        ),
        (
            {"need": "2", "union_limit": "1", "above": "3"},
            [
                {"need": 2, "when": {"amount_fen": {"at_most": LIMIT}}},
                {"need": 3, "when": {"amount_fen": {"above": LIMIT}}, "or_all_members": True},
            ],
        ),
        (
            {"need": "1", "limit": "viel", "above": "2"},
            [
                {"need": 1, "when": {"amount_fen": {"at_most": "viel"}}},
                {"need": 2, "when": {"amount_fen": {"above": "viel"}}, "or_all_members": True},
            ],
        ),
    ],
)
def test_how_many_must_agree_is_written_as_lines(filled: dict[str, str], lines: list[dict[str, Any]]) -> None:
    assert approve(**filled) == lines


def test_what_the_form_does_not_show_stays() -> None:
    before = document_for(CLAIM)
    made = revised(before, {"actions.approve.title.zh": ["准"], "actions.approve.title.en": ["Yes"]})
    assert made["actions"]["approve"]["take_back"] == before["actions"]["approve"]["take_back"]
    assert {**made, "actions": 0} == {**before, "actions": 0}
    assert before == document_for(CLAIM)


def test_parties_and_shares_are_left_to_the_text() -> None:
    document = document_for(CLAIM)
    action = document["actions"]["approve"]
    for lines in (
        [{"need": "2/3", "party": "x", "of": ["chair"]}],
        [{"need": 1, "when": {"account": {"is": "1"}}}, {"need": 2}],
    ):
        action["approvals"] = lines
        assert not approvals_of(document, action).is_plain


def test_a_deadline_is_set_and_taken_away() -> None:
    at = "states.submitted.deadline"
    made = revised(document_for(CLAIM), {f"{at}.working_days": ["3"], f"{at}.remind_before": ["1"]})
    deadline = made["states"]["submitted"]["deadline"]
    assert (deadline["working_days"], deadline["remind_before"]) == (3, 1)
    again = revised(made, {f"{at}.working_days": [""], f"{at}.remind_before": [""]})
    assert "deadline" not in again["states"]["submitted"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("People there", "people_there"),
        ("参加人数", "extra"),
        ("", "extra"),
        ("9 lives", "extra"),
        ("Purpose", "purpose_2"),
    ],
)
def test_a_new_field_is_named_after_its_title_and_never_like_another(title: str, name: str) -> None:
    assert free_name(title, document_for(CLAIM)["fields"]) == name
