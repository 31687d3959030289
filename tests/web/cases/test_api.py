"""The API's answers: who is refused, with which status, code and reasons, and what a refused request leaves behind."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from app.foundation.edge import door_of
from app.people.policy import Policy
from tests.fixtures.answers import codes, problem, trail_size
from tests.fixtures.sites import PNG, Site, unknown
from tests.fixtures.unions import found


def test_the_whole_life_of_a_claim(site: Site) -> None:
    draft = site.claim()
    assert (draft["number"], draft["state"], draft["version"]) == (None, "draft", 1)
    submitted = site.acted("treasurer", draft, "submit")
    assert submitted["number"] == "GH-2026-0001"
    inbox = site["auditor1"].get("/inbox?tab=todo").get_json()["items"]
    assert [one["id"] for one in inbox] == [draft["id"]]
    audited = site.acted("auditor1", submitted, "approve", "同意")
    paid = site.acted("cashier", audited, "pay", paid_on="2026-04-28", bank_reference="HD-1")
    published = site.acted("chair", paid, "publish")
    assert (published["state"], published["phase"]) == ("published", "published")
    whole = site["treasurer"].get(f"/cases/{draft['id']}").get_json()
    assert [step["action"] for step in whole["timeline"]] == ["submit", "approve", "pay", "publish"]
    public = site.app.test_client().get("/api/v1/public/brook?year=2026").get_json()
    assert public["spending"][0]["amount_fen"] == 10_000
    assert public["items"][0]["fields"]["payee"] == "河边**"
    assert "bank_reference" not in public["items"][0]["fields"]
    entries = site["treasurer"].get(f"/cases/{draft['id']}/trail").get_json()["entries"]
    assert len(entries) == 4
    assert "河边文具店" not in "".join(entry["canonical"] for entry in entries)


def test_a_claim_above_the_limit_needs_two_auditors_and_the_second_is_not_refused_for_the_first(site: Site) -> None:
    limit = {"two_auditor_limit_fen": 5_000}
    assert site["chair"].patch("/union", limit).status_code in {200, 204}, (
        site["chair"].patch("/union", limit).get_json()
    )
    claim = site.submitted(20_000)
    voted = site.acted("auditor1", claim, "approve")
    assert (voted["state"], voted["version"]) == ("submitted", claim["version"])
    told = problem(site.tried("auditor1", claim, "approve"), 409)
    assert "already_decided" in codes(told)
    assert site.acted("auditor2", claim, "approve")["state"] == "audited"


def test_the_treasurer_cannot_approve_what_he_submitted(site: Site) -> None:
    claim, size = site.submitted(), trail_size(site)
    problem(site.tried("treasurer", claim, "approve"), 403, "not_your_step")
    assert trail_size(site) == size


def test_who_handled_or_receives_the_money_stands_aside(site: Site) -> None:
    auditor = str(site.town.people["auditor1"])
    claim = site.submitted(handled_by=auditor)
    told = problem(site.tried("auditor1", claim, "approve"), 403)
    assert "you_are_a_side" in codes(told)
    assert site.acted("auditor2", claim, "approve")["state"] == "audited"


def test_an_approver_does_not_pay_and_nobody_pays_before_approval(site: Site) -> None:
    claim = site.submitted()
    payment = {"paid_on": "2026-04-28", "bank_reference": "HD-1"}
    told = problem(site.tried("cashier", claim, "pay", **payment), 409)
    assert "wrong_state" in codes(told)
    audited = site.acted("auditor1", claim, "approve")
    problem(site.tried("auditor1", audited, "pay", **payment), 403, "not_your_step")
    told = problem(site.tried("chair", audited, "publish"), 409)
    assert codes(told) == {"not_paid"}


@pytest.mark.parametrize("action", ["to_paid", "__init__", "trigger", "may_approve", "to_published"])
def test_only_actions_of_the_workflow_exist(shared_site: Site, action: str) -> None:
    problem(shared_site.tried("auditor1", shared_site.submitted(), action), 422, "unknown_action")


def test_a_stale_or_missing_version_is_refused(shared_site: Site) -> None:
    draft = shared_site.claim()
    path = f"/cases/{draft['id']}"
    changed = shared_site["treasurer"].patch(path, {"version": 1, "data": {"purpose": "改过的事由"}})
    assert changed.get_json()["version"] == 2
    problem(shared_site["treasurer"].patch(path, {"data": {"purpose": "x"}}), 428, "version_missing")
    problem(shared_site["treasurer"].patch(path, {"version": 1, "data": {"purpose": "x"}}), 409, "stale_version")
    problem(shared_site["treasurer"].post(f"{path}/actions/submit", {}), 428, "version_missing")
    problem(shared_site["treasurer"].post(f"{path}/actions/submit", {"version": 1}), 409, "stale_version")
    for wrong in ("7", 7.0, True, None):
        answer = shared_site["treasurer"].patch(path, {"version": wrong, "data": {}})
        assert answer.status_code in {422, 428}, wrong


@pytest.mark.parametrize(
    "name",
    ["status", "state", "approved_by", "union_id", "owner_id", "version", "id", "opened_at", "seq", "hash", "paid_on"],
)
def test_nobody_sets_what_the_system_sets(shared_site: Site, name: str) -> None:
    body = {"workflow": "expense_claim", "data": {name: "published"}}
    told = problem(shared_site["treasurer"].post("/cases", body), 422, "invalid")
    assert f"data.{name}" in told["errors"]
    told = problem(shared_site["treasurer"].post("/cases", {"workflow": "expense_claim", "data": {}, name: 1}), 422)
    assert name in told["errors"]


@pytest.mark.parametrize(
    "amount",
    ["1_000.00", "１２３", "100", 1.5, 100.0, -1, 0, True, None, [], 10**13, "1e400", {"fen": 1}],
)
def test_money_is_whole_fen_and_nothing_that_resembles_it(shared_site: Site, amount: object) -> None:
    data = {"lines": [{"summary": "x", "amount_fen": amount}]}
    answer = shared_site["treasurer"].post("/cases", {"workflow": "expense_claim", "data": data})
    if amount is None:
        assert answer.status_code == 201  # an empty amount is a draft's right; it cannot be submitted
        return
    told = problem(answer, 422)
    assert "data.lines.0.amount_fen" in told["errors"]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"workflow": "expense_claim", "workflow": "task"}',
        b'{"workflow": NaN}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"\xff\xfe",
        b"{",
        b"",
    ],
    ids=["duplicate", "nan", "deep", "huge number", "not utf-8", "cut off", "empty"],
)
def test_malformed_json_is_a_clear_no(shared_site: Site, raw: bytes) -> None:
    answer = shared_site["treasurer"].send("POST", "/cases", data=raw, content_type="application/json")
    problem(answer, 400, "malformed_json")


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\u200bb", "\ud800", "x" * 201])
def test_text_is_what_it_looks_like(shared_site: Site, text: str) -> None:
    answer = shared_site["treasurer"].post("/cases", {"workflow": "expense_claim", "data": {"purpose": text}})
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize(
    "day", ["2026-02-29", "0001-01-01", "9999-12-31", "2026-4-1", "２０２６-01-01", "2026-01-01\n", 20260101]
)
def test_days_are_days(shared_site: Site, day: object) -> None:
    answer = shared_site["treasurer"].post("/cases", {"workflow": "expense_claim", "data": {"spent_on": day}})
    told = problem(answer, 422)
    assert "data.spent_on" in told["errors"]


def test_a_total_that_the_lines_do_not_make_is_refused(shared_site: Site) -> None:
    data = {"lines": [{"summary": "x", "amount_fen": 100}], "amount_fen": 101}
    told = problem(shared_site["treasurer"].post("/cases", {"workflow": "expense_claim", "data": data}), 422)
    assert "data.amount_fen" in told["errors"]


def test_an_incomplete_claim_is_told_every_gap_at_once(shared_site: Site) -> None:
    draft = shared_site.opened("treasurer", "expense_claim", purpose="只有事由")
    told = problem(shared_site.tried("treasurer", draft, "submit"), 422)
    missing = {one["figures"]["field"] for one in told["refusals"] if one["code"] == "field_missing"}
    assert missing >= {"spent_on", "account", "lines", "payee"}


def test_another_union_finds_nothing_of_ours_on_any_path(site: Site) -> None:
    claim = site.submitted()
    file_id = site["treasurer"].get(f"/cases/{claim['id']}").get_json()["files"][0]["id"]
    found(site.database, "hill", suffix="-hill", now=site.hands.now)
    stranger = site["auditor1-hill"]
    for method, path in [
        ("GET", f"/cases/{claim['id']}"),
        ("GET", f"/cases/{claim['id']}/trail"),
        ("GET", f"/files/{file_id}"),
        ("GET", f"/reviews/{claim['id']}"),
        ("GET", f"/reviews/{claim['id']}/pack"),
        ("DELETE", f"/cases/{claim['id']}"),
    ]:
        told = problem(stranger.send(method, path), 404, "not_found")
        assert told == problem(
            stranger.send(method, path.replace(claim["id"], unknown()).replace(file_id, unknown())), 404
        )
    problem(stranger.patch(f"/cases/{claim['id']}", {"version": 1, "data": {}}), 404)
    for action in ("approve", "return", "publish", "void"):
        problem(stranger.post(f"/cases/{claim['id']}/actions/{action}", {"version": 2, "comment": "x"}), 404)
    batch = {"items": [{"id": claim["id"], "version": claim["version"]}]}
    items = stranger.post("/cases/actions/approve", batch).get_json()["items"]
    assert items[0]["problem"]["code"] == "not_found"
    assert site["treasurer"].get(f"/cases/{claim['id']}").get_json()["state"] == "submitted"


def test_a_member_and_the_maintainer_see_no_claims(site: Site) -> None:
    claim = site.submitted()
    for who in ("member", "admin"):
        problem(site[who].get(f"/cases/{claim['id']}"), 404)
        assert site[who].get("/inbox").get_json()["items"] == []


def test_a_batch_decides_each_item_by_itself(site: Site) -> None:
    claims = [site.submitted(1_000 + number) for number in range(4)]
    gone = site.acted("auditor2", claims[0], "return", "缺发票")
    items = [{"id": one["id"], "version": one["version"]} for one in claims]
    answers = site["auditor1"].post("/cases/actions/approve", {"items": items}).get_json()["items"]
    assert [one["ok"] for one in answers] == [False, True, True, True]
    assert gone["state"] == "draft"
    again = site["auditor1"].post("/cases/actions/return", {"items": items, "comment": "x"}).get_json()["items"]
    assert {one["problem"]["code"] for one in again} == {"not_in_batch"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_nothing_is_approved_by_a_link(shared_site: Site, method: str) -> None:
    claim = shared_site.submitted()
    answer = shared_site["auditor1"].send(method, f"/cases/{claim['id']}/actions/approve")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert shared_site["auditor1"].get(f"/cases/{claim['id']}").get_json()["state"] == "submitted"


def test_the_same_key_has_one_effect_and_one_answer(site: Site) -> None:
    body = {"workflow": "expense_claim", "data": {"purpose": "只开一次"}}
    key = {"Idempotency-Key": "only-once-1"}
    caller, answers = site["treasurer"], []

    def send() -> None:
        own = site.app.test_client()
        headers = {"Authorization": f"Bearer {caller.token}", **key}
        answers.append(own.post("/api/v1/cases", json=body, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in answers} == {201}
    assert len({one.get_data() for one in answers}) == 1
    mine = caller.get("/inbox?tab=mine&limit=200").get_json()["items"]
    assert len([one for one in mine if one["title"] == "只开一次"]) == 1
    other = {"workflow": "expense_claim", "data": {"purpose": "另一件"}}
    problem(caller.post("/cases", other, headers=key), 422, "idempotency_key_reused")


def test_an_ended_office_ends_the_right_at_once(site: Site) -> None:
    claim = site.submitted()
    held = site["chair"].get("/people").get_json()
    person = next(one for one in held["people"] if one["id"] == str(site.town.people["auditor1"]))
    office = next(one for one in person["offices"] if one["office"] == "auditor")
    ended = site["chair"].post(f"/offices/{office['id']}/end", {})
    assert ended.status_code == 200, ended.get_json()
    answer = site.tried("auditor1", claim, "approve")
    assert answer.status_code in {403, 404}


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"", "empty.pdf", 422),
        (b"MZ\x90\x00", "a.exe", 415),
        (b"<html><script>alert(1)</script></html>", "a.png", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.svg", 415),
        (PNG, "a.pdf", 415),
        (b"x" * (20 * 1024 * 1024 + 1), "big.pdf", 413),
    ],
    ids=["empty", "program", "page named picture", "svg", "picture named pdf", "too large"],
)
def test_files_that_lie_are_refused(shared_site: Site, content: bytes, name: str, status: int) -> None:
    problem(shared_site["treasurer"].upload(content, name), status)


def test_files_are_never_run_by_a_browser(shared_site: Site) -> None:
    file_id = shared_site["treasurer"].upload(PNG, "照片%22%0d%0aX: 1.png").get_json()["id"]
    answer = shared_site["treasurer"].get(f"/files/{file_id}")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "X" not in answer.headers
    assert answer.get_data() == PNG


def test_nobody_gets_in_without_signing_in(shared_site: Site) -> None:
    client = shared_site.app.test_client()
    for path in ("/api/v1/inbox", "/api/v1/workflows", "/api/v1/budgets/2026", f"/api/v1/cases/{unknown()}"):
        problem(client.get(path), 401, "not_signed_in")
    bad = client.get("/api/v1/inbox", headers={"Authorization": "Bearer nonsense"})
    problem(bad, 401)


def test_every_route_says_who_may_come_in(shared_site: Site) -> None:
    from app.factory import OPEN_ENDPOINTS

    for rule in shared_site.app.url_map.iter_rules():
        door = door_of(shared_site.app.view_functions[rule.endpoint])
        if rule.endpoint in OPEN_ENDPOINTS:
            assert OPEN_ENDPOINTS[rule.endpoint]
            continue
        assert door is not None, rule
        assert Policy(door.policy)


def test_every_closed_route_refuses_a_stranger_and_a_member_never_gets_officers_data(shared_site: Site) -> None:
    member, stranger = shared_site["member"], shared_site.app.test_client()
    for rule in shared_site.app.url_map.iter_rules():
        door = door_of(shared_site.app.view_functions[rule.endpoint])
        if door is None or not door.is_api or door.policy in {Policy.PUBLIC, Policy.SETUP}:
            continue
        path = rule.rule
        for part in rule.arguments:
            kind = "2026" if "int:" in path else unknown() if "uuid:" in path else "approve"
            path = path.replace(f"<uuid:{part}>", kind).replace(f"<int:{part}>", kind).replace(f"<{part}>", kind)
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        answer = stranger.open(path, method=method, json={} if method != "GET" else None)
        assert answer.status_code == 401, path
        if door.policy not in {Policy.SIGNED_IN, Policy.OWN_ACCOUNT, Policy.MEMBER}:
            answer = member.send(method, path.removeprefix("/api/v1"), **({"json": {}} if method != "GET" else {}))
            assert answer.status_code == 403, (path, answer.get_json())


def test_the_api_describes_every_route_it_has(shared_site: Site) -> None:
    from openapi_spec_validator import validate

    document = shared_site.app.test_client().get("/api/v1/openapi.json").get_json()
    validate(document)
    doors = [
        rule.rule
        for rule in shared_site.app.url_map.iter_rules()
        if (door := door_of(shared_site.app.view_functions[rule.endpoint])) is not None and door.is_api
    ]
    described = len([1 for operations in document["paths"].values() for _ in operations])
    assert described == len(doors)


def test_a_list_asks_the_same_number_of_questions_however_long_it_is(sqlite_site: Site) -> None:
    asked: list[str] = []
    for engine in (sqlite_site.database.reader, sqlite_site.database.writer):
        sa.event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    counts = []
    for _ in range(2):
        for number in range(3):
            sqlite_site.submitted(1_000 + number)
        asked.clear()
        assert sqlite_site["auditor1"].get("/inbox").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_approval_takes_at_most_fifteen_statements(site: Site) -> None:
    claim = site.submitted()
    assert site["auditor1"].get("/me").status_code == 200
    asked: list[str] = []
    for engine in (site.database.reader, site.database.writer):
        sa.event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    site.acted("auditor1", claim, "approve", "同意")
    assert len(asked) <= 15, "\n".join(asked)


def test_when_the_machine_fails_no_approval_succeeds(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, size = site.submitted(), trail_size(site)

    def broken(*_args: object, **_more: object) -> str:
        raise RuntimeError("the machine is broken")

    monkeypatch.setattr("app.engine.machine.fire", broken)
    answer = site.tried("auditor1", claim, "approve")
    assert answer.status_code == 500
    monkeypatch.undo()
    assert trail_size(site) == size
    assert site["auditor1"].get(f"/cases/{claim['id']}").get_json()["state"] == "submitted"


def test_when_the_trail_cannot_be_written_nothing_is_approved(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = site.submitted()

    def full(*_args: object, **_more: object) -> list[int]:
        raise OSError("no space left")

    monkeypatch.setattr("app.trail.service.append_all", full)
    assert site.tried("auditor1", claim, "approve").status_code == 500
    monkeypatch.undo()
    assert site["auditor1"].get(f"/cases/{claim['id']}").get_json()["state"] == "submitted"
