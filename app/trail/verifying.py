"""Checking one union's log against itself, its signed heads and a head that somebody else holds. Reads only."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.clock import stamp
from app.foundation.errors import AppError
from app.trail.canonical import parse
from app.trail.chain import ALGORITHMS, chain_next, chain_start, commitment, leaf_hash
from app.trail.merkle import Frontier
from app.trail.models import TrailCheckpoint, TrailEntry, TrailHead, TrailValue
from app.trail.note import TrustedKey, open_checkpoint, parse_short_head
from app.wording import Text

_PAGE = 2000
_HEX64 = re.compile(r"[0-9a-f]{64}")


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


class Stored(NamedTuple):
    """One record as its table holds it, whatever somebody wrote there. ``at`` is a stamp, None where it is no moment."""

    seq: int
    at: str | None
    body: bytes
    leaf_hash: str
    chain_hash: str


def entries(session: Session, union_id: uuid.UUID) -> Iterator[Stored]:
    """Every record in order, a page at a time, so that memory stays bounded."""
    # Moments are taken as they are written: on SQLite one that is none would end the whole reading.
    written = sa.type_coerce(TrailEntry.at, sa.String)
    columns = TrailEntry.seq, written, TrailEntry.body, TrailEntry.leaf_hash, TrailEntry.chain_hash
    statement = sa.select(*columns).where(TrailEntry.union_id == union_id).order_by(TrailEntry.seq).limit(_PAGE)
    page = session.execute(statement).all()
    while page:
        for seq, at, body, leaf, chain in page:
            yield Stored(seq, _stamped(at), bytes_of(body), leaf, chain)
        page = session.execute(statement.where(TrailEntry.seq > page[-1].seq)).all()


def record_of(body: bytes) -> Mapping[str, Any] | None:
    """What a record says; None where its bytes are no record in canonical form."""
    try:
        told = parse(body)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def bytes_of(value: bytes | str) -> bytes:
    """SQLite keeps text in a column of bytes when text was put there."""
    return value.encode() if isinstance(value, str) else bytes(value)


def _stamped(at: object) -> str | None:
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return None
    if not isinstance(moment, datetime):
        return None
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


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
    if head.algorithm not in ALGORITHMS:
        text = Text(
            f"留痕的散列算法写成了“{head.algorithm}”，被改动过。",
            f"The log names “{head.algorithm}” as its hash algorithm: that was changed.",
        )
        yield Problem("head_differs", text)
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


def signed_head_holds(session: Session, note: TrailCheckpoint, head: TrailHead, keys: Sequence[TrustedKey]) -> bool:
    """Whether the records up to a signed head still come to the root that was signed. Reads each of them once."""
    try:
        signed = open_checkpoint(note.note, head.origin, keys)
    except AppError:
        return False
    tree = Frontier(algorithm=signed.algorithm)
    bodies = session.execute(
        sa.select(TrailEntry.body)
        .where(TrailEntry.union_id == head.union_id, TrailEntry.seq <= signed.size)
        .order_by(TrailEntry.seq)
        .execution_options(yield_per=_PAGE)
    ).scalars()
    for body in bodies:
        tree.append(leaf_hash(bytes_of(body), signed.algorithm))
    return (tree.size, tree.root()) == (signed.size, signed.root)


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

    def take(self, entry: Stored) -> Iterator[Problem]:
        if entry.seq < 1:
            text = Text(f"多出第 {entry.seq} 条：编号从 1 起。", f"There is an entry {entry.seq}: numbers begin at 1.")
            yield Problem("entry_misplaced", text, entry.seq)
            return
        expected = self.size + 1
        if entry.seq != expected:
            text = Text(
                f"第 {expected} 条不见了（下一条是第 {entry.seq} 条）。",
                f"Entry {expected} is missing (the next one is {entry.seq}).",
            )
            yield Problem("entry_missing", text, expected)
        self.size = entry.seq
        yield from self._body(entry)
        leaf = leaf_hash(entry.body, self._algorithm)
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
        self._chain = bytes.fromhex(entry.chain_hash) if _HEX64.fullmatch(entry.chain_hash) else chain
        self._tree.append(leaf)
        if self.size in self._sizes:
            self.roots[self.size] = self._tree.root().hex()

    def _body(self, entry: Stored) -> Iterator[Problem]:
        told = record_of(entry.body)
        if told is None:
            text = Text(f"第 {entry.seq} 条不是规范的字节。", f"Entry {entry.seq} is not in canonical form.")
            yield Problem("entry_not_canonical", text, entry.seq)
        elif (told.get("seq"), told.get("log"), told.get("at")) != (entry.seq, self._origin, entry.at):
            text = Text(
                f"第 {entry.seq} 条里写的编号、时间或留痕名称与登记的不符。",
                f"Entry {entry.seq} names another number, moment or log than it is stored under.",
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
    filed = note.size, note.root_hash, stamp(note.made_at)
    if (signed.size, signed.root.hex(), signed.time) != filed or _root_of(note, head.algorithm) != signed.root.hex():
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


def _root_of(note: TrailCheckpoint, algorithm: str) -> str | None:
    """The root that the stored subtrees come to, from which the next head is made."""
    try:
        return Frontier(note.size, [bytes.fromhex(node) for node in note.frontier], algorithm).root().hex()
    except (TypeError, ValueError):
        return None


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
    own = sa.select(TrailValue.seq, TrailValue.path).where(TrailValue.union_id == union_id)
    recorded = sa.exists().where(TrailEntry.union_id == union_id, TrailEntry.seq == TrailValue.seq)
    for seq, path in session.execute(own.where(~recorded).order_by(TrailValue.seq, TrailValue.path)):
        text = Text(
            f"没有第 {seq} 条记录，却有它封存的“{path}”。",
            f"There is a sealed “{path}” of entry {seq}, which is not there.",
        )
        yield Problem("value_untold", text, seq)
    statement = (
        sa.select(TrailEntry.seq, TrailEntry.body)
        .where(TrailEntry.union_id == union_id, TrailEntry.seq.in_(own.with_only_columns(TrailValue.seq)))
        .order_by(TrailEntry.seq)
        .limit(_PAGE)
    )
    page = session.execute(statement).all()
    while page:
        yield from _these_values_hold(session, union_id, {row.seq: bytes_of(row.body) for row in page}, algorithm)
        page = session.execute(statement.where(TrailEntry.seq > page[-1].seq)).all()


def _these_values_hold(
    session: Session, union_id: uuid.UUID, bodies: Mapping[int, bytes], algorithm: str
) -> Iterator[Problem]:
    """The values beside some records, which lie one after the other."""
    is_text = session.get_bind().dialect.name == "sqlite"
    value = sa.type_coerce(TrailValue.value, sa.Text) if is_text else TrailValue.value
    rows = session.execute(
        sa.select(TrailValue.seq, TrailValue.path, TrailValue.salt, value.label("value"))
        .where(TrailValue.union_id == union_id, TrailValue.seq >= min(bodies), TrailValue.seq <= max(bodies))
        .order_by(TrailValue.seq, TrailValue.path)
    )
    sealed: Mapping[str, Any] = {}
    last = None
    for row in rows:
        if row.seq != last:
            last, told = row.seq, record_of(bodies[row.seq]) if row.seq in bodies else None
            sealed = (told or {}).get("sealed") or {}
        if not _opens(sealed, row.path, row.salt, row.value, algorithm, is_text=is_text):
            text = Text(
                f"第 {row.seq} 条封存的“{row.path}”与留痕不符，被改动过。",
                f"The sealed value “{row.path}” of entry {row.seq} was changed: it does not open its commitment.",
            )
            yield Problem("value_changed", text, row.seq)


def _opens(sealed: object, path: str, salt: bytes | None, value: object, algorithm: str, *, is_text: bool) -> bool:
    """Whether the value opens its commitment, or was erased whole: then the commitment stays, and opens nothing."""
    try:
        plain = json.loads(value) if is_text and isinstance(value, str) else value
        if salt is None:
            return plain is None
        committed = commitment(bytes_of(salt), plain, algorithm)
    except (RecursionError, TypeError, ValueError):
        return False
    return isinstance(sealed, dict) and sealed.get(path) == committed
