"""Facts of the fund: papers are there, invoices are free, the budget covers it, it is or is not yet paid."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.models import Case
from app.cases.ports import CaseView
from app.engine.decision import Finding, Ground, Severity
from app.engine.definition import Phase
from app.foundation.money import yuan
from app.fund import queries
from app.fund.invoices.facts import InvoiceReading, plain_text
from app.fund.invoices.wordings import REJECTS, WARNINGS
from app.fund.models import BudgetLine, InvoiceRegistry, InvoiceUse
from app.fund.uses import LineInvoice, invoices_of
from app.people.models import Union
from app.wording import Text

Findings = Iterator[Finding]
Figures = dict[str, int | str]
Parameters = Mapping[str, Any]


def evidence_present(
    session: Session, case: CaseView, parameters: Parameters, now: datetime, *, lock: bool
) -> Findings:
    """Each line has its paper, or the claim says why there is none and shows what stands instead.

    Source: 《会计基础工作规范》第四十八条 (every payment needs a voucher); DESIGN 5 (慰问金凭签领表).
    """
    bare = [n + 1 for n, line in enumerate(case.data.get("lines") or []) if not line.get("files")]
    instead = case.data.get("evidence") and case.data.get("no_invoice_reason")
    if bare and not instead:
        lines = "、".join(map(str, bare))
        yield Finding(
            "evidence_missing",
            Severity.BLOCK,
            Text(
                f"第 {lines} 行没有发票。请上传发票；确无发票的，请写明原因并附签领表等材料。",
                f"Line {lines} has no invoice. Upload it, or say why there is none and attach the signed list.",
            ),
            Ground.INVALID,
            {"field": "lines"},
        )
    elif bare:
        yield Finding(
            "no_invoice", Severity.OK, Text("无发票，有说明和附件", "No invoice; reason and papers are given")
        )
    else:
        yield Finding("evidence_present", Severity.OK, Text("票据齐", "Every line has its paper"))


def invoices_free(session: Session, case: CaseView, parameters: Parameters, now: datetime, *, lock: bool) -> Findings:
    """Every invoice can be read, fits its line, is made out to this union, and is not used elsewhere.

    Another union is told only that the invoice is in use. Source: 《会计基础工作规范》第五十一条 (分割单).
    """
    lines = invoices_of(session, case)
    union = session.get_one(Union, case.union_id)
    problems = [finding for line in lines for finding in _line_findings(line, union)]
    problems += _used_twice_here(lines)
    problems += _used_elsewhere(session, case, lines)
    yield from problems
    if any(line.key for line in lines) and not problems:
        yield Finding("invoices_free", Severity.OK, Text("发票无重复，抬头和金额相符", "Invoices are unused and fit"))


def _line_findings(line: LineInvoice, union: Union) -> Findings:
    at: Figures = {"field": f"lines.{line.line}.invoice", "line": line.line + 1}
    row = Text(f"第 {line.line + 1} 行：", f"Line {line.line + 1}: ")
    for code, text in _number_faults(line):
        yield Finding(code, Severity.BLOCK, _joined(row, text), Ground.INVALID, at)
    for reading in line.readings:
        if reading.reject is not None:
            text = REJECTS.get(reading.reject, Text(reading.reject, reading.reject))
            yield Finding(f"invoice_{reading.reject}", Severity.BLOCK, _joined(row, text), Ground.INVALID, at)
            continue
        for code in reading.warnings:
            yield Finding(code, Severity.WARN, _joined(row, WARNINGS.get(code, Text(code, code))), figures=at)
        if reading.red_letter_of or (reading.amount_total_fen or 0) < 0:
            text = Text("这是红字发票，不能报销。", "This is a red-letter (credit) invoice; it cannot be claimed.")
            yield Finding("red_letter", Severity.BLOCK, _joined(row, text), Ground.INVALID, at)
        if _is_made_out_to_another(reading, union):
            text = Text(
                "发票抬头（购买方名称或税号）不是本会，请核对。",
                "The invoice is not made out to this union (buyer's name or number). Check it.",
            )
            yield Finding("buyer_differs", Severity.WARN, _joined(row, text), figures=at)
    limit = line.used_fen
    if (line.readings or line.is_shared) and line.amount_fen > limit > 0:
        text = Text(
            f"填报 {yuan(line.amount_fen)} 元，超过发票（或分割）金额 {yuan(limit)} 元。",
            f"{yuan(line.amount_fen)} is claimed, more than the invoice or its share, {yuan(limit)}.",
        )
        yield Finding("line_above_invoice", Severity.BLOCK, _joined(row, text), Ground.INVALID, at)


def _number_faults(line: LineInvoice) -> Iterator[tuple[str, Text]]:
    if line.is_unclear:
        yield (
            "invoice_number_unclear",
            Text("发票号码填写有误，请照票面填写。", "The invoice number is not right; enter it as printed."),
        )
    if line.number_differs:
        yield (
            "invoice_number_differs",
            Text(
                "填写的发票号码与文件里的不同，请改成文件里的号码，或换成对应的文件。",
                "The number entered is not the one in the file. Correct the number, or attach the right file.",
            ),
        )
    if line.holds_two:
        yield (
            "two_invoices_on_line",
            Text(
                "这一行放了不同的发票，请一张发票填一行。", "Its files are different invoices; give each its own line."
            ),
        )


def _is_made_out_to_another(reading: InvoiceReading, union: Union) -> bool:
    """By the buyer's number where both are known, else by the name."""
    if union.tax_id and reading.buyer_tax_id:
        return _bare(reading.buyer_tax_id) != _bare(union.tax_id)
    return reading.buyer is not None and _bare(reading.buyer) != _bare(union.name)


