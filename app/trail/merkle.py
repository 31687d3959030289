"""Merkle trees of RFC 9162: the root that a checkpoint signs, kept as a compact frontier, and proofs against it.

A list of ``n`` leaf hashes is split at the largest power of two below ``n``; a node is H(0x01 || left || right); the
root of nothing is H(""). The frontier is the row of perfect subtrees that a tree of this size is made of, at most 64
hashes, so that appending a record and making a daily checkpoint need no other record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.trail.chain import Hash, hasher

HASH_BYTES = 32


class Frontier:
    """The roots of the perfect subtrees of a tree, largest first; enough to append leaves and to name the root."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = (), algorithm: str = "sha256") -> None:
        """Start empty, or go on from a stored ``size`` and ``nodes``.

        Raises:
            ValueError: the nodes are not those of a tree of that size.
        """
        self.size = size
        self.nodes = list(nodes)
        self._hash = hasher(algorithm)
        if size < 0 or len(self.nodes) != size.bit_count() or any(len(node) != HASH_BYTES for node in self.nodes):
            raise ValueError(f"{len(self.nodes)} nodes are no frontier of a tree of size {size}")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right.

        Raises:
            ValueError: not a hash of 32 bytes.
        """
        if len(leaf) != HASH_BYTES:
            raise ValueError("a leaf hash has 32 bytes")
        node, size = leaf, self.size
        while size & 1:
            node = _node(self._hash, self.nodes.pop(), node)
            size >>= 1
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.nodes:
            return self._hash(b"")
        root = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            root = _node(self._hash, left, root)
        return root


def root_of(leaves: Iterable[bytes], algorithm: str = "sha256") -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier(algorithm=algorithm)
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int, algorithm: str = "sha256") -> list[bytes]:
    """The siblings, from the leaf upwards, that tie leaf ``index`` (from 0) to the root over ``leaves``.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    low, high, path = 0, len(leaves), list[bytes]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high], algorithm))
            high = middle
        else:
            path.append(root_of(leaves[low:middle], algorithm))
            low = middle
    return path[::-1]


def consistency_proof(leaves: Sequence[bytes], old_size: int, algorithm: str = "sha256") -> list[bytes]:
    """The nodes that show that the tree over ``leaves`` only added to its first ``old_size`` leaves.

    Raises:
        IndexError: ``old_size`` is 0 or more than there are.
    """
    if not 0 < old_size <= len(leaves):
        raise IndexError(old_size)
    low, high, path = 0, len(leaves), list[bytes]()
    whole = True
    while high != old_size:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(root_of(leaves[middle:high], algorithm))
            high = middle
        else:
            path.append(root_of(leaves[low:middle], algorithm))
            low, whole = middle, False
    if not whole:
        path.append(root_of(leaves[low:high], algorithm))
    return path[::-1]


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes, *, algorithm: str = "sha256"
) -> bool:
    """Whether ``proof`` ties the leaf hash at ``index`` to ``root``; a sibling too few or too many is a no."""
    if not 0 <= index < size or len(proof) != _inclusion_length(index, size) or not _are_hashes(leaf, root, *proof):
        return False
    hash_, node, last = hasher(algorithm), leaf, size - 1
    for sibling in proof:
        if index & 1 or index == last:
            node = _node(hash_, sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = _node(hash_, node, sibling)
        index, last = index >> 1, last >> 1
    return node == root


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], *, algorithm: str = "sha256"
) -> bool:
    """Whether ``proof`` shows that the new tree begins with the old one; from size 0 nothing can be shown: a no."""
    if not 0 < old_size <= new_size or not _are_hashes(old_root, new_root):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if len(proof) > 2 * new_size.bit_length() or not _are_hashes(*proof):
        return False
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    return _climb(old_size, new_size, path, hasher(algorithm)) == (old_root, new_root)


def _climb(old_size: int, new_size: int, proof: list[bytes], hash_: Hash) -> tuple[bytes, bytes] | None:
    """Old and new root by a consistency proof, 0 < old_size < new_size; None when its length is wrong.

    Source: RFC 9162, 2.1.4.2.
    """
    if not proof:
        return None
    old, new = old_size - 1, new_size - 1
    while old & 1:
        old, new = old >> 1, new >> 1
    old_node = new_node = proof[0]
    for node in proof[1:]:
        if new == 0:
            return None
        if old & 1 or old == new:
            old_node, new_node = _node(hash_, node, old_node), _node(hash_, node, new_node)
            while not old & 1 and old:
                old, new = old >> 1, new >> 1
        else:
            new_node = _node(hash_, new_node, node)
        old, new = old >> 1, new >> 1
    return (old_node, new_node) if new == 0 else None


def _inclusion_length(index: int, size: int) -> int:
    """How many siblings the proof of this leaf has: below the point where its path meets the right edge, and above it."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (at least 2)."""
    return int(1 << (size - 1).bit_length() - 1)


def _node(hash_: Hash, left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hash_(b"\x01" + left + right)


def _are_hashes(*values: bytes) -> bool:
    """Whether each has the length of a hash."""
    return all(len(value) == HASH_BYTES for value in values)
