"""经费审查: the list, one review with its figures and claims, its pack; and the trail in one sentence."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.cases import presenting, viewing
from app.cases import queries as cases
from app.cases.ports import Registry
from app.cases.schemas import load_data
from app.cases.service import Cases
from app.foundation.clock import union_day
from app.foundation.edge import Call, attachment, route
from app.foundation.errors import NotFound
from app.people.models import Union
from app.people.offices import OfficeBook
from app.people.policy import Policy
from app.people.principal import signed_in
from app.review import heads, packing, queries, report
from app.trail.keys import SigningKey
from app.trail.models import TrailHead
from app.trail.queries import latest_head
from app.wording import Text

web = Blueprint("review", __name__)

PERIODS = {
    "h1": (Text("上半年", "first half"), "01-01", "06-30"),
    "h2": (Text("下半年", "second half"), "07-01", "12-31"),
    "year": (Text("全年", "whole year"), "01-01", "12-31"),
}


@route(web, "/review", policy=Policy.BOOKS, summary=Text("经费审查", "Fund review"))
def reviews(call: Call) -> str:
    """Every review of the union, and the form that begins one."""
    principal = signed_in(call)
    with call.read() as session:
        page = cases.listing(session, principal.union_id, [packing.REVIEW], cursor=request.args.get("cursor"))
        definition = call.use(Cases).definitions.in_force(session, principal.union_id, packing.REVIEW)
    today = union_day(call.now)
    return render_template(
        "review/reviews.html",
        rows=[
            presenting.row(case) | {"title_of_state": definition.state(case.state).title, "day": case.day}
            for case in page.rows
        ],
        periods=[(key, title) for key, (title, _, _) in PERIODS.items()],
        years=[today.year, today.year - 1],
        may_open=not principal.offices.isdisjoint(definition.open.offices),
    )


@route(web, "/review", policy=Policy.AUDIT, summary=Text("新建审查", "New review"), method="POST")
def open_review(call: Call) -> ResponseReturnValue:
    """Begin the review of a half-year or year."""
    principal, door = signed_in(call), call.use(Cases)
    year, key = request.form.get("year", ""), request.form.get("period", "")
    if key not in PERIODS or not (year.isascii() and year.isdigit() and len(year) == 4):
        raise NotFound
    title, first, last = PERIODS[key]

    def work(session: Session) -> str:
        definition = door.definitions.in_force(session, principal.union_id, packing.REVIEW)
        raw = {
            "name": f"{year}年{title.zh}经费审查",
            "period_from": f"{year}-{first}",
            "period_to": f"{year}-{last}",
        }
        case = door.open_case(session, principal, definition.name, load_data(definition, raw), call.now)
        return f"/review/{case.id}"

    return call.then(work)


@route(web, "/review/<uuid:case_id>", policy=Policy.BOOKS, summary=Text("审查", "Review"))
def review(call: Call, case_id: uuid.UUID) -> str:
    """The figures, every claim with its decisions, the opinion, and the buttons."""
    principal, door = signed_in(call), call.use(Cases)
    registry, book = call.use(Registry), call.use(OfficeBook)
    with call.read() as session:
        detail = viewing.detail(session, door, principal, case_id, call.now)
        case = detail.case
        if case.workflow != packing.REVIEW:
            raise NotFound
        scope = case.data.get("scope_size") or queries.head_size(session, principal.union_id)
        first, last = date.fromisoformat(case.data["period_from"]), date.fromisoformat(case.data["period_to"])
        found = queries.figures(session, principal.union_id, first, last, scope)
        latest = latest_head(session, principal.union_id)
        head = session.get_one(TrailHead, principal.union_id)
        holds = latest is not None and heads.holds(session, latest, head, call.use(SigningKey))
        told = report.build(
            found,
            report.Cover(
                union=session.get_one(Union, principal.union_id).name,
                number=case.number or "",
                name=str(case.data.get("name") or ""),
                opinion=str(case.data.get("opinion") or ""),
                signatures=report.signatures_of(session, case, book.titles()),
                head=f"{latest.size}@{latest.root_hash}" if latest else "",
                made_on=call.now,
            ),
            registry.account_titles,
            principal.union_id,
            book.titles(),
        )
        page = presenting.case_page(session, registry, detail, principal, call.now, call.language)
    return render_template(
        "review/review.html", **page, report=told, tables_told=_tables(told), latest=latest, holds=holds
    )


@route(web, "/review/<uuid:case_id>/pack", policy=Policy.BOOKS, summary=Text("导出资料包", "Export the pack"))
def export(call: Call, case_id: uuid.UUID) -> Response:
    """The review pack as a zip."""
    made = packing.pack(call.wiring, signed_in(call), case_id, call.now, call.language)
    return attachment(made.chunks(), size=made.size, name=made.name, media_type="application/zip", close=made.close)


@route(web, "/trail", policy=Policy.SIGNED_IN, summary=Text("留痕", "The trail"))
def trail_page(call: Call) -> str:
    """How long the record is, up to where it is signed, and the key to check it with."""
    principal = signed_in(call)
    with call.read() as session:
        head = session.get_one(TrailHead, principal.union_id)
        latest = latest_head(session, principal.union_id)
        holds = latest is not None and heads.holds(session, latest, head, call.use(SigningKey))
        slug = session.get_one(Union, principal.union_id).slug
    key = call.use(SigningKey).named(head.origin)
    return render_template(
        "review/trail.html", head=head, latest=latest, holds=holds, vkey=key.verifier.vkey(), slug=slug
    )


def _tables(told: report.Report) -> list[dict[str, Any]]:
    """The report's tables as the table component takes them; a row about a case links to it, and so to its evidence."""
    tables = []
    for table in told.tables:
        keys = [str(index) for index in range(len(table.columns))]
        tables.append(
            {
                "title": table.title,
                "columns": [
                    {
                        "key": key,
                        "title": column.title,
                        "kind": "money" if column.is_money else "link" if column.is_link else "text",
                    }
                    for key, column in zip(keys, table.columns, strict=True)
                ],
                "rows": [
                    {"cells": dict(zip(keys, row, strict=True)), "href": f"/cases/{case.id}" if case else None}
                    for row, case in table.rows_with_cases()
                ],
                "sums": {str(index): fen for index, fen in table.sums.items()},
            }
        )
    return tables
