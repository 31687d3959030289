"""公开栏 and its items, the signed heads, and 公布: a period's finished cases made public in one confirmation."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.cases.batching import decide, ticked
from app.cases.definitions import Definitions
from app.cases.ports import Registry
from app.cases.service import Cases
from app.foundation.clock import union_day
from app.foundation.edge import Call, route
from app.foundation.errors import NotAllowed, NotFound
from app.people.models import Union
from app.people.offices import OfficeBook
from app.people.policy import Policy
from app.people.principal import signed_in
from app.public import presenting, queries
from app.trail.queries import latest_head, signed_heads
from app.wording import Text

web = Blueprint("public", __name__)

HEADS_SHOWN = 60
"""About two months of daily heads."""

_PARTS = {"h1": Text("上半年", "First half"), "h2": Text("下半年", "Second half"), "year": Text("全年", "Year")}
PERIODS: dict[str, Text] = {
    **_PARTS,
    **{f"q{one}": Text(f"第{name}季度", f"Quarter {one}") for one, name in enumerate("一二三四", start=1)},
    **{f"m{one}": Text(f"{one} 月", f"Month {one}") for one in range(1, 13)},
}
"""What the periods of ``queries.SPANS`` are called."""

YEARS_BACK = 5


@route(web, "/public/<slug>", policy=Policy.PUBLIC, summary=Text("公开栏", "Public page"))
def notice(call: Call, slug: str) -> str:
    """Sums by category, the items, tasks and reviews of the period."""
    definitions, book = call.use(Definitions), call.use(OfficeBook)
    today = union_day(call.now)
    year, name = _asked_year(today.year), _asked_period("year")
    period = queries.period_of(year, name)
    category = request.args.get("category") or None
    with call.read() as session:
        union = _union(session, slug)
        in_force = definitions.all_in_force(session, union.id).values()
        spent = queries.money_workflows(in_force, "spending")
        received = queries.money_workflows(in_force, "income")
        rest = [one.name for one in in_force if one.name not in {*spent, *received}]
        budget = queries.budget_of_year(session, union.id, year)
        spending = queries.sums(session, union.id, spent, period, budget)
        income = queries.sums(session, union.id, received, period, budget)
        cursor, more = request.args.get("cursor"), request.args.get("more")
        claims = queries.page_of(session, union.id, period, workflows=spent, category=category, cursor=cursor)
        others = queries.page_of(session, union.id, period, workflows=rest, cursor=more)
        items = queries.shown(session, union.id, definitions, [*claims.rows, *others.rows])
        checkpoint = latest_head(session, union.id)
    titles = _titles(call, union)
    rows = [presenting.list_row(item, book.titles(), titles, slug) for item in items]
    listed, others_listed = rows[: len(claims.rows)], rows[len(claims.rows) :]
    here = f"/public/{slug}?year={year}&period={name}"
    chosen = f"{here}&category={quote(category)}" if category else here
    return render_template(
        "public/notice.html",
        union=union,
        year=year,
        years=_years(year, today.year),
        period=period,
        period_name=name,
        periods=list(PERIODS.items()),
        tabs=_tabs(f"/public/{slug}", year, name),
        spending=[_category(one, titles, here) for one in spending],
        income=[_category(one, titles, None) for one in income],
        category=titles.get(category, Text(category, category)) if category else None,
        claims=listed,
        tasks=[one for one in others_listed if one["workflow"] == "task"],
        others=[one for one in others_listed if one["workflow"] != "task"],
        next_href=f"{chosen}&cursor={quote(claims.next_cursor)}#items" if claims.next_cursor else None,
        more_href=f"{chosen}&more={quote(others.next_cursor)}#work" if others.next_cursor else None,
        here=here,
        checkpoint=checkpoint,
        head=f"{checkpoint.size}@{checkpoint.root_hash}" if checkpoint else None,
    )


@route(web, "/public/<slug>/trail", policy=Policy.PUBLIC, summary=Text("留痕链头", "Signed heads"))
def heads(call: Call, slug: str) -> str:
    """Every signed head of the union's record, for anyone to keep."""
    with call.read() as session:
        union = _union(session, slug)
        rows = signed_heads(session, union.id, HEADS_SHOWN)
    return render_template("public/heads.html", union=union, rows=rows)


@route(web, "/public/<slug>/<number>", policy=Policy.PUBLIC, summary=Text("公布的事项", "A published item"))
def published_item(call: Call, slug: str, number: str) -> str:
    """One published item; what is not published is not found, whatever the reason."""
    with call.read() as session:
        union = _union(session, slug)
        case = queries.case_of(session, union.id, number)
        if case is None:
            raise NotFound
        item = queries.shown(session, union.id, call.use(Definitions), [case])[0]
        corrections = queries.corrections_of(session, union.id, number)
    titles = _titles(call, union)
    return render_template(
        "public/item.html",
        union=union,
        case=case,
        title=item.title or item.definition.title,
        definition=item.definition,
        corrections=corrections,
        facts=presenting.kv_rows(item, titles, slug),
        tables=presenting.tables(item, titles),
        approved=presenting.who(item.approved, call.use(OfficeBook).titles()),
        state=item.definition.state(case.state),
    )


