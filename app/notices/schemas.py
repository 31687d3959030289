"""What the API and the pages take about notices: strict, every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validate

from app.foundation.edge import faults_of
from app.foundation.errors import Invalid
from app.foundation.strict_fields import AddressNumber, PlainText
from app.notices.mail import LONGEST_ADDRESS, is_address
from app.notices.webhooks import LONGEST_URL
from app.wording import Text

MODES = ("immediate", "digest", "off")
_BAD_ADDRESS = Text("邮箱地址应写作 name@example.cn。", "Write the address as name@example.cn.")


class MailAddress(PlainText):
    """One e-mail address, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        """Longer than mail allows is refused."""
        super().__init__(LONGEST_ADDRESS, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text and not is_address(text):
            raise ValidationError(cast("Any", [_BAD_ADDRESS]))
        return text


class ListSchema(Schema):
    """Which notices."""

    limit = AddressNumber(load_default=50, validate=validate.Range(1, 100))
    cursor = fields.String(load_default=None)
    show = fields.String(load_default="all", validate=validate.OneOf(["all", "unread"]))


class ChoicesSchema(Schema):
    """One's own address and choices; only what is sent is changed."""

    email = MailAddress()
    language = fields.String(validate=validate.OneOf(["zh", "en"]))
    mail_urgent = fields.String(validate=validate.OneOf(MODES))
    mail_other = fields.String(validate=validate.OneOf(MODES))


class WebhookSchema(Schema):
    """Where the union's events go; empty: nowhere."""

    url = PlainText(LONGEST_URL, required=True)


class NothingSchema(Schema):
    """A request that says everything by its address."""


def load(schema: type[Schema], raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the schema makes of it.

    Raises:
        Invalid: with every fault by path.
    """
    try:
        return cast("dict[str, Any]", schema().load(raw))
    except ValidationError as error:
        raise Invalid(faults_of(error.messages)) from error
