"""Offices: recorded by one, confirmed by another, refused where they exclude each other, gone when they end."""

from __future__ import annotations

import threading
import uuid
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.db import Database
from app.foundation.errors import AppError, Invalid, NotAllowed, NotFound
from app.people import queries, service
from app.people.errors import (
    ConfirmedAlready,
    ConfirmedByChair,
    EndedAlready,
    HeldAlready,
    IncompatibleOffices,
    MembersOnly,
    OwnAppointment,
)
from app.people.principal import Principal
from app.people.queries import Held
from tests.fixtures.unions import BOOK, NOW, TODAY, Town, found

YESTERDAY = TODAY - timedelta(days=1)
NEXT_YEAR = TODAY.replace(year=2027)
PAIRS = sorted(tuple(sorted(pair)) for pair in BOOK.pairs)


def record(
    town: Town,
    by: Principal,
    username: str,
    office: str,
    from_on: date = TODAY,
    to_on: date | None = None,
) -> Held:
    def work(session: Session) -> Held:
        row = service.appoint(session, BOOK, town.union_id, town.people[username], office, from_on, to_on, by, NOW)
        return queries.held_of(row)

    return town.database.transact(work)


def confirm(town: Town, by: Principal, held_id: uuid.UUID) -> Held:
    return town.database.transact(
        lambda session: queries.held_of(service.confirm_appointment(session, BOOK, by, held_id, NOW))
    )


def end(town: Town, by: Principal, held_id: uuid.UUID, last_day: date | None = None) -> Held:
    return town.database.transact(
        lambda session: queries.held_of(service.end_office(session, by, held_id, last_day, NOW))
    )


def holds(town: Town, office: str, day: date = TODAY) -> set[str]:
    with town.database.read() as session:
        held = queries.holders(session, town.union_id, [office], day)[office]
    return {username for username, person_id in town.people.items() if str(person_id) in held}


def offices_of(town: Town, username: str) -> list[Held]:
    with town.database.read() as session:
        return queries.offices_of(session, town.union_id, town.people[username])


def office_of(town: Town, username: str) -> uuid.UUID:
    return offices_of(town, username)[0].id


# --- recorded and confirmed ----------------------------------------------------------------------------------------------


def test_an_appointment_counts_only_once_another_has_confirmed_it(town: Town) -> None:
    held = record(town, town.acting("clerk"), "member", "welfare")
    assert holds(town, "welfare") == set()
    assert confirm(town, town.acting("chair"), held.id).is_confirmed
    assert holds(town, "welfare") == {"member"}
    assert "welfare" in town.acting("member").offices


def test_nobody_confirms_what_he_recorded_or_his_own_office(town: Town) -> None:
    chair = town.acting("chair")
    with pytest.raises(OwnAppointment):
        confirm(town, chair, record(town, chair, "member", "welfare").id)
    with pytest.raises(OwnAppointment):
        confirm(town, chair, record(town, town.acting("clerk"), "chair", "organiser").id)


@pytest.mark.parametrize("username", ["organiser", "treasurer", "auditchair", "admin", "auditor1"])
def test_only_the_chairs_confirm(town: Town, username: str) -> None:
    held = record(town, town.acting("clerk"), "member", "welfare")
    with pytest.raises(ConfirmedByChair):
        confirm(town, town.acting(username), held.id)
    assert holds(town, "welfare") == set()


def test_a_vice_chair_confirms_only_where_no_chair_can(town: Town) -> None:
    vice = town.acting("vice")
    held = record(town, town.acting("clerk"), "member", "welfare")
    with pytest.raises(ConfirmedByChair):
        confirm(town, vice, held.id)
    assert confirm(town, vice, record(town, town.acting("chair"), "member", "publicist").id).is_confirmed
    end(town, town.acting("chair"), office_of(town, "chair"))
    assert confirm(town, vice, held.id).is_confirmed


def test_the_chair_of_the_upper_union_confirms_and_a_stranger_does_not(town: Town) -> None:
    hill = found(town.database, "hill", {"upper": ("chair",), "upclerk": ("clerk",)})
    below = found(town.database, "vale", {"chair": ("chair",)}, parent_id=hill.union_id, suffix="2")
    held = record(below, below.acting("chair"), "chair", "organiser")
    for stranger in (town.acting("chair"), hill.acting("upclerk")):
        with pytest.raises(NotFound):
            confirm(below, stranger, held.id)
    assert confirm(below, hill.acting("upper"), held.id).is_confirmed
    with town.database.read() as session:
        waiting = queries.unconfirmed_below(session, hill.union_id, TODAY)
    assert waiting == []


