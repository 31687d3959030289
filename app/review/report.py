"""The report, built once: the page, the PDF and the spreadsheet show the same tables of the same figures."""

from __future__ import annotations

import functools
import io
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst
import xlsxwriter
from pylopdf_fonts_zh_cn import sans_path
from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.models import Case
from app.foundation.clock import union_day
from app.foundation.money import in_capitals, yuan
from app.people import queries as people
from app.review.queries import Category, Figures, Step
from app.wording import Language, Text

_TEMPLATE = Path(__file__).with_name("report.typ")
Titles = Callable[[uuid.UUID, str], Mapping[str, Text]]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed the review, as what, when."""

    person_id: str
    name: str
    office: Text
    at: datetime


@dataclass(frozen=True, slots=True)
class Cover:
    """What the report says besides figures."""

    union: str
    number: str
    name: str
    opinion: str
    signatures: tuple[Signature, ...]
    head: str
    """``size@root`` of the trail when the report was made."""
    made_on: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column; money cells hold fen."""

    title: Text
    is_money: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report; ``sums`` are the last row's money cells by column, in fen."""

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    sums: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report."""

    cover: Cover
    figures: Figures
    sentences: tuple[Text, ...]
    tables: tuple[Table, ...]


def signatures_of(session: Session, case: Case, offices: Mapping[str, Text]) -> tuple[Signature, ...]:
    """Those who signed the review's last round, in order."""
    rows = [
        row
        for row in cases.decisions_of(session, case.union_id, [case.id])[case.id]
        if row.action == "sign" and row.round == case.round and row.person_id
    ]
    names = people.names(session, case.union_id, {row.person_id for row in rows if row.person_id})
    return tuple(
        Signature(
            str(row.person_id), names.get(str(row.person_id), "—"), offices.get(row.office or "", Text("", "")), row.at
        )
        for row in rows
    )


def build(
    figures: Figures, cover: Cover, titles: Titles | None, union_id: uuid.UUID, offices: Mapping[str, Text]
) -> Report:
    """The report of these figures; ``offices`` are the titles of the offices in which was decided."""
    spending = titles(union_id, "spending") if titles else {}
    income = titles(union_id, "income") if titles else {}
    tables = (
        _categories(Text("收入", "Income"), figures.income, income, with_budget=False),
        _categories(Text("支出与预算", "Spending against budget"), figures.spending, spending, with_budget=True),
        Table(
            Text("各月支出", "Spending by month"),
            (Column(Text("月份", "Month")), Column(Text("金额（元）", "Amount (yuan)"), is_money=True)),
            tuple(figures.months),
            {1: sum(fen for _, fen in figures.months)},
        ),
        _items(figures, spending, offices),
    )
    return Report(cover, figures, tuple(_sentences(figures, cover)), tables)


def _categories(title: Text, rows: Sequence[Category], titles: Mapping[str, Text], *, with_budget: bool) -> Table:
    named = Column(Text("科目", "Category"))
    amount = Column(Text("本期（元）", "This period (yuan)"), is_money=True)
    if not with_budget:
        return Table(
            title,
            (named, amount),
            tuple((_titled(one.code, titles), one.amount_fen) for one in rows),
            {1: sum(one.amount_fen for one in rows)},
        )
    budget = Column(Text("年度预算（元）", "Budget of the year (yuan)"), is_money=True)
    share = Column(Text("占预算", "Of budget"))
    return Table(
        title,
        (named, amount, budget, share),
        tuple((_titled(one.code, titles), one.amount_fen, one.budget_fen, _share(one)) for one in rows),
        {1: sum(one.amount_fen for one in rows), 2: sum(one.budget_fen for one in rows)},
    )


def _titled(code: str, titles: Mapping[str, Text]) -> Text:
    title = titles.get(code, Text("", ""))
    return Text(f"{code} {title.zh}".strip(), f"{code} {title.en}".strip())


def _share(one: Category) -> str:
    return f"{one.amount_fen * 100 // one.budget_fen} %" if one.budget_fen else "—"


def _items(figures: Figures, titles: Mapping[str, Text], offices: Mapping[str, Text]) -> Table:
    columns = (
        Column(Text("编号", "No.")),
        Column(Text("付款日期", "Paid on")),
        Column(Text("事由", "Purpose")),
        Column(Text("科目", "Category")),
        Column(Text("金额（元）", "Amount (yuan)"), is_money=True),
        Column(Text("办理", "Decisions")),
    )
    rows = tuple(
        (
            item.case.number or "",
            str(item.case.data.get("paid_on") or ""),
            item.case.title,
            _titled(item.case.category or "", titles),
            item.case.amount_fen or 0,
            _decided(item.steps, offices),
        )
        for item in figures.items
    )
    total = sum(item.case.amount_fen or 0 for item in figures.items)
    return Table(Text("支出明细", "Items of spending"), columns, rows, {4: total})


