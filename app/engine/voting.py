"""Counting: how many must agree, who has, and whether the outcome is decided. Quorums, parties, weights, votes against."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from app.engine.conditions import Value, holds
from app.engine.decision import Situation, Verb, Vote
from app.engine.definition import Action, Quorum

ONE = Quorum(1)
"""What an action without approvals asks: one word is enough."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the step's approvals that applies here, with what it needs and what it has."""

    quorum: Quorum
    offices: tuple[str, ...]
    need: int
    have: int

    @property
    def is_met(self) -> bool:
        """Whether enough agreed."""
        return self.have >= self.need


def applicable(action: Action, values: Mapping[str, Value]) -> list[Quorum]:
    """The lines that apply: the first that holds, or every party that does."""
    if len(action.quorums) == 1 and action.quorums[0].when is None:
        return list(action.quorums)
    held = (quorum for quorum in action.quorums if holds(quorum.when, values))
    if action.quorums and action.quorums[0].party is not None:
        return list(held)
    first = next(held, None)
    return [] if first is None else [first]


def lines_of(action: Action, situation: Situation, values: Mapping[str, Value], votes: Iterable[Vote]) -> list[Line]:
    """The lines that apply with what each needs and has; ``votes`` are those for the action, added signers left out."""
    votes = list(votes)
    found: list[Line] = []
    for quorum in applicable(action, values) if action.quorums else (ONE,):
        offices = quorum.of or action.by.offices
        have = sum(vote.weight for vote in votes if quorum.party is None or vote.party == quorum.party)
        found.append(Line(quorum, offices, need_of(quorum, offices, situation), have))
    return found


def need_of(quorum: Quorum, offices: Iterable[str], situation: Situation) -> int:
    """How much agreement the line needs: votes, or weight where votes weigh differently; at least 1."""
    if not quorum.counts_members:
        return quorum.need or 1
    members = members_of(offices, situation)
    if quorum.need is not None:
        return min(quorum.need, len(members)) if members else quorum.need
    whole = sum(weight_of(quorum, _offices_of(person, situation)) for person in members)
    if quorum.share is not None:
        part, parts = quorum.share
        whole = -(-whole * part // parts)
    return max(1, whole)


def members_of(offices: Iterable[str], situation: Situation) -> set[str]:
    """Everyone who holds one of the offices today and did not stand aside from the case."""
    found: set[str] = set()
    for office in offices:
        found |= situation.members.get(office, frozenset())
    return found - {one.by for one in situation.arrangements if one.verb is Verb.RECUSE and one.by is not None}


def weight_of(quorum: Quorum, offices: Iterable[str]) -> int:
    """What the vote of someone with these offices weighs."""
    weights = dict(quorum.weights)
    return max((weights.get(office, 1) for office in offices), default=1)


def still_possible(
    line: Line,
    situation: Situation,
    spoken: Iterable[str],
    away: Iterable[str],
    handed: Mapping[str, str],
    drawn: Collection[str] = (),
) -> bool:
    """Whether the line can be met by those who have not spoken and are not away; ``handed`` speak through another.

    Where some were ``drawn``, only they are asked.
    """
    members = members_of(line.offices, situation)
    asked = {handed.get(person, person) for person in (members & set(drawn) if drawn else members)}
    left = asked - set(spoken) - set(away)
    reach = sum(weight_of(line.quorum, _offices_of(person, situation)) for person in left)
    return line.have + reach >= line.need


def _offices_of(person: str, situation: Situation) -> list[str]:
    return [office for office, holders in situation.members.items() if person in holders]
