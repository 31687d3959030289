"""Ids made by the application: UUIDv7, so that rows of one time lie together."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime


def new_id(now: datetime) -> uuid.UUID:
    """A UUIDv7 (RFC 9562) for this moment: 48 bits of milliseconds, then randomness."""
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    value = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return uuid.UUID(int=value)
