"""What ``people`` puts into the house."""

from __future__ import annotations

from datetime import timedelta

from app.foundation.db import Database
from app.foundation.edge import Caller, Gatekeeper, Wiring
from app.people import policy
from app.people.errors import AlreadySetUp, PasswordChangeRequired
from app.people.identity import Cookie, Identity
from app.people.passwords import Passwords
from app.people.policy import Policy
from app.people.principal import Principal
from app.people.queries import any_union
from app.people.sign_in import Rules, SignIns
from config import Settings


def register(wiring: Wiring) -> None:
    """Wire sign-in, the session cookie and the gatekeeper that every route asks."""
    settings = wiring.use(Settings)
    rules = Rules(
        idle=timedelta(minutes=settings.session_idle_minutes), absolute=timedelta(hours=settings.session_hours)
    )
    cookie = Cookie(settings.is_production)
    passwords = Passwords(settings.argon2_cost)
    wiring.put(cookie)
    wiring.put(passwords)
    wiring.put(SignIns(passwords, rules))
    wiring.put(Gatekeeper(Identity(cookie, rules).identify, _Doorkeeper(wiring)))


class _Doorkeeper:
    """Asks the policy, and says what stands in the way when it is not the policy itself."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def __call__(self, asked: str, caller: Caller | None) -> bool:
        """Whether the caller may come in.

        Raises:
            AlreadySetUp: a first-run route of an installation that has a union.
            PasswordChangeRequired: a first password must be changed before anything else.
        """
        wanted = Policy(asked)
        if wanted is Policy.SETUP:
            with self._wiring.use(Database).read() as session:
                if any_union(session):
                    raise AlreadySetUp
        is_limited = isinstance(caller, Principal) and caller.password_is_temporary
        if is_limited and wanted not in {Policy.PUBLIC, Policy.SETUP, Policy.OWN_ACCOUNT}:
            raise PasswordChangeRequired
        return policy.admits(wanted, caller)
