"""The review pack (审查资料包): the whole record, the report and the evidence as one zip that checks itself."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import viewing
from app.cases.definitions import Definitions
from app.cases.models import Case, CaseFile, CaseMigration, Decision, StoredDefinition, StoredFile
from app.cases.ports import Registry
from app.cases.service import Cases
from app.foundation.clock import stamp
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.errors import Conflict, NotFound
from app.foundation.storage import Store
from app.people.models import Union
from app.people.offices import OfficeBook
from app.people.principal import Principal
from app.review import heads, queries, report
from app.trail.keys import SigningKey
from app.trail.models import TrailCheckpoint, TrailEntry, TrailHead, TrailValue
from app.trail.note import TrustedKey
from app.trail.pack import OpenedValue, write_pack
from app.wording import Language

REVIEW = "fund_review"
_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a pack that are kept in memory; a larger one goes to a temporary file."""
_BATCH = 500
_CHUNK = 64 * 1024
_SUFFIXES = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "application/xml": "xml",
    "text/xml": "xml",
}


class NotYetSubmitted(Conflict):
    """审查还没有提交，范围未定，不能导出资料包。请先提交签名。

    The review is not submitted yet, so its scope is open. Submit it for signature, then export the pack.
    """

    code = "scope_open"


class RecordDamaged(Conflict):
    """记录或凭证（{what}）被改动过，资料包做不出来。请系统维护员运行 flask --app wsgi trail verify，它会逐条指出。

    The record or its evidence was changed ({what}), so no pack can be made of it. Ask whoever runs the service for
    flask --app wsgi trail verify, which names what.
    """

    code = "record_damaged"


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was made: its zip, open at the beginning, and its name. Whoever has it closes it."""

    name: str
    file: IO[bytes]
    size: int

    def chunks(self) -> Iterator[bytes]:
        """The bytes piece by piece; the file is closed after the last one, or when nobody wants more."""
        with self.file:
            while chunk := self.file.read(_CHUNK):
                yield chunk

    def close(self) -> None:
        """Give the file back."""
        self.file.close()


def pack(wiring: Wiring, principal: Principal, case_id: uuid.UUID, now: datetime, language: Language) -> Pack:
    """The pack of a submitted review.

    What is not yet under a signed head is signed first, so that the pack ends where a head stands.

    Raises:
        NotFound: no such review, or not open to this person.
        NotYetSubmitted: its scope is not frozen.
        RecordDamaged: a file's bytes, a workflow or a record is not what its hash says.
    """
    database, door, key = wiring.use(Database), wiring.use(Cases), wiring.use(SigningKey)
    with database.read() as session:
        case, definition = viewing.find(session, door, principal, case_id)
    if definition.name != REVIEW:
        raise NotFound
    if not case.data.get("scope_size"):
        raise NotYetSubmitted
    database.transact(lambda session: heads.sign_what_is_new(session, principal.union_id, key, now))
    name = f"{case.number}"
    with tempfile.TemporaryDirectory() as folder, database.read() as session:
        target = Path(folder) / name
        try:
            _write(session, wiring, principal, case, target, now, language)
        except ValueError as error:  # what the format refuses was never written by us
            raise RecordDamaged(what=str(error)) from error
        return _zipped(target, name)


def _write(
    session: Session,
    wiring: Wiring,
    principal: Principal,
    case: Case,
    target: Path,
    now: datetime,
    language: Language,
) -> None:
    union_id = principal.union_id
    head = session.get_one(TrailHead, union_id)
    key = wiring.use(SigningKey).named(head.origin)
    data = case.data
    first, last = date.fromisoformat(data["period_from"]), date.fromisoformat(data["period_to"])
    found = queries.figures(session, union_id, first, last, data["scope_size"])
    notes = _notes(session, union_id)
    union, offices = session.get_one(Union, union_id), wiring.use(OfficeBook).titles()
    told = report.build(
        found,
        report.Cover(
            union=union.name,
            number=case.number or "",
            name=data["name"],
            opinion=data.get("opinion") or "",
            signatures=report.signatures_of(session, case, offices),
            head=f"{notes[-1].size}@{notes[-1].root_hash}" if notes else "",
            made_on=now,
        ),
        wiring.use(Registry).account_titles,
        union_id,
        offices,
    )
    write_pack(
        target,
        origin=head.origin,
        made_at=stamp(now),
        scope={
            "cases": "all",
            "review": case.number or "",
            "from": first.isoformat(),
            "to": last.isoformat(),
            "scope_size": data["scope_size"],
        },
        entries=_entries(session, union_id),
        checkpoints=[note.note for note in notes],
        keys=[TrustedKey(key.verifier, 0, None)],
        definitions=_definitions(session, union_id),
        values=_values(session, union_id, _open_to(session, wiring.use(Definitions), principal)),
        cases=_cases(session, union_id),
        files=_evidence(session, union_id, wiring.use(Store), found),  # type: ignore[type-abstract]
        signer=key,
        documents=[
            ("report.pdf", report.pdf(told, language)),
            ("report.xlsx", report.xlsx(told, language)),
        ],
        algorithm=head.algorithm,
    )


def _notes(session: Session, union_id: uuid.UUID) -> Sequence[TrailCheckpoint]:
    return session.scalars(
        sa.select(TrailCheckpoint)
        .where(TrailCheckpoint.union_id == union_id)
        .order_by(TrailCheckpoint.size, TrailCheckpoint.made_at)
    ).all()


def _entries(session: Session, union_id: uuid.UUID) -> Iterator[tuple[bytes, str]]:
    rows = session.execute(
        sa.select(TrailEntry.body, TrailEntry.chain_hash)
        .where(TrailEntry.union_id == union_id)
        .order_by(TrailEntry.seq)
        .execution_options(yield_per=1000)
    )
    for body, chain in rows:
        yield bytes(body), chain


def _definitions(session: Session, union_id: uuid.UUID) -> Mapping[str, bytes]:
    """Every definition that a case of the union ever ran."""
    now = sa.select(Case.definition_hash).where(Case.union_id == union_id)
    used = now.union(sa.select(CaseMigration.from_hash).where(CaseMigration.union_id == union_id))
    rows = session.execute(
        sa.select(StoredDefinition.hash, StoredDefinition.canonical).where(StoredDefinition.hash.in_(used))
    )
    return {row.hash: bytes(row.canonical) for row in rows}


def _open_to(session: Session, definitions: Definitions, principal: Principal) -> list[str]:
    """Hashes of the workflows whose cases this person's offices may read."""
    used = session.scalars(sa.select(Case.definition_hash).where(Case.union_id == principal.union_id).distinct())
    return [one for one in used if not principal.offices.isdisjoint(definitions.by_hash(session, one).visible_to)]


