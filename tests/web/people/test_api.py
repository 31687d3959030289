"""The API of accounts, people, offices and settings: statuses, codes, and nothing that only a page could do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.foundation.edge import door_of
from app.people.policy import Policy
from tests.fixtures.unions import PASSWORD, TODAY, Town, found
from tests.web.people.conftest import Site

NEW_PASSWORD = "three boats at the quay"


def test_a_token_is_got_with_user_name_and_password_and_says_who_one_is(site: Site, town: Town) -> None:
    me = site.app.test_client().get("/api/v1/me", headers=site.bearer("treasurer")).get_json()
    assert me["person"] == str(town.people["treasurer"])
    assert me["union"] == {"id": str(town.union_id), "slug": "brook", "name": "brook 工会"}
    assert me["offices"] == ["member", "treasurer"]
    assert me["titles"]["treasurer"] == {"zh-CN": "财务委员", "en": "Treasurer"}


def test_wrong_password_and_unknown_user_get_the_same_answer(site: Site) -> None:
    client = site.app.test_client()
    answers = [
        client.post("/api/v1/tokens", json={"username": username, "password": "not this one"})
        for username in ("chair", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].get_data() == answers[1].get_data()
    assert answers[0].get_json()["code"] == "sign_in_refused"


def test_too_many_attempts_answer_429_with_the_time_to_wait(site: Site) -> None:
    client, asked = site.app.test_client(), {"username": "chair", "password": "not this one"}
    statuses = [client.post("/api/v1/tokens", json=asked).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    refused = client.post("/api/v1/tokens", json={**asked, "password": PASSWORD})
    assert refused.get_json()["code"] == "too_many_attempts"
    assert 0 < int(refused.headers["Retry-After"]) <= 901


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "username"),
        ({"username": "chair"}, "password"),
        ({"username": "chair", "password": 5}, "password"),
        ({"username": "chair", "password": "x", "admin": True}, "admin"),
        ({"username": "ch\u200bair", "password": "x"}, "username"),
    ],
)
def test_a_malformed_sign_in_names_its_fault(site: Site, body: dict[str, Any], path: str) -> None:
    refused = site.app.test_client().post("/api/v1/tokens", json=body)
    assert refused.status_code == 422
    assert path in refused.get_json()["errors"]


def test_the_present_token_can_be_revoked_and_is_dead_at_once(site: Site) -> None:
    client, bearer = site.app.test_client(), site.bearer("clerk")
    assert client.delete("/api/v1/tokens/current", headers=bearer).status_code == 204
    assert client.get("/api/v1/me", headers=bearer).status_code == 401


def test_tokens_are_listed_without_secrets(site: Site) -> None:
    client, bearer = site.app.test_client(), site.bearer("clerk")
    answer = client.get("/api/v1/tokens", headers=bearer)
    assert set(answer.get_json()["tokens"][0]) == {"id", "label", "created_at", "expires_at"}
    assert bearer["Authorization"].split()[1] not in answer.text


@pytest.mark.parametrize("header", ["Bearer ", "Bearer gk_wrong", "Basic Y2hhaXI6eA==", "gk_naked"])
def test_a_bad_authorization_header_is_not_rescued_by_a_cookie(site: Site, header: str) -> None:
    visitor = site.entered("chair")
    assert visitor.client.get("/api/v1/me").status_code == 200
    assert visitor.client.get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def test_a_browser_that_writes_to_the_api_needs_the_pages_token_and_a_program_does_not(site: Site) -> None:
    visitor, body = site.entered("chair"), {"place": "示例省"}
    assert visitor.client.patch("/api/v1/union", json=body).get_json()["code"] == "forged_request"
    with_token = visitor.client.patch("/api/v1/union", json=body, headers={"X-CSRF-Token": visitor.csrf})
    assert with_token.status_code == 200
    assert site.app.test_client().patch("/api/v1/union", json=body, headers=site.bearer("chair")).status_code == 200


def test_a_changed_password_ends_every_token(site: Site) -> None:
    client, bearer, other = site.app.test_client(), site.bearer("chair"), site.bearer("chair")
    wrong = client.post("/api/v1/me/password", json={"current": "no", "new": NEW_PASSWORD}, headers=bearer)
    assert (wrong.status_code, wrong.get_json()["code"]) == (403, "wrong_password")
    weak = client.post("/api/v1/me/password", json={"current": PASSWORD, "new": "weak"}, headers=bearer)
    assert (weak.status_code, list(weak.get_json()["errors"])) == (422, ["new"])
    changed = client.post("/api/v1/me/password", json={"current": PASSWORD, "new": NEW_PASSWORD}, headers=bearer)
    assert changed.status_code == 204
    assert {client.get("/api/v1/me", headers=one).status_code for one in (bearer, other)} == {401}
    assert client.get("/api/v1/me", headers=site.bearer("chair", NEW_PASSWORD)).status_code == 200


def test_an_office_that_ends_between_two_requests_is_a_403_on_the_second(site: Site, town: Town) -> None:
    client, chair, clerk = site.app.test_client(), site.bearer("chair"), site.bearer("clerk")
    body = {"name": "新会员"}
    assert client.post("/api/v1/people", json=body, headers=clerk).status_code == 201
    people = client.get("/api/v1/people", headers=chair).get_json()["people"]
    held = next(one for one in people if one["id"] == str(town.people["clerk"]))["offices"][0]
    assert held["in_force"]
    assert client.post(f"/api/v1/offices/{held['id']}/end", json={}, headers=chair).status_code == 200
    refused = client.post("/api/v1/people", json=body, headers=clerk)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "not_allowed")


def test_an_appointment_is_recorded_confirmed_and_ended(site: Site, town: Town) -> None:
    client, chair, clerk = site.app.test_client(), site.bearer("chair"), site.bearer("clerk")
    asked = {"person_id": str(town.people["member"]), "office": "welfare", "from": TODAY.isoformat()}
    made = client.post("/api/v1/offices", json=asked, headers=clerk)
    assert (made.status_code, made.get_json()["confirmed"]) == (201, False)
    address = f"/api/v1/offices/{made.get_json()['id']}"
    assert client.post(f"{address}/confirm", headers=clerk).get_json()["code"] == "not_allowed"
    assert client.post(f"{address}/confirm", headers=chair).get_json()["confirmed"]
    assert client.post(f"{address}/confirm", headers=chair).status_code == 409
    last = (TODAY + timedelta(days=3)).isoformat()
    ended = client.post(f"{address}/end", json={"last_day": last}, headers=chair)
    assert (ended.status_code, ended.get_json()["to"]) == (200, last)


def test_exclusive_offices_are_a_409_that_names_both(site: Site, town: Town) -> None:
    asked = {"person_id": str(town.people["cashier"]), "office": "auditor", "from": TODAY.isoformat()}
    refused = site.app.test_client().post("/api/v1/offices", json=asked, headers=site.bearer("clerk"))
    assert refused.status_code == 409
    problem = refused.get_json()
    assert problem["code"] == "incompatible_offices"
    assert "出纳" in problem["message"]["zh-CN"]
    assert "Cashier" in problem["message"]["en"]


def test_offices_of_another_union_do_not_exist_here(site: Site, town: Town) -> None:
    hill = found(site.database, "hill", {"upper": ("chair",)})
    asked = {"person_id": str(town.people["member"]), "office": "welfare", "from": TODAY.isoformat()}
    client = site.app.test_client()
    made = client.post("/api/v1/offices", json=asked, headers=site.bearer("clerk")).get_json()["id"]
    upper = site.bearer("upper")
    for verb in ("confirm", "end"):
        assert client.post(f"/api/v1/offices/{made}/{verb}", json={}, headers=upper).status_code == 404
    assert (
        client.post(f"/api/v1/people/{hill.people['upper']}/disable", headers=site.bearer("admin")).status_code == 404
    )


def test_a_newcomer_with_an_account_must_change_the_first_password_before_the_api_opens(site: Site) -> None:
    client = site.app.test_client()
    body = {"name": "新会员", "username": "newcomer", "password": "lend me a lamp"}
    assert client.post("/api/v1/people", json=body, headers=site.bearer("clerk")).status_code == 201
    bearer = site.bearer("newcomer", "lend me a lamp")
    assert client.get("/api/v1/me", headers=bearer).get_json()["password_change_required"]
    refused = client.get("/api/v1/people", headers=bearer)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "password_change_required")
    client.post("/api/v1/me/password", json={"current": body["password"], "new": NEW_PASSWORD}, headers=bearer)
    assert client.get("/api/v1/people", headers=site.bearer("newcomer", NEW_PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "某人", "password": "lend me a lamp"}, "username"),
        ({"name": "某人", "username": "newcomer"}, "password"),
        ({"name": "某人", "username": "no/good", "password": "lend me a lamp"}, "username"),
        ({"name": "某人", "is_member": "yes"}, "is_member"),
        ({"name": "某\u202e人"}, "name"),
    ],
)
def test_a_newcomer_with_a_fault_is_not_taken_in(site: Site, body: dict[str, Any], path: str) -> None:
    client, clerk = site.app.test_client(), site.bearer("clerk")
    before = len(client.get("/api/v1/people", headers=clerk).get_json()["people"])
    refused = client.post("/api/v1/people", json=body, headers=clerk)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [path])
    assert len(client.get("/api/v1/people", headers=clerk).get_json()["people"]) == before


def test_a_newcomer_sent_twice_under_one_key_is_taken_in_once(site: Site) -> None:
    client, clerk = site.app.test_client(), {**site.bearer("clerk"), "Idempotency-Key": "one-newcomer"}
    first, second = (client.post("/api/v1/people", json={"name": "新会员"}, headers=clerk) for _ in range(2))
    assert first.get_json() == second.get_json()
    people = client.get("/api/v1/people", headers=clerk).get_json()["people"]
    assert sum(one["name"] == "新会员" for one in people) == 1


def test_user_names_are_for_those_who_keep_the_list(site: Site) -> None:
    client = site.app.test_client()
    for username, sees in (("clerk", True), ("admin", True), ("treasurer", False), ("member", False)):
        people = client.get("/api/v1/people", headers=site.bearer(username)).get_json()["people"]
        assert all(("username" in one) is sees for one in people)


def test_settings_are_changed_by_the_chair_alone_and_only_what_is_sent(site: Site) -> None:
    client, chair = site.app.test_client(), site.bearer("chair")
    changed = client.patch("/api/v1/union", json={"two_auditor_limit_fen": 300000}, headers=chair).get_json()
    assert (changed["two_auditor_limit_fen"], changed["chair_approves"], changed["name"]) == (
        300000,
        False,
        "brook 工会",
    )
    assert client.get("/api/v1/union", headers=site.bearer("member")).get_json() == changed
    assert client.patch("/api/v1/union", json={}, headers=chair).status_code == 422
    for wrong in (
        {"two_auditor_limit_fen": 1.5},
        {"two_auditor_limit_fen": -1},
        {"slug": "x"},
        {"chair_approves": "yes"},
    ):
        assert client.patch("/api/v1/union", json=wrong, headers=chair).status_code == 422
    refused = client.patch("/api/v1/union", json={"chair_approves": True}, headers=site.bearer("treasurer"))
    assert refused.status_code == 403


def test_the_upper_union_lists_the_unions_under_it(site: Site) -> None:
    hill = found(site.database, "hill", {"upper": ("chair",)})
    found(site.database, "vale", {"chair": ("chair",)}, parent_id=hill.union_id, suffix="2")
    unions = site.app.test_client().get("/api/v1/unions", headers=site.bearer("upper")).get_json()["unions"]
    assert [one["slug"] for one in unions] == ["hill", "vale"]


def test_every_route_of_people_names_a_policy_that_exists(site: Site) -> None:
    doors = {rule.rule: door_of(site.app.view_functions[rule.endpoint]) for rule in site.app.url_map.iter_rules()}
    without = [rule for rule, door in doors.items() if door is None]
    assert without == ["/static/<path:filename>"]
    assert all(Policy(door.policy) for door in doors.values() if door)


def test_nobody_reaches_a_route_without_signing_in_unless_it_is_public(site: Site) -> None:
    client = site.app.test_client()
    for rule in site.app.url_map.iter_rules():
        door = door_of(site.app.view_functions[rule.endpoint])
        if door is None or door.policy in {Policy.PUBLIC, Policy.SETUP}:
            continue
        path = re.sub(r"<[^>]+>", "019dd1b5-19c0-7084-a154-9f971f476422", rule.rule)
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        assert client.open(path, method=method, json={}).status_code == 401, rule.rule
