"""What the API and the pages take about people: strict, every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validate

from app.foundation.edge import faults_of
from app.foundation.errors import Invalid
from app.foundation.money import LARGEST
from app.foundation.strict_fields import PlainText, StrictBoolean, WholeNumber
from app.people.passwords import LONGEST, one_time_password
from app.people.service import ONE_AUDITOR_IS_ENOUGH, Founding
from app.people.setting_up import Newcomer, Plan
from app.wording import Text

_EMPTY = Text("必须填写。", "Must be filled in.")
FIRST_SLUG = "union"


class Line(PlainText):
    """One line of plain text; Unicode's own line and paragraph breaks are refused too."""

    unseen = PlainText.unseen | {"Zl", "Zp"}

    def __init__(self, longest: int, *, needed: bool = False, **kwargs: Any) -> None:
        """``longest`` counts characters; ``needed`` refuses an empty line."""
        super().__init__(longest, required=needed, **kwargs)
        self.needed = needed

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if self.needed and not text:
            raise ValidationError(cast("Any", [_EMPTY]))
        return text


class Secret(fields.String):
    """A password, taken exactly as typed."""

    def __init__(self, **kwargs: Any) -> None:
        """Longer than ``LONGEST`` is refused before anything is hashed."""
        super().__init__(validate=validate.Length(max=LONGEST), **kwargs)


def amount(**kwargs: Any) -> WholeNumber:
    """Whole fen, zero or more."""
    return WholeNumber(validate=validate.Range(0, LARGEST - 1), **kwargs)


class TokenSchema(Schema):
    """Asking for an API token."""

    username = Line(64, needed=True)
    password = Secret(required=True)
    label = Line(80, load_default="")
    union = Line(40, load_default=None, allow_none=True)


class PasswordSchema(Schema):
    """Changing one's own password."""

    current = Secret(required=True)
    new = Secret(required=True)


class PersonSchema(Schema):
    """Taking someone in; with a user name also a first password."""

    name = Line(60, needed=True)
    group = Line(60, load_default="")
    is_member = StrictBoolean(load_default=True)
    username = Line(64, load_default="")
    password = Secret(load_default="")


class LeavingSchema(Schema):
    """The first day on which someone is no longer in the union."""

    on = fields.Date(load_default=None, allow_none=True)


class AppointmentSchema(Schema):
    """Recording that someone takes an office."""

    person_id = fields.UUID(required=True)
    office = Line(40, needed=True)
    from_on = fields.Date(required=True, data_key="from")
    to_on = fields.Date(load_default=None, allow_none=True, data_key="to")


class EndingSchema(Schema):
    """The last day in office; without one it ends at once."""

    last_day = fields.Date(load_default=None, allow_none=True)


class DelegationSchema(Schema):
    """Who stands in for the caller, from when to when, for which offices."""

    taker = fields.UUID(required=True)
    from_on = fields.Date(required=True, data_key="from")
    until_on = fields.Date(required=True, data_key="until")
    offices = fields.List(Line(40, needed=True), load_default=list, validate=validate.Length(max=20))


class SettingsSchema(Schema):
    """What a union sets for itself; only what is sent is changed."""

    name = Line(100, needed=False)
    place = Line(60)
    tax_id = Line(30)
    two_auditor_limit_fen = amount()
    chair_approves = StrictBoolean()


class NewcomerSchema(Schema):
    """One of the first people of a union."""

    name = Line(60, needed=True)
    username = Line(64, needed=True)
    password = Secret(load_default=None, allow_none=True)
    temporary = StrictBoolean(load_default=False)
    offices = fields.List(Line(40, needed=True), required=True)
    group = Line(60, load_default="")
    is_member = StrictBoolean(load_default=True)


class SetupSchema(Schema):
    """The first-run page, and the file that ``flask setup --from`` reads."""

    union_name = Line(100, needed=True)
    slug = Line(40, load_default=FIRST_SLUG)
    place = Line(60, needed=True)
    tax_id = Line(30, load_default="")
    two_auditors_above_fen = amount(load_default=None, allow_none=True)
    chair_approves = StrictBoolean(load_default=False)
    people = fields.List(fields.Nested(NewcomerSchema), required=True)


def load(schema: type[Schema], raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the schema makes of it.

    Raises:
        Invalid: with every fault by path.
    """
    try:
        return cast("dict[str, Any]", schema().load(raw))
    except ValidationError as error:
        raise Invalid(faults_of(error.messages)) from error


def plan_of(data: Mapping[str, Any]) -> Plan:
    """The plan of a loaded ``SetupSchema``. Who has no password gets a random one, which must be changed first."""
    limit = data["two_auditors_above_fen"]
    return Plan(
        Founding(
            name=data["union_name"],
            slug=data["slug"],
            place=data["place"],
            tax_id=data["tax_id"],
            two_auditor_limit_fen=ONE_AUDITOR_IS_ENOUGH if limit is None else limit,
            chair_approves=data["chair_approves"],
        ),
        tuple(
            Newcomer(
                name=one["name"],
                username=one["username"],
                password=one["password"] if one["password"] is not None else one_time_password(),
                offices=tuple(dict.fromkeys(one["offices"])),
                group_name=one["group"],
                is_member=one["is_member"],
                temporary=one["temporary"] or one["password"] is None,
            )
            for one in data["people"]
        ),
    )
