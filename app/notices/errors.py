"""What notices refuse, each with what to do instead."""

from __future__ import annotations

from app.foundation.errors import Conflict


class RetriedAlready(Conflict):
    """这次投递已经重试过了，请稍后再看结果。

    This delivery was tried again already. Look at the result a little later.
    """

    code = "delivery_retried_already"


class Undelivered(Exception):
    """A message did not get through: ``code`` never holds an address or a name; ``is_final`` means trying again is no use."""

    def __init__(self, code: str, *, is_final: bool = False) -> None:
        """``code`` is what the incident shows."""
        super().__init__(code)
        self.code = code
        self.is_final = is_final
