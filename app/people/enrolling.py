"""Taking someone in, with or without an account of his own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.foundation.errors import Invalid
from app.people import accounts, service
from app.people.passwords import Passwords
from app.people.principal import Principal
from app.wording import Text

_USERNAME_MISSING = Text("设了首次密码，就要有用户名。", "A first password needs a user name.")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A newcomer whose password, if there is one, was accepted and hashed."""

    name: str
    group_name: str
    is_member: bool
    username: str
    password_hash: str | None


def prepare(passwords: Passwords, principal: Principal, data: Mapping[str, Any]) -> Enrolment:
    """Check and hash the first password, outside any transaction because it takes a while.

    Raises:
        Invalid: a password that cannot be used, or one without a user name.
    """
    username, password = data["username"], data["password"]
    if password and not username:
        raise Invalid({"username": [_USERNAME_MISSING]})
    hashed = passwords.accept(password, (username, data["name"], principal.union_name)) if username else None
    return Enrolment(data["name"], data["group"], data["is_member"], username, hashed)


def enrol(session: Session, principal: Principal, one: Enrolment, now: datetime) -> uuid.UUID:
    """Make the account, whose password must be changed first, and the person; return the person's id.

    Raises:
        Invalid: a user name that cannot be used or is taken.
    """
    account_id = None
    if one.password_hash is not None:
        account_id = accounts.create_account(
            session, one.username, one.password_hash, temporary=True, by=principal, now=now
        ).id
    return service.add_person(
        session,
        principal.union_id,
        one.name,
        by=principal,
        now=now,
        group_name=one.group_name,
        is_member=one.is_member,
        account_id=account_id,
    ).id
