"""Unions founded, people taken in, offices recorded and confirmed, settings changed. Every change is on the union's trail.

``by`` is the person who acts, or the rule by which the system does (``founding``).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.clock import union_day
from app.foundation.errors import Invalid, NotAllowed, NotFound
from app.foundation.ids import new_id
from app.foundation.money import LARGEST
from app.people import queries
from app.people.errors import (
    ConfirmedAlready,
    ConfirmedByChair,
    EndedAlready,
    HeldAlready,
    IncompatibleOffices,
    MembersOnly,
    OwnAppointment,
)
from app.people.models import INSTALLATION, OfficeHolding, Person, Union
from app.people.offices import MEMBER, OfficeBook
from app.people.principal import Principal
from app.trail import service as trail
from app.wording import Text

FOUNDING = "founding"
INSTALLATION_SLUG = "installation"
ONE_AUDITOR_IS_ENOUGH = LARGEST - 1
"""The limit of a union where one auditor always suffices: above every amount that can be claimed."""
SETTINGS = ("name", "place", "tax_id", "two_auditor_limit_fen", "chair_approves")

_CHAIRS = frozenset({"chair", "vice_chair"})
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z")
_BAD_SLUG = Text(
    "网址名只能用小写字母、数字和连字符，最多 40 个，且未被使用。",
    "The name in addresses takes small letters, digits and hyphens, at most 40, and must not be in use.",
)
_BAD_LIMIT = Text("限额应为不小于零的金额。", "The limit is an amount of zero or more.")
_NO_PERSON = Text("本会没有这个人，或已离会。", "The union has no such person, or he has left.")
_NO_OFFICE = Text("没有这个职务。", "There is no such office.")
_MEMBERSHIP = Text(
    "会员身份登记在人员里，不作为职务任命。", "Being a member is noted with the person; it is not appointed."
)
_TERM = Text("任期的最后一天不能早于第一天。", "The term cannot end before it begins.")
_EMPTY = Text("不能为空。", "Must not be empty.")


@dataclass(frozen=True, slots=True)
class Founding:
    """What a union begins with. ``two_auditor_limit_fen``: a claim above it needs two auditors."""

    name: str
    slug: str
    parent_id: uuid.UUID | None = None
    place: str = ""
    tax_id: str = ""
    two_auditor_limit_fen: int = ONE_AUDITOR_IS_ENOUGH
    chair_approves: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    """One entry of a union's trail; ``sealed`` values can be erased, ``about`` stays."""

    name: str
    by: Principal | str
    offices: frozenset[str] = frozenset()
    about: Mapping[str, object] = field(default_factory=dict)
    sealed: Mapping[str, object] = field(default_factory=dict)


def ensure_installation(session: Session, host: str, now: datetime) -> None:
    """Make the row and the trail of the installation itself, if they are not there yet, and lock the row."""
    found = session.execute(sa.select(Union.id).where(Union.id == INSTALLATION).with_for_update()).first()
    if found:
        return
    session.add(
        Union(
            id=INSTALLATION,
            parent_id=None,
            slug=INSTALLATION_SLUG,
            name="本机 This installation",
            place="",
            tax_id="",
            two_auditor_limit_fen=0,
            chair_approves=False,
            created_at=now,
        )
    )
    session.flush()
    trail.start(session, INSTALLATION, trail.origin_of(host, INSTALLATION_SLUG))


def found_union(
    session: Session, founding: Founding, host: str, now: datetime, by: Principal | str = FOUNDING
) -> Union:
    """Begin a union and its trail.

    Raises:
        Invalid: no name, a slug that cannot be used or is taken, a negative limit, or a parent that does not exist.
    """
    ensure_installation(session, host, now)
    _check_founding(session, founding)
    union = Union(
        id=new_id(now),
        parent_id=founding.parent_id,
        slug=founding.slug,
        name=founding.name,
        place=founding.place,
        tax_id=founding.tax_id,
        two_auditor_limit_fen=founding.two_auditor_limit_fen,
        chair_approves=founding.chair_approves,
        created_at=now,
    )
    session.add(union)
    session.flush()
    trail.start(session, union.id, trail.origin_of(host, union.slug))
    about = {
        "id": str(union.id),
        "slug": union.slug,
        "parent": str(union.parent_id) if union.parent_id else None,
        **{name: getattr(union, name) for name in SETTINGS},
    }
    _record(session, union.id, _Event("union.founded", by, about={"union": about}), now)
    return union


