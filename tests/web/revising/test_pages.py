"""Officers change a workflow on a page, without JavaScript: in sentences, checked as they go, confirmed by another."""

from __future__ import annotations

import pytest

from app.cases.definitions import Definitions
from app.engine.loading import load_definition
from app.foundation.edge import EXTENSION
from tests.fixtures.revising import CLAIM, THREE, changed, in_force, problems, proposed
from tests.fixtures.sites import Site
from tests.fixtures.unions import BOOK
from tests.web.revising.conftest import Browser, browser, forms_of

EDIT = f"/settings/workflows/{CLAIM}/edit"
PAGES = ("/settings/workflows", f"/settings/workflows/{CLAIM}", f"/settings/workflows/{CLAIM}/file", EDIT)


def text_of(page: Browser) -> str:
    """The file as the page's form holds it."""
    return dict(forms_of(page.page)["sentences"])["base"]


def test_whoever_looks_after_the_workflows_finds_the_page_and_nobody_else(site: Site) -> None:
    may = {"chair", "vice", "auditchair", "admin"}
    for username in site.town.people:
        page = browser(site, username)
        for address in PAGES:
            page.open(address)
            admitted = may - ({"vice", "auditchair"} if address == EDIT else set())
            assert (page.status == 200) == (username in admitted), (username, address)
    for username in sorted(may - {"chair"}):
        assert "/settings/workflows" in browser(site, username).open("/desk")
    assert "/settings/workflows" in browser(site, "chair").open("/settings")


def test_a_stranger_is_asked_to_sign_in(site: Site) -> None:
    for address in PAGES:
        assert site.app.test_client().get(address).status_code in {302, 303, 401}


def test_the_list_says_what_is_in_force_and_what_waits(site: Site) -> None:
    page = browser(site, "vice")
    assert "随系统提供" in page.open("/settings/workflows")
    made = proposed(site, changed(site, THREE))
    assert f"/settings/proposals/{made['id']}" in page.open("/settings/workflows")


def test_the_form_gives_back_every_shipped_workflow_as_it_was(site: Site) -> None:
    """Opening the form and pressing the button without changing anything changes nothing, whatever the workflow."""
    page = browser(site, "chair")
    with site.database.read() as session:
        found = site.app.extensions[EXTENSION].use(Definitions).all_in_force(session, site.town.union_id)
    for name, definition in found.items():
        page.open(f"/settings/workflows/{name}/edit")
        page.send("sentences", then="check")
        assert load_definition(text_of(page), BOOK.titles()).hash == definition.hash, name
        assert "和现行版本一样" in page.page, name


def test_a_change_in_sentences_is_checked_proposed_and_confirmed_by_another(site: Site) -> None:
    chair = browser(site, "chair")
    chair.open(EDIT)
    chair.send("sentences", then="check", **{"actions.approve.above": "3", "actions.pay.title.zh": "付款"})
    assert "核对通过" in chair.page
    assert "超过本会限额的 2 人 → 不超过本会限额的 1 人；超过本会限额的 3 人" in chair.page
    chair.send("sentences", then="propose", note="金额大的要三位")
    assert chair.address.startswith("/settings/proposals/")
    assert 'data-testid="confirm"' not in chair.page
    vice = browser(site, "vice")
    vice.open(chair.address)
    assert "金额大的要三位" in vice.page
    vice.send(f"{chair.address}/confirm", note="同意")
    assert "确认启用" in vice.page
    assert in_force(site).action("pay").title.zh == "付款"  # type: ignore[union-attr]
    assert problems(site) == set()


def test_who_decides_who_is_barred_and_the_limit_are_ticked_and_typed(site: Site) -> None:
    page = browser(site, "chair")
    page.open(EDIT)
    page.send(
        "sentences",
        then="check",
        **{
            "actions.pay.offices": ["cashier", "accountant"],
            "actions.publish.bars": ["submitter"],
            "actions.approve.union_limit": None,
            "actions.approve.limit": "8,000",
            "actions.approve.need": "1",
            "actions.approve.above": "2",
        },
    )
    made = load_definition(text_of(page), BOOK.titles())
    pay, publish, approve = (made.action(name) for name in ("pay", "publish", "approve"))
    assert pay is not None
    assert publish is not None
    assert approve is not None
    assert (pay.by.offices, publish.bars) == (("cashier", "accountant"), ("submitter",))
    assert "超过8,000.00 元的 2 人" in page.page
    assert approve.quorums[1].or_all_members


def test_a_mistake_is_a_sentence_and_nothing_typed_is_lost(site: Site) -> None:
    page = browser(site, "chair")
    page.open(EDIT)
    page.send("sentences", then="propose", **{"actions.pay.offices": None, "title.zh": ""})
    assert page.status == 422
    assert 'data-testid="problems"' in page.page
    page.send("sentences", then="check", **{"title.zh": "报销"})
    assert "谁也办不了" in page.page or "没有写谁" in page.page or 'data-testid="problems"' in page.page
    page.send("sentences", then="check", **{"actions.pay.offices": ["cashier"]})
    assert "核对通过" in page.page
    assert "改称“报销”" in page.page


