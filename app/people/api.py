"""The JSON API of accounts, people, offices and the union's own settings."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from app.foundation import presented
from app.foundation.clock import stamp, union_day
from app.foundation.edge import Call, route
from app.foundation.errors import Invalid, NotFound
from app.people import accounts, enrolling, queries, service
from app.people.delegating import Asked, delegate, delegations, end_delegation
from app.people.models import Delegation, OfficeHolding, Union
from app.people.offices import OfficeBook
from app.people.passwords import Passwords
from app.people.policy import ROSTER, Policy
from app.people.principal import Principal, signed_in
from app.people.schemas import (
    AppointmentSchema,
    DelegationSchema,
    EndingSchema,
    LeavingSchema,
    PasswordSchema,
    PersonSchema,
    SettingsSchema,
    TokenSchema,
)
from app.people.sign_in import SignIns, revoke_token, tokens_of
from app.wording import Text

api = Blueprint("people_api", __name__, url_prefix="/api/v1")

TOKEN = {
    "type": "object",
    "required": ["token"],
    "properties": {"token": {"type": "string"}, "id": {"type": "string"}, "expires_at": {"type": "string"}},
}
ME = {
    "type": "object",
    "description": "person, name, union {id, slug, name}, offices: names held today, with titles",
}


@route(
    api,
    "/tokens",
    policy=Policy.PUBLIC,
    summary=Text("取得访问令牌", "Get a token"),
    method="POST",
    body=TokenSchema,
    answer=TOKEN,
    status=201,
)
def create_token(call: Call) -> dict[str, Any]:
    """A token for a user name and a password. Send it as ``Authorization: Bearer …``."""
    asked = call.body
    issued = call.use(SignIns).issue_token(
        call.database,
        asked["username"],
        asked["password"],
        presented.address(),
        call.now,
        label=asked["label"],
        union=asked["union"],
    )
    return {"token": issued.token, "id": str(issued.id), "expires_at": stamp(issued.expires_at)}


@route(api, "/tokens", policy=Policy.OWN_ACCOUNT, summary=Text("我的令牌", "My tokens"))
def list_tokens(call: Call) -> dict[str, Any]:
    """The tokens that still work, never their secrets."""
    with call.read() as session:
        tokens = tokens_of(session, signed_in(call), call.now)
    return {
        "tokens": [
            {
                "id": str(one.id),
                "label": one.label,
                "created_at": stamp(one.created_at),
                "expires_at": stamp(one.expires_at),
            }
            for one in tokens
        ]
    }


@route(
    api,
    "/tokens/current",
    policy=Policy.OWN_ACCOUNT,
    summary=Text("注销当前令牌", "Revoke this token"),
    method="DELETE",
    status=204,
)
def revoke_current_token(call: Call) -> Response:
    """End the token that this request was sent with."""
    principal = signed_in(call)
    if principal.token_id is None:
        raise NotFound
    return _revoke(call, principal, principal.token_id)


@route(
    api,
    "/tokens/<uuid:token_id>",
    policy=Policy.OWN_ACCOUNT,
    summary=Text("注销令牌", "Revoke a token"),
    method="DELETE",
    status=204,
)
def revoke_one_token(call: Call, token_id: uuid.UUID) -> Response:
    """End one of one's own tokens."""
    return _revoke(call, signed_in(call), token_id)


def _revoke(call: Call, principal: Principal, token_id: uuid.UUID) -> Response:
    call.database.transact(lambda session: revoke_token(session, principal, token_id, call.now))
    return Response(status=204)


@route(api, "/me", policy=Policy.OWN_ACCOUNT, summary=Text("我是谁", "Who I am"), answer=ME)
def me(call: Call) -> dict[str, Any]:
    """The person, the union and the offices of the caller."""
    principal, book = signed_in(call), call.use(OfficeBook)
    return {
        "person": str(principal.person_id),
        "name": principal.name,
        "union": {"id": str(principal.union_id), "slug": principal.union_slug, "name": principal.union_name},
        "offices": sorted(principal.offices),
        "titles": {office: _words(book.title(office)) for office in sorted(principal.offices)},
        "stands_in_for": [{"person": one.person, "offices": sorted(one.offices)} for one in principal.stands_in_for],
        "password_change_required": principal.password_is_temporary,
    }


@route(api, "/delegations", policy=Policy.SIGNED_IN, summary=Text("代理", "Who stands in for whom"))
def list_delegations(call: Call) -> dict[str, Any]:
    """The caller's delegations, given and taken, in force or to come."""
    principal = signed_in(call)
    with call.read() as session:
        found = delegations(session, principal.union_id, principal.person_id, union_day(call.now))
        return {"delegations": [_delegation(one) for one in found]}


