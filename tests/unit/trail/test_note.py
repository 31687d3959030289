"""Signed notes and checkpoints, as C2SP writes them."""

from __future__ import annotations

import dataclasses

import pytest

from app.trail.note import (
    LONGEST_NOTE,
    Checkpoint,
    NoteMalformed,
    NoteOfAnotherLog,
    NoteSignatureWrong,
    NoteUnsigned,
    TrustedKey,
    VerifierKey,
    check_name,
    open_checkpoint,
    open_note,
    parse_note,
    parse_short_head,
    sign_note,
)
from app.trail.verifier import verify
from tests.unit.trail.sample import KEY, ORIGIN, STRANGER, checkpoint, head_of

HEAD = head_of([b"{}", b"[]"])
NOTE = sign_note(HEAD.text(), [KEY])
TRUSTED = (TrustedKey(KEY.verifier),)

# The example in the documentation of Go's sumdb/note, which is where the format comes from.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_signed_by_another_program_is_confirmed() -> None:
    key = VerifierKey.parse(GO_VKEY)
    assert key.vkey() == GO_VKEY
    assert open_note(GO_NOTE, [key]).text.endswith("your problem is.\n")
    theirs = next(verify.notes_in(GO_NOTE.encode()))
    assert verify.signers(theirs, [verify.parse_key(GO_VKEY)], None)
    with pytest.raises(NoteSignatureWrong):
        open_note(GO_NOTE.replace("is.", "was."), [key])


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    assert open_checkpoint(NOTE, ORIGIN, TRUSTED) == HEAD
    lines = NOTE.split("\n")
    assert lines[:2] == [ORIGIN, "2"]
    assert lines[3:7] == ["alg sha256", f"chain {HEAD.chain.hex()}", f"time {HEAD.time}", ""]
    assert lines[7].startswith(f"— {ORIGIN} ")


