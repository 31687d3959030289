"""Files: named by what they hold, pinned, and the same as when somebody looked at them."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNNAMED = frozenset({"utils", "util", "helpers", "helper", "misc", "common", "manager", "managers"})
OURS = ("app", "workflows", "migrations", "tests", "bench", "docs", "scripts")
LOCKS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
LISTS = frozenset({"CHECKSUMS", "SHA256SUMS"})
VENDORED = (ROOT / "app/static/vendor", ROOT / "tests/browser/vendor")

HOST = re.compile(
    r"https?://|--(?:extra-)?index-url|--find-links|[a-z0-9-]+\.(?:org|com|net|io|cn|dev)\b", re.IGNORECASE
)
PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,-]+\])?==[^\s;]+")


def unnamed(paths: list[Path]) -> list[Path]:
    """Files and folders whose name says nothing about what is in them."""
    return [path for path in paths if UNNAMED & {Path(part).stem.lower() for part in path.parts}]


def wrong_sums(folder: Path) -> list[str]:
    """Files that differ from CHECKSUMS, are missing, or are not listed."""
    lines = [line.split("  ", 1) for line in (folder / "CHECKSUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    present = {file.name: file for file in folder.iterdir() if file.name not in LISTS}
    return sorted(
        name
        for name in listed.keys() | present.keys()
        if name not in present or hashlib.sha256(present[name].read_bytes()).hexdigest() != listed.get(name)
    )


def test_an_empty_word_for_a_file_is_noticed() -> None:
    bad = [Path("app/fund/utils.py"), Path("app/common/money.py"), Path("app/static/Helpers.js")]
    assert unnamed([*bad, Path("app/fund/books.py")]) == bad


def test_files_are_named_by_what_they_hold() -> None:
    """`utils` means that the word was not found yet."""
    files = [file.relative_to(ROOT) for place in OURS for file in (ROOT / place).rglob("*") if file.is_file()]
    assert files
    assert unnamed(files) == []


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_vendored_files_are_those_that_were_looked_at(folder: Path) -> None:
    assert wrong_sums(folder) == []


def test_a_changed_missing_or_unlisted_vendored_file_is_noticed(tmp_path: Path) -> None:
    for name in ("kept.js", "changed.js", "unlisted.js"):
        (tmp_path / name).write_text(name)
    sums = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("kept.js", "changed.js", "missing.js")}
    (tmp_path / "CHECKSUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    (tmp_path / "changed.js").write_text("other")
    assert wrong_sums(tmp_path) == ["changed.js", "missing.js", "unlisted.js"]


@pytest.mark.parametrize(
    "line", ["--index-url https://a.example", "x @ http://a.example/x.whl", "# from files.pack.org"]
)
def test_a_host_in_a_lock_is_noticed(line: str) -> None:
    assert HOST.search(line)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_host(lock: Path) -> None:
    """Whoever installs chooses where from; the hashes say what."""
    assert [line for line in lock.read_text().splitlines() if HOST.search(line)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_everything_by_hash(lock: Path) -> None:
    entries = lock.read_text().replace("\\\n", " ").splitlines()
    assert entries
    assert [entry for entry in entries if not (PINNED.match(entry) and "--hash=sha256:" in entry)] == []


def test_every_dependency_is_in_its_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = [project["dependencies"], project["dependencies"] + project["optional-dependencies"]["dev"]]
    for lock, wanted in zip(LOCKS, direct, strict=True):
        locked = set(re.findall(r"^([a-z0-9._-]+)", lock.read_text(), re.MULTILINE))
        names = {re.split(r"[\[><=~! ]", name)[0].lower().replace("_", "-") for name in wanted}
        assert names <= locked
