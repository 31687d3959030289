"""Any run of a workflow can be decided again from its record, and a record that was changed is found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import machine, replay
from app.engine.conditions import holds
from app.engine.deciding import decide
from app.engine.decision import Actor, Decision, Given, Situation, Vote
from app.engine.definition import Action, Definition, Phase, Quorum
from app.engine.loading import load_definition
from app.engine.replay import Broken, Carried, Move, Standing, refold
from app.engine.writing import as_yaml
from tests.unit.engine.test_verbs import TAMPERED_STORY
from tests.unit.engine.workbench import TITLES, looked, shipped, sound

OFFICES = ("treasurer", "auditor", "audit_chair", "chair", "cashier", "clerk", "accountant", "group_leader")
PERSONS = ("an", "bo", "ci", "du", "er", "fu")


@dataclass
class Run:
    """A case that people push about: whatever the engine agrees to, happens and is recorded."""

    definition: Definition
    dice: Random
    amount: int
    state: str = ""
    round: int = 1
    submitter: str | None = None
    votes: tuple[Vote, ...] = ()
    approvers: frozenset[str] = frozenset()
    moves: list[Move] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = self.definition.initial
        self.offices = {person: frozenset(self.dice.sample(OFFICES, 3)) for person in PERSONS}
        self.settings = {"chair_approves": self.dice.random() < 0.5, "two_auditor_limit_fen": 500_000}

    def situation(self) -> Situation:
        members = {
            office: frozenset(person for person, held in self.offices.items() if office in held) for office in OFFICES
        }
        standing = Situation(
            state=self.state,
            data={"amount_fen": self.amount, "owner": "an", "handled_by": "bo"},
            opener="an",
            submitter=self.submitter,
            votes=self.votes,
            approvers=self.approvers,
            settings=self.settings,
            members=members,
        )
        return looked(self.definition, standing)

    def push(self) -> Decision | None:
        """Somebody tries something."""
        person = self.dice.choice(PERSONS)
        action = self.dice.choice(self.definition.actions)
        given = Given("理由", dict.fromkeys(action.asks, "值"))
        answer = decide(self.definition, self.situation(), action.name, Actor(person, self.offices[person]), given)
        if not isinstance(answer, Decision):
            return None
        self.happen(answer, action, person)
        return answer

    def happen(self, decision: Decision, action: Action, person: str) -> None:
        self.moves.append(
            Move(
                seq=len(self.moves) + 1,
                action=decision.action,
                source=decision.source,
                target=decision.target,
                closes=decision.closes,
                person=person,
                votes=decision.votes,
                need=decision.need,
                routing=decision.routing,
                round=self.round,
            )
        )
        before, after = self.definition.state(self.state).phase, self.definition.state(decision.target).phase
        if before is Phase.DRAFT and after is Phase.SUBMITTED:
            self.submitter = person
        if decision.closes and action.quorums:
            self.approvers |= frozenset(decision.votes)
        if action.quorums:
            self.votes = (*self.votes, Vote(action.name, person))
        if decision.new_round:
            self.round, self.approvers = self.round + 1, frozenset()
        if decision.new_round or decision.target != self.state:
            self.votes = ()
        self.state = decision.target


def definitions() -> list[Definition]:
    return [*shipped().values(), sound()]


runs = st.builds(
    Run,
    definition=st.sampled_from(range(7)).map(lambda place: definitions()[place]),
    dice=st.integers(0, 2**32).map(Random),
    amount=st.sampled_from([0, 499_999, 500_000, 500_001, 9_000_000]),
)


def table_target(definition: Definition, decision: Decision) -> str:
    """Where a plain reading of the definition leads, without the machine."""
    if not decision.closes:
        return decision.source
    action = definition.action(decision.action)
    assert action is not None
    (target,) = [branch.state for branch in action.branches if holds(branch.when, decision.routing)]
    return target


@settings(max_examples=60, deadline=None)
@given(runs)
def test_whatever_people_try_the_case_stays_on_its_ways_and_its_record_verifies(run: Run) -> None:
    states = {state.name for state in run.definition.states}
    for _ in range(60):
        before, submitter = run.state, run.submitter
        decision = run.push()
        if decision is None:
            assert run.state == before
            continue
        assert run.state in states
        assert table_target(run.definition, decision) == decision.target
        action = run.definition.action(decision.action)
        assert action is not None
        assert "submitter" not in action.bars or run.moves[-1].person != submitter
        assert len(set(decision.votes)) == len(decision.votes)
        assert refold(run.definition, run.moves) == Standing(run.state, run.round)


@settings(max_examples=60, deadline=None)
@given(runs)
def test_nobody_who_submitted_a_claim_or_sits_on_a_side_of_it_approves_or_pays_it(run: Run) -> None:
    run = replace(run, definition=shipped()["expense_claim"])
    for _ in range(80):
        submitter = run.submitter
        decision = run.push()
        if decision is not None and decision.action in ("approve", "chair_approve", "pay"):
            assert run.moves[-1].person not in {submitter, "bo"}


def full_run() -> tuple[Definition, list[Move]]:
    """A large claim: two auditors, sent back once, approved again, paid, published."""
    values = {"amount_fen": 600_000, "setting.two_auditor_limit_fen": 500_000, "setting.chair_approves": False}

    def approve(seq: int, person: str, votes: tuple[str, ...], round_: int) -> Move:
        closes = len(votes) == 2
        return Move(
            seq, "approve", "submitted", "audited" if closes else "submitted", closes, person, votes, 2, values, round_
        )

    def step(seq: int, action: str, source: str, target: str, round_: int) -> Move:
        return Move(
            seq, action, source, target, closes=True, person="lin", votes=(), need=None, routing={}, round=round_
        )

    moves = [
        step(1, "submit", "draft", "submitted", 1),
        approve(2, "gao", ("gao",), 1),
        step(3, "return", "submitted", "draft", 1),
        step(4, "submit", "draft", "submitted", 2),
        approve(5, "gao", ("gao",), 2),
        approve(6, "wei", ("gao", "wei"), 2),
        step(7, "pay", "audited", "audited", 2),
        step(8, "publish", "audited", "published", 2),
    ]
    return shipped()["expense_claim"], moves


def test_a_whole_run_leads_to_where_it_ended() -> None:
    assert refold(*full_run()) == Standing("published", 2)


def test_no_moves_leave_a_case_where_it_began() -> None:
    assert refold(shipped()["expense_claim"], []) == Standing("draft", 1)


TAMPERED = [
    (1, {"action": "approve_all"}, "unknown_action"),
    (1, {"source": "submitted"}, "wrong_source"),
    (4, {"source": "audited"}, "wrong_source"),
    (3, {"round": 2}, "wrong_round"),
    (4, {"round": 1}, "wrong_round"),
    (1, {"person": None}, "not_a_person"),
    (1, {"action": "publish"}, "arrow_missing"),
    (1, {"target": "audited"}, "wrong_target"),
    (6, {"target": "awaiting_chair"}, "wrong_target"),
    (
        6,
        {"routing": {"amount_fen": 600_000, "setting.two_auditor_limit_fen": 500_000, "setting.chair_approves": True}},
        "wrong_target",
    ),
    (5, {"need": 1}, "quorum_differs"),
    (5, {"need": 3}, "wrong_need"),
    (5, {"need": None}, "wrong_need"),
    (5, {"routing": {}}, "wrong_need"),
    (
        5,
        {"routing": {"amount_fen": 5, "setting.two_auditor_limit_fen": 500_000, "setting.chair_approves": False}},
        "wrong_need",
    ),
    (6, {"person": "gao"}, "voted_twice"),
    (6, {"person": "gao", "votes": ("gao", "gao")}, "voted_twice"),
    (6, {"votes": ("yan", "wei")}, "wrong_votes"),
    (5, {"votes": ("gao", "wei")}, "wrong_votes"),
    (5, {"closes": True, "target": "audited"}, "quorum_differs"),
    (6, {"closes": False, "target": "submitted"}, "quorum_differs"),
    (7, {"votes": ("tao",)}, "wrong_votes"),
    (7, {"need": 1}, "wrong_votes"),
    (7, {"closes": False}, "quorum_differs"),
]


@pytest.mark.parametrize(("seq", "change", "code"), TAMPERED)
def test_a_changed_move_is_named_with_the_reason(seq: int, change: dict[str, object], code: str) -> None:
    definition, moves = full_run()
    moves[seq - 1] = replace(moves[seq - 1], **change)  # type: ignore[arg-type]
    found = refold(definition, moves)
    assert isinstance(found, Broken)
    assert (found.seq, found.code) == (seq, code)
    assert found.text.zh
    assert "{" not in found.text.zh + found.text.en


def carried(**changes: object) -> tuple[Definition, list[replay.Event]]:
    """The same run, carried to another version between its two votes."""
    definition, moves = full_run()
    text = as_yaml(definition).replace("or_all_members: true", "or_all_members: false")
    renamed = changes.pop("text", ("zh: 退回修改", "zh: 退回"))
    new = load_definition(text.replace(*renamed), TITLES)  # type: ignore[misc]
    passing = Carried(99, definition.hash, new, "submitted", "submitted", moves[5].round)
    return definition, [*moves[:5], replace(passing, **changes), *moves[5:]]  # type: ignore[arg-type]


TAMPERED_CARRYING = [
    ({"before": "0" * 64}, "wrong_version"),
    ({"source": "audited"}, "wrong_source"),
    ({"round": 9}, "wrong_round"),
    ({"target": "audited"}, "wrong_passage"),
    ({"target": "nowhere"}, "wrong_passage"),
    ({"text": ("  approve:\n", "  agree:\n")}, "vote_lost"),
]


def test_a_run_that_was_carried_to_another_version_is_decided_again_with_its_votes() -> None:
    definition, moves = full_run()
    assert refold(*carried()) == refold(definition, moves)


@pytest.mark.parametrize(("change", "code"), TAMPERED_CARRYING)
def test_a_changed_carrying_is_named_with_the_reason(change: dict[str, object], code: str) -> None:
    found = refold(*carried(**change))
    assert isinstance(found, Broken)
    assert (found.seq, found.code) == (99, code)
    assert "{" not in found.text.zh + found.text.en


def test_every_reason_of_the_replay_is_planted() -> None:
    planted = {code for _, _, code in TAMPERED} | {code for _, _, code in TAMPERED_STORY}
    assert planted | {code for _, code in TAMPERED_CARRYING} == replay.CODES


def test_a_lower_number_is_accepted_only_where_the_rule_lets_all_members_be_enough() -> None:
    definition, moves = full_run()
    one = replace(moves[1], votes=("wei",), person="wei", need=1, closes=True, target="audited")
    assert refold(definition, [moves[0], one]) == Standing("audited", 1)
    strict = tuple(
        replace(action, quorums=tuple(replace(quorum, or_all_members=False) for quorum in action.quorums))
        for action in definition.actions
    )
    found = refold(replace(definition, actions=strict), [moves[0], one])
    assert isinstance(found, Broken)
    assert found.code == "wrong_need"


@pytest.mark.parametrize("left_out", [0, 2, 3, 4, 5])
def test_a_move_that_others_stand_on_is_missed_when_left_out(left_out: int) -> None:
    definition, moves = full_run()
    del moves[left_out]
    assert isinstance(refold(definition, moves), Broken)


@pytest.mark.parametrize("left_out", [1, 6])
def test_a_vote_that_came_to_nothing_or_a_payment_is_missed_only_by_the_numbering_of_the_trail(left_out: int) -> None:
    definition, moves = full_run()
    del moves[left_out]
    assert refold(definition, moves) == Standing("published", 2)


@settings(max_examples=60, deadline=None)
@given(runs, st.integers(0, 2**32))
def test_a_move_that_leads_elsewhere_is_found_in_any_run(run: Run, seed: int) -> None:
    for _ in range(60):
        run.push()
    if not run.moves:
        return
    dice = Random(seed)
    place = dice.randrange(len(run.moves))
    others = [state.name for state in run.definition.states if state.name != run.moves[place].target]
    run.moves[place] = replace(run.moves[place], target=dice.choice(others))
    found = refold(run.definition, run.moves)
    assert isinstance(found, Broken)
    assert found.seq == place + 1


def test_replay_goes_through_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("the machine is out of order")

    monkeypatch.setattr(machine, "fire", broken)
    with pytest.raises(RuntimeError):
        refold(*full_run())


def test_twenty_five_auditors_cost_twenty_five_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    fired = 0
    fire = machine.fire

    def counting(*arguments: object, **named: object) -> str:
        nonlocal fired
        fired += 1
        return fire(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(machine, "fire", counting)
    base = sound()
    actions = tuple(replace(one, quorums=(Quorum(25),)) if one.name == "approve" else one for one in base.actions)
    definition = replace(base, actions=actions)
    run = Run(definition, Random(1), amount=1)
    run.state, run.submitter = "submitted", "an"
    run.settings = {**run.settings, "chair_approves": False}
    auditors = [f"auditor{number}" for number in range(25)]
    for person in auditors:
        answer = decide(definition, run.situation(), "approve", Actor(person, frozenset({"auditor"})))
        assert isinstance(answer, Decision)
        action = definition.action("approve")
        assert action is not None
        run.happen(answer, action, person)
    assert (run.state, fired) == ("audited", 25)
    assert run.moves[-1].votes == tuple(auditors)
