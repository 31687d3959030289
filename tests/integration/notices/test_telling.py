"""Who is told what by a claim on its way, once the ten seconds are over."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy.orm import Session

from app.notices import service
from app.notices.models import Notice, Outbox
from app.wording import Text
from tests.integration.notices.conftest import LATER, Post

ABOUT = "GH-2026-0001 五一歌咏比赛用品，100.00 元"


def test_auditors_learn_that_it_is_their_turn_and_whoever_submitted_does_not(post: Post) -> None:
    post.site.submitted()
    post.work()
    for auditor in ("auditor1", "auditor2", "auditchair"):
        assert post.notices(auditor)[-1] == f"轮到您审批：{ABOUT}"
    for other in ("treasurer", "cashier", "member", "admin"):
        assert not any(ABOUT in sentence for sentence in post.notices(other))


def test_every_step_of_a_claim_reaches_those_it_concerns(post: Post) -> None:
    claim = post.site.submitted()
    claim = post.site.acted("auditor1", claim, "return", "缺发票")
    post.work()
    assert post.notices("treasurer")[-1] == f"江一鸣退回，请修改后重新提交：{ABOUT}"
    claim = post.site.acted("treasurer", claim, "submit")
    claim = post.site.acted("auditor2", claim, "approve")
    post.work()
    assert post.notices("treasurer")[-1] == f"经审通过：{ABOUT}"
    assert post.notices("cashier")[-1] == f"轮到您办理“登记付款”：{ABOUT}"
    claim = post.site.acted("cashier", claim, "pay", paid_on="2026-04-28", bank_reference="HD-1")
    post.work()
    assert post.notices("treasurer")[-1] == f"已付款：{ABOUT}"
    post.site.acted("chair", claim, "publish")
    post.work()
    assert post.notices("treasurer")[-1] == f"已公布：{ABOUT}"


def test_a_claim_that_was_rejected_says_by_whom(post: Post) -> None:
    post.site.acted("auditor2", post.site.submitted(), "reject", "不符合规定")
    post.work()
    assert post.notices("treasurer")[-1] == f"江二鸣办理“不同意”，到此结束：{ABOUT}"


def test_nobody_is_called_to_a_turn_that_passed_within_the_hold(post: Post) -> None:
    post.site.acted("auditor1", post.site.submitted(), "approve")
    post.work()
    assert not any("轮到您审批" in sentence and ABOUT in sentence for sentence in post.notices("auditor2"))
    assert post.notices("cashier")[-1].startswith("轮到您办理“登记付款”")


def test_an_auditor_who_received_the_money_is_not_called_to_approve_it(post: Post) -> None:
    post.site.submitted(payee_person=str(post.site.town.people["auditor1"]))
    post.work()
    assert not any(ABOUT in sentence for sentence in post.notices("auditor1"))
    assert post.notices("auditor2")[-1] == f"轮到您审批：{ABOUT}"


def test_the_first_of_two_votes_tells_nobody(post: Post) -> None:
    assert post.site["chair"].patch("/union", {"two_auditor_limit_fen": 100}).status_code == 200
    claim = post.site.submitted(200)
    post.work()
    before = len(post.rows(Notice))
    post.site.acted("auditor1", claim, "approve")
    post.work()
    assert len(post.rows(Notice)) == before


def test_within_the_hold_nobody_is_told_and_an_undo_takes_everything_back(post: Post) -> None:
    claim = post.site.submitted()
    before = len(post.rows(Notice))
    post.work(timedelta(seconds=9))
    assert len(post.rows(Notice)) == before
    case_id, now = uuid.UUID(claim["id"]), post.site.hands.now
    taken_back = post.site.database.transact(lambda session: service.withdraw(session, post.union_id, case_id, 1, now))
    assert taken_back == 1
    post.work()
    assert len(post.rows(Notice)) == before
    assert post.site.database.transact(lambda s: service.withdraw(s, post.union_id, case_id, 1, now)) == 0


def test_an_undo_after_the_hold_takes_back_what_nobody_has_read_or_been_sent(post: Post) -> None:
    post.mail("auditor1")
    post.mail("auditor2")
    claim = post.site.submitted()
    post.worker.pass_on(post.union_id, post.wait(seconds=11))
    unread = post.site["auditor1"].get("/notices").get_json()["notices"][0]
    assert post.site["auditor1"].post(f"/notices/{unread['id']}/read").status_code == 200
    now = post.site.hands.now
    post.site.database.transact(lambda s: service.withdraw(s, post.union_id, uuid.UUID(claim["id"]), 1, now))
    post.work()
    assert post.notices("auditor1")[-1] == f"轮到您审批：{ABOUT}"  # what was read stays
    assert not any(ABOUT in sentence for sentence in post.notices("auditor2"))
    assert post.office.letters == []


def test_a_feature_tells_people_something_that_is_no_step(post: Post) -> None:
    people, now = post.site.town.people, post.site.hands.now
    post.site.database.transact(
        lambda session: service.tell(
            session,
            post.union_id,
            "mention",
            [str(people["member"]), "cashier", str(people["auditor1"])],
            Text(ABOUT, ABOUT),
            now,
            by=people["auditor1"],
        )
    )
    post.work()
    assert post.notices("member") == [f"江一鸣在意见中提到您：{ABOUT}"]
    assert post.notices("cashier")[-1] == f"江一鸣在意见中提到您：{ABOUT}"
    assert not any("提到您" in sentence for sentence in post.notices("auditor1"))


def test_a_row_that_cannot_be_read_is_set_aside_and_the_others_go_on(post: Post) -> None:
    people, now = post.site.town.people, post.site.hands.now

    def two(session: object) -> None:
        for kind in ("no such kind", "mention"):
            service.tell(session, post.union_id, kind, [str(people["member"])], Text("一", "1"), now)  # type: ignore[arg-type]

    post.site.database.transact(two)
    post.work()
    assert post.notices("member") == ["经办的人在意见中提到您：一"]
    (incident,) = post.site["admin"].get("/incidents").get_json()["incidents"]
    assert incident["error"] == "notice_KeyError"
    assert post.site["admin"].post(f"/incidents/{incident['id']}/retry").status_code == 200
    assert len([row for row in post.rows(Outbox) if row.delivered_at is None]) == 1


def test_a_round_with_nothing_to_do_writes_nothing(post: Post) -> None:
    assert post.worker.round(post.site.hands.now + LATER) == 0


def arranged(post: Post, who: str, claim: dict[str, object], verb: str, **more: object) -> None:
    """Something arranged around the present step."""
    answer = post.site[who].post(f"/cases/{claim['id']}/arrangements", {"verb": verb, **more})
    assert answer.status_code == 200, answer.get_json()


def test_a_copy_a_mention_and_a_reminder_reach_those_they_are_for(post: Post) -> None:
    people, claim = post.site.town.people, post.site.submitted()
    post.work()
    arranged(post, "treasurer", claim, "copy", person=str(people["member"]))
    arranged(post, "auditor1", claim, "remark", comment="请看", mentions=[str(people["clerk"])])
    arranged(post, "treasurer", claim, "remind")
    post.work()
    assert post.notices("member") == [f"苏禾抄送给您：{ABOUT}"]
    assert post.notices("clerk")[-1] == f"江一鸣在意见中提到您：{ABOUT}"
    assert post.notices("auditor2")[-1] == f"苏禾催办：{ABOUT}"


def test_a_remark_within_the_hold_takes_nobodys_turn_away(post: Post) -> None:
    claim = post.site.submitted()
    arranged(post, "auditor1", claim, "remark", comment="先记一笔")
    post.work()
    assert post.notices("auditor2")[-1] == f"轮到您审批：{ABOUT}"


def test_taking_back_a_step_withdraws_what_its_latest_row_told(post: Post) -> None:
    claim = post.site.submitted()
    post.site.acted("auditor1", claim, "approve")
    case_id, now = uuid.UUID(claim["id"]), post.site.hands.now

    def take_back(session: Session) -> int:
        return service.withdraw_last(session, post.union_id, case_id, "case.approve", now)

    assert post.site.database.transact(take_back) == 1
    assert post.site.database.transact(take_back) == 0
    post.work()
    assert not any("登记付款" in sentence for sentence in post.notices("cashier"))
    assert not any("经审通过" in sentence and ABOUT in sentence for sentence in post.notices("treasurer"))