def test_what_was_confirmed_is_not_confirmed_again(town: Town) -> None:
    held = record(town, town.acting("clerk"), "member", "welfare")
    confirm(town, town.acting("chair"), held.id)
    with pytest.raises(ConfirmedAlready):
        confirm(town, town.acting("chair"), held.id)


def test_an_appointment_taken_back_cannot_be_confirmed(town: Town) -> None:
    clerk = town.acting("clerk")
    held = record(town, clerk, "member", "welfare")
    end(town, clerk, held.id)
    with pytest.raises(EndedAlready):
        confirm(town, town.acting("chair"), held.id)


# --- offices that exclude each other -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "wanted"), [*PAIRS, *((b, a) for a, b in PAIRS)])
def test_no_one_is_recorded_for_two_offices_that_exclude_each_other(town: Town, held: str, wanted: str) -> None:
    clerk = town.acting("clerk")
    first = record(town, clerk, "member", held)
    with pytest.raises(IncompatibleOffices) as refused:
        record(town, clerk, "member", wanted)
    assert BOOK.title(held).zh in refused.value.text.zh
    assert BOOK.title(wanted).en in refused.value.text.en
    confirm(town, town.acting("chair"), first.id)
    with pytest.raises(IncompatibleOffices):
        record(town, clerk, "member", wanted)


def test_terms_that_do_not_meet_do_not_exclude_each_other(town: Town) -> None:
    clerk = town.acting("clerk")
    record(town, clerk, "member", "treasurer", TODAY, TODAY + timedelta(days=30))
    with pytest.raises(IncompatibleOffices):
        record(town, clerk, "member", "auditor", TODAY + timedelta(days=30))
    with pytest.raises(IncompatibleOffices):
        record(town, clerk, "member", "auditor", YESTERDAY, TODAY)
    record(town, clerk, "member", "auditor", TODAY + timedelta(days=31))
    assert len(offices_of(town, "member")) == 2


def test_after_the_office_has_ended_the_other_may_be_taken(town: Town) -> None:
    clerk = town.acting("clerk")
    with pytest.raises(IncompatibleOffices):
        record(town, clerk, "cashier", "auditor")
    end(town, town.acting("chair"), office_of(town, "cashier"))
    record(town, clerk, "cashier", "auditor")
    assert {held.office for held in offices_of(town, "cashier")} == {"cashier", "auditor"}


def test_two_exclusive_offices_recorded_at_the_same_moment_are_not_both_taken(database: Database) -> None:
    town = found(database)
    clerk, outcomes = town.acting("clerk"), list[str]()

    def take_the_other() -> None:
        try:
            record(town, clerk, "member", "auditor")
            outcomes.append("taken")
        except IncompatibleOffices as error:
            outcomes.append(error.code)

    other = threading.Thread(target=take_the_other)
    with database.write() as session:
        service.appoint(session, BOOK, town.union_id, town.people["member"], "cashier", TODAY, None, clerk, NOW)
        other.start()
        other.join(0.5)  # time enough to judge by what is not committed yet, if nothing held it up
        assert outcomes == []
    other.join(30)
    assert outcomes == ["incompatible_offices"]


def test_one_office_is_not_held_twice_by_the_same_person(town: Town) -> None:
    with pytest.raises(HeldAlready):
        record(town, town.acting("clerk"), "auditor1", "auditor")


def test_accountant_and_cashier_may_be_lent_and_no_other_office(town: Town) -> None:
    clerk = town.acting("clerk")
    person = town.database.transact(
        lambda session: service.add_person(session, town.union_id, "外聘会计", by=clerk, now=NOW, is_member=False).id
    )
    town.people["lent"] = person
    record(town, clerk, "lent", "accountant")
    assert [held.office for held in offices_of(town, "lent")] == ["accountant"]
    with pytest.raises(MembersOnly):
        record(town, clerk, "lent", "organiser")


