"""Pages: signing in and out, the first run, one's own profile, people and offices, the union's settings."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.foundation import presented
from app.foundation.clock import union_day
from app.foundation.edge import Call, route
from app.foundation.errors import AppError, Conflict, Invalid, NotAllowed
from app.people import accounts, enrolling, forms, queries, service, setting_up
from app.people.delegating import Asked, delegate, delegations, end_delegation
from app.people.errors import SetupLinkNeeded, SignInRefused, TooManyAttempts, WrongPassword
from app.people.identity import Cookie
from app.people.models import Delegation, Union
from app.people.offices import OfficeBook
from app.people.passwords import Passwords, one_time_password
from app.people.policy import ROSTER, Policy
from app.people.principal import Principal, signed_in
from app.people.schemas import (
    AppointmentSchema,
    DelegationSchema,
    EndingSchema,
    LeavingSchema,
    PersonSchema,
    SettingsSchema,
    SetupSchema,
    load,
    plan_of,
)
from app.people.sign_in import (
    Opened,
    SignIns,
    revoke_token,
    sign_out,
    switch_union,
    tokens_of,
    unions_of,
)
from app.trail.keys import SigningKey
from app.wording import Text
from config import Settings

web = Blueprint("people", __name__)

DONE = {
    "added": Text("已登记人员。", "The person was taken in."),
    "left": Text("已登记离会。", "It was noted that the person left."),
    "recorded": Text(
        "已登记任职，等待另一人确认。", "The appointment was recorded and waits for another to confirm it."
    ),
    "confirmed": Text("已确认任职，即时生效。", "The appointment was confirmed and counts from now on."),
    "ended": Text("已结束任职，即时生效。", "The office was ended as of now."),
    "disabled": Text("已停用账号。", "The account was shut."),
    "enabled": Text("已启用账号。", "The account was opened again."),
    "password": Text(
        "密码已修改，其他设备和令牌都已退出。", "The password was changed; other devices and tokens are out."
    ),
    "away": Text("已登记代理。", "It was recorded who stands in."),
    "back": Text("代理已结束。", "Nobody stands in any more."),
    "revoked": Text("令牌已注销。", "The token was revoked."),
    "settings": Text("设置已保存，改动已留痕。", "The settings were saved and the change is on record."),
    "setup": Text("工会已建立，请用首次登录密码登录。", "The union was created. Sign in with the first password."),
}
"""What a page says after something was done; the address carries the word, never the sentence."""


# --- signing in and out --------------------------------------------------------------------------------------------------


@route(web, "/sign-in", policy=Policy.PUBLIC, summary=Text("登录", "Sign in"))
def sign_in_page(call: Call) -> ResponseReturnValue:
    """The form; an installation without a union goes to the first run instead."""
    with call.read() as session:
        if not queries.any_union(session):
            return redirect("/setup", 303)
    return render_template("sign_in.html", next=_local(request.args.get("next", "/")), **_flash())


@route(web, "/sign-in", policy=Policy.PUBLIC, summary=Text("登录", "Sign in"), method="POST")
def sign_in(call: Call) -> ResponseReturnValue:
    """Open a session under a new secret, whatever cookie came along."""
    username, wanted = request.form.get("username", "")[:200], _local(request.form.get("next", "/"))
    try:
        opened = call.use(SignIns).sign_in(
            call.database, username, request.form.get("password", "")[:1000], presented.address(), call.now
        )
    except (SignInRefused, TooManyAttempts) as error:
        page = render_template(
            "sign_in.html", values={"username": username}, faults={"password": [error.text]}, next=wanted
        )
        response = make_response(page, error.status)
        if isinstance(error, TooManyAttempts):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    return _enter(call, opened, "/me" if opened.password_is_temporary else wanted)


@route(web, "/sign-out", policy=Policy.OWN_ACCOUNT, summary=Text("退出登录", "Sign out"), method="POST")
def sign_out_here(call: Call) -> ResponseReturnValue:
    """End this session on the server and forget the cookie."""
    cookie = call.use(Cookie)
    secret = presented.cookie(cookie.name)
    if secret:
        call.database.transact(lambda session: sign_out(session, secret))
    response = make_response(redirect("/sign-in", 303))
    response.delete_cookie(cookie.name, **cookie.attributes)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _enter(call: Call, opened: Opened, address: str) -> Response:
    cookie = call.use(Cookie)
    response = make_response(redirect(address, 303))
    response.set_cookie(cookie.name, opened.secret, **cookie.attributes)
    return response


def _local(address: str) -> str:
    """An address of ours; anything else becomes the start page."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_ours else "/"


