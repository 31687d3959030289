"""What leaves the house: at once or once a day, once each, again when it failed, and an incident when it keeps failing."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.foundation.db import Database
from app.notices import delivering
from app.notices.delivering import CLAIM, FIRST_PAUSE, MOST_ATTEMPTS, Channels, Worker
from app.notices.mail import UNKNOWN
from app.notices.models import Delivery, Incident, Notice
from tests.integration.notices.conftest import LATER, Post

MORNING = datetime(2026, 7, 21, 0, 0, 30, tzinfo=UTC)
"""Half a minute past eight in China, on the day after the stories begin."""
LONG = timedelta(days=1)


# --- at once, once a day, not at all -------------------------------------------------------------------------------------


def test_your_turn_comes_at_once_with_a_link_and_nothing_else_does(post: Post) -> None:
    post.mail("auditor1")
    post.mail("treasurer")
    claim = post.site.submitted()
    post.work()
    (subject,) = post.letters_to("auditor1")
    assert subject == "轮到您审批：GH-2026-0001 五一歌咏比赛用品，100.00 元"
    body = post.office.letters[0].get_content()
    assert f"https://union.example/cases/{claim['id']}" in body
    assert "https://union.example/me/notices" in body
    post.site.acted("auditor1", claim, "approve")
    post.work()
    assert post.letters_to("treasurer") == []  # 经审通过 waits for the morning


def test_a_day_of_events_is_one_digest_in_the_morning_and_none_the_next(post: Post) -> None:
    post.mail("treasurer")
    for _ in range(12):
        post.site.acted("auditor1", post.site.submitted(), "approve")
    post.work()
    assert post.letters_to("treasurer") == []
    post.site.hands.now = MORNING
    post.work(timedelta())
    assert post.letters_to("treasurer") == ["brook 工会：12 条新通知"]
    body = post.office.letters[-1].get_content()
    assert body.count("经审通过：GH-2026-") == 12
    post.work(LONG)
    assert len(post.letters_to("treasurer")) == 1


def test_a_long_digest_says_how_many_more_there_are(sqlite_post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "IN_ONE_DIGEST", 2)
    sqlite_post.mail("treasurer", language="en")
    for _ in range(3):
        sqlite_post.site.acted("auditor1", sqlite_post.site.submitted(), "approve")
    sqlite_post.work()
    sqlite_post.site.hands.now = MORNING
    sqlite_post.work(timedelta())
    body = sqlite_post.office.letters[-1].get_content()
    assert sqlite_post.letters_to("treasurer") == ["brook 工会: 3 new notices"]
    assert body.count("Passed by the auditors: GH-") == 2
    assert "… and 1 more" in body


def test_what_was_read_before_the_morning_needs_no_mail(post: Post) -> None:
    post.mail("treasurer")
    post.site.acted("auditor1", post.site.submitted(), "approve")
    post.work()
    assert post.site["treasurer"].post("/notices/read").status_code == 200
    post.site.hands.now = MORNING
    post.work(timedelta())
    assert post.office.letters == []
    assert [row.outcome for row in post.rows(Delivery)] == ["needless"]


def test_each_person_chooses_for_himself(post: Post) -> None:
    post.mail("auditor1", mail_urgent="off", mail_other="off")
    post.mail("auditor2", mail_urgent="digest")
    post.mail("treasurer", mail_other="immediate")
    claim = post.site.submitted()
    post.work()
    assert post.office.letters == []
    post.site.hands.now = MORNING
    post.work(timedelta())
    assert len(post.letters_to("auditor2")) == 1
    post.site.acted("auditchair", claim, "approve")
    post.work()
    assert post.letters_to("treasurer") == ["经审通过：GH-2026-0001 五一歌咏比赛用品，100.00 元"]
    assert post.letters_to("auditor1") == []
    assert any("轮到您审批" in sentence for sentence in post.notices("auditor1"))  # in the product, always


def test_without_an_address_and_without_a_mail_server_notices_come_in_the_product_alone(sqlite_post: Post) -> None:
    worker, now = sqlite_post.worker, sqlite_post.site.hands.now + LATER
    off = Worker(worker.database, worker.announcers, worker.kinds, Channels(None, worker.channels.hooks))
    sqlite_post.mail("auditor1")
    sqlite_post.site.submitted()
    off.round(now)
    assert sqlite_post.rows(Delivery) == []
    assert sqlite_post.notices("auditor1")[-1].startswith("轮到您审批")


def test_who_left_the_union_gets_no_more_mail(post: Post) -> None:
    post.mail("auditor1")
    claim = post.site.submitted()
    post.worker.pass_on(post.union_id, post.wait(seconds=11))
    person = post.site.town.people["auditor1"]
    assert post.site["chair"].post(f"/people/{person}/leave", {"on": "2026-07-20"}).status_code == 200
    post.work()
    assert post.office.letters == []
    assert claim["state"] == "submitted"


# --- the webhook ---------------------------------------------------------------------------------------------------------


def test_every_step_is_sent_to_the_webhook_without_anything_personal(post: Post) -> None:
    post.hook()
    claim = post.site.submitted(payee="张三", payee_person=str(post.site.town.people["member"]))
    post.wait(seconds=1)
    post.site.acted("auditor1", claim, "approve", "同意")
    post.work()
    sent = [json.loads(body) for _, _, body in post.listener.requests]
    assert [one["event"] for one in sent] == ["case.submit", "case.approve"]
    assert sent[1]["case"] == {
        "id": claim["id"],
        "number": "GH-2026-0001",
        "workflow": "expense_claim",
        "state": "audited",
        "event": 2,
    }
    assert set(sent[1]) == {"id", "event", "at", "union", "case"}
    everything = b"".join(body for _, _, body in post.listener.requests).decode()
    personal = ["张三", "歌咏", "10000", "江一鸣", *(str(person) for person in post.site.town.people.values())]
    assert [word for word in personal if word in everything] == []


def test_the_webhook_is_tried_again_under_the_same_key_until_it_is_taken(post: Post) -> None:
    post.hook()
    post.site.submitted()
    post.listener.status = 500
    post.work()
    assert len(post.listener.requests) == 1
    post.work(FIRST_PAUSE - timedelta(seconds=1))
    assert len(post.listener.requests) == 1  # not before its time
    post.listener.status = 204
    post.work(timedelta(seconds=1))
    keys = {headers["Idempotency-Key"] for _, headers, _ in post.listener.requests}
    assert (len(post.listener.requests), len(keys)) == (2, 1)
    post.work(LONG)
    assert len(post.listener.requests) == 2


def test_a_webhook_taken_away_sends_nothing_more(post: Post) -> None:
    post.hook()
    post.site.submitted()
    post.worker.pass_on(post.union_id, post.wait(seconds=11))
    assert post.site["admin"].send("PUT", "/union/webhook", json={"url": ""}).status_code == 200
    post.work()
    assert post.listener.requests == []


# --- failing -------------------------------------------------------------------------------------------------------------


def told(post: Post, claim: dict[str, Any]) -> dict[str, Any]:
    """The case as the treasurer sees it; how many days are left goes by the clock and is left out."""
    shown: dict[str, Any] = post.site["treasurer"].get(f"/cases/{claim['id']}").get_json()
    return {name: value for name, value in shown.items() if name != "deadline"}


def test_a_mail_server_that_fails_never_touches_the_case_and_becomes_an_incident_that_can_be_retried(
    post: Post,
) -> None:
    post.mail("auditor1")
    claim = post.site.submitted()
    before = told(post, claim)
    post.office.refuse_recipient = "452 try later"
    for attempt in range(MOST_ATTEMPTS):
        assert post.rows(Incident) == []
        post.work(FIRST_PAUSE * 2**attempt)
    (incident,) = post.rows(Incident)
    assert (incident.error, incident.attempts, incident.number) == ("smtp_452", MOST_ATTEMPTS, "GH-2026-0001")
    assert incident.owner_id == post.site.town.people["treasurer"]
    post.work(LONG)
    assert len(post.office.recipients) == MOST_ATTEMPTS  # nobody goes on trying
    assert told(post, claim) == before
    assert post.site["auditor1"].get(f"/cases/{claim['id']}").get_json()["state"] == "submitted"

    post.office.refuse_recipient = ""
    assert post.site["auditor2"].post(f"/incidents/{incident.id}/retry").status_code == 404
    assert post.site["treasurer"].post(f"/incidents/{incident.id}/retry").status_code == 200
    again = post.site["admin"].post(f"/incidents/{incident.id}/retry")
    assert (again.status_code, again.get_json()["code"]) == (409, "delivery_retried_already")
    post.work()
    assert len(post.letters_to("auditor1")) == 1
    assert post.site["admin"].get("/incidents").get_json()["incidents"] == []


def test_one_bad_address_holds_nobody_else_up(post: Post) -> None:
    post.mail("auditor1")
    post.mail("auditor2")
    post.site.submitted()
    post.office.refuse_recipient, post.office.refuse_only = "550 no such user", "auditor1"
    post.work()
    (incident,) = post.rows(Incident)
    assert incident.error == "smtp_550"
    assert len(post.letters_to("auditor2")) == 1
    assert post.letters_to("auditor1") == []


def test_incidents_name_no_address_and_no_person(post: Post) -> None:
    post.mail("auditor1")
    post.site.submitted()
    post.office.refuse_recipient = "550 auditor1@mail.example unknown"
    post.work()
    shown = json.dumps(post.site["admin"].get("/incidents").get_json(), ensure_ascii=False)
    assert "smtp_550" in shown
    assert "auditor1" not in shown
    assert "江一鸣" not in shown
    assert "歌咏" not in shown  # the maintainer sees no claims


class KilledError(BaseException):
    """The process ends here."""


def die(*_: Any) -> None:
    """Where a worker dies."""
    raise KilledError


def test_a_worker_that_dies_after_sending_leaves_one_letter_and_a_question(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.mail("auditor1")
    post.site.submitted()
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "_conclude", die)
        with pytest.raises(KilledError):
            post.work()
    assert len(post.letters_to("auditor1")) == 1
    post.work()
    assert post.rows(Incident) == []  # it might still be at it
    post.work(CLAIM)
    assert [one.error for one in post.rows(Incident)] == [UNKNOWN]
    post.work(LONG)
    assert len(post.letters_to("auditor1")) == 1


def test_a_worker_that_dies_after_posting_makes_the_webhook_come_twice_with_one_key(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.hook()
    post.site.submitted()
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "_conclude", die)
        with pytest.raises(KilledError):
            post.work()
    post.work(CLAIM)
    assert len(post.listener.requests) == 2
    assert len({headers["Idempotency-Key"] for _, headers, _ in post.listener.requests}) == 1
    assert post.rows(Incident) == []


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(post: Post) -> None:
    post.hook()
    post.site.submitted()
    post.worker.pass_on(post.union_id, post.wait(seconds=11))
    now, dead = post.site.hands.now, uuid.uuid4()
    (taken,) = post.site.database.transact(lambda session: delivering.claim(session, post.union_id, dead, now))
    post.work(CLAIM)
    result = delivering._Result("failed", "late", is_final=True)
    post.site.database.transact(lambda session: delivering.conclude(session, taken, dead, result, now))
    assert [row.outcome for row in post.rows(Delivery)] == ["sent"]
    assert post.rows(Incident) == []


def test_what_one_worker_claimed_no_other_gets(post: Post) -> None:
    post.hook()
    post.site.submitted()
    post.worker.pass_on(post.union_id, post.wait(seconds=11))
    now = post.site.hands.now

    def claim(_: int) -> int:
        return len(
            post.site.database.transact(lambda session: delivering.claim(session, post.union_id, uuid.uuid4(), now))
        )

    assert [claim(1), claim(2)] == [1, 0]


def test_workers_beside_each_other_deliver_everything_once(post: Post) -> None:
    workers = 3
    for who in ("auditor1", "auditor2", "treasurer"):
        post.mail(who)
    post.hook()
    for _ in range(6):
        post.site.acted("auditor1", post.site.submitted(), "approve")
    for _ in range(6):
        post.site.submitted()
    post.work(timedelta())
    gate, now = threading.Barrier(workers), MORNING

    def run(_: int) -> int:
        with closing(Database(post.site.database.url.render_as_string(hide_password=False))) as database:
            worker = replace(post.worker, database=database)
            gate.wait()
            done = total = worker.round(now)
            while done:
                done = worker.round(now)
                total += done
            return total

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(run, range(workers))) > 0
    assert sorted(post.letters_to("auditor1")) == sorted(set(post.letters_to("auditor1")))
    assert len(post.letters_to("auditor1")) == len(post.letters_to("auditor2")) == 6
    keys = [headers["Idempotency-Key"] for _, headers, _ in post.listener.requests]
    assert len(keys) == len(set(keys)) == 18
    told = [(row.person_id, row.outbox_id) for row in post.rows(Notice)]
    assert len(told) == len(set(told))
    assert {row.outcome for row in post.rows(Delivery)} <= {"sent"}