def add_person(
    session: Session,
    union_id: uuid.UUID,
    name: str,
    *,
    by: Principal | str,
    now: datetime,
    group_name: str = "",
    is_member: bool = True,
    account_id: uuid.UUID | None = None,
) -> Person:
    """Take a person into the union; ``is_member`` is False for lent bookkeepers.

    Raises:
        Invalid: no name.
    """
    if not name.strip():
        raise Invalid({"name": [_EMPTY]})
    person = Person(
        union_id=union_id,
        id=new_id(now),
        account_id=account_id,
        name=name.strip(),
        group_name=group_name,
        is_member=is_member,
        left_on=None,
        created_at=now,
    )
    session.add(person)
    session.flush()
    about = {
        "id": str(person.id),
        "account": str(account_id) if account_id else None,
        "is_member": is_member,
    }
    sealed = {"name": person.name, "group_name": group_name}
    _record(session, union_id, _Event("person.added", by, about={"subject": about}, sealed=sealed), now)
    return person


def leave(session: Session, principal: Principal, person_id: uuid.UUID, on: date, now: datetime) -> None:
    """Note from which day a person of the actor's union is gone; sign-in and offices end with it.

    Raises:
        NotFound: no such person in the union.
        Invalid: gone already.
        NotAllowed: the person holds an office, and the actor is neither chair nor vice-chair nor that person.
    """
    if session.get(Person, (principal.union_id, person_id)) is None:
        raise NotFound
    today = union_day(now)
    person = _lock_person(session, principal.union_id, person_id, today)
    holds = any(not one.is_over(today) for one in queries.offices_of(session, principal.union_id, person_id))
    if holds and principal.person_id != person_id and principal.offices.isdisjoint(_CHAIRS):
        raise NotAllowed
    person.left_on = on
    last = on - timedelta(days=1)
    session.execute(
        sa.update(OfficeHolding)
        .where(
            OfficeHolding.union_id == principal.union_id,
            OfficeHolding.person_id == person_id,
            sa.or_(OfficeHolding.to_on.is_(None), OfficeHolding.to_on > last),
        )
        .values(to_on=last)
    )
    session.flush()
    about = {"id": str(person_id), "on": on.isoformat()}
    _record(session, principal.union_id, _Event("person.left", principal, about={"subject": about}), now)


def appoint(
    session: Session,
    book: OfficeBook,
    union_id: uuid.UUID,
    person_id: uuid.UUID,
    office: str,
    from_on: date,
    to_on: date | None,
    by: Principal | str,
    now: datetime,
) -> OfficeHolding:
    """Record that a person takes an office for a term. It counts once another has confirmed it.

    What the founding act itself appoints needs no second person: there is nobody yet.

    Raises:
        Invalid: no such person or office, or a term that ends before it begins.
        MembersOnly: the office is for members.
        IncompatibleOffices: the person holds, or is recorded for, an office in that time that excludes it.
        HeldAlready: the person has that very office in that time.
    """
    faults = _appointment_faults(book, office, from_on, to_on)
    if faults:
        raise Invalid(faults)
    person = _lock_person(session, union_id, person_id, from_on)
    _refuse_clash(session, book, person, office, from_on, to_on)
    founding = by == FOUNDING
    holding = OfficeHolding(
        union_id=union_id,
        id=new_id(now),
        person_id=person_id,
        office=office,
        from_on=from_on,
        to_on=to_on,
        recorded_by=None if isinstance(by, str) else by.person_id,
        confirmed_by=None,
        confirmed_at=now if founding else None,
    )
    session.add(holding)
    session.flush()
    about = {
        "id": str(holding.id),
        "person": str(person_id),
        "office": office,
        "from": from_on.isoformat(),
        "to": to_on.isoformat() if to_on else None,
        "confirmed": founding,
    }
    _record(session, union_id, _Event("office.recorded", by, about={"holding": about}), now)
    return holding


