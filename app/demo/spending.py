"""The year's claims: each handed in, filed by the treasurer, and taken as far as its row says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

from app.cases.models import Case
from app.demo.budgeting import H1_LIST
from app.demo.days import at, is_workday, workdays_after
from app.demo.documents import activity_photo
from app.demo.pages import page_pdf
from app.demo.papers import Claim, Paper, claims, handing_out_list, paper_of
from app.demo.people import UNION
from app.demo.stage import Stage, Strand

AUDITORS = ("auditor1", "auditor2", "auditchair")
MONTHS_LISTED = date(2026, 6, 30)
"""Claims of days up to this one are published; later paid ones wait for the chair's next list."""
_ACTIVITIES = ("501102", "501105", "5020")
_FIRST_FILING = date(2026, 1, 8)
_SHARED = "shared"


class Treasury:
    """What the claims' strands share: the union's limit, invoices that serve two claims, what is paid and unpublished."""

    def __init__(self, stage: Stage) -> None:
        """One for one telling of the story."""
        self.stage = stage
        self.paid: list[Case] = []
        self._shared_file: str | None = None

    def file_of(self, paper: Paper, *, is_shared: bool) -> str:
        """The paper's id; the divided invoice is handed in once."""
        if is_shared and self._shared_file:
            return self._shared_file
        kept = self.stage.hand_in("treasurer", paper.content, paper.name)
        if is_shared:
            self._shared_file = kept
        return kept


def strands(stage: Stage) -> Iterator[Strand]:
    """Every claim, and the list of the first half-year."""
    treasury = Treasury(stage)
    for claim in claims():
        yield _life(treasury, claim)
    yield _publish_h1(treasury)


def _life(treasury: Treasury, claim: Claim) -> Strand:
    stage, chance = treasury.stage, Random(claim.serial)
    day = max(_FIRST_FILING, workdays_after(claim.spent_on, 1 if claim.spent_on.month == 11 else chance.randint(1, 2)))
    moment = at(day, chance.randint(9, 16), chance.randint(0, 59))
    yield moment
    case = _filed(treasury, claim)
    if claim.fate == "draft":
        return
    yield moment + timedelta(minutes=chance.randint(2, 9))
    stage.act("treasurer", case, "submit")
    yield from _FATES.get(claim.fate, _settled)(treasury, claim, case, chance)


def _filed(treasury: Treasury, claim: Claim) -> Case:
    stage = treasury.stage
    optional: dict[str, object] = {}
    if claim.task:
        optional["task"] = str(stage.tasks[claim.task].id)
    if any(entry.voucher == "list" for entry in claim.entries):
        optional["no_invoice_reason"] = f"{claim.entries[0].what}，凭签领表发放，无发票。"
    if len(claim.recipients) == 1:
        optional["payee_person"] = str(stage.cast[claim.recipients[0]].person_id)
    return stage.open(
        "treasurer",
        "expense_claim",
        purpose=claim.purpose,
        spent_on=claim.spent_on.isoformat(),
        account=claim.account,
        lines=[_line(treasury, claim, place) for place in range(len(claim.entries))],
        evidence=_evidence(treasury, claim),
        payee=claim.payee if len(claim.recipients) < 2 else f"{claim.recipients[0]}等{len(claim.recipients)}人",
        handled_by=str(stage.cast[claim.handler].person_id),
        **optional,
    )


def _line(treasury: Treasury, claim: Claim, place: int) -> dict[str, object]:
    entry, paper = claim.entries[place], paper_of(claim, place)
    is_shared = entry.voucher == _SHARED
    line: dict[str, object] = {
        "summary": entry.what,
        "amount_fen": entry.amount_fen,
        "files": [treasury.file_of(paper, is_shared=is_shared)],
    }
    if paper.invoice:
        line["invoice"] = paper.invoice.number
    if is_shared:
        line["share_fen"] = entry.amount_fen
    return line


def _evidence(treasury: Treasury, claim: Claim) -> list[str]:
    papers = [handing_out_list(claim)]
    if claim.task and claim.account in _ACTIVITIES and claim.amount_fen >= 150_000:
        papers.append(Paper(activity_photo(claim.purpose[:16], claim.serial), f"{claim.purpose}照片.jpg"))
    return [treasury.stage.hand_in("treasurer", one.content, one.name) for one in papers if one]


