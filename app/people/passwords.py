"""Passwords: how they are kept, and which are refused.

Source: OWASP ASVS 5.0, 6.2: length instead of composition rules (6.2.1, 6.2.5), no truncation and no case folding (6.2.8),
known passwords and words of the context refused (6.2.4, 6.2.11), no forced periodic change (6.2.10).
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from app.foundation.errors import Invalid
from app.wording import Text

SHORTEST = 10
LONGEST = 200
"""In characters; long enough for any sentence, short enough to hash at once."""
FEWEST_DIFFERENT = 5

CONTEXT = ("gongkai", "工会", "公开")
_KNOWN_TEXT = """
    1234567890 0123456789 12345678910 1234567891 0987654321 9876543210 123123123123 1122334455 123456789a
    a123456789 a1234567890 123456789q q123456789 qq123456789 abc123456789 woaini1314520 woaini1314 woaini5201314
    5201314520 1314520520 iloveyou1314 qwertyuiop 1qaz2wsx3edc 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5 qazwsxedcrfv
    qwer123456 asdfghjkl1 asdfghjkl; password12 password123 password1234 passw0rd123 p@ssw0rd123 admin12345
    admin123456 administrator letmein123 welcome123 changeme123 iloveyou123 sunshine123 football123 abcdefghij
    abcd123456 abc1234567 zxcvbnm123 asdf123456 test123456 root123456 pass123456 mima123456 woshishui1
    zaq12wsxcde3
"""
_KNOWN = frozenset(_KNOWN_TEXT.split())
_WORDLESS_RUNS = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)

_TOO_SHORT = Text(f"密码至少 {SHORTEST} 个字符，可以用一句话。", f"At least {SHORTEST} characters; a sentence is fine.")
_TOO_LONG = Text(f"密码最多 {LONGEST} 个字符。", f"At most {LONGEST} characters.")
_GUESSABLE = Text("这个密码太容易猜到，请换一个。", "This password is too easy to guess. Choose another.")


class Passwords:
    """Hashes and compares passwords with argon2id."""

    def __init__(self, cost: str = "normal") -> None:
        """``cost`` is ``normal`` (RFC 9106, low memory: 64 MiB, three passes) or ``low``, for tests."""
        self._hasher = (
            PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
            if cost == "low"
            else PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
        )
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(_typed(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether it is the password; for an unknown user (``None``) the same work is done, and the answer is no."""
        try:
            self._hasher.verify(kept or self._nobody, _typed(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def accept(self, password: str, context: Iterable[str], path: str = "password") -> str:
        """The hash of a new password that may be used.

        Raises:
            Invalid: with every reason, under ``path``.
        """
        found = faults(password, context)
        if found:
            raise Invalid({path: found})
        return self.hash(password)


def faults(password: str, context: Iterable[str]) -> list[Text]:
    """Why a new password is refused. ``context`` holds the user's and the union's names."""
    typed = _typed(password)
    found: list[Text] = []
    if len(typed) < SHORTEST:
        found.append(_TOO_SHORT)
    if len(typed) > LONGEST:
        found.append(_TOO_LONG)
    folded = typed.casefold()
    words = dict.fromkeys(part.strip().casefold() for part in (*context, *CONTEXT))
    found.extend(
        Text(f"密码里不要用“{word}”，别人容易猜到。", f"Do not use “{word}” in it; others would guess it.")
        for word in words
        if len(word) > 1 and word in folded
    )
    if folded in _KNOWN or len(set(folded)) < FEWEST_DIFFERENT or any(folded in run for run in _WORDLESS_RUNS):
        found.append(_GUESSABLE)
    return found


def one_time_password() -> str:
    """A random first password that can be read out: four groups of four, without look-alikes (80 bits of choice)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _typed(password: str) -> str:
    """The same characters give the same password on every keyboard; nothing is cut off or folded."""
    return unicodedata.normalize("NFC", password)
