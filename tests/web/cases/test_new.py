"""The page of everything that can be begun, and what the desk offers first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cases.menu import FIRST, OWN, Menu, MenuUnusable
from app.engine.problems import DefinitionError
from app.wiring import WORKFLOWS
from tests.fixtures.browsing import reader
from tests.fixtures.sites import Site
from tests.unit.engine.workbench import shipped, sound

ADDRESS = re.compile(r'href="/cases/new/([a-z_]+)"')
HEADING = re.compile(r"<h2>([^<]+)</h2>")


def menu() -> Menu:
    return Menu.load(WORKFLOWS / "menu.yaml", shipped())


def test_every_kind_of_work_stands_in_one_group() -> None:
    everyone = {office for one in shipped().values() for office in one.open.offices}
    offer = menu().offer(shipped(), everyone)
    assert sorted(one.name for _, kinds in offer.groups for one in kinds) == sorted(shipped())
    assert OWN not in [title for title, _ in offer.groups]
    assert 5 <= len(offer.groups) <= 8
    assert max(len(kinds) for _, kinds in offer.groups) <= 7


def test_the_treasurer_is_offered_the_claim_first_and_nobody_what_another_begins() -> None:
    for offices in ({"treasurer"}, {"clerk"}, {"member"}, {"auditor", "member"}, set[str]()):
        offer = menu().offer(shipped(), offices)
        offered = {one.name for _, kinds in offer.groups for one in kinds} | {one.name for one in offer.first}
        assert offered == {name for name, one in shipped().items() if offices & set(one.open.offices)}
        assert len(offer.first) <= FIRST
        assert offer.count == len(offered)
    assert menu().offer(shipped(), {"treasurer"}).first[0].name == "expense_claim"
    assert [one.name for one in menu().offer(shipped(), {"clerk"}).first] == ["task", "condolence", "activity"]


def test_a_kind_of_the_unions_own_stands_under_a_heading_of_its_own_and_among_the_first() -> None:
    own = {**shipped(), "prize": sound()}
    offer = menu().offer(own, {"treasurer"})
    assert offer.first[-1] is own["prize"]
    assert offer.groups[-1] == (OWN, (own["prize"],))
    assert menu().group_of("prize") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "often: [task]",
        "often: 5\ngroups: {}",
        "often: []\ngroups: {money: {title: {zh: 经费}, kinds: [task]}}",
        "often: []\ngroups: {money: {title: {zh: 经费, en: Fund}, kinds: [tusk]}}",
        "often: [tusk]\ngroups: {}",
        "often: []\ngroups: [task]",
        "often: []\ngroups: {money: {title: {zh: 经费, en: Fund}, kinds: [task, task]}}",
    ],
)
def test_a_menu_that_cannot_be_used_stops_the_start_and_names_its_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "menu.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MenuUnusable, match=r"menu\.yaml"):
        Menu.load(file, shipped())


def test_a_menu_that_is_not_our_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "menu.yaml"
    file.write_text("often: &a [task]\ngroups: *a\n", encoding="utf-8")
    with pytest.raises(DefinitionError):
        Menu.load(file, shipped())


def test_the_clerk_finds_every_kind_under_a_heading_one_click_from_the_desk(sqlite_site: Site) -> None:
    clerk = reader(sqlite_site, "clerk")
    desk = clerk.get("/desk").text
    assert ADDRESS.findall(desk) == ["task", "condolence", "activity"]
    assert 'href="/cases/new"' in desk
    page = clerk.get("/cases/new").text
    mine = {name for name, one in shipped().items() if {"clerk", "member"} & set(one.open.offices)}
    assert set(ADDRESS.findall(page)) == mine
    assert {"会议学习", "生活关爱", "组织建设", "常用"} <= set(HEADING.findall(page))
    for name in sorted(mine):
        assert clerk.get(f"/cases/new/{name}").status_code == 200


def test_the_form_of_a_kind_one_may_not_begin_stays_closed_with_the_cases_it_lists(sqlite_site: Site) -> None:
    member = reader(sqlite_site, "member")
    assert member.get("/cases/new/relief_grant").status_code == 403
    assert member.get("/cases/new/suggestion").status_code == 200
    assert member.get("/cases/new/no_such_kind").status_code == 404


def test_a_member_without_office_may_suggest_and_speak_up_and_is_shown_no_empty_heading(sqlite_site: Site) -> None:
    member = reader(sqlite_site, "member")
    desk = member.get("/desk").text
    assert ADDRESS.findall(desk) == ["suggestion", "opinion"]
    assert 'href="/cases/new"' not in desk
    assert HEADING.findall(member.get("/cases/new").text) == ["常用", "职工心声"]


def test_programs_are_told_the_group_and_whether_one_may_begin_it(sqlite_site: Site) -> None:
    listed = sqlite_site["member"].get("/workflows").get_json()["workflows"]
    assert {one["name"] for one in listed if one["may_open"]} == {"suggestion", "opinion"}
    assert [one["group"] for one in listed if one["name"] == "condolence"] == [{"zh-CN": "生活关爱", "en": "Care"}]
