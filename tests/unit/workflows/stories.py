"""Stories of one case, a line for a step: who does what, and where it leads or why not.

``welfare submit -> submitted`` is a step that succeeds, ``clerk approve ! not_your_step`` one that is refused (with every
code, joined by ``+``). A person is named by the office held; ``welfare+chair`` is the welfare officer who also became
chair, so that the sides of a case can be tried. Persons of the form stand in the story's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.engine.deciding import decide
from app.engine.decision import Actor, Decision, Given, Refused, Situation, Vote
from app.engine.definition import Action, Definition, FieldType
from tests.unit.engine.workbench import SETTINGS, looked

ROLES_WITHOUT_OFFICE = frozenset({"owner", "recipient", "scrutineer", "applicant", "nobody"})
"""Persons of a form who hold nothing but their membership."""


@dataclass(frozen=True)
class Story:
    """What happens to one case. ``data`` is the form as far as persons and conditions go."""

    kind: str
    sentence: str
    steps: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> Iterator[tuple[str, str, str, str]]:
        """(who, action, arrow or bang, target or codes) of each line."""
        for line in self.steps.strip().splitlines():
            who, action, mark, expected = line.split()
            assert mark in {"->", "!"}, line
            yield who, action, mark, expected


def person_of(who: str) -> Actor:
    """``welfare+chair`` is the person welfare with both offices; everyone in a story is a member."""
    first = who.partition("+")[0]
    offices = {one for one in who.split("+") if one not in ROLES_WITHOUT_OFFICE}
    offices = {one.rstrip("0123456789") for one in offices}
    return Actor(first, frozenset(offices | {"member"}))


def told(definition: Definition, story: Story) -> tuple[str, set[str]]:
    """Walk the story; where it ends, and the actions taken on the way."""
    opener = next(story.lines())[0].partition("+")[0]
    situation = Situation(state=definition.initial, data=dict(story.data), opener=opener, settings=SETTINGS)
    taken: set[str] = set()
    for who, name, mark, expected in story.lines():
        actor, action = person_of(who), definition.action(name)
        assert action is not None, f"{definition.name} has no step {name}"
        answer = decide(definition, looked(definition, situation), name, actor, given_at(definition, action))
        if isinstance(answer, Refused):
            codes = "+".join(sorted({one.code for one in answer.refusals}))
            assert (mark, expected) == ("!", codes), f"{who} {name} in {situation.state}: refused, {codes}"
            continue
        assert isinstance(answer, Decision)
        arrived = answer.target if answer.closes else "vote"
        assert (mark, expected) == ("->", arrived), f"{who} {name} in {situation.state}: allowed, {arrived}"
        taken.add(name)
        situation = after(definition, situation, action, actor, answer)
    return situation.state, taken


def given_at(definition: Definition, action: Action) -> Given:
    """What a careful person sends along; a person that is asked for is ``owner``."""
    data = {name: "owner" if definition.field(name).type is FieldType.PERSON else "值" for name in action.asks}
    return Given(comment="理由", data=data)


def after(definition: Definition, situation: Situation, action: Action, actor: Actor, decision: Decision) -> Situation:
    """The situation the decision leaves behind, as the door would read it."""
    person = str(actor.person)
    data = {**situation.data, **given_at(definition, action).data}
    if not decision.closes:
        return replace(situation, data=data, votes=(*situation.votes, Vote(action.name, person)))
    approvers = situation.approvers
    if action.tone == "plain" and "submitter" in action.bars and decision.target != decision.source:
        approvers = approvers | {person, *(vote.person for vote in situation.votes)}
    return replace(
        situation,
        state=decision.target,
        data=data,
        votes=(),
        submitter=person if decision.source == definition.initial else situation.submitter,
        approvers=frozenset() if decision.new_round else approvers,
    )
