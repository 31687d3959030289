"""The stage on which the story is played: one transaction, a clock that the story sets, and the door for every event.

A *strand* is a generator: it does something, then yields the moment at which it goes on. ``play`` wakes all strands in the
order of their moments, so that things happen, get their numbers and enter the trail in the order of their days.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.cases.files import Files
from app.cases.models import Case
from app.cases.schemas import load_data
from app.cases.service import Cases, Step
from app.demo.days import LAST_DAY, at
from app.demo.people import Cast
from app.foundation.clock import union_day
from app.notices.delivering import Worker

Strand = Iterator[datetime]

CURTAIN = at(LAST_DAY, 18)
"""The last moment of the story."""


@dataclass(slots=True)
class Stage:
    """What strands act with. ``now`` is the moment of the story."""

    session: Session
    door: Cases
    files: Files
    cast: Cast
    worker: Worker
    now: datetime
    tasks: dict[str, Case] = field(default_factory=dict)
    """Tasks by the name that the tables give them, from the moment they were opened."""

    @property
    def today(self) -> date:
        """The day of the story."""
        return union_day(self.now)

    def hand_in(self, who: str, content: bytes, name: str) -> str:
        """Take in a file; the id as forms write it."""
        taken = self.files.take(content, name)
        row = self.door.keep_file(self.session, self.cast[who], **taken, now=self.now)
        self.session.flush()
        return str(row.id)

    def open(self, who: str, workflow: str, **data: object) -> Case:
        """Begin a draft."""
        definition = self.door.definitions.in_force(self.session, self.cast.union_id, workflow)
        return self.door.open_case(self.session, self.cast[who], workflow, load_data(definition, data), self.now)

    def edit(self, who: str, case: Case, **data: object) -> None:
        """Change a draft."""
        definition = self.door.definitions.by_hash(self.session, case.definition_hash)
        self.door.edit(self.session, self.cast[who], case.id, case.version, load_data(definition, data), self.now)

    def act(self, who: str, case: Case, action: str, comment: str = "", **data: object) -> None:
        """Take one step."""
        definition = self.door.definitions.by_hash(self.session, case.definition_hash)
        clean = load_data(definition, data, action)
        step = Step(case.id, case.version)
        self.door.act(self.session, self.cast[who], step, action, self.now, comment=comment, data=clean)

    def act_on_all(self, who: str, cases: Sequence[Case], action: str) -> None:
        """Take the same step for many, as one decision of one person.

        Raises:
            AppError: the first refusal; the story has none here.
        """
        steps = [Step(case.id, case.version) for case in cases]
        for outcome in self.door.act_on_many(self.session, self.cast[who], steps, action, self.now):
            if outcome.error is not None:
                raise outcome.error


def play(stage: Stage, strands: Iterable[Strand], until: datetime) -> None:
    """Let every strand run to its end or to ``until``, each waking at its own moments."""
    queue: list[tuple[datetime, int, Strand]] = []
    for order, strand in enumerate(strands):
        _wait(queue, order, strand)
    while queue:
        moment, order, strand = heapq.heappop(queue)
        if moment > until:
            return
        stage.now = max(stage.now, moment)
        stage.session.expire_all()  # as if every step were a request of its own
        _wait(queue, order, strand)


def _wait(queue: list[tuple[datetime, int, Strand]], order: int, strand: Strand) -> None:
    moment = next(strand, None)
    if moment is not None:
        heapq.heappush(queue, (moment, order, strand))
