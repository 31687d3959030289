"""From an empty installation to a working union, in one transaction: by page, by command, by file."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from sqlalchemy.orm import Session

from app.foundation.clock import union_day
from app.foundation.errors import AppError, Invalid
from app.people import accounts, queries, service
from app.people.errors import AlreadySetUp
from app.people.offices import MEMBER, OfficeBook
from app.people.passwords import Passwords, faults
from app.wording import Text

T = TypeVar("T")

NEEDED: tuple[tuple[frozenset[str], Text], ...] = (
    (frozenset({"chair"}), Text("还缺主席。", "A chair is missing.")),
    (frozenset({"treasurer"}), Text("还缺财务委员。", "A treasurer is missing.")),
    (frozenset({"cashier"}), Text("还缺出纳。", "A cashier is missing.")),
    (frozenset({"auditor", "audit_chair"}), Text("还缺经审委员。", "An auditor is missing.")),
)
"""Without these nothing can be filed, approved, paid and published. Source: issue 2, the six steps."""
_TWICE = Text("这个用户名填了两次。", "This user name is entered twice.")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One of the first people. ``temporary``: somebody else knows the password, so it must be changed first."""

    name: str
    username: str
    password: str
    offices: tuple[str, ...]
    group_name: str = ""
    is_member: bool = True
    temporary: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What the first-run page asks."""

    union: service.Founding
    people: tuple[Newcomer, ...]


def check(plan: Plan, book: OfficeBook) -> None:
    """Refuse a plan that cannot work, before any hashing.

    Raises:
        Invalid: with every fault, under the paths of the page (``people.0.username``).
    """
    found: dict[str, list[Text]] = {}
    held = {office for one in plan.people for office in one.offices}
    missing = [sentence for offices, sentence in NEEDED if not offices & held]
    if missing:
        found["people"] = missing
    seen: set[str] = set()
    for at, one in enumerate(plan.people):
        username = accounts.username_of(one.username)
        wrong = {
            "username": accounts.username_faults(username) or ([_TWICE] if username in seen else []),
            "password": faults(one.password, (username, one.name, plan.union.name)),
            "offices": [
                Text(f"没有“{o}”这个职务。", f"There is no office “{o}”.") for o in one.offices if o not in book
            ],
        }
        found |= {f"people.{at}.{name}": texts for name, texts in wrong.items() if texts}
        seen.add(username)
    if found:
        raise Invalid(found)


def hashes(plan: Plan, passwords: Passwords) -> list[str]:
    """The passwords' hashes, in order; made before the transaction because it takes a while."""
    return [passwords.hash(one.password) for one in plan.people]


def set_up(
    session: Session, book: OfficeBook, plan: Plan, password_hashes: Sequence[str], host: str, now: datetime
) -> uuid.UUID:
    """Found the union with its people and their offices, and return its id.

    Raises:
        AlreadySetUp: there is a union, also one that another request has just founded.
        Invalid: what ``check`` finds, and offices that exclude each other.
    """
    service.ensure_installation(session, host, now)
    if queries.any_union(session):
        raise AlreadySetUp
    check(plan, book)
    union = _at(
        {"name": "union_name", "two_auditor_limit_fen": "two_auditors_above_fen"},
        lambda: service.found_union(session, plan.union, host, now),
    )
    for at, (one, password_hash) in enumerate(zip(plan.people, password_hashes, strict=True)):
        welcome(session, book, union.id, one, password_hash, now, path=f"people.{at}.")
    return union.id


def welcome(
    session: Session,
    book: OfficeBook,
    union_id: uuid.UUID,
    one: Newcomer,
    password_hash: str,
    now: datetime,
    path: str = "",
) -> uuid.UUID:
    """Give one of the founders an account, a person and the offices, all by the founding act; return the person's id.

    Raises:
        Invalid: with paths that begin with ``path``.
    """
    by = service.FOUNDING
    account = _at(
        {"username": f"{path}username"},
        lambda: accounts.create_account(session, one.username, password_hash, temporary=one.temporary, by=by, now=now),
    )
    person = _at(
        {"name": f"{path}name"},
        lambda: service.add_person(
            session,
            union_id,
            one.name,
            by=by,
            now=now,
            group_name=one.group_name,
            is_member=one.is_member,
            account_id=account.id,
        ),
    )
    for office in one.offices:
        if office != MEMBER:
            try:
                service.appoint(session, book, union_id, person.id, office, union_day(now), None, by, now)
            except AppError as error:
                raise Invalid({f"{path}offices": [error.text]}) from error
    return person.id


def link_token(signature: bytes) -> str:
    """What proves that the reader of the first-run page owns the server: made from the installation's private key."""
    return sha256(b"gongkai/setup-link" + signature).hexdigest()[:40]


LINK_MESSAGE = b"gongkai/setup-link/v1"
"""What is signed for the link; it has not the form of a checkpoint, so the signature serves for nothing else."""


def _at(paths: dict[str, str], work: Callable[[], T]) -> T:
    """Do ``work``, and let its faults speak of the page's own fields."""
    try:
        return work()
    except Invalid as error:
        raise Invalid({paths.get(path, path): texts for path, texts in error.faults.items()}) from error
