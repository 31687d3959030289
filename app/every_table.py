"""Every table, so that the metadata is whole: for migrations and for tests."""

from __future__ import annotations

import importlib
import importlib.util

for _name in (
    "foundation.idempotency",
    "people.models",
    "trail.models",
    "notices.models",
    "cases.models",
    "fund.models",
    "plan.models",
    "review.models",
):
    if importlib.util.find_spec(f"app.{_name}"):
        importlib.import_module(f"app.{_name}")
