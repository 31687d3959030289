"""Signed notes and checkpoints: the few lines of text by which others hold the trail to its word.

Source: C2SP signed-note and tlog-checkpoint (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint). Ours
carry three extension lines, ``alg``, ``chain`` and ``time``; a reader ignores lines it does not know, and signatures of
keys it does not know.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.foundation.errors import AppError
from app.trail.chain import ALGORITHMS
from app.trail.merkle import HASH_BYTES

LONGEST_NOTE = 64 * 1024
"""Longer notes are refused unread, in bytes."""
MOST_SIGNATURES = 32
LONGEST_NAME = 200

_ED25519 = b"\x01"
_SIGNATURE_MARK = "\N{EM DASH} "
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_SHORT_HEAD = re.compile(r"(0|[1-9][0-9]{0,15})@([0-9a-f]{16,64})")


class NoteMalformed(AppError):
    """这段文字不是有效的检查点（{reason}）。请核对是否完整复制。

    This text is no valid checkpoint ({reason}). See that it was copied whole.
    """

    status = 422
    code = "note_malformed"


class NoteUnsigned(AppError):
    """检查点上没有可信公钥的签名。请核对公钥清单。

    No trusted key has signed this checkpoint. Check the list of keys.
    """

    status = 422
    code = "note_unsigned"


class NoteSignatureWrong(AppError):
    """检查点的签名不对：{name} 的公钥验不过。内容在签名之后被改动过，请不要采信。

    The signature on this checkpoint is wrong: the key of {name} does not confirm it. It was changed after it was
    signed; do not rely on it.
    """

    status = 422
    code = "note_signature_wrong"


class NoteOfAnotherLog(AppError):
    """这是另一条记录链 {found} 的检查点，不是 {expected} 的。

    This checkpoint belongs to another log, {found}, not to {expected}.
    """

    status = 422
    code = "note_of_another_log"


class Signer(Protocol):
    """What signs notes; the private key stays behind it."""

    @property
    def verifier(self) -> VerifierKey:
        """The public half, under the name it signs as."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over the message, 64 bytes."""


