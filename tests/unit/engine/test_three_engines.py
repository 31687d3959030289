"""Three readings of random sound workflows say the same: the engine, the library's machine, and a plain interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from app.engine import machine, table
from app.engine.conditions import operands, read
from app.engine.deciding import decide
from app.engine.decision import Actor, Decision, Given, Situation, Vote
from app.engine.definition import Action, Definition
from app.engine.replay import Move, Standing, refold
from tests.fixtures.plain_engine import PlainCase, Taken
from tests.unit.engine.drawing import OFFICES, sound_definitions

PERSONS = ("an", "bo", "ci", "du", "er")


@dataclass(frozen=True)
class Attempt:
    """Somebody tries something, with or without a reason, with or without the date that may be asked."""

    action: int
    person: str
    comment: str
    sends_date: bool


attempts = st.builds(
    Attempt,
    st.integers(0, 30),
    st.sampled_from(PERSONS),
    st.sampled_from(["理由", "理由", " "]),
    st.sampled_from([True, True, False]),
)
unions = st.fixed_dictionaries(
    {person: st.frozensets(st.sampled_from(OFFICES), min_size=1, max_size=4) for person in PERSONS}
)
forms = st.fixed_dictionaries(
    {"heads": st.integers(0, 9), "urgent": st.booleans(), "visitor": st.sampled_from([*PERSONS, "fu"])}
)


def as_seen(case: PlainCase) -> Situation:
    return Situation(
        state=case.state,
        data=case.data,
        opener=case.opener,
        submitter=case.submitter,
        votes=tuple(Vote(action, person) for action, person in case.votes),
        approvers=frozenset(case.approvers),
        settings=case.settings,
        members={
            office: frozenset(person for person, held in case.offices.items() if office in held) for office in OFFICES
        },
    )


def chosen(case: PlainCase, attempt: Attempt) -> tuple[Action, dict[str, object]]:
    """Mostly a step of the present state; the others must be refused."""
    near = [*case.definition.actions_from(case.state)] * 3 + [*case.definition.actions]
    action = near[attempt.action % len(near)]
    return action, dict.fromkeys(action.asks, "2026-04-28") if attempt.sends_date else {}


def record(moves: list[Move], before: tuple[str, int], person: str, decision: Decision) -> None:
    state, round_ = before
    moves.append(
        Move(
            seq=len(moves) + 1,
            action=decision.action,
            source=state,
            target=decision.target,
            closes=decision.closes,
            person=person,
            votes=decision.votes,
            need=decision.need,
            routing=decision.routing,
            round=round_,
        )
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(sound_definitions(), unions, forms, st.integers(0, 9), st.lists(attempts, min_size=5, max_size=40))
def test_engine_machine_table_and_interpreter_agree_whatever_people_try(
    definition: Definition,
    union: dict[str, frozenset[str]],
    form: dict[str, object],
    quota: int,
    tried: list[Attempt],
) -> None:
    case = PlainCase(definition, {"reason": "…", **form}, {"quota": quota}, union, "an")
    moves: list[Move] = []
    for attempt in tried:
        action, sent = chosen(case, attempt)
        situation, before = as_seen(case), (case.state, case.round)
        actor = Actor(attempt.person, union[attempt.person])
        answer = decide(definition, situation, action.name, actor, Given(attempt.comment, sent))
        plain = case.attempt(action.name, attempt.person, attempt.comment, sent)
        assert isinstance(answer, Decision) == (plain is not None), (action.name, attempt, answer, plain)
        if not isinstance(answer, Decision):
            continue
        assert Taken(answer.target, answer.closes, answer.votes, answer.need, answer.new_round) == plain
        record(moves, before, attempt.person, answer)
        for lead in (machine.fire, table.step):
            assert lead(definition, before[0], action.name, answer.routing, quorum_met=answer.closes) == answer.target
            assert refold(definition, moves, lead) == Standing(case.state, case.round)
    event(f"{min(len(moves), 10)} steps taken")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(sound_definitions())
def test_machine_and_table_lead_to_the_same_place_from_everywhere(definition: Definition) -> None:
    for heads, urgent, quota in product((0, 2, 3, 5, 9), (True, False), (0, 3, 6)):
        data, figures = {"heads": heads, "urgent": urgent}, {"quota": quota}
        for state, action, met in product(definition.states, definition.actions, (True, False)):
            names = {name for branch in action.branches for name in operands(branch.when)}
            values = {name: read(name, data, figures) for name in names}
            assert led(machine.fire, definition, state.name, action, values, met=met) == led(
                table.step, definition, state.name, action, values, met=met
            )


def led(lead: object, definition: Definition, state: str, action: Action, values: object, *, met: bool) -> str | None:
    try:
        return lead(definition, state, action.name, values, quorum_met=met if action.quorums else True)  # type: ignore[operator,no-any-return]
    except machine.ArrowMissing:
        return None
