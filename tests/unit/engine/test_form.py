"""The form as JSON Schema: a client that follows it fills in right, and what it forbids is forbidden."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.engine.definition import FieldType
from app.engine.form import json_schema
from tests.unit.engine.workbench import shipped, sound

FILE = "0197b0f0-0000-7000-8000-000000000001"

FILLED: dict[str, Any] = {
    "reason": "看望生病会员",
    "visited_on": "2026-05-06",
    "kind": "illness",
    "urgent": False,
    "heads": 1,
    "account": "503002",
    "lines": [{"what": "水果", "amount_fen": 12_000}],
    "visitor": FILE,
    "papers": [FILE],
    "task": FILE,
}


def valid(schema: dict[str, Any], data: object) -> bool:
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return bool(checker.is_valid(data))


@pytest.fixture
def draft() -> dict[str, Any]:
    return json_schema(sound())


def test_every_schema_is_one_of_its_draft() -> None:
    for definition in [sound(), *shipped().values()]:
        for at in ("draft", *(action.name for action in definition.actions)):
            Draft202012Validator.check_schema(json_schema(definition, at=at))


def test_a_filled_form_is_valid(draft: dict[str, Any]) -> None:
    assert valid(draft, FILLED)
    assert valid(draft, {**FILLED, "amount_fen": 12_000})


@pytest.mark.parametrize(
    "change",
    [
        {"reason": ""},
        {"reason": 5},
        {"reason": "长" * 201},
        {"visited_on": "2026-02-30"},
        {"visited_on": "6/5/2026"},
        {"kind": "funeral"},
        {"urgent": "no"},
        {"heads": 0},
        {"heads": 51},
        {"heads": 1.5},
        {"lines": []},
        {"lines": [{"what": "水果"}]},
        {"lines": [{"what": "水果", "amount_fen": -1}]},
        {"lines": [{"what": "水果", "amount_fen": 10**13}]},
        {"lines": [{"what": "水果", "amount_fen": 1, "more": 1}]},
        {"amount_fen": "12000"},
        {"papers": [5]},
        {"papers": ["photo.jpg"]},
        {"papers": [FILE, FILE]},
        {"task": "RW-2026-0001"},
        {"paid_on": "2026-05-06"},
        {"nonsense": 1},
    ],
)
def test_a_wrong_entry_is_not(draft: dict[str, Any], change: dict[str, object]) -> None:
    assert not valid(draft, {**FILLED, **change})


@pytest.mark.parametrize("name", ["reason", "visited_on", "kind", "lines", "account"])
def test_a_required_entry_is_missed(draft: dict[str, Any], name: str) -> None:
    assert not valid(draft, {key: value for key, value in FILLED.items() if key != name})


def test_what_the_server_works_out_is_marked_and_not_asked_for(draft: dict[str, Any]) -> None:
    assert draft["properties"]["amount_fen"]["readOnly"] is True
    assert draft["properties"]["amount_fen"]["x-sum-of"] == "lines.amount_fen"
    assert draft["properties"]["seen"]["x-filled-by"] == "desk.count"
    assert "amount_fen" not in draft["required"]
    assert "readOnly" not in draft["properties"]["reason"]


def test_an_action_asks_exactly_its_own_fields() -> None:
    pay = json_schema(shipped()["expense_claim"], at="pay")
    assert pay["required"] == ["paid_on", "bank_reference"]
    assert valid(pay, {"paid_on": "2026-05-06", "bank_reference": "77"})
    assert not valid(pay, {"paid_on": "2026-05-06", "bank_reference": ""})
    assert not valid(pay, {"paid_on": "2026-05-06", "bank_reference": "77", "purpose": "另一件"})
    report = json_schema(shipped()["task"], at="report")
    assert not valid(report, {"result": "办好了", "photos": []})
    assert json_schema(sound(), at="publish")["properties"] == {}
    with pytest.raises(KeyError):
        json_schema(sound(), at="to_paid")


def test_titles_hints_and_choices_are_in_both_languages() -> None:
    claim = json_schema(shipped()["expense_claim"])
    purpose = claim["properties"]["purpose"]
    assert (purpose["title"], purpose["x-title"]["en"]) == ("事由", "Purpose")
    assert purpose["x-hint"]["en"].startswith("What it was for")
    kind = json_schema(shipped()["budget"])["properties"]["kind"]
    assert kind["enum"] == ["interim", "annual"]
    assert kind["x-choices"]["annual"] == {"zh": "年度预算", "en": "Annual budget"}


def test_every_type_of_field_has_its_schema() -> None:
    used = {field.type for one in [sound(), *shipped().values()] for field in one.fields}
    used |= {column.type for one in shipped().values() for field in one.fields for column in field.columns}
    assert used == set(FieldType)
