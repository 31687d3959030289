"""Pages of people as a browser meets them: sign-in, profile, people and offices, settings, first run."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from sqlalchemy.orm import Session

from app.people import queries
from tests.fixtures.unions import PASSWORD, TODAY, Town
from tests.web.people.conftest import Site

NEW_PASSWORD = "three boats at the quay"
FIRST_RUN = [
    ("union_name", "溪口镇工会"),
    ("place", "示例省"),
    ("two_auditors_above_fen", "5,000.00"),
    *[
        pair
        for at, (username, office) in enumerate(
            [("linwan", "chair"), ("suhe", "treasurer"), ("baishan", "cashier"), ("jiangyi", "auditor")]
        )
        for pair in (
            (f"people.{at}.name", f"某人{at}"),
            (f"people.{at}.username", username),
            (f"people.{at}.password", PASSWORD),
            (f"people.{at}.offices", office),
        )
    ],
]


def without(name: str) -> list[tuple[str, str]]:
    return [pair for pair in FIRST_RUN if pair[0] != name]


# --- signing in and out --------------------------------------------------------------------------------------------------


def test_wrong_password_and_unknown_user_get_the_same_page(site: Site) -> None:
    pages = [
        site.visitor().client.post("/sign-in", data={"username": "chair", "password": "not this one"}),
        site.visitor().client.post("/sign-in", data={"username": "choir", "password": "not this one"}),
    ]
    assert [page.status_code for page in pages] == [401, 401]
    assert pages[0].text == pages[1].text.replace("choir", "chair")
    assert "用户名或密码不对" in pages[0].text


def test_the_sixth_attempt_is_told_when_to_come_back(site: Site) -> None:
    for _ in range(5):
        site.visitor().enter("chair", "not this one")
    refused = site.visitor().enter("chair")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 901
    assert "自动恢复" in refused.text


def test_signing_in_changes_the_cookie_whatever_came_along(site: Site) -> None:
    visitor = site.visitor()
    visitor.client.set_cookie("gongkai", "planted-by-someone")
    visitor.enter("chair")
    first = visitor.client.get_cookie("gongkai")
    assert first is not None
    assert first.value != "planted-by-someone"
    visitor.client.post("/sign-in", data={"username": "clerk", "password": PASSWORD, "csrf_token": visitor.csrf})
    second = visitor.client.get_cookie("gongkai")
    assert second is not None
    assert second.value != first.value


def test_after_signing_out_the_copied_cookie_opens_nothing(site: Site) -> None:
    visitor = site.entered("chair")
    copied = visitor.client.get_cookie("gongkai")
    assert copied is not None
    response = visitor.post("/sign-out")
    assert response.headers["Location"] == "/sign-in"
    assert visitor.client.get_cookie("gongkai") is None
    visitor.client.set_cookie("gongkai", copied.value)
    assert visitor.get("/me").status_code == 401


def test_signing_out_needs_the_pages_own_token(site: Site) -> None:
    visitor = site.entered("chair")
    assert visitor.client.post("/sign-out").status_code == 403
    assert visitor.get("/me").status_code == 200


def test_another_sites_form_cannot_sign_a_reader_in(site: Site) -> None:
    refused = site.visitor().client.post(
        "/sign-in", data={"username": "chair", "password": PASSWORD}, headers={"Origin": "https://evil.example"}
    )
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\r\nX: y"])
def test_after_signing_in_nobody_is_sent_to_another_site(site: Site, next_: str) -> None:
    response = site.visitor().client.post("/sign-in", data={"username": "chair", "password": PASSWORD, "next": next_})
    assert response.headers["Location"] == "/"


def test_a_reader_goes_on_where_he_wanted_to(site: Site) -> None:
    data = {"username": "chair", "password": PASSWORD, "next": "/cases/1?tab=files"}
    assert site.visitor().client.post("/sign-in", data=data).headers["Location"] == "/cases/1?tab=files"


def test_in_production_the_cookie_is_bound_to_this_host_over_https(production_site: Site, town: Town) -> None:
    response = production_site.app.test_client().post(
        "https://example.test/sign-in",
        data={"username": "chair", "password": PASSWORD},
    )
    cookie = SimpleCookie(response.headers["Set-Cookie"])["__Host-gongkai"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert cookie["domain"] == ""


def test_in_production_a_cookie_under_the_plain_name_counts_for_nothing(production_site: Site, town: Town) -> None:
    client = production_site.app.test_client()
    response = client.post("https://example.test/sign-in", data={"username": "chair", "password": PASSWORD})
    secret = SimpleCookie(response.headers["Set-Cookie"])["__Host-gongkai"].value
    other = production_site.app.test_client()
    other.set_cookie("gongkai", secret, domain="example.test")
    assert other.get("https://example.test/me").status_code == 401
    assert client.get("https://example.test/me").status_code == 200


def test_a_session_in_use_stays_and_one_left_alone_ends(site: Site) -> None:
    visitor = site.entered("chair")
    for _ in range(5):
        site.watch.now += timedelta(minutes=110)
        visitor.get("/me").close()
    assert visitor.get("/me").status_code == 200
    site.watch.now += timedelta(minutes=121)
    assert visitor.get("/me").status_code == 401


def test_reading_pages_writes_at_most_every_five_minutes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, writes = site.entered("chair"), list[int]()
    transact = site.database.transact

    def counting(work: Callable[[Session], object]) -> object:
        writes.append(1)
        return transact(work)

    monkeypatch.setattr(site.database, "transact", counting)
    for seconds in (60, 120, 110, 20, 30):
        site.watch.now += timedelta(seconds=seconds)
        visitor.get("/me").close()
    assert len(writes) == 1


# --- one's own profile ---------------------------------------------------------------------------------------------------


def test_the_profile_shows_name_union_and_offices(site: Site) -> None:
    page = site.entered("treasurer").get("/me").text
    for shown in ("苏禾", "brook 工会", "财务委员", "treasurer"):
        assert shown in page


def test_a_password_is_changed_on_the_profile_and_other_browsers_are_out(site: Site) -> None:
    here, there = site.entered("chair"), site.entered("chair")
    changed = here.post("/me/password", {"current": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert changed.headers["Location"] == "/me?done=password"
    assert "密码已修改" in here.get("/me?done=password").text
    assert there.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"current": "not this", "new": NEW_PASSWORD, "again": NEW_PASSWORD}, 403, "现在的密码不对"),
        ({"current": PASSWORD, "new": NEW_PASSWORD, "again": "three boats"}, 422, "两次输入的新密码不一样"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, 422, "至少 10 个字符"),
        ({"current": PASSWORD, "new": PASSWORD, "again": PASSWORD}, 422, "和现在的一样"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    site: Site, form: dict[str, str], status: int, sentence: str
) -> None:
    visitor = site.entered("chair")
    refused = visitor.post("/me/password", form)
    assert refused.status_code == status
    assert sentence in refused.text
    assert visitor.get("/me").status_code == 200


def test_a_token_is_shown_once_and_can_be_revoked(site: Site) -> None:
    visitor = site.entered("treasurer")
    assert visitor.post("/me/tokens", {"label": "月报", "token_password": "wrong one"}).status_code == 403
    shown = visitor.post("/me/tokens", {"label": "月报", "token_password": PASSWORD})
    token = re.search(r"gk_[\w-]{43}", shown.text)
    assert token
    bearer = {"Authorization": f"Bearer {token.group()}"}
    program = site.app.test_client()
    assert program.get("/api/v1/me", headers=bearer).status_code == 200
    page = visitor.get("/me").text
    assert token.group() not in page
    revoke = re.search(r"/me/tokens/[0-9a-f-]{36}/revoke", page)
    assert revoke
    assert visitor.post(revoke.group()).status_code == 303
    assert program.get("/api/v1/me", headers=bearer).status_code == 401


# --- people and offices --------------------------------------------------------------------------------------------------


def test_an_appointment_goes_from_the_clerk_to_the_chair_to_the_person(site: Site, town: Town) -> None:
    clerk, chair, member = site.entered("clerk"), site.entered("chair"), site.entered("member")
    form = {"person_id": str(town.people["member"]), "office": "welfare", "from": TODAY.isoformat(), "to": ""}
    assert clerk.post("/offices", form).headers["Location"] == "/people?done=recorded"
    assert "confirm-office" not in clerk.get("/people").text
    confirm = re.search(r"/offices/[0-9a-f-]{36}/confirm", chair.get("/people").text)
    assert confirm
    assert "生活福利委员" not in member.get("/me").text
    assert chair.post(confirm.group()).headers["Location"] == "/people?done=confirmed"
    assert "生活福利委员" in member.get("/me").text
    with site.database.read() as session:
        held = queries.offices_of(session, town.union_id, town.people["member"])[0]
    assert chair.post(f"/offices/{held.id}/end").headers["Location"] == "/people?done=ended"
    assert "生活福利委员" not in member.get("/me").text


def test_an_office_that_excludes_another_is_refused_on_the_page_with_what_was_typed(site: Site, town: Town) -> None:
    form = {"person_id": str(town.people["cashier"]), "office": "auditor", "from": TODAY.isoformat()}
    refused = site.entered("clerk").post("/offices", form)
    assert refused.status_code == 409
    assert "职务不相容" in refused.text
    assert re.search(r'<option value="auditor" selected', refused.text)


def test_a_newcomer_signs_in_with_the_first_password_and_can_do_nothing_before_changing_it(site: Site) -> None:
    clerk = site.entered("clerk")
    form = {"name": "新会员", "group": "一组", "is_member": "1", "username": "newcomer", "password": "lend me a lamp"}
    assert clerk.post("/people", form).headers["Location"] == "/people?done=added"
    visitor = site.visitor()
    assert visitor.enter("newcomer", "lend me a lamp").headers["Location"] == "/me"
    assert "首次密码" in visitor.get("/me").text
    refused = visitor.get("/people")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "password_change_required")
    visitor.get("/me")
    visitor.post("/me/password", {"current": "lend me a lamp", "new": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert visitor.get("/people").status_code == 200


def test_taking_someone_in_with_a_taken_user_name_names_the_field(site: Site) -> None:
    form = {"name": "新会员", "username": "chair", "password": "lend me a lamp"}
    refused = site.entered("clerk").post("/people", form)
    assert refused.status_code == 422
    assert "已经有人用了" in refused.text
    assert 'href="#f-username"' in refused.text


def test_the_offered_first_password_is_random_and_accepted(site: Site) -> None:
    clerk = site.entered("clerk")
    offered = [re.search(r'id="f-password" name="password" value="([^"]+)"', clerk.get("/people").text) for _ in "12"]
    assert offered[0]
    assert offered[1]
    assert offered[0].group(1) != offered[1].group(1)
    form = {"name": "新会员", "is_member": "1", "username": "newcomer", "password": offered[1].group(1)}
    assert clerk.post("/people", form).status_code == 303


def test_members_read_the_list_without_user_names_or_forms(site: Site) -> None:
    page = site.entered("member").get("/people").text
    assert "林晚" in page
    assert "用户名" not in page
    assert 'action="/people"' not in page
    assert "confirm-office" not in page


@pytest.mark.parametrize(
    "path",
    ["/people", "/offices", "/people/{0}/leave", "/people/{0}/disable", "/people/{0}/enable", "/offices/{0}/confirm"],
)
def test_members_cannot_change_the_list_whatever_they_post(site: Site, town: Town, path: str) -> None:
    refused = site.entered("member").post(path.format(town.people["clerk"]), {"name": "x"})
    assert refused.status_code == 403


def test_the_maintainer_shuts_an_account_and_opens_it_again(site: Site, town: Town) -> None:
    admin, clerk = site.entered("admin"), site.entered("clerk")
    assert admin.post(f"/people/{town.people['clerk']}/disable").headers["Location"] == "/people?done=disabled"
    assert clerk.get("/me").status_code == 401
    assert "账号已停用" in admin.get("/people").text
    assert admin.post(f"/people/{town.people['clerk']}/enable").status_code == 303
    assert site.entered("clerk").get("/me").status_code == 200


@pytest.mark.parametrize("username", ["clerk", "chair"])
def test_to_let_go_of_nobody_finds_nobody(site: Site, username: str) -> None:
    officer = site.entered(username)
    assert officer.post(f"/people/{uuid.uuid4()}/leave").status_code == 404


def test_someone_who_left_is_no_longer_on_the_page(site: Site, town: Town) -> None:
    clerk = site.entered("clerk")
    assert clerk.post(f"/people/{town.people['member']}/leave").headers["Location"] == "/people?done=left"
    assert "陆小满" not in clerk.get("/people").text


# --- settings ------------------------------------------------------------------------------------------------------------


def test_the_chair_sets_limit_and_switch_and_an_empty_limit_is_none(site: Site) -> None:
    chair = site.entered("chair")
    form = {"name": "brook 工会", "place": "示例省", "two_auditor_limit_fen": "5,000", "chair_approves": "1"}
    assert chair.post("/settings", form).headers["Location"] == "/settings?done=settings"
    page = chair.get("/settings").text
    assert 'value="5000.00"' in page
    assert re.search(r'name="chair_approves"[^>]* checked', page)
    chair.post("/settings", {"name": "brook 工会", "two_auditor_limit_fen": ""})
    page = chair.get("/settings").text
    assert re.search(r'name="two_auditor_limit_fen" value=""', page)
    assert not re.search(r'name="chair_approves"[^>]* checked', page)


def test_a_limit_that_is_no_amount_is_shown_again_as_typed(site: Site) -> None:
    refused = site.entered("chair").post("/settings", {"name": "brook 工会", "two_auditor_limit_fen": "five"})
    assert refused.status_code == 422
    assert 'value="five"' in refused.text


@pytest.mark.parametrize("username", ["vice", "treasurer", "auditchair", "admin", "member"])
def test_only_the_chair_opens_the_settings(site: Site, username: str) -> None:
    visitor = site.entered(username)
    assert visitor.get("/settings").status_code == 403
    assert visitor.post("/settings", {"name": "x"}).status_code == 403


# --- the first run -------------------------------------------------------------------------------------------------------


def test_an_empty_installation_is_set_up_in_one_page_and_then_signed_in_to(empty_site: Site) -> None:
    visitor = empty_site.visitor()
    assert visitor.get("/sign-in").headers["Location"] == "/setup"
    assert visitor.get("/setup").status_code == 200
    assert visitor.post("/setup", FIRST_RUN).headers["Location"] == "/sign-in?done=setup"
    assert visitor.enter("linwan").headers["Location"] == "/me"
    visitor.post("/me/password", {"current": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD})
    visitor.get("/me")
    page = visitor.get("/settings").text
    assert "溪口镇工会" in page
    assert 'value="5000.00"' in page


def test_the_first_run_is_gone_once_there_is_a_union(site: Site) -> None:
    visitor = site.visitor()
    assert visitor.get("/setup").status_code == 404
    assert visitor.post("/setup", FIRST_RUN).status_code == 404


def test_a_faulty_first_run_keeps_what_was_typed_and_founds_nothing(empty_site: Site) -> None:
    form = [*without("people.3.offices"), ("people.3.offices", "treasurer"), ("people.3.offices", "organiser")]
    refused = empty_site.visitor().post("/setup", form)
    assert refused.status_code == 422
    assert "还缺经审委员" in refused.text
    assert 'value="溪口镇工会"' in refused.text
    with empty_site.database.read() as session:
        assert not queries.any_union(session)


def test_rows_of_people_are_added_and_removed_without_javascript(empty_site: Site) -> None:
    visitor = empty_site.visitor()
    more = visitor.post("/setup", [*FIRST_RUN, ("_add_line", "people")]).text
    assert 'name="people.4.name"' in more
    less = visitor.post("/setup", [*FIRST_RUN, ("_remove_line", "people.1")]).text
    assert "某人0" in less
    assert "某人1" not in less
    assert 'name="people.3.name"' not in less
    with empty_site.database.read() as session:
        assert not queries.any_union(session)


def test_in_production_a_stranger_cannot_take_the_first_run(production_site: Site) -> None:
    client = production_site.app.test_client()
    for path in ("/setup", "/setup?token=guessed"):
        assert client.get(path).get_json()["code"] == "setup_link_needed"
    assert client.post("/setup", data=dict(FIRST_RUN)).status_code == 403
    printed = production_site.app.test_cli_runner().invoke(args=["setup", "--link"]).output
    token = printed.strip().partition("token=")[2]
    page = client.get(f"/setup?token={token}")
    assert page.status_code == 200
    assert f'name="token" value="{token}"' in page.text


def test_pages_speak_english_to_an_english_reader(site: Site) -> None:
    visitor = site.entered("chair")
    visitor.client.set_cookie("language", "en")
    for path, shown in (
        ("/me", "My profile"),
        ("/people", "People and offices"),
        ("/settings", "Settings of the union"),
    ):
        page = visitor.get(path).text
        assert shown in page
        assert not re.search(r"<h[12]>[^<]*[\u4e00-\u9fff]", page.replace("林晚", ""))
