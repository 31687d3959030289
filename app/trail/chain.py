r"""The hash chain: every record is tied to all before it.

Every hash begins with one byte that says what is hashed, so that a value of one kind can never pass for another:

==== =================== ===================================================================
byte what                hashed after the byte
==== =================== ===================================================================
00   leaf                the record's canonical bytes (RFC 9162, 2.1.1)
01   tree node           left hash, right hash (RFC 9162, 2.1.1; ``app.trail.merkle``)
02   chain               ``gongkai/chain/v1\n`` and the log's origin; then: last value, leaf
03   commitment          salt, canonical bytes of the value
04   data                canonical bytes of ``{"clear": …, "sealed": …}``
==== =================== ===================================================================

The algorithm is the log's own, ``sha256`` or ``sm3``, and never changes within one log.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from app.foundation.errors import AppError
from app.trail.canonical import canonical
from app.wording import Text

Hash = Callable[[bytes], bytes]

ALGORITHMS = ("sha256", "sm3")
SALT_BYTES = 16
"""The least length of a salt: 128 bits, so that a short value (a name, an id number) cannot be found by trying."""
STEP_MARK = "@"
"""Begins a sealed path that belongs to the step (``@comment``) and not to the case's data."""

_START = b"gongkai/chain/v1\n"


class HashUnavailable(AppError):
    """本机不支持散列算法 {algorithm}。请在设置中改用 sha256，或安装带 sm3 的 OpenSSL。

    This machine has no hash algorithm {algorithm}. Use sha256 in the settings, or install an OpenSSL that has sm3.
    """

    code = "hash_unavailable"


class Link(NamedTuple):
    """One record as it is stored; both hashes in hex."""

    seq: int
    body: bytes
    leaf: str
    chain: str


class Break(NamedTuple):
    """The first record that does not follow from the ones before it."""

    seq: int
    reason: Text


@functools.cache
def hasher(algorithm: str) -> Hash:
    """The hash function of a log.

    Raises:
        HashUnavailable: not one of ``ALGORITHMS``, or missing in this machine's OpenSSL.
    """
    if algorithm == "sha256":
        return _sha256
    if algorithm != "sm3":
        raise HashUnavailable(algorithm=algorithm)
    for candidate in (_sm3_by_hashlib, _sm3_by_cryptography):
        try:
            candidate(b"")
        except (ValueError, UnsupportedAlgorithm):
            continue
        return candidate
    raise HashUnavailable(algorithm=algorithm)


def leaf_hash(body: bytes, algorithm: str = "sha256") -> bytes:
    """The hash of one record."""
    return hasher(algorithm)(b"\x00" + body)


def chain_start(origin: str, algorithm: str = "sha256") -> bytes:
    """The value before the first record; it differs from log to log, so records cannot be moved between logs."""
    return hasher(algorithm)(b"\x02" + _START + origin.encode("utf-8"))


def chain_next(previous: bytes, leaf: bytes, algorithm: str = "sha256") -> bytes:
    """The value after one more record."""
    return hasher(algorithm)(b"\x02" + previous + leaf)


def verify_links(
    origin: str, links: Iterable[Link], algorithm: str = "sha256", after: tuple[int, bytes] | None = None
) -> Break | None:
    """The first bad record, or None when every record follows from the one before it.

    Args:
        origin: the log's name.
        links: the stored records in order of ``seq``.
        algorithm: the log's hash algorithm.
        after: ``(seq, chain)`` of the last record already verified; by default the walk begins at record 1.
    """
    before, chain = after or (0, chain_start(origin, algorithm))
    for seq, link in enumerate(links, before + 1):
        if link.seq != seq:
            return Break(seq, _missing(seq, link.seq))
        leaf = leaf_hash(link.body, algorithm)
        if link.leaf != leaf.hex():
            return Break(seq, _CHANGED)
        chain = chain_next(chain, leaf, algorithm)
        if link.chain != chain.hex():
            return Break(seq, _MOVED)
    return None


def commitment(salt: bytes, value: object, algorithm: str = "sha256") -> str:
    """What the trail keeps of a value that may have to be erased: its salted hash, in hex.

    Raises:
        ValueError: a salt shorter than ``SALT_BYTES``.
    """
    if len(salt) < SALT_BYTES:
        raise ValueError(f"a salt has at least {SALT_BYTES} bytes")
    return hasher(algorithm)(b"\x03" + salt + canonical(value)).hex()


def data_hash(clear: Mapping[str, object], sealed: Mapping[str, str], algorithm: str = "sha256") -> str:
    """What a signature on a case signs, in hex: the fields in clear and the commitments of the others.

    Paths beginning with ``STEP_MARK`` (``@comment``) belong to one step and are left out.
    """
    of_the_case = {path: value for path, value in sealed.items() if not path.startswith(STEP_MARK)}
    return hasher(algorithm)(b"\x04" + canonical({"clear": dict(clear), "sealed": of_the_case})).hex()


_CHANGED = Text("内容与当时的散列值不符，记录被改动过", "the content does not match its hash: the record was changed")
_MOVED = Text(
    "与前一条记录接不上，此处有记录被改动、删除、插入或调换",
    "it does not follow from the record before it: something here was changed, removed, inserted or moved",
)


def _missing(expected: int, found: int) -> Text:
    """The sentence for a gap or a repetition in the numbering."""
    return Text(
        "应为第 {expected} 号，实为第 {found} 号：编号不连续", "expected record {expected}, found {found}: not gap-free"
    ).fill(expected=expected, found=found)


def _sha256(message: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(message).digest()


def _sm3_by_hashlib(message: bytes) -> bytes:
    """SM3 (GB/T 32905-2016) from Python's OpenSSL, where it has it."""
    return hashlib.new("sm3", message).digest()


def _sm3_by_cryptography(message: bytes) -> bytes:
    """SM3 from the OpenSSL inside ``cryptography``."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(message)
    return digest.finalize()
