"""Jobs that a confined child is asked to do in the tests, most of them badly behaved."""

from __future__ import annotations

import ctypes
import os
import tempfile
import threading
from typing import Any


def measure(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Well behaved: how many bytes came, and what was said."""
    os.write(1, b"a library that prints must not spoil the answer")
    return {"bytes": len(data), "said": arguments}


def hoard(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Ask for more memory than any file deserves."""
    return {"bytes": len(bytearray(2 * 1024**3))}


def spin(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Compute without end."""
    while True:
        pass


def wait(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Wait for what never comes, using no processor time."""
    threading.Event().wait()
    return {}


def crash(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Die as a broken C library does."""
    ctypes.string_at(0)
    return {}


def babble(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer with far too much."""
    return {"text": "x" * (40 * 1024 * 1024)}


def write(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """Fill the disk."""
    with tempfile.TemporaryFile() as file:
        for _ in range(64):
            file.write(b"x" * 1024 * 1024)
    return {"written": True}


def environment(data: bytes, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the child can see of our settings."""
    return dict(os.environ)
