"""The whole story: one year of one invented union, told by the strands of its parts."""

from __future__ import annotations

from collections.abc import Iterator

from app.demo import budgeting, kinds, reviewing, rounds, spending, year
from app.demo.stage import Stage, Strand
from app.trail.keys import SigningKey


def strands(stage: Stage, signer: SigningKey) -> Iterator[Strand]:
    """Everything that happens; what happens at the same moment happens in this order."""
    yield from budgeting.strands(stage)
    yield from year.strands(stage)
    yield from spending.strands(stage)
    yield from kinds.strands(stage)
    yield from reviewing.strands(stage)
    yield from rounds.strands(stage, signer)
