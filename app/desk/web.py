"""工作台, 待办 with its batch step, and the frame of every page."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.cases import presenting, queries
from app.cases.batching import decide, ticked
from app.cases.menu import Menu
from app.cases.models import Case
from app.cases.onward import LIST, first_waiting, undo_flashes
from app.cases.ports import Registry
from app.cases.service import Cases
from app.desk import handover
from app.desk import queries as desk
from app.engine.definition import Action, Definition
from app.foundation import edge
from app.foundation.clock import union_day
from app.foundation.db import Database
from app.foundation.edge import Call, Caller, Wiring, route
from app.notices import queries as notices
from app.people import queries as people
from app.people.models import Union
from app.people.offices import OfficeBook
from app.people.policy import BOOKS, Policy, admits
from app.people.principal import Principal, signed_in
from app.plan import queries as plan
from app.wording import Text

web = Blueprint("desk", __name__)

TABS = (
    ("todo", Text("待我处理", "Waiting for me")),
    ("mine", Text("我发起的", "Started by me")),
    ("done", Text("我已处理", "Handled by me")),
    ("cc", Text("抄送我的", "Copied to me")),
)


@route(web, "/", policy=Policy.PUBLIC, summary=Text("首页", "Start"))
def start(call: Call) -> ResponseReturnValue:
    """To the desk, to sign-in, or to the first-run page of an empty database."""
    if call.caller is not None:
        return redirect("/desk", 303)
    with call.read() as session:
        return redirect("/sign-in" if people.any_union(session) else "/setup", 303)


@route(web, "/desk", policy=Policy.SIGNED_IN, summary=Text("工作台", "Desk"))
def desk_page(call: Call) -> str:
    """What waits, what is due, how the budget stands, and the buttons of one's offices."""
    principal, door = signed_in(call), call.use(Cases)
    today = union_day(call.now)
    with call.read() as session:
        count, total = queries.count_todo(session, principal.union_id, principal.person_id, principal.asked_as)
        page = queries.inbox(session, principal.union_id, principal.person_id, principal.asked_as, "todo", limit=5)
        definitions = door.definitions.all_in_force(session, principal.union_id)
        cards = inbox_cards(call, session, principal, page.rows, waiting=True)
        published = desk.latest_published(session, principal.union_id)
        return render_template(
            "desk/desk.html",
            count=count,
            total=total,
            cards=cards,
            drafts=desk.drafts_of(session, principal.union_id, principal.person_id),
            tasks=plan.due(session, principal.union_id, today),
            published=[presenting.row(one) | {"kind": _title_of(definitions, one)} for one in published],
            slug=principal.union_slug,
            offer=call.use(Menu).offer(definitions, principal.offices),
            today=today,
            sees_plan=admits(Policy.OFFICER, principal),
        )


@route(web, "/inbox", policy=Policy.SIGNED_IN, summary=Text("待办", "Inbox"))
def inbox(call: Call) -> str:
    """One tab of the inbox; clean items can be decided together."""
    principal = signed_in(call)
    tab = request.args.get("tab", "todo")
    tab = tab if tab in dict(TABS) else "todo"
    with call.read() as session:
        page = queries.inbox(
            session,
            principal.union_id,
            principal.person_id,
            principal.asked_as,
            tab,
            limit=50,
            cursor=request.args.get("cursor"),
        )
        count, total = queries.count_todo(session, principal.union_id, principal.person_id, principal.asked_as)
        cards = inbox_cards(call, session, principal, page.rows, waiting=tab == "todo", picking=tab == "todo")
        undo = undo_flashes(session, call.use(Cases), principal, request.args.get("did"), call.now)
    batch = offered_batch(cards) if tab == "todo" else None
    return render_template(
        "desk/inbox.html",
        tab=tab,
        tabs=[
            {
                "label": title,
                "href": f"/inbox?tab={name}",
                "current": name == tab,
                "count": count if name == "todo" else None,
                "testid": f"inbox-tab-{name}",
            }
            for name, title in TABS
        ],
        cards=cards,
        batch=batch,
        count=count,
        total=total,
        next_href=f"/inbox?tab={tab}&cursor={page.next_cursor}" if page.next_cursor else None,
        **undo,
    )