def _bare(text: str) -> str:
    return plain_text(text).replace(" ", "").upper()


def _used_twice_here(lines: list[LineInvoice]) -> Findings:
    seen: dict[str, LineInvoice] = {}
    for line in lines:
        if line.key is None:
            continue
        first = seen.setdefault(line.key, line)
        if first is not line and not (first.is_shared and line.is_shared):
            text = Text(
                f"第 {first.line + 1} 行和第 {line.line + 1} 行是同一张发票。",
                f"Lines {first.line + 1} and {line.line + 1} are the same invoice.",
            )
            yield Finding(
                "invoice_twice", Severity.BLOCK, text, Ground.CONFLICT, {"field": f"lines.{line.line}.invoice"}
            )


def _used_elsewhere(session: Session, case: CaseView, lines: list[LineInvoice]) -> Findings:
    wanted: dict[str, LineInvoice] = {line.key: line for line in lines if line.key}
    if not wanted:
        return
    registered = {
        row.invoice_key: row
        for row in session.scalars(sa.select(InvoiceRegistry).where(InvoiceRegistry.invoice_key.in_(wanted)))
    }
    own = _own_uses(session, case, list(wanted))
    for key, line in wanted.items():
        same = [one for one in lines if one.key == key]
        needed, total = sum(one.used_fen for one in same), max(one.total_fen for one in same)
        if needed > total:
            if all(one.is_shared for one in same):  # else ``_used_twice_here`` has said it
                yield _above_total(line, needed, total)
            continue
        row = registered.get(key)
        mine = sum(amount for case_id, amount, _ in own.get(key, ()) if case_id == case.id)
        if row is None or row.used_fen - mine + needed <= row.total_fen:
            continue
        numbers = [number for case_id, _, number in own.get(key, ()) if case_id != case.id and number]
        by = Text(f"（{numbers[0]}）", f" ({numbers[0]})") if numbers else Text("", "")
        text = Text(
            f"第 {line.line + 1} 行的发票已报销过{by.zh}，同一张发票只能用一次。",
            f"The invoice of line {line.line + 1} is already in use{by.en}; an invoice is used once.",
        )
        figures: Figures = {"field": f"lines.{line.line}.invoice"}
        if numbers:
            figures["number"] = numbers[0]
        yield Finding("invoice_in_use", Severity.BLOCK, text, Ground.CONFLICT, figures)


def _above_total(line: LineInvoice, needed: int, total: int) -> Finding:
    text = Text(
        f"第 {line.line + 1} 行的发票共 {yuan(total)} 元，分割金额合计 {yuan(needed)} 元，超过了发票。",
        f"The invoice of line {line.line + 1} is {yuan(total)} in all, but its shares add up to {yuan(needed)}.",
    )
    figures: Figures = {"field": f"lines.{line.line}.share_fen", "total_fen": total, "needed_fen": needed}
    return Finding("shares_above_invoice", Severity.BLOCK, text, Ground.INVALID, figures)


def _own_uses(session: Session, case: CaseView, keys: list[str]) -> dict[str, list[tuple[uuid.UUID, int, str | None]]]:
    """This union's own live uses: key -> (case, fen, number). Other unions' uses are not looked at."""
    rows = session.execute(
        sa.select(InvoiceUse.invoice_key, InvoiceUse.case_id, InvoiceUse.amount_fen, Case.number)
        .join(Case, (Case.union_id == InvoiceUse.union_id) & (Case.id == InvoiceUse.case_id))
        .where(
            InvoiceUse.union_id == case.union_id,
            InvoiceUse.invoice_key.in_(keys),
            InvoiceUse.released_at.is_(None),
        )
    )
    found: dict[str, list[tuple[uuid.UUID, int, str | None]]] = {}
    for key, case_id, amount, number in rows:
        found.setdefault(key, []).append((case_id, amount, number))
    return found


