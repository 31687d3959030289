"""The review pack: one zip that checks itself on a machine without this product, and names what was changed in it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.engine.definition import Definition
from app.foundation.errors import NotFound
from app.review import packing
from app.review.packing import NotYetSubmitted, RecordDamaged
from app.trail.keys import SigningKey
from app.trail.models import TrailHead
from tests.fixtures.chronicles import RECEIPT, Chronicle, swapped
from tests.integration.review.test_figures import JULY, review


@pytest.fixture
def folder(chronicle: Chronicle, tmp_path: Path) -> Path:
    """The pack of a submitted review, unpacked."""
    case = chronicle.books.acted("auditor1", review(chronicle), "submit", JULY)
    principal = chronicle.books.town.acting("auditor1", JULY)
    made = packing.pack(chronicle.wiring, principal, case.id, JULY, "zh")
    assert made.name == f"{case.number}.zip"
    with made.file, zipfile.ZipFile(made.file) as archive:
        archive.extractall(tmp_path / "desk")
    return tmp_path / "desk" / str(case.number)


def key_of(chronicle: Chronicle) -> str:
    """The public key as the public page shows it."""
    with chronicle.database.read() as session:
        origin = session.get_one(TrailHead, chronicle.books.town.union_id).origin
    return chronicle.wiring.use(SigningKey).named(origin).verifier.vkey()


def checked(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the pack's own verifier says, with Python alone: no packages, no environment, no product."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder), *arguments],
        cwd=folder.parent,
        env={"LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_pack_checks_itself_against_the_published_key_and_the_head_a_member_kept(
    chronicle: Chronicle, folder: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(chronicle.head, encoding="utf-8")
    answer = checked(folder, "--key", key_of(chronicle), "--head", str(kept))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "核对一致" in answer.stdout


def test_it_holds_the_report_the_evidence_and_how_every_case_ended(chronicle: Chronicle, folder: Path) -> None:
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert (folder / "report.xlsx").read_bytes().startswith(b"PK")
    assert [path.read_bytes() for path in (folder / "files").iterdir()] == [RECEIPT]
    lines = [json.loads(line) for line in (folder / "cases.ndjson").read_text(encoding="utf-8").splitlines()]
    ended = {line["number"]: line for line in lines}
    assert ended[chronicle.paid.number]["state"] == "published"
    assert ended[chronicle.paid.number]["amount_fen"] == 30_000
    assert "amount_fen" not in ended[chronicle.returned.number]


def test_an_amount_changed_in_the_pack_is_found(folder: Path) -> None:
    path = folder / "cases.ndjson"
    path.write_text(path.read_text(encoding="utf-8").replace("30000", "20000"), encoding="utf-8")
    answer = checked(folder)
    assert answer.returncode == 1
    assert "cases.ndjson" in answer.stdout + answer.stderr


def test_evidence_swapped_in_the_pack_is_found(folder: Path) -> None:
    path = next((folder / "files").iterdir())
    path.write_bytes(b"another list")
    answer = checked(folder)
    assert answer.returncode == 1
    assert path.name in answer.stdout + answer.stderr


def test_a_pack_is_made_only_once_the_scope_is_frozen_and_only_for_those_who_may_see_it(chronicle: Chronicle) -> None:
    draft = review(chronicle)
    auditor = chronicle.books.town.acting("auditor1", JULY)
    with pytest.raises(NotYetSubmitted):
        packing.pack(chronicle.wiring, auditor, draft.id, JULY, "zh")
    with pytest.raises(NotFound):
        packing.pack(chronicle.wiring, auditor, chronicle.paid.id, JULY, "zh")
    with pytest.raises(NotFound):
        packing.pack(chronicle.wiring, chronicle.books.town.acting("organiser", JULY), draft.id, JULY, "zh")


def test_a_record_rewritten_and_rechained_in_the_database_shows_in_the_next_pack(
    chronicle: Chronicle, tmp_path: Path
) -> None:
    case = chronicle.books.acted("auditor1", review(chronicle), "submit", JULY)
    with chronicle.behind_its_back() as session:
        chronicle.rewritten(session)
        chronicle.rechained(session)
    made = packing.pack(chronicle.wiring, chronicle.books.town.acting("auditor1", JULY), case.id, JULY, "zh")
    with made.file, zipfile.ZipFile(made.file) as archive:
        archive.extractall(tmp_path / "forged")
    folder = tmp_path / "forged" / str(case.number)
    kept = tmp_path / "kept.txt"
    kept.write_text(chronicle.head, encoding="utf-8")
    answer = checked(folder, "--key", key_of(chronicle), "--head", str(kept))
    assert answer.returncode == 1
    assert chronicle.head.splitlines()[1] in answer.stdout + answer.stderr


def test_the_same_moment_on_the_same_record_gives_the_same_pack_byte_for_byte(chronicle: Chronicle) -> None:
    case = chronicle.books.acted("auditor1", review(chronicle), "submit", JULY)
    auditor = chronicle.books.town.acting("auditor1", JULY)
    packs = [packing.pack(chronicle.wiring, auditor, case.id, JULY, "zh") for _ in range(2)]
    first, second = (b"".join(one.chunks()) for one in packs)
    assert first == second
    assert len(first) == packs[0].size
    assert packs[0].file.closed


def test_evidence_swapped_in_the_store_is_refused_with_its_claim_instead_of_packed(chronicle: Chronicle) -> None:
    case = chronicle.books.acted("auditor1", review(chronicle), "submit", JULY)
    swapped(chronicle, b"another list")
    with pytest.raises(RecordDamaged) as refused:
        packing.pack(chronicle.wiring, chronicle.books.town.acting("auditor1", JULY), case.id, JULY, "zh")
    assert str(chronicle.paid.number) in refused.value.text.zh


def test_what_the_reviewer_may_not_read_on_the_page_is_not_opened_in_his_pack(
    chronicle: Chronicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = chronicle.books.acted("auditor1", review(chronicle), "submit", JULY)
    auditor = chronicle.books.town.acting("auditor1", JULY)
    whole = opened_in(packing.pack(chronicle.wiring, auditor, case.id, JULY, "zh"))
    assert {"payee", "no_invoice_reason"} <= whole
    stored = Definitions.by_hash

    def by_hash(self: Definitions, session: Session, hash_: str) -> Definition:
        found = stored(self, session, hash_)
        return dataclasses.replace(found, visible_to=("chair",)) if found.name == "expense_claim" else found

    monkeypatch.setattr(Definitions, "by_hash", by_hash)
    assert "payee" not in opened_in(packing.pack(chronicle.wiring, auditor, case.id, JULY, "zh"))


def opened_in(made: packing.Pack) -> set[str]:
    """The paths of the values that a pack opens."""
    with made.file, zipfile.ZipFile(made.file) as archive:
        name = next(one for one in archive.namelist() if one.endswith("trail/values.ndjson"))
        return {json.loads(line)["path"] for line in archive.read(name).splitlines()}
