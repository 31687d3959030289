"""Planted faults: the product with one line made wrong must fail the tests that are there for that line.

Each mutant is patched into a copy of the product and the few tests named beside it are run in a process of their own.
A copy without a fault must pass all of them, so that a mutant is killed by its fault and by nothing else. What each one
means is told in ``docs/explained/proofs.md``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.prove

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("app", "tests", "workflows", "config.py", "pyproject.toml")
ENGINE = "tests/unit/engine/"
TRAIL = "tests/unit/trail/"
PASSED, FAILED = 0, 1
REPEATABLE = """
import hypothesis

hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")
"""
"""All that these tests need of ``tests/conftest.py``; the databases and browsers take seconds to load."""


class Mutant(NamedTuple):
    """One line made wrong: in ``app/`` + file, what stands there, what is put there, and who must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: str


REFUSING, DECIDING = f"{ENGINE}test_refusing.py", f"{ENGINE}test_deciding.py"
SIDES, CHECKS, REPLAY = f"{ENGINE}test_sides.py", f"{ENGINE}test_checks.py", f"{ENGINE}test_replay.py"
TOGETHER, RANGES = f"{ENGINE}test_interference.py", f"{ENGINE}test_ranges.py"
CHAIN, MERKLE, NOTE, FORM = (f"{TRAIL}test_{name}.py" for name in ("chain", "merkle", "note", "canonical"))

