"""What ``notices`` puts into the house: the kinds, the readers of outbox rows, the channels and the worker."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.notices.delivering import Channels, Worker
from app.notices.kinds import Kinds
from app.notices.mail import Mailer
from app.notices.models import Outbox
from app.notices.ports import Announced, Announcers, Message
from app.notices.webhooks import Hooks
from app.people import queries as people
from app.wording import Text
from config import Settings

_ONE_WHO_LEFT = Text("经办的人", "Someone")


def register(wiring: Wiring) -> None:
    """Wire the parts; features add their kinds and readers afterwards."""
    settings = wiring.use(Settings)
    kinds, announcers, channels = Kinds(), Announcers({"notice": read_notices}), channels_of(settings)
    wiring.put(kinds)
    wiring.put(announcers)
    wiring.put(channels)
    wiring.put(Worker(wiring.use(Database), announcers, kinds, channels))


def channels_of(settings: Settings) -> Channels:
    """E-mail where a mail server is set, webhooks where hosts are."""
    mailer = None
    if settings.smtp_host:
        mailer = Mailer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.mail_from,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password,
            ca_file=settings.ca_file,
        )
    hooks = Hooks(settings.webhook_hosts, settings.private_networks, settings.ca_file)
    return Channels(mailer, hooks, settings.digest_hour, settings.public_address.rstrip("/"))


def read_notices(session: Session, union_id: uuid.UUID, rows: Sequence[Outbox]) -> Mapping[uuid.UUID, Announced]:
    """What rows written by ``service.tell`` say."""
    acting = {uuid.UUID(row.payload["by"]) for row in rows if row.payload["by"]}
    names = people.names(session, union_id, acting)
    found: dict[uuid.UUID, Announced] = {}
    for row in rows:
        payload = row.payload
        name = names.get(payload["by"] or "")
        figures = {key: Text(*pair) for key, pair in payload["figures"].items()}
        figures["by"] = Text(name, name) if name else _ONE_WHO_LEFT
        message = Message(payload["kind"], frozenset(payload["to"]), figures)
        found[row.id] = Announced((message,), payload["by"])
    return found