def confirm_appointment(
    session: Session, book: OfficeBook, principal: Principal, holding_id: uuid.UUID, now: datetime
) -> OfficeHolding:
    """Confirm what another recorded, for a third: from now on the office counts, in its term.

    Source: DESIGN 8. The chair confirms. A vice-chair does where no chair could (the office is vacant, or the chair is
    the recorder or the one appointed), and so may the chair of the upper union.

    Raises:
        NotFound: no such appointment in this union or one directly under it.
        OwnAppointment: the actor recorded it, or is appointed by it.
        ConfirmedByChair: the actor holds no office that confirms here.
        ConfirmedAlready, EndedAlready: there is nothing left to confirm.
        IncompatibleOffices, MembersOnly: as ``appoint``; the person's other offices may have changed meanwhile.
    """
    today = union_day(now)
    found = _holding(session, principal, holding_id)
    person = _lock_person(session, found.union_id, found.person_id, max(today, found.from_on))
    session.refresh(found)
    if principal.person_id in {found.recorded_by, found.person_id}:
        raise OwnAppointment
    if not _may_confirm(session, principal, found, today):
        raise ConfirmedByChair
    if found.confirmed_at is not None:
        raise ConfirmedAlready
    if found.to_on is not None and found.to_on < today:
        raise EndedAlready
    _refuse_clash(session, book, person, found.office, found.from_on, found.to_on, without=found.id)
    found.confirmed_by, found.confirmed_at = principal.person_id, now
    session.flush()
    confirmed = _Event(
        "office.confirmed",
        principal,
        _CHAIRS,
        {"holding": {"id": str(found.id), "person": str(found.person_id), "office": found.office}},
    )
    _record(session, found.union_id, confirmed, now)
    return found


def end_office(
    session: Session, principal: Principal, holding_id: uuid.UUID, last_day: date | None, now: datetime
) -> OfficeHolding:
    """End an office, or take back an appointment that was not confirmed.

    ``last_day`` is the last day in office; None ends it at once: yesterday was the last day. The chair or a vice-chair
    ends it, the chair of the upper union, whoever holds it, or whoever recorded it as long as it is not confirmed.

    Raises:
        NotFound: no such office in this union or one directly under it.
        NotAllowed: the actor is none of those.
        EndedAlready: it ended before that day.
    """
    found = _holding(session, principal, holding_id)
    _lock_holder(session, found)
    session.refresh(found)
    last = last_day or union_day(now) - timedelta(days=1)
    if not _may_end(principal, found):
        raise NotAllowed
    if found.to_on is not None and found.to_on <= last:
        raise EndedAlready
    found.to_on = last
    session.flush()
    about = {
        "id": str(found.id),
        "person": str(found.person_id),
        "office": found.office,
        "last_day": last.isoformat(),
    }
    ended = _Event("office.ended", principal, _CHAIRS, {"holding": about})
    _record(session, found.union_id, ended, now)
    return found


def change_settings(session: Session, principal: Principal, changes: Mapping[str, Any], now: datetime) -> Union:
    """Change figures that the actor's union sets for itself (``SETTINGS``); unchanged ones leave no trace.

    Raises:
        Invalid: an empty name or a negative limit.
    """
    union = session.get_one(Union, principal.union_id, with_for_update=True)
    changed = {
        name: {"from": getattr(union, name), "to": changes[name]}
        for name in SETTINGS
        if name in changes and changes[name] != getattr(union, name)
    }
    if "name" in changed and not str(changes["name"]).strip():
        raise Invalid({"name": [_EMPTY]})
    if "two_auditor_limit_fen" in changed and not 0 <= changes["two_auditor_limit_fen"] < LARGEST:
        raise Invalid({"two_auditor_limit_fen": [_BAD_LIMIT]})
    if changed:
        for name, pair in changed.items():
            setattr(union, name, pair["to"])
        session.flush()
        event = _Event("union.settings_changed", principal, frozenset({"chair"}), {"changes": changed})
        _record(session, union.id, event, now)
    return union


def _check_founding(session: Session, founding: Founding) -> None:
    faults: dict[str, list[Text]] = {}
    if not founding.name.strip():
        faults["name"] = [_EMPTY]
    taken = session.execute(sa.select(Union.id).where(Union.slug == founding.slug)).first()
    if taken or not _SLUG.match(founding.slug):
        faults["slug"] = [_BAD_SLUG]
    if not 0 <= founding.two_auditor_limit_fen < LARGEST:
        faults["two_auditor_limit_fen"] = [_BAD_LIMIT]
    if founding.parent_id is not None and session.get(Union, founding.parent_id) is None:
        raise NotFound
    if faults:
        raise Invalid(faults)