def test_an_empty_log_has_a_checkpoint_too() -> None:
    assert open_checkpoint(checkpoint([]), ORIGIN, TRUSTED).size == 0


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "a\nb"},
        {"origin": "a b"},
        {"origin": "a+b"},
        {"origin": ""},
        {"origin": "a\u3000b"},
        {"origin": "a\x7f"},
        {"size": -1},
        {"size": 10**16},
        {"root": b"short"},
        {"root": b""},
        {"chain": bytes(31)},
        {"time": "2026-01-01"},
        {"time": "2026-01-01T00:00:00.000000Z\nsize 7"},
        {"algorithm": "md5"},
    ],
)
def test_a_field_that_the_format_cannot_carry_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(NoteMalformed):
        dataclasses.replace(HEAD, **change).text()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n2\n", "\n02\n"),
        ("\n2\n", "\n+2\n"),
        ("\n2\n", "\n２\n"),
        ("\n2\n", "\n2 \n"),
        ("alg sha256\n", ""),
        ("alg sha256", "alg sha256\nalg sha256"),
        ("alg sha256", "alg SHA256"),
        ("alg sha256\n", "alg sha256\n\n"),
        ("=\n", "\n"),
        ("time ", "Time "),
    ],
)
def test_a_checkpoint_in_any_other_form_is_refused(old: str, new: str) -> None:
    changed = HEAD.text().replace(old, new, 1)
    assert changed != HEAD.text()
    with pytest.raises(NoteMalformed):
        Checkpoint.parse(changed)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        NOTE + "\n",
        NOTE + "trailing\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("2", "\x00", 1),
        NOTE.replace("2", "\ud800", 1),
        NOTE.split("\n\n")[0] + "\n\n",
        NOTE.split("\n\n")[0] + "\n\n" + f"— {ORIGIN} AAAA\n",
        NOTE.split("\n\n")[0] + "\n\n" + f"— {ORIGIN} ****\n",
        NOTE + (NOTE.split("\n\n")[1]) * 40,
        "x" * LONGEST_NOTE + NOTE,
    ],
)
def test_what_is_not_a_whole_note_is_refused(note: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_note(note)


def test_no_flipped_bit_of_a_signed_checkpoint_is_accepted() -> None:
    accepted = []
    for at, byte in enumerate(NOTE.encode()):
        for bit in range(8):
            raw = bytearray(NOTE.encode())
            raw[at] = byte ^ (1 << bit)
            try:
                open_checkpoint(raw.decode("utf-8", "replace"), ORIGIN, TRUSTED)
            except (NoteMalformed, NoteOfAnotherLog, NoteSignatureWrong, NoteUnsigned):
                continue
            accepted.append((at, bit))
    assert accepted == []


def test_an_unknown_key_is_no_signature_but_a_known_one_that_fails_spoils_the_note() -> None:
    with pytest.raises(NoteUnsigned):
        open_checkpoint(sign_note(HEAD.text(), [STRANGER]), ORIGIN, TRUSTED)
    both = sign_note(HEAD.text(), [STRANGER, KEY])
    assert open_checkpoint(both, ORIGIN, TRUSTED) == HEAD
    other = sign_note(head_of([b"{}"]).text(), [KEY])
    spoilt = NOTE + other.split("\n\n")[1]
    with pytest.raises(NoteSignatureWrong):
        open_checkpoint(spoilt, ORIGIN, TRUSTED)


def test_a_key_signs_only_the_sizes_it_was_in_use_for() -> None:
    retired = TrustedKey(KEY.verifier, 0, 1)
    with pytest.raises(NoteUnsigned):
        open_checkpoint(NOTE, ORIGIN, [retired])
    with pytest.raises(NoteUnsigned):
        open_checkpoint(NOTE, ORIGIN, [TrustedKey(KEY.verifier, 3)])
    assert open_checkpoint(NOTE, ORIGIN, [TrustedKey(KEY.verifier, 2, 2)]) == HEAD


def test_a_checkpoint_of_another_log_is_refused() -> None:
    with pytest.raises(NoteOfAnotherLog):
        open_checkpoint(NOTE, "gongkai.example/unions/other", TRUSTED)


def test_signing_needs_a_signer_and_a_whole_text() -> None:
    for text, signers in [(HEAD.text(), []), ("no newline", [KEY]), ("a\tb\n", [KEY]), ("", [KEY])]:
        with pytest.raises(NoteMalformed):
            sign_note(text, signers)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000",
        KEY.verifier.vkey().replace("+AQ", "+AA"),
        KEY.verifier.vkey()[:-4],
        KEY.verifier.vkey().replace("qinghe", "other"),
        KEY.verifier.vkey().upper(),
    ],
)
def test_a_key_whose_id_does_not_fit_is_refused(vkey: str) -> None:
    with pytest.raises(NoteMalformed):
        VerifierKey.parse(vkey)
    with pytest.raises(verify.Refused):
        verify.parse_key(vkey)


def test_product_and_verifier_read_the_same_keys() -> None:
    key = verify.parse_key(TrustedKey(KEY.verifier, 3, 9).line())
    assert (key.name, key.public, key.first, key.last) == (ORIGIN, KEY.verifier.public, 3, 9)
    assert verify.parse_key(TrustedKey(KEY.verifier).line()).last is None
    assert verify.parse_key(KEY.verifier.vkey()).key_id == KEY.verifier.key_id


def test_a_chinese_name_is_a_name() -> None:
    check_name("公开.例子/清河厂工会")


def test_a_head_typed_from_paper_is_read_with_its_spaces() -> None:
    digits = HEAD.root.hex()
    assert parse_short_head(HEAD.short()) == (2, digits)
    assert parse_short_head(f" 2@{digits[:4].upper()} {digits[4:8]}-{digits[8:16]} ") == (2, digits[:16])
    for text in ("", "2@", f"2@{digits[:15]}", f"x@{digits}", f"02@{digits}", f"2@{digits}0", "2@" + "z" * 16):
        with pytest.raises(NoteMalformed):
            parse_short_head(text)
