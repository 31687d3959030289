"""Signing in and out, API tokens, and changing one's password.

Functions that check a password take the database and not a session: hashing takes a tenth of a second, and no
transaction is held meanwhile. An attempt is written down as failed before the password is looked at and struck out when
it was right, so that many attempts at once count like one after another.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.clock import stamp, union_day
from app.foundation.db import Database
from app.foundation.errors import AppError, Invalid, NotFound
from app.foundation.ids import new_id
from app.people import accounts
from app.people.errors import SignInRefused, TooManyAttempts, WrongPassword
from app.people.models import Account, ApiToken, Person, SignInAttempt, SignInSession, Union
from app.people.passwords import Passwords
from app.people.principal import Principal
from app.people.queries import any_union, present_on
from app.wording import Text

WINDOW = timedelta(minutes=15)
"""Failed attempts count for this long; then the way is free again without anybody's help."""
WRONG_PER_ACCOUNT = 5
"""From one address at one account, so that a stranger elsewhere cannot shut out the chair."""
WRONG_PER_ADDRESS = 50
"""From one address at all accounts: more than a whole office mistypes, far less than spraying needs."""
TOKEN_DAYS = 90
THROTTLE = "sign_in_throttle"
KEPT = timedelta(days=1)
"""Failed attempts older than this are swept away."""

_SAME_PASSWORD = Text("新密码和现在的一样，请换一个。", "The new password is the present one. Choose another.")


@dataclass(frozen=True, slots=True)
class Rules:
    """How long a sign-in lasts."""

    idle: timedelta = timedelta(hours=2)
    absolute: timedelta = timedelta(hours=12)
    token: timedelta = timedelta(days=TOKEN_DAYS)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the cookie's secret, which is kept nowhere, and whether the password must be changed first."""

    secret: str
    password_is_temporary: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token, shown this once."""

    id: uuid.UUID
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A token as lists show it: never the secret."""

    id: uuid.UUID
    label: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Claim:
    """An attempt under way: what to compare with, and whether its failure is the one that shuts the door."""

    attempt_id: uuid.UUID
    account_id: uuid.UUID | None
    password_hash: str | None
    is_last: bool