MUTANTS = [
    # Decisions.
    Mutant(
        "vote_twice",
        "engine/seats.py",
        "if spoken and not ballot_of(definition, action).isdisjoint(spoken):",
        "if False:",
        REFUSING,
    ),
    Mutant(
        "approve_ones_own",
        "engine/seats.py",
        "    if person in (situation.submitter, situation.submitted_for):\n        sides.add",
        "    if False:\n        sides.add",
        REFUSING,
    ),
    Mutant("pay_what_one_approved", "engine/seats.py", "person in situation.approvers:", "False:", REFUSING),
    Mutant("party_acts", "engine/seats.py", "if person in set(persons_at(situation, path))", "if False", REFUSING),
    Mutant("open_to_all", "engine/seats.py", "        by.anyone or (by.opener", "        True or (by.opener", REFUSING),
    Mutant("any_state", "engine/deciding.py", "if situation.state in action.sources:", "if True:", REFUSING),
    Mutant("no_reason_given", "engine/deciding.py", "if action.comment_required and", "if False and", REFUSING),
    Mutant("extra_fields", "engine/deciding.py", "if name not in writable:", "if False:", REFUSING),
    Mutant("blocking_fact_passes", "engine/deciding.py", "finding.severity is Severity.BLOCK", "False", REFUSING),
    Mutant(
        "one_vote_short",
        "engine/voting.py",
        "return self.have >= self.need",
        "return self.have + 1 >= self.need",
        REFUSING,
    ),
    Mutant(
        "votes_of_other_steps",
        "engine/deciding.py",
        "return [vote for vote in situation.votes if vote.action == action.name]",
        "return [*situation.votes]",
        REFUSING,
    ),
    Mutant(
        "votes_forgotten",
        "engine/deciding.py",
        "            *_votes_for(situation, action),\n            Vote(",
        "            Vote(",
        TOGETHER,
    ),
    Mutant(
        "effects_before_the_quorum",
        "engine/deciding.py",
        "effects=action.effects if met else ()",
        "effects=action.effects",
        DECIDING,
    ),
    Mutant(
        "more_than_all_members",
        "engine/voting.py",
        "return min(quorum.need, len(members)) if members else quorum.need",
        "return quorum.need",
        DECIDING,
    ),
    Mutant(
        "rule_without_a_name",
        "engine/deciding.py",
        "is_ruled = actor.rule and action.by.system",
        "is_ruled = action.by.system",
        DECIDING,
    ),
    # Ways.
    Mutant(
        "first_branch_always",
        "engine/machine.py",
        'and holds(branch.when, told["values"])',
        "",
        REFUSING,
    ),
    Mutant("at_most_is_below", "engine/conditions.py", "operator.le", "operator.lt", REFUSING),
    Mutant("all_is_any", "engine/conditions.py", "return all(holds", "return any(holds", RANGES),
    Mutant(
        "gaps_between_limits_unseen",
        "engine/ranges.py",
        "mark + step for step in range(1, count + 1)",
        "mark + step for step in range(1, count)",
        RANGES,
    ),
    # Proofs at load.
    Mutant("ways_ignore_conditions", "engine/bands.py", "if holds(when, values)), 0)", "if True), 0)", CHECKS),
    Mutant("any_number_can_agree", "engine/ways.py", "    return persons + (by", "    return 100 + (by", CHECKS),
    Mutant(
        "same_person_twice_counts", "engine/paths.py", 'apart = "approver" in step.action.bars', "apart = True", CHECKS
    ),
    Mutant("approvals_outlive_the_round", "engine/paths.py", "if step.action.opens_round)}", "if False)}", CHECKS),
    Mutant(
        "payment_unwatched",
        "engine/paths.py",
        "if _pays(step.action, paying):\n                yield",
        "if False:\n                yield",
        CHECKS,
    ),
    # Sides.
    Mutant("sides_ignored", "engine/sides.py", "if flags & task.bars or", "if", SIDES),
    Mutant(
        "one_is_always_enough",
        "engine/sides.py",
        "need=1 if quorum is None else _needed(quorum, by, holders)",
        "need=1",
        SIDES,
    ),
    Mutant("submitter_unmarked", "engine/sides.py", "SUBMITTER if source == definition.initial else 0", "0", SIDES),
    Mutant("parties_never_officers", "engine/sides.py", "present[kind | tokens] += 1", "present[kind] += 1", SIDES),
    Mutant("nobody_is_missed", "engine/sides.py", "left.subtract(away)", "left.subtract(())", SIDES),
    # Replay.
    Mutant(
        "votes_unread", "engine/replay.py", "if move.votes != tuple(vote.of for vote in votes):", "if False:", REPLAY
    ),
    Mutant("rounds_unread", "engine/replay.py", "if round_ != self.round:", "if False:", REPLAY),
    Mutant("any_need", "engine/replay.py", " or not (is_added or _allows(quorum, move.need))", "", REPLAY),
    # Trail.
    Mutant("links_stand_alone", "trail/chain.py", 'b"\\x02" + previous + leaf', 'b"\\x02" + leaf', CHAIN),
    Mutant("gaps_unseen", "trail/chain.py", "if link.seq != seq:", "if False:", CHAIN),
    Mutant("bodies_unread", "trail/chain.py", "if link.leaf != leaf.hex():", "if False:", CHAIN),
    Mutant("short_salt", "trail/chain.py", "if len(salt) < SALT_BYTES:", "if not salt:", CHAIN),
    Mutant("leaf_passes_for_node", "trail/merkle.py", 'hash_(b"\\x01" + left', 'hash_(b"\\x00" + left', MERKLE),
    Mutant("growth_unproved", "trail/merkle.py", "== (old_root, new_root)", "is not None", MERKLE),
    Mutant(
        "any_signature",
        "trail/note.py",
        "Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)",
        "Ed25519PublicKey.from_public_bytes(self.public)",
        NOTE,
    ),
    Mutant("any_form_is_canonical", "trail/canonical.py", "if again != body:", "if False:", FORM),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product and its tests, to be spoilt."""
    place = tmp_path_factory.mktemp("mutants")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "vendor", "static"))
        else:
            shutil.copy(ROOT / name, place / name)
    (place / "tests" / "conftest.py").write_text(REPEATABLE, encoding="utf-8")
    return place


def ran(place: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """The tests of the copy, run there."""
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *options, *tests],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_without_a_fault_all_these_tests_pass(copy: Path) -> None:
    done = ran(copy, *sorted({one.tests for one in MUTANTS}))
    assert done.returncode == PASSED, done.stdout[-4000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[one.name for one in MUTANTS])
def test_the_fault_is_noticed(copy: Path, mutant: Mutant) -> None:
    path = copy / "app" / mutant.file
    whole = path.read_text(encoding="utf-8")
    assert whole.count(mutant.old) == 1, "the line is no longer there, or there twice: plant the fault anew"
    path.write_text(whole.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        done = ran(copy, mutant.tests)
    finally:
        path.write_text(whole, encoding="utf-8")
    assert done.returncode == FAILED, f"nobody noticed {mutant.name}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def test_every_mutant_is_told_in_the_documents() -> None:
    told = (ROOT / "docs" / "explained" / "proofs.md").read_text(encoding="utf-8")
    assert [one.name for one in MUTANTS if f"`{one.name}`" not in told] == []
    assert len({one.name for one in MUTANTS}) == len(MUTANTS) >= 20
