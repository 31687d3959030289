"""The report, built once: page, PDF and spreadsheet show the same tables of the same figures.

On paper it is one page to sign, with every sum; the lists of single claims are the page's and the spreadsheet's alone.
"""

from __future__ import annotations

import functools
import io
import itertools
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from app.foundation.clock import union_day, union_minute
from app.foundation.money import in_capitals, yuan
from app.people import queries as people
from app.review.queries import Category, Figures, Item, Step
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
    """One column; money cells hold fen. A link leads to the case that the row is about."""

    title: Text
    is_money: bool = False
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report; ``sums`` are the last row's money cells by column, in fen."""

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    sums: Mapping[int, int]
    cases: tuple[Case, ...] | None = None
    """The case of each row, where rows are about cases: such a list is not printed."""

    def rows_with_cases(self) -> Iterator[tuple[tuple[Any, ...], Case | None]]:
        """Each row with the case it is about."""
        return itertools.zip_longest(self.rows, self.cases or ())


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
    signers = {one.person_id for one in cover.signatures}
    lists = (
        _claims(Text("已通过、尚未付款", "Approved and not yet paid"), figures.unpaid, spending),
        _claims(Text("范围确定以后入账", "Recorded after the scope was frozen"), figures.later, spending),
    )
    tables = (
        _categories(Text("收入", "Income (yuan)"), figures.income, income, with_budget=False),
        _categories(Text("支出与预算", "Spending and budget (yuan)"), figures.spending, spending, with_budget=True),
        Table(
            Text("各月支出", "Spending by month"),
            (Column(Text("月份", "Month")), Column(Text("金额（元）", "Amount (yuan)"), is_money=True)),
            tuple(figures.months),
            {1: sum(fen for _, fen in figures.months)},
        ),
        *(one for one in lists if one.rows),
        _items(figures.items, spending, offices, signers),
    )
    return Report(cover, figures, tuple(_sentences(figures, cover)), tables)


def _categories(title: Text, rows: Sequence[Category], titles: Mapping[str, Text], *, with_budget: bool) -> Table:
    named = Column(Text("科目", "Category"))
    amount = Column(Text("本期（元）", "This period"), is_money=True)
    so_far = Column(Text("本年累计（元）", "Year so far"), is_money=True)
    sums = {1: sum(one.amount_fen for one in rows), 2: sum(one.so_far_fen for one in rows)}
    if not with_budget:
        return Table(
            title,
            (named, amount, so_far),
            tuple((_titled(one.code, titles), one.amount_fen, one.so_far_fen) for one in rows),
            sums,
        )
    budget = Column(Text("年度预算（元）", "Year's budget"), is_money=True)
    share = Column(Text("累计占预算", "Of budget"))
    return Table(
        title,
        (named, amount, so_far, budget, share),
        tuple((_titled(one.code, titles), one.amount_fen, one.so_far_fen, one.budget_fen, _share(one)) for one in rows),
        {**sums, 3: sum(one.budget_fen for one in rows)},
    )


def _titled(code: str, titles: Mapping[str, Text]) -> Text:
    title = titles.get(code, Text("", ""))
    return Text(f"{code} {title.zh}".strip(), f"{code} {title.en}".strip())


def _share(one: Category) -> str:
    return f"{one.so_far_fen * 100 // one.budget_fen} %" if one.budget_fen else "—"


_OF_A_CLAIM = (
    Column(Text("编号", "No.")),
    Column(Text("付款日期", "Paid on")),
    Column(Text("事由", "Purpose"), is_link=True),
    Column(Text("科目", "Category")),
    Column(Text("金额（元）", "Amount (yuan)"), is_money=True),
)


def _of_a_claim(case: Case, titles: Mapping[str, Text]) -> tuple[Any, ...]:
    paid_on, category = str(case.data.get("paid_on") or ""), _titled(case.category or "", titles)
    return case.number or "", paid_on, case.title, category, case.amount_fen or 0


def _claims(title: Text, found: Sequence[Case], titles: Mapping[str, Text]) -> Table:
    rows = tuple(_of_a_claim(case, titles) for case in found)
    return Table(title, _OF_A_CLAIM, rows, {4: sum(case.amount_fen or 0 for case in found)}, tuple(found))


def _items(items: Sequence[Item], titles: Mapping[str, Text], offices: Mapping[str, Text], signers: set[str]) -> Table:
    """Source: DESIGN 8: where a signer of the review had approved the item himself, it says so."""
    rows = tuple(
        (
            *_of_a_claim(item.case, titles),
            _decided(item.steps, offices),
            Text("", "") if item.approvers.isdisjoint(signers) else Text("是", "Yes"),
        )
        for item in items
    )
    columns = (*_OF_A_CLAIM, Column(Text("办理", "Decisions")), Column(Text("签名人曾同意", "Approved by a signer")))
    total = sum(item.case.amount_fen or 0 for item in items)
    return Table(Text("支出明细", "Items of spending"), columns, rows, {4: total}, tuple(item.case for item in items))


_VERBS = {
    "submit": Text("提交", "Submitted"),
    "approve": Text("同意", "Approved"),
    "take_back": Text("收回", "Taken back"),
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
                f"范围确定以后又有 {len(figures.later)} 笔属于本期的支出入账，不在本次审查之内。",
                f"{len(figures.later)} item(s) of the period were recorded after the scope was frozen and are not in it.",
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
    """The report as one plain page to sign, the same bytes for the same report; the type shrinks until it fits."""
    told = {
        "lang": language,
        "union": report.cover.union,
        "name": report.cover.name,
        "number": report.cover.number,
        "date": union_day(report.cover.made_on).isoformat(),
        "sentences": [one.in_(language) for one in report.sentences],
        "opinion": report.cover.opinion,
        "basis_title": Text("一、基本情况与审查范围", "1. Basis and scope").in_(language),
        "tables_title": Text("二、收支与预算执行", "2. Income, spending and budget").in_(language),
        "opinion_title": Text("三、审查意见", "3. Opinion").in_(language),
        "annex": Text(
            "支出明细逐笔列在随附的表格（report.xlsx）里，凭证在资料包的 files 文件夹里。",
            "Every item is listed in the spreadsheet (report.xlsx); the evidence lies in the pack's folder files.",
        ).in_(language),
        "total": Text("合计", "Total").in_(language),
        "tables": [_plain(table, language) for table in report.tables if table.cases is None],
        "signatures": [
            f"{one.office.in_(language)} {one.name}  {union_minute(one.at)}" for one in report.cover.signatures
        ],
        "signed_title": Text("四、签名", "4. Signed").in_(language),
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
    book = xlsxwriter.Workbook(held, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
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
        *(f"{one.office.in_(language)} {one.name} {union_minute(one.at)}" for one in report.cover.signatures),
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
