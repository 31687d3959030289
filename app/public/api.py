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
from app.people.models import INSTALLATION
from app.people.offices import OfficeBook
from app.people.policy import Policy
from app.people.queries import union_by_slug
from app.public import presenting, queries
from app.wording import Text

api = Blueprint("public_api", __name__, url_prefix="/api/v1")


class PublicSchema(Schema):
    """Which period and category, from where on."""

    year = fields.Integer(load_default=None, validate=validate.Range(2000, 2100))
    period = fields.String(load_default="year", validate=validate.OneOf(["h1", "h2", "year"]))
    category = fields.String(load_default=None, validate=validate.Length(max=20))
    cursor = fields.String(load_default=None, validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


@route(api, "/public/<slug>", policy=Policy.PUBLIC, summary=Text("公开栏", "What is public"), query=PublicSchema)
def public(call: Call, slug: str) -> dict[str, Any]:
    """Sums by category, published items, and the latest signed head of the record."""
    definitions, registry, book = call.use(Definitions), call.use(Registry), call.use(OfficeBook)
    year = call.query["year"] or union_day(call.now).year
    period = queries.half_years(year)[call.query["period"]]
    with call.read() as session:
        union = union_by_slug(session, slug)
        if union is None or union.id == INSTALLATION:
            raise NotFound
        page = queries.items(
            session,
            union.id,
            period,
            category=call.query["category"],
            limit=call.query["limit"],
            cursor=call.query["cursor"],
        )
        approved = queries.approvers(session, union.id, [case.id for case in page.rows])
        titles = registry.account_titles
        checkpoint = queries.latest_checkpoint(session, union.id)
        return {
            "union": {"slug": union.slug, "name": union.name},
            "period": {"from": period.first.isoformat(), "to": period.last.isoformat()},
            "spending": _sums(
                queries.sums(session, union.id, "expense_claim", period), titles and titles(union.id, "spending")
            ),
            "income": _sums(queries.sums(session, union.id, "income", period), titles and titles(union.id, "income")),
            "items": [
                presenting.item_json(
                    case,
                    definitions.by_hash(session, case.definition_hash),
                    queries.shown(definitions, session, case),
                    approved.get(case.id, []),
                    book.titles(),
                )
                for case in page.rows
            ],
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
