"""What was handed in is kept under its fingerprint and is never rewritten."""

from __future__ import annotations

import hashlib
import io
import threading
from pathlib import Path

import pytest

from app.foundation.errors import NotFound
from app.foundation.filetypes import FileTooLarge
from app.foundation.storage import FileDamaged, LocalStore, Store


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "files")


def test_what_is_put_is_found_under_its_sha256(store: LocalStore) -> None:
    port: Store = store
    sha256 = port.put(b"receipt")
    assert sha256 == hashlib.sha256(b"receipt").hexdigest()
    assert port.put(io.BytesIO(b"receipt")) == sha256
    with port.open(sha256) as file:
        assert file.read() == b"receipt"
    assert port.exists(sha256)
    assert port.verify(sha256)
    assert port.size(sha256) == 7


def test_a_kept_file_is_read_only_and_nothing_else_is_left_behind(store: LocalStore) -> None:
    sha256 = store.put(b"receipt")
    assert store.path(sha256).stat().st_mode & 0o222 == 0
    assert [path for path in store.root.rglob("*") if path.is_file()] == [store.path(sha256)]


def test_a_stream_that_is_too_long_is_refused_and_leaves_nothing(store: LocalStore) -> None:
    with pytest.raises(FileTooLarge):
        store.put(io.BytesIO(b"12345"), at_most=4)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []
    assert store.exists(store.put(io.BytesIO(b"1234"), at_most=4))


def test_a_changed_file_is_noticed_and_is_not_covered_up_by_putting_it_again(store: LocalStore) -> None:
    sha256 = store.put(b"receipt")
    store.path(sha256).chmod(0o640)
    store.path(sha256).write_bytes(b"Receipt")
    assert not store.verify(sha256)
    with pytest.raises(FileDamaged):
        store.put(b"receipt")


def test_a_missing_file_is_not_found_and_not_verified(store: LocalStore) -> None:
    absent = "0" * 64
    assert not store.exists(absent)
    assert not store.verify(absent)
    for ask in (store.open, store.size):
        with pytest.raises(NotFound):
            ask(absent)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_fingerprint_is_a_name(store: LocalStore, name: str) -> None:
    with pytest.raises(NotFound):
        store.path(name)


def test_two_people_handing_in_the_same_file_at_once_both_succeed(store: LocalStore) -> None:
    together = threading.Barrier(8)
    results: list[str] = []

    def hand_in() -> None:
        together.wait()
        results.append(store.put(b"the same receipt" * 1000))

    people = [threading.Thread(target=hand_in) for _ in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(results) == 8
    assert len(set(results)) == 1
    assert store.verify(results[0])