@dataclass(frozen=True)
class VerifierKey:
    """A public Ed25519 key under a name; the same key under another name has another id."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse names that a note cannot carry.

        Raises:
            NoteMalformed: a name with a space, a plus, a control character or of no length; a key not of 32 bytes.
        """
        check_name(self.name)
        if len(self.public) != 32:
            raise NoteMalformed(reason="key length")

    @property
    def key_id(self) -> bytes:
        """The four bytes that a signature line names this key by; always SHA-256, whatever the log uses."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def vkey(self) -> str:
        """The text form, ``name+id+base64``."""
        return f"{self.name}+{self.key_id.hex()}+{_to_base64(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read the text form.

        Raises:
            NoteMalformed: not an Ed25519 vkey, or its id does not belong to its name and key.
        """
        name, _, rest = vkey.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        public = _from_base64(encoded)
        if public is None or public[:1] != _ED25519:
            raise NoteMalformed(reason="vkey")
        key = cls(name, public[1:])
        if key.key_id.hex() != key_id:
            raise NoteMalformed(reason="vkey id")
        return key

    def confirms(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature over the message was made by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class TrustedKey(NamedTuple):
    """A key and the tree sizes it may sign for, so that a retired key cannot sign new heads, nor a new one old ones."""

    key: VerifierKey
    first_size: int = 0
    last_size: int | None = None

    def covers(self, size: int) -> bool:
        """Whether the key was in use at this tree size."""
        return self.first_size <= size and (self.last_size is None or size <= self.last_size)

    def line(self) -> str:
        """The line of a review pack's ``keys.txt``: the vkey, first and last size, ``-`` for no end."""
        return f"{self.key.vkey()} {self.first_size} {'-' if self.last_size is None else self.last_size}"


class Signature(NamedTuple):
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A signed note taken apart, nothing verified yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log at one size. ``root`` and ``chain`` are hashes, ``time`` is a stamp (``clock.stamp``)."""

    origin: str
    size: int
    root: bytes
    chain: bytes
    time: str
    algorithm: str = "sha256"

    def text(self) -> str:
        """The note text that is signed.

        Raises:
            NoteMalformed: a field that the format cannot carry, such as a newline in the origin.
        """
        text = "\n".join(
            (
                self.origin,
                str(self.size),
                _to_base64(self.root),
                f"alg {self.algorithm}",
                f"chain {self.chain.hex()}",
                f"time {self.time}",
                "",
            )
        )
        if self.parse(text) != self:
            raise NoteMalformed(reason="field")
        return text

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note text.

        Raises:
            NoteMalformed: not origin, size, root and the three extension lines, each once and well-formed.
        """
        if not text.endswith("\n"):
            raise NoteMalformed(reason="last line")
        lines = text[:-1].split("\n")
        if len(lines) < 3 or not all(lines):
            raise NoteMalformed(reason="lines")
        origin, size, encoded = lines[:3]
        check_name(origin)
        root, chain = _from_base64(encoded), _extension(lines[3:], "chain")
        time, algorithm = _extension(lines[3:], "time"), _extension(lines[3:], "alg")
        if not _SIZE.fullmatch(size):
            raise NoteMalformed(reason="size")
        if root is None or len(root) != HASH_BYTES:
            raise NoteMalformed(reason="root")
        if not re.fullmatch(r"[0-9a-f]{64}", chain):
            raise NoteMalformed(reason="chain")
        if not _STAMP.fullmatch(time) or algorithm not in ALGORITHMS:
            raise NoteMalformed(reason="time, alg")
        return cls(origin, int(size), root, bytes.fromhex(chain), time, algorithm)

    def short(self) -> str:
        """The head as printed on paper and in QR codes: ``1301@`` and the root in hex."""
        return f"{self.size}@{self.root.hex()}"


def check_name(name: str) -> None:
    """Refuse what can be neither an origin nor a key name.

    Raises:
        NoteMalformed: empty, too long, or with a space, a plus or a control character (so also a newline) in it.
    """
    if not name or len(name) > LONGEST_NAME or "+" in name or not name.isprintable() or any(map(str.isspace, name)):
        raise NoteMalformed(reason="name")


def sign_note(text: str, signers: Sequence[Signer]) -> str:
    """The note over ``text`` with one signature line per signer.

    Raises:
        NoteMalformed: no signer, or a text that does not end in a newline or holds a control character.
    """
    lines = []
    for signer in signers:
        key = signer.verifier
        lines.append(f"{_SIGNATURE_MARK}{key.name} {_to_base64(key.key_id + signer.sign(text.encode('utf-8')))}\n")
    note = text + "\n" + "".join(lines)
    if parse_note(note).text != text:
        raise NoteMalformed(reason="text")
    return note


def parse_note(note: str) -> Note:
    """Take a note apart.

    Raises:
        NoteMalformed: too long, control characters, no blank line, or a signature line of another form.
    """
    try:
        length = len(note.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise NoteMalformed(reason="utf-8") from error
    if length > LONGEST_NOTE:
        raise NoteMalformed(reason="length")
    if any(character < " " and character != "\n" for character in note) or not note.endswith("\n"):
        raise NoteMalformed(reason="control characters")
    text, blank, tail = note.rpartition("\n\n")
    lines = tail[:-1].split("\n")
    if not blank or not text or len(lines) > MOST_SIGNATURES:
        raise NoteMalformed(reason="signatures")
    return Note(text + "\n", tuple(map(_signature, lines)))


def open_note(note: str, trusted: Iterable[VerifierKey]) -> Note:
    """The note, when at least one trusted key signed it and no trusted key's signature is wrong.

    Raises:
        NoteMalformed: not a note.
        NoteUnsigned: no signature of a trusted key.
        NoteSignatureWrong: a trusted key's signature does not fit the text.
    """
    parsed = parse_note(note)
    known = {(key.name, key.key_id): key for key in trusted}
    message = parsed.text.encode("utf-8")
    signed = False
    for line in parsed.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            if not key.confirms(line.signature, message):
                raise NoteSignatureWrong(name=key.name)
            signed = True
    if not signed:
        raise NoteUnsigned
    return parsed


def open_checkpoint(note: str, origin: str, trusted: Iterable[TrustedKey]) -> Checkpoint:
    """The checkpoint in a note, when it is of this log and a key trusted for its size signed it.

    Raises:
        NoteMalformed: not a checkpoint.
        NoteOfAnotherLog: another origin.
        NoteUnsigned: no signature of a key that is trusted at this size.
        NoteSignatureWrong: a trusted key's signature does not fit.
    """
    checkpoint = Checkpoint.parse(parse_note(note).text)
    if checkpoint.origin != origin:
        raise NoteOfAnotherLog(found=checkpoint.origin, expected=origin)
    open_note(note, [each.key for each in trusted if each.covers(checkpoint.size)])
    return checkpoint


def parse_short_head(text: str) -> tuple[int, str]:
    """Size and (the beginning of) the root in hex, as typed from paper; spaces and hyphens do not count.

    Raises:
        NoteMalformed: not ``size@root`` with at least 16 hex digits.
    """
    match = _SHORT_HEAD.fullmatch(re.sub(r"[\s-]", "", text[:400]).lower())
    if match is None:
        raise NoteMalformed(reason="size@root")
    return int(match[1]), match[2]


def _signature(line: str) -> Signature:
    """Read one signature line."""
    name, _, encoded = line.removeprefix(_SIGNATURE_MARK).partition(" ")
    blob = _from_base64(encoded)
    if not line.startswith(_SIGNATURE_MARK) or blob is None or len(blob) < 5:
        raise NoteMalformed(reason="signature line")
    check_name(name)
    return Signature(name, blob[:4], blob[4:])


def _extension(lines: Sequence[str], name: str) -> str:
    """The value of the extension line of this name."""
    values = [line.removeprefix(name + " ") for line in lines if line.startswith(name + " ")]
    if len(values) != 1:
        raise NoteMalformed(reason=name)
    return values[0]


def _to_base64(value: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(value).decode("ascii")


def _from_base64(text: str) -> bytes | None:
    """The bytes; None when this is not the one way to write them (stray bits in the last digit included)."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if _to_base64(value) == text else None