_VERBS = {
    "submit": Text("提交", "Submitted"),
    "approve": Text("同意", "Approved"),
    "chair_approve": Text("同意", "Approved"),
    "return": Text("退回", "Sent back"),
    "withdraw": Text("撤回", "Withdrawn"),
    "pay": Text("付款", "Paid"),
    "publish": Text("公布", "Published"),
}


def _decided(steps: Sequence[Step], offices: Mapping[str, Text]) -> Text:
    """Who decided what, in which office, when, and what he said."""
    zh, en = [], []
    for step in steps:
        verb = _VERBS.get(step.action, Text(step.action, step.action))
        office = offices.get(step.office or "", Text(step.office or "", step.office or ""))
        day = union_day(datetime.fromisoformat(step.at)).strftime("%m-%d")
        said = f"“{step.comment}”" if step.comment else ""
        zh.append(f"{verb.zh} {step.person}（{office.zh}）{day}{said}")
        en.append(f"{verb.en} by {step.person} ({office.en}) {day}{' ' if said else ''}{said}")
    return Text("；".join(zh), "; ".join(en))


def _sentences(figures: Figures, cover: Cover) -> list[Text]:
    """What the figures come to, in words: the scope, the totals, and everything a reader should know."""
    first, last = figures.period_from.isoformat(), figures.period_to.isoformat()
    told = [
        Text(
            f"审查期间 {first} 至 {last}，范围截至留痕第 {figures.scope_size} 条，逐笔审查 {len(figures.items)} 笔。",
            f"Period {first} to {last}; scope up to entry {figures.scope_size} of the trail; "
            f"{len(figures.items)} items, every one looked at.",
        ),
        Text(
            f"收入合计 {yuan(figures.income_fen)} 元（人民币{in_capitals(figures.income_fen)}），"
            f"支出合计 {yuan(figures.spending_fen)} 元（人民币{in_capitals(figures.spending_fen)}）。",
            f"Income {yuan(figures.income_fen)} yuan, spending {yuan(figures.spending_fen)} yuan.",
        ),
    ]
    if figures.without_invoice:
        count = len(figures.without_invoice)
        told.append(
            Text(
                f"无发票、凭签领表等支出 {count} 笔。", f"{count} item(s) stand on a signed list instead of an invoice."
            )
        )
    if figures.unpaid:
        count, total = len(figures.unpaid), sum(one.amount_fen or 0 for one in figures.unpaid)
        told.append(
            Text(
                f"已通过、尚未付款 {count} 笔，{yuan(total)} 元。",
                f"Approved and not yet paid: {count} item(s), {yuan(total)} yuan.",
            )
        )
    if figures.items:
        told.append(_publication(figures))
    if figures.later:
        told.append(
            Text(
                f"范围确定以后又有 {figures.later} 笔属于本期的支出入账，不在本次审查之内。",
                f"{figures.later} item(s) of the period were recorded after the scope was frozen and are not in it.",
            )
        )
    own = _own_approvals(figures, cover)
    if own:
        told.append(own)
    return told


def _publication(figures: Figures) -> Text:
    """How many of the items were published within the scope, and how long members waited for it."""
    count, waiting = len(figures.delays), len(figures.items) - len(figures.delays)
    if not count:
        return Text(f"尚未公布 {waiting} 笔。", f"Not yet published: {waiting} item(s).")
    mean, longest = round(sum(figures.delays) / count), figures.delays[-1]
    zh, en = (f"；尚未公布 {waiting} 笔", f"; {waiting} not yet") if waiting else ("", "")
    return Text(
        f"已公布 {count} 笔，从付款到公布平均 {mean} 天，最长 {longest} 天{zh}。",
        f"{count} item(s) published, {mean} day(s) after payment on average and {longest} at most{en}.",
    )


def _own_approvals(figures: Figures, cover: Cover) -> Text | None:
    """Source: DESIGN 8: approving is no bar to reviewing, and the report says where it was so."""
    signers = {one.person_id for one in cover.signatures}
    count = sum(not item.approvers.isdisjoint(signers) for item in figures.items)
    if not count:
        return None
    return Text(
        f"其中 {count} 笔由签名的经审委员在日常审批中同意过。",
        f"{count} item(s) had been approved in daily work by auditors who sign here.",
    )