class SignIns:
    """The door for everyone who comes with a user name and a password."""

    def __init__(self, passwords: Passwords, rules: Rules) -> None:
        """``rules`` come from the settings."""
        self.passwords = passwords
        self.rules = rules

    def sign_in(self, database: Database, username: str, password: str, address: str, now: datetime) -> Opened:
        """Open a new session under a new secret.

        Raises:
            SignInRefused: wrong user name or password, account disabled, or no longer in any union; all look alike.
            TooManyAttempts: after too many failures, whatever the password.
        """
        claim = self._prove(database, username, password, address, now, SignInRefused)

        def work(session: Session) -> Opened:
            account = _still(session, claim)
            union_id = _union_of(session, account.id, now, None)
            _sweep(session, self.rules, now)
            return _open(session, account, union_id, now)

        return database.transact(work)

    def issue_token(
        self,
        database: Database,
        username: str,
        password: str,
        address: str,
        now: datetime,
        *,
        label: str = "",
        union: str | None = None,
    ) -> Issued:
        """Make a token that acts for one union: the one of that slug, else the first the account belongs to.

        Raises:
            SignInRefused: as ``sign_in``.
            TooManyAttempts: as ``sign_in``.
        """
        claim = self._prove(database, username, password, address, now, SignInRefused)

        def work(session: Session) -> Issued:
            account = _still(session, claim)
            union_id = _union_of(session, account.id, now, union)
            token = f"gk_{secrets.token_urlsafe(32)}"
            row = ApiToken(
                secret_hash=hash_of(token),
                id=new_id(now),
                label=label,
                account_id=account.id,
                union_id=union_id,
                created_at=now,
                expires_at=now + self.rules.token,
                revoked_at=None,
            )
            session.add(row)
            session.flush()
            person = _person_of(session, account.id, union_id)
            accounts.record(
                session, "token.created", account.id, person, now, token=str(row.id), expires=stamp(row.expires_at)
            )
            return Issued(row.id, token, row.expires_at)

        return database.transact(work)

    def change_password(
        self, database: Database, principal: Principal, current: str, new: str, address: str, now: datetime
    ) -> Opened:
        """Set one's own password. Every session and token of the account ends; the answer opens a new session.

        Raises:
            WrongPassword: the current one is not right.
            TooManyAttempts: it was wrong too often.
            Invalid: the new one cannot be used.
        """
        with database.read() as session:
            username = session.execute(
                sa.select(Account.username).where(Account.id == principal.account_id)
            ).scalar_one()
        claim = self._prove(database, username, current, address, now, WrongPassword)
        if new == current:
            raise Invalid({"new": [_SAME_PASSWORD]})
        hashed = self.passwords.accept(new, (username, principal.name, principal.union_name), "new")

        def work(session: Session) -> Opened:
            account = _still(session, claim)
            account.password_hash, account.password_is_temporary = hashed, False
            accounts.end_every_session(session, account.id, now)
            session.flush()
            accounts.record(session, "password.changed", account.id, principal, now)
            return _open(session, account, principal.union_id, now)

        return database.transact(work)

    def _prove(
        self,
        database: Database,
        username: str,
        password: str,
        address: str,
        now: datetime,
        refusal: type[AppError],
    ) -> _Claim:
        name = accounts.username_of(username)[:64]
        claim = database.transact(lambda session: _attempt(session, name, address, now))
        if self.passwords.matches(claim.password_hash, password):
            database.transact(lambda session: _strike_out(session, name, address))
            return claim
        if claim.is_last:
            database.transact(lambda session: _raise_alarm(session, claim, name, address, now))
        raise refusal


def sign_out(session: Session, secret: str) -> None:
    """End one browser session: the row goes, so the cookie is worthless wherever it was copied to."""
    session.execute(sa.delete(SignInSession).where(SignInSession.secret_hash == hash_of(secret)))


def switch_union(session: Session, principal: Principal, secret: str, slug: str, now: datetime) -> None:
    """Let the session act for another union that the account belongs to.

    Raises:
        NotFound: no such union, or not one of his.
    """
    if principal.account_id is None:
        raise NotFound
    try:
        union_id = _union_of(session, principal.account_id, now, slug)
    except SignInRefused as error:
        raise NotFound from error
    session.execute(
        sa.update(SignInSession).where(SignInSession.secret_hash == hash_of(secret)).values(union_id=union_id)
    )


def tokens_of(session: Session, principal: Principal, now: datetime) -> list[Token]:
    """The account's tokens that still work in this union, newest first."""
    rows = session.scalars(
        sa.select(ApiToken)
        .where(
            ApiToken.account_id == principal.account_id,
            ApiToken.union_id == principal.union_id,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
        )
        .order_by(ApiToken.created_at.desc())
    )
    return [Token(row.id, row.label, row.created_at, row.expires_at) for row in rows]


def revoke_token(session: Session, principal: Principal, token_id: uuid.UUID, now: datetime) -> None:
    """End one of one's own tokens.

    Raises:
        NotFound: no such token of this account, or ended already.
    """
    ended = session.execute(
        sa.update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.account_id == principal.account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.id)
    ).first()
    if ended is None:
        raise NotFound
    accounts.record(session, "token.revoked", principal.account_id, principal, now, token=str(token_id))


def unions_of(session: Session, account_id: uuid.UUID, now: datetime) -> list[tuple[str, str]]:
    """The unions an account belongs to today, as (slug, name)."""
    rows = session.execute(
        sa.select(Union.slug, Union.name)
        .join(Person, Person.union_id == Union.id)
        .where(Person.account_id == account_id, present_on(union_day(now)))
        .order_by(Person.created_at)
    )
    return [(row.slug, row.name) for row in rows]


