"""An invented union's trail, small: two claims and a confirmation of office, and the pack made of it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.trail.canonical import canonical
from app.trail.chain import chain_next, chain_start, commitment, data_hash, leaf_hash
from app.trail.keys import SigningKey
from app.trail.merkle import Frontier
from app.trail.note import Checkpoint, TrustedKey, sign_note
from app.trail.pack import OpenedValue, write_pack

ORIGIN = "gongkai.example/unions/qinghe"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
SALT = bytes(range(16))
RECEIPT = "收据".encode()
RECEIPT_HASH = hashlib.sha256(RECEIPT).hexdigest()
CLAIM, CLAIM2 = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"

DEFINITION = canonical(
    {
        "name": "expense_claim",
        "initial": "draft",
        "states": {
            "draft": {"phase": "draft"},
            "submitted": {"phase": "submitted"},
            "audited": {"phase": "audited"},
            "published": {"phase": "published"},
        },
        "actions": {
            "submit": {"from": ["draft"], "to": [{"state": "submitted"}]},
            "approve": {"from": ["submitted"], "to": [{"state": "audited", "when": None}], "approvals": [{"need": 2}]},
            "return": {"from": ["submitted"], "to": [{"state": "draft"}], "new_round": True},
            "pay": {"from": ["audited"], "to": []},
            "publish": {"from": ["audited"], "to": [{"state": "published"}]},
        },
    }
)
DEFINITION_HASH = hashlib.sha256(DEFINITION).hexdigest()

Entry = dict[str, Any]


def person(number: int) -> str:
    """The id of an invented person."""
    return f"01900000-0000-7000-8000-00000000010{number}"


def _record(event: str, actor: int, about: Entry | None = None, **fields: Any) -> Entry:
    return {"event": event, "actor": {"person": person(actor), "office": "auditor"}, "case": about, **fields}


def _about(case: str, number: str | None, version: int, round_: int = 1) -> Entry:
    return {
        "id": case,
        "number": number,
        "workflow": "expense_claim",
        "definition": DEFINITION_HASH,
        "round": round_,
        "version": version,
    }


def union_records(algorithm: str = "sha256") -> list[Entry]:
    """What happened, in order; ``seq``, ``at``, ``log`` and ``v`` are put on when the records are chained."""
    clear = {"purpose": "春季登山", "amount_fen": 128_600}
    sealed = {"payee": commitment(SALT, "某某", algorithm)}
    comment = {"@comment": commitment(SALT, "已核对原件", algorithm)}
    signed = data_hash(clear, sealed, algorithm)
    clear2 = {"lines": [{"amount_fen": 300}, {"amount_fen": 450}]}
    signed2 = data_hash(clear2, {}, algorithm)
    number, number2 = "GH-2026-0001", "GH-2026-0002"
    step = {"closes": True, "data_hash": signed}
    return [
        _record("office.confirmed", 1, facts={"office": "auditor"}),
        _record("case.open", 1, _about(CLAIM, None, 1), to="draft", data=clear, sealed=sealed, data_hash=signed),
        _record(
            "case.submit",
            1,
            _about(CLAIM, number, 2),
            action="submit",
            **{"from": "draft"},
            to="submitted",
            files=[RECEIPT_HASH],
            **step,
        ),
        _record(
            "case.approve",
            2,
            _about(CLAIM, number, 2),
            action="approve",
            **{"from": "submitted"},
            to="submitted",
            closes=False,
            votes=[person(2)],
            need=2,
            data_hash=signed,
            sealed=comment,
        ),
        _record("case.open", 1, _about(CLAIM2, None, 1), to="draft", data=clear2, data_hash=signed2),
        _record(
            "case.approve",
            3,
            _about(CLAIM, number, 3),
            action="approve",
            **{"from": "submitted"},
            to="audited",
            votes=[person(2), person(3)],
            need=2,
            **step,
        ),
        _record("case.pay", 4, _about(CLAIM, number, 4), action="pay", **{"from": "audited"}, to="audited", **step),
        _record(
            "case.submit",
            1,
            _about(CLAIM2, number2, 2),
            action="submit",
            **{"from": "draft"},
            to="submitted",
            closes=True,
            data_hash=signed2,
        ),
        _record(
            "case.publish", 5, _about(CLAIM, number, 5), action="publish", **{"from": "audited"}, to="published", **step
        ),
    ]


def union_cases() -> list[Entry]:
    """How both claims ended."""
    records = union_records()
    return [
        {
            "id": CLAIM,
            "number": "GH-2026-0001",
            "workflow": "expense_claim",
            "definition": DEFINITION_HASH,
            "state": "published",
            "phase": "published",
            "round": 1,
            "version": 5,
            "data_hash": records[1]["data_hash"],
            "amount_fen": 128_600,
            "files": [RECEIPT_HASH],
        },
        {
            "id": CLAIM2,
            "number": "GH-2026-0002",
            "workflow": "expense_claim",
            "definition": DEFINITION_HASH,
            "state": "submitted",
            "phase": "submitted",
            "round": 1,
            "version": 2,
            "data_hash": records[4]["data_hash"],
            "amount_fen": 750,
            "amount_path": "lines.*.amount_fen",
        },
    ]


@dataclass
class Union:
    """Everything a pack is made of; change it, then write the pack."""

    records: list[Entry] = field(default_factory=union_records)
    cases: list[Entry] = field(default_factory=union_cases)
    values: list[OpenedValue] = field(default_factory=lambda: [OpenedValue(2, "payee", SALT, "某某")])
    scope: Entry = field(default_factory=lambda: {"cases": "all", "period": "2026-H1"})
    algorithm: str = "sha256"
    checkpoint_sizes: tuple[int, ...] = (0, 3, 9)
    signer: SigningKey = KEY
    trusted: tuple[TrustedKey, ...] = (TrustedKey(KEY.verifier),)

    def bodies(self) -> list[bytes]:
        """The canonical body of every record."""
        made = []
        for seq, record in enumerate(copy.deepcopy(self.records), 1):
            at = f"2026-03-{seq % 28 + 1:02d}T08:00:00.000000Z"
            full = {"v": 1, "log": ORIGIN, "seq": seq, "at": at, **record}
            made.append(canonical({key: value for key, value in full.items() if value is not None}))
        return made

    def checkpoints(self) -> list[str]:
        """Signed checkpoints at ``checkpoint_sizes``."""
        return [checkpoint(self.bodies()[:size], self.algorithm, self.signer) for size in self.checkpoint_sizes]

    def write(self, directory: Path) -> Path:
        """The pack in a new folder."""
        write_pack(
            directory,
            origin=ORIGIN,
            made_at="2026-07-01T00:00:00.000000Z",
            scope=self.scope,
            entries=linked(self.bodies(), self.algorithm),
            checkpoints=self.checkpoints(),
            keys=self.trusted,
            definitions={DEFINITION_HASH: DEFINITION},
            values=self.values,
            cases=self.cases,
            files=[(f"{RECEIPT_HASH}.jpg", RECEIPT)],
            documents=[("report.pdf", b"%PDF-1.7 a report")],
            signer=self.signer,
            algorithm=self.algorithm,
        )
        return directory


def linked(bodies: Iterable[bytes], algorithm: str = "sha256") -> list[tuple[bytes, str]]:
    """Each body with the chain value after it."""
    chain, rows = chain_start(ORIGIN, algorithm), []
    for body in bodies:
        chain = chain_next(chain, leaf_hash(body, algorithm), algorithm)
        rows.append((body, chain.hex()))
    return rows


def head_of(bodies: list[bytes], algorithm: str = "sha256") -> Checkpoint:
    """The head after these records."""
    frontier = Frontier(algorithm=algorithm)
    for body in bodies:
        frontier.append(leaf_hash(body, algorithm))
    rows = linked(bodies, algorithm)
    chain = bytes.fromhex(rows[-1][1]) if rows else chain_start(ORIGIN, algorithm)
    return Checkpoint(ORIGIN, len(bodies), frontier.root(), chain, f"2026-04-01T00:00:00.{len(bodies):06d}Z", algorithm)


def checkpoint(bodies: list[bytes], algorithm: str = "sha256", signer: SigningKey = KEY) -> str:
    """A signed checkpoint over these records."""
    return sign_note(head_of(bodies, algorithm).text(), [signer])
