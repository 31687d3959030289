"""Decision tables in words: which role may take which step from which state, and where it leads or why not.

A table has a head row of roles, and one row for each step that leaves a state. A cell is the state arrived at, ``vote``
where the step is counted and the case stays, or the codes of all refusals joined by ``+``; ``-`` is short for
``not_your_step``. Every pair of state and step that is not in the table must be refused as ``wrong_state`` to everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.engine.deciding import decide
from app.engine.decision import Actor, Decision, Given, Refused, Situation
from app.engine.definition import Action, Definition
from tests.unit.engine.workbench import looked


@dataclass(frozen=True)
class Role:
    """A person of the story and the offices held."""

    person: str
    offices: frozenset[str] = frozenset()


def role(person: str, *offices: str) -> Role:
    return Role(person, frozenset(offices))


def given_for(action: Action) -> Given:
    """What a careful person sends along: a reason, and everything that is asked."""
    return Given(comment="理由", data=dict.fromkeys(action.asks, "值"))


def answer_of(definition: Definition, situation: Situation, action: str, who: Role) -> str:
    """The answer as a cell of the table."""
    found = definition.action(action)
    given = Given() if found is None else given_for(found)
    answer = decide(definition, looked(definition, situation), action, Actor(who.person, who.offices), given)
    if isinstance(answer, Refused):
        return "+".join(sorted({one.code for one in answer.refusals})).replace("not_your_step", "-")
    assert isinstance(answer, Decision)
    assert answer.source == situation.state
    return answer.target if answer.closes else "vote"


def rows_of(table: str) -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    """The roles of the head row, and the cells by state and step."""
    lines = [line.split() for line in table.strip().splitlines() if line.strip()]
    head, *rows = lines
    assert head[:2] == ["state", "step"], head
    assert all(len(row) == len(head) for row in rows), [row for row in rows if len(row) != len(head)]
    cells = {(row[0], row[1]): row[2:] for row in rows}
    assert len(cells) == len(rows), "a row stands twice"
    return head[2:], cells


def assert_table(
    definition: Definition, roles: Mapping[str, Role], situation_in: Callable[[str], Situation], table: str
) -> None:
    """Decide every state × step × role and compare with the table; all differences are shown at once."""
    names, cells = rows_of(table)
    wrong: list[str] = []
    for state in definition.states:
        for action in definition.actions:
            expected = cells.pop((state.name, action.name), None)
            for place, name in enumerate(names):
                found = answer_of(definition, situation_in(state.name), action.name, roles[name])
                if expected is None and "wrong_state" not in found.split("+"):
                    wrong.append(f"{state.name} {action.name} {name}: not in the table, but {found}")
                elif expected is not None and found != expected[place]:
                    wrong.append(f"{state.name} {action.name} {name}: table says {expected[place]}, engine {found}")
    assert not cells, f"no such state and step: {sorted(cells)}"
    assert not wrong, "\n".join(wrong)