# --- the first run -------------------------------------------------------------------------------------------------------


@route(web, "/setup", policy=Policy.SETUP, summary=Text("首次设置", "First run"))
def setup_page(call: Call) -> str:
    """The empty form; in production only by the link that ``flask setup --link`` prints."""
    token = request.args.get("token", "")
    _check_link(call, token)
    return _setup_form(call, forms.Typed({"people": [{}, {}, {}, {}]}), token)


@route(web, "/setup", policy=Policy.SETUP, summary=Text("首次设置", "First run"), method="POST")
def set_up(call: Call) -> ResponseReturnValue:
    """Found the union; first passwords were chosen by someone else, so each must be changed at first sign-in."""
    token = request.form.get("token", "")
    _check_link(call, token)
    form = forms.without_row(request.form, request.form.get("_remove_line"))
    typed = forms.read_setup(form)
    if "_add_line" in form or "_remove_line" in form:
        typed.data["people"] += [{}] if "_add_line" in form else []
        return _setup_form(call, forms.Typed(typed.data), token)
    book = call.use(OfficeBook)
    try:
        typed.refuse_faults()
        people = [{**row, "temporary": True} for row in typed.data["people"]]
        plan = plan_of(load(SetupSchema, {**typed.data, "people": people}))
        setting_up.check(plan, book)
        hashes = setting_up.hashes(plan, call.use(Passwords))
        host = call.use(Settings).host
        call.database.transact(lambda session: setting_up.set_up(session, book, plan, hashes, host, call.now))
    except Invalid as error:
        typed.faults = error.faults
        return _setup_form(call, typed, token), 422
    return redirect("/sign-in?done=setup", 303)


def _setup_form(call: Call, typed: forms.Typed, token: str) -> str:
    book = call.use(OfficeBook)
    offices = [{"value": name, "label": book.title(name).in_(call.language)} for name in book.appointed()]
    values = {**typed.data, "two_auditors_above_fen": _as_typed(typed, "two_auditors_above_fen")}
    return render_template("setup.html", values=values, faults=typed.faults, offices=offices, token=token)


def _as_typed(typed: forms.Typed, path: str) -> Any:
    """The amount that was read, or what was typed when it could not be read."""
    return request.form.get(path) if path in typed.faults and path not in typed.data else typed.data.get(path)


def _check_link(call: Call, token: str) -> None:
    if not call.use(Settings).is_production:
        return
    signer = call.wiring.use(SigningKey)
    if not hmac.compare_digest(token, setting_up.link_token(signer.sign(setting_up.LINK_MESSAGE))):
        raise SetupLinkNeeded


# --- one's own profile ---------------------------------------------------------------------------------------------------


@route(web, "/me", policy=Policy.OWN_ACCOUNT, summary=Text("我的资料", "My profile"))
def my_page(call: Call) -> str:
    """Name, offices, password, tokens, other unions, language."""
    return _my_page(call)


@route(web, "/me/password", policy=Policy.OWN_ACCOUNT, summary=Text("修改密码", "Change my password"), method="POST")
def change_password(call: Call) -> ResponseReturnValue:
    """Set a new password and go on under a new session; every other one ends."""
    form = request.form
    try:
        forms.refuse_mistyping(form.get("new", ""), form.get("again", ""))
        opened = call.use(SignIns).change_password(
            call.database,
            signed_in(call),
            form.get("current", "")[:1000],
            form.get("new", "")[:1000],
            presented.address(),
            call.now,
        )
    except Invalid as error:
        return _my_page(call, faults=error.faults), 422
    except (WrongPassword, TooManyAttempts) as error:
        return _my_page(call, faults={"current": [error.text]}), error.status
    return _enter(call, opened, "/me?done=password")


