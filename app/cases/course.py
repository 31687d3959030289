"""The course of a case so far, from its events: votes that stand, who carried it, the way it came, what can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from app.cases.models import Case
from app.cases.queries import Past, PastArrangement, PastEvent, PastMigration
from app.engine.decision import ABOUT_THE_CASE, Arrangement, LastStep, Verb, Vote
from app.engine.definition import TAKE_BACK, Definition
from app.engine.ways import carries


@dataclass(slots=True)
class Course:
    """What the engine is told of the past."""

    votes: tuple[Vote, ...] = ()
    approvers: frozenset[str] = frozenset()
    arrangements: tuple[Arrangement, ...] = ()
    path: tuple[str, ...] = ()
    last: LastStep | None = None
    resume_to: str | None = None
    submitted_for: str | None = None
    is_disputed: bool = False


def course_of(rows: Sequence[PastEvent], case: Case, definition: Definition) -> Course:
    """Fold the events of a case, oldest first; what was taken back did not happen."""
    course = Course()
    standing = without_undone(rows)
    for row in standing:
        if isinstance(row, PastArrangement):
            course.arrangements = (*course.arrangements, row.arrangement)
            course.is_disputed |= row.arrangement.verb is Verb.DISPUTE_PAPER
            if row.arrangement.verb not in ABOUT_THE_CASE:
                course.last = None
        elif isinstance(row, PastMigration):
            _carry(course, row)
        else:
            _step(course, row, definition)
    since = _first_round_that_counts(standing, case)
    carrying = {action.name for action in definition.actions if carries(action)}
    course.approvers = frozenset(
        str(person)
        for row in standing
        if isinstance(row, Past) and row.round >= since and row.action in carrying
        for person in (row.person_id, row.seat_id)
        if person is not None
    )
    if course.resume_to == case.state or case.material_changed:
        course.resume_to = None
    return course


def without_undone(rows: Sequence[PastEvent]) -> list[PastEvent]:
    """The events that stand: each taking back removes itself and the step before it."""
    standing: list[PastEvent] = []
    for row in rows:
        if not isinstance(row, Past) or row.action != TAKE_BACK:
            standing.append(row)
            continue
        while standing and not isinstance(standing.pop(), Past):
            pass
    return standing


class _Named(Protocol):
    @property
    def action(self) -> str:
        """The name of the step."""


T = TypeVar("T", bound=_Named)


def that_stand(decisions: Iterable[T]) -> list[T]:
    """The decisions of one case, in order, without those that were taken back and their taking back."""
    standing: list[T] = []
    for row in decisions:
        if row.action != TAKE_BACK:
            standing.append(row)
        elif standing:
            standing.pop()
    return standing


def _carry(course: Course, row: PastMigration) -> None:
    """Carried to another version: states are called as there, and nobody takes back what was decided before."""
    names = {**row.states, row.source: row.target}
    course.path = tuple(dict.fromkeys(names.get(state, state) for state in course.path))
    course.resume_to = None if course.resume_to is None else names.get(course.resume_to, course.resume_to)
    course.last = None


def _step(course: Course, row: Past, definition: Definition) -> None:
    person = str(row.person_id) if row.person_id else None
    course.last = LastStep(row.action, person, row.source, row.target, row.closes)
    action = definition.action(row.action)
    opens_round = row.closes and action is not None and action.opens_round
    if opens_round:
        course.is_disputed = False
        course.resume_to = row.source if action is not None and action.returns and row.resumes else None
    if row.closes and row.source == definition.initial:
        course.submitted_for = str(row.seat_id) if row.seat_id else None
    if row.target != row.source or opens_round:
        course.votes = ()
        course.arrangements = tuple(one for one in course.arrangements if one.verb is Verb.RECUSE)
        course.path = _onward(course.path, row.source, row.target)
        if row.target == course.resume_to:
            course.resume_to = None
    elif not row.closes and person is not None and not (action is not None and action.amends):
        seat = str(row.seat_id) if row.seat_id else ""
        course.votes = (*course.votes, Vote(row.action, person, seat, row.weight, row.party))


def _onward(path: tuple[str, ...], source: str, target: str) -> tuple[str, ...]:
    """The way it came: back at an earlier state, what lay behind it is gone."""
    if target in path:
        return path[: path.index(target)]
    return path if source == target or source in path else (*path, source)


def _first_round_that_counts(rows: Sequence[PastEvent], case: Case) -> int:
    """The present round, and those before it that a promise to come straight back ties to it."""
    since = case.round
    for row in reversed(rows):
        if isinstance(row, Past) and row.resumes and row.round == since - 1:
            since = row.round
    return since
