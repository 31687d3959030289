"""An invoice is used once across all unions, or divided up to its total; strangers learn only that it is in use."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.errors import ActionRefused
from app.cases.models import Case
from app.foundation.db import Database
from app.fund.effects import InvoiceInUse
from app.fund.invoices.facts import InvoiceReading
from app.fund.models import InvoiceRegistry
from tests.fixtures.fund import Books, books
from tests.integration.fund.test_budget import assert_reconciled, codes, together

NUMBER = "26000000000000000017"


def reading(**changes: Any) -> dict[str, Any]:
    """What the reader finds in a good invoice of 300 yuan."""
    values = {"number": NUMBER, "amount_total_fen": 30_000, "kind": "digital_ordinary", **changes}
    return InvoiceReading(**values).as_dict()


def with_invoice(union: Books, fen: int, *, typed: str | None = None, share: int | None = None, **changes: Any) -> Case:
    """A draft whose one line stands on that invoice."""
    paper = union.paper("treasurer", reading=reading(**changes))
    line = {"summary": "音响租赁", "amount_fen": fen, "files": [str(paper)]}
    line |= {name: value for name, value in (("invoice", typed), ("share_fen", share)) if value is not None}
    return union.claim(fen, lines=[line], no_invoice_reason=None, evidence=None)


def submit(union: Books, draft: Case) -> Case:
    """Submitted by the treasurer."""
    return union.acted("treasurer", draft, "submit")


def test_the_same_invoice_cannot_be_claimed_twice(union: Books) -> None:
    first = submit(union, with_invoice(union, 30_000))
    with pytest.raises(ActionRefused) as refused:
        submit(union, with_invoice(union, 30_000))
    assert codes(refused) == {"invoice_in_use"}
    assert refused.value.refusals[0].figures["number"] == first.number
    assert refused.value.http_status == 409


@pytest.mark.parametrize(
    "typed", ["２６００００００００００００００００１７", "2600 0000 0000 0000 0017", f" {NUMBER} "]
)
def test_a_number_written_differently_is_the_same_invoice(union: Books, typed: str) -> None:
    submit(union, with_invoice(union, 30_000))
    paper = union.paper("treasurer")
    line = {"summary": "音响租赁", "amount_fen": 30_000, "files": [str(paper)], "invoice": typed}
    with pytest.raises(ActionRefused) as refused:
        submit(union, union.claim(30_000, lines=[line], no_invoice_reason=None, evidence=None))
    assert codes(refused) == {"invoice_in_use"}


def test_another_union_learns_only_that_it_is_in_use(database: Database) -> None:
    first, second = books(database), books(database, "hill", suffix="-hill")
    for union in (first, second):
        union.budgeted(a501102=100_000)
    number = submit(first, with_invoice(first, 30_000)).number
    with pytest.raises(ActionRefused) as refused:
        submit(second, with_invoice(second, 30_000))
    refusal = refused.value.refusals[0]
    assert refusal.code == "invoice_in_use"
    told = f"{refusal.text.zh} {refusal.text.en} {dict(refusal.figures)}"
    assert str(number) not in told
    assert "brook" not in told
    assert str(first.town.union_id) not in told


def test_a_divided_invoice_is_used_up_to_its_total(union: Books) -> None:
    submit(union, with_invoice(union, 20_000, share=20_000))
    submit(union, with_invoice(union, 10_000, share=10_000))
    with pytest.raises(ActionRefused) as refused:
        submit(union, with_invoice(union, 100, share=100))
    assert codes(refused) == {"invoice_in_use"}
    assert_reconciled(union)


def test_a_returned_claim_frees_its_invoice(union: Books) -> None:
    first = submit(union, with_invoice(union, 30_000))
    union.acted("auditor1", first, "return", comment="换一张")
    assert submit(union, with_invoice(union, 30_000)).state == "submitted"
    assert_reconciled(union)


def test_a_line_cannot_claim_more_than_its_invoice(union: Books) -> None:
    with pytest.raises(ActionRefused) as refused:
        submit(union, with_invoice(union, 30_001))
    assert codes(refused) == {"line_above_invoice"}


def test_a_red_letter_invoice_is_refused(union: Books) -> None:
    with pytest.raises(ActionRefused) as refused:
        submit(union, with_invoice(union, 100, amount_total_fen=-30_000))
    assert "red_letter" in codes(refused)


def test_a_file_that_cannot_be_an_invoice_is_refused_with_its_reason(union: Books) -> None:
    with pytest.raises(ActionRefused) as refused:
        submit(union, with_invoice(union, 100, number=None, reject="two_invoices"))
    assert codes(refused) == {"invoice_two_invoices"}


def test_a_line_without_paper_needs_a_reason_and_a_list(union: Books) -> None:
    with pytest.raises(ActionRefused) as refused:
        submit(union, union.claim(100, no_invoice_reason=None))
    assert codes(refused) == {"evidence_missing"}


def test_of_two_claims_at_once_one_gets_the_invoice(union: Books) -> None:
    drafts = [with_invoice(union, 30_000), with_invoice(union, 30_000)]
    outcomes = together(*(lambda one=one: submit(union, one) for one in drafts))
    assert sorted(isinstance(one, Case) for one in outcomes) == [False, True]
    assert any(isinstance(one, ActionRefused | InvoiceInUse) for one in outcomes)
    assert_reconciled(union)


def test_the_registry_itself_refuses_more_than_the_total(union: Books) -> None:
    submit(union, with_invoice(union, 30_000))
    with pytest.raises(sa.exc.IntegrityError), union.database.write() as session:
        session.execute(sa.update(InvoiceRegistry).values(used_fen=InvoiceRegistry.total_fen + 1))


def test_a_task_without_approval_takes_no_claims(union: Books) -> None:
    owner = str(union.town.people["organiser"])
    raw = {"name": "秋季健步走", "owner": owner, "due_on": "2026-09-30", "budget_fen": 50_000}
    task = union.opened("clerk", "task", raw)
    with pytest.raises(ActionRefused) as refused:
        union.submitted(1_000, task=str(task.id))
    assert codes(refused) == {"task_not_approved"}
    union.acted("chair", union.acted("clerk", task, "propose"), "approve")
    assert union.submitted(1_000, task=str(task.id)).state == "submitted"
    warned = union.submitted(60_000, task=str(task.id))
    assert [one["code"] for one in warned.warnings] == ["task_budget_exceeded"]


def test_a_file_of_another_union_is_no_evidence(database: Database) -> None:
    first, second = books(database), books(database, "hill", suffix="-hill")
    foreign = first.paper("treasurer")
    with pytest.raises(Exception, match="not of this union"):
        second.claim(100, evidence=[str(foreign)])
    with pytest.raises(Exception, match="not of this union"):
        second.claim(100, evidence=[str(uuid.uuid4())])


def test_a_typed_number_does_not_hide_the_invoice_in_the_file(union: Books) -> None:
    with pytest.raises(ActionRefused) as refused:
        submit(union, with_invoice(union, 30_000, typed="26000000000000009999"))
    assert codes(refused) == {"invoice_number_differs"}


def test_a_number_typed_as_printed_agrees_with_an_older_invoice_and_its_code(union: Books) -> None:
    older: dict[str, Any] = {"number": "00000017", "code": "033002000111", "kind": "vat_ordinary"}
    claim = submit(union, with_invoice(union, 30_000, typed="00000017", **older))
    assert claim.state == "submitted"
    with pytest.raises(ActionRefused) as refused:
        submit(union, with_invoice(union, 30_000, typed="033002000111 00000017", **older))
    assert codes(refused) == {"invoice_in_use"}


def test_a_share_typed_without_a_file_bounds_what_the_line_claims(union: Books) -> None:
    paper = union.paper("treasurer")
    line = {"summary": "音响", "amount_fen": 90_000, "share_fen": 100, "invoice": NUMBER, "files": [str(paper)]}
    with pytest.raises(ActionRefused) as refused:
        submit(union, union.claim(90_000, lines=[line], no_invoice_reason=None, evidence=None))
    assert codes(refused) == {"line_above_invoice"}


def test_two_different_invoices_need_a_line_each(union: Books) -> None:
    papers = [union.paper("treasurer", reading=reading(number=f"2600000000000000000{n}")) for n in (1, 2)]
    line = {"summary": "音响租赁", "amount_fen": 30_000, "files": [str(one) for one in papers]}
    with pytest.raises(ActionRefused) as refused:
        submit(union, union.claim(30_000, lines=[line], no_invoice_reason=None, evidence=None))
    assert codes(refused) == {"two_invoices_on_line"}


@pytest.mark.parametrize(
    ("shares", "code"), [((20_000, 20_000), "shares_above_invoice"), ((None, 10_000), "invoice_twice")]
)
def test_lines_of_one_claim_do_not_claim_an_invoice_beyond_its_total(
    union: Books, shares: tuple[int | None, int], code: str
) -> None:
    paper = str(union.paper("treasurer", reading=reading()))
    lines = [
        {"summary": "音响租赁", "amount_fen": share or 30_000, "files": [paper]}
        | ({"share_fen": share} if share else {})
        for share in shares
    ]
    total = sum(share or 30_000 for share in shares)
    with pytest.raises(ActionRefused) as refused:
        submit(union, union.claim(total, lines=lines, no_invoice_reason=None, evidence=None))
    assert codes(refused) == {code}


@pytest.mark.parametrize(("buyer", "warned"), [("另一家工会", True), ("brook工会", False)])
def test_an_invoice_made_out_to_somebody_else_is_a_warning(union: Books, buyer: str, warned: bool) -> None:  # noqa: FBT001
    claim = submit(union, with_invoice(union, 30_000, buyer=buyer))
    assert ("buyer_differs" in {one["code"] for one in claim.warnings}) is warned


def test_freeing_and_using_an_invoice_at_once_leaves_one_holder(union: Books) -> None:
    first, draft = submit(union, with_invoice(union, 30_000)), with_invoice(union, 30_000)
    together(lambda: union.acted("auditor1", first, "return", comment="换一张"), lambda: submit(union, draft))
    with union.database.read() as session:
        row = session.get(InvoiceRegistry, NUMBER)
    assert row is None or row.used_fen == row.total_fen
    assert_reconciled(union)
