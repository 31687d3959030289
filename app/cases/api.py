"""The JSON API of cases and files: everything the pages do."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from app.cases import queries, viewing
from app.cases.files import Files
from app.cases.menu import Menu, may_open
from app.cases.schemas import ActSchema, ArrangeSchema, BatchSchema, EditSchema, InboxSchema, OpenSchema, load_data
from app.cases.service import Cases, Outcome, Paper, Step
from app.cases.values import EMPTY
from app.engine.decision import Order, Verb
from app.engine.form import json_schema
from app.foundation.edge import Call, route
from app.foundation.errors import Invalid
from app.foundation.problems import problem_of, words
from app.people.policy import Policy
from app.people.principal import signed_in
from app.trail.models import TrailEntry
from app.wording import Text

api = Blueprint("cases_api", __name__, url_prefix="/api/v1")

CASE = {"type": "object", "description": "a case: id, number, state, phase, version, data, actions with refusals"}


@route(api, "/workflows", policy=Policy.SIGNED_IN, summary=Text("流程和表单", "Workflows and their forms"))
def workflows(call: Call) -> dict[str, Any]:
    """Every workflow in force: its group, whether one may begin it, states, actions, and the JSON Schema of its data."""
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        found = door.definitions.all_in_force(session, principal.union_id)
    menu = call.use(Menu)
    return {
        "workflows": [
            _workflow(one) | {"group": words(menu.group_of(name)), "may_open": may_open(one, principal.offices)}
            for name, one in found.items()
        ]
    }


def _workflow(definition: Any) -> dict[str, Any]:
    return {
        "name": definition.name,
        "title": words(definition.title),
        "hash": definition.hash,
        "states": [
            {"name": state.name, "phase": state.phase.value, "title": words(state.title)} for state in definition.states
        ],
        "initial": definition.initial,
        "actions": [
            {
                "name": action.name,
                "title": words(action.title),
                "from": list(action.sources),
                "to": [branch.state for branch in action.branches],
                "offices": list(action.by.offices),
                "comment_required": action.comment_required,
                "batch": action.batch,
                "data": json_schema(definition, at=action.name) if action.asks or action.amends else None,
                "arrange": list(action.arrange),
                "take_back": action.take_back,
                "opposes": action.opposes,
            }
            for action in definition.actions
        ],
        "data": json_schema(definition, at="draft"),
    }


@route(api, "/inbox", policy=Policy.SIGNED_IN, summary=Text("待办", "The inbox"), query=InboxSchema)
def inbox(call: Call) -> dict[str, Any]:
    """One tab of the inbox: todo, mine, done or cc."""
    principal = signed_in(call)
    with call.read() as session:
        page = queries.inbox(
            session,
            principal.union_id,
            principal.person_id,
            principal.asked_as,
            call.query["tab"],
            limit=call.query["limit"],
            cursor=call.query["cursor"],
        )
        return {"items": [viewing.brief(case) for case in page.rows], "next_cursor": page.next_cursor}


@route(
    api,
    "/files",
    policy=Policy.SIGNED_IN,
    summary=Text("上传文件", "Upload a file"),
    method="POST",
    status=201,
    files=True,
    answer={"type": "object", "description": "id, sha256, name, media_type, size, and invoice when one was read"},
)
def upload(call: Call) -> Response:
    """Store one file (multipart field ``file``), and read the invoice in it if it is one."""
    principal = signed_in(call)
    sent = request.files.get("file")
    if sent is None or len(request.files.getlist("file")) != 1 or len(request.files) != 1:
        raise Invalid({"file": [Text("请用 file 字段上传一个文件。", "Send one file in the field “file”.")]})
    stored = call.use(Files).take(sent.stream.read(), sent.filename or "")

    def note(session: Session) -> dict[str, Any]:
        row = call.use(Cases).keep_file(session, principal, now=call.now, **stored)
        return viewing.file_json(row)

    return call.answer(note, 201)


@route(api, "/files/<uuid:file_id>", policy=Policy.SIGNED_IN, summary=Text("下载文件", "Download a file"))
def download(call: Call, file_id: uuid.UUID) -> Response:
    """The bytes of a file this person may see."""
    with call.read() as session:
        row = call.use(Files).visible(session, call.use(Cases), signed_in(call), file_id)
    return call.use(Files).response(row)


@route(
    api,
    "/cases",
    policy=Policy.SIGNED_IN,
    summary=Text("新建事项", "Open a case"),
    method="POST",
    body=OpenSchema,
    answer=CASE,
    status=201,
)
def open_case(call: Call) -> Response:
    """Begin a draft."""
    principal, door = signed_in(call), call.use(Cases)

    def work(session: Session) -> dict[str, Any]:
        definition = door.definitions.in_force(session, principal.union_id, call.body["workflow"])
        case = door.open_case(session, principal, definition.name, load_data(definition, call.body["data"]), call.now)
        return viewing.as_json(viewing.detail(session, door, principal, case.id, call.now))

    return call.answer(work, 201)


@route(api, "/cases/<uuid:case_id>", policy=Policy.SIGNED_IN, summary=Text("查看事项", "Read a case"), answer=CASE)
def read_case(call: Call, case_id: uuid.UUID) -> dict[str, Any]:
    """The case, its timeline, checks and buttons."""
    with call.read() as session:
        return viewing.as_json(viewing.detail(session, call.use(Cases), signed_in(call), case_id, call.now))


@route(
    api,
    "/cases/<uuid:case_id>",
    policy=Policy.SIGNED_IN,
    summary=Text("修改草稿", "Change a draft"),
    method="PATCH",
    body=EditSchema,
    answer=CASE,
)
def edit_case(call: Call, case_id: uuid.UUID) -> Response:
    """Change fields of a draft."""
    principal, door = signed_in(call), call.use(Cases)

    def work(session: Session) -> dict[str, Any]:
        _, definition = viewing.find(session, door, principal, case_id)
        data = load_data(definition, call.body["data"])
        door.edit(session, principal, case_id, call.body.get("version"), data, call.now)
        session.expire_all()
        return viewing.as_json(viewing.detail(session, door, principal, case_id, call.now))

    return call.answer(work)


@route(
    api,
    "/cases/<uuid:case_id>",
    policy=Policy.SIGNED_IN,
    summary=Text("删除未提交的草稿", "Delete a draft that was never submitted"),
    method="DELETE",
)
def discard_case(call: Call, case_id: uuid.UUID) -> Response:
    """Delete a draft that was never submitted."""

    def work(session: Session) -> dict[str, Any]:
        call.use(Cases).discard(session, signed_in(call), case_id)
        return {"id": str(case_id), "deleted": True}

    return call.answer(work)


@route(
    api,
    "/cases/<uuid:case_id>/actions/<action>",
    policy=Policy.SIGNED_IN,
    summary=Text("办理一步", "Take a step"),
    method="POST",
    body=ActSchema,
    answer=CASE,
)
def act(call: Call, case_id: uuid.UUID, action: str) -> Response:
    """Take one step of one case. The answer is short: ask the case itself for its timeline and buttons."""
    principal, door = signed_in(call), call.use(Cases)

    def work(session: Session) -> dict[str, Any]:
        data = call.body["data"]
        clean = load_data(viewing.find(session, door, principal, case_id)[1], data, action) if data else EMPTY
        step = Step(case_id, call.body.get("version"))
        case = door.act(
            session,
            principal,
            step,
            action,
            call.now,
            comment=call.body["comment"],
            data=clean,
            return_to=call.body["return_to"],
            resume=call.body["resume"],
            paper=_paper(call.body["paper"]),
        )
        return viewing.brief(case)

    return call.answer(work)


def _paper(sent: dict[str, Any] | None) -> Paper | None:
    if sent is None:
        return None
    return Paper(uuid.UUID(sent["signer"]), date.fromisoformat(sent["dated"]), uuid.UUID(sent["file"]))


@route(
    api,
    "/cases/<uuid:case_id>/arrangements",
    policy=Policy.SIGNED_IN,
    summary=Text(
        "加签、转交、征求意见、回避、催办、抄送、留言",
        "Add a signer, hand over, ask, stand aside, remind, copy, remark",
    ),
    method="POST",
    body=ArrangeSchema,
    answer=CASE,
)
def arrange(call: Call, case_id: uuid.UUID) -> Response:
    """Change who is asked at the present step, or say something about the case; the state stays."""
    principal, door, sent = signed_in(call), call.use(Cases), call.body

    def work(session: Session) -> dict[str, Any]:
        case = door.arrange(
            session,
            principal,
            case_id,
            Verb(sent["verb"]),
            call.now,
            action=sent["action"],
            person_id=uuid.UUID(sent["person"]) if sent["person"] else None,
            comment=sent["comment"],
            order=Order(sent["order"]),
            mentions=[uuid.UUID(one) for one in sent["mentions"]],
        )
        return viewing.brief(case)

    return call.answer(work)


@route(
    api,
    "/cases/actions/<action>",
    policy=Policy.SIGNED_IN,
    summary=Text("批量办理", "Take a step for many cases"),
    method="POST",
    body=BatchSchema,
    answer={"type": "object", "description": "items: each with id and ok, the case, or a problem"},
)
def act_on_many(call: Call, action: str) -> Response:
    """The same step for many cases, in one transaction; each item has its own answer."""
    principal, door = signed_in(call), call.use(Cases)

    def work(session: Session) -> dict[str, Any]:
        steps = [Step(uuid.UUID(item["id"]), item["version"]) for item in call.body["items"]]
        data = call.body["data"]
        first = viewing.find(session, door, principal, steps[0].case_id)[1] if data else None
        clean = load_data(first, data, action) if first else EMPTY
        outcomes = door.act_on_many(
            session, principal, steps, action, call.now, comment=call.body["comment"], data=clean
        )
        return {"items": [_outcome(outcome) for outcome in outcomes]}

    return call.answer(work)


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"id": str(outcome.case_id), "ok": False, "problem": problem_of(outcome.error)}
    assert outcome.case is not None  # noqa: S101 - an outcome has a case or an error
    return {"id": str(outcome.case_id), "ok": True, "case": viewing.brief(outcome.case)}


@route(api, "/cases/<uuid:case_id>/trail", policy=Policy.SIGNED_IN, summary=Text("留痕", "The trail of a case"))
def trail_of_case(call: Call, case_id: uuid.UUID) -> dict[str, Any]:
    """Every record of the trail about this case: the hashed bytes as text, and their hashes."""
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        viewing.find(session, door, principal, case_id)
        seqs = queries.records_of(session, principal.union_id, case_id)
        rows = session.scalars(
            sa.select(TrailEntry)
            .where(TrailEntry.union_id == principal.union_id, TrailEntry.seq.in_(seqs))
            .order_by(TrailEntry.seq)
        ).all()
    return {
        "entries": [
            {
                "seq": row.seq,
                "body": json.loads(row.body),
                "canonical": row.body.decode(),
                "leaf_hash": row.leaf_hash,
                "chain_hash": row.chain_hash,
            }
            for row in rows
        ]
    }
