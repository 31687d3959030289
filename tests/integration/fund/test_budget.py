"""The budget holds: encumbered on submit, given back, spent on payment, never overspent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.errors import ActionRefused
from app.cases.models import Case
from app.cases.schemas import load_data
from app.foundation.db import Database
from app.foundation.errors import AppError
from app.fund import queries, reconciling
from app.fund.effects import BudgetShort
from app.fund.models import BudgetEntry, BudgetLine
from tests.fixtures.fund import CULTURE, Books, books

CHECKS = (
    reconciling.budget,
    reconciling.allocations,
    reconciling.claims,
    reconciling.invoices,
    reconciling.invoice_uses,
    reconciling.income,
)
PAYMENT: dict[str, Any] = {"paid_on": "2026-04-27", "bank_reference": "HD-1"}


def standing(union: Books, account: str = CULTURE) -> tuple[int, int, int, int]:
    """Allocated, encumbered, spent and available fen of one line."""
    with union.database.read() as session:
        line = next(
            one for one in queries.budget_overview(session, union.town.union_id, 2026) if one.account == account
        )
    return line.allocated_fen, line.encumbered_fen, line.spent_fen, line.available_fen


def codes(error: pytest.ExceptionInfo[ActionRefused]) -> set[str]:
    """The codes of every refusal."""
    return {one.code for one in error.value.refusals}


def assert_reconciled(union: Books) -> None:
    """No reconciler of the fund finds anything."""
    with union.database.read() as session:
        for check in CHECKS:
            assert list(check(session, union.town.union_id)) == []


def test_a_submitted_claim_holds_its_amount_and_payment_spends_it(union: Books) -> None:
    claim = union.submitted(60_000)
    assert standing(union) == (100_000, 60_000, 0, 40_000)
    paid = union.acted("cashier", union.acted("auditor1", claim, "approve"), "pay", **PAYMENT)
    assert paid.state == "audited"
    assert standing(union) == (100_000, 0, 60_000, 40_000)
    assert_reconciled(union)


@pytest.mark.parametrize(("who", "action"), [("auditor1", "return"), ("auditor1", "reject"), ("treasurer", "withdraw")])
def test_what_is_not_approved_is_given_back(union: Books, who: str, action: str) -> None:
    claim = union.submitted(60_000)
    union.acted(who, claim, action, comment="发票抬头不对")
    assert standing(union) == (100_000, 0, 0, 100_000)
    assert_reconciled(union)


def test_a_voided_claim_is_given_back_and_a_voided_draft_moves_nothing(union: Books) -> None:
    audited = union.acted("auditor1", union.submitted(60_000), "approve")
    union.acted("treasurer", audited, "void_approved", comment="重复填报")
    union.acted("chair", audited, "void_approved", comment="同意作废")
    union.acted("treasurer", union.claim(10_000), "void", comment="不报了")
    assert standing(union) == (100_000, 0, 0, 100_000)
    assert_reconciled(union)


def test_a_returned_claim_is_held_again_with_its_new_amount(union: Books) -> None:
    returned = union.acted("auditor1", union.submitted(60_000), "return", comment="金额不对")
    definition = union.door.definitions.shipped["expense_claim"]
    lines = {"lines": [{"summary": "荧光棒", "amount_fen": 30_000}]}
    edited = union.database.transact(
        lambda session: union.door.edit(
            session,
            union.town.acting("treasurer"),
            returned.id,
            returned.version,
            load_data(definition, lines),
            returned.updated_at,
        )
    )
    again = union.acted("treasurer", edited, "submit")
    assert (again.round, again.number) == (2, returned.number)
    assert standing(union) == (100_000, 30_000, 0, 70_000)
    assert_reconciled(union)


def test_too_little_left_is_refused_with_the_figures(union: Books) -> None:
    union.submitted(60_000)
    with pytest.raises(ActionRefused) as refused:
        union.submitted(60_000)
    finding = next(one for one in refused.value.refusals if one.code == "budget_short")
    assert (finding.figures["available_fen"], finding.figures["needed_fen"]) == (40_000, 60_000)
    assert "差 200.00 元" in finding.text.zh


def test_a_category_without_a_budget_line_cannot_be_spent(union: Books) -> None:
    with pytest.raises(ActionRefused) as refused:
        union.submitted(100, account="501101")
    assert codes(refused) == {"no_budget_line"}


def test_the_annual_budget_takes_over_what_the_interim_allowance_spent(database: Database) -> None:
    union = books(database)
    union.budgeted("interim", a501102=20_000, a503002=5_000)
    union.submitted(15_000)
    union.budgeted("annual", a501102=300_000)
    assert standing(union) == (300_000, 15_000, 0, 285_000)
    assert standing(union, "503002") == (0, 0, 0, 0)
    assert_reconciled(union)


def test_a_budget_below_what_is_used_does_not_pass(union: Books) -> None:
    union.submitted(60_000)
    with pytest.raises(ActionRefused) as refused:
        union.budgeted("annual", a501102=50_000)
    assert codes(refused) == {"allocation_below_use"}


def test_no_interim_allowance_follows_the_annual_budget(union: Books) -> None:
    with pytest.raises(ActionRefused) as refused:
        union.budgeted("interim", a501102=200_000)
    assert codes(refused) == {"annual_budget_in_force"}
    assert standing(union) == (100_000, 0, 0, 100_000)


def test_a_payment_is_recorded_once(union: Books) -> None:
    audited = union.acted("auditor1", union.submitted(60_000), "approve")
    paid = union.acted("cashier", audited, "pay", **PAYMENT)
    with pytest.raises(ActionRefused) as refused:
        union.acted("cashier", paid, "pay", **PAYMENT)
    assert codes(refused) == {"already_paid"}
    assert standing(union) == (100_000, 0, 60_000, 40_000)


def test_publishing_waits_for_payment(union: Books) -> None:
    audited = union.acted("auditor1", union.submitted(60_000), "approve")
    with pytest.raises(ActionRefused) as refused:
        union.acted("chair", audited, "publish")
    assert codes(refused) == {"not_paid"}


def test_two_claims_for_the_last_money_are_not_both_held(union: Books) -> None:
    drafts = [union.claim(60_000), union.claim(60_000)]
    outcomes = together(*(lambda one=one: union.acted("treasurer", one, "submit") for one in drafts))
    assert sorted(isinstance(one, Case) for one in outcomes) == [False, True]
    refusal = next(one for one in outcomes if not isinstance(one, Case))
    assert isinstance(refusal, ActionRefused | BudgetShort)
    assert standing(union) == (100_000, 60_000, 0, 40_000)
    assert_reconciled(union)


def test_the_table_itself_refuses_overspending(union: Books) -> None:
    with pytest.raises(sa.exc.IntegrityError), union.database.write() as session:
        session.execute(
            sa.update(BudgetLine)
            .where(BudgetLine.union_id == union.town.union_id)
            .values(encumbered_fen=BudgetLine.allocated_fen + 1)
        )


def test_budget_entries_are_never_changed(union: Books) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), union.database.write() as session:
        session.execute(sa.update(BudgetEntry).where(BudgetEntry.union_id == union.town.union_id).values(amount_fen=1))


def test_the_overview_asks_once_however_many_lines(union: Books) -> None:
    asked: list[str] = []
    sa.event.listen(union.database.reader, "before_cursor_execute", lambda *args: asked.append(args[2]))
    standing(union)
    assert len([one for one in asked if one.startswith("SELECT")]) == 1


def together(*steps: Callable[[], Case]) -> list[Case | AppError]:
    """Run the steps at the same moment and return what each came to."""
    gate = threading.Barrier(len(steps))
    outcomes: dict[int, Case | AppError] = {}

    def run(index: int, step: Callable[[], Case]) -> None:
        gate.wait()
        try:
            outcomes[index] = step()
        except AppError as error:
            outcomes[index] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[index] for index in range(len(steps))]