@route(
    api,
    "/delegations",
    policy=Policy.OFFICER,
    summary=Text("请人代理", "Have someone stand in"),
    method="POST",
    body=DelegationSchema,
    status=201,
)
def make_delegation(call: Call) -> Response:
    """Someone stands in for the caller while he is away."""
    principal, book, sent = signed_in(call), call.use(OfficeBook), call.body
    asked = Asked(sent["taker"], sent["from_on"], sent["until_on"], tuple(sent["offices"]))
    return call.answer(lambda session: _delegation(delegate(session, book, principal, asked, call.now)), 201)


@route(
    api,
    "/delegations/<uuid:delegation_id>/end",
    policy=Policy.SIGNED_IN,
    summary=Text("结束代理", "End a delegation"),
    method="POST",
)
def end_one_delegation(call: Call, delegation_id: uuid.UUID) -> Response:
    """It ends at once."""
    principal = signed_in(call)
    return call.answer(lambda session: _delegation(end_delegation(session, principal, delegation_id, call.now)))


def _delegation(made: Delegation) -> dict[str, Any]:
    return {
        "id": str(made.id),
        "giver": str(made.giver_id),
        "taker": str(made.taker_id),
        "offices": list(made.offices),
        "from": made.from_on.isoformat(),
        "until": made.until_on.isoformat(),
        "ended": made.ended_at is not None,
    }


@route(
    api,
    "/me/password",
    policy=Policy.OWN_ACCOUNT,
    summary=Text("修改密码", "Change my password"),
    method="POST",
    body=PasswordSchema,
    status=204,
)
def change_my_password(call: Call) -> Response:
    """Set a new password. Every session and token of the account ends, this one too."""
    call.use(SignIns).change_password(
        call.database, signed_in(call), call.body["current"], call.body["new"], presented.address(), call.now
    )
    return Response(status=204)


@route(api, "/people", policy=Policy.SIGNED_IN, summary=Text("人员和职务", "People and offices"))
def list_people(call: Call) -> dict[str, Any]:
    """Everyone of the union with offices held or recorded; user names only for those who keep the list."""
    principal, book, today = signed_in(call), call.use(OfficeBook), union_day(call.now)
    keeps_list = not principal.offices.isdisjoint(ROSTER)
    with call.read() as session:
        listed = queries.people(session, principal.union_id, today)
    return {
        "people": [
            {
                "id": str(one.id),
                "name": one.name,
                "group": one.group_name,
                "is_member": one.is_member,
                "offices": [_held(held, book) | {"in_force": held.in_force(today)} for held in one.offices],
                **({"username": one.username, "disabled": one.is_disabled} if keeps_list else {}),
            }
            for one in listed
        ]
    }


@route(
    api,
    "/people",
    policy=Policy.ROSTER,
    summary=Text("登记人员", "Take someone in"),
    method="POST",
    body=PersonSchema,
    status=201,
)
def take_in(call: Call) -> Response:
    """A new person; with ``username`` and ``password`` also an account, whose password must be changed first."""
    principal = signed_in(call)
    enrolment = enrolling.prepare(call.use(Passwords), principal, call.body)

    def work(session: Session) -> dict[str, Any]:
        return {"id": str(enrolling.enrol(session, principal, enrolment, call.now))}

    return call.answer(work, 201)


@route(
    api,
    "/people/<uuid:person_id>/leave",
    policy=Policy.ROSTER,
    summary=Text("登记离会", "Note that someone left"),
    method="POST",
    body=LeavingSchema,
)
def leave(call: Call, person_id: uuid.UUID) -> Response:
    """From that day on, by default today, the person is gone and the offices with him."""
    principal, on = signed_in(call), call.body["on"] or union_day(call.now)

    def work(session: Session) -> dict[str, Any]:
        service.leave(session, principal, person_id, on, call.now)
        return {"id": str(person_id), "left_on": on.isoformat()}

    return call.answer(work)


@route(
    api,
    "/people/<uuid:person_id>/disable",
    policy=Policy.ACCOUNTS,
    summary=Text("停用账号", "Shut an account"),
    method="POST",
)
def disable(call: Call, person_id: uuid.UUID) -> Response:
    """The account stops working with the next request."""
    principal = signed_in(call)

    def work(session: Session) -> dict[str, Any]:
        accounts.disable(session, principal, person_id, call.now)
        return {"id": str(person_id), "disabled": True}

    return call.answer(work)