def _values(session: Session, union_id: uuid.UUID, workflows: Sequence[str]) -> Iterator[OpenedValue]:
    """What was sealed in cases of these workflows and is not erased: who takes the pack may read it there too."""
    rows = session.execute(
        sa.select(TrailValue.seq, TrailValue.path, TrailValue.salt, TrailValue.value)
        .where(
            TrailValue.union_id == union_id,
            TrailValue.salt.is_not(None),
            TrailValue.seq.in_(
                sa.select(Decision.trail_seq)
                .join(Case, (Case.union_id == Decision.union_id) & (Case.id == Decision.case_id))
                .where(Decision.union_id == union_id, Case.definition_hash.in_(workflows))
            ),
        )
        .order_by(TrailValue.seq, TrailValue.path)
    )
    for seq, path, salt, value in rows:
        yield OpenedValue(seq, path, bytes(salt), value)


def _cases(session: Session, union_id: uuid.UUID) -> list[dict[str, Any]]:
    """How every numbered case ended; a draft edited after a return says only what the trail can bear out."""
    rows = session.scalars(
        sa.select(Case).where(Case.union_id == union_id, Case.number.is_not(None)).order_by(Case.number)
    )
    decided = []
    for row in rows:
        line: dict[str, Any] = {
            "id": str(row.id),
            "number": row.number,
            "workflow": row.workflow,
            "definition": row.definition_hash,
            "state": row.state,
            "phase": row.phase,
            "round": row.round,
        }
        if row.phase != "draft":
            line |= {"version": row.version, "data_hash": row.data_hash}
            if isinstance(row.data.get("amount_fen"), int):
                line["amount_fen"] = row.data["amount_fen"]
        decided.append(line)
    return decided


def _evidence(
    session: Session, union_id: uuid.UUID, store: Store, found: queries.Figures
) -> Iterator[tuple[str, bytes]]:
    """The files that the period's claims stand on, each content once."""
    ids = [item.case.id for item in found.items]
    kinds: dict[str, tuple[str, str]] = {}
    for start in range(0, len(ids), _BATCH):
        rows = session.execute(
            sa.select(StoredFile.sha256, StoredFile.media_type, Case.number)
            .join(CaseFile, (CaseFile.union_id == StoredFile.union_id) & (CaseFile.file_id == StoredFile.id))
            .join(Case, (Case.union_id == CaseFile.union_id) & (Case.id == CaseFile.case_id))
            .where(
                StoredFile.union_id == union_id,
                CaseFile.union_id == union_id,
                CaseFile.case_id.in_(ids[start : start + _BATCH]),
            )
            .order_by(Case.number, StoredFile.id)
        )
        for sha256, media_type, number in rows:
            kinds.setdefault(sha256, (media_type, number or ""))
    for sha256, (media_type, number) in sorted(kinds.items()):
        try:
            with store.open(sha256) as file:
                content = file.read()
        except NotFound as error:
            raise RecordDamaged(what=f"{number} {sha256[:12]}…") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise RecordDamaged(what=f"{number} {sha256[:12]}…")
        yield f"{sha256}.{_SUFFIXES.get(media_type, 'bin')}", content


def _zipped(folder: Path, name: str) -> Pack:
    """The folder as a zip; files in order, times left out, so that the same pack gives the same bytes."""
    held: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            info = zipfile.ZipInfo(f"{name}/{path.relative_to(folder).as_posix()}")
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(info, "w") as target:
                shutil.copyfileobj(source, target)
    size = held.tell()
    held.seek(0)
    return Pack(f"{name}.zip", held, size)
