"""Pages: one's notices, how they come, and, for those who look after it, the union's webhook and failed deliveries."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.foundation.edge import Call, route
from app.foundation.errors import Conflict, Invalid
from app.notices import queries, service
from app.notices.delivering import Channels
from app.notices.kinds import Kinds
from app.notices.presenting import incident_rows
from app.notices.schemas import MODES, ChoicesSchema, WebhookSchema, load
from app.people.policy import MAINTAINER, Policy, admits
from app.people.principal import signed_in
from app.wording import Text

web = Blueprint("notices", __name__)

AT_ONCE = 30
DONE = {
    "saved": Text("通知设置已保存。", "Your choices were saved."),
    "retried": Text("已重新投递，稍后请再看结果。", "It is being delivered again; look at the result a little later."),
    "webhook": Text("推送设置已保存，改动已留痕。", "The webhook was saved and the change is on record."),
}
"""What a page says after something was done; the address carries the word, never the sentence."""
MODE_TITLES = {
    "immediate": Text("立即发", "At once"),
    "digest": Text("每天一封汇总", "In one daily e-mail"),
    "off": Text("不发邮件", "No e-mail"),
}


@route(web, "/notices", policy=Policy.SIGNED_IN, summary=Text("通知", "Notices"))
def notices_page(call: Call) -> str:
    """Unread ones first; each leads to its case."""
    principal, kinds = signed_in(call), call.use(Kinds)
    with call.read() as session:
        found = queries.page(
            session, principal.union_id, principal.person_id, limit=AT_ONCE, cursor=request.args.get("cursor")
        )
    return render_template(
        "notices/notices.html",
        notices=[
            {
                "id": one.outbox_id,
                "title": kinds.known[one.kind].title if one.kind in kinds.known else None,
                "text": Text(one.zh, one.en),
                "href": f"/cases/{one.case_id}" if one.case_id else None,
                "at": one.created_at,
                "is_read": one.read_at is not None,
            }
            for one in found.rows
        ],
        next_href=f"/notices?cursor={found.next_cursor}" if found.next_cursor else None,
        sees_delivery=admits(Policy.CONNECTIONS, principal),
    )


@route(
    web,
    "/notices/<uuid:notice_id>/read",
    policy=Policy.SIGNED_IN,
    summary=Text("标为已读", "Mark as read"),
    method="POST",
)
def read_notice(call: Call, notice_id: uuid.UUID) -> ResponseReturnValue:
    """Note that one has read it, and stay in the list."""

    def work(session: Session) -> str:
        service.mark_read(session, signed_in(call), notice_id, call.now)
        return "/notices"

    return call.then(work)


@route(web, "/notices/read", policy=Policy.SIGNED_IN, summary=Text("全部已读", "Mark all as read"), method="POST")
def read_all(call: Call) -> ResponseReturnValue:
    """Note that one has read everything."""

    def work(session: Session) -> str:
        service.mark_all_read(session, signed_in(call), call.now)
        return "/notices"

    return call.then(work)


@route(web, "/me/notices", policy=Policy.SIGNED_IN, summary=Text("通知设置", "How notices reach me"))
def choices_page(call: Call) -> str:
    """The address, and what comes at once, once a day, or not at all."""
    return _choices_page(call)


@route(web, "/me/notices", policy=Policy.SIGNED_IN, summary=Text("通知设置", "How notices reach me"), method="POST")
def choose(call: Call) -> ResponseReturnValue:
    """Save; e-mail will be in the language of this page."""
    typed = {name: request.form.get(name, "") for name in ("email", "mail_urgent", "mail_other")}
    try:
        choices = load(ChoicesSchema, {**typed, "language": call.language})
    except Invalid as error:
        return _choices_page(call, typed, error.faults), 422

    def work(session: Session) -> str:
        service.choose(session, signed_in(call), choices)
        return "/me/notices?done=saved"

    return call.then(work)


def _choices_page(call: Call, typed: dict[str, str] | None = None, faults: dict[str, list[Text]] | None = None) -> str:
    principal, channels = signed_in(call), call.use(Channels)
    with call.read() as session:
        setting = queries.setting_of(session, principal.union_id, principal.person_id)
    values = {"email": setting.email, "mail_urgent": setting.mail_urgent, "mail_other": setting.mail_other}
    return render_template(
        "notices/choices.html",
        values={**values, **(typed or {})},
        faults=faults or {},
        modes=[(mode, MODE_TITLES[mode]) for mode in MODES],
        has_mail=channels.mailer is not None,
        hour=channels.digest_hour,
        **_flash(),
    )


@route(
    web,
    "/settings/notices",
    policy=Policy.CONNECTIONS,
    summary=Text("通知投递", "Delivery of notices"),
)
def delivery_page(call: Call) -> str:
    """The union's webhook, whether e-mail is on, and what could not be delivered."""
    return _delivery_page(call)