def _appointment_faults(book: OfficeBook, office: str, from_on: date, to_on: date | None) -> dict[str, list[Text]]:
    faults: dict[str, list[Text]] = {}
    if office not in book:
        faults["office"] = [_NO_OFFICE]
    elif office == MEMBER:
        faults["office"] = [_MEMBERSHIP]
    if to_on is not None and to_on < from_on:
        faults["to_on"] = [_TERM]
    return faults


def _lock_person(session: Session, union_id: uuid.UUID, person_id: uuid.UUID, day: date) -> Person:
    """The person's row, locked: two offices that exclude each other cannot be recorded at the same moment."""
    person = session.scalars(
        sa.select(Person)
        .where(Person.union_id == union_id, Person.id == person_id, queries.present_on(day))
        .with_for_update()
    ).one_or_none()
    if person is None:
        raise Invalid({"person_id": [_NO_PERSON]})
    return person


def _lock_holder(session: Session, holding: OfficeHolding) -> None:
    session.execute(
        sa.select(Person.id)
        .where(Person.union_id == holding.union_id, Person.id == holding.person_id)
        .with_for_update()
    )


def _refuse_clash(
    session: Session,
    book: OfficeBook,
    person: Person,
    office: str,
    from_on: date,
    to_on: date | None,
    without: uuid.UUID | None = None,
) -> None:
    title = book.title(office)
    if book.members_only(office) and not person.is_member:
        raise MembersOnly(office=title.zh, office_en=title.en)
    held = {
        one.office
        for one in queries.offices_of(session, person.union_id, person.id)
        if one.id != without and not one.is_over(from_on) and (to_on is None or one.from_on <= to_on)
    }
    if office in held:
        raise HeldAlready(office=title.zh, office_en=title.en)
    acting = queries.stood_in_for(session, person.union_id, person.id, from_on, to_on)
    clashes = book.clash({*held, *acting}, office)
    if clashes:
        titles = [book.title(name) for name in clashes]
        raise IncompatibleOffices(
            office=title.zh,
            office_en=title.en,
            held="、".join(one.zh for one in titles),
            held_en=", ".join(one.en for one in titles),
        )


def _holding(session: Session, principal: Principal, holding_id: uuid.UUID) -> OfficeHolding:
    """An office of the actor's union or of one directly under it."""
    reach = sa.select(Union.id).where(sa.or_(Union.id == principal.union_id, Union.parent_id == principal.union_id))
    found = session.scalars(
        sa.select(OfficeHolding).where(OfficeHolding.union_id.in_(reach), OfficeHolding.id == holding_id)
    ).one_or_none()
    if found is None or (found.union_id != principal.union_id and "chair" not in principal.offices):
        raise NotFound
    return found


def _may_confirm(session: Session, principal: Principal, holding: OfficeHolding, day: date) -> bool:
    if "chair" in principal.offices:
        return True
    if "vice_chair" not in principal.offices:
        return False
    chairs = queries.holders(session, holding.union_id, ["chair"], day)["chair"]
    return not chairs - {str(holding.recorded_by), str(holding.person_id)}


def _may_end(principal: Principal, holding: OfficeHolding) -> bool:
    if not principal.offices.isdisjoint(_CHAIRS) or principal.person_id == holding.person_id:
        return True
    return holding.confirmed_at is None and principal.person_id == holding.recorded_by


def _record(session: Session, union_id: uuid.UUID, event: _Event, now: datetime) -> None:
    """One entry of the union's trail, saying in which of his offices the person acted."""
    commitments, values = trail.seal(event.sealed)
    by = event.by
    body = {**event.about, "sealed": commitments or None}
    if isinstance(by, str):
        made = trail.Record(event.name, None, rule=by, body=body, values=values)
    else:
        office = next(iter(sorted(by.offices & event.offices)), None)
        upper = str(by.union_id) if by.union_id != union_id else None
        made = trail.Record(event.name, str(by.person_id), office, body={**body, "of_union": upper}, values=values)
    trail.append(session, union_id, made, now)
