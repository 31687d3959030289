"""The offline verifier: whatever was done to a pack after it was signed is found and named."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.trail.canonical import canonical
from app.trail.keys import SigningKey
from app.trail.note import TrustedKey, sign_note
from app.trail.pack import OpenedValue
from app.trail.verifier import verify
from tests.unit.trail.sample import (
    CLAIM2,
    DEFINITION_HASH,
    KEY,
    ORIGIN,
    RECEIPT_HASH,
    SALT,
    STRANGER,
    Entry,
    Union,
    checkpoint,
    head_of,
    linked,
    person,
    union_records,
)

VKEY = KEY.verifier.vkey()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Union().write(tmp_path_factory.mktemp("good") / "pack")


@pytest.fixture
def pack(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "pack"))


def check(pack: Path, *heads: str, key: str | None = VKEY) -> verify.Report:
    return verify.check_pack(pack, list(heads), [key] if key else [])


def sections(report: verify.Report) -> set[str]:
    return {problem.section for problem in report.problems}


def said(report: verify.Report) -> str:
    return "\n".join(f"{problem.zh} {problem.en}" for problem in report.problems)


def check_below_the_manifest(pack: Path) -> verify.Report:
    """What is found without the manifest's hashes, so that the trail must speak for itself."""
    report = verify.Report()
    manifest = verify.read_manifest((pack / "manifest.json").read_bytes())
    keys = verify.read_keys(pack, report)
    verify.check_trail(verify.Pack(pack, manifest, keys, keys), [], report)
    return report


