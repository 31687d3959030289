"""The engine alone, on one core: decisions with the machine in the path, replay by the table, and the proofs.

No database, no network; processor time, so that what else runs on the machine counts for little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from app.engine import table
from app.engine.checks import proof_faults
from app.engine.deciding import decide
from app.engine.decision import Actor, Decision, Given, Situation, Vote
from app.engine.definition import Definition, Quorum
from app.engine.interference import pairs
from app.engine.loading import load_catalogue
from app.engine.replay import Move, Standing, refold
from app.engine.sides import staffing
from app.engine.vocabulary import Vocabulary
from app.people.offices import OfficeBook
from app.wiring import SETTINGS_IN_CONDITIONS, WORKFLOWS

SETTINGS: Mapping[str, int | bool | str] = {"two_auditor_limit_fen": 500_000, "chair_approves": False}
PEOPLE = {
    "chair": ("chair",),
    "treasurer": ("treasurer",),
    "cashier": ("cashier",),
    "auditor1": ("auditor",),
    "auditor2": ("auditor",),
    "auditchair": ("audit_chair",),
    "clerk": ("clerk",),
    "vice": ("vice_chair",),
    "leader": ("group_leader",),
}
MANY_AUDITORS = 25
PAYMENT = {"paid_on": "2026-04-28", "bank_reference": "HD-1"}
LIFE = (
    ("submit", "treasurer"),
    ("approve", "auditor1"),
    ("approve", "auditor2"),
    ("pay", "cashier"),
    ("publish", "chair"),
)
"""A claim above the limit, from draft to the notice."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run found."""

    decisions_per_second: float
    moves_per_second: float
    proofs_ms: Mapping[str, Mapping[str, float]]
    """Workflow -> (``load``, ``people``, ``pairs``) -> milliseconds."""
    many_auditors_ms: float


def measure(*, quick: bool) -> Figures:
    """Measure everything; medians of some rounds."""
    rounds, lives = (5, 500) if quick else (15, 2_000)
    definitions = load_catalogue(WORKFLOWS, OfficeBook.load(WORKFLOWS / "offices.yaml").titles())
    claim = definitions["expense_claim"]
    asked, moves = _lived(claim)

    def decisions() -> None:
        for situation, action, actor, given in asked * lives:
            decide(claim, situation, action, actor, given)

    def replays() -> None:
        for _ in range(lives):
            refold(claim, moves, table.step)

    count = len(LIFE) * lives
    return Figures(
        count / _seconds(decisions, rounds),
        count / _seconds(replays, rounds),
        {name: _proofs(one, rounds) for name, one in definitions.items()},
        _seconds(lambda: proof_faults(_with_many_auditors(claim), _vocabulary()), rounds) * 1000,
    )


def _seconds(work: Callable[[], object], rounds: int) -> float:
    """The processor time of one run: the median of so many, after one that warms up."""
    work()
    found = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def _vocabulary() -> Vocabulary:
    return Vocabulary(settings=SETTINGS_IN_CONDITIONS, paying=frozenset({"fund.spend"}))


def _proofs(definition: Definition, rounds: int) -> dict[str, float]:
    holders: dict[str, set[str]] = {}
    for person, offices in PEOPLE.items():
        for office in offices:
            holders.setdefault(office, set()).add(person)
    held = {office: frozenset(people) for office, people in holders.items()}
    found = {
        "load": _seconds(lambda: proof_faults(definition, _vocabulary()), rounds),
        "people": _seconds(lambda: staffing(definition, held, SETTINGS), rounds),
        "pairs": _seconds(lambda: list(pairs(definition, SETTINGS)), rounds),
    }
    assert not proof_faults(definition, _vocabulary())
    return {name: seconds * 1000 for name, seconds in found.items()}


def _with_many_auditors(claim: Definition) -> Definition:
    actions = tuple(
        replace(one, quorums=(Quorum(MANY_AUDITORS),)) if one.name == "approve" else one for one in claim.actions
    )
    return replace(claim, actions=actions)


_Asked = tuple[Situation, str, Actor, Given]


def _lived(claim: Definition) -> tuple[list[_Asked], list[Move]]:
    """Every question of one claim's life, and the moves it came to."""
    asked: list[_Asked] = []
    moves: list[Move] = []
    for situation, action, person in _situations(claim, moves):
        given = Given("", PAYMENT if action == "pay" else {})
        actor = Actor(person, frozenset(PEOPLE[person]))
        answer = decide(claim, situation, action, actor, given)
        assert isinstance(answer, Decision), answer
        asked.append((situation, action, actor, given))
        moves.append(
            Move(
                seq=len(moves) + 1,
                action=action,
                source=answer.source,
                target=answer.target,
                closes=answer.closes,
                person=person,
                votes=answer.votes,
                need=answer.need,
                routing=answer.routing,
                round=1,
            )
        )
    assert refold(claim, moves, table.step) == Standing("published", 1)
    return asked, moves


def _situations(claim: Definition, moves: list[Move]) -> Iterator[tuple[Situation, str, str]]:
    standing = Situation(
        state=claim.initial,
        data={"amount_fen": 600_000, "handled_by": "clerk", "lines": [{"amount_fen": 600_000}]},
        opener="treasurer",
        settings=SETTINGS,
        members={"auditor": frozenset({"auditor1", "auditor2"}), "audit_chair": frozenset({"auditchair"})},
        findings={use.name: () for action in claim.actions for use in action.require},
    )
    for action, person in LIFE:
        yield standing, action, person
        last = moves[-1]
        standing = replace(
            standing,
            state=last.target,
            submitter="treasurer",
            votes=() if last.closes else (*standing.votes, Vote(action, person)),
            approvers=standing.approvers | ({person} if action == "approve" else frozenset()),
        )