def _deciders(treasury: Treasury, claim: Claim, chance: Random) -> list[str]:
    """Who approves: one auditor, or two when the amount is above the union's limit."""
    needed = 2 if claim.amount_fen > UNION.two_auditor_limit_fen else 1
    return chance.sample(AUDITORS, needed)


# --- what becomes of a submitted claim: each takes it further, yielding the moments at which something happens -------------


def _waits(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    """It lies in the auditors' inbox."""
    yield from ()


def _approved(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    day = treasury.stage.today
    for auditor in _deciders(treasury, claim, chance):
        day = workdays_after(day, chance.randint(1, 2))
        yield at(day, chance.randint(8, 17), chance.randint(0, 59))
        treasury.stage.act(auditor, case, "approve", chance.choice(_YES))


def _settled(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    """Approved, and paid on the cashier's next payment day."""
    yield from _approved(treasury, claim, case, chance)
    day = _payment_day(treasury.stage.today)
    yield at(day, 10, chance.randint(0, 59))
    reference = f"YH{day:%Y%m%d}{claim.serial:04d}"
    treasury.stage.act("cashier", case, "pay", paid_on=day.isoformat(), bank_reference=reference)
    treasury.paid.append(case)


def _one_vote(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    """The first of two auditors has approved."""
    yield at(workdays_after(treasury.stage.today, 1), 11)
    treasury.stage.act("auditor1", case, "approve", "采购清单与实物相符。")


def _returned(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    yield at(workdays_after(treasury.stage.today, 1), 15, chance.randint(0, 59))
    treasury.stage.act(chance.choice(AUDITORS), case, "return", claim.opinion)


def _returned_once(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    """Sent back, put right with a note, submitted again, and settled."""
    stage = treasury.stage
    yield from _returned(treasury, claim, case, chance)
    yield at(workdays_after(stage.today, 1), 9, chance.randint(0, 59))
    note = page_pdf(
        "补充说明",
        (f"关于“{claim.purpose}”：{claim.opinion}", "现已补齐，见所附材料，请予审核。"),
        UNION.name,
        stage.today,
    )
    added = stage.hand_in("treasurer", note, f"{claim.purpose}补充说明.pdf")
    stage.edit("treasurer", case, evidence=[*case.data.get("evidence", []), added])
    stage.act("treasurer", case, "submit", "已按意见补齐。")
    yield from _settled(treasury, claim, case, chance)


def _rejected(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    yield at(workdays_after(treasury.stage.today, 1), 16)
    treasury.stage.act("auditchair", case, "reject", claim.opinion)


def _withdrawn(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    yield treasury.stage.now + timedelta(minutes=25)
    treasury.stage.act("treasurer", case, "withdraw")


def _voided(treasury: Treasury, claim: Claim, case: Case, chance: Random) -> Strand:
    yield from _approved(treasury, claim, case, chance)
    yield at(workdays_after(treasury.stage.today, 2), 9, 30)
    treasury.stage.act("treasurer", case, "void_approved", claim.opinion)
    yield treasury.stage.now + timedelta(minutes=40)
    treasury.stage.act("chair", case, "void_approved", "情况属实，同意作废。")


_FATES: dict[str, Callable[[Treasury, Claim, Case, Random], Strand]] = {
    "submitted": _waits,
    "other_buyer": _waits,
    "audited": _approved,
    "one_vote": _one_vote,
    "returned": _returned,
    "returned_once": _returned_once,
    "rejected": _rejected,
    "withdrawn": _withdrawn,
    "voided": _voided,
}
"""What becomes of a claim by the word of its row; every other one is settled."""

_YES = ("", "", "", "票据齐全，同意。", "与方案一致，同意。", "已核对签领表，同意。")


def _payment_day(day: date) -> date:
    """The next Tuesday or Friday on which the office is open."""
    day += timedelta(days=1)
    while day.weekday() not in {1, 4} or not is_workday(day):
        day += timedelta(days=1)
    return day


def _publish_h1(treasury: Treasury) -> Strand:
    yield at(H1_LIST, 10)
    listed = [case for case in treasury.paid if case.day and case.day <= MONTHS_LISTED]
    treasury.stage.act_on_all("chair", listed, "publish")
