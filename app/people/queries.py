"""What others ask about unions and people. Offices count when confirmed and in their term on the day asked about."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.people.models import INSTALLATION, Account, Delegation, OfficeHolding, Person, Union
from app.people.offices import MEMBER


@dataclass(frozen=True, slots=True)
class Held:
    """One office of one person, as lists show it."""

    id: uuid.UUID
    person_id: uuid.UUID
    office: str
    from_on: date
    to_on: date | None
    recorded_by: uuid.UUID | None
    is_confirmed: bool

    def is_over(self, day: date) -> bool:
        """Whether the term ended before that day."""
        return self.to_on is not None and self.to_on < day

    def in_force(self, day: date) -> bool:
        """Whether it counts on that day."""
        return self.is_confirmed and self.from_on <= day and not self.is_over(day)


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of a union with every office of his that is not over."""

    id: uuid.UUID
    name: str
    group_name: str
    is_member: bool
    left_on: date | None
    username: str | None
    is_disabled: bool
    offices: list[Held] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Branch:
    """A union in the tree; ``depth`` 0 is where the walk began."""

    id: uuid.UUID
    parent_id: uuid.UUID | None
    slug: str
    name: str
    depth: int


Day = date | sa.BindParameter[date]
"""A day, or its place in a statement that is made once and asked with many days."""


def in_force_on(day: Day, held: type[OfficeHolding] = OfficeHolding) -> sa.ColumnElement[bool]:
    """The condition that an office counts on that day."""
    return sa.and_(
        held.confirmed_at.is_not(None),
        held.from_on <= day,
        sa.or_(held.to_on.is_(None), held.to_on >= day),
    )


def present_on(day: Day, person: type[Person] = Person) -> sa.ColumnElement[bool]:
    """The condition that a person belongs to the union on that day."""
    return sa.or_(person.left_on.is_(None), person.left_on > day)


def any_union(session: Session) -> bool:
    """Whether the installation has been set up."""
    return session.execute(sa.select(Union.id).where(Union.id != INSTALLATION).limit(1)).first() is not None


def union_by_slug(session: Session, slug: str) -> Union | None:
    """The union of that address."""
    return session.scalars(sa.select(Union).where(Union.slug == slug, Union.id != INSTALLATION)).one_or_none()


def below(session: Session, union_id: uuid.UUID) -> list[Branch]:
    """The union and every union under it, each after the one it belongs to."""
    start = sa.select(Union.id, Union.parent_id, Union.slug, Union.name, sa.literal(0).label("depth"))
    walk = start.where(Union.id == union_id).cte("walk", recursive=True)
    under = sa.select(Union.id, Union.parent_id, Union.slug, Union.name, walk.c.depth + 1)
    walk = walk.union_all(under.join(walk, Union.parent_id == walk.c.id))
    rows = session.execute(sa.select(walk).order_by(walk.c.depth, walk.c.name)).all()
    return [Branch(row.id, row.parent_id, row.slug, row.name, row.depth) for row in rows]


def holders(session: Session, union_id: uuid.UUID, offices: Collection[str], day: date) -> dict[str, frozenset[str]]:
    """Who holds each of the offices on that day: ids as text; an office that nobody holds has an empty set."""
    held = (
        sa.select(OfficeHolding.office, OfficeHolding.person_id)
        .join(Person, sa.and_(Person.union_id == OfficeHolding.union_id, Person.id == OfficeHolding.person_id))
        .where(OfficeHolding.union_id == union_id, OfficeHolding.office.in_(offices))
        .where(in_force_on(day), present_on(day))
    )
    asked: sa.Select[str, uuid.UUID] | sa.CompoundSelect[str, uuid.UUID] = held
    if MEMBER in offices:
        asked = held.union_all(
            sa.select(sa.literal(MEMBER), Person.id).where(
                Person.union_id == union_id, Person.is_member, present_on(day)
            )
        )
    found: dict[str, set[str]] = {office: set() for office in offices}
    for office, person_id in session.execute(asked):
        found[office].add(str(person_id))
    return {office: frozenset(people) for office, people in found.items()}


def stood_in_for(
    session: Session, union_id: uuid.UUID, person_id: uuid.UUID, first: date, last: date | None
) -> frozenset[str]:
    """The offices that a person acts for in somebody's place on any day from ``first`` to ``last`` (open if None)."""
    rows = session.execute(
        sa.select(Delegation.offices, OfficeHolding.office)
        .join(
            OfficeHolding,
            sa.and_(OfficeHolding.union_id == Delegation.union_id, OfficeHolding.person_id == Delegation.giver_id),
        )
        .where(
            Delegation.union_id == union_id,
            Delegation.taker_id == person_id,
            Delegation.ended_at.is_(None),
            Delegation.until_on >= first,
            sa.true() if last is None else Delegation.from_on <= last,
            sa.or_(OfficeHolding.to_on.is_(None), OfficeHolding.to_on >= first),
        )
    )
    return frozenset(row.office for row in rows if not row.offices or row.office in row.offices)


