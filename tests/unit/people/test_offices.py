"""Offices that exclude each other do so whichever was taken first, and a wrong file stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.problems import DefinitionError
from app.people.offices import Office, OfficeBook, OfficesUnusable
from app.wording import Text
from tests.fixtures.unions import BOOK

AUDIT = ("auditor", "audit_chair")
BARRED_FROM_AUDIT = ("chair", "vice_chair", "standing_member", "treasurer", "accountant", "cashier", "maintainer")
EXCLUSIVE = [
    *((audit, other) for audit in AUDIT for other in BARRED_FROM_AUDIT),
    ("treasurer", "cashier"),
    ("accountant", "cashier"),
    ("maintainer", "treasurer"),
    ("maintainer", "cashier"),
]


@pytest.mark.parametrize(("one", "other"), EXCLUSIVE)
def test_who_audits_approves_pays_or_maintains_does_not_do_the_other(one: str, other: str) -> None:
    assert BOOK.clash({one}, other) == [one]
    assert BOOK.clash({other}, one) == [other]


def test_no_other_pair_of_shipped_offices_is_refused() -> None:
    assert {frozenset(pair) for pair in EXCLUSIVE} == BOOK.pairs


def test_only_bookkeepers_and_the_maintainer_may_be_lent() -> None:
    assert {name for name in BOOK.appointed() if not BOOK.members_only(name)} == {"accountant", "cashier", "maintainer"}


def test_being_a_member_is_not_an_appointment() -> None:
    assert "member" in BOOK.titles()
    assert "member" not in BOOK.appointed()


def test_a_bar_named_by_one_side_binds_the_other() -> None:
    book = OfficeBook(
        [
            Office("a", Text("甲", "A"), frozenset({"b"}), members_only=True),
            Office("b", Text("乙", "B"), frozenset(), members_only=True),
        ]
    )
    assert book.clash({"b"}, "a") == ["b"]
    assert book.clash({"a"}, "b") == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "offices: {}",
        "offices: {chair: {title: {zh: 主席}}}",
        "offices: {chair: {title: {zh: 主席, en: Chair}, barred: [nobody]}}",
        "offices: {chair: {title: {zh: 主席, en: Chair}, barred: [chair]}}",
        "offices: {chair: {title: {zh: 主席, en: Chair}, member_only: true}}",
        "offices: {chair: {title: {zh: 主席, en: Chair}, barred: auditor}}",
    ],
)
def test_a_wrong_file_of_offices_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "offices.yaml"
    file.write_text(text)
    with pytest.raises(OfficesUnusable, match=r"offices\.yaml"):
        OfficeBook.load(file)


def test_an_office_listed_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "offices.yaml"
    file.write_text("offices:\n  chair: {title: {zh: 主席, en: Chair}}\n  chair: {title: {zh: 主席, en: Chair}}\n")
    with pytest.raises(DefinitionError):
        OfficeBook.load(file)
