"""The review and the trail over the API."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import Blueprint, Response
from marshmallow import Schema, fields, validate

from app.cases import viewing
from app.cases.service import Cases
from app.foundation.edge import Call, route
from app.foundation.errors import NotFound
from app.people.models import INSTALLATION
from app.people.policy import Policy
from app.people.principal import signed_in
from app.people.queries import union_by_slug
from app.review import heads, packing, queries
from app.wording import Text

api = Blueprint("review_api", __name__, url_prefix="/api/v1")


class CheckpointSchema(Schema):
    """Whose head: a union's short name; without it, the union one is signed in to."""

    union = fields.String(load_default=None, validate=validate.Length(max=80))


@route(
    api,
    "/trail/checkpoint",
    policy=Policy.PUBLIC,
    summary=Text("最新链头", "The latest signed head"),
    query=CheckpointSchema,
)
def checkpoint(call: Call) -> dict[str, Any]:
    """The last signed head of a union's trail, as a note and taken apart."""
    with call.read() as session:
        if call.query["union"]:
            union = union_by_slug(session, call.query["union"])
            union_id = union.id if union is not None and union.id != INSTALLATION else None
        else:
            union_id = signed_in(call).union_id if call.caller is not None else None
        row = heads.latest(session, union_id) if union_id is not None else None
    if row is None:
        raise NotFound
    return {
        "size": row.size,
        "root_hash": row.root_hash,
        "made_at": row.made_at.isoformat(),
        "head": f"{row.size}@{row.root_hash}",
        "note": row.note,
    }


@route(api, "/reviews/<uuid:case_id>", policy=Policy.BOOKS, summary=Text("审查数据", "Figures of a review"))
def review(call: Call, case_id: uuid.UUID) -> dict[str, Any]:
    """The review's figures for its period and scope."""
    principal = signed_in(call)
    with call.read() as session:
        case, definition = viewing.find(session, call.use(Cases), principal, case_id)
        if definition.name != "fund_review":
            raise NotFound
        scope = case.data.get("scope_size") or queries.head_size(session, principal.union_id)
        first, last = date.fromisoformat(case.data["period_from"]), date.fromisoformat(case.data["period_to"])
        found = queries.figures(session, principal.union_id, first, last, scope)
    return {
        "id": str(case_id),
        "number": case.number,
        "state": case.state,
        "period": {"from": first.isoformat(), "to": last.isoformat()},
        "scope_size": scope,
        "income_fen": found.income_fen,
        "spending_fen": found.spending_fen,
        "income": [_category(one) for one in found.income],
        "spending": [_category(one) for one in found.spending],
        "months": [{"month": month, "amount_fen": fen} for month, fen in found.months],
        "items": [
            {
                **viewing.brief(item.case),
                "steps": [
                    {"action": step.action, "person": step.person, "office": step.office, "at": step.at}
                    for step in item.steps
                ],
            }
            for item in found.items
        ],
        "unpaid": [viewing.brief(one) for one in found.unpaid],
        "without_invoice": list(found.without_invoice),
        "later": found.later,
    }


@route(api, "/reviews/<uuid:case_id>/pack", policy=Policy.BOOKS, summary=Text("审查资料包", "The review pack"))
def pack(call: Call, case_id: uuid.UUID) -> Response:
    """The whole record as one zip that checks itself, on a machine without this product."""
    content, name = packing.pack(call.wiring, signed_in(call), case_id, call.now, call.language)
    response = Response(content, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _category(one: queries.Category) -> dict[str, Any]:
    return {"category": one.code, "amount_fen": one.amount_fen, "budget_fen": one.budget_fen}
