"""marshmallow: the envelopes of proposals."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from app.engine.loading import LARGEST_FILE
from app.foundation.strict_fields import PlainText, WholeNumber

LONGEST_NOTE = 1000


class TextSchema(Schema):
    """The text of a workflow."""

    yaml = fields.String(required=True, validate=validate.Length(min=1, max=LARGEST_FILE))


class ProposeSchema(TextSchema):
    """A version to put up for confirmation."""

    note = PlainText(LONGEST_NOTE, multiline=True, load_default="")
    states = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)),
        values=fields.String(validate=validate.Length(max=40)),
        load_default=dict,
        metadata={"description": "where running cases go: {state of the version in force: state of this one}"},
    )


class DecideSchema(Schema):
    """A word on a proposal."""

    note = PlainText(LONGEST_NOTE, multiline=True, load_default="")


class MoveSchema(Schema):
    """One case to bring along, as the report showed it."""

    id = fields.UUID(required=True)
    events = WholeNumber(required=True, metadata={"description": "as in the report; else the case is skipped as stale"})


class MigrateSchema(Schema):
    """The cases to bring along."""

    cases = fields.List(fields.Nested(MoveSchema), required=True, validate=validate.Length(min=1, max=500))
