"""Merkle trees: the published roots, and proofs that take no sibling too few or too many."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trail.chain import leaf_hash
from app.trail.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from app.trail.verifier import verify

LEAVES = [
    leaf_hash(bytes.fromhex(text))
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_that_certificate_transparency_publishes(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size]
    tree = verify.Tree(verify.sha256)
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    assert tree.root().hex() == ROOTS[size]


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_the_frontier_has_the_root_of_the_definition(leaves: list[bytes]) -> None:
    frontier, tree = Frontier(), verify.Tree(verify.sha256)
    for leaf in leaves:
        frontier.append(leaf)
        tree.append(leaf)
    assert frontier.root() == tree.root() == plain_root(leaves)
    assert len(frontier.nodes) == len(leaves).bit_count()


def test_a_stored_frontier_goes_on_where_it_stopped() -> None:
    leaves = some_leaves(100)
    frontier = Frontier()
    for size, leaf in enumerate(leaves, 1):
        frontier = Frontier(frontier.size, frontier.nodes)
        frontier.append(leaf)
        assert frontier.root() == root_of(leaves[:size])


@pytest.mark.parametrize(
    ("size", "nodes"), [(1, []), (0, [bytes(32)]), (3, [bytes(32)]), (1, [bytes(31)]), (-1, []), (2, [bytes(33)])]
)
def test_a_frontier_that_no_tree_has_is_refused(size: int, nodes: list[bytes]) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier(size, nodes)


def test_a_leaf_that_is_no_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Frontier().append(b"short")


def test_every_leaf_of_every_small_tree_is_proved() -> None:
    for size in range(1, 35):
        leaves = some_leaves(size)
        root = plain_root(leaves)
        for index in range(size):
            proof = inclusion_proof(leaves, index)
            assert verify_inclusion(index, size, leaves[index], proof, root)


def test_every_growth_of_small_trees_is_proved() -> None:
    for size in range(1, 35):
        leaves = some_leaves(size)
        for old in range(1, size + 1):
            proof = consistency_proof(leaves, old)
            assert verify_consistency(old, size, plain_root(leaves[:old]), plain_root(leaves), proof)


def broken(proof: list[bytes]) -> Iterator[list[bytes]]:
    """Every near miss of a proof."""
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]
    yield [*proof, b""]
    for at in range(len(proof)):
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], proof[at], *proof[at:]]
        yield [*proof[:at], proof[at][:-1], *proof[at + 1 :]]
        yield [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]
        if at:
            yield [*proof[: at - 1], proof[at], proof[at - 1], *proof[at + 1 :]]


def test_no_near_miss_of_an_inclusion_proof_is_accepted() -> None:
    for size in range(1, 18):
        leaves = some_leaves(size)
        root = root_of(leaves)
        for index in range(size):
            proof = inclusion_proof(leaves, index)
            for near in broken(proof):
                assert not verify_inclusion(index, size, leaves[index], near, root)
            for other in (index - 1, index + 1, size, -1):
                assert not verify_inclusion(other, size, leaves[index], proof, root)
            assert not verify_inclusion(index, size, leaves[index], proof, root[:-1])
            assert not verify_inclusion(index, size, b"", proof, root)
            assert not verify_inclusion(index, 0, leaves[index], proof, root)
            assert not verify_inclusion(index, size, leaf_hash(b"other"), proof, root)


def test_no_near_miss_of_a_consistency_proof_is_accepted() -> None:
    for size in range(1, 18):
        leaves = some_leaves(size)
        new = root_of(leaves)
        for old_size in range(1, size + 1):
            old, proof = root_of(leaves[:old_size]), consistency_proof(leaves, old_size)
            for near in broken(proof):
                assert not verify_consistency(old_size, size, old, new, near)
            assert not verify_consistency(old_size, size, bytes(32), new, proof)
            assert not verify_consistency(old_size, size, old, bytes(32), proof)
            assert not verify_consistency(old_size, size, old, new[:-1], proof)
            assert not verify_consistency(old_size, old_size - 1, old, new, proof)
            if old_size != size:
                assert not verify_consistency(size, old_size, new, old, proof)


@pytest.mark.parametrize("size", [0, 1, 8])
def test_nothing_is_proved_from_an_empty_tree(size: int) -> None:
    leaves = some_leaves(size)
    assert not verify_consistency(0, size, root_of([]), root_of(leaves), [])
    assert not verify_inclusion(0, 0, leaf_hash(b""), [], root_of([]))
    for wrong in (0, size + 1):
        with pytest.raises(IndexError):
            consistency_proof(leaves, wrong)
    with pytest.raises(IndexError):
        inclusion_proof(leaves, size)


@pytest.mark.parametrize(("old_size", "new_size"), [(1, 2), (4, 8), (3, 7)])
def test_a_tree_that_grew_does_not_keep_its_root(old_size: int, new_size: int) -> None:
    root = root_of(some_leaves(old_size))
    for proof in ([], [root]):
        assert not verify_consistency(old_size, new_size, root, root, proof)


def test_a_proof_of_ten_megabytes_is_refused_before_it_is_hashed() -> None:
    leaves = some_leaves(8)
    heavy = [bytes(32)] * 320_000
    assert not verify_inclusion(0, 8, leaves[0], heavy, root_of(leaves))
    assert not verify_consistency(3, 8, root_of(leaves[:3]), root_of(leaves), heavy)


def test_a_tree_in_sm3_differs_and_proves_as_well() -> None:
    leaves = [leaf_hash(b"%d" % number, "sm3") for number in range(5)]
    root = root_of(leaves, "sm3")
    assert root != root_of(leaves)
    assert verify_inclusion(4, 5, leaves[4], inclusion_proof(leaves, 4, "sm3"), root, algorithm="sm3")
    assert not verify_inclusion(4, 5, leaves[4], inclusion_proof(leaves, 4, "sm3"), root)
    proof = consistency_proof(leaves, 3, "sm3")
    assert verify_consistency(3, 5, root_of(leaves[:3], "sm3"), root, proof, algorithm="sm3")