def test_a_field_is_added_and_another_taken_out(site: Site) -> None:
    page = browser(site, "chair")
    page.open(EDIT)
    page.send("sentences", _add_field="1", **{"_new.zh": "参加人数", "_new.en": "People there", "_new.type": "integer"})
    page.send("sentences", then="check", **{"fields.people_there.required": "1"})
    assert "增加字段“参加人数”" in page.page
    page.send("sentences", _remove_field="no_invoice_reason")
    assert "去掉字段“无发票说明”" in page.page
    made = load_definition(text_of(page), BOOK.titles())
    assert made.field("people_there").required


def test_a_field_that_something_stands_on_cannot_be_taken_out_unnoticed(site: Site) -> None:
    page = browser(site, "chair")
    page.open(EDIT)
    page.send("sentences", _remove_field="handled_by")
    assert 'data-testid="problems"' in page.page


def test_the_file_is_one_click_away_and_comes_back_as_it_went(site: Site) -> None:
    page = browser(site, "chair")
    page.open(EDIT)
    before = text_of(page)
    page.send(EDIT, then="check")
    assert text_of(page) == before
    page.send(EDIT, yaml=before.replace("need: 2", "need: 3"), then="check")
    assert "→ 不超过本会限额的 1 人；超过本会限额的 3 人" in page.page
    page.send(EDIT, yaml="a: [", then="check")
    assert 'data-testid="problems"' in page.page
    assert "a: [" in page.page


def test_a_pretended_case_shows_its_way_and_who_decides(site: Site) -> None:
    assert site["chair"].patch("/union", {"two_auditor_limit_fen": 500_000}).status_code == 200
    page = browser(site, "chair")
    page.open(EDIT)
    page.send("sentences", then="check", **{"_try.amount_fen": "9000"})
    trial = page.page[page.page.index('data-testid="trial"') :]
    assert trial.index("提交") < trial.index("经审委员") < trial.index("2 人") < trial.index("登记付款")
    page.send("sentences", then="check", **{"_try.amount_fen": "100"})
    trial = page.page[page.page.index('data-testid="trial"') :]
    assert "1 人" in trial[: trial.index("登记付款")]


def test_the_live_check_answers_with_the_part_of_the_page_that_changes(site: Site) -> None:
    page = browser(site, "chair")
    page.open(EDIT)
    sent: dict[str, list[str]] = {}
    for name, value in forms_of(page.page)["sentences"]:
        sent.setdefault(name, []).append(value)
    sent["actions.approve.above"] = ["200"]
    answer = page.client.post("/settings/workflows/look", data=sent)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "至多 100" in answer.text or 'data-testid="problems"' in answer.text


def test_who_is_indispensable_is_said_while_changing(site: Site) -> None:
    """The cashier of this union is alone: the page says what happens while he is away."""
    assert "请假时" in browser(site, "chair").open(EDIT)


def test_a_new_workflow_is_made_from_one_that_is_there(site: Site) -> None:
    chair = browser(site, "chair")
    chair.open(f"{EDIT}?copy=1")
    chair.send("sentences", then="propose", workflow="small_claim", number="XE", **{"title.zh": "小额报销"})
    assert "新流程“小额报销”" in chair.page
    vice = browser(site, "vice")
    vice.open(chair.address)
    vice.send(f"{chair.address}/confirm")
    assert "小额报销" in vice.open("/settings/workflows")


def test_running_cases_are_carried_from_the_page_and_the_rest_says_why_not(site: Site) -> None:
    claim = site.submitted()
    made = proposed(site, changed(site, THREE))
    vice = browser(site, "vice")
    address = f"/settings/proposals/{made['id']}"
    vice.open(address)
    vice.send(f"{address}/confirm")
    assert claim["number"] in vice.page
    vice.send(f"{address}/migrate")
    assert 'data-testid="migration"' not in vice.page
    assert site["treasurer"].get(f"/cases/{claim['id']}").get_json()["migrations"][0]["to"] == made["hash"]
    assert problems(site) == set()


def test_ones_own_proposal_can_be_taken_back_on_the_page(site: Site) -> None:
    made = proposed(site, changed(site, THREE), who="admin")
    admin = browser(site, "admin")
    address = f"/settings/proposals/{made['id']}"
    admin.open(address)
    assert "自己提的不能自己确认" in admin.page
    csrf = dict(forms_of(admin.page)[f"{address}/reject"])["csrf_token"]
    assert admin.client.post(f"{address}/confirm", data={"csrf_token": csrf}).status_code == 404
    admin.send(f"{address}/reject")
    assert "不采用" in admin.page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_read_in_both_languages(site: Site, language: str) -> None:
    made = proposed(site, changed(site, THREE))
    page = browser(site, "chair")
    page.client.set_cookie("language", language)
    for address in (*PAGES, f"/settings/proposals/{made['id']}"):
        page.open(address)
        assert page.status == 200
