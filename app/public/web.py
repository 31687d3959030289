"""公开栏 and its items, the signed heads, and 公布: a period's finished cases made public in one confirmation."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.cases.definitions import Definitions
from app.cases.ports import Registry
from app.cases.presenting import batch_result, ticked
from app.cases.service import Cases
from app.foundation.clock import union_day
from app.foundation.edge import Call, route
from app.foundation.errors import NotFound
from app.people.models import INSTALLATION, Union
from app.people.offices import OfficeBook
from app.people.policy import Policy
from app.people.principal import signed_in
from app.people.queries import union_by_slug
from app.public import presenting, queries
from app.wording import Text

web = Blueprint("public", __name__)

PERIODS = (("h1", Text("上半年", "First half")), ("h2", Text("下半年", "Second half")), ("year", Text("全年", "Year")))
KINDS = {"expense_claim": Text("支出", "Spending"), "income": Text("收入", "Income")}


@route(web, "/public/<slug>", policy=Policy.PUBLIC, summary=Text("公开栏", "Public page"))
def notice(call: Call, slug: str) -> str:
    """Sums by category, the items, tasks and reviews of the period."""
    definitions, registry, book = call.use(Definitions), call.use(Registry), call.use(OfficeBook)
    today = union_day(call.now)
    year, name = _asked_year(today.year), _asked_period("year")
    period = queries.half_years(year)[name]
    category = request.args.get("category") or None
    with call.read() as session:
        union = _union(session, slug)
        titles = registry.account_titles
        spending = queries.sums(session, union.id, "expense_claim", period)
        income = queries.sums(session, union.id, "income", period)
        claims = queries.items(
            session,
            union.id,
            period,
            workflows=("expense_claim",),
            category=category,
            cursor=request.args.get("cursor"),
        )
        others = queries.items(
            session,
            union.id,
            period,
            workflows=tuple(name for name in definitions.shipped if name not in KINDS),
            limit=100,
        )
        approved = queries.approvers(session, union.id, [case.id for case in (*claims.rows, *others.rows)])
        rows = [_row(session, definitions, case, approved, book, slug) for case in claims.rows]
        rest = [_row(session, definitions, case, approved, book, slug) for case in others.rows]
        checkpoint = queries.latest_checkpoint(session, union.id)
    spending_titles = titles(union.id, "spending") if titles else {}
    income_titles = titles(union.id, "income") if titles else {}
    here = f"/public/{slug}?year={year}&period={name}"
    return render_template(
        "public/notice.html",
        union=union,
        year=year,
        period=period,
        tabs=[
            {"label": title, "href": f"/public/{slug}?year={year}&period={key}", "current": key == name}
            for key, title in PERIODS
        ],
        spending=[_category(one, spending_titles, here) for one in spending],
        income=[_category(one, income_titles, None) for one in income],
        category=spending_titles.get(category or ""),
        claims=rows,
        tasks=[one for one in rest if one["workflow"] == "task"],
        others=[one for one in rest if one["workflow"] != "task"],
        next_href=f"{here}&category={category or ''}&cursor={claims.next_cursor}" if claims.next_cursor else None,
        here=here,
        checkpoint=checkpoint,
        head=f"{checkpoint.size}@{checkpoint.root_hash}" if checkpoint else None,
    )


@route(web, "/public/<slug>/trail", policy=Policy.PUBLIC, summary=Text("留痕链头", "Signed heads"))
def heads(call: Call, slug: str) -> str:
    """Every signed head of the union's record, for anyone to keep."""
    with call.read() as session:
        union = _union(session, slug)
        rows = queries.checkpoints(session, union.id)
    return render_template("public/heads.html", union=union, rows=rows)


