"""An officer changes a workflow in a real browser: the check answers while he types, and another confirms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.browsers import CountingPage, OpenPage
from tests.fixtures.servers import StartServer
from tests.fixtures.sites import site_on
from tests.fixtures.unions import PASSWORD

EDIT = "/settings/workflows/expense_claim/edit"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_check_answers_while_one_types_and_another_person_confirms(
    database_url: str, tmp_path: Path, live_server: StartServer, open_page: OpenPage
) -> None:
    site_on(database_url, tmp_path).database.close()
    server = live_server(database_url)

    def entered(username: str, size: tuple[int, int] = (1366, 768)) -> CountingPage:
        page = open_page(server.url, size)
        page.open("/sign-in")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button.primary")
        page.wait_for_address("**/desk")
        return page

    chair = entered("chair")
    chair.open(EDIT)
    assert chair.axe() == []
    chair.fill("[name='actions.approve.above']", "300")
    chair.find("[data-testid=problems]").expect().to_be_visible()
    chair.fill("[name='actions.approve.above']", "3")
    chair.find("#look [data-testid=changes]").expect().to_contain_text("超过本会限额的 3 人")
    chair.fill("#note", "金额大的要三位")
    chair.click("[data-testid=propose]")
    chair.wait_for_address("**/settings/proposals/*")
    assert chair.axe() == []
    phone = entered("vice", (390, 844))
    phone.open(chair.url)
    assert not phone.overflows()
    assert phone.axe() == []
    phone.click("[data-testid=confirm]")
    phone.find("text=确认启用").first.expect().to_be_visible()
    phone.open("/settings/workflows")
    assert not phone.overflows()
    phone.open("/settings/workflows/expense_claim")
    assert not phone.overflows()
    assert phone.axe() == []
