"""The audit committee's review of the first half-year, from opening to publication."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from app.demo.days import YEAR, at
from app.demo.stage import Stage, Strand

_OPINION = (
    "上半年收入、支出与账面和银行回单相符，支出均在预算之内，手续齐全。"
    "抽查支出三十笔，发票、签领表与实际相符；四笔退回补正后重报，已改正。"
    "建议：活动用餐须随附名单，分摊场地费应事先签订分摊约定；宣传、会议两项结余，下半年可统筹用于会员活动。"
)


def strands(stage: Stage) -> Iterator[Strand]:
    """The one review of the story."""
    yield _first_half(stage)


def _first_half(stage: Stage) -> Strand:
    yield at(date(YEAR, 7, 15), 9)
    case = stage.open(
        "auditor1",
        "fund_review",
        name=f"{YEAR}年上半年经费审查",
        period_from=date(YEAR, 1, 1).isoformat(),
        period_to=date(YEAR, 6, 30).isoformat(),
        opinion=_OPINION,
    )
    yield at(date(YEAR, 8, 10), 16)
    stage.act("auditor1", case, "submit")
    yield at(date(YEAR, 8, 12), 9, 40)
    stage.act("auditor1", case, "sign")
    yield at(date(YEAR, 8, 13), 14, 15)
    stage.act("auditor2", case, "sign", "同意审查意见。")
    yield at(date(YEAR, 8, 18), 10)
    stage.act("auditchair", case, "publish")
