"""Numbers, words, references and keys that are not what they seem, each with its own no; and what a no leaves behind."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest

from app.demo.documents import Party, SampleInvoice, SampleLine, invoice_xml, sample_tax_id
from tests.fixtures.answers import codes, problem, trail_size
from tests.fixtures.sites import PNG, Site, unknown
from tests.fixtures.unions import found


def multipart(site: Site, content: bytes, key: str) -> Any:
    """One upload by the treasurer under a key."""
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return site["treasurer"].send(
        "POST",
        "/files",
        headers={"Idempotency-Key": key},
        data=head + content + b"\r\n--cut--\r\n",
        content_type="multipart/form-data; boundary=cut",
    )


def zipped(**entries: bytes) -> bytes:
    """An archive with these entries; two underscores stand for a slash."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


def huge_picture() -> bytes:
    """The header of a picture of 50,000 by 50,000 points."""
    size = struct.pack(">II", 50_000, 50_000) + b"\x08\x06\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(size))
        + b"IHDR"
        + size
        + struct.pack(">I", zlib.crc32(b"IHDR" + size))
    )


# --- numbers and yes or no -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1.9, 7.0, "7", "７", "1_0", True, -1, 10**13, 10**30, [], {}])
def test_the_limit_for_two_auditors_is_whole_fen(shared_site: Site, limit: object) -> None:
    told = problem(shared_site["chair"].patch("/union", {"two_auditor_limit_fen": limit}), 422, "invalid")
    assert set(told["errors"]) == {"two_auditor_limit_fen"}


@pytest.mark.parametrize("switch", ["on", "yes", "true", 1, 0, 1.0, "", []])
def test_a_switch_is_true_or_false_and_nothing_that_resembles_it(shared_site: Site, switch: object) -> None:
    before = shared_site["chair"].get("/union").get_json()
    told = problem(shared_site["chair"].patch("/union", {"chair_approves": switch}), 422, "invalid")
    assert set(told["errors"]) == {"chair_approves"}
    assert shared_site["chair"].get("/union").get_json() == before


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1e9", "7.0", "1_0", "７", "%207", "+7", "", "9" * 5_000])
def test_a_page_has_a_plain_number_of_rows(shared_site: Site, limit: str) -> None:
    told = problem(shared_site["treasurer"].get(f"/inbox?limit={limit}"), 422, "invalid")
    assert set(told["errors"]) == {"limit"}


@pytest.mark.parametrize("query", ["tab=todo&tab=mine", "tab=all", "order_by=password_hash", "limit=5&limit=6"])
def test_a_question_that_is_not_one_is_refused(shared_site: Site, query: str) -> None:
    problem(shared_site["treasurer"].get(f"/inbox?{query}"), 422, "invalid")


@pytest.mark.parametrize("version", ["2", 2.0, True, [2], {"is": 2}])
def test_a_version_is_a_whole_number(shared_site: Site, version: object) -> None:
    claim = shared_site.submitted(100)
    answer = shared_site["auditor1"].post(f"/cases/{claim['id']}/actions/approve", {"version": version})
    told = problem(answer, 422, "invalid")
    assert set(told["errors"]) == {"version"}


def test_every_fault_of_a_form_is_told_at_once(shared_site: Site) -> None:
    data = {
        "purpose": "a\x00b",
        "spent_on": "2026-02-29",
        "account": "５０１",
        "lines": [{"summary": "x" * 201, "amount_fen": "100"}, {"amount_fen": 1.5, "price": 1}],
        "status": "published",
    }
    told = problem(shared_site["treasurer"].post("/cases", {"workflow": "expense_claim", "data": data}), 422, "invalid")
    assert set(told["errors"]) == {
        "data.purpose",
        "data.spent_on",
        "data.account",
        "data.lines.0.summary",
        "data.lines.0.amount_fen",
        "data.lines.1.amount_fen",
        "data.lines.1.price",
        "data.status",
    }
    assert all(text["zh-CN"] and text["en"] for texts in told["errors"].values() for text in texts)


# --- what is referred to ---------------------------------------------------------------------------------------------


