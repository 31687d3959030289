"""Standing in for someone who is away (代理): for a time, for some of his offices, by one person, and never in a chain.

Who stands in decides in the other's place; the engine looks at both, and the record names both.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.clock import union_day
from app.foundation.errors import Invalid, NotAllowed, NotFound
from app.foundation.ids import new_id
from app.people import queries
from app.people.errors import AwayHimself, AwayTwice, DelegationClash, MembersOnly, NothingToDelegate
from app.people.models import Delegation, Person
from app.people.offices import MEMBER, OfficeBook
from app.people.principal import Principal
from app.trail import service as trail
from app.wording import Text

LONGEST = timedelta(days=92)
"""A quarter of a year: whoever is away longer hands the office over. Source: DESIGN 8, offices are held for a term."""
MAINTAINER = "maintainer"
_CHAIRS = frozenset({"chair", "vice_chair"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Who stands in for the one who asks, from which day to which, for which of his offices (all, where none is named)."""

    taker_id: uuid.UUID
    from_on: date
    until_on: date
    offices: tuple[str, ...] = ()


def delegate(session: Session, book: OfficeBook, principal: Principal, asked: Asked, now: datetime) -> Delegation:
    """Record that one person stands in for another.

    Each arranges it for himself and for nobody else: whoever cannot is followed in office by an appointment, which takes
    two people.

    Raises:
        Invalid: no such person, or days that make no sense.
        NothingToDelegate: the person who is away holds none of these offices.
        DelegationClash: an office of the one who stands in excludes one of those he would act for.
        AwayTwice: somebody else stands in for him in that time.
        AwayHimself: the one who would stand in is away in that time; nobody stands in at second hand.
    """
    giver_id = principal.person_id
    _check_days(giver_id, asked, union_day(now))
    _lock(session, principal.union_id, (giver_id, asked.taker_id))
    held = queries.offices_on(session, principal.union_id, giver_id, asked.from_on) - {MEMBER}
    offices = held & set(asked.offices) if asked.offices else held
    if not offices or not set(asked.offices) <= held:
        raise NothingToDelegate
    _refuse_clash(session, book, principal.union_id, asked, offices)
    for other in _overlapping(session, principal.union_id, giver_id, asked):
        raise AwayTwice if other.giver_id == giver_id else AwayHimself
    made = Delegation(
        union_id=principal.union_id,
        id=new_id(now),
        giver_id=giver_id,
        taker_id=asked.taker_id,
        offices=sorted(asked.offices),
        from_on=asked.from_on,
        until_on=asked.until_on,
        made_by=principal.person_id,
        made_at=now,
        ended_at=None,
    )
    session.add(made)
    session.flush()
    _record(session, principal, "delegation.made", made, now)
    return made


def end_delegation(session: Session, principal: Principal, delegation_id: uuid.UUID, now: datetime) -> Delegation:
    """End it at once: by either of the two, or the chair.

    Raises:
        NotFound: no such delegation in force or to come.
        NotAllowed: by someone else.
    """
    found = session.get(Delegation, (principal.union_id, delegation_id), with_for_update=True)
    if found is None or found.ended_at is not None:
        raise NotFound
    if principal.person_id not in {found.giver_id, found.taker_id} and principal.offices.isdisjoint(_CHAIRS):
        raise NotAllowed
    found.ended_at = now
    session.flush()
    _record(session, principal, "delegation.ended", found, now)
    return found


def delegations(session: Session, union_id: uuid.UUID, person_id: uuid.UUID, day: date) -> list[Delegation]:
    """Those of a person, either way, that are in force on that day or later."""
    rows = session.scalars(
        sa.select(Delegation)
        .where(
            Delegation.union_id == union_id,
            Delegation.ended_at.is_(None),
            Delegation.until_on >= day,
            sa.or_(Delegation.giver_id == person_id, Delegation.taker_id == person_id),
        )
        .order_by(Delegation.from_on, Delegation.id)
    )
    return list(rows)


