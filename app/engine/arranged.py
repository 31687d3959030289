"""What was arranged about a step, folded: who stood aside, handed over, was added, was asked, was drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.engine.decision import Arrangement, Order, Verb


@dataclass(frozen=True, slots=True)
class Added:
    """A signer whom someone added to the step."""

    person: str
    by: str | None
    order: Order


@dataclass(slots=True)
class Arranged:
    """The arrangements of one step as they stand now."""

    recused: set[str] = field(default_factory=set)
    handed: dict[str, str] = field(default_factory=dict)
    """From whom -> to whom; nobody hands over twice."""
    added: list[Added] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    """Who was asked for an opinion and has not given it -> who asked."""
    drawn: set[str] = field(default_factory=set)

    def adding(self, person: str) -> Added | None:
        """How this person was added, if he was."""
        return next((one for one in self.added if one.person == person), None)


NOTHING = Arranged()


def arranged(arrangements: tuple[Arrangement, ...], action: str) -> Arranged:
    """What stands for one action of the present step; standing aside counts for every action."""
    if not arrangements:
        return NOTHING
    found = Arranged()
    for one in arrangements:
        if one.verb is Verb.RECUSE and one.by is not None:
            found.recused.add(one.by)
            found.added = [added for added in found.added if added.person != one.by]
        elif one.action == action:
            _take(found, one)
    return found


def _take(found: Arranged, one: Arrangement) -> None:
    by, to = one.by or "", one.to or ""
    match one.verb:
        case Verb.ADD_SIGNER:
            found.added.append(Added(to, one.by, one.order))
        case Verb.DROP_SIGNER:
            found.added = [added for added in found.added if added.person != to]
        case Verb.HAND_OVER:
            found.handed[by] = to
        case Verb.ASK_OPINION:
            found.asked[to] = by
        case Verb.GIVE_OPINION:
            found.asked.pop(by, None)
        case Verb.RECALL_OPINION:
            found.asked.pop(to, None)
        case Verb.DRAW:
            found.drawn.add(to)
        case _:
            pass  # words about the case, which change nothing of who is asked