@pytest.mark.parametrize(
    ("office", "to_on", "path"),
    [("emperor", None, "office"), ("member", None, "office"), ("welfare", YESTERDAY, "to_on")],
)
def test_an_appointment_that_makes_no_sense_names_its_fault(
    town: Town, office: str, to_on: date | None, path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        record(town, town.acting("clerk"), "member", office, TODAY, to_on)
    assert list(refused.value.faults) == [path]


def test_people_of_another_union_are_not_appointed_here(town: Town) -> None:
    hill = found(town.database, "hill", {"upper": ("chair",)})
    town.people["stranger"] = hill.people["upper"]
    with pytest.raises(Invalid) as refused:
        record(town, town.acting("clerk"), "stranger", "welfare")
    assert list(refused.value.faults) == ["person_id"]


# --- ended ---------------------------------------------------------------------------------------------------------------


def test_an_office_ended_at_once_no_longer_counts_today(town: Town) -> None:
    assert holds(town, "auditor") == {"auditor1", "auditor2"}
    end(town, town.acting("chair"), office_of(town, "auditor1"))
    assert holds(town, "auditor") == {"auditor2"}
    assert "auditor" not in town.acting("auditor1").offices


def test_an_office_counts_through_its_last_day(town: Town) -> None:
    end(town, town.acting("chair"), office_of(town, "auditor1"), TODAY)
    assert holds(town, "auditor") == {"auditor1", "auditor2"}
    assert holds(town, "auditor", TODAY + timedelta(days=1)) == {"auditor2"}


def test_a_term_that_begins_later_does_not_count_yet(town: Town) -> None:
    held = record(town, town.acting("clerk"), "member", "welfare", NEXT_YEAR)
    confirm(town, town.acting("chair"), held.id)
    assert holds(town, "welfare") == set()
    assert holds(town, "welfare", NEXT_YEAR) == {"member"}


def test_a_holder_may_resign_and_nobody_else_below_the_chairs_ends_an_office(town: Town) -> None:
    for username in ("clerk", "treasurer", "auditchair", "admin"):
        with pytest.raises(NotAllowed):
            end(town, town.acting(username), office_of(town, "auditor1"))
    end(town, town.acting("auditor1"), office_of(town, "auditor1"))
    assert holds(town, "auditor") == {"auditor2"}


def test_what_has_ended_is_not_ended_again_or_prolonged(town: Town) -> None:
    chair, held = town.acting("chair"), office_of(town, "auditor1")
    end(town, chair, held)
    for last_day in (None, TODAY + timedelta(days=9)):
        with pytest.raises(EndedAlready):
            end(town, chair, held, last_day)


def test_whoever_leaves_loses_every_office_and_only_the_chairs_may_note_it_of_an_officer(town: Town) -> None:
    def leaves(by: str) -> None:
        principal = town.acting(by)
        town.database.transact(lambda session: service.leave(session, principal, town.people["auditor1"], TODAY, NOW))

    for by in ("clerk", "organiser", "admin"):
        with pytest.raises(NotAllowed):
            leaves(by)
    leaves("chair")
    assert holds(town, "auditor") == {"auditor2"}
    with pytest.raises(Invalid):
        leaves("chair")


# --- lists ---------------------------------------------------------------------------------------------------------------


def test_members_hold_the_office_of_member_by_being_one(town: Town) -> None:
    assert holds(town, "member") == set(town.people)


def test_holders_are_asked_for_many_offices_at_once_and_an_empty_one_is_there(town: Town) -> None:
    with town.database.read() as session:
        held = queries.holders(session, town.union_id, ["auditor", "welfare"], TODAY)
    assert held == {
        "auditor": frozenset({str(town.people["auditor1"]), str(town.people["auditor2"])}),
        "welfare": frozenset(),
    }


def test_the_list_of_people_takes_two_statements_however_many_there_are(town: Town) -> None:
    statements: list[str] = []
    sa.event.listen(town.database.reader, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with town.database.read() as session:
        listed = queries.people(session, town.union_id, TODAY)
    assert {one.username for one in listed} == set(town.people)
    assert len([statement for statement in statements if statement != "BEGIN"]) == 2


def test_names_of_other_unions_people_are_not_given(town: Town) -> None:
    hill = found(town.database, "hill", {"upper": ("chair",)})
    asked = [town.people["chair"], hill.people["upper"]]
    with town.database.read() as session:
        assert queries.names(session, town.union_id, asked) == {str(town.people["chair"]): "林晚"}


def test_every_refusal_speaks_both_languages_and_is_a_conflict_or_a_no() -> None:
    for error in (OwnAppointment(), ConfirmedByChair(), ConfirmedAlready(), EndedAlready()):
        assert isinstance(error, AppError)
        assert error.status in {403, 409}
        assert error.text.zh != error.text.en