@route(web, "/publish", policy=Policy.OFFICER, summary=Text("公布", "Publish"))
def publish_page(call: Call) -> str:
    """Everything of the period that is ready to be made public, by kind."""
    principal, door = signed_in(call), call.use(Cases)
    today = union_day(call.now)
    year, name = _asked_year(today.year), _asked_period("h1" if today.month <= 6 else "h2")
    period = queries.period_of(year, name)
    with call.read() as session:
        definitions = list(door.definitions.all_in_force(session, principal.union_id).values())
        found = queries.ready_to_publish(session, principal.union_id, definitions, principal.offices, period)
        groups: list[dict[str, Any]] = []
        count = 0
        for definition, action, cases in found:
            ready = door.open_to(session, principal, cases, action, call.now)
            count += len(ready)
            groups.append(
                {
                    "title": definition.title,
                    "name": f"{definition.name}.{action}",
                    "ready": [case for case in cases if case.id in ready],
                    "waiting": len(cases) - len(ready),
                }
            )
        may_publish = bool(queries.publishing(definitions, principal.offices))
        awaiting = [] if may_publish else queries.awaiting_publication(session, principal.union_id, definitions, period)
        waiting = [one for one in awaiting if one.count]
    return render_template(
        "public/publish.html",
        may_publish=may_publish,
        publishers=_named(call, {office for one in waiting or awaiting for office in one.offices}),
        awaiting=[{"title": one.definition.title, "count": one.count} for one in waiting],
        tabs=_tabs("/publish", year, name),
        periods=list(PERIODS.items()),
        years=_years(year, today.year),
        groups=groups,
        count=count,
        year=year,
        period_name=name,
        period_title=PERIODS[name],
    )


@route(web, "/publish", policy=Policy.OFFICER, summary=Text("公布", "Publish"), method="POST")
def publish(call: Call) -> ResponseReturnValue:
    """Publish every ticked case of every kind; each has its own result. No other step can be taken from here.

    Raises:
        NotAllowed: no step that publishes is this person's.
    """
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        definitions = door.definitions.all_in_force(session, principal.union_id).values()
    publishing = queries.publishing(definitions, principal.offices)
    if not publishing:
        raise NotAllowed
    results = decide(
        call,
        [
            (action.name, ticked(request.form.getlist(f"case.{definition.name}.{action.name}")))
            for definition, action in publishing
        ],
    )
    asked, year = request.form.get("period", ""), request.form.get("year", "")
    is_known = asked in PERIODS and year.isascii() and year.isdigit() and len(year) == 4
    back = f"/publish?year={year}&period={asked}" if is_known else "/publish"
    return render_template("desk/results.html", results=results, back=back)


def _named(call: Call, offices: set[str]) -> Text:
    """The offices by name, in the order of the book."""
    titles = [title for name, title in call.use(OfficeBook).titles().items() if name in offices]
    return Text("、".join(one.zh for one in titles), ", ".join(one.en for one in titles))


def _union(session: Session, slug: str) -> Union:
    union = queries.union_of(session, slug)
    if union is None:
        raise NotFound
    return union


def _asked_year(this_year: int) -> int:
    asked = request.args.get("year", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 and asked > "1999" else this_year


def _asked_period(otherwise: str) -> str:
    asked = request.args.get("period", "")
    return asked if asked in PERIODS else otherwise


def _years(asked: int, this_year: int) -> list[str]:
    """The years to choose from: the last few, and the one asked for."""
    return [str(one) for one in sorted({asked, *range(this_year - YEARS_BACK + 1, this_year + 1)}, reverse=True)]


def _tabs(address: str, year: int, name: str) -> list[dict[str, Any]]:
    return [
        {"label": title, "href": f"{address}?year={year}&period={key}", "current": key == name}
        for key, title in _PARTS.items()
    ]


def _titles(call: Call, union: Union) -> dict[str, Text]:
    """Code -> title of every category of the union's chart."""
    titles_of = call.use(Registry).account_titles
    if titles_of is None:
        return {}
    return {**titles_of(union.id, "spending"), **titles_of(union.id, "income")}


def _category(one: queries.Sum, titles: Any, here: str | None) -> dict[str, Any]:
    return {
        "title": titles.get(one.code, Text(one.code or "未分类", one.code or "other")),
        "count": one.count,
        "fen": one.amount_fen,
        "budget_fen": one.budget_fen,
        "share": one.amount_fen * 100 // one.budget_fen if one.budget_fen else None,
        "href": f"{here}&category={quote(one.code)}#items" if here and one.code else None,
    }