def test_what_does_not_exist_is_named_field_by_field(shared_site: Site) -> None:
    claim = shared_site.claim(100)
    data = {
        "handled_by": unknown(),
        "evidence": [unknown()],
        "task": claim["id"],  # there, but not a task
        "account": "999999",
        "lines": [{"summary": "x", "amount_fen": 1, "files": [unknown()]}],
    }
    told = problem(
        shared_site["treasurer"].post("/cases", {"workflow": "expense_claim", "data": data}), 422, "unknown_reference"
    )
    assert len(told["errors"]) == 5, told["errors"]
    assert {"data.handled_by", "data.task", "data.account"} <= set(told["errors"])


def test_people_files_and_cases_of_another_union_cannot_be_named(site: Site) -> None:
    hill = found(site.database, "hill", suffix="-hill", now=site.hands.now)
    theirs = site["treasurer-hill"].upload(PNG, "a.png").get_json()["id"]
    draft = site.claim(100)
    for data in ({"handled_by": str(hill.people["clerk"])}, {"evidence": [theirs]}):
        answer = site["treasurer"].patch(f"/cases/{draft['id']}", {"version": 1, "data": data})
        problem(answer, 422, "unknown_reference")
    assert site["treasurer"].get(f"/cases/{draft['id']}").get_json()["version"] == 1


def test_nothing_is_attached_or_replaced_once_it_was_submitted(shared_site: Site) -> None:
    claim = shared_site.submitted(100)
    paper = shared_site["treasurer"].upload(PNG, "other.png").get_json()["id"]
    for state in ("submitted", "audited"):
        answer = shared_site["treasurer"].patch(
            f"/cases/{claim['id']}", {"version": claim["version"], "data": {"evidence": [paper]}}
        )
        problem(answer, 409, "not_a_draft")
        problem(shared_site["treasurer"].send("DELETE", f"/cases/{claim['id']}"), 409, "draft_has_history")
        if state == "submitted":
            claim = shared_site.acted("auditor1", claim, "approve")


def test_a_step_that_asks_nothing_takes_nothing(shared_site: Site) -> None:
    claim = shared_site.submitted(100)
    told = problem(shared_site.tried("auditor1", claim, "approve", amount_fen=1), 422, "invalid")
    assert set(told["errors"]) == {"data.amount_fen"}


def test_a_workflow_that_nobody_has_is_not_found(site: Site) -> None:
    for name in ("nothing", "__class__", "expense\x00claim", "../expense_claim"):
        problem(site["treasurer"].post("/cases", {"workflow": name, "data": {}}), 404, "unknown_workflow")


@pytest.mark.parametrize(
    "path", ["/inbox?cursor=%00", "/inbox?cursor=2026~x", "/inbox?cursor=2026-01-01T00:00:00~{id}"]
)
def test_a_cursor_that_we_did_not_give_begins_at_the_beginning(site: Site, path: str) -> None:
    assert site["treasurer"].get(path.format(id=unknown())).status_code == 200


# --- order of steps --------------------------------------------------------------------------------------------------


def test_what_is_not_waiting_for_approval_is_not_approved(shared_site: Site) -> None:
    draft = shared_site.claim(100)
    withdrawn = shared_site.acted("treasurer", shared_site.submitted(100), "withdraw")
    rejected = shared_site.acted("auditor2", shared_site.submitted(100), "reject", "不合规定")
    paid = shared_site.acted("auditor2", shared_site.submitted(100), "approve")
    paid = shared_site.acted("cashier", paid, "pay", paid_on="2026-04-28", bank_reference="HD-1")
    for case in (draft, withdrawn, rejected, paid):
        told = problem(shared_site.tried("auditor1", case, "approve"), 409)
        assert "wrong_state" in codes(told)
    told = problem(shared_site.tried("cashier", paid, "pay", paid_on="2026-04-29", bank_reference="HD-2"), 409)
    assert codes(told) == {"already_paid"}


def test_an_approval_does_not_outlive_the_round_it_was_given_in(site: Site) -> None:
    assert site["chair"].patch("/union", {"two_auditor_limit_fen": 50}).status_code == 200
    claim = site.acted("auditor1", site.submitted(100), "approve")
    returned = site.acted("auditor2", claim, "return", "金额不对")
    again = site.acted("treasurer", returned, "submit")
    assert (again["round"], again["state"]) == (2, "submitted")
    assert site.acted("auditor2", again, "approve")["state"] == "submitted"
    assert site.acted("auditor1", again, "approve")["state"] == "audited"


