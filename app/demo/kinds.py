"""One case each of some other kinds of work: a month's birthdays, a chairs' meeting, and a member's suggestion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa

from app.cases.models import Case
from app.demo.days import YEAR, at
from app.demo.documents import activity_photo
from app.demo.pages import page_pdf
from app.demo.people import UNION, members
from app.demo.stage import Stage, Strand

WELFARE = "崔海燕"
CAKE_FEN = 30_000


def strands(stage: Stage) -> Iterator[Strand]:
    """The three of them."""
    yield _birthdays_of_may(stage)
    yield _chairs_meeting(stage)
    yield _suggestion(stage)


def _birthdays_of_may(stage: Stage) -> Strand:
    """The clerk's list, the chair's one approval, and the claim of the cakes joined to it."""
    yield at(date(YEAR, 5, 6), 9, 10)
    born = [one for one in members() if one.birthday.startswith("05-")]
    case = stage.open(
        "clerk",
        "condolence",
        name=f"{YEAR}年5月会员生日慰问",
        listed_on=stage.today.isoformat(),
        heads=len(born),
        people=[
            {
                "member": str(stage.cast[one.name].person_id),
                "kind": "birthday",
                "happened_on": f"{YEAR}-{one.birthday}",
                "amount_fen": CAKE_FEN,
            }
            for one in born
        ],
    )
    stage.act("clerk", case, "submit")
    yield at(date(YEAR, 5, 6), 15, 40)
    stage.act("chair", case, "approve")
    yield at(date(YEAR, 5, 29), 10, 20)
    claim = stage.session.scalars(
        sa.select(Case).where(
            Case.union_id == stage.cast.union_id, Case.workflow == "expense_claim", Case.title == "五月会员生日蛋糕"
        )
    ).one()
    rows = [("会员", "领取", "签名"), *((one.name, "生日蛋糕", one.name) for one in born)]
    sheet = page_pdf("五月会员生日蛋糕签领表", (), UNION.name, stage.today, rows)
    receipts = [stage.hand_in("treasurer", sheet, "五月会员生日蛋糕签领表.pdf")]
    stage.act("treasurer", case, "settle", claim=str(claim.id), receipts=receipts)
    yield at(date(YEAR, 6, 3), 9, 30)
    stage.act("clerk", case, "publish")


def _chairs_meeting(stage: Stage) -> Strand:
    """The clerk writes it up, the chair confirms it; members are told the main points."""
    yield at(date(YEAR, 3, 5), 16, 30)
    decided = ("五一歌咏比赛三月底前定方案", "春季走访由各小组先报名单")
    minutes = page_pdf("三月主席办公会记录", decided, UNION.name, stage.today)
    case = stage.open(
        "clerk",
        "chairs_meeting",
        name="三月主席办公会",
        held_on=stage.today.isoformat(),
        present=3,
        decisions=[
            {
                "matter": "五一歌咏比赛",
                "decision": decided[0],
                "owner": str(stage.cast["owner"].person_id),
                "due_on": f"{YEAR}-03-31",
            },
            {"matter": "春季走访", "decision": decided[1], "owner": str(stage.cast[WELFARE].person_id)},
        ],
        outcome="研究了五一歌咏比赛和春季走访，两项都已交办。",
        minutes=[stage.hand_in("clerk", minutes, "三月主席办公会记录.pdf")],
    )
    stage.act("clerk", case, "submit")
    yield at(date(YEAR, 3, 6), 9, 15)
    stage.act("chair", case, "confirm")
    yield at(date(YEAR, 3, 9), 10)
    stage.act("clerk", case, "publish")


def _suggestion(stage: Stage) -> Strand:
    """Made by a member, adopted, carried out, graded, and known to all."""
    yield at(date(YEAR, 4, 13), 12, 20)
    case = stage.open(
        "member",
        "suggestion",
        name="营业厅叫号屏加大字号",
        made_on=stage.today.isoformat(),
        kind="suggestion",
        now="叫号屏字小，老人看不清，常到柜台来问。",
        proposal="字号加大一倍，读号时同时报窗口。",
    )
    stage.act("member", case, "submit")
    yield at(date(YEAR, 4, 14), 10)
    stage.act("clerk", case, "accept")
    yield at(date(YEAR, 4, 20), 15)
    owner = str(stage.cast["owner"].person_id)
    stage.act("chair", case, "adopt", "实用，花钱少。", owner=owner, due_on=f"{YEAR}-05-31")
    yield at(date(YEAR, 5, 25), 16)
    photo = stage.hand_in("owner", activity_photo("新叫号屏", 7), "新叫号屏.jpg")
    stage.act("owner", case, "report", effect="五月二十日换好，一周内到柜台问号的少了一半。", proof=[photo])
    yield at(date(YEAR, 6, 1), 9)
    stage.act("chair", case, "rate", grade="second")
    yield at(date(YEAR, 6, 4), 10)
    stage.act("clerk", case, "publish")
