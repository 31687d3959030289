"""The only writer of the trail: append a record, and sign a checkpoint over what is there."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.clock import stamp
from app.foundation.db import table_of, write_rows
from app.trail.canonical import canonical
from app.trail.chain import SALT_BYTES, chain_next, chain_start, commitment, leaf_hash
from app.trail.keys import SigningKey
from app.trail.merkle import Frontier
from app.trail.models import TrailCheckpoint, TrailEntry, TrailHead, TrailValue
from app.trail.note import Checkpoint, sign_note

COMMENT = "@comment"
"""The sealed path of the opinion that goes with a step."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one entry says. ``body`` holds the parts that are not the same for every event; None parts are left out."""

    event: str
    person: str | None
    office: str | None = None
    rule: str | None = None
    body: Mapping[str, object] = field(default_factory=dict)
    values: Mapping[str, tuple[bytes, object]] = field(default_factory=dict)
    """Erasable values by path, each with its salt; their commitments are in ``body["sealed"]``."""


def origin_of(host: str, slug: str) -> str:
    """The log's name: it is hashed into the first link and stands in every checkpoint, so logs cannot be swapped."""
    return f"{host}/trail/{slug}"


def seal(values: Mapping[str, object]) -> tuple[dict[str, str], dict[str, tuple[bytes, object]]]:
    """Commit to erasable values: their commitments by path, and what to keep beside the trail to open them."""
    opened = {path: (secrets.token_bytes(SALT_BYTES), value) for path, value in values.items()}
    return {path: commitment(salt, value) for path, (salt, value) in opened.items()}, opened


def start(session: Session, union_id: uuid.UUID, origin: str, algorithm: str = "sha256") -> None:
    """Begin a union's log; done once, when the union is made."""
    session.execute(
        sa.insert(TrailHead).values(
            union_id=union_id,
            size=0,
            chain_hash=chain_start(origin, algorithm).hex(),
            origin=origin,
            algorithm=algorithm,
        )
    )


_HEAD = (
    sa.select(TrailHead.size, TrailHead.chain_hash, TrailHead.origin, TrailHead.algorithm)
    .where(TrailHead.union_id == sa.bindparam("union"))
    .with_for_update()
)
_NEW_ENTRY = sa.insert(table_of(TrailEntry))
_NEW_VALUE = sa.insert(table_of(TrailValue))
_NEW_HEAD = (
    sa.update(table_of(TrailHead))
    .where(TrailHead.union_id == sa.bindparam("union"))
    .values(size=sa.bindparam("new_size"), chain_hash=sa.bindparam("new_chain_hash"))
)


def append(session: Session, union_id: uuid.UUID, record: Record, now: datetime) -> int:
    """Write one record at the end of the union's log and return its number."""
    return append_all(session, union_id, [record], now)[0]


def append_all(session: Session, union_id: uuid.UUID, records: Sequence[Record], now: datetime) -> list[int]:
    """Write records in order at the end of the union's log and return their numbers.

    The head row is locked here, last of all locks, so that numbers have no gaps and the chain no forks.
    """
    connection = session.connection()
    head = connection.execute(_HEAD, {"union": union_id}).one()
    chain, entries, values = bytes.fromhex(head.chain_hash), [], []
    seqs = list(range(int(head.size) + 1, int(head.size) + 1 + len(records)))
    for seq, record in zip(seqs, records, strict=True):
        body = _body_of(record, head.origin, seq, now)
        leaf = leaf_hash(body, head.algorithm)
        chain = chain_next(chain, leaf, head.algorithm)
        entries.append(
            {
                "union_id": union_id,
                "seq": seq,
                "at": now,
                "body": body,
                "leaf_hash": leaf.hex(),
                "chain_hash": chain.hex(),
            }
        )
        values += [
            {"union_id": union_id, "seq": seq, "path": path, "salt": salt, "value": value}
            for path, (salt, value) in record.values.items()
        ]
    write_rows(connection, _NEW_ENTRY, entries)
    write_rows(connection, _NEW_VALUE, values)
    connection.execute(
        _NEW_HEAD, {"union": union_id, "new_size": head.size + len(records), "new_chain_hash": chain.hex()}
    )
    return seqs


def _body_of(record: Record, origin: str, seq: int, now: datetime) -> bytes:
    return canonical(
        {
            "v": 1,
            "log": origin,
            "seq": seq,
            "at": stamp(now),
            "event": record.event,
            "actor": _present({"person": record.person, "office": record.office, "system": record.rule}),
            **_present(record.body),
        }
    )


def make_checkpoint(session: Session, union_id: uuid.UUID, key: SigningKey, now: datetime) -> str:
    """Sign the tree of everything recorded so far and return the note. Made also when nothing is new."""
    head = session.connection().execute(_HEAD, {"union": union_id}).one()
    last = session.execute(
        sa.select(TrailCheckpoint.size, TrailCheckpoint.frontier)
        .where(TrailCheckpoint.union_id == union_id)
        .order_by(TrailCheckpoint.size.desc(), TrailCheckpoint.made_at.desc())
        .limit(1)
    ).first()
    frontier = (
        Frontier(last.size, [bytes.fromhex(node) for node in last.frontier], head.algorithm)
        if last
        else Frontier(algorithm=head.algorithm)
    )
    leaves = session.execute(
        sa.select(TrailEntry.leaf_hash)
        .where(TrailEntry.union_id == union_id, TrailEntry.seq > frontier.size)
        .order_by(TrailEntry.seq)
    ).scalars()
    for leaf in leaves:
        frontier.append(bytes.fromhex(leaf))
    checkpoint = Checkpoint(
        origin=head.origin,
        size=frontier.size,
        root=frontier.root(),
        chain=bytes.fromhex(head.chain_hash),
        time=stamp(now),
        algorithm=head.algorithm,
    )
    note = sign_note(checkpoint.text(), [key.named(head.origin)])
    session.execute(
        sa.insert(TrailCheckpoint).values(
            union_id=union_id,
            size=frontier.size,
            made_at=now,
            root_hash=frontier.root().hex(),
            note=note,
            frontier=[node.hex() for node in frontier.nodes],
        )
    )
    return note


def _present(values: Mapping[str, object]) -> dict[str, object]:
    """Without the parts that say nothing, which are left out of the hashed bytes."""
    return {name: value for name, value in values.items() if value is not None}