@route(web, "/me/tokens", policy=Policy.SIGNED_IN, summary=Text("新建令牌", "Make a token"), method="POST")
def make_token(call: Call) -> ResponseReturnValue:
    """Show a new token, this once."""
    principal = signed_in(call)
    with call.read() as session:
        username = accounts.username_by_id(session, principal.account_id)
    try:
        issued = call.use(SignIns).issue_token(
            call.database,
            username,
            request.form.get("token_password", "")[:1000],
            presented.address(),
            call.now,
            label=request.form.get("label", "").strip()[:80],
            union=principal.union_slug,
        )
    except (SignInRefused, TooManyAttempts) as error:
        text = WrongPassword().text if isinstance(error, SignInRefused) else error.text
        return _my_page(call, faults={"token_password": [text]}), 403 if isinstance(error, SignInRefused) else 429
    return _my_page(call, issued=issued.token)


@route(
    web,
    "/me/tokens/<uuid:token_id>/revoke",
    policy=Policy.OWN_ACCOUNT,
    summary=Text("注销令牌", "Revoke a token"),
    method="POST",
)
def revoke_my_token(call: Call, token_id: uuid.UUID) -> ResponseReturnValue:
    """End one of one's own tokens."""
    principal = signed_in(call)

    def work(session: Session) -> str:
        revoke_token(session, principal, token_id, call.now)
        return "/me?done=revoked"

    return call.then(work)


@route(web, "/me/union", policy=Policy.SIGNED_IN, summary=Text("切换工会", "Act for another union"), method="POST")
def act_for_another_union(call: Call) -> ResponseReturnValue:
    """Let this session act for another union of the same account."""
    principal, secret = signed_in(call), presented.cookie(call.use(Cookie).name) or ""

    def work(session: Session) -> str:
        switch_union(session, principal, secret, request.form.get("union", ""), call.now)
        return "/"

    return call.then(work)


def _my_page(call: Call, *, faults: dict[str, list[Text]] | None = None, issued: str | None = None) -> str:
    principal, book = signed_in(call), call.use(OfficeBook)
    with call.read() as session:
        tokens = tokens_of(session, principal, call.now)
        unions = unions_of(session, principal.account_id, call.now) if principal.account_id else []
        held = queries.offices_of(session, principal.union_id, principal.person_id)
        username = accounts.username_by_id(session, principal.account_id)
    today = union_day(call.now)
    return render_template(
        "people/me.html",
        me=principal,
        username=username,
        offices=[{"title": book.title(one.office), "held": one} for one in held if one.in_force(today)],
        tokens=tokens,
        unions=[{"slug": slug, "name": name, "current": slug == principal.union_slug} for slug, name in unions],
        faults=faults or {},
        issued=issued,
        **_flash(),
    )


@route(web, "/me/away", policy=Policy.SIGNED_IN, summary=Text("请人代理", "While I am away"))
def away_page(call: Call) -> str:
    """Who stands in for the reader, and for whom the reader stands in."""
    return _away_page(call)


@route(web, "/me/away", policy=Policy.OFFICER, summary=Text("请人代理", "Have someone stand in"), method="POST")
def go_away(call: Call) -> ResponseReturnValue:
    """Someone stands in for the reader from a day to a day."""
    principal, book, form = signed_in(call), call.use(OfficeBook), request.form
    typed: dict[str, Any] = {name: form.get(name) or None for name in ("taker", "from", "until")}
    typed["offices"] = form.getlist("offices")
    try:
        sent = load(DelegationSchema, {name: value for name, value in typed.items() if value})
        asked = Asked(sent["taker"], sent["from_on"], sent["until_on"], tuple(sent["offices"]))

        def work(session: Session) -> str:
            delegate(session, book, principal, asked, call.now)
            return "/me/away?done=away"

        return call.then(work)
    except Invalid as error:
        return _away_page(call, typed, error.faults), 422
    except Conflict as error:
        return _away_page(call, typed, refusal=error), error.status


