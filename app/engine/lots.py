"""Drawing reviewers by lot so that anyone can draw again: from a recorded seed and everyone who could have been drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def draw_lots(seed: str, pool: Iterable[str], count: int) -> tuple[str, ...]:
    """The persons drawn: those whose hash with the seed comes first. The order of ``pool`` does not matter."""
    return tuple(sorted(set(pool), key=lambda person: hashlib.sha256(f"{seed} {person}".encode()).digest())[:count])
