"""The JSON API of notices: reading them, choosing how they come, the union's webhook, and deliveries that failed."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from app.foundation.clock import stamp
from app.foundation.edge import Call, route
from app.foundation.problems import words
from app.notices import queries, service
from app.notices.delivering import Channels
from app.notices.models import Incident, Notice, NoticeSetting
from app.notices.schemas import ChoicesSchema, ListSchema, WebhookSchema
from app.people.policy import Policy
from app.people.principal import signed_in
from app.wording import Text

api = Blueprint("notices_api", __name__, url_prefix="/api/v1")

NOTICES = {
    "type": "object",
    "description": "unread: at most 100; notices: unread ones first, each {id, kind, message, case, at, read_at}",
    "required": ["unread", "notices", "next_cursor"],
    "properties": {
        "unread": {"type": "integer"},
        "notices": {"type": "array", "items": {"type": "object"}},
        "next_cursor": {"type": ["string", "null"]},
    },
}
CHOICES = {
    "type": "object",
    "description": "mail_urgent is for your turn, returned and paid; mail_other for everything else",
    "properties": {
        "email": {"type": "string"},
        "language": {"enum": ["zh", "en"]},
        "mail_urgent": {"enum": ["immediate", "digest", "off"]},
        "mail_other": {"enum": ["immediate", "digest", "off"]},
    },
}
WEBHOOK = {
    "type": "object",
    "description": "secret: only in the answer that made it; it signs what is sent",
    "properties": {"url": {"type": ["string", "null"]}, "secret": {"type": ["string", "null"]}},
}


@route(
    api, "/notices", policy=Policy.SIGNED_IN, summary=Text("我的通知", "My notices"), query=ListSchema, answer=NOTICES
)
def list_notices(call: Call) -> dict[str, Any]:
    """One's own notices, unread ones first."""
    principal, asked = signed_in(call), call.query
    with call.read() as session:
        found = queries.page(
            session,
            principal.union_id,
            principal.person_id,
            limit=asked["limit"],
            cursor=asked["cursor"],
            unread_only=asked["show"] == "unread",
        )
        unread = queries.count_unread(session, principal.union_id, principal.person_id)
    return {"unread": unread, "notices": [_notice(one) for one in found.rows], "next_cursor": found.next_cursor}


@route(
    api,
    "/notices/<uuid:notice_id>/read",
    policy=Policy.SIGNED_IN,
    summary=Text("标为已读", "Mark as read"),
    method="POST",
)
def read_notice(call: Call, notice_id: uuid.UUID) -> Response:
    """Note that one has read a notice; the first time counts."""
    return call.answer(lambda session: _notice(service.mark_read(session, signed_in(call), notice_id, call.now)))


@route(api, "/notices/read", policy=Policy.SIGNED_IN, summary=Text("全部已读", "Mark all as read"), method="POST")
def read_all(call: Call) -> Response:
    """Note that one has read everything."""

    def work(session: Session) -> dict[str, Any]:
        service.mark_all_read(session, signed_in(call), call.now)
        return {"unread": 0}

    return call.answer(work)


@route(
    api,
    "/me/notices",
    policy=Policy.SIGNED_IN,
    summary=Text("我的通知设置", "How notices reach me"),
    answer=CHOICES,
)
def my_choices(call: Call) -> dict[str, Any]:
    """One's own address and choices."""
    principal = signed_in(call)
    with call.read() as session:
        return _choices(queries.setting_of(session, principal.union_id, principal.person_id))


@route(
    api,
    "/me/notices",
    policy=Policy.SIGNED_IN,
    summary=Text("修改我的通知设置", "Change how notices reach me"),
    method="PATCH",
    body=ChoicesSchema,
    answer=CHOICES,
)
def choose(call: Call) -> Response:
    """Change what is sent."""
    return call.answer(lambda session: _choices(service.choose(session, signed_in(call), call.body)))


@route(
    api,
    "/union/webhook",
    policy=Policy.CONNECTIONS,
    summary=Text("本会的推送", "The union's webhook"),
    answer=WEBHOOK,
)
def read_webhook(call: Call) -> dict[str, Any]:
    """Where the union's events are sent."""
    with call.read() as session:
        found = queries.webhook_of(session, signed_in(call).union_id)
    return {"url": found.url if found else None}


@route(
    api,
    "/union/webhook",
    policy=Policy.CONNECTIONS,
    summary=Text("设置本会的推送", "Set the union's webhook"),
    method="PUT",
    body=WebhookSchema,
    answer=WEBHOOK,
)
def set_webhook(call: Call) -> Response:
    """Have the union's events sent to an allowed host, with a new secret; an empty address ends it."""
    url = call.body["url"]
    if url:
        call.use(Channels).hooks.check(url)

    def work(session: Session) -> dict[str, Any]:
        secret = service.set_webhook(session, signed_in(call), url, call.now)
        return {"url": url or None, "secret": secret}

    return call.answer(work)


@route(api, "/incidents", policy=Policy.CONNECTIONS, summary=Text("没能投递的", "Deliveries that failed"))
def list_incidents(call: Call) -> dict[str, Any]:
    """What was given up and waits for somebody to try again; cases by their number alone."""
    with call.read() as session:
        found = queries.open_incidents(session, signed_in(call).union_id)
    return {"incidents": [_incident(one) for one in found]}


@route(
    api,
    "/incidents/<uuid:incident_id>/retry",
    policy=Policy.SIGNED_IN,
    summary=Text("重新投递", "Deliver again"),
    method="POST",
)
def retry(call: Call, incident_id: uuid.UUID) -> Response:
    """Try again; for whose case it is and for the maintainer."""
    return call.answer(lambda session: _incident(service.retry(session, signed_in(call), incident_id, call.now)))


@route(
    api,
    "/incidents/retry",
    policy=Policy.MAINTAINER,
    summary=Text("全部重新投递", "Deliver everything again"),
    method="POST",
)
def retry_all(call: Call) -> Response:
    """Try everything again that failed, after an outage."""
    return call.answer(lambda session: {"retried": service.retry_all(session, signed_in(call), call.now)})


def _notice(one: Notice) -> dict[str, Any]:
    return {
        "id": str(one.outbox_id),
        "kind": one.kind,
        "message": words(Text(one.zh, one.en)),
        "case": str(one.case_id) if one.case_id else None,
        "at": stamp(one.created_at),
        "read_at": stamp(one.read_at) if one.read_at else None,
    }


def _choices(setting: NoticeSetting) -> dict[str, Any]:
    return {
        "email": setting.email,
        "language": setting.language,
        "mail_urgent": setting.mail_urgent,
        "mail_other": setting.mail_other,
    }


def _incident(one: Incident) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "channel": one.channel,
        "number": one.number or None,
        "error": one.error,
        "attempts": one.attempts,
        "at": stamp(one.opened_at),
        "retried_at": stamp(one.resolved_at) if one.resolved_at else None,
    }
