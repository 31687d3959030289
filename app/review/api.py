"""The review and the trail over the API."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, request
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from app.cases import viewing
from app.cases.service import Cases
from app.foundation.edge import Call, attachment, route
from app.foundation.errors import NotFound
from app.people.models import INSTALLATION, Union
from app.people.policy import Policy
from app.people.principal import signed_in
from app.people.queries import union_by_slug
from app.review import heads, packing, queries
from app.trail.keys import SigningKey
from app.trail.models import TrailHead
from app.trail.queries import latest_head
from app.wording import Text

api = Blueprint("review_api", __name__, url_prefix="/api/v1")


class CheckpointSchema(Schema):
    """Whose head: a union's short name; without it, one's own, or the only one there is."""

    union = fields.String(load_default=None, validate=validate.Length(max=80))


@route(
    api,
    "/trail/checkpoint",
    policy=Policy.PUBLIC,
    summary=Text("最新链头", "The latest signed head"),
    query=CheckpointSchema,
)
def checkpoint(call: Call) -> dict[str, Any] | Response:
    """The last signed head of a union's trail, as a note and taken apart; the note alone to who accepts plain text."""
    with call.read() as session:
        union = _asked(call, session)
        row = latest_head(session, union.id) if union is not None else None
    if row is None:
        raise NotFound
    if request.accept_mimetypes.best_match(["application/json", "text/plain"]) == "text/plain":
        return Response(row.note, mimetype="text/plain")
    return {
        "size": row.size,
        "root_hash": row.root_hash,
        "made_at": row.made_at.isoformat(),
        "head": f"{row.size}@{row.root_hash}",
        "note": row.note,
    }


def _asked(call: Call, session: Session) -> Union | None:
    """The union that is asked about, if it can be told."""
    if call.query["union"]:
        union = union_by_slug(session, call.query["union"])
        return None if union is None or union.id == INSTALLATION else union
    if call.caller is not None:
        return session.get(Union, signed_in(call).union_id)
    unions = session.scalars(sa.select(Union).where(Union.id != INSTALLATION).order_by(Union.id).limit(2)).all()
    return unions[0] if len(unions) == 1 else None


@route(api, "/trail/status", policy=Policy.SIGNED_IN, summary=Text("留痕状况", "How the trail stands"))
def status(call: Call) -> dict[str, Any]:
    """How long the union's trail is, up to where a head is signed and whether the records still come to it, and the key."""
    union_id = signed_in(call).union_id
    with call.read() as session:
        head = session.get_one(TrailHead, union_id)
        latest = latest_head(session, union_id)
        holds = latest is not None and heads.holds(session, latest, head, call.use(SigningKey))
    return {
        "origin": head.origin,
        "algorithm": head.algorithm,
        "size": head.size,
        "chain_hash": head.chain_hash,
        "key": call.use(SigningKey).named(head.origin).verifier.vkey(),
        "signed": None
        if latest is None
        else {
            "size": latest.size,
            "root_hash": latest.root_hash,
            "made_at": latest.made_at.isoformat(),
            "head": f"{latest.size}@{latest.root_hash}",
            "holds": holds,
        },
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
                    {
                        "action": step.action,
                        "person": step.person,
                        "office": step.office,
                        "at": step.at,
                        "comment": step.comment,
                    }
                    for step in item.steps
                ],
            }
            for item in found.items
        ],
        "unpaid": [viewing.brief(one) for one in found.unpaid],
        "without_invoice": list(found.without_invoice),
        "later": [viewing.brief(one) for one in found.later],
        "published": {"count": len(found.delays), "longest_days": found.delays[-1] if found.delays else None},
    }


@route(api, "/reviews/<uuid:case_id>/pack", policy=Policy.BOOKS, summary=Text("审查资料包", "The review pack"))
def pack(call: Call, case_id: uuid.UUID) -> Response:
    """The whole record as one zip that checks itself, on a machine without this product."""
    made = packing.pack(call.wiring, signed_in(call), case_id, call.now, call.language)
    return attachment(made.chunks(), size=made.size, name=made.name, media_type="application/zip", close=made.close)


def _category(one: queries.Category) -> dict[str, Any]:
    return {
        "category": one.code,
        "amount_fen": one.amount_fen,
        "so_far_fen": one.so_far_fen,
        "budget_fen": one.budget_fen,
    }
