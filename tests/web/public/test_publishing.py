"""公布: a period's finished cases made public in one confirmation."""

from __future__ import annotations

import pytest

from tests.fixtures.browsing import anyone, main_of, reader, statements, ticked
from tests.web.public.conftest import Board

PAGE = "/publish?year=2026&period=h1"


def test_one_confirmation_publishes_the_paid_claims_the_tasks_and_the_income_of_the_period(
    board_on_both: Board,
) -> None:
    board = board_on_both
    ready = [board.paid(), board.paid(), board.confirmed(), board.signed_off()]
    unpaid = board.site.acted("auditor1", board.site.submitted(), "approve")
    later = board.paid(spent_on="2026-07-03")
    chair = reader(board.site, "chair")
    page = chair.get(PAGE)
    assert "另有 1 件还不能公布" in page.text
    assert later["number"] not in page.text
    results = chair.post("/publish", {**ticked(page), "year": "2026", "period": "h1"})
    assert "已办理 4 件" in main_of(results)
    assert 'href="/publish?year=2026&amp;period=h1"' in main_of(results)
    assert {one["number"] for one in board.told()["items"]} == {one["number"] for one in ready}
    assert not ticked(chair.get(PAGE))
    assert board.site["chair"].get(f"/cases/{unpaid['id']}").get_json()["state"] == "audited"


def test_what_was_unticked_stays_and_what_changed_meanwhile_is_told(board: Board) -> None:
    kept, gone, moved = board.paid(), board.paid(), board.paid()
    clerk = reader(board.site, "clerk")
    form = ticked(clerk.get(PAGE))
    boxes = [box for box in form["case.expense_claim.publish"] if not box.startswith(kept["id"])]
    board.site.acted("chair", moved, "publish")
    results = main_of(clerk.post("/publish", {"case.expense_claim.publish": boxes}))
    assert "已办理 1 件" in results
    assert "未办理 1" in results
    assert {one["number"] for one in board.told()["items"]} == {gone["number"], moved["number"]}


@pytest.mark.parametrize("username", ["auditor1", "treasurer", "cashier"])
def test_an_officer_who_may_not_publish_finds_nothing_to_tick_and_is_refused(board: Board, username: str) -> None:
    case = board.paid()
    officer = reader(board.site, username)
    assert not ticked(officer.get(PAGE))
    answer = officer.post("/publish", {"case.expense_claim.publish": f"{case['id']}:{case['version']}"})
    assert answer.status_code == 403
    assert board.told()["items"] == []


def test_an_officer_who_may_not_publish_reads_who_does_and_what_waits(board: Board) -> None:
    board.paid()
    board.paid()
    treasurer = reader(board.site, "treasurer")
    page = main_of(treasurer.get(PAGE))
    assert "由主席、干事公布" in page
    assert "2 件等待公布" in page
    assert "没有可以公布的" not in page
    assert "没有等待公布的事项" in main_of(treasurer.get("/publish?year=2026&period=h2"))


def test_the_chair_is_not_told_who_publishes(board: Board) -> None:
    board.paid()
    assert "等待公布" not in main_of(reader(board.site, "chair").get(PAGE))


def test_members_and_strangers_do_not_come_in(board: Board) -> None:
    assert reader(board.site, "member").get("/publish").status_code == 403
    assert anyone(board.site).get("/publish").status_code == 401
    assert anyone(board.site).post("/publish").status_code == 401


def test_a_form_from_elsewhere_publishes_nothing(board: Board) -> None:
    case = board.paid()
    chair = reader(board.site, "chair")
    chair.token = "guessed"
    answer = chair.post("/publish", {"case.expense_claim.publish": f"{case['id']}:{case['version']}"})
    assert answer.status_code == 403
    assert board.told()["items"] == []


def test_no_other_step_is_taken_from_the_page(board: Board) -> None:
    task = board.site.opened(
        "clerk", "task", name="歌咏比赛", owner=str(board.site.town.people["organiser"]), due_on="2026-04-30"
    )
    task = board.site.acted("clerk", task, "propose")
    box = f"{task['id']}:{task['version']}"
    chair = reader(board.site, "chair")
    chair.post("/publish", {"case.task.approve": box, "case": box, "action": "approve"})
    assert board.site["chair"].get(f"/cases/{task['id']}").get_json()["state"] == "proposed"


def test_boxes_that_make_no_sense_are_left_out(board: Board) -> None:
    chair = reader(board.site, "chair")
    results = chair.post(
        "/publish", {"case.expense_claim.publish": ["", "x:1", "019f7d40-6500-7799-b08d-501f0ebe9ca8:1"]}
    )
    assert results.status_code == 200
    assert "未办理 1" in main_of(results)


def test_titles_are_text_on_the_page_where_they_are_picked(board: Board) -> None:
    board.paid(purpose="<script>alert(1)</script>")
    page = reader(board.site, "chair").get(PAGE).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_page_asks_as_often_for_many_claims_as_for_one(board: Board) -> None:
    chair = reader(board.site, "chair")
    board.paid()

    def asked() -> int:
        with statements(board.site.database.reader) as seen:
            assert chair.get(PAGE).status_code == 200
        return len(seen)

    before = asked()
    for _ in range(5):
        board.paid()
    assert asked() == before
