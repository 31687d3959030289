"""年度计划 and 月度任务审签 as the clerk, the chair and others meet them in a browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.fixtures.sites import PNG, Site
from tests.fixtures.unions import PASSWORD

SIGN_OFF = "/plan/sign-off?month=2026-07"


def entered(site: Site, username: str) -> FlaskClient:
    """That person's browser, signed in."""
    client = site.app.test_client()
    answer = client.post("/sign-in", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 303
    return client


def drafted(site: Site, name: str, owner: str = "organiser", **changes: Any) -> dict[str, Any]:
    data = {
        "name": name,
        "owner": str(site.town.people[owner]),
        "group": "文体小组",
        "due_on": "2026-07-10",
        "budget_fen": 50_000,
    }
    return site.opened("clerk", "task", **{**data, **changes})


def approved(site: Site, name: str, owner: str = "organiser") -> dict[str, Any]:
    return site.acted("chair", site.acted("clerk", drafted(site, name, owner), "propose"), "approve")


def reported(site: Site, name: str, owner: str = "organiser", result: str = "三十人参加。") -> dict[str, Any]:
    photo = site[owner].upload(PNG, "photo.png").get_json()["id"]
    return site.acted(owner, approved(site, name, owner), "report", result=result, photos=[photo])


def state_of(site: Site, task: dict[str, Any]) -> str:
    return str(site["clerk"].get(f"/cases/{task['id']}").get_json()["state"])


def boxes(page: str) -> dict[str, bool]:
    """What can be ticked, and whether it is."""
    found = re.findall(r'<input type="checkbox" name="case" value="([^"]+)"( checked)?>', page)
    return {value: bool(checked) for value, checked in found}


def ticked(client: FlaskClient, page: str, values: list[str]) -> str:
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/plan/sign-off", data={"csrf_token": token.group(1), "month": "2026-07", "case": values})
    assert answer.status_code == 200
    return answer.text


@contextlib.contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


# --- the year ------------------------------------------------------------------------------------------------------------


def test_the_plan_shows_each_item_with_its_tasks_and_what_is_overdue(sqlite_site: Site) -> None:
    plan = sqlite_site.opened(
        "clerk",
        "work_plan",
        name="计划",
        year=2026,
        adopted_on="2026-01-12",
        items=[{"number": "一、1", "quote": "唱"}],
    )
    sqlite_site.acted("chair", sqlite_site.acted("clerk", plan, "submit"), "adopt")
    task = drafted(sqlite_site, "歌咏比赛", plan=plan["id"], plan_item="一、1")
    page = entered(sqlite_site, "clerk").get("/plan?year=2026").text
    assert page.index("一、1") < page.index("唱") < page.index("歌咏比赛", page.index("唱"))
    assert f'href="/cases/{task["id"]}"' in page
    assert "超期 1" in page
    assert entered(sqlite_site, "clerk").get("/plan?year=2025").text.count("歌咏比赛") == 0


def test_a_cancelled_task_is_shown_and_no_longer_counted(sqlite_site: Site) -> None:
    task = sqlite_site.acted("chair", drafted(sqlite_site, "歌咏比赛"), "cancel", "不办了")
    page = entered(sqlite_site, "clerk").get("/plan").text
    assert page.count(f'href="/cases/{task["id"]}"') == 1
    assert "已取消" in page
    assert "<p>任务 0" in page
    assert 'class="must"' not in page


@pytest.mark.parametrize(("new_day", "overdue", "soon"), [(None, 1, 0), ("2026-08-05", 0, 1), ("2026-12-01", 0, 0)])
def test_the_desk_counts_a_task_by_the_day_to_which_it_was_postponed_as_the_plan_does(
    sqlite_site: Site, new_day: str | None, overdue: int, soon: int
) -> None:
    task = approved(sqlite_site, "歌咏比赛")
    if new_day:
        sqlite_site.acted("chair", task, "postpone", "连日大雨", new_due_on=new_day)
    clerk = entered(sqlite_site, "clerk")
    desk, plan = clerk.get("/desk").text, clerk.get("/plan?year=2026").text
    assert f"三十天内到期 {soon}<" in desk
    assert ("超期 1<" in desk) == bool(overdue)
    assert ('<span class="must">超期 1<' in plan) == bool(overdue)


def test_the_desk_no_longer_counts_what_was_reported(sqlite_site: Site) -> None:
    reported(sqlite_site, "歌咏比赛")
    assert "超期" not in entered(sqlite_site, "clerk").get("/desk").text


def test_a_task_under_way_waits_for_its_owner_and_not_for_the_chair(sqlite_site: Site) -> None:
    task = approved(sqlite_site, "歌咏比赛")
    assert f'href="/cases/{task["id"]}' in entered(sqlite_site, "organiser").get("/inbox").text
    assert f'href="/cases/{task["id"]}' not in entered(sqlite_site, "chair").get("/inbox").text
    assert "同意延期" in entered(sqlite_site, "chair").get(f"/cases/{task['id']}").text


@pytest.mark.parametrize("year", ["abc", "-1", "99999", "2026'--"])
def test_a_year_that_is_none_shows_this_one(sqlite_site: Site, year: str) -> None:
    answer = entered(sqlite_site, "clerk").get("/plan", query_string={"year": year})
    assert answer.status_code == 200
    assert "年度计划 2026" in answer.text


def test_what_people_type_is_shown_as_typed(sqlite_site: Site) -> None:
    typed = '<script>alert(1)</script>"onload="x'
    reported(sqlite_site, typed, result=typed)
    chair = entered(sqlite_site, "chair")
    for address in ("/plan", SIGN_OFF):
        page = chair.get(address).text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert '"onload="x' not in page


def test_members_do_not_get_the_plan_and_only_chairs_get_the_sign_off(sqlite_site: Site) -> None:
    assert entered(sqlite_site, "member").get("/plan").status_code == 403
    assert entered(sqlite_site, "clerk").get("/plan").status_code == 200
    assert entered(sqlite_site, "clerk").get("/plan/sign-off").status_code == 403
    assert sqlite_site.app.test_client().get("/plan").status_code == 401


# --- a month to sign off -------------------------------------------------------------------------------------------------


def test_the_chair_signs_off_the_ticked_tasks_of_a_month_in_one_confirmation(sqlite_site: Site) -> None:
    tasks = [reported(sqlite_site, name) for name in ("歌咏", "讲座", "座谈")]
    chair = entered(sqlite_site, "chair")
    page = chair.get(SIGN_OFF).text
    assert boxes(page) == {f"{task['id']}:{task['version']}": True for task in tasks}
    results = ticked(chair, page, list(boxes(page))[:2])
    assert [state_of(sqlite_site, task) for task in tasks].count("signed_off") == 2
    assert 'href="/plan/sign-off?month=2026-07"' in results
    assert len(boxes(chair.get(SIGN_OFF).text)) == 1


def test_the_chairs_own_task_stands_on_top_and_cannot_be_ticked(sqlite_site: Site) -> None:
    other, own = reported(sqlite_site, "歌咏"), reported(sqlite_site, "座谈", owner="chair")
    chair = entered(sqlite_site, "chair")
    page = chair.get(SIGN_OFF).text
    assert list(boxes(page)) == [f"{other['id']}:{other['version']}"]
    assert page.index("不能由您办结") < page.index(f"{other['id']}:")
    ticked(chair, page, [f"{own['id']}:{own['version']}"])
    assert state_of(sqlite_site, own) == "reported"


def test_a_task_changed_meanwhile_is_refused_and_the_others_go_on(sqlite_site: Site) -> None:
    stale, fresh = reported(sqlite_site, "歌咏"), reported(sqlite_site, "讲座")
    chair = entered(sqlite_site, "chair")
    page = chair.get(SIGN_OFF).text
    sqlite_site.acted("chair", stale, "return", "请补照片")
    results = ticked(chair, page, list(boxes(page)))
    assert state_of(sqlite_site, stale) == "in_progress"
    assert state_of(sqlite_site, fresh) == "signed_off"
    assert "未办理" in results


def test_nothing_is_signed_off_without_the_pages_own_token(sqlite_site: Site) -> None:
    task = reported(sqlite_site, "歌咏")
    chair = entered(sqlite_site, "chair")
    answer = chair.post("/plan/sign-off", data={"case": f"{task['id']}:{task['version']}"})
    assert answer.status_code == 403
    assert state_of(sqlite_site, task) == "reported"


def test_the_page_asks_as_many_statements_for_six_tasks_as_for_one(sqlite_site: Site) -> None:
    reported(sqlite_site, "歌咏")
    chair = entered(sqlite_site, "chair")
    chair.get(SIGN_OFF)
    with counted(sqlite_site.database.reader) as one:
        chair.get(SIGN_OFF)
    for number in range(5):
        reported(sqlite_site, f"任务{number}")
    with counted(sqlite_site.database.reader) as six:
        page = chair.get(SIGN_OFF).text
    assert len(boxes(page)) == 6
    assert len(six) == len(one)
