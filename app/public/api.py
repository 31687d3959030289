"""The public page over the API; no sign-in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from marshmallow import Schema, fields, validate

from app.cases.definitions import Definitions
from app.cases.ports import Registry
from app.foundation.clock import union_day
from app.foundation.edge import Call, route
from app.foundation.errors import NotFound
from app.foundation.problems import words
from app.foundation.strict_fields import AddressNumber
from app.people.offices import OfficeBook
from app.people.policy import Policy
from app.public import presenting, queries
from app.trail.queries import latest_head
from app.wording import Text

api = Blueprint("public_api", __name__, url_prefix="/api/v1")


class PublicSchema(Schema):
    """Which period and category, from where on."""

    year = AddressNumber(load_default=None, validate=validate.Range(2000, 2100))
    period = fields.String(load_default="year", validate=validate.OneOf(list(queries.SPANS)))
    category = fields.String(load_default=None, validate=validate.Length(max=20))
    cursor = fields.String(load_default=None, validate=validate.Length(max=200))
    limit = AddressNumber(load_default=50, validate=validate.Range(1, 200))


@route(api, "/public/<slug>", policy=Policy.PUBLIC, summary=Text("公开栏", "What is public"), query=PublicSchema)
def public(call: Call, slug: str) -> dict[str, Any]:
    """Sums by category, published items, and the latest signed head of the record."""
    definitions, registry, book = call.use(Definitions), call.use(Registry), call.use(OfficeBook)
    year = call.query["year"] or union_day(call.now).year
    period, category = queries.period_of(year, call.query["period"]), call.query["category"]
    with call.read() as session:
        union = queries.union_of(session, slug)
        if union is None:
            raise NotFound
        in_force = definitions.all_in_force(session, union.id).values()
        spent = queries.money_workflows(in_force, "spending")
        received = queries.money_workflows(in_force, "income")
        page = queries.page_of(
            session,
            union.id,
            period,
            workflows=[*spent, *received] if category else None,
            category=category,
            limit=call.query["limit"],
            cursor=call.query["cursor"],
        )
        budget = queries.budget_of_year(session, union.id, year)
        spending = queries.sums(session, union.id, spent, period, budget)
        income = queries.sums(session, union.id, received, period, budget)
        items = queries.shown(session, union.id, definitions, page.rows)
        checkpoint = latest_head(session, union.id)
    titles = registry.account_titles
    return {
        "union": {"slug": union.slug, "name": union.name},
        "period": {"from": period.first.isoformat(), "to": period.last.isoformat()},
        "spending": _sums(spending, titles and titles(union.id, "spending")),
        "income": _sums(income, titles and titles(union.id, "income")),
        "items": [presenting.item_json(item, book.titles()) for item in items],
        "next_cursor": page.next_cursor,
        "checkpoint": checkpoint.note if checkpoint else None,
    }


def _sums(rows: list[queries.Sum], titles: Any) -> list[dict[str, Any]]:
    return [
        {
            "category": row.code,
            "title": words((titles or {}).get(row.code, Text(row.code, row.code))),
            "count": row.count,
            "amount_fen": row.amount_fen,
            "budget_fen": row.budget_fen,
        }
        for row in rows
    ]