@route(
    web,
    "/me/away/<uuid:delegation_id>/end",
    policy=Policy.SIGNED_IN,
    summary=Text("结束代理", "End a delegation"),
    method="POST",
)
def come_back(call: Call, delegation_id: uuid.UUID) -> ResponseReturnValue:
    """It ends at once."""

    def work(session: Session) -> str:
        end_delegation(session, signed_in(call), delegation_id, call.now)
        return "/me/away?done=back"

    return call.then(work)


def _away_page(
    call: Call,
    values: dict[str, Any] | None = None,
    faults: dict[str, list[Text]] | None = None,
    refusal: AppError | None = None,
) -> str:
    principal, book, today = signed_in(call), call.use(OfficeBook), union_day(call.now)
    with call.read() as session:
        found = delegations(session, principal.union_id, principal.person_id, today)
        people = queries.person_names(session, principal.union_id, today)
    names = dict(people)

    def shown(one: Delegation, other: uuid.UUID) -> dict[str, Any]:
        titles = [book.title(office) for office in one.offices]
        return {"id": one.id, "other": names.get(str(other), "—"), "offices": titles} | {
            "from_on": one.from_on,
            "until_on": one.until_on,
        }

    own = [office for office in sorted(principal.offices) if office in book.appointed()]
    return render_template(
        "people/away.html",
        given=[shown(one, one.taker_id) for one in found if one.giver_id == principal.person_id],
        taken=[shown(one, one.giver_id) for one in found if one.taker_id == principal.person_id],
        offices=[{"value": office, "label": book.title(office).in_(call.language)} for office in own],
        people=[{"value": one, "label": name} for one, name in people if one != str(principal.person_id)],
        today=today,
        values=values or {},
        faults=faults or {},
        refusal=refusal.text if refusal else None,
        **_flash(),
    )


# --- people and offices --------------------------------------------------------------------------------------------------


@route(web, "/people", policy=Policy.SIGNED_IN, summary=Text("人员和职务", "People and offices"))
def people_page(call: Call) -> str:
    """Who belongs to the union and holds which office; with the forms that the reader may use."""
    return _people_page(call)


@route(web, "/people", policy=Policy.ROSTER, summary=Text("登记人员", "Take someone in"), method="POST")
def take_in(call: Call) -> ResponseReturnValue:
    """A new person, with an account if a user name is given."""
    principal, form = signed_in(call), request.form
    raw = {name: form.get(name, "") for name in ("name", "group", "username")}
    password = form.get("password", "") if raw["username"].strip() else ""
    raw_bool = {"is_member": form.get("is_member") == "1"}

    def taking_in() -> ResponseReturnValue:
        data = load(PersonSchema, {**raw, **raw_bool, "password": password})
        enrolment = enrolling.prepare(call.use(Passwords), principal, data)
        return _then(call, lambda session: enrolling.enrol(session, principal, enrolment, call.now), "added")

    return _on_people_page(call, taking_in, {**raw, **raw_bool, "password": form.get("password", "")})


@route(
    web,
    "/people/<uuid:person_id>/leave",
    policy=Policy.ROSTER,
    summary=Text("登记离会", "Note that someone left"),
    method="POST",
)
def leave(call: Call, person_id: uuid.UUID) -> ResponseReturnValue:
    """From a day on, by default today, the person is gone."""
    principal = signed_in(call)

    def leaving() -> ResponseReturnValue:
        on = load(LeavingSchema, {"on": request.form.get("on") or None})["on"] or union_day(call.now)
        return _then(call, lambda session: service.leave(session, principal, person_id, on, call.now), "left")

    return _on_people_page(call, leaving)


