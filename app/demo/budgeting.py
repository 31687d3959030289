"""The year's money before it is spent: the interim allowance, the budget, and what came in, quarter by quarter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from app.cases.models import Case
from app.demo.days import YEAR, at, fen, rows, workdays_after
from app.demo.pages import page_pdf
from app.demo.people import UNION
from app.demo.stage import Stage, Strand

H1_LIST = date(2026, 7, 8)
"""On this day the first half-year's income and claims were published, each in one list."""
LATEST_UNCONFIRMED = date(2026, 11, 15)
"""What came in later still waits for the treasurer."""

_RETURNED = "宣传活动支出比上年增长较多，请压减到一万五千元以内再报。"


def strands(stage: Stage) -> Iterator[Strand]:
    """Both budgets, every income, and the list of the first half-year."""
    yield _interim(stage)
    yield _annual(stage)
    received: list[Case] = []
    for row in rows("income"):
        yield _income(stage, row, received)
    yield _publish_income(stage, received)


def _interim(stage: Stage) -> Strand:
    day = date(YEAR, 1, 5)
    yield at(day, 9)
    case = _drafted(stage, "interim", f"{YEAR}年临时支出额度", "临时额度")
    yield at(day, 9, 30)
    stage.act("treasurer", case, "submit")
    yield at(workdays_after(day, 1), 10)
    stage.act("chair", case, "approve", "委员会集体研究同意。")
    yield at(workdays_after(day, 2), 10)
    stage.act("auditchair", case, "pass")
    yield at(workdays_after(day, 3), 9)
    stage.act("clerk", case, "publish")


def _annual(stage: Stage) -> Strand:
    """Sent back once by the auditors, cut, and passed."""
    day = date(YEAR, 2, 2)
    yield at(day, 9)
    case = _drafted(stage, "annual", f"{YEAR}年度经费预算", "年度初稿")
    yield at(day, 9, 20)
    stage.act("treasurer", case, "submit")
    yield at(workdays_after(day, 1), 15)
    stage.act("chair", case, "approve")
    yield at(workdays_after(day, 3), 10)
    stage.act("auditchair", case, "return", _RETURNED)
    yield at(workdays_after(day, 4), 9)
    stage.edit("treasurer", case, lines=_lines("年度预算"))
    stage.act("treasurer", case, "submit", "宣传活动支出压减到14600元。")
    yield at(workdays_after(day, 5), 9)
    stage.act("chair", case, "approve")
    yield at(workdays_after(day, 7), 10)
    stage.act("auditor2", case, "pass", "收支平衡，同意执行。")
    yield at(workdays_after(day, 9), 9)
    stage.act("chair", case, "publish")


def _drafted(stage: Stage, kind: str, name: str, column: str) -> Case:
    minutes = page_pdf(
        f"工会委员会会议纪要（{name}）",
        (
            f"委员会集体研究了{name}，到会委员一致同意，提请主席签署并送经审会审查。",
            "厉行节约，重点保障会员慰问、文体活动和困难帮扶。",
        ),
        UNION.name,
        stage.today,
    )
    paper = stage.hand_in("treasurer", minutes, f"{name}会议纪要.pdf")
    starts_on = date(YEAR, 1, 1).isoformat()
    return stage.open(
        "treasurer", "budget", name=name, starts_on=starts_on, kind=kind, lines=_lines(column), papers=[paper]
    )


def _lines(column: str) -> list[dict[str, object]]:
    return [{"account": row["科目"], "amount_fen": fen(row[column])} for row in rows("budget") if fen(row[column]) > 0]


def _income(stage: Stage, row: dict[str, str], received: list[Case]) -> Strand:
    day = date.fromisoformat(row["到账日"])
    yield at(workdays_after(day, 1), 9, 10)
    slip = page_pdf(
        "银行收款回单",
        (f"收款人：{UNION.name}。", f"金额：{row['金额']}元。摘要：{row['来源']}。回单号：{row['回单号']}。"),
        "清河市演示银行",
        day,
    )
    case = stage.open(
        "cashier",
        "income",
        source=row["来源"],
        received_on=day.isoformat(),
        account=row["科目"],
        amount_fen=fen(row["金额"]),
        bank_reference=row["回单号"],
        papers=[stage.hand_in("cashier", slip, f"回单{row['回单号']}.pdf")],
    )
    stage.act("cashier", case, "submit")
    if day > LATEST_UNCONFIRMED:
        return
    yield at(workdays_after(day, 2), 15, 20)
    stage.act("treasurer", case, "confirm")
    received.append(case)


def _publish_income(stage: Stage, received: list[Case]) -> Strand:
    yield at(H1_LIST, 9, 30)
    stage.act_on_all("chair", received, "publish")