@route(
    api,
    "/people/<uuid:person_id>/enable",
    policy=Policy.ACCOUNTS,
    summary=Text("启用账号", "Open an account again"),
    method="POST",
)
def enable(call: Call, person_id: uuid.UUID) -> Response:
    """The account works again, after signing in anew."""
    principal = signed_in(call)

    def work(session: Session) -> dict[str, Any]:
        accounts.enable(session, principal, person_id, call.now)
        return {"id": str(person_id), "disabled": False}

    return call.answer(work)


@route(
    api,
    "/offices",
    policy=Policy.ROSTER,
    summary=Text("登记任职", "Record an appointment"),
    method="POST",
    body=AppointmentSchema,
    status=201,
)
def record_appointment(call: Call) -> Response:
    """Someone takes an office for a term; it counts once another has confirmed it."""
    principal, book, asked = signed_in(call), call.use(OfficeBook), call.body

    def work(session: Session) -> dict[str, Any]:
        held = service.appoint(
            session,
            book,
            principal.union_id,
            asked["person_id"],
            asked["office"],
            asked["from_on"],
            asked["to_on"],
            principal,
            call.now,
        )
        return _row(held, book)

    return call.answer(work, 201)


@route(
    api,
    "/offices/<uuid:holding_id>/confirm",
    policy=Policy.CHAIRS,
    summary=Text("确认任职", "Confirm an appointment"),
    method="POST",
)
def confirm_office(call: Call, holding_id: uuid.UUID) -> Response:
    """Confirm what another recorded for a third."""
    principal, book = signed_in(call), call.use(OfficeBook)
    return call.answer(
        lambda session: _row(service.confirm_appointment(session, book, principal, holding_id, call.now), book)
    )


@route(
    api,
    "/offices/<uuid:holding_id>/end",
    policy=Policy.SIGNED_IN,
    summary=Text("结束任职", "End an office"),
    method="POST",
    body=EndingSchema,
)
def end_office(call: Call, holding_id: uuid.UUID) -> Response:
    """End an office on a day, or at once."""
    principal, book, last = signed_in(call), call.use(OfficeBook), call.body["last_day"]
    return call.answer(lambda session: _row(service.end_office(session, principal, holding_id, last, call.now), book))


@route(api, "/union", policy=Policy.SIGNED_IN, summary=Text("本会设置", "My union"))
def read_union(call: Call) -> dict[str, Any]:
    """The union's own figures."""
    with call.read() as session:
        return _union(session.get_one(Union, signed_in(call).union_id))


@route(
    api,
    "/union",
    policy=Policy.CHAIR,
    summary=Text("修改本会设置", "Change my union's settings"),
    method="PATCH",
    body=SettingsSchema,
)
def change_union(call: Call) -> Response:
    """Change what is sent; running claims are judged by the figures of the moment of each step."""
    principal, asked = signed_in(call), call.body
    if not asked:
        raise Invalid({"": [Text("没有要修改的内容。", "Nothing to change was sent.")]})
    return call.answer(lambda session: _union(service.change_settings(session, principal, asked, call.now)))


@route(api, "/unions", policy=Policy.SIGNED_IN, summary=Text("所属各级工会", "Unions under mine"))
def list_unions(call: Call) -> dict[str, Any]:
    """The caller's union and every union under it."""
    with call.read() as session:
        tree = queries.below(session, signed_in(call).union_id)
    return {
        "unions": [
            {
                "id": str(one.id),
                "parent": str(one.parent_id) if one.parent_id else None,
                "slug": one.slug,
                "name": one.name,
                "depth": one.depth,
            }
            for one in tree
        ]
    }


def _words(text: Text) -> dict[str, str]:
    return {"zh-CN": text.zh, "en": text.en}


def _row(row: OfficeHolding, book: OfficeBook) -> dict[str, Any]:
    return _held(queries.held_of(row), book)


def _held(held: queries.Held, book: OfficeBook) -> dict[str, Any]:
    return {
        "id": str(held.id),
        "person": str(held.person_id),
        "office": held.office,
        "title": _words(book.title(held.office)),
        "from": held.from_on.isoformat(),
        "to": held.to_on.isoformat() if held.to_on else None,
        "confirmed": held.is_confirmed,
    }


def _union(union: Union) -> dict[str, Any]:
    return {
        "id": str(union.id),
        "slug": union.slug,
        "parent": str(union.parent_id) if union.parent_id else None,
        **{name: getattr(union, name) for name in service.SETTINGS},
    }