@route(web, "/inbox/batch", policy=Policy.SIGNED_IN, summary=Text("批量办理", "Decide together"), method="POST")
def decide_together(call: Call) -> ResponseReturnValue:
    """One step for every ticked case; each has its own result, shown afterwards."""
    steps = ticked(request.form.getlist("case"))
    results = decide(call, [(request.form.get("action", ""), steps)])
    with call.read() as session:
        left = first_waiting(session, signed_in(call))
    back = local(request.form.get("next", "/inbox"))
    return render_template("desk/results.html", results=results, back=back, left=left)


@route(web, "/handover", policy=Policy.OFFICER, summary=Text("离任交接", "Handing over"))
def handover_page(call: Call) -> str:
    """Everything that waits for the reader, with who could take it over."""
    return _handover_page(call)


@route(web, "/handover", policy=Policy.OFFICER, summary=Text("离任交接", "Handing over"), method="POST")
def hand_everything_over(call: Call) -> str:
    """Hand each chosen step over; what is refused is said on the page."""
    principal, door = signed_in(call), call.use(Cases)
    chosen: dict[tuple[uuid.UUID, str], uuid.UUID] = {}
    for name, value in list(request.form.items())[: handover.AT_MOST + 1]:
        case_id, _, action = name.partition(":")
        with contextlib.suppress(ValueError):
            chosen[uuid.UUID(case_id), action] = uuid.UUID(value)
    results = call.database.transact(lambda session: handover.hand_all_over(session, door, principal, chosen, call.now))
    return _handover_page(call, [{"error": error.text if error else None} for _, error in results])


def _handover_page(call: Call, results: list[dict[str, Any]] | None = None) -> str:
    with call.read() as session:
        slots = handover.open_slots(session, call.use(Cases), signed_in(call), call.now)
        return render_template("desk/handover.html", slots=slots, results=results)


@route(web, "/preferences", policy=Policy.PUBLIC, summary=Text("显示设置", "Display"), method="POST")
def preferences(call: Call) -> Response:
    """Remember language, theme and size in this browser."""
    response = make_response(redirect(local(request.form.get("next", "/")), 303))
    allowed = {"theme": {"light", "dark", "auto"}, "size": {"normal", "large"}, "language": {"zh", "en"}}
    for name, values in allowed.items():
        chosen = request.form.get(name)
        if chosen in values:
            response.set_cookie(name, chosen, max_age=365 * 86400, samesite="Lax", secure=request.is_secure)
    return response


# --- what the views above are made of ------------------------------------------------------------------------------------


def local(address: str) -> str:
    """An address of ours; anything else becomes the start page."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\")) and "\n" not in address
    return address if is_ours else "/"


def inbox_cards(
    call: Call,
    session: Session,
    principal: Principal,
    cases: Any,
    *,
    waiting: bool = False,
    picking: bool = False,
) -> list[dict[str, Any]]:
    """Cards with names, category, what is left of the budget, and, where picking, whether one tick may decide them.

    ``waiting``: all of them wait for the reader, so that each says for how long.
    """
    door, registry = call.use(Cases), call.use(Registry)
    rows: list[Case] = list(cases)
    persons = {one.submitter_id or one.opener_id for one in rows}
    names = people.names(session, principal.union_id, persons)
    years = {one.day.year for one in rows if one.day}
    lefts = {
        year: registry.accounts_left(session, principal.union_id, year) if registry.accounts_left else {}
        for year in years
    }
    titles: dict[str, Text] = {}
    if registry.account_titles is not None:
        for kind in ("spending", "income"):
            titles |= registry.account_titles(principal.union_id, kind)
    steps = door.steps_open_to(session, principal, rows) if picking else {}
    unopened = door.to_open_first(session, principal, rows, steps) if picking else set()
    cards = []
    for one in rows:
        definition = door.definitions.by_hash(session, one.definition_hash)
        left = lefts.get(one.day.year, {}) if one.day else {}
        card = presenting.card(one, definition, names=names, titles=titles, left=left, now=call.now, waiting=waiting)
        card["files"] = len(one.data.get("evidence") or []) + sum(
            len(line.get("files") or []) for line in one.data.get("lines") or []
        )
        if picking:
            card["href"] += LIST
            card |= _pickable(one, steps[one.id], is_unopened=one.id in unopened)
        cards.append(card)
    return cards


def _pickable(case: Case, steps: list[Action], *, is_unopened: bool) -> dict[str, Any]:
    """Whether a batch step is open to this person and nothing has to be read first: what checks found, a large amount."""
    chips = [{"kind": "warn", "text": Text(one["zh"], one["en"])} for one in case.warnings]
    for action in steps:
        if action.batch and action.tone == "plain":
            why = Text("有提示，请打开逐件看", "Something to read first: open it") if chips else None
            why = why or (Text("金额较大，请先打开看过", "A large amount: open it first") if is_unopened else None)
            found = {"batch_action": action.name, "batch_title": action.title, "why_not": why, "pickable": why is None}
            return found | {"chips": chips or [{"kind": "ok", "text": Text("检查无异常", "Checks found nothing")}]}
    return {"pickable": False, "why_not": Text("请打开办理", "Open it to act"), "chips": chips}


def offered_batch(cards: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The one batch step the list offers: that of most clean cards. Cards of another step are opened instead."""
    steps = Counter(card["batch_action"] for card in cards if card.get("pickable"))
    if not steps:
        return None
    action, count = steps.most_common(1)[0]
    for card in cards:
        if card.get("pickable") and card["batch_action"] != action:
            card |= {"pickable": False, "why_not": Text("请打开办理", "Open it to act")}
    title = next(card["batch_title"] for card in cards if card.get("batch_action") == action)
    return {"action": action, "title": title, "count": count}


