"""The bell, the page of notices, one's choices, and what the maintainer looks after."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.notices import queries
from app.notices.models import Incident, NoticeSetting, Webhook
from app.trail.models import TrailEntry, TrailValue
from tests.fixtures.browsing import Reader, main_of, reader, statements
from tests.fixtures.sites import Site
from tests.web.notices.conftest import deliver

_READ = re.compile(r'action="(/notices/[0-9a-f-]{36}/read)"')


def unread(page: str) -> str | None:
    """What the bell says."""
    found = re.search(r'data-testid="unread">([^<]+)<', page)
    return found.group(1) if found else None


def told(site: Site, count: int = 1) -> None:
    """So many claims, submitted, their notices delivered."""
    for _ in range(count):
        site.submitted()
    deliver(site)


# --- the bell and the list -----------------------------------------------------------------------------------------------


def test_the_bell_counts_what_is_unread_on_every_page(told_site: Site) -> None:
    auditor = reader(told_site, "auditor1")
    assert unread(auditor.get("/desk").text) is None
    told(told_site, 3)
    for path in ("/desk", "/inbox", "/notices", "/people"):
        page = auditor.get(path).text
        assert unread(page) == "3"
        assert 'href="/notices"' in page
        assert "通知，未读 3" in page


def test_the_bell_stops_counting_at_a_hundred(told_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_COUNTED", 2)
    told(told_site, 3)
    assert unread(reader(told_site, "auditor1").get("/desk").text) == "2"


def test_the_bell_is_one_statement_along_an_index(told_site: Site) -> None:
    told(told_site)
    auditor = reader(told_site, "auditor1")
    with statements(told_site.database.reader) as asked:
        auditor.get("/inbox")
    counting = [one for one in asked if "FROM notice" in one]
    assert len(counting) == 1
    plan_of = counting[0].replace("?", "'x'")
    with told_site.database.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {plan_of}").all()
    assert any("ix_notice_unread" in str(row) for row in plan), plan


def test_who_is_not_signed_in_sees_no_bell(told_site: Site) -> None:
    page = told_site.app.test_client().get("/sign-in").text
    assert 'data-testid="bell"' not in page


def test_a_notice_leads_to_its_case_and_is_marked_read_by_a_button(told_site: Site) -> None:
    told(told_site)
    auditor = reader(told_site, "auditor1")
    page = main_of(auditor.get("/notices"))
    assert re.search(r'<a href="/cases/[0-9a-f-]{36}">轮到您审批：GH-2026-0001 五一歌咏比赛用品，100.00 元</a>', page)
    (address,) = _READ.findall(page)
    assert auditor.client.get(address).status_code == 405  # never by following a link
    assert auditor.post(address).status_code == 303
    again = auditor.get("/notices")
    assert unread(again.text) is None
    assert "轮到您审批" in main_of(again)
    assert _READ.findall(again.text) == []


def test_all_can_be_marked_read_at_once(told_site: Site) -> None:
    told(told_site, 3)
    auditor = reader(told_site, "auditor1")
    auditor.get("/notices")
    assert auditor.post("/notices/read").status_code == 303
    assert unread(auditor.get("/notices").text) is None
    assert unread(reader(told_site, "auditor2").get("/desk").text) == "3"


def test_nobody_marks_another_persons_notice(told_site: Site) -> None:
    told(told_site)
    address = _READ.findall(reader(told_site, "auditor1").get("/notices").text)[0]
    clerk = reader(told_site, "clerk")
    assert clerk.post(address).status_code == 404
    assert unread(reader(told_site, "auditor1").get("/desk").text) == "1"


def test_unread_ones_come_first_and_pages_follow_one_another_without_gap_or_repetition(told_site: Site) -> None:
    told(told_site, 5)
    auditor = told_site["auditor1"]
    everything = auditor.get("/notices?limit=100").get_json()["notices"]
    fresh = [one["id"] for one in everything if one["read_at"] is None]
    assert auditor.post(f"/notices/{fresh[0]}/read").status_code == 200
    seen: list[dict[str, object]] = []
    cursor = ""
    while True:
        page = auditor.get(f"/notices?limit=2{cursor}").get_json()
        seen += page["notices"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}".replace("+", "%2B")
    assert [one["id"] for one in seen if one["read_at"] is None] == fresh[1:]
    assert len({str(one["id"]) for one in seen}) == len(seen) == len(everything)
    order = [one["read_at"] is not None for one in seen]
    assert order == sorted(order)
    assert [one["id"] for one in auditor.get("/notices?show=unread").get_json()["notices"]] == fresh[1:]


@pytest.mark.parametrize("cursor", ["x", "unread~", "read~2026", "unread~2026-01-01~x", "read~%00~", "~~~"])
def test_a_cursor_that_we_did_not_give_starts_somewhere_and_breaks_nothing(told_site: Site, cursor: str) -> None:
    assert told_site["auditor1"].get(f"/notices?cursor={cursor}").status_code == 200


def test_the_list_asks_as_often_for_many_as_for_one(told_site: Site) -> None:
    auditor = reader(told_site, "auditor1")
    told(told_site)
    with statements(told_site.database.reader) as few:
        auditor.get("/notices")
    told(told_site, 6)
    with statements(told_site.database.reader) as many:
        auditor.get("/notices")
    assert len(few) == len(many)


def test_a_reader_of_english_is_told_in_english(told_site: Site) -> None:
    told(told_site)
    auditor = reader(told_site, "auditor1")
    auditor.client.set_cookie("language", "en")
    page = main_of(auditor.get("/notices"))
    assert "Your turn to decide: GH-2026-0001 五一歌咏比赛用品, 100.00 yuan" in page
    assert "通知" not in page


def test_a_hostile_title_is_shown_as_it_was_typed(told_site: Site) -> None:
    told_site.submitted(purpose="{case.__class__} {{7*7}} <script>x</script>")
    deliver(told_site)
    page = main_of(reader(told_site, "auditor1").get("/notices"))
    assert "{case.__class__} {{7*7}} &lt;script&gt;x&lt;/script&gt;" in page


# --- one's own choices ---------------------------------------------------------------------------------------------------


def test_a_person_enters_his_address_and_chooses_and_nobody_finds_it_on_record(told_site: Site) -> None:
    member = reader(told_site, "member")
    page = member.get("/me/notices").text
    assert "我的邮箱" in page
    form: dict[str, str | list[str]] = {
        "email": "xiaoman@mail.example",
        "mail_urgent": "immediate",
        "mail_other": "off",
    }
    assert member.post("/me/notices", form).status_code == 303
    assert "xiaoman@mail.example" in member.get("/me/notices?done=saved").text
    with told_site.database.read() as session:
        setting = session.get_one(NoticeSetting, (told_site.town.union_id, told_site.town.people["member"]))
        bodies = session.scalars(sa.select(TrailEntry.body).where(TrailEntry.union_id == told_site.town.union_id))
        assert not any(b"xiaoman@" in body for body in bodies)
        kept = session.scalars(sa.select(TrailValue.value).where(TrailValue.union_id == told_site.town.union_id))
        assert not any("xiaoman@" in json.dumps(value) for value in kept)
    assert (setting.mail_urgent, setting.mail_other, setting.language) == ("immediate", "off", "zh")


@pytest.mark.parametrize(
    "address", ["x", "a@b.example\nBcc: c@d.example", "A <a@b.example>", "a@b.example, c@d.example", "a@b"]
)
def test_what_is_not_an_address_is_sent_back_with_what_was_typed(told_site: Site, address: str) -> None:
    member = reader(told_site, "member")
    member.get("/me/notices")
    answer = member.post("/me/notices", {"email": address, "mail_urgent": "off", "mail_other": "off"})
    assert answer.status_code == 422
    assert "f-email-fault" in answer.text
    refused = told_site["member"].patch("/me/notices", {"email": address})
    assert refused.status_code == 422
    assert told_site["member"].get("/me/notices").get_json()["email"] == ""


# --- what the maintainer looks after -------------------------------------------------------------------------------------


def incident(site: Site, claim: dict[str, object]) -> uuid.UUID:
    """A delivery about the claim that was given up."""
    made = uuid.uuid4()
    site.database.transact(
        lambda session: session.add(
            Incident(
                union_id=site.town.union_id,
                id=made,
                delivery_key="webhook:gone",
                channel="webhook",
                case_id=uuid.UUID(str(claim["id"])),
                number="GH-2026-0001",
                owner_id=site.town.people["treasurer"],
                error="webhook_http_500",
                attempts=8,
                opened_at=site.hands.now,
                resolved_at=None,
                resolved_by=None,
            )
        )
    )
    return made


def retry_buttons(page: str) -> list[str]:
    """Where the page lets one try again."""
    return re.findall(r'action="(/incidents/[0-9a-f-]{36}/retry)"', page)


def test_the_owner_finds_a_failed_delivery_on_the_case_and_tries_again(told_site: Site) -> None:
    claim = told_site.submitted()
    incident(told_site, claim)
    owner = reader(told_site, "treasurer")
    page = owner.get(f"/cases/{claim['id']}").text
    assert "对方系统没有收下（http_500）" in page
    (address,) = retry_buttons(page)
    assert owner.client.get(address).status_code == 405
    assert owner.post(address).status_code == 303
    assert retry_buttons(owner.get(f"/cases/{claim['id']}").text) == []


def test_others_who_see_the_case_are_not_bothered(told_site: Site) -> None:
    claim = told_site.submitted()
    made = incident(told_site, claim)
    auditor = reader(told_site, "auditor1")
    assert "没能送达" not in auditor.get(f"/cases/{claim['id']}").text
    assert auditor.post(f"/incidents/{made}/retry").status_code == 404


def test_the_maintainer_finds_it_by_the_number_alone_and_tries_again(told_site: Site) -> None:
    claim = told_site.submitted()
    incident(told_site, claim)
    admin = reader(told_site, "admin")
    assert 'href="/settings/notices"' in admin.get("/notices").text
    page = main_of(admin.get("/settings/notices"))
    assert "GH-2026-0001" in page
    assert "歌咏" not in page
    (address,) = retry_buttons(page)
    assert admin.post(address).headers["Location"] == "/settings/notices?done=retried"
    assert retry_buttons(admin.get("/settings/notices").text) == []
    assert admin.post(address).status_code == 409


def test_after_an_outage_the_maintainer_has_everything_delivered_again_at_once(told_site: Site) -> None:
    claim = told_site.submitted()
    for _ in range(3):
        incident(told_site, claim)
    admin = reader(told_site, "admin")
    assert 'data-testid="retry-all"' in admin.get("/settings/notices").text
    assert admin.post("/incidents/retry").headers["Location"] == "/settings/notices?done=retried"
    assert retry_buttons(admin.get("/settings/notices").text) == []
    chair = reader(told_site, "chair")
    assert chair.post("/incidents/retry").status_code == 403


def test_the_chair_sees_what_failed_but_leaves_it_to_the_maintainer(told_site: Site) -> None:
    incident(told_site, told_site.submitted())
    chair = reader(told_site, "chair")
    assert "/settings/notices" in chair.get("/settings").text
    page = main_of(chair.get("/settings/notices"))
    assert "GH-2026-0001" in page
    assert retry_buttons(page) == []


@pytest.mark.parametrize("who", ["treasurer", "auditor1", "member", "clerk"])
def test_nobody_else_reaches_the_delivery_settings(told_site: Site, who: str) -> None:
    page: Reader = reader(told_site, who)
    assert page.get("/settings/notices").status_code == 403
    assert page.post("/settings/notices", {"url": "https://hooks.example/"}).status_code == 403


def test_a_webhook_is_set_with_a_secret_shown_once_and_the_change_is_on_record(told_site: Site) -> None:
    admin = reader(told_site, "admin")
    admin.get("/settings/notices")
    answer = admin.post("/settings/notices", {"url": "https://hooks.example/in?token=abc"})
    secret = re.search(r'data-testid="webhook-secret">([^<]+)<', answer.text)
    assert secret is not None
    assert secret.group(1) not in admin.get("/settings/notices").text
    with told_site.database.read() as session:
        assert session.get_one(Webhook, told_site.town.union_id).secret == secret.group(1)
        last = session.scalars(
            sa.select(TrailEntry.body)
            .where(TrailEntry.union_id == told_site.town.union_id)
            .order_by(TrailEntry.seq.desc())
            .limit(1)
        ).one()
    entry = json.loads(last)
    assert entry["event"] == "union.settings_changed"
    assert entry["actor"] == {"person": str(told_site.town.people["admin"]), "office": "maintainer"}
    assert entry["changes"] == {"webhook_host": {"from": None, "to": "hooks.example"}}
    assert b"token" not in last
    assert secret.group(1).encode() not in last


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "http://hooks.example/", "https://127.0.0.1/", "x"])
def test_a_webhook_to_anywhere_else_is_refused_with_the_reason(told_site: Site, url: str) -> None:
    admin = reader(told_site, "admin")
    admin.get("/settings/notices")
    answer = admin.post("/settings/notices", {"url": url})
    assert answer.status_code == 422
    assert "f-url-fault" in answer.text
    with told_site.database.read() as session:
        assert session.get(Webhook, told_site.town.union_id) is None


def test_the_record_is_whole_after_a_webhook_was_set_and_notices_went_out(told_site: Site) -> None:
    assert told_site["admin"].send("PUT", "/union/webhook", json={"url": "https://hooks.example/"}).status_code == 200
    told_site.submitted()
    told = told_site.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert told.exit_code == 0, told.output


def test_the_doctor_counts_what_failed_and_what_nobody_delivers(told_site: Site) -> None:
    incident(told_site, told_site.submitted())
    told_site.hands.now += timedelta(minutes=5)
    told = told_site.app.test_cli_runner().invoke(args=["doctor"])
    assert "1 次投递失败" in told.output
    assert "没有人投递" not in told.output
    told_site.hands.now += timedelta(minutes=6)
    assert "1 条通知没有人投递" in told_site.app.test_cli_runner().invoke(args=["doctor"]).output


def test_one_round_of_the_worker_says_how_much_it_did(told_site: Site) -> None:
    told_site.submitted()
    told_site.hands.now += timedelta(seconds=11)
    told = told_site.app.test_cli_runner().invoke(args=["work", "--once"])
    assert "delivered: 1" in told.output, told.output
