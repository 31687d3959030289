"""The verifier's own Ed25519, against the vectors of RFC 8032, 7.1, and against ``cryptography``."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from app.trail.verifier.verify import _L, _point, ed25519, ed25519_plain

VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").digest(),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
            "3dca179c138ac17ad9bef1177331a704"
        ),
    ),
]
CASES = [(bytes.fromhex(public), message, bytes.fromhex(signature)) for public, message, signature in VECTORS]


@pytest.mark.parametrize(("public", "message", "signature"), CASES)
def test_the_vectors_of_the_rfc_hold(public: bytes, message: bytes, signature: bytes) -> None:
    assert ed25519_plain(public, signature, message)
    assert ed25519(public, signature, message)


@pytest.mark.parametrize(("public", "message", "signature"), CASES)
def test_a_signature_is_for_one_key_and_one_message(public: bytes, message: bytes, signature: bytes) -> None:
    assert not ed25519_plain(public, signature, message + b"x")
    assert not ed25519_plain(CASES[1][0] if public != CASES[1][0] else CASES[0][0], signature, message)
    for wrong in (b"", signature[:-1], signature + b"\0", signature[::-1], bytes(64), b"\xff" * 64):
        assert not ed25519_plain(public, wrong, message)
    for wrong in (b"", public[:-1], public + b"\0", b"\xff" * 32):
        assert not ed25519_plain(wrong, signature, message)


def test_a_second_way_to_write_the_same_signature_is_refused() -> None:
    public, message, signature = CASES[1]
    s = int.from_bytes(signature[32:], "little") + _L
    assert not ed25519_plain(public, signature[:32] + s.to_bytes(32, "little"), message)


def test_a_second_way_to_write_the_same_point_is_refused() -> None:
    one = (1).to_bytes(32, "little")
    assert _point(one) is not None
    assert _point(one[:31] + b"\x80") is None
    assert _point((2**255 - 19 + 1).to_bytes(32, "little")) is None


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 8 * 64 - 1))
def test_it_agrees_with_the_library(seed: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519_plain(public, signature, message)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not ed25519_plain(public, bytes(flipped), message)
    assert not ed25519(public, bytes(flipped), message)
