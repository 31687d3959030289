"""``flask trail``: what an administrator runs to prove the record, sign its head and show it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.trail.keys import SigningKey
from app.trail.models import TrailHead
from tests.fixtures.chronicles import Chronicle, swapped
from tests.fixtures.unions import ROOT

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def flask(chronicle: Chronicle, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command on the chronicle's database."""
    from app.foundation.storage import LocalStore, Store

    store = chronicle.wiring.use(Store)  # type: ignore[type-abstract]
    assert isinstance(store, LocalStore)
    settings = {
        "GONGKAI_ENVIRONMENT": "test",
        "GONGKAI_ARGON2_COST": "low",
        "GONGKAI_DATABASE_URL": f"sqlite:///{chronicle.database.url.database}",
        "GONGKAI_FILES": str(store.root),
        "GONGKAI_SIGNING_KEY": str(store.root.parent / "trail.key"),
        "GONGKAI_HOST": "example.test",
    }
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "trail", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_whole_record_is_said_to_be_whole_and_a_swapped_file_is_named(chronicle: Chronicle, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(chronicle.head, encoding="utf-8")
    whole = flask(chronicle, "verify", "--head", str(kept))
    assert (whole.returncode, "记录完整" in whole.stdout) == (0, True), whole.stderr
    swapped(chronicle, b"another list")
    broken = flask(chronicle, "verify", "--union", "brook", "--json")
    assert broken.returncode == 1
    problems = json.loads(broken.stdout)["problems"]
    assert [(one["code"], one["subject"]) for one in problems] == [("file_changed", "GH-2026-0001")]
    assert all(one["zh-CN"] and one["en"] for one in problems)


def test_a_head_that_is_not_this_record_s_ends_with_an_error(chronicle: Chronicle) -> None:
    answer = flask(chronicle, "verify", "--union", "brook", "--head", f"5@{'ab' * 32}")
    assert (answer.returncode, "forked_from_witnessed" in answer.stderr) == (1, True)


def test_a_fresh_head_is_signed_and_shown_with_the_public_key(chronicle: Chronicle) -> None:
    assert flask(chronicle, "checkpoint").returncode == 0
    with chronicle.database.read() as session:
        head = session.get_one(TrailHead, chronicle.books.town.union_id)
    shown = flask(chronicle, "head", "--union", "brook").stdout
    assert f"{head.size}@" in shown
    assert chronicle.wiring.use(SigningKey).named(head.origin).verifier.vkey() in shown


def test_a_key_is_made_for_its_owner_alone_and_never_overwritten(chronicle: Chronicle, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "trail.key"
    assert flask(chronicle, "keygen", str(path)).returncode == 0
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = flask(chronicle, "keygen", str(path))
    assert again.returncode != 0
    assert "已经存在" in again.stderr
    assert path.read_bytes() == before