def test_a_vote_does_not_make_the_page_of_a_colleague_stale_but_a_new_round_does(site: Site) -> None:
    assert site["chair"].patch("/union", {"two_auditor_limit_fen": 50}).status_code == 200
    seen = site.submitted(100)
    site.acted("auditor1", seen, "approve")
    site.acted("auditor2", seen, "return", "请补明细")
    fixed = site["treasurer"].get(f"/cases/{seen['id']}").get_json()
    site.acted("treasurer", fixed, "submit")
    told = problem(site.tried("auditchair", seen, "approve"), 409, "stale_version")
    assert told["figures"] == {"seen": seen["version"], "current": fixed["version"] + 1}


def test_a_refusal_writes_nothing(site: Site) -> None:
    claim, size = site.submitted(), trail_size(site)
    for who, action, comment in [
        ("treasurer", "approve", ""),
        ("auditor1", "return", ""),
        ("cashier", "pay", ""),
        ("chair", "publish", ""),
        ("member", "approve", ""),
        ("auditor1", "to_paid", ""),
    ]:
        assert site.tried(who, claim, action, comment).status_code >= 400
    assert trail_size(site) == size
    after = site["treasurer"].get(f"/cases/{claim['id']}").get_json()
    assert (after["state"], after["version"], len(after["timeline"])) == ("submitted", claim["version"], 1)


# --- keys and batches ------------------------------------------------------------------------------------------------