def budget_covers(session: Session, case: CaseView, parameters: Parameters, now: datetime, *, lock: bool) -> Findings:
    """The year's line of the category has enough left; no line means no spending.

    Source: 《基层工会经费收支管理办法》 (总工办发〔2017〕32号): 严禁无预算、超预算使用工会经费.
    """
    account, year, amount = case.data.get("account"), _year(case), int(case.data.get("amount_fen") or 0)
    if not account or year is None:
        return  # said by cases.complete
    held = 0
    if case.number is not None:
        held = sum(one.encumbered_fen + one.spent_fen for one in queries.held_by(session, case.union_id, case.id))
    line = queries.budget_line(session, case.union_id, year, account, lock=lock)
    if line is None:
        text = Text(
            f"{year} 年预算里没有这个科目的额度，不能开支。请先办预算或临时支出额度。",
            f"The budget of {year} has no amount for this category. Adopt a budget or an interim allowance first.",
        )
        yield Finding("no_budget_line", Severity.BLOCK, text, Ground.CONFLICT, {"field": "account", "year": year})
        return
    available = line.available_fen + held
    figures: Figures = {"field": "account", "available_fen": available, "needed_fen": amount}
    if amount > available:
        text = Text(
            f"预算余额 {yuan(available)} 元，本次需要 {yuan(amount)} 元，差 {yuan(amount - available)} 元。",
            f"{yuan(available)} is left in the budget, {yuan(amount)} is needed: {yuan(amount - available)} short.",
        )
        yield Finding("budget_short", Severity.BLOCK, text, Ground.CONFLICT, figures)
        return
    text = Text(
        f"预算内，本单后余 {yuan(available - amount)} 元",
        f"Within the budget; {yuan(available - amount)} remains after this",
    )
    yield Finding("budget_covers", Severity.OK, text, figures=figures)


def one_line_per_account(
    session: Session, case: CaseView, parameters: Parameters, now: datetime, *, lock: bool
) -> Findings:
    """A budget names each category once."""
    accounts = [line.get("account") for line in case.data.get("lines") or []]
    twice = sorted({code for code in accounts if code and accounts.count(code) > 1})
    if twice:
        text = Text(f"科目重复：{'、'.join(twice)}", f"Named more than once: {', '.join(twice)}")
        yield Finding("account_twice", Severity.BLOCK, text, Ground.INVALID, {"field": "lines"})


def allocation_covers_use(
    session: Session, case: CaseView, parameters: Parameters, now: datetime, *, lock: bool
) -> Findings:
    """A new allocation is not below what is already encumbered and spent, and no interim one follows the annual budget."""
    year = _year(case)
    if case.data.get("kind") == "interim" and _annual_in_force(session, case):
        text = Text(
            f"{year} 年度预算已经执行，不能再办临时支出额度；请编报调整后的年度预算。",
            f"The annual budget of {year} is in force; draw up a changed annual budget instead of an interim allowance.",
        )
        yield Finding("annual_budget_in_force", Severity.BLOCK, text, Ground.CONFLICT, {"field": "kind"})
    wanted = {line["account"]: int(line["amount_fen"]) for line in case.data.get("lines") or []}
    statement = (
        sa.select(BudgetLine)
        .where(BudgetLine.union_id == case.union_id, BudgetLine.year == year)
        .order_by(BudgetLine.id)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    for line in session.scalars(statement):
        used = line.encumbered_fen + line.spent_fen
        if line.account not in wanted and case.data.get("kind") == "interim":
            continue
        if wanted.get(line.account, 0) < used:
            text = Text(
                f"科目 {line.account} 已占用和支出 {yuan(used)} 元，新额度不能低于它。",
                f"Category {line.account} already has {yuan(used)} held or spent; the new amount cannot be less.",
            )
            figures: Figures = {"account": line.account, "used_fen": used}
            yield Finding("allocation_below_use", Severity.BLOCK, text, Ground.CONFLICT, figures)


def _annual_in_force(session: Session, case: CaseView) -> bool:
    """Whether an annual budget of the same year was put in force."""
    budgets = session.scalars(
        sa.select(Case).where(
            Case.union_id == case.union_id,
            Case.workflow == case.workflow,
            Case.phase.in_([Phase.AUDITED.value, Phase.PUBLISHED.value]),
        )
    )
    return any(one.day and one.day.year == _year(case) and one.data.get("kind") == "annual" for one in budgets)


def unpaid(session: Session, case: CaseView, parameters: Parameters, now: datetime, *, lock: bool) -> Findings:
    """No payment is recorded yet."""
    if case.stored.get("paid_on"):
        text = Text("已登记付款，不能再办这一步。", "Payment is already recorded; this step is past.")
        yield Finding("already_paid", Severity.BLOCK, text)


def paid(session: Session, case: CaseView, parameters: Parameters, now: datetime, *, lock: bool) -> Findings:
    """Payment is recorded. Source: DESIGN 5 (required before publishing)."""
    if not case.stored.get("paid_on"):
        text = Text("还没有登记付款，付款后再公布。", "Payment is not recorded yet; publish after it is.")
        yield Finding("not_paid", Severity.BLOCK, text)


def _year(case: CaseView) -> int | None:
    """The budget year: of the day of spending, as the form has it now."""
    day = case.data.get("spent_on") or case.data.get("starts_on")
    return int(day[:4]) if isinstance(day, str) else None


def _joined(first: Text, second: Text) -> Text:
    return Text(first.zh + second.zh, first.en + second.en)