@route(
    web,
    "/people/<uuid:person_id>/disable",
    policy=Policy.ACCOUNTS,
    summary=Text("停用账号", "Shut an account"),
    method="POST",
)
def disable(call: Call, person_id: uuid.UUID) -> ResponseReturnValue:
    """The account stops working with the next request."""
    principal = signed_in(call)
    return _then(call, lambda session: accounts.disable(session, principal, person_id, call.now), "disabled")


@route(
    web,
    "/people/<uuid:person_id>/enable",
    policy=Policy.ACCOUNTS,
    summary=Text("启用账号", "Open an account again"),
    method="POST",
)
def enable(call: Call, person_id: uuid.UUID) -> ResponseReturnValue:
    """The account works again, after signing in anew."""
    principal = signed_in(call)
    return _then(call, lambda session: accounts.enable(session, principal, person_id, call.now), "enabled")


@route(web, "/offices", policy=Policy.ROSTER, summary=Text("登记任职", "Record an appointment"), method="POST")
def record_appointment(call: Call) -> ResponseReturnValue:
    """Someone takes an office; it waits for another to confirm it."""
    principal, book, form = signed_in(call), call.use(OfficeBook), request.form
    typed = {name: form.get(name) or None for name in ("person_id", "office", "from", "to")}

    def recording() -> ResponseReturnValue:
        asked = load(AppointmentSchema, {name: value for name, value in typed.items() if value})
        return _then(
            call,
            lambda session: service.appoint(
                session,
                book,
                principal.union_id,
                asked["person_id"],
                asked["office"],
                asked["from_on"],
                asked["to_on"],
                principal,
                call.now,
            ),
            "recorded",
        )

    return _on_people_page(call, recording, typed)


