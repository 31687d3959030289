"""A hostile file costs its child process, never the server."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from app.foundation.confined import Bounds, ReadingFailed, ReadingTookTooLong, run

JOBS = "tests.unit.foundation.jobs:"


def test_bytes_paths_and_open_files_reach_the_child_alike(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    path.write_bytes(b"12345")
    expected = {"bytes": 5, "said": {"page": 2}}
    assert run(JOBS + "measure", b"12345", {"page": 2}) == expected
    assert run(JOBS + "measure", path, {"page": 2}) == expected
    assert run(JOBS + "measure", io.BytesIO(b"12345"), {"page": 2}) == expected
    with path.open("rb") as file:
        file.read()
        assert run(JOBS + "measure", file, {"page": 2}) == expected


@pytest.mark.parametrize("job", ["hoard", "crash", "babble", "write"])
def test_a_child_that_misbehaves_is_an_error_with_a_sentence_and_not_a_crash(job: str) -> None:
    with pytest.raises(ReadingFailed) as caught:
        run(JOBS + job, b"x")
    assert caught.value.status == 422
    assert "没能读出来" in caught.value.text.zh


@pytest.mark.parametrize(("job", "bounds"), [("spin", Bounds(cpu_seconds=1)), ("wait", Bounds(wall_seconds=1))])
def test_a_child_that_never_ends_is_stopped(job: str, bounds: Bounds) -> None:
    with pytest.raises(ReadingTookTooLong):
        run(JOBS + job, b"x", bounds=bounds)


def test_the_child_sees_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for parsers")
    seen = run(JOBS + "environment", b"x")
    assert "SECRET_KEY" not in seen
    assert seen.keys() <= {"LANG", "PYTHONPATH", "LC_CTYPE"}


def test_a_failed_child_gives_its_place_back() -> None:
    for _ in range(6):
        with pytest.raises(ReadingFailed):
            run("tests.unit.foundation.jobs:absent", b"x", bounds=Bounds(queue_seconds=1))
    assert run(JOBS + "measure", b"x")["bytes"] == 1
