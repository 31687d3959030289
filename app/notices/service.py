"""Telling people: what features put into the outbox, what readers do with their notices, and who has what sent where."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.errors import NotFound
from app.foundation.ids import new_id
from app.notices import queries
from app.notices.errors import RetriedAlready
from app.notices.models import Delivery, Incident, Notice, NoticeSetting, Outbox, Webhook
from app.people.policy import CONNECTIONS, MAINTAINER
from app.people.principal import Principal
from app.trail import service as trail
from app.wording import Text

HOLD = timedelta(seconds=10)
"""How long a row waits before anybody is told, so that an undo leaves nothing to take back.

Source: issue 3, "a 10-second undo".
"""


def tell(
    session: Session,
    union_id: uuid.UUID,
    kind: str,
    to: Collection[str],
    about: Text,
    now: datetime,
    *,
    by: uuid.UUID | None = None,
    case_id: uuid.UUID | None = None,
    event: int | None = None,
    figures: dict[str, Text] | None = None,
) -> None:
    """Tell persons (ids as text) and holders of offices something that is not a step of a case: a copy, a mention.

    ``about`` becomes ``{case}`` in the kind's sentence, the name of ``by`` becomes ``{by}``. Whoever acted is not told.
    """
    session.execute(
        sa.insert(Outbox).values(
            union_id=union_id,
            id=new_id(now),
            topic=f"notice.{kind}",
            case_id=case_id,
            event=event,
            payload={
                "kind": kind,
                "to": sorted(to),
                "by": str(by) if by else None,
                "figures": {name: list(text) for name, text in {**(figures or {}), "case": about}.items()},
            },
            created_at=now,
            not_before=now + HOLD,
            delivered_at=None,
            withdrawn_at=None,
        )
    )


def withdraw(session: Session, union_id: uuid.UUID, case_id: uuid.UUID, event: int, now: datetime) -> int:
    """Take back what a case's event would tell, because it was undone; how many outbox rows that were.

    Within the hold nobody has been told anything. Later, unread notices and messages not yet sent go too; what was read or
    sent stays.
    """
    rows = session.scalars(
        sa.select(Outbox.id)
        .where(Outbox.union_id == union_id, Outbox.case_id == case_id, Outbox.event == event)
        .where(Outbox.withdrawn_at.is_(None))
        .with_for_update()
    ).all()
    if not rows:
        return 0
    session.execute(
        sa.update(Outbox)
        .where(Outbox.union_id == union_id, Outbox.id.in_(rows))
        .values(withdrawn_at=now, delivered_at=sa.func.coalesce(Outbox.delivered_at, now))
    )
    session.execute(
        sa.delete(Notice).where(
            Notice.union_id == union_id,
            Notice.case_id == case_id,
            Notice.outbox_id.in_(rows),
            Notice.read_at.is_(None),
        )
    )
    session.execute(
        sa.delete(Delivery).where(
            Delivery.union_id == union_id,
            Delivery.outbox_id.in_(rows),
            Delivery.done_at.is_(None),
            Delivery.claim.is_(None),
        )
    )
    return len(rows)


def withdraw_last(session: Session, union_id: uuid.UUID, case_id: uuid.UUID, topic: str, now: datetime) -> int:
    """The same for the latest row of that topic about the case that was not withdrawn yet: what a step taken back told."""
    event = session.scalar(
        sa.select(sa.func.max(Outbox.event)).where(
            Outbox.union_id == union_id,
            Outbox.case_id == case_id,
            Outbox.topic == topic,
            Outbox.withdrawn_at.is_(None),
        )
    )
    return 0 if event is None else withdraw(session, union_id, case_id, event, now)


# --- one's own notices ---------------------------------------------------------------------------------------------------


def mark_read(session: Session, principal: Principal, notice_id: uuid.UUID, now: datetime) -> Notice:
    """Note that its person has read a notice; the first time counts.

    Raises:
        NotFound: no such notice, or another person's.
    """
    notice = session.get(Notice, (principal.union_id, principal.person_id, notice_id), with_for_update=True)
    if notice is None:
        raise NotFound
    if notice.read_at is None:
        notice.read_at = now
        session.flush()
    return notice


def mark_all_read(session: Session, principal: Principal, now: datetime) -> None:
    """Note that the person has read everything there is."""
    session.execute(
        sa.update(Notice)
        .where(
            Notice.union_id == principal.union_id,
            Notice.person_id == principal.person_id,
            Notice.read_at.is_(None),
        )
        .values(read_at=now)
    )


def choose(session: Session, principal: Principal, choices: dict[str, Any]) -> NoticeSetting:
    """Change one's own address and choices (``email``, ``language``, ``mail_urgent``, ``mail_other``); others stay.

    Nothing of it enters the trail: it is personal and decides nothing.
    """
    key = (principal.union_id, principal.person_id)
    setting = session.get(NoticeSetting, key, with_for_update=True)
    if setting is None:
        setting = queries.setting_of(session, *key)
        session.add(setting)
    for name in ("email", "language", "mail_urgent", "mail_other"):
        if name in choices:
            setattr(setting, name, choices[name])
    session.flush()
    return setting


# --- the union's webhook -------------------------------------------------------------------------------------------------


def set_webhook(session: Session, principal: Principal, url: str, now: datetime) -> str | None:
    """Have the union's events sent to ``url`` (checked before), or nowhere when it is empty; the new secret, shown once.

    The trail says who changed it and to which host; the rest of an address may itself be a secret.
    """
    webhook = session.get(Webhook, principal.union_id, with_for_update=True)
    before = urlsplit(webhook.url).hostname if webhook else None
    if not url:
        if webhook is None:
            return None
        session.delete(webhook)
        session.flush()
        _record_webhook(session, principal, before, None, now)
        return None
    secret = secrets.token_urlsafe(32)
    if webhook is None:
        session.add(Webhook(union_id=principal.union_id, url=url, secret=secret, changed_at=now))
    else:
        webhook.url, webhook.secret, webhook.changed_at = url, secret, now
    session.flush()
    _record_webhook(session, principal, before, urlsplit(url).hostname, now)
    return secret


def _record_webhook(
    session: Session, principal: Principal, before: str | None, after: str | None, now: datetime
) -> None:
    office = next(iter(sorted(principal.offices & CONNECTIONS)), None)
    body = {"changes": {"webhook_host": {"from": before, "to": after}}}
    made = trail.Record("union.settings_changed", str(principal.person_id), office, body=body)
    trail.append(session, principal.union_id, made, now)


# --- deliveries that failed ----------------------------------------------------------------------------------------------


def retry(session: Session, principal: Principal, incident_id: uuid.UUID, now: datetime) -> Incident:
    """Send what was given up once more, from the first attempt; for the owner or the maintainer.

    Raises:
        NotFound: no such incident, or neither of those.
        RetriedAlready: somebody did.
    """
    incident = session.get(Incident, (principal.union_id, incident_id), with_for_update=True)
    if incident is None or not minds(principal, incident):
        raise NotFound
    if incident.resolved_at is not None:
        raise RetriedAlready
    _try_again(session, principal, incident, now)
    return incident


def retry_all(session: Session, principal: Principal, now: datetime) -> int:
    """Send everything that the union's incidents are about once more; how many. For the maintainer, after an outage."""
    incidents = session.scalars(
        sa.select(Incident)
        .where(Incident.union_id == principal.union_id, Incident.resolved_at.is_(None))
        .order_by(Incident.id)
        .with_for_update()
    ).all()
    for incident in incidents:
        _try_again(session, principal, incident, now)
    return len(incidents)


def _try_again(session: Session, principal: Principal, incident: Incident, now: datetime) -> None:
    incident.resolved_at, incident.resolved_by = now, principal.person_id
    key = incident.delivery_key
    if incident.channel == "outbox":
        again = sa.update(Outbox).where(Outbox.union_id == principal.union_id, Outbox.id == uuid.UUID(key))
        session.execute(again.where(Outbox.withdrawn_at.is_(None)).values(delivered_at=None))
    else:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.union_id == principal.union_id, Delivery.key == key)
            .values(due_at=now, claim=None, attempts=0, done_at=None, outcome="")
        )
    session.flush()


def minds(principal: Principal, incident: Incident) -> bool:
    """Whether this person is shown a failed delivery and may have it tried again."""
    return principal.person_id == incident.owner_id or MAINTAINER in principal.offices