def _refuse_clash(
    session: Session, book: OfficeBook, union_id: uuid.UUID, asked: Asked, offices: Collection[str]
) -> None:
    """The taker's own offices in that time, and those he stands in for already, must go together with the new ones.

    Source: DESIGN 8: the maintainer approves nothing, and some offices are for members alone.
    """
    own = {
        one.office
        for one in queries.offices_of(session, union_id, asked.taker_id)
        if not one.is_over(asked.from_on) and one.from_on <= asked.until_on
    } | queries.stood_in_for(session, union_id, asked.taker_id, asked.from_on, asked.until_on)
    clashing = [name for office in sorted(offices) for name in book.clash(own, office)]
    if MAINTAINER in own:
        clashing.append(MAINTAINER)
    if clashing:
        title = book.title(clashing[0])
        raise DelegationClash(office=title.zh, office_en=title.en)
    is_member = MEMBER in queries.offices_on(session, union_id, asked.taker_id, asked.from_on)
    closed = [office for office in sorted(offices) if book.members_only(office)]
    if closed and not is_member:
        title = book.title(closed[0])
        raise MembersOnly(office=title.zh, office_en=title.en)


def _check_days(giver_id: uuid.UUID, asked: Asked, today: date) -> None:
    faults: dict[str, list[Text]] = {}
    if asked.from_on < today:
        faults["from"] = [Text("不能倒填日期，从今天起算。", "It cannot be back-dated; begin today.")]
    if giver_id == asked.taker_id:
        faults["taker"] = [Text("不能由自己代理自己。", "Nobody stands in for himself.")]
    if asked.until_on < asked.from_on or asked.until_on < today:
        faults["until"] = [Text("结束日期不能早于开始日期或今天。", "It cannot end before it begins, or before today.")]
    elif asked.until_on - asked.from_on > LONGEST:
        faults["until"] = [
            Text(
                "代理最长三个月；时间更长的，请改任职务。",
                "Someone stands in for three months at the most; for longer, appoint someone to the office.",
            )
        ]
    if faults:
        raise Invalid(faults)


def _lock(session: Session, union_id: uuid.UUID, persons: Collection[uuid.UUID]) -> None:
    """Both persons, in one order, so that two delegations cannot cross.

    Raises:
        Invalid: one of them is not of this union.
    """
    found = session.scalars(
        sa.select(Person.id)
        .where(Person.union_id == union_id, Person.id.in_(persons), Person.left_on.is_(None))
        .order_by(Person.id)
        .with_for_update()
    ).all()
    if len(found) < len(set(persons)):
        raise Invalid({"taker": [Text("没有这个人。", "There is no such person.")]})


def _overlapping(session: Session, union_id: uuid.UUID, giver_id: uuid.UUID, asked: Asked) -> list[Delegation]:
    """Delegations in these days that leave the giver doubly represented, or the taker himself away or chained."""
    rows = session.scalars(
        sa.select(Delegation)
        .where(
            Delegation.union_id == union_id,
            Delegation.ended_at.is_(None),
            Delegation.from_on <= asked.until_on,
            Delegation.until_on >= asked.from_on,
            sa.or_(
                Delegation.giver_id.in_([giver_id, asked.taker_id]),
                Delegation.taker_id == giver_id,
            ),
        )
        .order_by(Delegation.giver_id != giver_id)
    )
    return list(rows)


def _record(session: Session, principal: Principal, event: str, made: Delegation, now: datetime) -> None:
    trail.append(
        session,
        principal.union_id,
        trail.Record(
            event=event,
            person=str(principal.person_id),
            body={
                "delegation": {
                    "id": str(made.id),
                    "giver": str(made.giver_id),
                    "taker": str(made.taker_id),
                    "offices": list(made.offices),
                    "from": made.from_on.isoformat(),
                    "until": made.until_on.isoformat(),
                }
            },
        ),
        now,
    )
