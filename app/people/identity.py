"""Who sends a request: found by cookie or token with one statement, offices in force today included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import SQLAlchemyError

from app.engine.decision import Deputed
from app.foundation import presented
from app.foundation.clock import union_day
from app.foundation.db import Database
from app.foundation.errors import TooBusy
from app.people.models import Account, ApiToken, Delegation, OfficeHolding, Person, SignInSession, Union
from app.people.offices import MEMBER
from app.people.principal import Principal
from app.people.queries import in_force_on, present_on
from app.people.sign_in import Rules, hash_of

_GiverHolding = orm.aliased(OfficeHolding)

COARSE = timedelta(minutes=5)
"""How exactly a session's last use is known; it is written at most this often."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """The session cookie. Its protection follows from the environment alone, so no setting can weaken it."""

    is_production: bool

    @property
    def name(self) -> str:
        """With ``__Host-`` browsers accept it only over https, for this host, for the whole site."""
        return "__Host-gongkai" if self.is_production else "gongkai"

    @property
    def attributes(self) -> dict[str, Any]:
        """How it is set: never readable by scripts, never sent along by other sites' forms."""
        return {"httponly": True, "secure": self.is_production, "samesite": "Lax", "path": "/"}


class Identity:
    """Tells the edge who is calling."""

    def __init__(self, cookie: Cookie, rules: Rules) -> None:
        """``rules`` say how long a session lives."""
        self.cookie = cookie
        self.rules = rules

    def identify(self, database: Database, now: datetime) -> Principal | None:
        """The person behind this request, or None. A header ``Authorization`` decides alone when there is one."""
        if presented.speaks_as_program():
            token = presented.bearer_token()
            return self.by_token(database, token, now) if token else None
        secret = presented.cookie(self.cookie.name)
        return self.by_session(database, secret, now) if secret else None

    def by_token(self, database: Database, token: str, now: datetime) -> Principal | None:
        """The owner of a token that is neither expired nor revoked."""
        rows = _rows(database, _BY_TOKEN, secret=hash_of(token), now=now, day=union_day(now))
        return _principal(rows, token_id=rows[0].token_id) if rows else None

    def by_session(self, database: Database, secret: str, now: datetime) -> Principal | None:
        """The owner of a session that is within both of its limits."""
        rows = _rows(
            database,
            _BY_SESSION,
            secret=hash_of(secret),
            born_after=now - self.rules.absolute,
            used_after=now - self.rules.idle,
            day=union_day(now),
        )
        if not rows:
            return None
        if rows[0].last_used_at <= now - COARSE:
            presented.after_answer(lambda: _touch(database, secret, now))
        return _principal(rows, csrf_token=rows[0].csrf_token)


def _rows(database: Database, statement: sa.Select[Any], **values: object) -> Sequence[Any]:
    """Asked with every request, so without a session around it."""
    with database.reader.connect() as connection:
        return connection.execute(statement, values).all()


def _whole(key: type[SignInSession | ApiToken]) -> sa.Select[*tuple[Any, ...]]:
    """From the key to account, person and union: a row per office in force on ``:day``, own and stood in for; at least one."""
    day: sa.BindParameter[date] = sa.bindparam("day", type_=sa.Date())
    return (
        sa.select(
            Account.id.label("account_id"),
            Account.password_is_temporary,
            Person.union_id,
            Person.id.label("person_id"),
            Person.name,
            Person.is_member,
            Union.name.label("union_name"),
            Union.slug.label("union_slug"),
            OfficeHolding.office,
            Delegation.giver_id,
            Delegation.offices.label("covered"),
            _GiverHolding.office.label("giver_office"),
        )
        .select_from(key)
        .join(Account, Account.id == key.account_id)
        .join(Person, sa.and_(Person.union_id == key.union_id, Person.account_id == key.account_id))
        .join(Union, Union.id == key.union_id)
        .outerjoin(
            OfficeHolding,
            sa.and_(OfficeHolding.union_id == Person.union_id, OfficeHolding.person_id == Person.id, in_force_on(day)),
        )
        .outerjoin(
            Delegation,
            sa.and_(
                Delegation.union_id == Person.union_id,
                Delegation.taker_id == Person.id,
                Delegation.ended_at.is_(None),
                Delegation.from_on <= day,
                Delegation.until_on >= day,
            ),
        )
        .outerjoin(
            _GiverHolding,
            sa.and_(
                _GiverHolding.union_id == Delegation.union_id,
                _GiverHolding.person_id == Delegation.giver_id,
                in_force_on(day, _GiverHolding),
            ),
        )
        .where(Account.disabled_at.is_(None), present_on(day), key.secret_hash == sa.bindparam("secret"))
    )


_BY_TOKEN = (
    _whole(ApiToken)
    .add_columns(ApiToken.id.label("token_id"))
    .where(ApiToken.revoked_at.is_(None), ApiToken.expires_at > sa.bindparam("now"))
)
_BY_SESSION = (
    _whole(SignInSession)
    .add_columns(SignInSession.csrf_token, SignInSession.last_used_at)
    .where(
        SignInSession.created_at > sa.bindparam("born_after"), SignInSession.last_used_at > sa.bindparam("used_after")
    )
)


def _principal(rows: Any, **more: Any) -> Principal:
    first = rows[0]
    offices = {row.office for row in rows if row.office is not None}
    deputed: dict[str, set[str]] = {}
    whole = {str(row.giver_id) for row in rows if row.giver_id is not None and not row.covered}
    for row in rows:
        if row.giver_office is not None and (not row.covered or row.giver_office in row.covered):
            deputed.setdefault(str(row.giver_id), set()).add(row.giver_office)
    return Principal(
        union_id=first.union_id,
        person_id=first.person_id,
        name=first.name,
        offices=frozenset(offices | ({MEMBER} if first.is_member else set())),
        account_id=first.account_id,
        union_name=first.union_name,
        union_slug=first.union_slug,
        stands_in_for=tuple(Deputed(giver, frozenset(held), giver in whole) for giver, held in sorted(deputed.items())),
        password_is_temporary=first.password_is_temporary,
        **more,
    )


def _touch(database: Database, secret: str, now: datetime) -> None:
    """Note the use; when the database is busy the next request will."""
    change = (
        sa.update(SignInSession)
        .where(SignInSession.secret_hash == hash_of(secret), SignInSession.last_used_at < now)
        .values(last_used_at=now)
    )
    try:
        database.transact(lambda session: session.execute(change))
    except (TooBusy, SQLAlchemyError):
        return
