"""The first-run page's form: rows with gaps, several offices, amounts, and rows taken away."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from app.people.forms import read_setup, without_row

FORM = MultiDict(
    [
        ("union_name", "溪口镇工会"),
        ("place", "示例省"),
        ("people.0.name", "林晚"),
        ("people.0.username", "linwan"),
        ("people.0.password", " keeps its blanks "),
        ("people.0.offices", "chair"),
        ("people.0.offices", "organiser"),
        ("people.3.name", ""),
        ("people.3.username", ""),
        ("people.7.name", "苏禾"),
        ("people.x.name", "no row"),
        ("people.1.2.3", "no row"),
        ("two_auditors_above_fen", "5,000"),
        ("chair_approves", "1"),
    ]
)


def test_rows_are_read_in_order_and_empty_ones_are_dropped() -> None:
    people = read_setup(FORM).data["people"]
    assert [(row["name"], row["offices"]) for row in people] == [("林晚", ["chair", "organiser"]), ("苏禾", [])]
    assert people[0]["password"] == " keeps its blanks "


def test_the_limit_is_typed_in_yuan_and_an_empty_one_is_none() -> None:
    assert read_setup(FORM).data["two_auditors_above_fen"] == 500000
    assert read_setup(MultiDict()).data["two_auditors_above_fen"] is None


def test_a_limit_that_is_no_amount_is_a_fault_of_its_field() -> None:
    typed = read_setup(MultiDict([("two_auditors_above_fen", "5e3")]))
    assert list(typed.faults) == ["two_auditors_above_fen"]
    assert "two_auditors_above_fen" not in typed.data


def test_a_removed_row_is_gone_and_the_others_stay() -> None:
    people = read_setup(without_row(FORM, "people.0")).data["people"]
    assert [row["name"] for row in people] == ["苏禾"]
    assert len(read_setup(without_row(FORM, None)).data["people"]) == 2