def hash_of(secret: str) -> str:
    """What is kept of a cookie's secret or a token. They are random, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _attempt(session: Session, username: str, address: str, now: datetime) -> _Claim:
    """Count, and write this attempt down as failed; the account's row is locked so that nobody overtakes the count."""
    account = session.execute(
        sa.select(Account.id, Account.password_hash, Account.disabled_at)
        .where(Account.username == username)
        .with_for_update()
    ).first()
    failed = session.execute(
        sa.select(SignInAttempt.username, SignInAttempt.at)
        .where(SignInAttempt.address == address, SignInAttempt.at > now - WINDOW)
        .order_by(SignInAttempt.at)
    ).all()
    here = [row.at for row in failed if row.username == username]
    for moments, limit in ((here, WRONG_PER_ACCOUNT), ([row.at for row in failed], WRONG_PER_ADDRESS)):
        if len(moments) >= limit:
            raise TooManyAttempts(max(1, int((moments[-limit] + WINDOW - now).total_seconds()) + 1))
    attempt_id = new_id(now)
    session.execute(sa.insert(SignInAttempt).values(id=attempt_id, username=username, address=address, at=now))
    works = account is not None and account.disabled_at is None
    return _Claim(
        attempt_id,
        account.id if account else None,
        account.password_hash if account and works else None,
        len(here) + 1 == WRONG_PER_ACCOUNT or len(failed) + 1 == WRONG_PER_ADDRESS,
    )


def _raise_alarm(session: Session, claim: _Claim, username: str, address: str, now: datetime) -> None:
    """One entry on the installation's trail for each door that shuts; an empty installation has no trail yet."""
    if any_union(session):
        sealed = {"username": username, "address": address}
        seconds = int(WINDOW.total_seconds())
        accounts.record(session, "sign_in.throttled", claim.account_id, THROTTLE, now, sealed, seconds=seconds)


def _strike_out(session: Session, username: str, address: str) -> None:
    session.execute(
        sa.delete(SignInAttempt).where(SignInAttempt.username == username, SignInAttempt.address == address)
    )


def _still(session: Session, claim: _Claim) -> Account:
    """The account, locked, if it is still open and the password is still the one that was compared."""
    account = session.scalars(sa.select(Account).where(Account.id == claim.account_id).with_for_update()).one_or_none()
    if account is None or account.disabled_at is not None or account.password_hash != claim.password_hash:
        raise SignInRefused
    return account


def _union_of(session: Session, account_id: uuid.UUID, now: datetime, slug: str | None) -> uuid.UUID:
    asked = (
        sa.select(Union.id)
        .join(Person, Person.union_id == Union.id)
        .where(Person.account_id == account_id, present_on(union_day(now)))
    )
    if slug is not None:
        asked = asked.where(Union.slug == slug)
    found = session.scalars(asked.order_by(Person.created_at).limit(1)).one_or_none()
    if found is None:
        raise SignInRefused
    return found


def _person_of(session: Session, account_id: uuid.UUID, union_id: uuid.UUID) -> Principal:
    person = session.scalars(
        sa.select(Person).where(Person.union_id == union_id, Person.account_id == account_id)
    ).one()
    return Principal(union_id, person.id, person.name, frozenset(), account_id)


def _open(session: Session, account: Account, union_id: uuid.UUID, now: datetime) -> Opened:
    secret = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            secret_hash=hash_of(secret),
            account_id=account.id,
            union_id=union_id,
            created_at=now,
            last_used_at=now,
            csrf_token=secrets.token_urlsafe(24),
        )
    )
    session.flush()
    return Opened(secret, account.password_is_temporary)


def _sweep(session: Session, rules: Rules, now: datetime) -> None:
    """Remove what no longer counts, where somebody writes anyway."""
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at < now - KEPT))
    session.execute(sa.delete(SignInSession).where(SignInSession.created_at < now - rules.absolute))