@route(
    web,
    "/offices/<uuid:holding_id>/confirm",
    policy=Policy.CHAIRS,
    summary=Text("确认任职", "Confirm an appointment"),
    method="POST",
)
def confirm_office(call: Call, holding_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm what another recorded for a third."""
    principal, book = signed_in(call), call.use(OfficeBook)
    return _on_people_page(
        call,
        lambda: _then(
            call,
            lambda session: service.confirm_appointment(session, book, principal, holding_id, call.now),
            "confirmed",
        ),
    )


@route(
    web,
    "/offices/<uuid:holding_id>/end",
    policy=Policy.SIGNED_IN,
    summary=Text("结束任职", "End an office"),
    method="POST",
)
def end_office(call: Call, holding_id: uuid.UUID) -> ResponseReturnValue:
    """End an office on a day, or at once."""
    principal = signed_in(call)

    def ending() -> ResponseReturnValue:
        last = load(EndingSchema, {"last_day": request.form.get("last_day") or None})["last_day"]
        return _then(call, lambda session: service.end_office(session, principal, holding_id, last, call.now), "ended")

    return _on_people_page(call, ending)


def _on_people_page(
    call: Call, work: Callable[[], ResponseReturnValue], values: dict[str, Any] | None = None
) -> ResponseReturnValue:
    """Do the work; what is refused is said on the page of people, with what was typed."""
    try:
        return work()
    except Invalid as error:
        return _people_page(call, values=values, faults=error.faults), 422
    except (Conflict, NotAllowed) as error:
        return _people_page(call, values=values, refusal=error), error.status


def _then(call: Call, work: Callable[[Session], object], done: str) -> ResponseReturnValue:
    def then(session: Session) -> str:
        work(session)
        return f"/people?done={done}"

    return call.then(then)


def _people_page(
    call: Call,
    *,
    values: dict[str, Any] | None = None,
    faults: dict[str, list[Text]] | None = None,
    refusal: AppError | None = None,
) -> str:
    principal, book, today = signed_in(call), call.use(OfficeBook), union_day(call.now)
    keeps_list = not principal.offices.isdisjoint(ROSTER)
    with call.read() as session:
        listed = queries.people(session, principal.union_id, today)
        below = queries.unconfirmed_below(session, principal.union_id, today) if "chair" in principal.offices else []
    return render_template(
        "people/people.html",
        people=[_shown(principal, one, today) for one in _by_office(book, listed)],
        book=book,
        today=today,
        keeps_list=keeps_list,
        minds_accounts=not principal.offices.isdisjoint(Policy.ACCOUNTS.offices),
        may_set="chair" in principal.offices,
        waiting_below=[{"union": union, "name": name, "held": held} for union, name, held in below],
        person_options=[{"value": str(one.id), "label": one.name} for one in listed],
        office_options=[{"value": name, "label": book.title(name).in_(call.language)} for name in book.appointed()],
        values={"from": today, "is_member": True, "password": one_time_password(), **(values or {})},
        faults=faults or {},
        refusal=refusal.text if refusal else None,
        **_flash(),
    )


def _by_office(book: OfficeBook, listed: list[queries.Listed]) -> list[queries.Listed]:
    """The chair first, as the book of offices goes; members without an office last, as they came."""
    rank = {office: at for at, office in enumerate(book.titles())}
    return sorted(
        listed, key=lambda one: min((rank.get(held.office, len(rank)) for held in one.offices), default=len(rank))
    )


def _shown(principal: Principal, one: queries.Listed, today: Any) -> dict[str, Any]:
    """One person, and for each office which buttons the reader gets; the service decides again."""
    chairs = not principal.offices.isdisjoint({"chair", "vice_chair"})
    return {
        "person": one,
        "is_me": one.id == principal.person_id,
        "offices": [
            {
                "held": held,
                "in_force": held.in_force(today),
                "may_confirm": chairs
                and not held.is_confirmed
                and principal.person_id not in {held.person_id, held.recorded_by},
                "may_end": chairs
                or one.id == principal.person_id
                or (not held.is_confirmed and held.recorded_by == principal.person_id),
            }
            for held in one.offices
        ],
    }


# --- the union's settings ------------------------------------------------------------------------------------------------


@route(web, "/settings", policy=Policy.CHAIR, summary=Text("本会设置", "Settings of the union"))
def settings_page(call: Call) -> str:
    """Name, place, tax number, the limit for two auditors, the chair's switch."""
    return _settings_page(call)


@route(web, "/settings", policy=Policy.CHAIR, summary=Text("本会设置", "Settings of the union"), method="POST")
def change_settings(call: Call) -> ResponseReturnValue:
    """Save what differs; every change is on the union's trail."""
    principal, form = signed_in(call), request.form
    typed = forms.Typed({name: form.get(name, "") for name in ("name", "place", "tax_id")})
    typed.data["chair_approves"] = form.get("chair_approves") == "1"
    forms.read_amount(typed, form, "two_auditor_limit_fen")
    if typed.data.get("two_auditor_limit_fen", 0) is None:
        typed.data["two_auditor_limit_fen"] = service.ONE_AUDITOR_IS_ENOUGH
    try:
        typed.refuse_faults()
        changes = load(SettingsSchema, typed.data)

        def work(session: Session) -> str:
            service.change_settings(session, principal, changes, call.now)
            return "/settings?done=settings"

        return call.then(work)
    except Invalid as error:
        typed.faults = error.faults
        return _settings_page(call, typed), 422


def _settings_page(call: Call, typed: forms.Typed | None = None) -> str:
    with call.read() as session:
        union = session.get_one(Union, signed_in(call).union_id)
        values = {name: getattr(union, name) for name in service.SETTINGS}
    if typed is not None:
        values |= typed.data
        values["two_auditor_limit_fen"] = _as_typed(typed, "two_auditor_limit_fen")
    if values["two_auditor_limit_fen"] == service.ONE_AUDITOR_IS_ENOUGH:
        values["two_auditor_limit_fen"] = None
    faults = typed.faults if typed else {}
    return render_template("people/settings.html", values=values, faults=faults, **_flash())


def _flash() -> dict[str, Any]:
    done = DONE.get(request.args.get("done", ""))
    return {"flashes": [{"kind": "ok", "text": done}]} if done else {}
