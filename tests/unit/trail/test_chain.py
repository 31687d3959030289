"""The chain: what was changed, and where, is named."""

from __future__ import annotations

import hashlib

import pytest

from app.trail.canonical import canonical
from app.trail.chain import (
    HashUnavailable,
    Link,
    _sm3_by_cryptography,
    _sm3_by_hashlib,
    chain_next,
    chain_start,
    commitment,
    data_hash,
    hasher,
    leaf_hash,
    verify_links,
)
from app.trail.verifier import verify
from tests.unit.trail.sample import ORIGIN

SM3_VECTORS = [
    (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
]


def chained(count: int, algorithm: str = "sha256") -> list[Link]:
    chain, links = chain_start(ORIGIN, algorithm), []
    for seq in range(1, count + 1):
        body = canonical({"seq": seq, "what": f"第{seq}件事"})
        leaf = leaf_hash(body, algorithm)
        chain = chain_next(chain, leaf, algorithm)
        links.append(Link(seq, body, leaf.hex(), chain.hex()))
    return links


def first_bad(links: list[Link]) -> int | None:
    found = verify_links(ORIGIN, links)
    return found.seq if found else None


def test_the_hashes_are_those_that_the_format_describes() -> None:
    def h(message: bytes) -> bytes:
        return hashlib.sha256(message).digest()

    start = h(b"\x02gongkai/chain/v1\n" + ORIGIN.encode())
    assert chain_start(ORIGIN) == start
    assert chain_next(start, leaf_hash(b"{}")) == h(b"\x02" + start + h(b"\x00{}"))
    assert commitment(bytes(16), "某某") == h(b"\x03" + bytes(16) + '"某某"'.encode()).hex()
    signed = data_hash({"amount_fen": 5}, {"payee": "aa", "@comment": "bb"})
    assert signed == h(b'\x04{"clear":{"amount_fen":5},"sealed":{"payee":"aa"}}').hex()


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_an_untouched_chain_holds(algorithm: str) -> None:
    assert verify_links(ORIGIN, chained(20, algorithm), algorithm) is None
    assert verify_links(ORIGIN, [], algorithm) is None


def test_a_walk_can_go_on_from_a_record_already_verified() -> None:
    links = chained(9)
    after = (4, bytes.fromhex(links[3].chain))
    assert verify_links(ORIGIN, links[4:], after=after) is None
    assert first_bad(links[4:]) == 1


def test_records_of_one_log_do_not_fit_another() -> None:
    found = verify_links(ORIGIN + "2", chained(3))
    assert found is not None
    assert found.seq == 1


def test_a_changed_body_is_named() -> None:
    links = chained(9)
    links[4] = links[4]._replace(body=links[4].body.replace(b"5", b"6"))
    assert first_bad(links) == 5


def test_a_changed_body_with_its_leaf_hash_redone_is_named() -> None:
    links = chained(9)
    body = canonical({"seq": 5, "what": "另一件事"})
    links[4] = links[4]._replace(body=body, leaf=leaf_hash(body).hex())
    assert first_bad(links) == 5


def test_a_hash_that_is_not_even_one_is_named() -> None:
    fifth = chained(9)[4]
    for spoilt in (fifth._replace(leaf="not hex"), fifth._replace(chain="")):
        links = chained(9)
        links[4] = spoilt
        assert first_bad(links) == 5


def test_a_removed_record_is_named_also_when_the_rest_is_renumbered() -> None:
    links = chained(9)
    del links[4]
    assert first_bad(links) == 5
    renumbered = [link._replace(seq=seq) for seq, link in enumerate(links, 1)]
    assert first_bad(renumbered) == 5


def test_a_doubled_record_is_named() -> None:
    links = chained(9)
    links.insert(5, links[4])
    assert first_bad(links) == 6
    assert first_bad([link._replace(seq=seq) for seq, link in enumerate(links, 1)]) == 6


def test_two_records_that_changed_places_are_named() -> None:
    links = chained(9)
    links[3], links[5] = links[5]._replace(seq=4), links[3]._replace(seq=6)
    assert first_bad(links) == 4


def test_a_sentence_says_what_is_wrong_in_both_languages() -> None:
    links = chained(3)
    del links[1]
    found = verify_links(ORIGIN, links)
    assert found is not None
    assert found.reason.zh == "应为第 2 号，实为第 3 号：编号不连续"
    assert found.reason.en.startswith("expected record 2, found 3")


def test_a_sealed_value_cannot_be_guessed_without_its_salt_nor_sealed_with_a_short_one() -> None:
    assert commitment(b"a" * 16, "某某") != commitment(b"b" * 16, "某某")
    with pytest.raises(ValueError, match="16"):
        commitment(b"a" * 15, "某某")


def test_what_is_signed_changes_with_every_field_but_not_with_a_comment() -> None:
    signed = data_hash({"a": 1}, {"payee": "00"})
    assert signed == data_hash({"a": 1}, {"payee": "00", "@comment": "11"})
    assert len({signed, data_hash({"a": 2}, {"payee": "00"}), data_hash({"a": 1}, {"payee": "01"})}) == 3
    assert data_hash({}, {"a": "00"}) != data_hash({"a": "00"}, {})


@pytest.mark.parametrize(("message", "expected"), SM3_VECTORS)
def test_every_sm3_gives_the_value_of_the_standard(message: bytes, expected: str) -> None:
    assert hasher("sm3")(message).hex() == expected
    assert _sm3_by_hashlib(message).hex() == expected
    assert _sm3_by_cryptography(message).hex() == expected
    assert verify.sm3(message).hex() == expected


def test_the_plain_sm3_is_right_at_every_length_around_a_block() -> None:
    for length in range(130):
        assert verify.sm3(b"x" * length) == _sm3_by_hashlib(b"x" * length)


@pytest.mark.parametrize("algorithm", ["md5", "", "SHA256"])
def test_no_other_hash_is_taken(algorithm: str) -> None:
    with pytest.raises(HashUnavailable):
        hasher(algorithm)