def offices_on(session: Session, union_id: uuid.UUID, person_id: uuid.UUID, day: date) -> frozenset[str]:
    """The offices a person holds on that day, ``member`` included; empty for someone who is not there."""
    held = session.scalars(
        sa.select(OfficeHolding.office)
        .join(Person, sa.and_(Person.union_id == OfficeHolding.union_id, Person.id == OfficeHolding.person_id))
        .where(OfficeHolding.union_id == union_id, OfficeHolding.person_id == person_id)
        .where(in_force_on(day), present_on(day))
    )
    is_member = session.scalar(
        sa.select(Person.is_member).where(Person.union_id == union_id, Person.id == person_id, present_on(day))
    )
    return frozenset({*held, *({MEMBER} if is_member else ())})


def names(session: Session, union_id: uuid.UUID, person_ids: Iterable[uuid.UUID]) -> dict[str, str]:
    """The names of persons of this union, by id as text; ids of others are left out."""
    wanted = set(person_ids)
    if not wanted:
        return {}
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.union_id == union_id, Person.id.in_(wanted)))
    return {str(row.id): row.name for row in rows}


def person_names(session: Session, union_id: uuid.UUID, day: date) -> list[tuple[str, str]]:
    """Everyone of the union on that day as (id, name), by name: for lists to choose from."""
    rows = session.execute(
        sa.select(Person.id, Person.name)
        .where(Person.union_id == union_id, present_on(day))
        .order_by(Person.name, Person.id)
    )
    return [(str(row.id), row.name) for row in rows]


def people(session: Session, union_id: uuid.UUID, day: date) -> list[Listed]:
    """Everyone of the union on that day with the offices that are not over; two statements, however many there are."""
    rows = session.execute(
        sa.select(Person, Account.username, Account.disabled_at)
        .outerjoin(Account, Account.id == Person.account_id)
        .where(Person.union_id == union_id, present_on(day))
        .order_by(Person.created_at, Person.id)
    ).all()
    listed = {
        person.id: Listed(
            person.id,
            person.name,
            person.group_name,
            person.is_member,
            person.left_on,
            username,
            disabled_at is not None,
        )
        for person, username, disabled_at in rows
    }
    for held in offices_of(session, union_id):
        if held.person_id in listed and not held.is_over(day):
            listed[held.person_id].offices.append(held)
    return list(listed.values())


def offices_of(session: Session, union_id: uuid.UUID, person_id: uuid.UUID | None = None) -> list[Held]:
    """Every office ever recorded in the union, or of one person, oldest first."""
    asked = sa.select(OfficeHolding).where(OfficeHolding.union_id == union_id)
    if person_id is not None:
        asked = asked.where(OfficeHolding.person_id == person_id)
    return [held_of(row) for row in session.scalars(asked.order_by(OfficeHolding.from_on, OfficeHolding.id))]


def every_account(session: Session) -> list[tuple[str, str, str, bool]]:
    """For the owner of the server: (union's slug, user name, person, whether shut), of every union."""
    rows = session.execute(
        sa.select(Union.slug, Account.username, Person.name, Account.disabled_at)
        .join(Person, Person.union_id == Union.id)
        .join(Account, Account.id == Person.account_id)
        .order_by(Union.slug, Account.username)
    )
    return [(row.slug, row.username, row.name, row.disabled_at is not None) for row in rows]


def unconfirmed_below(session: Session, union_id: uuid.UUID, day: date) -> list[tuple[str, str, Held]]:
    """What waits for confirmation in the unions directly under this one: (union, person, office)."""
    children = sa.select(Union.id).where(Union.parent_id == union_id)
    rows = session.execute(
        sa.select(Union.name.label("union_name"), Person.name, OfficeHolding)
        .join(Union, Union.id == OfficeHolding.union_id)
        .join(Person, sa.and_(Person.union_id == OfficeHolding.union_id, Person.id == OfficeHolding.person_id))
        .where(OfficeHolding.union_id.in_(children), OfficeHolding.confirmed_at.is_(None))
        .where(sa.or_(OfficeHolding.to_on.is_(None), OfficeHolding.to_on >= day), present_on(day))
        .order_by(Union.name, OfficeHolding.id)
    )
    return [(union_name, name, held_of(row)) for union_name, name, row in rows]


def held_of(row: OfficeHolding) -> Held:
    """A row as lists show it."""
    return Held(
        row.id, row.person_id, row.office, row.from_on, row.to_on, row.recorded_by, row.confirmed_at is not None
    )
