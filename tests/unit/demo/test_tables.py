"""The story's tables: what a reader of the demo may rely on before anything is loaded."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from app.demo import papers, people, year
from app.demo.days import LAST_DAY, at, fen, is_workday, last_workday, rows, workdays_after
from app.people.offices import OfficeBook
from app.wiring import WORKFLOWS


def test_everyone_who_signs_in_stands_in_the_table_once() -> None:
    named = Counter(one.username for one in people.members() if one.username)
    assert set(named) == set(people.USERNAMES) - {"upper"}
    assert set(named.values()) == {1}


def test_forty_members_are_in_five_groups() -> None:
    groups = Counter(one.group for one in people.members() if one.group)
    assert len(groups) == 5
    assert sum(groups.values()) == 40


def test_nobody_holds_offices_that_exclude_each_other() -> None:
    book = OfficeBook.load(WORKFLOWS / "offices.yaml")
    for one in people.members():
        for office in one.offices:
            assert book.clash(set(one.offices) - {office}, office) == []


def test_every_item_of_the_plan_is_numbered_and_tasks_point_to_real_ones() -> None:
    items = dict(year.plan_items())
    assert len(items) == 20
    assert all(len(quote) > 15 for quote in items.values())
    assert {task.item for task in year.tasks()} <= items.keys()


def test_claims_stay_within_the_money_of_their_task() -> None:
    budgets = {task.key: task.budget_fen for task in year.tasks()}
    asked: Counter[str] = Counter()
    for claim in papers.claims():
        if claim.task and claim.fate not in {"rejected", "voided", "withdrawn"}:
            asked[claim.task] += claim.amount_fen
    assert {key: amount for key, amount in asked.items() if amount > budgets[key]} == {}


def test_vouchers_come_in_every_form_and_some_claims_have_no_invoice() -> None:
    claims = papers.claims()
    forms = Counter(claim.entries[0].voucher for claim in claims)
    assert 0.40 < forms["xml"] / len(claims) < 0.50
    assert 0.30 < forms["pdf"] / len(claims) < 0.40
    assert (forms["list"] + forms["photo"]) / len(claims) > 0.18


def test_a_paper_is_the_same_bytes_every_time() -> None:
    for claim in papers.claims()[:12]:
        assert papers.paper_of(claim, 0).content == papers.paper_of(claim, 0).content


def test_claims_that_share_an_invoice_use_it_up_and_no_more() -> None:
    shares = [entry.amount_fen for claim in papers.claims() for entry in claim.entries if entry.voucher == "shared"]
    assert len(shares) == 2
    assert sum(shares) == papers.SHARED_TOTAL_FEN


def test_birthday_lists_name_everyone_born_in_that_month() -> None:
    lists = [claim for claim in papers.claims() if "生日蛋糕" in claim.purpose]
    bought = [int(claim.entries[0].what.removeprefix("生日蛋糕").removesuffix("份")) for claim in lists]
    born = Counter(int(one.birthday[:2]) for one in people.members() if one.birthday)
    assert bought == [born[month] for month in range(1, 13)]
    assert all(papers.handing_out_list(claim) for claim in lists)


def test_the_budget_covers_what_is_claimed_in_every_category() -> None:
    allocated = {row["科目"]: fen(row["年度预算"]) for row in rows("budget")}
    asked: Counter[str] = Counter()
    for claim in papers.claims():
        if claim.fate not in {"rejected", "voided", "withdrawn", "draft"}:
            asked[claim.account] += claim.amount_fen
    assert {account for account, amount in asked.items() if amount > allocated[account]} == set()


@pytest.mark.parametrize(("text", "amount"), [("386", 38_600), ("96.42", 9_642), ("16580.5", 1_658_050)])
def test_amounts_of_the_tables_are_read_exactly(text: str, amount: int) -> None:
    assert fen(text) == amount


def test_working_days_leave_out_weekends_and_holidays() -> None:
    assert not is_workday(date(2026, 10, 1))
    assert not is_workday(date(2026, 11, 21))
    assert workdays_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert workdays_after(date(2026, 11, 16), -1) == date(2026, 11, 13)
    assert last_workday(2026, 1) == date(2026, 1, 30)
    assert last_workday(2026, 12) == date(2026, 12, 31)
    assert at(LAST_DAY, 18).isoformat() == "2026-11-20T10:00:00+00:00"