def pdf(report: Report, language: Language) -> bytes:
    """The report as one plain PDF, the same bytes for the same report."""
    told = {
        "lang": language,
        "union": report.cover.union,
        "name": report.cover.name,
        "number": report.cover.number,
        "date": union_day(report.cover.made_on).isoformat(),
        "sentences": [one.in_(language) for one in report.sentences],
        "opinion": report.cover.opinion,
        "opinion_title": Text("审查意见", "Opinion").in_(language),
        "total": Text("合计", "Total").in_(language),
        "tables": [_plain(table, language) for table in report.tables],
        "signatures": [
            f"{one.office.in_(language)} {one.name}  {union_day(one.at).isoformat()}" for one in report.cover.signatures
        ],
        "signed_title": Text("签名", "Signed").in_(language),
        "head": report.cover.head,
        "head_title": Text("留痕链头", "Head of the trail").in_(language),
        "qr": _qr(report.cover.head),
    }
    made = _compiler().compile(
        format="pdf", sys_inputs={"report": json.dumps(told, ensure_ascii=False)}, timestamp=0, pdf_standards="a-2b"
    )
    return made if isinstance(made, bytes) else b"".join(made or ())


def _plain(table: Table, language: Language) -> dict[str, Any]:
    """A table as text, money written as yuan."""

    def cell(value: Any, column: Column) -> str:
        if column.is_money:
            return yuan(int(value))
        return value.in_(language) if isinstance(value, Text) else str(value)

    width = len(table.columns)
    sums = [yuan(table.sums[index]) if index in table.sums else "" for index in range(width)]
    return {
        "title": table.title.in_(language),
        "columns": [column.title.in_(language) for column in table.columns],
        "right": [column.is_money for column in table.columns],
        "rows": [[cell(value, column) for value, column in zip(row, table.columns, strict=True)] for row in table.rows],
        "sums": sums,
    }


def _qr(head: str) -> str:
    held = io.BytesIO()
    segno.make(head or "-", error="m").save(held, kind="svg", scale=4, border=1)
    return held.getvalue().decode()


@functools.cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), font_paths=[str(sans_path().parent)], ignore_system_fonts=True)


def xlsx(report: Report, language: Language) -> bytes:
    """The report as a spreadsheet: a sheet of sentences, and one per table; money as numbers in yuan."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": report.cover.name, "created": report.cover.made_on.replace(tzinfo=None)})
    bold = book.add_format({"bold": True})
    money = book.add_format({"num_format": "#,##0.00"})
    front = book.add_worksheet(Text("报告", "Report").in_(language))
    front.set_column(0, 0, 100)
    lines = [
        report.cover.union,
        report.cover.name,
        report.cover.number,
        *(one.in_(language) for one in report.sentences),
        f"{Text('审查意见', 'Opinion').in_(language)}：{report.cover.opinion}",
        *(f"{one.office.in_(language)} {one.name} {union_day(one.at)}" for one in report.cover.signatures),
        f"{Text('留痕链头', 'Head of the trail').in_(language)}：{report.cover.head}",
    ]
    for row, line in enumerate(lines):
        front.write_string(row, 0, line, bold if row < 2 else None)
    for table in report.tables:
        _sheet(book.add_worksheet(table.title.in_(language)), table, language, bold, money)
    book.close()
    return held.getvalue()


def _sheet(sheet: Any, table: Table, language: Language, bold: Any, money: Any) -> None:
    for index, column in enumerate(table.columns):
        sheet.write_string(0, index, column.title.in_(language), bold)
        sheet.set_column(index, index, 18)
    for number, row in enumerate([*table.rows], start=1):
        for index, (value, column) in enumerate(zip(row, table.columns, strict=True)):
            _cell(sheet, number, index, value, column, language, money)
    last = len(table.rows) + 1
    sheet.write_string(last, 0, Text("合计", "Total").in_(language), bold)
    for index, fen in table.sums.items():
        _cell(sheet, last, index, fen, table.columns[index], language, money)
    sheet.freeze_panes(1, 0)


def _cell(sheet: Any, row: int, index: int, value: Any, column: Column, language: Language, money: Any) -> None:
    """Strings stay strings, whatever they begin with; a cell that is opened in a spreadsheet never runs."""
    if column.is_money:
        # Whole fen shown as yuan: below 2**53 the division by 100 prints back to the same two decimals.
        sheet.write_number(row, index, int(value) / 100, money)
    else:
        sheet.write_string(row, index, value.in_(language) if isinstance(value, Text) else str(value))