@route(web, "/public/<slug>/<number>", policy=Policy.PUBLIC, summary=Text("公布的事项", "A published item"))
def published_item(call: Call, slug: str, number: str) -> str:
    """One published item; what is not published is not found, whatever the reason."""
    definitions, registry, book = call.use(Definitions), call.use(Registry), call.use(OfficeBook)
    with call.read() as session:
        union = _union(session, slug)
        case = queries.item(session, union.id, number)
        if case is None:
            raise NotFound
        definition = definitions.by_hash(session, case.definition_hash)
        fields = queries.shown(definitions, session, case)
        approved = queries.approvers(session, union.id, [case.id]).get(case.id, [])
    titles: dict[str, Text] = {}
    if registry.account_titles is not None:
        for kind in ("spending", "income"):
            titles |= registry.account_titles(union.id, kind)
    return render_template(
        "public/item.html",
        union=union,
        case=case,
        definition=definition,
        facts=[row for field, value in fields if (row := presenting.kv_row(field, value, titles)) is not None],
        approved=presenting.who(approved, book.titles()),
        state=definition.state(case.state),
    )


@route(web, "/publish", policy=Policy.OFFICER, summary=Text("公布", "Publish"))
def publish_page(call: Call) -> str:
    """Everything of the period that is ready to be made public, by kind."""
    principal, door = signed_in(call), call.use(Cases)
    today = union_day(call.now)
    year, name = _asked_year(today.year), _asked_period("h1" if today.month <= 6 else "h2")
    period = queries.half_years(year)[name]
    with call.read() as session:
        definitions = door.definitions.all_in_force(session, principal.union_id)
        found = queries.ready_to_publish(session, principal.union_id, definitions, principal.offices, period)
        groups = []
        for definition, action, cases in found:
            ready = door.open_to(session, principal, cases, action, call.now)
            groups.append(
                {
                    "title": definition.title,
                    "action": action,
                    "ready": [case for case in cases if case.id in ready],
                    "waiting": len(cases) - len(ready),
                }
            )
    return render_template(
        "public/publish.html",
        tabs=[
            {"label": title, "href": f"/publish?year={year}&period={key}", "current": key == name}
            for key, title in PERIODS
        ],
        groups=groups,
        year=year,
        here=f"/publish?year={year}&period={name}",
    )


@route(web, "/publish", policy=Policy.OFFICER, summary=Text("公布", "Publish"), method="POST")
def publish(call: Call) -> ResponseReturnValue:
    """Publish every ticked case; each has its own result."""
    principal, door = signed_in(call), call.use(Cases)
    steps = ticked(request.form.getlist("case"))
    results: list[dict[str, Any]] = []

    def work(session: Session) -> None:
        outcomes = door.act_on_many(session, principal, steps, request.form.get("action", "publish"), call.now)
        results[:] = [batch_result(outcome) for outcome in outcomes]

    if steps:
        call.database.transact(work)
    return render_template("desk/results.html", results=results, back="/publish")


def _union(session: Session, slug: str) -> Union:
    union = union_by_slug(session, slug)
    if union is None or union.id == INSTALLATION:
        raise NotFound
    return union


def _asked_year(this_year: int) -> int:
    asked = request.args.get("year", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 and asked > "1999" else this_year


def _asked_period(otherwise: str) -> str:
    asked = request.args.get("period", "")
    return asked if asked in dict(PERIODS) else otherwise


def _category(one: queries.Sum, titles: Any, here: str | None) -> dict[str, Any]:
    return {
        "title": titles.get(one.code, Text(one.code or "未分类", one.code or "other")),
        "count": one.count,
        "fen": one.amount_fen,
        "budget_fen": one.budget_fen,
        "share": one.amount_fen * 100 // one.budget_fen if one.budget_fen else None,
        "href": f"{here}&category={one.code}#items" if here else None,
    }


def _row(
    session: Session, definitions: Definitions, case: Any, approved: Any, book: OfficeBook, slug: str
) -> dict[str, Any]:
    values = {field.name: value for field, value in queries.shown(definitions, session, case)}
    return {
        "workflow": case.workflow,
        "number": case.number,
        "title": case.title,
        "fen": case.amount_fen,
        "day": case.day,
        "payee": values.get("payee"),
        "result": values.get("result") or values.get("opinion"),
        "photos": values.get("photos"),
        "kind": definitions.by_hash(session, case.definition_hash).title,
        "who": presenting.who(approved.get(case.id, []), book.titles()),
        "href": f"/public/{slug}/{case.number}",
    }
