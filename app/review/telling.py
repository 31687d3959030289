"""What the trail tells of each case: which records are about it, and each record taken apart."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases.definitions import ADOPTED
from app.cases.recording import MIGRATED
from app.engine.decision import Arrangement, Order, Verb
from app.engine.definition import Definition
from app.engine.replay import Carried, Event, Move, Noted
from app.trail.models import TrailEntry, TrailValue
from app.trail.verifying import entries, record_of


@dataclass(frozen=True, slots=True)
class Told:
    """One record of the trail about a case."""

    seq: int
    body: Mapping[str, Any]

    @property
    def case(self) -> Mapping[str, Any]:
        """What it says of the case itself: number, round, version, definition."""
        return _mapping(self.body.get("case"))

    @property
    def actor(self) -> Mapping[str, Any]:
        """Person and office, or the rule that acted."""
        return _mapping(self.body.get("actor"))

    @property
    def sealed(self) -> Mapping[str, str]:
        """Commitments by path."""
        return _mapping(self.body.get("sealed"))

    @property
    def files(self) -> frozenset[str] | None:
        """SHA-256 of every file that the form stood on; None where the step changed nothing in the form."""
        files = self.body.get("files")
        return frozenset(map(str, files)) if isinstance(files, list) else None

    @property
    def move(self) -> Move:
        """The step, as the engine replays it."""
        body = self.body
        return Move(
            seq=self.seq,
            action=str(body.get("action")),
            source=str(body.get("from")),
            target=str(body.get("to")),
            closes=bool(body.get("closes")),
            person=self.actor.get("person"),
            votes=tuple(body.get("votes") or ()),
            need=body.get("need"),
            routing=body.get("routing") or {},
            round=int(self.case.get("round") or 0),
            seat=body.get("seat"),
            weight=body.get("weight") or 1,
            party=str(body.get("party") or ""),
            added=tuple(body.get("added") or ()),
        )

    @property
    def arrangement(self) -> Mapping[str, Any] | None:
        """What was arranged, where the record is not of a step."""
        found = self.body.get("arrangement")
        return found if isinstance(found, dict) else None

    @property
    def migration(self) -> Mapping[str, Any] | None:
        """From which version to which the case was carried, where the record is of that."""
        return _mapping(self.body.get("migration")) if self.body.get("event") == MIGRATED else None

    @property
    def is_step(self) -> bool:
        """Whether somebody decided, rather than arranged something or carried the case to another version."""
        return self.arrangement is None and self.migration is None

    def event(self, versions: Mapping[str, Definition]) -> Event:
        """The step, the arrangement or the carrying, as the engine replays it; ``versions`` are definitions by hash."""
        made, carried = self.arrangement, self.migration
        if carried is not None:
            return Carried(
                seq=self.seq,
                before=str(carried.get("from")),
                definition=versions[str(self.case.get("definition"))],
                source=str(self.body.get("from")),
                target=str(self.body.get("to")),
                round=int(self.case.get("round") or 0),
            )
        if made is None:
            return self.move
        seed = made.get("seed")
        return Noted(
            seq=self.seq,
            arrangement=Arrangement(
                Verb(str(made.get("verb"))),
                str(made.get("action") or ""),
                self.actor.get("person"),
                made.get("person"),
                Order(made.get("order") or Order.BESIDE),
            ),
            state=str(self.body.get("to")),
            round=int(self.case.get("round") or 0),
            lot=None if seed is None else (str(seed), tuple(made.get("pool") or ())),
        )

    @property
    def paper(self) -> str | None:
        """SHA-256 of the signed sheet that the step was recorded from."""
        found = _mapping(self.body.get("paper")).get("sha256")
        return None if found is None else str(found)


@dataclass(frozen=True, slots=True)
class Kept:
    """A value kept beside the trail to open a commitment; without a salt it was erased."""

    seq: int
    path: str
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What the records are about. Only numbers and hashes are held, so that memory stays small."""

    cases: dict[str, list[int]]
    """Case id -> the numbers of its records, in order."""
    adopted: set[tuple[str, str]]
    """Name and hash of every workflow that was put in force."""
    delegations: dict[str, tuple[object, ...]]
    """Id -> giver, taker, offices, days, and whether it was ended, of everyone who stood in for another."""
    revisions: list[Revision] = field(default_factory=list)
    """Every record about a version of a workflow, in order."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One record about a version of a workflow: proposed, adopted or rejected."""

    seq: int
    event: str
    person: str | None
    at: str
    extra: Mapping[str, Any]


def contents(session: Session, union_id: uuid.UUID) -> Contents:
    """Walk the log once."""
    found = Contents({}, set(), {})
    for entry in entries(session, union_id):
        body = _parsed(entry.body)
        case_id = _mapping(body.get("case")).get("id")
        if case_id is not None:
            found.cases.setdefault(str(case_id), []).append(entry.seq)
        elif str(body.get("event")).startswith("delegation."):
            about = _mapping(body.get("delegation"))
            names = ("giver", "taker", "offices", "from", "until")
            has_ended = body.get("event") == "delegation.ended"
            found.delegations[str(about.get("id"))] = (*(about.get(name) for name in names), has_ended)
        elif str(body.get("event")).startswith("workflow."):
            event, extra = str(body.get("event")), _mapping(body.get("extra"))
            person = _mapping(body.get("actor")).get("person")
            found.revisions.append(Revision(entry.seq, event, person, str(body.get("at")), extra))
            if event == ADOPTED:
                found.adopted.add((str(extra.get("workflow")), str(extra.get("definition"))))
    return found


def told(session: Session, union_id: uuid.UUID, seqs: Iterable[int]) -> dict[int, Told]:
    """Those records, taken apart."""
    rows = session.execute(
        sa.select(TrailEntry.seq, TrailEntry.body).where(
            TrailEntry.union_id == union_id, TrailEntry.seq.in_(list(seqs))
        )
    )
    return {seq: Told(seq, _parsed(bytes(body))) for seq, body in rows}


def kept_beside(session: Session, union_id: uuid.UUID, seqs: Sequence[int]) -> dict[int, list[Kept]]:
    """What is kept to open the commitments of those records."""
    found: dict[int, list[Kept]] = {}
    rows = session.execute(
        sa.select(TrailValue.seq, TrailValue.path, TrailValue.salt).where(
            TrailValue.union_id == union_id, TrailValue.seq.in_(seqs)
        )
    )
    for seq, path, salt in rows:
        found.setdefault(seq, []).append(Kept(seq, path, None if salt is None else bytes(salt)))
    return found


def _parsed(body: bytes) -> Mapping[str, Any]:
    """The record; nothing where its bytes are not canonical, which the check of the log has named already."""
    return record_of(body) or {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