@route(
    web,
    "/settings/notices",
    policy=Policy.CONNECTIONS,
    summary=Text("通知投递", "Delivery of notices"),
    method="POST",
)
def set_webhook(call: Call) -> ResponseReturnValue:
    """Have the union's events sent somewhere; the new secret is shown this once."""
    typed = request.form.get("url", "")
    try:
        url = load(WebhookSchema, {"url": typed})["url"]
        if url:
            call.use(Channels).hooks.check(url)
    except Invalid as error:
        return _delivery_page(call, typed=typed, faults=error.faults), 422
    secret = call.database.transact(lambda session: service.set_webhook(session, signed_in(call), url, call.now))
    return _delivery_page(call, issued=secret, done="webhook")


def _delivery_page(
    call: Call,
    *,
    typed: str | None = None,
    faults: dict[str, list[Text]] | None = None,
    issued: str | None = None,
    done: str | None = None,
) -> str:
    principal, channels = signed_in(call), call.use(Channels)
    with call.read() as session:
        webhook = queries.webhook_of(session, principal.union_id)
        incidents = queries.open_incidents(session, principal.union_id)
    url = typed if typed is not None else webhook.url if webhook else ""
    return render_template(
        "notices/delivery.html",
        url=url,
        faults=faults or {},
        issued=issued,
        is_set=webhook is not None,
        hosts=channels.hooks.hosts,
        has_mail=channels.mailer is not None,
        incidents=incident_rows(incidents),
        may_retry=MAINTAINER in principal.offices,
        **_flash(done),
    )


@route(
    web,
    "/incidents/<uuid:incident_id>/retry",
    policy=Policy.SIGNED_IN,
    summary=Text("重新投递", "Deliver again"),
    method="POST",
)
def retry(call: Call, incident_id: uuid.UUID) -> ResponseReturnValue:
    """Try again, from the case's page or from the maintainer's."""
    principal = signed_in(call)

    def work(session: Session) -> str:
        incident = service.retry(session, principal, incident_id, call.now)
        is_owner = incident.owner_id == principal.person_id and incident.case_id is not None
        return f"/cases/{incident.case_id}" if is_owner else "/settings/notices?done=retried"

    try:
        return call.then(work)
    except Conflict:
        if admits(Policy.CONNECTIONS, principal):
            return _delivery_page(call), 409
        raise


@route(
    web,
    "/incidents/retry",
    policy=Policy.MAINTAINER,
    summary=Text("全部重新投递", "Deliver everything again"),
    method="POST",
)
def retry_all(call: Call) -> ResponseReturnValue:
    """Try everything again that failed, after an outage."""

    def work(session: Session) -> str:
        service.retry_all(session, signed_in(call), call.now)
        return "/settings/notices?done=retried"

    return call.then(work)


def _flash(done: str | None = None) -> dict[str, Any]:
    said = DONE.get(done or request.args.get("done", ""))
    return {"flashes": [{"kind": "ok", "text": said}]} if said else {}
