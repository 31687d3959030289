"""Pages under 设置›高级›流程: the workflows in force, the editor, and proposals with what would come of them."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.cases.service import Move
from app.engine.what_if import Kind
from app.engine.writing import as_yaml
from app.foundation.edge import Call, route
from app.foundation.errors import AppError, NotFound
from app.people.offices import OfficeBook
from app.people.policy import RULES_CONFIRMED, RULES_OFFERED, Policy
from app.people.principal import signed_in
from app.revising import drafting, presenting, queries
from app.revising.models import ADOPTED, WAITING
from app.revising.schemas import LONGEST_NOTE
from app.revising.service import Revising
from app.revising.what_if import what_if
from app.wording import Text

web = Blueprint("revising", __name__)

KINDS = {
    Kind.BLOCK: Text("走不下去", "Would be blocked"),
    Kind.CONFLICT: Text("多出回避", "Someone would be barred"),
    Kind.ROUTE: Text("走法不同", "Would go another way"),
}


@route(web, "/settings/workflows", policy=Policy.RULES, summary=Text("流程", "Workflows"))
def workflows_page(call: Call) -> str:
    """Every workflow in force, since when, and the proposals that wait."""
    principal, door = signed_in(call), call.use(Revising)
    with call.read() as session:
        found = door.definitions.all_in_force(session, principal.union_id)
        since = {name: door.definitions.versions(session, principal.union_id, name) for name in found}
        proposals = queries.proposals(session, principal.union_id)
        names = presenting.names_of(session, principal.union_id, proposals)
        return render_template(
            "revising/workflows.html",
            workflows=[
                {"definition": one, "since": since[name][-1].since if since[name] else None}
                for name, one in found.items()
            ],
            waiting=[one for one in proposals if one.status == WAITING],
            titles={name: one.title for name, one in found.items()},
            names=names,
            may_propose=not principal.offices.isdisjoint(RULES_OFFERED),
        )


@route(web, "/settings/workflows/<name>", policy=Policy.RULES, summary=Text("一个流程", "One workflow"))
def workflow_page(call: Call, name: str) -> str:
    """The version in force as a picture and as a text, its history, and its proposals."""
    principal, door = signed_in(call), call.use(Revising)
    with call.read() as session:
        definition = door.definitions.in_force(session, principal.union_id, name)
        proposals = queries.proposals(session, principal.union_id, name)
        return render_template(
            "revising/workflow.html",
            definition=definition,
            picture=presenting.picture(definition, call.language),
            text=as_yaml(definition),
            versions=list(reversed(door.definitions.versions(session, principal.union_id, name))),
            proposals=proposals,
            names=presenting.names_of(session, principal.union_id, proposals),
            by_hash={one.hash: one for one in proposals if one.status == ADOPTED},
            may_propose=not principal.offices.isdisjoint(RULES_OFFERED),
        )


@route(web, "/settings/workflows/<name>/edit", policy=Policy.RULES_OFFERED, summary=Text("修改流程", "Change it"))
def editor_page(call: Call, name: str) -> str:
    """The form in sentences, started from the version in force, the shipped file, a proposal, or for a new workflow."""
    principal, door = signed_in(call), call.use(Revising)
    with call.read() as session:
        start = door.definitions.in_force(session, principal.union_id, name)
        if request.args.get("start") == "shipped" and name in door.definitions.shipped:
            start = door.definitions.shipped[name]
        with contextlib.suppress(ValueError):
            proposal = uuid.UUID(request.args.get("proposal", ""))
            start = door.definitions.by_hash(session, queries.proposal(session, principal.union_id, proposal).hash)
        draft = drafting.started(door, start, is_copy=request.args.get("copy") == "1")
        return _editor(call, session, name, draft)


@route(
    web,
    "/settings/workflows/<name>/edit",
    policy=Policy.RULES_OFFERED,
    summary=Text("修改流程", "Change it"),
    method="POST",
)
def change(call: Call, name: str) -> ResponseReturnValue:
    """Write what was filled in back into the text, and propose it if that button was pressed."""
    principal, door = signed_in(call), call.use(Revising)
    draft = drafting.filled_in(door, request.form)
    if request.form.get("then") != "propose":
        with call.read() as session:
            return _editor(call, session, name, draft)
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    states = {key.removeprefix("_state."): value for key, value in request.form.items() if key.startswith("_state.")}

    def work(session: Session) -> str:
        chosen = {old: new for old, new in states.items() if new}
        made = door.propose(session, principal, draft.text, note, call.now, states=chosen)
        return f"/settings/proposals/{made.id}"

    try:
        return call.then(work)
    except AppError as error:
        if isinstance(error, NotFound):
            raise
        with call.read() as session:
            return _editor(call, session, name, draft, error), 422


@route(
    web,
    "/settings/workflows/look",
    policy=Policy.RULES_OFFERED,
    summary=Text("边改边看", "Look while changing"),
    method="POST",
)
def look(call: Call) -> str:
    """What is wrong with it, the picture, who can carry it, and the way of a pretended case: as one types."""
    draft = drafting.filled_in(call.use(Revising), request.form)
    with call.read() as session:
        return render_template("revising/look.html", **_looked(call, session, draft))


@route(web, "/settings/proposals/<uuid:proposal_id>", policy=Policy.RULES, summary=Text("流程提案", "A proposal"))
def proposal_page(call: Call, proposal_id: uuid.UUID) -> str:
    """What changes, as sentences and as a picture; what last year's cases would have met; running cases."""
    with call.read() as session:
        return _proposal(call, session, proposal_id)