def test_a_key_belongs_to_the_person_who_sent_it(shared_site: Site) -> None:
    key = {"Idempotency-Key": "same-for-both"}
    first = shared_site["auditor1"].post("/cases", review(), headers=key)
    second = shared_site["auditor2"].post("/cases", review(), headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json()["id"] != second.get_json()["id"]


def review() -> dict[str, Any]:
    """A review's draft."""
    return {"workflow": "fund_review", "data": {"name": "审查"}}


def test_another_file_under_the_same_key_is_another_request(shared_site: Site) -> None:
    first = multipart(shared_site, PNG, "one-file")
    assert multipart(shared_site, PNG, "one-file").get_data() == first.get_data()
    problem(multipart(shared_site, PNG + b"\n", "one-file"), 422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["x" * 129, "a\tb"])
def test_a_key_is_short_and_printable(shared_site: Site, key: str) -> None:
    answer = shared_site["auditor1"].post("/cases", review(), headers={"Idempotency-Key": key})
    assert set(problem(answer, 422, "invalid")["errors"]) == {"Idempotency-Key"}


def test_an_approval_repeated_under_its_key_is_told_the_same_and_decided_once(site: Site) -> None:
    claim = site.submitted()
    body = {"version": claim["version"], "comment": "同意"}
    path, key = f"/cases/{claim['id']}/actions/approve", {"Idempotency-Key": "approve-1"}
    first, second = (site["auditor1"].post(path, body, headers=key) for _ in range(2))
    assert (first.status_code, first.get_data()) == (200, second.get_data())
    assert len(site["treasurer"].get(f"/cases/{claim['id']}").get_json()["timeline"]) == 2


def test_a_refused_request_may_be_sent_again_under_its_key(site: Site) -> None:
    claim = site.submitted()
    path, key = f"/cases/{claim['id']}/actions/pay", {"Idempotency-Key": "pay-1"}
    body = {"version": claim["version"] + 1, "data": {"paid_on": "2026-04-28", "bank_reference": "HD-1"}}
    problem(site["cashier"].post(path, body, headers=key), 409)
    site.acted("auditor1", claim, "approve")
    assert site["cashier"].post(path, body, headers=key).status_code == 200


def test_one_foreign_case_among_many_gets_its_own_404_and_the_others_are_decided(site: Site) -> None:
    claims = [site.submitted(100 + number) for number in range(3)]
    items = [{"id": one["id"], "version": one["version"]} for one in claims]
    items.insert(1, {"id": unknown(), "version": 1})
    answers = site["auditor1"].post("/cases/actions/approve", {"items": items}).get_json()["items"]
    assert [one["id"] for one in answers] == [one["id"] for one in items]
    assert [one["ok"] for one in answers] == [True, False, True, True]
    assert answers[1]["problem"]["status"] == 404


def test_a_case_named_twice_in_a_batch_is_refused_and_not_decided(shared_site: Site) -> None:
    claim = shared_site.submitted(100)
    items = [{"id": claim["id"], "version": claim["version"]}] * 2
    told = problem(shared_site["auditor1"].post("/cases/actions/approve", {"items": items}), 422, "invalid")
    assert set(told["errors"]) == {"items"}
    assert shared_site["treasurer"].get(f"/cases/{claim['id']}").get_json()["state"] == "submitted"


def test_payments_in_a_batch_stop_at_none_that_is_refused(site: Site) -> None:
    claims = [site.acted("auditor1", site.submitted(100 + number), "approve") for number in range(3)]
    for who in ("treasurer", "chair"):
        site.acted(who, claims[1], "void_approved", "重复")
    items = [{"id": one["id"], "version": one["version"]} for one in claims]
    body = {"items": items, "data": {"paid_on": "2026-04-28", "bank_reference": "HD-9"}}
    answers = site["cashier"].post("/cases/actions/pay", body).get_json()["items"]
    assert [one["ok"] for one in answers] == [True, False, True]
    budget = site["treasurer"].get("/budgets/2026").get_json()
    (line,) = [one for one in budget["lines"] if one["account"] == "501102"]
    assert (line["spent_fen"], line["encumbered_fen"]) == (100 + 102, 0)


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (zipped(**{"[Content_Types]_xml": b"<Types/>", "xl__sheet_xml": b"0" * 41_000_000}), "bomb.xlsx", 413),
        (zipped(OFD_xml=b"<a/>", **{"..__..__x": b"x"}), "out.ofd", 422),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "entity.xml", 422),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY % p "x">]><a/>', "parameter.xml", 422),
        (huge_picture(), "huge.png", 413),
        (b"GIF89a/*<script>*/", "a.png", 415),
    ],
    ids=["zip bomb", "entry leads out", "external entity", "parameter entity", "2500 megapixels", "polyglot"],
)
def test_hostile_files_are_refused_by_the_api(shared_site: Site, content: bytes, name: str, status: int) -> None:
    told = problem(shared_site["treasurer"].upload(content, name), status)
    assert told["code"] != "error"


def test_an_invoice_is_downloaded_and_never_opened_in_the_page(shared_site: Site) -> None:
    sample = SampleInvoice(
        number="26000000000000000901",
        issued=shared_site.hands.now.date(),
        seller=Party("河畔文具店", sample_tax_id(901)),
        buyer=Party("brook 工会", sample_tax_id(1, union=True)),
        lines=(SampleLine("荧光棒", 100),),
    )
    file_id = shared_site["treasurer"].upload(invoice_xml(sample), "a.xml").get_json()["id"]
    answer = shared_site["treasurer"].get(f"/files/{file_id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    problem(shared_site["chair"].get(f"/files/{file_id}"), 404)  # on no case yet: only its sender sees it


@pytest.mark.parametrize("fields", [{}, {"other": (io.BytesIO(PNG), "a.png")}])
def test_an_upload_is_one_file_in_the_field_file(shared_site: Site, fields: dict[str, Any]) -> None:
    answer = shared_site["treasurer"].send("POST", "/files", data=fields, content_type="multipart/form-data")
    assert set(problem(answer, 422, "invalid")["errors"]) == {"file"}


def test_only_json_is_taken_where_json_is_asked(shared_site: Site) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = shared_site["treasurer"].send("POST", "/cases", data=b"{}", content_type=kind)
        assert problem(answer, 422)["errors"]


@pytest.mark.parametrize("path", ["/api/v0/cases", "/api/v1/nothing", "/api/v1/cases/not-an-id"])
def test_an_address_that_is_none_is_a_problem_too(shared_site: Site, path: str) -> None:
    problem(shared_site.app.test_client().get(path), 404, "not_found")
