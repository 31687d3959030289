"""The JSON API of workflows over their life: look, check, propose, confirm, reject."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response

from app.cases.service import Move
from app.engine.writing import as_yaml
from app.foundation.edge import Call, route
from app.people.policy import Policy
from app.people.principal import signed_in
from app.revising import presenting, queries
from app.revising.schemas import DecideSchema, MigrateSchema, ProposeSchema, TextSchema
from app.revising.service import Revising
from app.revising.what_if import what_if
from app.wording import Text

api = Blueprint("revising_api", __name__, url_prefix="/api/v1")

PROPOSAL = {"type": "object", "description": "a proposal: id, workflow, status, changes in sentences, who, when"}


@route(
    api, "/workflows/<name>", policy=Policy.RULES, summary=Text("流程的现行版本和历史", "A workflow and its history")
)
def workflow(call: Call, name: str) -> dict[str, Any]:
    """The version in force with its text, earlier versions, and proposals."""
    principal, door = signed_in(call), call.use(Revising)
    with call.read() as session:
        definition = door.definitions.in_force(session, principal.union_id, name)
        return presenting.whole(session, door, principal.union_id, definition)


@route(
    api,
    "/workflows/check",
    policy=Policy.RULES,
    summary=Text("核对一个流程", "Check a workflow"),
    method="POST",
    body=TextSchema,
)
def check_text(call: Call) -> dict[str, Any]:
    """Every problem of a text, without keeping it."""
    with call.read() as session:
        draft = call.use(Revising).looked_at(session, signed_in(call).union_id, call.body["yaml"])
    return presenting.draft_json(draft)


@route(api, "/proposals", policy=Policy.RULES, summary=Text("流程提案", "Proposals"))
def proposals(call: Call) -> dict[str, Any]:
    """Every proposal of the union, latest first."""
    union_id = signed_in(call).union_id
    with call.read() as session:
        found = queries.proposals(session, union_id)
        names = presenting.names_of(session, union_id, found)
    return {"items": [presenting.proposal_json(one, names) for one in found]}


@route(
    api,
    "/proposals",
    policy=Policy.RULES_OFFERED,
    summary=Text("提出流程的新版本", "Propose a version"),
    method="POST",
    body=ProposeSchema,
    answer=PROPOSAL,
    status=201,
)
def propose(call: Call) -> Response:
    """Put a version up for confirmation by another person."""
    principal, door, body = signed_in(call), call.use(Revising), call.body

    def work(session: Any) -> dict[str, Any]:
        made = door.propose(session, principal, body["yaml"], body["note"], call.now, states=body["states"])
        return presenting.proposal_json(made, presenting.names_of(session, principal.union_id, [made]))

    return call.answer(work, 201)


@route(
    api,
    "/proposals/<uuid:proposal_id>",
    policy=Policy.RULES,
    summary=Text("一个提案", "One proposal"),
    answer=PROPOSAL,
)
def proposal(call: Call, proposal_id: uuid.UUID) -> dict[str, Any]:
    """A proposal with the whole text of its version."""
    union_id, door = signed_in(call).union_id, call.use(Revising)
    with call.read() as session:
        found = queries.proposal(session, union_id, proposal_id)
        names = presenting.names_of(session, union_id, [found])
        text = as_yaml(door.definitions.by_hash(session, found.hash))
        return {**presenting.proposal_json(found, names), "yaml": text}


@route(
    api,
    "/proposals/<uuid:proposal_id>/confirm",
    policy=Policy.RULES_CONFIRMED,
    summary=Text("确认启用", "Confirm a version"),
    method="POST",
    body=DecideSchema,
    answer=PROPOSAL,
)
def confirm(call: Call, proposal_id: uuid.UUID) -> Response:
    """Put it in force; never by the one who proposed it."""
    return _decided(call, proposal_id, is_yes=True)


@route(
    api,
    "/proposals/<uuid:proposal_id>/reject",
    policy=Policy.RULES,
    summary=Text("不同意或撤下", "Reject or take back"),
    method="POST",
    body=DecideSchema,
    answer=PROPOSAL,
)
def reject(call: Call, proposal_id: uuid.UUID) -> Response:
    """Turn it down; the one who proposed it may take it back."""
    return _decided(call, proposal_id, is_yes=False)


def _decided(call: Call, proposal_id: uuid.UUID, *, is_yes: bool) -> Response:
    principal, door = signed_in(call), call.use(Revising)

    def work(session: Any) -> dict[str, Any]:
        decide = door.confirm if is_yes else door.reject
        made = decide(session, principal, proposal_id, call.body["note"], call.now)
        return presenting.proposal_json(made, presenting.names_of(session, principal.union_id, [made]))

    return call.answer(work)


@route(
    api,
    "/proposals/<uuid:proposal_id>/migration",
    policy=Policy.RULES,
    summary=Text("在办事项迁移：试算", "Running cases: the dry run"),
)
def migration(call: Call, proposal_id: uuid.UUID) -> dict[str, Any]:
    """Each running case on another version: where it would stand, and all it would lose. Nothing is changed."""
    union_id, door = signed_in(call).union_id, call.use(Revising)
    with call.read() as session:
        found = queries.proposal(session, union_id, proposal_id)
        return {"items": [presenting.candidate_json(one) for one in door.migration(session, union_id, found, call.now)]}


@route(
    api,
    "/proposals/<uuid:proposal_id>/migration",
    policy=Policy.RULES_CONFIRMED,
    summary=Text("迁移在办事项", "Carry running cases"),
    method="POST",
    body=MigrateSchema,
)
def migrate(call: Call, proposal_id: uuid.UUID) -> Response:
    """Carry cases to the version in force, each whole or not at all; each has its own answer."""
    principal, door = signed_in(call), call.use(Revising)
    moves = [Move(one["id"], one["events"]) for one in call.body["cases"]]

    def work(session: Any) -> dict[str, Any]:
        outcomes = door.migrate(session, principal, proposal_id, moves, call.now)
        return {"results": [presenting.outcome_json(one) for one in outcomes]}

    return call.answer(work)


@route(
    api,
    "/proposals/<uuid:proposal_id>/what-if",
    policy=Policy.RULES,
    summary=Text("用这个版本重走去年", "Last year on this version"),
)
def replay_year(call: Call, proposal_id: uuid.UUID) -> dict[str, Any]:
    """Which of last year's cases would have gone another way, been blocked, or met a conflict. Nothing is changed."""
    union_id, door = signed_in(call).union_id, call.use(Revising)
    with call.read() as session:
        found = queries.proposal(session, union_id, proposal_id)
        to = door.definitions.by_hash(session, found.hash)
        return presenting.what_if_json(what_if(session, door.definitions, union_id, to, call.now))
