"""Who is in the story: the union, the upper union, forty members in five groups, and the offices they hold."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.demo.days import TERM_BEGINS, TERM_ENDS, at, rows
from app.demo.documents import sample_tax_id
from app.people import accounts, queries, service
from app.people.models import Union
from app.people.offices import MEMBER, OfficeBook
from app.people.principal import Principal
from app.people.service import FOUNDING, Founding

UNION = Founding(
    name="清河市水务服务中心机关工会",
    slug="qinghe-water",
    place="清河市",
    tax_id=sample_tax_id(1, union=True),
    two_auditor_limit_fen=500_000,
)
UPPER_UNION = Founding(
    name="清河市直机关工会联合会", slug="qinghe-federation", place="清河市", tax_id=sample_tax_id(2, union=True)
)
SLUGS = frozenset({UNION.slug, UPPER_UNION.slug})

FOUNDED = at(TERM_BEGINS, 17)
"""By then everyone is in office."""

USERNAMES = (
    "treasurer",
    "cashier",
    "auditor1",
    "auditor2",
    "auditchair",
    "chair",
    "clerk",
    "owner",
    "member",
    "admin",
    "upper",
)
"""Everyone who can sign in; the other members have no account."""

_ELECTED = frozenset({"chair", "admin"})
"""In office by the founding itself; they record and confirm everyone else's."""
UPPER_CHAIR, _UPPER_CLERK = "程守信", "纪若兰"


@dataclass(frozen=True, slots=True)
class Member:
    """One row of ``members.csv``; ``birthday`` is month and day."""

    name: str
    group: str
    username: str
    offices: tuple[str, ...]
    birthday: str


@dataclass(frozen=True, slots=True)
class Cast:
    """The union of the story and everyone in it, by name and by user name, with the offices in force."""

    union_id: uuid.UUID
    upper_id: uuid.UUID
    everyone: Mapping[str, Principal]

    def __getitem__(self, who: str) -> Principal:
        """The person of that name or user name."""
        return self.everyone[who]


def members() -> list[Member]:
    """The union's people, as the table lists them."""
    return [
        Member(row["姓名"], row["小组"], row["用户名"], tuple(row["职务"].split()), row["生日"])
        for row in rows("members")
    ]


def founded(session: Session, book: OfficeBook, host: str, password_hash: str) -> Cast:
    """Found both unions in December; the maintainer records the offices and the chair confirms them."""
    begun = at(TERM_BEGINS, 9)
    upper_id = _upper_union(session, book, host, password_hash, begun)
    union = service.found_union(session, replace(UNION, parent_id=upper_id), host, at(TERM_BEGINS, 10))
    ids = {one.name: _enter(session, union.id, one, password_hash, at(TERM_BEGINS, 10, 30)) for one in members()}
    for one in members():
        for office in one.offices if one.username in _ELECTED else ():
            _appoint(session, book, union, ids[one.name], office, FOUNDING, at(TERM_BEGINS, 11))
    _record_and_confirm(session, book, union, ids)
    everyone = _principals(session, union, TERM_BEGINS)
    everyone["upper"] = _principals(session, session.get_one(Union, upper_id), TERM_BEGINS)[UPPER_CHAIR]
    return Cast(union.id, upper_id, everyone)


def _upper_union(session: Session, book: OfficeBook, host: str, password_hash: str, now: datetime) -> uuid.UUID:
    union = service.found_union(session, UPPER_UNION, host, now)
    people = (Member(UPPER_CHAIR, "机关", "upper", ("chair",), ""), Member(_UPPER_CLERK, "机关", "", ("clerk",), ""))
    for one in people:
        person = _enter(session, union.id, one, password_hash, now)
        _appoint(session, book, union, person, one.offices[0], FOUNDING, now)
    return union.id


def _enter(session: Session, union_id: uuid.UUID, one: Member, password_hash: str, now: datetime) -> uuid.UUID:
    account_id = None
    if one.username:
        account = accounts.create_account(session, one.username, password_hash, temporary=False, by=FOUNDING, now=now)
        account_id = account.id
    person = service.add_person(
        session,
        union_id,
        one.name,
        by=FOUNDING,
        now=now,
        group_name=one.group,
        is_member=bool(one.group),
        account_id=account_id,
    )
    return person.id


def _record_and_confirm(session: Session, book: OfficeBook, union: Union, ids: Mapping[str, uuid.UUID]) -> None:
    acting = _principals(session, union, TERM_BEGINS)
    recorded = [
        _appoint(session, book, union, ids[one.name], office, acting["admin"], at(TERM_BEGINS, 14))
        for one in members()
        if one.username not in _ELECTED
        for office in one.offices
    ]
    for holding in recorded:
        service.confirm_appointment(session, book, acting["chair"], holding, at(TERM_BEGINS, 16))


def _appoint(
    session: Session,
    book: OfficeBook,
    union: Union,
    person_id: uuid.UUID,
    office: str,
    by: Principal | str,
    now: datetime,
) -> uuid.UUID:
    return service.appoint(session, book, union.id, person_id, office, TERM_BEGINS, TERM_ENDS, by, now).id


def _principals(session: Session, union: Union, day: date) -> dict[str, Principal]:
    """Everyone of the union by name and user name, with the offices in force on that day."""
    found: dict[str, Principal] = {}
    for one in queries.people(session, union.id, day):
        offices = {held.office for held in one.offices if held.in_force(day)} | ({MEMBER} if one.is_member else set())
        found[one.name] = Principal(
            union.id, one.id, one.name, frozenset(offices), union_name=union.name, union_slug=union.slug
        )
        if one.username:
            found[one.username] = found[one.name]
    return found
