"""The page about notices shows a receiver's check; it accepts what is sent and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.notices.webhooks import signature

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "notices.md"
NOW = datetime(2026, 7, 20, 2, tzinfo=UTC).timestamp()


def shown() -> Any:
    """The function that the page shows."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_genuine"]


def test_the_check_that_the_page_shows_accepts_what_is_sent_and_refuses_what_is_not() -> None:
    is_genuine, body, stamp = shown(), b'{"event": "case.pay"}', str(int(NOW))
    headers = {"Gongkai-Timestamp": stamp, "Gongkai-Signature": f"v1={signature('secret', stamp, body)}"}
    assert is_genuine("secret", headers, body, NOW)
    assert not is_genuine("another", headers, body, NOW)
    assert not is_genuine("secret", headers, body + b" ", NOW)
    assert not is_genuine("secret", headers, body, NOW + 301)
    assert not is_genuine("secret", {**headers, "Gongkai-Timestamp": str(int(NOW) + 1)}, body, NOW)
