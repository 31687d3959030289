"""What the installation does by itself: messages delivered every evening, checkpoints signed at the end of every month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from app.demo.days import LAST_DAY, TERM_BEGINS, YEAR, at
from app.demo.stage import Stage, Strand
from app.notices import service as notices
from app.review import heads
from app.trail.keys import SigningKey

READING_DAY = 4
"""Fridays: part-time officers look at everything before the weekend."""


def strands(stage: Stage, signer: SigningKey) -> Iterator[Strand]:
    """The evening rounds and the month ends."""
    yield _evenings(stage)
    yield _month_ends(stage, signer)


def _evenings(stage: Stage) -> Strand:
    day = TERM_BEGINS
    while day <= LAST_DAY:
        yield at(day, 17, 58)
        while stage.worker.pass_on_within(stage.session, stage.cast.union_id, stage.now):
            pass
        if day.weekday() == READING_DAY:
            for principal in stage.cast.everyone.values():
                notices.mark_all_read(stage.session, principal, stage.now)
        day += timedelta(days=1)


def _month_ends(stage: Stage, signer: SigningKey) -> Strand:
    for day in [*(date(YEAR, month, 1) - timedelta(days=1) for month in range(1, LAST_DAY.month + 1)), LAST_DAY]:
        yield at(day, 17, 59)
        heads.sign_all(stage.session, signer, stage.now)
