"""Accounts: made, disabled, given a new password. Every change is on the installation's own trail, names sealed."""

from __future__ import annotations

import re
import unicodedata
import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.errors import Invalid, NotFound
from app.foundation.ids import new_id
from app.people.models import INSTALLATION, Account, ApiToken, Person, SignInSession
from app.people.principal import Principal
from app.trail import service as trail
from app.wording import Text

_USERNAME = re.compile(r"[^\W_][\w.\-]{1,31}\Z")

_BAD_USERNAME = Text(
    "用户名为 2 到 32 个字：字母、汉字、数字，中间可用 . _ -。",
    "A user name has 2 to 32 characters: letters, digits, and . _ - after the first.",
)
_USERNAME_TAKEN = Text("这个用户名已经有人用了，请换一个。", "This user name is taken. Choose another.")

COMMAND_LINE = "command_line"
"""The rule named on the trail when the server's owner acted by command and no person did."""


def username_of(typed: str) -> str:
    """The one form of a user name: width, case and blanks around it make no difference."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def username_faults(typed: str) -> list[Text]:
    """Why it cannot be a user name."""
    return [] if _USERNAME.match(username_of(typed)) else [_BAD_USERNAME]


def username_by_id(session: Session, account_id: uuid.UUID | None) -> str:
    """The user name of an account; empty when there is none."""
    return session.execute(sa.select(Account.username).where(Account.id == account_id)).scalar_one_or_none() or ""


def create_account(
    session: Session,
    username: str,
    password_hash: str,
    *,
    temporary: bool,
    by: Principal | str,
    now: datetime,
) -> Account:
    """Make an account. ``temporary``: the password was chosen by someone else and must be changed first.

    ``by`` is a person, or the rule by which the system acts (``founding``, ``command_line``).

    Raises:
        Invalid: the user name cannot be used, or is taken.
    """
    name = username_of(username)
    found = username_faults(name)
    if not found and session.execute(sa.select(Account.id).where(Account.username == name)).first():
        found = [_USERNAME_TAKEN]
    if found:
        raise Invalid({"username": found})
    account = Account(
        id=new_id(now),
        username=name,
        password_hash=password_hash,
        password_is_temporary=temporary,
        disabled_at=None,
        created_at=now,
    )
    session.add(account)
    session.flush()
    record(session, "account.created", account.id, by, now, {"username": name})
    return account


def disable(session: Session, actor: Principal, person_id: uuid.UUID, now: datetime) -> None:
    """Shut the account of a person of the actor's union; it stops working with the very next request.

    Raises:
        NotFound: no such person here, or one without an account.
    """
    account = _account_of(session, actor, person_id)
    if account.disabled_at is None:
        account.disabled_at = now
        end_every_session(session, account.id, now)
        session.flush()
        record(session, "account.disabled", account.id, actor, now)


def enable(session: Session, actor: Principal, person_id: uuid.UUID, now: datetime) -> None:
    """Open a disabled account again; its sessions and tokens stay ended.

    Raises:
        NotFound: no such person here, or one without an account.
    """
    account = _account_of(session, actor, person_id)
    if account.disabled_at is not None:
        account.disabled_at = None
        session.flush()
        record(session, "account.enabled", account.id, actor, now)


def reset_password(
    session: Session, username: str, password_hash: str, now: datetime, *, temporary: bool = True
) -> None:
    """Give an account a new password, by command on the server; sessions and tokens end.

    ``temporary``: it was made up for somebody else, who must change it first.

    Raises:
        NotFound: no such account.
    """
    account = session.scalars(
        sa.select(Account).where(Account.username == username_of(username)).with_for_update()
    ).one_or_none()
    if account is None:
        raise NotFound
    account.password_hash, account.password_is_temporary = password_hash, temporary
    end_every_session(session, account.id, now)
    session.flush()
    record(session, "password.reset", account.id, COMMAND_LINE, now)


def end_every_session(session: Session, account_id: uuid.UUID, now: datetime) -> None:
    """End the browser sessions and revoke the tokens of an account."""
    session.execute(sa.delete(SignInSession).where(SignInSession.account_id == account_id))
    session.execute(
        sa.update(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def record(
    session: Session,
    event: str,
    account_id: uuid.UUID | None,
    by: Principal | str,
    now: datetime,
    sealed: dict[str, str] | None = None,
    **about: object,
) -> None:
    """Write one entry of the installation's trail; the sealed values can be erased."""
    commitments, values = trail.seal(sealed or {})
    body = {"account": str(account_id) if account_id else None, "sealed": commitments or None, **about}
    person, rule = (None, by) if isinstance(by, str) else (str(by.person_id), None)
    trail.append(session, INSTALLATION, trail.Record(event, person, rule=rule, body=body, values=values), now)


def _account_of(session: Session, actor: Principal, person_id: uuid.UUID) -> Account:
    account = session.scalars(
        sa.select(Account)
        .join(Person, Person.account_id == Account.id)
        .where(Person.union_id == actor.union_id, Person.id == person_id)
        .with_for_update(of=Account)
    ).one_or_none()
    if account is None:
        raise NotFound
    return account
