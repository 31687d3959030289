"""A union with a finished story."""

from __future__ import annotations

from tests.fixtures.chronicles import chronicle

__all__ = ["chronicle"]