def _title_of(definitions: Mapping[str, Definition], case: Case) -> Text:
    definition = definitions.get(case.workflow)
    return definition.title if definition else Text(case.workflow, case.workflow)


NAV: tuple[tuple[str, str, str, str, str | None, Policy | AbstractSet[str]], ...] = (
    ("/desk", "工作台", "Desk", "home", "g d", Policy.SIGNED_IN),
    ("/inbox", "待办", "Inbox", "inbox", "g i", Policy.SIGNED_IN),
    ("/plan", "年度计划", "Plan", "plan", "g p", Policy.OFFICER),
    ("/budget", "预算与支出", "Budget", "budget", "g b", Policy.BOOKS),
    ("/publish", "公布", "Publish", "send", None, {"chair", "clerk"}),
    ("/review", "经费审查", "Fund review", "review", "g r", BOOKS - {"cashier", "clerk"}),
    ("/settings/workflows", "流程", "Workflows", "settings", None, {"vice_chair", "audit_chair", "maintainer"}),
    ("/people", "人员", "People", "users", None, {"chair", "clerk", "maintainer", "vice_chair"}),
)
"""Address, zh, en, icon, key, and who is shown it: the route's own policy, or fewer, whom it concerns."""


def _is_shown(who: Policy | AbstractSet[str], caller: Principal) -> bool:
    return admits(who, caller) if isinstance(who, Policy) else not who.isdisjoint(caller.offices)


def navigation(wiring: Wiring, caller: Caller | None, now: Any) -> dict[str, Any]:
    """The frame's variables: who is signed in, where he may go, and what waits for him."""
    frame: dict[str, Any] = {
        "theme": request.cookies.get("theme", "auto"),
        "size": request.cookies.get("size", "normal"),
        "here": request.full_path.rstrip("?"),
        "nav": [],
        "user": None,
        "union_name": None,
    }
    if not isinstance(caller, Principal):
        return frame
    language = edge.language()
    with wiring.use(Database).read() as session:
        union = session.get_one(Union, caller.union_id)
        count = queries.count_waiting(session, caller.union_id, caller.person_id, caller.asked_as)
        unread = notices.count_unread(session, caller.union_id, caller.person_id)
    titles = wiring.use(OfficeBook).titles()
    frame |= {
        "union_name": union.name,
        "unread": unread,
        "user": {
            "id": str(caller.person_id),
            "name": caller.name,
            "offices": "、".join(titles[name].in_(language) for name in sorted(caller.offices) if name in titles),
            "href": "/me",
        },
        "nav": [
            {
                "href": href,
                "label": Text(zh, en),
                "icon": icon,
                "key": key,
                "badge": count if href == "/inbox" and count else None,
                "current": request.path.startswith(href),
            }
            for href, zh, en, icon, key, who in NAV
            if _is_shown(who, caller)
        ]
        + [
            {
                "href": f"/public/{union.slug}",
                "label": Text("公开栏", "Public page"),
                "icon": "board",
                "key": None,
                "badge": None,
                "current": request.path.startswith("/public"),
            }
        ],
    }
    return frame