def list_anew(pack: Path, signer: Any = None) -> None:
    """Make the manifest fit the files again; the signature only with a signer's help."""
    manifest = json.loads((pack / "manifest.json").read_bytes())
    for each in manifest["files"]:
        content = (pack / each["path"]).read_bytes()
        each["size"], each["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    made = canonical(manifest)
    (pack / "manifest.json").write_bytes(made)
    if signer is not None:
        text = f"{verify.FORMAT}\n{ORIGIN}\nsha256 {hashlib.sha256(made).hexdigest()}\n"
        (pack / "manifest.sig").write_text(sign_note(text, [signer]), "utf-8")


# --- an untouched pack


def test_an_untouched_pack_holds(pack: Path) -> None:
    report = check(pack)
    assert report.problems == []
    assert report.notes == []
    assert report.summary is not None
    assert "9 条留痕、2 个事项" in report.summary.zh
    assert head_of(Union().bodies()).short() in report.summary.en


def test_a_pack_in_sm3_holds_also_where_the_machine_has_no_sm3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = union_records("sm3")
    union = Union(records=records, algorithm="sm3")
    for case, signed in zip(union.cases, (records[1], records[4]), strict=True):
        case["data_hash"] = signed["data_hash"]
    pack = union.write(tmp_path / "pack")
    assert check(pack).problems == []

    def without_sm3(name: str, message: bytes = b"") -> object:
        raise ValueError(name)

    monkeypatch.setattr(hashlib, "new", without_sm3)
    assert check(pack).problems == []


def test_an_empty_trail_has_a_pack_too(tmp_path: Path) -> None:
    pack = Union(records=[], cases=[], values=[], checkpoint_sizes=(0,)).write(tmp_path / "pack")
    problems = check(pack).problems
    assert [problem.section for problem in problems] == ["files"]  # the receipt, which no record names
    assert RECEIPT_HASH in problems[0].en


def test_without_a_key_the_reader_is_told_to_compare_it(pack: Path) -> None:
    report = check(pack, key=None)
    assert report.problems == []
    assert VKEY in [note.zh for note in report.notes]


def test_what_a_desktop_leaves_in_a_folder_is_ignored(pack: Path) -> None:
    (pack / "files" / ".DS_Store").write_bytes(b"")
    report = check(pack)
    assert report.problems == []
    assert ".DS_Store" in report.notes[0].zh


def test_it_runs_on_a_machine_without_the_product(pack: Path, tmp_path: Path) -> None:
    alone = [sys.executable, "-I", "-S", str(pack / "verify.py"), str(pack), "--key", VKEY]
    done = subprocess.run(alone, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "✓ 核对一致" in done.stdout.decode()
    assert "All holds" in done.stdout.decode()
    (pack / "report.pdf").write_bytes(b"another report")
    done = subprocess.run(alone, env={"PYTHONIOENCODING": "ascii"}, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"file report.pdf was changed" in done.stdout


# --- one byte


def flips(pack: Path, paths: list[str]) -> Iterator[tuple[str, int]]:
    """Flip one bit of every byte of these files, one after the other, and put it right again."""
    chance = random.Random(20260428)
    for path in paths:
        whole = (pack / path).read_bytes()
        with (pack / path).open("r+b", buffering=0) as file:
            for at, byte in enumerate(whole):
                file.seek(at)
                file.write(bytes([byte ^ 1 << chance.randrange(8)]))
                yield path, at
                file.seek(at)
                file.write(bytes([byte]))


def test_no_flipped_bit_in_records_links_or_checkpoints_escapes_the_trail_itself(pack: Path) -> None:
    paths = ["trail/entries.ndjson", "trail/links.txt", "trail/checkpoints.txt"]
    missed = [flip for flip in flips(pack, paths) if not check_below_the_manifest(pack).problems]
    assert missed == []
    assert check(pack).problems == []


def test_no_flipped_bit_in_any_other_file_escapes_the_manifest(pack: Path) -> None:
    paths = ["manifest.json", "manifest.sig", "cases.ndjson", "summary.json", "report.pdf"]
    paths += ["trail/values.ndjson", "trail/keys.txt", f"files/{RECEIPT_HASH}.jpg"]
    missed = [flip for flip in flips(pack, paths) if not check(pack).problems]
    assert missed == []
    assert check(pack).problems == []


# --- one field


def mutations(value: Any) -> Iterator[Any]:
    """Every way to change, remove or replace one field, at any depth."""
    if isinstance(value, dict):
        for key in value:
            yield {name: item for name, item in value.items() if name != key}
            for other in mutations(value[key]):
                yield {**value, key: other}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield value[:at] + value[at + 1 :]
            for other in mutations(item):
                yield [*value[:at], other, *value[at + 1 :]]
    elif isinstance(value, bool):
        yield from (not value, None)
    elif isinstance(value, int):
        yield from (value + 1, str(value), None, [value], -1)
    elif isinstance(value, str):
        yield from (value[:-1] + ("0" if value[-1:] != "0" else "1"), None, 7, [value], {value: value})


def test_no_changed_field_of_a_record_is_accepted_though_every_link_was_made_anew(pack: Path) -> None:
    bodies = Union().bodies()
    tried, accepted = 0, []
    for at, body in enumerate(bodies):
        for changed in mutations(json.loads(body)):
            rows = linked([*bodies[:at], canonical(changed), *bodies[at + 1 :]])
            (pack / "trail/entries.ndjson").write_bytes(b"".join(row[0] + b"\n" for row in rows))
            (pack / "trail/links.txt").write_text("".join(row[1] + "\n" for row in rows))
            tried += 1
            if "checkpoints" not in sections(check_below_the_manifest(pack)):
                accepted.append((at, changed))
    assert accepted == []
    assert tried >= 500


def test_no_wrong_statement_about_a_case_is_accepted_though_it_was_signed(pack: Path) -> None:
    tried, accepted = 0, []
    union = Union()
    for at, case in enumerate(union.cases):
        for key in set(case) - {"amount_path"}:
            for value in mutations(case[key]):
                lines = [*union.cases[:at], {**case, key: value}, *union.cases[at + 1 :]]
                (pack / "cases.ndjson").write_bytes(b"".join(canonical(line) + b"\n" for line in lines))
                list_anew(pack, KEY)
                tried += 1
                dropped_file = key == "files" and value == []
                if not dropped_file and not sections(check(pack)) & {"cases", "summary"}:
                    accepted.append((at, key, value))
    assert accepted == []
    assert tried >= 80


def test_weird_records_signed_by_the_union_itself_are_answered_with_sentences(tmp_path: Path) -> None:
    """A record may hold anything once the key holder signs it; the verifier reads it without falling over."""
    weird: list[Any] = [None, True, -1, 2**53 - 1, "", "x" * 5000, [], [[]], {}, {"id": {}}, ["\u0000"], {"a": [None]}]
    records = union_records()
    rng = random.Random(7)
    for number in range(60):
        changed = copy.deepcopy(records)
        target = changed[rng.randrange(len(changed))]
        if rng.random() < 0.5 and target["case"]:
            target = target["case"]
        target[rng.choice(sorted(target))] = rng.choice(weird)
        pack = Union(records=changed).write(tmp_path / str(number))
        for problem in check(pack).problems:
            assert problem.zh
            assert problem.en


# --- records removed, moved, doubled


RECORDS = ["trail/entries.ndjson"]
RECORDS_AND_LINKS = [*RECORDS, "trail/links.txt"]


def rewrite(pack: Path, change: Callable[[list[bytes]], None], names: list[str]) -> None:
    """Change the lines of these files alike."""
    for name in names:
        lines = (pack / name).read_bytes().splitlines(keepends=True)
        change(lines)
        (pack / name).write_bytes(b"".join(lines))


def swap(lines: list[bytes]) -> None:
    lines[3], lines[4] = lines[4], lines[3]


CHANGES: list[tuple[Callable[[list[bytes]], object], int]] = [
    (lambda lines: lines.pop(4), 5),
    (swap, 4),
    (lambda lines: lines.insert(5, lines[4]), 6),
]


@pytest.mark.parametrize("names", [RECORDS, RECORDS_AND_LINKS], ids=["records", "records and links"])
@pytest.mark.parametrize(("change", "seq"), CHANGES, ids=["removed", "swapped", "doubled"])
def test_the_first_record_that_is_out_of_place_is_named(
    pack: Path, change: Callable[[list[bytes]], None], seq: int, names: list[str]
) -> None:
    rewrite(pack, change, names)
    report = check_below_the_manifest(pack)
    assert report.problems[0].section == "trail"
    assert f"第 {seq} 号记录" in report.problems[0].zh
    assert f"record {seq} " in report.problems[0].en


def test_a_changed_record_is_named_and_no_other(pack: Path) -> None:
    rewrite(pack, lambda lines: lines.__setitem__(6, lines[6].replace(b"case.pay", b"case.pax")), RECORDS)
    trail = [problem.zh for problem in check_below_the_manifest(pack).problems if problem.section == "trail"]
    assert [zh for zh in trail if "内容与链值不符" in zh] == [trail[0]]
    assert "第 7 号记录" in trail[0]


def test_a_missing_tail_is_named(pack: Path) -> None:
    rewrite(pack, lambda lines: lines.__delitem__(slice(7, None)), RECORDS_AND_LINKS)
    assert "末尾 2 条被删除" in said(check_below_the_manifest(pack))
    assert "trail/entries.ndjson" in said(check(pack))


def test_renumbered_records_are_named_by_their_links(pack: Path) -> None:
    def renumber(lines: list[bytes]) -> None:
        del lines[4]
        for at in range(4, len(lines)):
            lines[at] = canonical({**json.loads(lines[at]), "seq": at + 1}) + b"\n"

    rewrite(pack, renumber, RECORDS)
    assert "第 5 号记录" in check_below_the_manifest(pack).problems[0].zh


# --- the whole pack made anew


def lowered() -> Union:
    """The same union with the second claim a little dearer than it was."""
    union = Union()
    data = {"lines": [{"amount_fen": 300}, {"amount_fen": 9_450}]}
    signed = hashlib.sha256(b"\x04" + canonical({"clear": data, "sealed": {}})).hexdigest()
    union.records[4]["data"] = data
    for record in (union.records[4], union.records[7]):
        record["data_hash"] = signed
    union.cases[1] |= {"data_hash": signed, "amount_fen": 9_750}
    return union


def test_a_pack_made_anew_by_the_key_holder_is_a_fork_of_every_older_head(tmp_path: Path, good: Path) -> None:
    pack = lowered().write(tmp_path / "pack")
    assert check(pack).problems == []
    bodies = Union().bodies()
    old = checkpoint(bodies[:8])
    report = check(pack, old)
    assert sections(report) == {"head"}
    assert "已分叉：记录与所给检查点（8 条）不符，最早的不同在第 1 至 8 号之间" in said(report)
    assert "forked" in said(report)
    between = check(pack, head_of(bodies[:4]).short(), head_of(bodies[:6]).short()[:18])
    assert "最早的不同在第 5 至 6 号之间" in said(between)
    assert "已分叉：第 5 号记录与旧资料包中的不同" in said(check(pack, str(good)))
    assert "第 5 号记录" in said(check(pack, str(good / "trail" / "entries.ndjson")))
    head_file = tmp_path / "head.txt"
    head_file.write_text(old, "utf-8")
    assert sections(check(pack, str(head_file))) == {"head"}


def test_a_pack_made_anew_with_another_key_is_refused_by_the_pinned_one(tmp_path: Path) -> None:
    union = lowered()
    union.signer, union.trusted = STRANGER, (TrustedKey(STRANGER.verifier),)
    pack = union.write(tmp_path / "pack")
    assert {"signature", "checkpoints"} <= sections(check(pack))
    assert check(pack, key=None).problems == []
    forked = check(pack, checkpoint(Union().bodies()), key=None)
    assert "已分叉" in said(forked)
    assert "没有可信公钥的签名" in said(forked)


def test_an_older_backup_is_shorter_than_what_was_witnessed(tmp_path: Path, good: Path) -> None:
    union = Union(cases=[], values=[], scope={}, checkpoint_sizes=(0, 3))
    union.records = union.records[:6]
    pack = union.write(tmp_path / "pack")
    assert check(pack).problems == []
    for witness in (head_of(Union().bodies()).short(), checkpoint(Union().bodies()), str(good)):
        report = check(pack, witness)
        assert "短于见证" in said(report)
        assert "第 7 号起的记录" in said(report)


@pytest.mark.parametrize("size", range(10))
def test_every_older_head_of_the_same_trail_agrees(good: Path, size: int) -> None:
    bodies = Union().bodies()[:size]
    assert check(good, checkpoint(bodies), head_of(bodies).short()).problems == []


@pytest.mark.parametrize("head", ["", "nonsense", "9@12", "a\nb\n\n— x y\n", "\x00", "9" * 3000, "/"])
def test_a_head_that_is_none_is_said_to_be_none(good: Path, head: str) -> None:
    assert sections(check(good, head)) == {"head"}


@pytest.mark.parametrize("key", ["", "nonsense", VKEY[:-3], VKEY + " 1 2 3", "\x00"])
def test_a_key_that_is_none_is_said_to_be_none(good: Path, key: str) -> None:
    assert "signature" in sections(verify.check_pack(good, [], [key]))


# --- keys and checkpoints


def signed_by(tmp_path: Path, trusted: tuple[TrustedKey, ...], checkpoints: list[str]) -> verify.Report:
    """What is found in a pack with these checkpoints."""
    union = Union(trusted=trusted)
    union.checkpoints = lambda: checkpoints  # type: ignore[method-assign]
    return check(union.write(tmp_path / "pack"))


OLD_AND_NEW = (TrustedKey(STRANGER.verifier, 0, 3), TrustedKey(KEY.verifier, 4))


def test_a_retired_key_may_have_signed_the_old_checkpoints(tmp_path: Path) -> None:
    bodies = Union().bodies()
    made = [checkpoint(bodies[:3], signer=STRANGER), checkpoint(bodies)]
    assert signed_by(tmp_path, OLD_AND_NEW, made).problems == []


@pytest.mark.parametrize(("size", "signer"), [(3, KEY), (9, STRANGER)], ids=["new key, old head", "old key, new head"])
def test_a_key_signs_no_checkpoint_outside_its_time(tmp_path: Path, size: int, signer: SigningKey) -> None:
    bodies = Union().bodies()
    report = signed_by(tmp_path, OLD_AND_NEW, [checkpoint(bodies[:size], signer=signer), checkpoint(bodies)])
    assert [problem.section for problem in report.problems] == ["checkpoints"]
    assert "没有可信公钥的签名" in said(report)


def with_another_chain(bodies: list[bytes]) -> str:
    """A checkpoint with the right root and a wrong chain value."""
    return sign_note(dataclasses.replace(head_of(bodies), chain=bytes(32)).text(), [KEY])


def test_a_checkpoint_binds_the_chain_value_as_well_as_the_root(tmp_path: Path, good: Path) -> None:
    wrong = with_another_chain(Union().bodies())
    assert "与检查点不符" in said(signed_by(tmp_path, (TrustedKey(KEY.verifier),), [wrong]))
    assert "已分叉" in said(check(good, wrong))


def test_checkpoints_that_go_backwards_are_refused(tmp_path: Path) -> None:
    union = Union(checkpoint_sizes=(3, 9, 6))
    assert "次序倒退" in said(check(union.write(tmp_path / "pack")))


def test_two_checkpoints_of_one_size_with_different_roots_are_refused(tmp_path: Path) -> None:
    union = Union()
    bodies = [*Union().bodies()[:8], canonical({"other": "record"})]
    made = union.checkpoints()
    union.checkpoints = lambda: [*made, checkpoint(bodies)]  # type: ignore[method-assign]
    report = check(union.write(tmp_path / "pack"))
    assert sections(report) == {"checkpoints"}
    assert "与检查点不符" in said(report)


# --- what a signing server could still get wrong


def test_records_after_the_last_checkpoint_are_told_of(tmp_path: Path) -> None:
    report = check(Union(checkpoint_sizes=(0, 7)).write(tmp_path / "pack"))
    assert report.problems == []
    assert "第 8 号起的记录尚无检查点" in report.notes[0].zh


def step(number: int, /, **fields: object) -> Callable[[Union], object]:
    """Change fields of one record."""
    return lambda union: union.records[number - 1].update(fields)


def about(number: int, /, **fields: object) -> Callable[[Union], object]:
    """Change what one record says of its case."""
    return lambda union: union.records[number - 1]["case"].update(fields)


def without(number: int) -> Callable[[Union], object]:
    """Leave out one record before anything is hashed."""
    return lambda union: union.records.pop(number - 1)


FALSE_STORIES: list[tuple[str, Callable[[Union], object], str]] = [
    ("a step from another state", step(3, **{"from": "submitted"}), "第 3 号记录（GH-2026-0001）：从“submitted”办起"),
    ("a step left out", without(3), "从“submitted”办起，而当时是“draft”"),
    ("an arrow that is not there", step(3, to="audited"), "submit：draft → audited"),
    (
        "an action from a state it does not start in",
        step(3, action="approve", to="audited"),
        "approve：draft → audited",
    ),
    ("an unknown action", step(3, action="shred"), "shred：draft → submitted"),
    ("a state that is not there", step(3, to="shredded"), "submit：draft → shredded"),
    ("a vote that moves without closing", step(4, to="audited"), "approve：submitted → audited"),
    ("a move without an action", step(9, action=None), "audited → published"),
    ("a beginning in the middle", step(2, to="submitted"), "不是从流程的起点开始的"),
    (
        "a beginning from somewhere",
        step(2, **{"from": "submitted"}),
        "第 2 号记录（01900000-0000-7000-8000-000000000001）：从“submitted”办起",
    ),
    ("too few votes", step(6, votes=[person(2)]), "同意人数不足"),
    ("no votes", step(6, votes=None), "同意人数不足"),
    ("one person counted twice", step(6, votes=[person(2), person(2)]), "同一人计了两次"),
    ("data that was not signed", step(2, data={"amount_fen": 1}), "内容与所签散列值不符"),
    ("data without its hash", step(2, data_hash=None), "内容与所签散列值不符"),
    ("a signature on other data", step(6, data_hash="0" * 64), "不是该事项当时的内容"),
    ("another number", about(6, number="GH-2026-0009"), "编号或流程前后不一"),
    ("another workflow", about(6, workflow="task"), "编号或流程前后不一"),
    ("another definition", about(6, definition="0" * 64), "流程定义中途被换"),
    ("a definition not enclosed", about(6, definition="0" * 64), "流程定义不在资料包中"),
    ("a round back", about(6, round=0), "轮次不对"),
    ("a version back", about(7, version=1), "版本倒退"),
    ("a round that nothing opened", about(6, round=2), "轮次不对"),
    ("a beginning in the second round", about(2, round=2), "不是从流程的起点开始的"),
    (
        "a value that was not sealed",
        lambda union: union.values.append(OpenedValue(2, "payee", SALT, "别人")),
        "封存的不符",
    ),
    ("a value at another place", lambda union: union.values.append(OpenedValue(2, "x", SALT, "某某")), "封存的不符"),
    (
        "a value of no record",
        lambda union: union.values.append(OpenedValue(99, "payee", SALT, "某某")),
        "不存在的第 99",
    ),
    ("a file that no record names", step(3, files=None), "留痕中没有这份文件"),
    ("a case left out", lambda union: union.cases.pop(), "缺少事项 GH-2026-0002"),
    ("a case without a trail", lambda union: union.cases[0].update(id="elsewhere"), "留痕中没有这一事项"),
    ("a case told twice", lambda union: union.cases.append(union.cases[0]), "重复"),
    ("a wrong state", lambda union: union.cases[1].update(state="audited", phase="audited"), "state 写作“audited”"),
    ("a wrong phase", lambda union: union.cases[1].update(phase="published"), "phase 写作“published”"),
    (
        "a wrong amount",
        lambda union: union.cases[0].update(amount_fen=128_601),
        "金额写作 128601 分，按留痕应为 128600 分",
    ),
    ("a wrong sum of lines", lambda union: union.cases[1].update(amount_fen=751), "按留痕应为 750 分"),
    (
        "a file left out",
        lambda union: (union.cases[1].update(files=["0" * 64]), step(8, files=["0" * 64])(union)),
        "缺少其文件",
    ),
    ("a file of another case", lambda union: union.cases[1].update(files=[RECEIPT_HASH]), "留痕中没有其文件"),
    ("another log's record", step(5, log="elsewhere"), "第 5 号记录：不属于这条记录链"),
    ("an unknown version", step(5, v=2), "版本不认识"),
    ("a malformed time", step(5, at="2026-03-01"), "时间格式有误"),
    ("a repeated number", step(5, seq=4), "编号不连续"),
]


@pytest.mark.parametrize(
    ("tell", "sentence"), [story[1:] for story in FALSE_STORIES], ids=[s[0] for s in FALSE_STORIES]
)
def test_a_story_that_does_not_hold_together_is_found_though_it_was_signed(
    tmp_path: Path, tell: Callable[[Union], object], sentence: str
) -> None:
    union = Union()
    tell(union)
    union.checkpoint_sizes = (len(union.records),)
    assert sentence in said(check(union.write(tmp_path / "pack")))


def test_a_draft_may_enter_the_trail_by_its_first_step(tmp_path: Path) -> None:
    union = Union(values=[])
    opening = union.records.pop(1)
    union.records[1] |= {"data": opening["data"], "sealed": opening["sealed"]}
    union.checkpoint_sizes = (8,)
    assert check(union.write(tmp_path / "pack")).problems == []
    union.records[1] |= {"action": "approve", "from": "submitted", "to": "audited"}
    assert "第 2 号记录（GH-2026-0001）：从“submitted”办起，而当时是“draft”" in said(
        check(union.write(tmp_path / "false"))
    )


def returned(union: Union, then_in_round: int) -> None:
    """Return the second claim and submit it again."""
    submitted = union.records[7]
    back, again = copy.deepcopy(submitted), copy.deepcopy(submitted)
    back |= {"event": "case.return", "action": "return", "from": "submitted", "to": "draft"}
    back["case"]["version"] = 3
    again["case"] |= {"version": 4, "round": then_in_round}
    union.records += [back, again]
    union.cases[1] |= {"version": 4, "round": 2}


def test_a_return_opens_the_next_round_and_the_old_one_takes_no_more_steps(tmp_path: Path) -> None:
    union = Union()
    returned(union, then_in_round=2)
    assert check(union.write(tmp_path / "good")).problems == []
    union = Union()
    returned(union, then_in_round=1)
    assert "轮次不对" in said(check(union.write(tmp_path / "false")))


def test_a_case_may_move_to_a_new_definition_by_migration_alone(tmp_path: Path) -> None:
    union = Union()
    moved: Entry = copy.deepcopy(union.records[7])
    runs = moved["case"]["definition"]
    moved |= {"event": "case.migrated", "from": "submitted", "to": "submitted", "action": None, "closes": None}
    moved |= {"migration": {"from": runs, "to": runs}}
    moved["case"] |= {"version": 3, "id": CLAIM2}
    union.records.append(moved)
    union.cases[1] |= {"version": 3}
    assert check(union.write(tmp_path / "migrated")).problems == []
    moved["migration"]["from"] = "0" * 64
    assert "迁移记的流程版本对不上" in said(check(union.write(tmp_path / "another")))
    moved["migration"]["from"] = runs
    moved["to"] = "draft"
    assert "迁移时换了阶段" in said(check(union.write(tmp_path / "further")))
    moved["event"] = "case.moved"
    assert "submitted → draft" in said(check(union.write(tmp_path / "moved")))


def test_times_that_go_back_are_told_but_prove_nothing(tmp_path: Path) -> None:
    union = Union()
    step(5, at="2026-01-01T00:00:00.000000Z")(union)
    report = check(union.write(tmp_path / "pack"))
    assert report.problems == []
    assert "第 5 号记录的时间早于前一条" in report.notes[0].zh


def test_a_wrong_figure_in_the_summary_is_named(pack: Path) -> None:
    summary = json.loads((pack / "summary.json").read_bytes())
    assert summary["count"] == 2
    assert summary["amount_fen"] == 129_350
    assert summary["by_state"]["published"] == {"count": 1, "amount_fen": 128_600}
    changes: list[Entry] = [{"amount_fen": 1}, {"by_state": {}}, {"count": 3}, {"by_workflow": 5}, {"income_fen": 0}]
    for change in changes:
        (pack / "summary.json").write_bytes(canonical({**summary, **change}))
        list_anew(pack, KEY)
        assert sections(check(pack)) == {"summary"}


@pytest.mark.parametrize("field", ["size", "root", "chain"])
def test_a_manifest_that_names_another_head_is_refused(pack: Path, field: str) -> None:
    manifest = json.loads((pack / "manifest.json").read_bytes())
    manifest["head"][field] = 8 if field == "size" else "0" * 64
    (pack / "manifest.json").write_bytes(canonical(manifest))
    list_anew(pack, KEY)
    assert "与清单所写的链头不符" in said(check(pack))


def test_more_links_than_records_are_a_removed_record(pack: Path) -> None:
    with (pack / "trail/links.txt").open("a") as file:
        file.write("0" * 64 + "\n")
    list_anew(pack, KEY)
    assert "第 10 号起的记录缺失" in said(check(pack))


def test_a_definition_that_is_not_what_its_name_says_is_refused(pack: Path) -> None:
    path = pack / f"definitions/{DEFINITION_HASH}.json"
    path.write_bytes(path.read_bytes().replace(b'"expense_claim"', b'"expense_clain"'))
    list_anew(pack, KEY)
    assert "definitions" in sections(check(pack))


def test_a_value_opened_with_a_short_salt_is_refused(tmp_path: Path) -> None:
    short = b"short"
    seal = hashlib.sha256(b"\x03" + short + canonical("某某")).hexdigest()
    union = Union(values=[OpenedValue(1, "payee", short, "某某")])
    union.records[0]["sealed"] = {"payee": seal}
    assert "values.ndjson" in said(check(union.write(tmp_path / "pack")))


# --- files


def test_added_missing_and_changed_files_are_named(pack: Path) -> None:
    (pack / "files" / "extra.jpg").write_bytes(b"")
    (pack / "report.pdf").unlink()
    evidence = pack / "files" / f"{RECEIPT_HASH}.jpg"
    evidence.write_bytes(evidence.read_bytes()[::-1])
    words = said(check(pack))
    assert "多出文件 files/extra.jpg" in words
    assert "缺少文件 report.pdf" in words
    assert f"文件 files/{RECEIPT_HASH}.jpg 被改动过" in words


def test_a_link_in_place_of_a_file_is_refused(pack: Path, tmp_path: Path) -> None:
    shutil.move(pack / "report.pdf", tmp_path / "report.pdf")
    (pack / "report.pdf").symlink_to(tmp_path / "report.pdf")
    (pack / "more").symlink_to(tmp_path, target_is_directory=True)
    words = said(check(pack))
    assert "缺少文件 report.pdf" in words
    assert "多出文件 more" in words


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "a/../b", "a\\b", "c:x", "./a", "a//b", "manifest.json", 5]
)
def test_a_manifest_that_points_outside_is_refused(pack: Path, path: object) -> None:
    manifest = json.loads((pack / "manifest.json").read_bytes())
    manifest["files"][0]["path"] = path
    (pack / "manifest.json").write_bytes(canonical(manifest))
    assert sections(check(pack)) == {"manifest"}


@pytest.mark.parametrize(
    "name", ["manifest.json", "manifest.sig", "trail/keys.txt", "trail/entries.ndjson", "cases.ndjson"]
)
def test_a_pack_with_a_part_missing_is_refused(pack: Path, name: str) -> None:
    (pack / name).unlink()
    assert check(pack).problems


def test_every_malformed_manifest_is_answered_with_a_sentence(pack: Path) -> None:
    for changed in mutations(json.loads((pack / "manifest.json").read_bytes())):
        (pack / "manifest.json").write_bytes(canonical(changed))
        assert check(pack).problems


# --- garbage

TEN_MB = 10_000_000
GARBAGE = {
    "random": random.Random(1).randbytes(TEN_MB),
    "newlines": b"\n" * TEN_MB,
    "brackets": b"[" * TEN_MB,
    "digits": b"9" * TEN_MB,
    "lines of digits": (b"9" * 9_999 + b"\n") * (TEN_MB // 10_000),
    "zeros": bytes(TEN_MB),
    "small objects": b'{"seq":1}\n' * (TEN_MB // 10),
    "checkpoints": (checkpoint([]).encode() + b"\n") * (TEN_MB // 300),
}
READ = ["manifest.json", "manifest.sig", "cases.ndjson", "summary.json"]
READ += [f"trail/{name}" for name in ("entries.ndjson", "links.txt", "checkpoints.txt", "keys.txt", "values.ndjson")]
READ += [f"definitions/{DEFINITION_HASH}.json"]


@pytest.mark.parametrize("kind", GARBAGE)
def test_ten_megabytes_of_garbage_in_any_file_are_answered_in_seconds(
    pack: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in READ:
        whole = (pack / name).read_bytes()
        (pack / name).write_bytes(GARBAGE[kind])
        begun = time.process_time()
        assert verify.main([str(pack)]) == 1
        assert time.process_time() - begun < 20
        printed = capsys.readouterr().out
        assert "无法核对" not in printed
        assert len(printed) < 50_000
        (pack / name).write_bytes(whole)


@pytest.mark.parametrize("given", ["", "/nonexistent", "/dev/null", "\x00", "x" * 5000])
def test_a_folder_that_is_no_pack_is_answered_with_a_sentence(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([given]) == 1
    assert "manifest.json" in capsys.readouterr().out


def test_the_command_line_answers_with_its_exit_code(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(pack), "--key", VKEY, "--head", checkpoint(Union().bodies()[:5])]) == 0
    assert "✓ 核对一致" in capsys.readouterr().out
    (pack / "trail/entries.ndjson").write_bytes(b"\x1b[2J\n" * 50)
    assert verify.main([str(pack)]) == 1
    printed = capsys.readouterr().out
    assert "✗ 核对不一致" in printed
    assert "\x1b" not in printed
