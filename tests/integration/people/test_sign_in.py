"""Signing in: the throttle, sessions that die when they must, tokens."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.foundation.db import Database
from app.foundation.errors import Invalid, NotFound
from app.people import accounts, queries, service
from app.people.errors import SignInRefused, TooManyAttempts, WrongPassword
from app.people.identity import Identity
from app.people.models import INSTALLATION, Account, ApiToken, SignInAttempt, SignInSession
from app.people.sign_in import WRONG_PER_ADDRESS, Rules, SignIns, revoke_token, sign_out, switch_union, tokens_of
from app.trail.models import TrailEntry, TrailValue
from tests.fixtures.unions import HOST, NOW, PASSWORD, PASSWORDS, TODAY, Town, found

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
MINUTE = timedelta(minutes=1)
NEW_PASSWORD = "three boats at the quay"


def enters(door: SignIns, town: Town, username: str = "chair", password: str = PASSWORD, address: str = HOME) -> str:
    return door.sign_in(town.database, username, password, address, NOW).secret


def fails(door: SignIns, town: Town, times: int, username: str = "chair", address: str = HOME) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            door.sign_in(town.database, username, "not this one", address, NOW)


def events(town: Town, name: str) -> int:
    with town.database.read() as session:
        bodies = session.scalars(sa.select(TrailEntry.body).where(TrailEntry.union_id == INSTALLATION))
        return sum(f'"event":"{name}"'.encode() in body for body in bodies)


# --- the throttle --------------------------------------------------------------------------------------------------------


def test_after_five_wrong_passwords_the_right_one_is_refused_too_and_one_alarm_is_on_record(
    door: SignIns, town: Town
) -> None:
    fails(door, town, 5)
    for _ in range(3):
        with pytest.raises(TooManyAttempts) as refused:
            enters(door, town)
    assert refused.value.status == 429
    assert 0 < refused.value.retry_after <= 15 * 60 + 1
    assert events(town, "sign_in.throttled") == 1


def test_four_wrong_passwords_and_the_right_one_begin_the_count_anew(door: SignIns, town: Town) -> None:
    fails(door, town, 4)
    enters(door, town)
    fails(door, town, 4)
    enters(door, town)


def test_the_way_is_free_again_after_fifteen_minutes_without_anybodys_help(door: SignIns, town: Town) -> None:
    fails(door, town, 5)
    with pytest.raises(TooManyAttempts) as refused:
        enters(door, town)
    later = NOW + timedelta(seconds=refused.value.retry_after)
    assert door.sign_in(town.database, "chair", PASSWORD, HOME, later).secret


def test_a_stranger_who_types_wrong_passwords_does_not_shut_out_the_chair(door: SignIns, town: Town) -> None:
    fails(door, town, 5, address=ELSEWHERE)
    with pytest.raises(TooManyAttempts):
        enters(door, town, address=ELSEWHERE)
    assert enters(door, town, address=HOME)


def test_an_unknown_user_is_refused_in_the_same_words_and_throttled_alike(door: SignIns, town: Town) -> None:
    with pytest.raises(SignInRefused) as known:
        door.sign_in(town.database, "chair", "not this one", HOME, NOW)
    with pytest.raises(SignInRefused) as unknown:
        door.sign_in(town.database, "nobody", "not this one", HOME, NOW)
    assert (known.value.text, known.value.status) == (unknown.value.text, unknown.value.status)
    fails(door, town, 4, username="nobody")
    with pytest.raises(TooManyAttempts):
        door.sign_in(town.database, "nobody", "not this one", HOME, NOW)


def test_spraying_many_accounts_from_one_address_is_stopped_and_locks_no_account(door: SignIns, town: Town) -> None:
    refused = 0
    for number in range(200):
        try:
            door.sign_in(town.database, f"user{number}", "Spring-2026-x", ELSEWHERE, NOW)
        except TooManyAttempts:
            refused += 1
        except SignInRefused:
            continue
    assert refused == 200 - WRONG_PER_ADDRESS
    assert events(town, "sign_in.throttled") == 1
    for username in town.people:
        assert enters(door, town, username)


def test_many_wrong_passwords_at_once_count_like_one_after_another(database: Database, door: SignIns) -> None:
    town = found(database)
    start, outcomes = threading.Barrier(12), list[type[Exception]]()

    def guess() -> None:
        start.wait(10)
        try:
            door.sign_in(database, "chair", "not this one", HOME, NOW)
        except (SignInRefused, TooManyAttempts) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes.count(SignInRefused) == 5
    assert outcomes.count(TooManyAttempts) == 7
    assert events(town, "sign_in.throttled") == 1


def test_an_empty_installation_refuses_without_a_trail_to_write_on(watched: Database, door: SignIns) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            door.sign_in(watched, "chair", "not this one", HOME, NOW)


def test_a_user_name_is_the_same_in_any_case_and_width(door: SignIns, town: Town) -> None:
    assert enters(door, town, " ＣＨＡＩＲ ")


def test_old_failures_and_dead_sessions_are_swept_away(door: SignIns, town: Town) -> None:
    fails(door, town, 2)
    enters(door, town, "clerk")
    later = NOW + timedelta(days=2)
    door.sign_in(town.database, "clerk", PASSWORD, ELSEWHERE, later)
    with town.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 1


# --- sessions ------------------------------------------------------------------------------------------------------------


def test_each_sign_in_has_a_secret_of_its_own_and_only_its_hash_is_kept(door: SignIns, town: Town) -> None:
    first, second = enters(door, town), enters(door, town)
    assert first != second
    with town.database.read() as session:
        kept = session.scalars(sa.select(SignInSession.secret_hash)).all()
    assert first not in kept
    assert len(set(kept)) == 2


def test_cookie_and_token_name_the_person_the_union_and_the_offices(
    database: Database, door: SignIns, identity: Identity
) -> None:
    town = found(database)
    who = identity.by_session(town.database, enters(door, town, "auditor1"), NOW)
    assert who is not None
    assert (who.person_id, who.union_id, who.union_slug) == (town.people["auditor1"], town.union_id, "brook")
    assert who.offices == {"auditor", "member"}
    assert who.csrf_token
    token = door.issue_token(database, "auditor1", PASSWORD, HOME, NOW)
    program = identity.by_token(database, token.token, NOW)
    assert program is not None
    assert (program.person_id, program.offices, program.csrf_token) == (who.person_id, who.offices, None)


def test_who_is_calling_is_found_with_one_statement(door: SignIns, town: Town, identity: Identity) -> None:
    secret, token = enters(door, town), door.issue_token(town.database, "chair", PASSWORD, HOME, NOW).token
    statements: list[str] = []
    sa.event.listen(town.database.reader, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert identity.by_session(town.database, secret, NOW)
    assert identity.by_token(town.database, token, NOW)
    assert [statement[:6] for statement in statements if statement != "BEGIN"] == ["SELECT", "SELECT"]


def test_a_copied_cookie_is_worthless_after_signing_out(door: SignIns, town: Town, identity: Identity) -> None:
    secret, other = enters(door, town), enters(door, town)
    town.database.transact(lambda session: sign_out(session, secret))
    assert identity.by_session(town.database, secret, NOW) is None
    assert identity.by_session(town.database, other, NOW)


def test_a_session_dies_idle_and_in_any_case_after_twelve_hours(door: SignIns, town: Town, identity: Identity) -> None:
    rules, secret = Rules(), enters(door, town)
    with Flask("edge").test_request_context():
        assert identity.by_session(town.database, secret, NOW + rules.idle - MINUTE)
    assert identity.by_session(town.database, secret, NOW + rules.idle) is None
    with town.database.write() as session:
        session.execute(sa.update(SignInSession).values(last_used_at=NOW + rules.absolute - MINUTE))
    assert identity.by_session(town.database, secret, NOW + rules.absolute - MINUTE)
    assert identity.by_session(town.database, secret, NOW + rules.absolute) is None


def test_a_disabled_account_is_out_with_the_next_request(door: SignIns, town: Town, identity: Identity) -> None:
    secret, token = enters(door, town), door.issue_token(town.database, "chair", PASSWORD, HOME, NOW).token
    admin = town.acting("admin")
    town.database.transact(lambda session: accounts.disable(session, admin, town.people["chair"], NOW))
    assert identity.by_session(town.database, secret, NOW) is None
    assert identity.by_token(town.database, token, NOW) is None
    with pytest.raises(SignInRefused):
        enters(door, town)
    town.database.transact(lambda session: accounts.enable(session, admin, town.people["chair"], NOW))
    assert identity.by_session(town.database, secret, NOW) is None
    assert enters(door, town)
    assert (events(town, "account.disabled"), events(town, "account.enabled")) == (1, 1)


def test_disabling_alone_shuts_a_session_that_is_still_there(door: SignIns, town: Town, identity: Identity) -> None:
    secret = enters(door, town)
    with town.database.write() as session:
        session.execute(sa.update(Account).values(disabled_at=NOW))
    assert identity.by_session(town.database, secret, NOW) is None


def test_an_ended_office_is_gone_with_the_next_request(door: SignIns, town: Town, identity: Identity) -> None:
    secret, chair = enters(door, town, "auditor1"), town.acting("chair")
    before = identity.by_session(town.database, secret, NOW)
    assert before is not None
    assert "auditor" in before.offices
    with town.database.read() as session:
        held = queries.offices_of(session, town.union_id, town.people["auditor1"])[0]
    town.database.transact(lambda session: service.end_office(session, chair, held.id, None, NOW))
    after = identity.by_session(town.database, secret, NOW)
    assert after is not None
    assert after.offices == {"member"}


def test_an_office_counts_from_its_first_day_in_china_to_its_last(
    door: SignIns, town: Town, identity: Identity
) -> None:
    chair, until, token = town.acting("chair"), TODAY + timedelta(days=2), ""
    with town.database.read() as session:
        held = queries.offices_of(session, town.union_id, town.people["auditor1"])[0]
    town.database.transact(lambda session: service.end_office(session, chair, held.id, until, NOW))
    token = door.issue_token(town.database, "auditor1", PASSWORD, HOME, NOW).token
    last_moment = NOW.replace(day=30, hour=15, minute=59)  # 23:59 in China
    for moment, holds in ((last_moment, True), (last_moment + MINUTE, False)):
        who = identity.by_token(town.database, token, moment)
        assert who is not None
        assert ("auditor" in who.offices) is holds


def test_whoever_left_the_union_is_out_with_cookie_and_token(door: SignIns, town: Town, identity: Identity) -> None:
    secret = enters(door, town, "member")
    token = door.issue_token(town.database, "member", PASSWORD, HOME, NOW).token
    clerk = town.acting("clerk")
    town.database.transact(lambda session: service.leave(session, clerk, town.people["member"], TODAY, NOW))
    assert identity.by_session(town.database, secret, NOW) is None
    assert identity.by_token(town.database, token, NOW) is None
    with pytest.raises(SignInRefused):
        enters(door, town, "member")


def test_a_session_acts_for_one_union_at_a_time(door: SignIns, town: Town, identity: Identity) -> None:
    upper = found(town.database, "hill", {"upper": ("chair",)})
    with town.database.write() as session:
        account = session.scalars(sa.select(Account).where(Account.username == "chair")).one()
        service.add_person(session, upper.union_id, "林晚", by=service.FOUNDING, now=NOW, account_id=account.id)
    secret = enters(door, town)
    who = identity.by_session(town.database, secret, NOW)
    assert who is not None
    assert who.union_id == town.union_id
    town.database.transact(lambda session: switch_union(session, who, secret, "hill", NOW))
    there = identity.by_session(town.database, secret, NOW)
    assert there is not None
    assert (there.union_id, there.offices) == (upper.union_id, frozenset({"member"}))
    with pytest.raises(NotFound):
        town.database.transact(lambda session: switch_union(session, who, secret, "valley", NOW))


# --- changing the password -----------------------------------------------------------------------------------------------


def test_a_changed_password_ends_every_other_session_and_token(door: SignIns, town: Town, identity: Identity) -> None:
    mine, other = enters(door, town), enters(door, town)
    token = door.issue_token(town.database, "chair", PASSWORD, HOME, NOW).token
    who = identity.by_session(town.database, mine, NOW)
    assert who is not None
    fresh = door.change_password(town.database, who, PASSWORD, NEW_PASSWORD, HOME, NOW)
    assert identity.by_session(town.database, mine, NOW) is None
    assert identity.by_session(town.database, other, NOW) is None
    assert identity.by_token(town.database, token, NOW) is None
    assert identity.by_session(town.database, fresh.secret, NOW)
    assert enters(door, town, password=NEW_PASSWORD)
    fails(door, town, 1)


def test_changing_the_password_needs_the_present_one_and_guessing_it_is_throttled(
    door: SignIns, town: Town, identity: Identity
) -> None:
    who = identity.by_session(town.database, enters(door, town), NOW)
    assert who is not None
    for _ in range(5):
        with pytest.raises(WrongPassword):
            door.change_password(town.database, who, "not this one", NEW_PASSWORD, HOME, NOW)
    with pytest.raises(TooManyAttempts):
        door.change_password(town.database, who, PASSWORD, NEW_PASSWORD, HOME, NOW)


@pytest.mark.parametrize("new", [PASSWORD, "short", "the-chair-of-brook"])
def test_a_password_that_cannot_be_used_changes_nothing(
    door: SignIns, town: Town, identity: Identity, new: str
) -> None:
    secret = enters(door, town)
    who = identity.by_session(town.database, secret, NOW)
    assert who is not None
    with pytest.raises(Invalid) as refused:
        door.change_password(town.database, who, PASSWORD, new, HOME, NOW)
    assert list(refused.value.faults) == ["new"]
    assert identity.by_session(town.database, secret, NOW)


def test_a_reset_password_is_temporary_until_its_owner_changes_it(
    door: SignIns, town: Town, identity: Identity
) -> None:
    secret, hashed = enters(door, town), PASSWORDS.hash("abcd-efgh-jkmn-pqrs")
    town.database.transact(lambda session: accounts.reset_password(session, "Chair", hashed, NOW))
    assert identity.by_session(town.database, secret, NOW) is None
    opened = door.sign_in(town.database, "chair", "abcd-efgh-jkmn-pqrs", HOME, NOW)
    assert opened.password_is_temporary
    who = identity.by_session(town.database, opened.secret, NOW)
    assert who is not None
    assert who.password_is_temporary
    fresh = door.change_password(town.database, who, "abcd-efgh-jkmn-pqrs", NEW_PASSWORD, HOME, NOW)
    assert not fresh.password_is_temporary
    with pytest.raises(NotFound):
        town.database.transact(lambda session: accounts.reset_password(session, "nobody", hashed, NOW))


# --- tokens --------------------------------------------------------------------------------------------------------------


def test_a_token_lives_ninety_days(door: SignIns, town: Town, identity: Identity) -> None:
    issued = door.issue_token(town.database, "treasurer", PASSWORD, HOME, NOW)
    assert issued.expires_at == NOW + timedelta(days=90)
    who = identity.by_token(town.database, issued.token, issued.expires_at - MINUTE)
    assert who is not None
    assert (who.csrf_token, who.token_id) == (None, issued.id)
    assert identity.by_token(town.database, issued.token, issued.expires_at) is None


def test_a_revoked_token_is_worthless_and_lists_show_no_secret(door: SignIns, town: Town, identity: Identity) -> None:
    issued = door.issue_token(town.database, "treasurer", PASSWORD, HOME, NOW, label="月报")
    who = identity.by_token(town.database, issued.token, NOW)
    assert who is not None
    with town.database.read() as session:
        listed = tokens_of(session, who, NOW)
        assert issued.token not in session.scalars(sa.select(ApiToken.secret_hash)).all()
    assert [(one.id, one.label) for one in listed] == [(issued.id, "月报")]
    assert issued.token not in repr(listed)
    town.database.transact(lambda session: revoke_token(session, who, issued.id, NOW))
    assert identity.by_token(town.database, issued.token, NOW) is None
    with pytest.raises(NotFound):
        town.database.transact(lambda session: revoke_token(session, who, issued.id, NOW))


def test_nobody_revokes_the_token_of_another(door: SignIns, town: Town, identity: Identity) -> None:
    issued = door.issue_token(town.database, "treasurer", PASSWORD, HOME, NOW)
    other = identity.by_session(town.database, enters(door, town, "admin"), NOW)
    assert other is not None
    with pytest.raises(NotFound):
        town.database.transact(lambda session: revoke_token(session, other, issued.id, NOW))
    assert identity.by_token(town.database, issued.token, NOW)


def test_a_token_is_refused_for_a_union_one_does_not_belong_to(door: SignIns, town: Town) -> None:
    found(town.database, "hill", {"upper": ("chair",)})
    with pytest.raises(SignInRefused):
        door.issue_token(town.database, "chair", PASSWORD, HOME, NOW, union="hill")


# --- accounts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["", "x", "a" * 33, "_first", "with space", "semi;colon", "a/b", "a\u200bb"])
def test_a_user_name_that_cannot_be_used_is_refused(town: Town, username: str) -> None:
    with town.database.write() as session, pytest.raises(Invalid) as refused:
        accounts.create_account(session, username, "hash", temporary=False, by="founding", now=NOW)
    assert list(refused.value.faults) == ["username"]


def test_a_user_name_is_given_once_whatever_its_case(town: Town) -> None:
    with town.database.write() as session, pytest.raises(Invalid):
        accounts.create_account(session, "CHAIR", "hash", temporary=False, by="founding", now=NOW)


def test_the_maintainer_of_one_union_does_not_reach_accounts_of_another(town: Town) -> None:
    hill = found(town.database, "hill", {"upper": ("chair",)})
    admin = town.acting("admin")
    with town.database.write() as session, pytest.raises(NotFound):
        accounts.disable(session, admin, hill.people["upper"], NOW)


def test_the_installations_trail_names_no_one(door: SignIns, town: Town) -> None:
    fails(door, town, 5)
    with town.database.read() as session:
        bodies = session.scalars(sa.select(TrailEntry.body).where(TrailEntry.union_id == INSTALLATION)).all()
        kept = session.scalars(sa.select(TrailValue.value).where(TrailValue.union_id == INSTALLATION)).all()
    assert len(bodies) == len(town.people) + 1
    assert not any(b'"chair"' in body or HOME.encode() in body for body in bodies)
    assert {"chair", HOME} <= set(kept)
    assert HOST.encode() in bodies[0]


def test_two_accounts_of_one_name_cannot_be_made_at_once(database: Database) -> None:
    found(database)
    start, made = threading.Barrier(2), list[str]()

    def make() -> None:
        start.wait(10)
        with contextlib.suppress(Invalid):
            database.transact(
                lambda session: accounts.create_account(
                    session, "newcomer", "hash", temporary=False, by="founding", now=NOW
                )
            )
            made.append("newcomer")

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert made == ["newcomer"]
