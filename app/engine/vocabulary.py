"""What a definition may name beyond itself: the registered facts and effects, the union's settings and its offices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ConstantType = type[int] | type[bool] | type[str]
"""``bool``, ``int`` or ``str``, exactly: a truth value is no number here."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The closed list of names that definitions are proved against."""

    facts: Mapping[str, Mapping[str, ConstantType]] = field(default_factory=dict)
    """Fact name -> parameter name -> its type; every parameter must be given."""
    effects: Mapping[str, Mapping[str, ConstantType]] = field(default_factory=dict)
    settings: Mapping[str, ConstantType] = field(default_factory=dict)
    """Setting name -> its type; a name ending ``_fen`` is money."""
    offices: frozenset[str] = frozenset()
    paying: frozenset[str] = frozenset()
    """Effects that spend money: what has them comes after the approvals."""
    repeatable: frozenset[str] = frozenset()
    """Effects that write what follows from the case as it stands, so that they can run again after a step was undone."""
