"""The writer of review packs: what it refuses, and that the verifier it encloses stands alone."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from app.trail.note import TrustedKey
from app.trail.pack import summary_of, write_pack
from app.trail.verifier import verify
from tests.unit.trail.sample import DEFINITION, KEY, ORIGIN, RECEIPT, RECEIPT_HASH, linked


def write(directory: Path, **change: Any) -> str:
    """A pack of one record, with one thing changed."""
    parts: dict[str, Any] = {
        "entries": linked([b"{}"]),
        "checkpoints": [],
        "keys": [TrustedKey(KEY.verifier)],
        "definitions": {},
        "values": [],
        "cases": [],
        "files": [],
    }
    made_at = "2026-07-01T00:00:00.000000Z"
    return write_pack(directory, origin=ORIGIN, made_at=made_at, scope={}, signer=KEY, **{**parts, **change})


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    "change",
    [
        {"files": [(f"{'0' * 64}.jpg", RECEIPT)]},
        {"files": [("receipt.jpg", RECEIPT)]},
        {"files": [(f"../{RECEIPT_HASH}", RECEIPT)]},
        {"definitions": {"0" * 64: DEFINITION}},
        {"documents": [("../report.pdf", b"")]},
        {"documents": [("/report.pdf", b"")]},
        {"documents": [("manifest.json", b"")]},
        {"entries": [(b"{}", "not hex")]},
        {"entries": [(b"{}\n", "0" * 64)]},
    ],
    ids=str,
)
def test_what_the_format_cannot_carry_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"name|path|record"):
        write(tmp_path / "pack", **change)


def test_large_files_are_copied_from_where_they_lie(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(RECEIPT)
    write(tmp_path / "pack", files=[(f"{RECEIPT_HASH}.jpg", tmp_path / "upload")])
    assert (tmp_path / "pack/files" / f"{RECEIPT_HASH}.jpg").read_bytes() == RECEIPT


def test_the_same_content_makes_the_same_pack(tmp_path: Path) -> None:
    assert write(tmp_path / "a/pack") == write(tmp_path / "b/pack")


def test_a_stored_link_that_is_wrong_goes_into_the_pack_and_is_named_there(tmp_path: Path) -> None:
    rows = linked([b"{}", b"[]", b"{}"])
    rows[1] = (rows[1][0], "0" * 64)
    write(tmp_path / "pack", entries=rows)
    report = verify.check_pack(tmp_path / "pack", [], [])
    assert any("第 2 号记录：内容与链值不符" in problem.zh for problem in report.problems)


def test_the_summary_counts_and_adds_in_fen() -> None:
    cases: list[dict[str, object]] = [
        {"state": "paid", "amount_fen": 5},
        {"state": "paid", "amount_fen": None},
        {"state": "draft"},
    ]
    assert summary_of(cases, ["state", "category"]) == {
        "count": 3,
        "amount_fen": 5,
        "by_state": {"paid": {"count": 2, "amount_fen": 5}, "draft": {"count": 1, "amount_fen": 0}},
        "by_category": {"None": {"count": 3, "amount_fen": 5}},
    }


def test_the_verifier_needs_the_standard_library_alone_and_reads_as_python_3_9() -> None:
    tree = ast.parse(Path(verify.__file__).read_text("utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in outside} == {"cryptography"}
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not called & {"bit_count", "file_digest", "batched", "UTC"}  # newer than 3.9