@route(
    web,
    "/settings/proposals/<uuid:proposal_id>/<verb>",
    policy=Policy.RULES,
    summary=Text("确认或不同意", "Confirm or reject"),
    method="POST",
)
def decide(call: Call, proposal_id: uuid.UUID, verb: str) -> ResponseReturnValue:
    """Confirm, reject, or carry the ticked cases; a refusal shows the page again with its reason."""
    principal, door = signed_in(call), call.use(Revising)
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    if verb not in ("confirm", "reject", "migrate"):
        raise NotFound
    results: list[dict[str, Any]] = []

    def work(session: Session) -> str:
        if verb == "migrate":
            outcomes = door.migrate(session, principal, proposal_id, _ticked(), call.now)
            results.extend(presenting.outcome_json(one) for one in outcomes)
        else:
            (door.confirm if verb == "confirm" else door.reject)(session, principal, proposal_id, note, call.now)
        return f"/settings/proposals/{proposal_id}"

    try:
        answer = call.then(work)
    except AppError as error:
        if isinstance(error, NotFound):
            raise
        with call.read() as session:
            return _proposal(call, session, proposal_id, error), 422
    if any(not one["carried"] for one in results):
        with call.read() as session:
            return _proposal(call, session, proposal_id, results=results)
    return answer


@route(
    web,
    "/settings/workflows/<name>/file",
    policy=Policy.RULES,
    summary=Text("流程文件", "The file of a workflow"),
)
def file(call: Call, name: str) -> Response:
    """The version in force as a file."""
    with call.read() as session:
        text = as_yaml(call.use(Revising).definitions.in_force(session, signed_in(call).union_id, name))
    return Response(
        text,
        mimetype="application/yaml",
        headers={"Content-Disposition": 'attachment; filename="workflow.yaml"'},
    )


# --- what the views above are made of ------------------------------------------------------------------------------------


def _editor(call: Call, session: Session, name: str, draft: drafting.Drafted, error: AppError | None = None) -> str:
    titles = call.use(OfficeBook).titles()
    return render_template(
        "revising/editor.html",
        name=name,
        text=draft.text,
        outline=None if draft.document is None else drafting.outline(draft.document, titles),
        is_copy=request.values.get("copy") == "1",
        note=request.form.get("note", ""),
        error=error,
        **_looked(call, session, draft),
    )


def _looked(call: Call, session: Session, draft: drafting.Drafted) -> dict[str, Any]:
    """What the live check says of it."""
    return drafting.looked(
        call.use(Revising), session, signed_in(call).union_id, draft, request.form, call.now, call.language
    )


def _ticked() -> list[Move]:
    found: list[Move] = []
    for value in request.form.getlist("case"):
        case_id, _, events = value.partition(":")
        with contextlib.suppress(ValueError):
            found.append(Move(uuid.UUID(case_id), int(events)))
    return found


def _proposal(
    call: Call,
    session: Session,
    proposal_id: uuid.UUID,
    error: AppError | None = None,
    results: list[dict[str, Any]] | None = None,
) -> str:
    principal, door = signed_in(call), call.use(Revising)
    proposal = queries.proposal(session, principal.union_id, proposal_id)
    definition = door.definitions.by_hash(session, proposal.hash)
    in_force = door.present(session, principal.union_id, proposal.name)
    is_current = in_force is not None and in_force.hash == proposal.hash
    wants = not principal.offices.isdisjoint(RULES_CONFIRMED)
    year = what_if(session, door.definitions, principal.union_id, definition, call.now)
    return render_template(
        "revising/proposal.html",
        proposal=proposal,
        definition=definition,
        picture=presenting.picture(definition, call.language),
        text=as_yaml(definition),
        names=presenting.names_of(session, principal.union_id, [proposal]),
        year=year,
        counts=[(KINDS[kind], year.count(kind)) for kind in Kind],
        kinds=KINDS,
        candidates=door.migration(session, principal.union_id, proposal, call.now) if not is_over(proposal) else [],
        states={one.name: one.title for one in definition.states},
        is_current=is_current,
        may_confirm=wants and proposal.proposed_by != principal.person_id,
        may_reject=wants or proposal.proposed_by == principal.person_id,
        may_migrate=wants and is_current,
        is_own=proposal.proposed_by == principal.person_id,
        error=error,
        results=results or [],
    )


def is_over(proposal: Any) -> bool:
    """Whether nothing can come of the proposal any more."""
    return proposal.status not in (WAITING, ADOPTED)
