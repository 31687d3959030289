"""What a review says in numbers: the period's money as the trail had it when the scope was frozen, and nothing later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.errors import ActionRefused
from app.cases.models import Case
from app.foundation.db import require_union_id
from app.fund.models import Claim
from app.review import queries
from app.review.models import Review
from app.review.queries import Category, Figures
from tests.fixtures.chronicles import Chronicle

JULY = datetime(2026, 7, 20, 2, tzinfo=UTC)
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)


def of_the_half_year(chronicle: Chronicle, scope_size: int | None = None) -> Figures:
    """The figures of the first half-year, of everything so far or of a frozen scope."""
    union_id = chronicle.books.town.union_id
    with chronicle.database.read() as session:
        size = queries.head_size(session, union_id) if scope_size is None else scope_size
        return queries.figures(session, union_id, FIRST, LAST, size)


def income(chronicle: Chronicle, fen: int) -> Case:
    """Money that came in during the half-year, confirmed by the treasurer."""
    raw = {
        "source": "上级回拨经费",
        "received_on": "2026-03-31",
        "account": "4030",
        "amount_fen": fen,
        "bank_reference": "0331-0007",
    }
    case = chronicle.books.opened("cashier", "income", raw)
    return chronicle.books.acted("treasurer", chronicle.books.acted("cashier", case, "submit"), "confirm")


def review(chronicle: Chronicle, **changes: Any) -> Case:
    """A review of the half-year, drafted in July."""
    raw = {
        "name": "2026年上半年经费审查",
        "period_from": FIRST.isoformat(),
        "period_to": LAST.isoformat(),
        "opinion": "账实相符，手续齐全。",
        **changes,
    }
    return chronicle.books.opened("auditor1", "fund_review", raw, JULY)


def published(chronicle: Chronicle) -> Case:
    """That review, signed by two and published."""
    acted = chronicle.books.acted
    case = acted("auditor1", review(chronicle), "submit", JULY)
    case = acted("auditor2", acted("auditor1", case, "sign", JULY), "sign", JULY)
    return acted("auditchair", case, "publish", JULY)


def test_the_sums_are_those_of_the_claims_paid_and_the_income_confirmed(chronicle: Chronicle) -> None:
    income(chronicle, 80_000)
    require_union_id(chronicle.database.reader)
    found = of_the_half_year(chronicle)
    assert found.income == (Category("4030", 80_000, 0, 80_000),)
    assert found.spending == (Category("501102", 30_000, 100_000, 30_000),)
    assert found.months == (("2026-04", 30_000),)
    assert [item.case.number for item in found.items] == [chronicle.paid.number]
    assert found.without_invoice == (chronicle.paid.number,)
    assert found.delays == (1,)


def test_the_second_half_year_is_held_against_the_budget_with_all_that_was_spent_before(chronicle: Chronicle) -> None:
    books = chronicle.books
    case = books.acted("auditor1", books.submitted(7_000), "approve", JULY)
    books.acted("cashier", case, "pay", JULY, paid_on="2026-07-20", bank_reference="0720-0001")
    union_id = books.town.union_id
    with chronicle.database.read() as session:
        size = queries.head_size(session, union_id)
        found = queries.figures(session, union_id, date(2026, 7, 1), date(2026, 12, 31), size)
    assert found.spending == (Category("501102", 7_000, 100_000, 37_000),)
    assert found.spending_fen == 7_000


def test_relief_money_whose_signed_list_lies_on_its_line_has_no_invoice_either(chronicle: Chronicle) -> None:
    books = chronicle.books
    lines = [{"summary": "住院慰问金", "amount_fen": 2_000, "files": [str(books.paper("treasurer"))]}]
    case = books.acted("auditor1", books.submitted(2_000, lines=lines), "approve")
    case = books.acted("cashier", case, "pay", paid_on="2026-04-28", bank_reference="0428-0002")
    assert of_the_half_year(chronicle).without_invoice == (chronicle.paid.number, case.number)


def test_every_claim_comes_with_who_decided_in_which_office_and_what_he_said(chronicle: Chronicle) -> None:
    steps = of_the_half_year(chronicle).items[0].steps
    assert [(one.action, one.person, one.office, one.comment) for one in steps] == [
        ("submit", "苏禾", "treasurer", ""),
        ("approve", "江一鸣", "auditor", "单据齐全"),
        ("pay", "白杉", "cashier", ""),
        ("publish", "林晚", "chair", ""),
    ]


def test_a_claim_approved_and_not_paid_is_listed_apart(chronicle: Chronicle) -> None:
    books = chronicle.books
    waiting = books.acted("auditor1", books.submitted(7_000), "approve")
    found = of_the_half_year(chronicle)
    assert [case.number for case in found.unpaid] == [waiting.number]
    assert found.spending_fen == 30_000


def test_what_is_recorded_after_the_scope_was_frozen_changes_no_figure(chronicle: Chronicle) -> None:
    books = chronicle.books
    waiting = books.acted("auditor1", books.submitted(7_000), "approve")
    case = books.acted("auditor1", review(chronicle), "submit", JULY)
    scope = case.data["scope_size"]
    before = of_the_half_year(chronicle, scope)
    books.acted("cashier", waiting, "pay", JULY, paid_on="2026-06-29", bank_reference="0629-0003")
    income(chronicle, 5_000)
    books.budgeted("annual", a501102=150_000)
    after = of_the_half_year(chronicle, scope)
    assert queries.figures_hash(after) == queries.figures_hash(before)
    assert (after.income, after.spending, after.months) == (before.income, before.spending, before.months)
    assert [one.number for one in after.unpaid] == [waiting.number]
    assert ([], [waiting.number]) == ([one.number for one in before.later], [one.number for one in after.later])
    assert of_the_half_year(chronicle).spending == (Category("501102", 37_000, 150_000, 37_000),)


def test_a_review_cannot_be_submitted_before_its_period_is_over(chronicle: Chronicle) -> None:
    draft = review(chronicle, period_to="2026-12-31")
    with pytest.raises(ActionRefused) as refused:
        chronicle.books.acted("auditor1", draft, "submit", JULY)
    assert [one.code for one in refused.value.refusals] == ["period_not_over"]


def test_a_period_that_ends_before_it_begins_is_refused(chronicle: Chronicle) -> None:
    draft = review(chronicle, period_to="2025-12-31")
    with pytest.raises(ActionRefused) as refused:
        chronicle.books.acted("auditor1", draft, "submit", JULY)
    assert [one.code for one in refused.value.refusals] == ["period_reversed"]


def test_two_sign_and_the_chair_of_the_committee_publishes_what_the_figures_were(chronicle: Chronicle) -> None:
    case = published(chronicle)
    with chronicle.database.read() as session:
        row = session.scalars(sa.select(Review).where(Review.union_id == case.union_id)).one()
    assert (row.case_id, row.income_fen, row.spending_fen) == (case.id, 0, 30_000)
    assert row.figures_hash == queries.figures_hash(of_the_half_year(chronicle, case.data["scope_size"]))
    assert chronicle.verified() == []


def test_the_chair_of_the_union_cannot_publish_or_hold_up_the_report(chronicle: Chronicle) -> None:
    acted = chronicle.books.acted
    case = acted("auditor1", review(chronicle), "submit", JULY)
    case = acted("auditor2", acted("auditor1", case, "sign", JULY), "sign", JULY)
    for action in ("publish", "return"):
        with pytest.raises(ActionRefused):
            acted("chair", case, action, JULY, comment="再等等")
    assert acted("auditchair", case, "publish", JULY).phase == "published"


def test_a_published_report_that_the_books_no_longer_bear_out_is_named(chronicle: Chronicle) -> None:
    case = published(chronicle)
    with chronicle.behind_its_back() as session:
        session.execute(
            sa.update(Claim)
            .where(Claim.union_id == case.union_id, Claim.case_id == chronicle.paid.id)
            .values(amount_fen=29_000)
        )
    assert ("report_differs", case.number) in {(one.code, one.subject) for one in chronicle.verified()}
