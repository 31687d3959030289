"""Checking one union's log against itself, its signed heads and a head that somebody else holds. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.errors import AppError
from app.trail.canonical import is_canonical, parse
from app.trail.chain import chain_next, chain_start, commitment, leaf_hash
from app.trail.merkle import Frontier
from app.trail.models import TrailCheckpoint, TrailEntry, TrailHead, TrailValue
from app.trail.note import TrustedKey, open_checkpoint, parse_short_head
from app.wording import Text

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold. ``seq`` is the record, ``subject`` a case's number or another name, where known."""

    code: str
    text: Text
    seq: int | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A head that somebody else holds: a checkpoint note, or ``size@root`` from paper."""

    text: str


def entries(session: Session, union_id: uuid.UUID) -> Iterator[TrailEntry]:
    """Every record in order, a page at a time, so that memory stays bounded."""
    after = 0
    while True:
        page = session.scalars(
            sa.select(TrailEntry)
            .where(TrailEntry.union_id == union_id, TrailEntry.seq > after)
            .order_by(TrailEntry.seq)
            .limit(_PAGE)
        ).all()
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].seq
        session.expunge_all()


def verify_log(
    session: Session, union_id: uuid.UUID, keys: Sequence[TrustedKey], witnessed: Sequence[Witnessed] = ()
) -> Iterator[Problem]:
    """Everything about the log that does not hold, in order: records, links, head, signed heads, outside heads, values."""
    head = session.scalars(sa.select(TrailHead).where(TrailHead.union_id == union_id)).one_or_none()
    if head is None:
        yield Problem(
            "head_missing", Text("没有留痕的开头，整条留痕不见了。", "The log has no head: all of it is gone.")
        )
        return
    notes = session.scalars(
        sa.select(TrailCheckpoint)
        .where(TrailCheckpoint.union_id == union_id)
        .order_by(TrailCheckpoint.size, TrailCheckpoint.made_at)
    ).all()
    session.expunge_all()
    walk = _Walk(head.origin, head.algorithm, {note.size for note in notes} | set(_sizes(witnessed)))
    for entry in entries(session, union_id):
        yield from walk.take(entry)
    yield from walk.end(head)
    for note in notes:
        yield from _note_holds(note, head, keys, walk.roots)
    for one in witnessed:
        yield from _witness_holds(one, head, keys, walk.roots, walk.size)
    yield from _values_hold(session, union_id, head.algorithm)


class _Walk:
    """One pass over the records: numbers, bytes, hashes, links, and the tree's root at every size that is asked.

    Times are not compared: the order is the number's, and clocks are set back now and then.
    """

    def __init__(self, origin: str, algorithm: str, sizes: set[int]) -> None:
        self._origin = origin
        self._algorithm = algorithm
        self._sizes = sizes
        self._chain = chain_start(origin, algorithm)
        self._tree = Frontier(algorithm=algorithm)
        self.size = 0
        self.roots = {0: self._tree.root().hex()}

    def take(self, entry: TrailEntry) -> Iterator[Problem]:
        expected = self.size + 1
        if entry.seq != expected:
            text = Text(
                f"第 {expected} 条不见了（下一条是第 {entry.seq} 条）。",
                f"Entry {expected} is missing (the next one is {entry.seq}).",
            )
            yield Problem("entry_missing", text, expected)
        self.size = entry.seq
        body = bytes(entry.body)
        yield from self._body(entry, body)
        leaf = leaf_hash(body, self._algorithm)
        if leaf.hex() != entry.leaf_hash:
            text = Text(f"第 {entry.seq} 条的内容被改动过。", f"Entry {entry.seq} was changed.")
            yield Problem("entry_changed", text, entry.seq)
        chain = chain_next(self._chain, leaf, self._algorithm)
        if chain.hex() != entry.chain_hash:
            text = Text(
                f"第 {entry.seq} 条与前面的记录接不上：它或它之前的记录被改动、删除或调换过。",
                f"Entry {entry.seq} does not follow from those before it: it or an earlier one was changed or moved.",
            )
            yield Problem("link_broken", text, entry.seq)
        # Go on from what is stored, so that one change is named once and later ones are still found.
        self._chain = bytes.fromhex(entry.chain_hash) if len(entry.chain_hash) == 64 else chain
        self._tree.append(leaf)
        if self.size in self._sizes:
            self.roots[self.size] = self._tree.root().hex()

    def _body(self, entry: TrailEntry, body: bytes) -> Iterator[Problem]:
        if not is_canonical(body):
            text = Text(f"第 {entry.seq} 条不是规范的字节。", f"Entry {entry.seq} is not in canonical form.")
            yield Problem("entry_not_canonical", text, entry.seq)
            return
        told: Any = parse(body)
        if told.get("seq") != entry.seq or told.get("log") != self._origin:
            text = Text(
                f"第 {entry.seq} 条里写的编号或留痕名称不对。",
                f"Entry {entry.seq} names another number or another log.",
            )
            yield Problem("entry_misplaced", text, entry.seq)

    def end(self, head: TrailHead) -> Iterator[Problem]:
        if head.size != self.size or head.chain_hash != self._chain.hex():
            text = Text(
                f"留痕末尾应为第 {head.size} 条，实际到第 {self.size} 条：末尾被删去或改动过。",
                f"The log should end at entry {head.size}; it ends at {self.size}: its tail was cut off or changed.",
            )
            yield Problem("head_differs", text, self.size)


def _sizes(witnessed: Sequence[Witnessed]) -> Iterator[int]:
    for one in witnessed:
        try:
            yield parse_short_head(one.text)[0]
        except AppError:
            lines = one.text.splitlines()
            if len(lines) > 1 and lines[1].isdigit():
                yield int(lines[1])


def _note_holds(
    note: TrailCheckpoint, head: TrailHead, keys: Sequence[TrustedKey], roots: Mapping[int, str]
) -> Iterator[Problem]:
    try:
        signed = open_checkpoint(note.note, head.origin, keys)
    except AppError as error:
        text = Text(
            f"第 {note.size} 条处的链头签名不对：{error.text.zh}", f"The head at entry {note.size}: {error.text.en}"
        )
        yield Problem("checkpoint_unsigned", text, note.size)
        return
    if signed.size != note.size or signed.root.hex() != note.root_hash:
        text = Text(
            f"第 {note.size} 条处的链头与登记不符。", f"The head at entry {note.size} is not what is stored of it."
        )
        yield Problem("checkpoint_misfiled", text, note.size)
    elif roots.get(note.size) is None:
        text = Text(
            f"有人签过第 {note.size} 条的链头，而现在的留痕没有这么长。",
            f"A head was signed at entry {note.size}, but the log is shorter now.",
        )
        yield Problem("shorter_than_checkpoint", text, note.size)
    elif roots[note.size] != signed.root.hex():
        text = Text(
            f"留痕与第 {note.size} 条处签名的链头不符：此前的记录被改写过（链已重算）。",
            f"The log forked before entry {note.size}: records were rewritten and the chain recomputed.",
        )
        yield Problem("forked_before_checkpoint", text, note.size)


def _witness_holds(
    one: Witnessed, head: TrailHead, keys: Sequence[TrustedKey], roots: Mapping[int, str], size: int
) -> Iterator[Problem]:
    try:
        at, root = parse_short_head(one.text)
    except AppError:
        try:
            signed = open_checkpoint(one.text, head.origin, keys)
        except AppError as error:
            yield Problem("witness_unreadable", error.text)
            return
        at, root = signed.size, signed.root.hex()
    if at > size:
        text = Text(
            f"您手里的链头在第 {at} 条，现在的留痕只有 {size} 条：比您见过的短。",
            f"You hold a head at entry {at}; the log has {size}: shorter than witnessed.",
        )
        yield Problem("shorter_than_witnessed", text, size)
    elif not roots.get(at, "").startswith(root):
        text = Text(
            f"您手里第 {at} 条处的链头与现在的留痕不符：此前的记录被改写过。",
            f"The head you hold at entry {at} is not this log's: records up to there were rewritten.",
        )
        yield Problem("forked_from_witnessed", text, at)


def _values_hold(session: Session, union_id: uuid.UUID, algorithm: str) -> Iterator[Problem]:
    """Every value that is not erased opens the commitment that stands in its record."""
    after = 0
    while True:
        page = session.execute(
            sa.select(TrailEntry.seq, TrailEntry.body)
            .where(
                TrailEntry.union_id == union_id,
                TrailEntry.seq > after,
                TrailEntry.seq.in_(sa.select(TrailValue.seq).where(TrailValue.union_id == union_id)),
            )
            .order_by(TrailEntry.seq)
            .limit(_PAGE)
        ).all()
        if not page:
            return
        bodies = {row.seq: bytes(row.body) for row in page}
        values = session.execute(
            sa.select(TrailValue.seq, TrailValue.path, TrailValue.salt, TrailValue.value).where(
                TrailValue.union_id == union_id, TrailValue.seq >= page[0].seq, TrailValue.seq <= page[-1].seq
            )
        )
        for seq, path, salt, value in values:
            yield from _value_holds(bodies.get(seq), seq, path, salt, value, algorithm)
        after = page[-1].seq


def _value_holds(
    body: bytes | None, seq: int, path: str, salt: bytes | None, value: object, algorithm: str
) -> Iterator[Problem]:
    if salt is None:
        return  # erased: the commitment stays, and opens nothing any more
    told: Any = parse(body) if body is not None and is_canonical(body) else {}
    sealed = told.get("sealed") or {}
    if sealed.get(path) != commitment(bytes(salt), value, algorithm):
        text = Text(
            f"第 {seq} 条封存的“{path}”与留痕不符，被改动过。",
            f"The sealed value “{path}” of entry {seq} was changed: it does not open its commitment.",
        )
        yield Problem("value_changed", text, seq)
