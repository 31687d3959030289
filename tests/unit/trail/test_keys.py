"""The signing key lies in a file that only its owner can read."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.trail.keys import (
    KeyFileExists,
    KeyFileMissing,
    KeyFileOpen,
    KeyFileUnreadable,
    create_key_file,
    load_key_file,
)
from app.trail.note import NoteMalformed, VerifierKey
from tests.unit.trail.sample import ORIGIN


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "trail.pem"
    create_key_file(path)
    return path


def test_a_new_key_is_its_owners_alone_and_signs(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.parent.stat().st_mode & 0o777 == 0o700
    key = load_key_file(key_file, ORIGIN)
    public = VerifierKey.parse(key.verifier.vkey())
    assert public.confirms(key.sign(b"head"), b"head")
    assert not public.confirms(key.sign(b"head"), b"tail")


def test_one_key_signs_for_every_log_under_that_logs_name(key_file: Path) -> None:
    one, two = load_key_file(key_file, "union/one").verifier, load_key_file(key_file, "union/two").verifier
    assert one.public == two.public
    assert one.key_id != two.key_id


def test_a_key_never_shows_itself_in_text(key_file: Path) -> None:
    assert "private" not in repr(load_key_file(key_file, ORIGIN))


def test_a_key_is_not_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(KeyFileExists):
        create_key_file(key_file)
    assert key_file.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])
def test_a_key_that_others_can_touch_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(KeyFileOpen):
        load_key_file(key_file, ORIGIN)


def test_a_link_or_a_folder_is_no_key(key_file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.pem"
    link.symlink_to(key_file)
    for path in (link, tmp_path):
        with pytest.raises(KeyFileOpen):
            load_key_file(path, ORIGIN)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing) as refusal:
        load_key_file(tmp_path / "none.pem", ORIGIN)
    assert "none.pem" in refusal.value.text.zh
    assert "none.pem" in refusal.value.text.en


def test_what_is_no_ed25519_key_is_refused(key_file: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    for content in (b"", b"garbage", other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())):
        key_file.write_bytes(content)
        with pytest.raises(KeyFileUnreadable):
            load_key_file(key_file, ORIGIN)


def test_a_name_that_a_note_cannot_carry_is_refused(key_file: Path) -> None:
    with pytest.raises(NoteMalformed):
        load_key_file(key_file, "two\nlines")
