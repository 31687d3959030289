"""Ports: how a definition's facts and effects reach the features that own the tables. ``factory`` fills the registry.

A *fact* is read for a guard and answers with findings. An *effect* changes a feature's tables in the transaction of the
decision. Both are named in definitions (``fund.budget_covers``); an unregistered name stops the start.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.engine.decision import Decision, Finding


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as features see it. ``data`` holds what the actor sends along with the action, ``stored`` does not yet."""

    union_id: uuid.UUID
    id: uuid.UUID
    workflow: str
    number: str | None
    state: str
    phase: str
    round: int
    data: Mapping[str, Any]
    stored: Mapping[str, Any]
    opener_id: uuid.UUID
    submitter_id: uuid.UUID | None
    title: str = ""
    amount_fen: int | None = None
    category: str | None = None
    day: date | None = None

    @property
    def year(self) -> int | None:
        """The year its day falls in; budgets and numbers go by it."""
        return self.day.year if self.day else None


class Fact(Protocol):
    """Reads for a guard. With ``lock`` the rows it judged by stay as they are until the transaction ends."""

    def __call__(
        self, session: Session, case: CaseView, parameters: Mapping[str, Any], now: datetime, *, lock: bool
    ) -> Iterable[Finding]:
        """Judge the case as its data stands."""


@dataclass(slots=True)
class EffectCall:
    """What an effect gets. It may set fields that the definition says it fills, and add figures to the trail's entry."""

    session: Session
    case: CaseView
    decision: Decision
    person_id: uuid.UUID | None
    now: datetime
    parameters: Mapping[str, Any]
    fill: Callable[[str, Any], None]
    """``fill(field, value)`` writes a field with ``filled_by`` this effect."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Whole numbers and codes that go into the trail's entry under ``facts``; never personal values."""


Effect = Callable[[EffectCall], None]

EffectOfMany = Callable[[Sequence[EffectCall]], None]
"""Carries out one effect for all steps of a batch, after all of them are decided."""


class FactOfMany(Protocol):
    """Judges all cases of a batch by as many statements as one would take; every case has its entry."""

    def __call__(
        self, session: Session, cases: Sequence[CaseView], parameters: Mapping[str, Any], now: datetime, *, lock: bool
    ) -> Mapping[uuid.UUID, Sequence[Finding]]:
        """What the fact says of each, by id."""


FileReader = Callable[[bytes, str], Mapping[str, Any] | None]
"""Looks into an uploaded file (bytes, name) and returns what it found, or None when it is nothing of its kind."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something stored that the trail does not bear out. ``subject`` is a case's number or id, or a table's row."""

    code: str
    subject: str
    zh: str
    en: str


Reconciler = Callable[[Session, uuid.UUID], Iterable[Discrepancy]]
"""Compares a feature's typed rows of one union with ``case.data`` and the decisions; yields every difference."""


@dataclass(slots=True)
class Registry:
    """Every fact, effect, file reader and reconciler by name."""

    facts: dict[str, Fact] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    fact_parameters: dict[str, Mapping[str, type]] = field(default_factory=dict)
    effect_parameters: dict[str, Mapping[str, type]] = field(default_factory=dict)
    facts_of_many: dict[str, FactOfMany] = field(default_factory=dict)
    """The same facts for a batch; a fact without an entry here is asked case by case."""
    effects_of_many: dict[str, EffectOfMany] = field(default_factory=dict)
    """The same effects for a batch. Only what refuses nothing, fills no field and adds no figures can wait so long."""
    paying: set[str] = field(default_factory=set)
    """Effects that spend money: no definition may have them before the approvals that the case's band asks for."""
    repeatable: set[str] = field(default_factory=set)
    """Effects that write what follows from the case as it stands: a step with them can be taken back."""
    file_readers: dict[str, FileReader] = field(default_factory=dict)
    reconcilers: dict[str, Reconciler] = field(default_factory=dict)
    account_titles: Callable[[uuid.UUID, str], Mapping[str, Any]] | None = None
    """``(union_id, kind) -> {code: Text}`` of the union's chart; None where no feature keeps accounts."""
    accounts_left: Callable[[Session, uuid.UUID, int], Mapping[str, int]] | None = None
    """``(session, union_id, year) -> {code: fen still available}``, shown on forms."""

    def fact(self, name: str, provider: Fact, **parameters: type) -> None:
        """Register a fact; a name is given once."""
        if name in self.facts:
            raise ValueError(f"fact {name} is registered twice")
        self.facts[name] = provider
        self.fact_parameters[name] = parameters

    def effect(self, name: str, provider: Effect, **parameters: type) -> None:
        """Register an effect; a name is given once."""
        if name in self.effects:
            raise ValueError(f"effect {name} is registered twice")
        self.effects[name] = provider
        self.effect_parameters[name] = parameters
