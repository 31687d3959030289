"""Whether the people in office today can carry a union's workflows: asked when an office, a term or a setting changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.situations import settings_of
from app.engine.sides import Staffing, offices_named, staffing
from app.people import queries as people
from app.people.models import Union
from app.wording import Text


def staffing_of(session: Session, definitions: Definitions, union_id: uuid.UUID, day: date) -> list[Staffing]:
    """For each workflow in force: whether it can be carried on that day, and whose absence would stop it.

    One statement for all offices; the proof itself asks nothing.
    """
    chosen = list(definitions.all_in_force(session, union_id).values())
    holders = people.holders(session, union_id, {office for one in chosen for office in offices_named(one)}, day)
    settings = settings_of(session.get_one(Union, union_id))
    return [staffing(definition, holders, settings) for definition in chosen]


def sentences(session: Session, union_id: uuid.UUID, found: Sequence[Staffing]) -> list[Text]:
    """Everything found, in words, with people's names; what stops now comes first."""
    persons = {
        person for one in found for gap in (*one.away, *one.parties) for group, _ in gap.groups for person in group
    }
    names = people.names(session, union_id, map(uuid.UUID, persons))
    ordered = sorted(found, key=lambda one: one.is_ok)
    return [text for one in ordered for text in one.sentences(names)]
