"""Pages of any workflow: the form, the case with its timeline and buttons, and its files as pictures."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from app.cases import presenting, viewing
from app.cases.changes import Change, changes_between, fingerprint
from app.cases.errors import ActionRefused, MayNotOpen, NoSheet, StaleVersion, TooSoon
from app.cases.files import Files
from app.cases.forms import Typed, options_for, read_form, tile
from app.cases.menu import Menu, may_open
from app.cases.onward import onward, undo_flashes, with_done
from app.cases.ports import Registry
from app.cases.schemas import load_data
from app.cases.service import Cases, Paper, Step, amended
from app.cases.values import EMPTY, CleanData, with_totals
from app.engine.deciding import decide
from app.engine.decision import Order, Refused, Verb
from app.engine.definition import Definition, FieldType
from app.foundation import presented
from app.foundation.clock import union_day
from app.foundation.edge import Call, route
from app.foundation.errors import AppError, Invalid, NotFound
from app.notices import queries as notices
from app.notices.presenting import incident_rows
from app.notices.service import minds
from app.people.policy import Policy
from app.people.principal import signed_in
from app.wording import Text

web = Blueprint("cases", __name__)

PAGE = Policy.SIGNED_IN


@route(web, "/cases/new", policy=PAGE, summary=Text("新建", "New"))
def all_kinds(call: Call) -> str:
    """Everything this person may begin, the commonest first, the rest in groups."""
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        definitions = door.definitions.all_in_force(session, principal.union_id)
    return render_template("cases/new.html", offer=call.use(Menu).offer(definitions, principal.offices))


@route(web, "/cases/new/<workflow>", policy=PAGE, summary=Text("新建", "New"))
def new_form(call: Call, workflow: str) -> str:
    """An empty form; values may be handed over in the address (``?task=…``).

    Raises:
        MayNotOpen: the form lists cases to choose from, so it is shown to those who may begin one.
    """
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        definition = door.definitions.in_force(session, principal.union_id, workflow)
        if not may_open(definition, principal.offices):
            raise MayNotOpen(title=definition.title.zh, title_en=definition.title.en)
        names = {field.name for field in definition.drafting_fields}
        values = {name: value for name, value in request.args.items() if name in names}
        defaults = {f.name: f.default for f in definition.drafting_fields if f.default is not None}
        today = {f.name: union_day(call.now).isoformat() for f in definition.fields if f.name == definition.year_of}
        return _form_page(call, session, definition, {**defaults, **today, **values}, {})


@route(web, "/cases/new/<workflow>", policy=PAGE, summary=Text("新建", "New"), method="POST")
def open_from_form(call: Call, workflow: str) -> ResponseReturnValue:
    """Keep the form as a draft, and submit it if that button was pressed."""
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        definition = door.definitions.in_force(session, principal.union_id, workflow)
    typed = _typed(call, definition)
    if _only_rearranges(request.form):
        with call.read() as session:
            return _form_page(call, session, definition, typed.shown, {})
    try:
        _refuse_unreadable(typed)

        def work(session: Session) -> str:
            case = door.open_case(session, principal, workflow, load_data(definition, typed.data), call.now)
            return _after_saving(call, session, door, case.id, case.version)

        return call.then(work)
    except (Invalid, ActionRefused) as error:
        with call.read() as session:
            return _form_page(call, session, definition, typed.shown, _faults(error), error), 422


@route(web, "/cases/<uuid:case_id>/edit", policy=PAGE, summary=Text("修改草稿", "Change a draft"))
def edit_form(call: Call, case_id: uuid.UUID) -> str:
    """The draft's form."""
    with call.read() as session:
        case, definition = viewing.find(session, call.use(Cases), signed_in(call), case_id)
        return _form_page(call, session, definition, case.data, {}, case=case)


@route(web, "/cases/<uuid:case_id>/edit", policy=PAGE, summary=Text("修改草稿", "Change a draft"), method="POST")
def edit_from_form(call: Call, case_id: uuid.UUID) -> ResponseReturnValue:
    """Save the draft, and submit it again if that button was pressed."""
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        case, definition = viewing.find(session, door, principal, case_id)
    typed = _typed(call, definition)
    version = _version(request.form)
    if _only_rearranges(request.form):
        with call.read() as session:
            return _form_page(call, session, definition, typed.shown, {}, case=case)
    try:
        _refuse_unreadable(typed)

        def work(session: Session) -> str:
            saved = door.edit(session, principal, case_id, version, load_data(definition, typed.data), call.now)
            return _after_saving(call, session, door, saved.id, saved.version)

        return call.then(work)
    except (Invalid, ActionRefused, StaleVersion) as error:
        with call.read() as session:
            return _form_page(call, session, definition, typed.shown, _faults(error), error, case=case), 422


@route(web, "/cases/<uuid:case_id>/amend/<action>", policy=PAGE, summary=Text("办理中修改", "Amend"))
def amend_form(call: Call, case_id: uuid.UUID, action: str) -> str:
    """The whole form of a case that others already decide on, filled in as it stands."""
    with call.read() as session:
        _may_amend(call, session, case_id, action)
        detail = viewing.detail(session, call.use(Cases), signed_in(call), case_id, call.now)
        return _amend_page(call, session, detail, action, detail.case.data, {})


@route(web, "/cases/<uuid:case_id>/amend/<action>", policy=PAGE, summary=Text("办理中修改", "Amend"), method="POST")
def amend_from_form(call: Call, case_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """Show what would change and which approvals would be void; once just that is confirmed, take the step."""
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        definition = _may_amend(call, session, case_id, action)
    typed, version = _typed(call, definition), _version(request.form)

    def again(error: AppError | None, changes: Sequence[Change] = (), confirms: str = "") -> str:
        with call.read() as session:
            detail = viewing.detail(session, door, principal, case_id, call.now)
            faults = _faults(error) if error else {}
            return _amend_page(call, session, detail, action, typed.shown, faults, changes, confirms)

    if _only_rearranges(request.form):
        return again(None)
    try:
        _refuse_unreadable(typed)
        clean = load_data(definition, typed.data, action)
        with call.read() as session:
            case, _ = viewing.find(session, door, principal, case_id)
            after = amended(definition, case, clean.fields)
            changes = changes_between(definition, case.data, after)
        if not changes:
            raise Invalid({"": [Text("没有改动任何内容。", "Nothing was changed.")]})
        if request.form.get("confirms") != fingerprint(after):
            return again(None, changes, fingerprint(after))

        def work(session: Session) -> str:
            comment = request.form.get("comment", "").strip()[:2000]
            door.act(session, principal, Step(case_id, version), action, call.now, comment=comment, data=clean)
            return f"/cases/{case_id}"

        return call.then(work)
    except (Invalid, ActionRefused, StaleVersion) as error:
        return again(error), 409 if isinstance(error, StaleVersion) else 422


@route(web, "/cases/<uuid:case_id>", policy=PAGE, summary=Text("单据", "Case"))
def case_page(call: Call, case_id: uuid.UUID) -> str:
    """Facts, lines with pictures, timeline, checks and the buttons."""
    with call.read() as session:
        page, is_new = _case_page(call, session, case_id, None)
    if is_new:
        presented.after_answer(lambda: _note_opening(call, case_id))
    return page


@route(
    web,
    "/cases/<uuid:case_id>/actions/<action>",
    policy=PAGE,
    summary=Text("办理一步", "Take a step"),
    method="POST",
)
def act(call: Call, case_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """Take one step from a page; a refusal shows the page again with every reason."""
    principal, door = signed_in(call), call.use(Cases)
    with call.read() as session:
        _, definition = viewing.find(session, door, principal, case_id)
    try:
        clean = _asked(call, definition, action)
        paper = _sheet(call)
        taken = definition.action(action)
        can_be_undone = taken is not None and taken.take_back
        comment = "：".join(part for part in (request.form.get("reason", ""), request.form.get("comment", "")) if part)

        def work(session: Session) -> str:
            step = Step(case_id, _version(request.form))
            door.act(
                session,
                principal,
                step,
                action,
                call.now,
                comment=comment.strip()[:2000],
                data=clean,
                return_to=request.form.get("return_to") or None,
                resume=request.form.get("resume") == "1",
                paper=paper,
            )
            address = _next_address(request.form, case_id)
            return with_done(address, case_id) if can_be_undone else address

        return call.then(work)
    except (ActionRefused, Invalid, StaleVersion) as error:
        with call.read() as session:
            page, _ = _case_page(call, session, case_id, error)
        return page, 409 if isinstance(error, StaleVersion) else 422


@route(web, "/cases/<uuid:case_id>/discard", policy=PAGE, summary=Text("删除草稿", "Delete a draft"), method="POST")
def discard(call: Call, case_id: uuid.UUID) -> ResponseReturnValue:
    """Delete a draft that was never submitted."""

    def work(session: Session) -> str:
        call.use(Cases).discard(session, signed_in(call), case_id)
        return "/inbox?tab=mine"

    return call.then(work)


@route(
    web,
    "/cases/<uuid:case_id>/arrangements",
    policy=PAGE,
    summary=Text("安排谁来办、留言、催办、抄送", "Arrange who is asked, remark, remind, copy"),
    method="POST",
)
def arrange(call: Call, case_id: uuid.UUID) -> ResponseReturnValue:
    """Arrange something from a page; a refusal shows the page again with every reason."""
    principal, door, form = signed_in(call), call.use(Cases), request.form
    try:
        verb, order = Verb(form.get("verb", "")), Order(form.get("order", Order.BESIDE))
        person = uuid.UUID(form["person"]) if form.get("person") else None
        mentions = [uuid.UUID(one) for one in form.getlist("mention")[:50] if one]
    except ValueError:
        raise NotFound from None
    try:

        def work(session: Session) -> str:
            door.arrange(
                session,
                principal,
                case_id,
                verb,
                call.now,
                action=form.get("action", ""),
                person_id=person,
                comment=form.get("comment", "").strip()[:2000],
                order=order,
                mentions=mentions,
            )
            return f"/cases/{case_id}"

        return call.then(work)
    except (ActionRefused, Invalid, TooSoon, NoSheet) as error:
        with call.read() as session:
            page, _ = _case_page(call, session, case_id, error)
        return page, 422


@route(web, "/files/<uuid:file_id>", policy=PAGE, summary=Text("原件", "The original file"))
def original(call: Call, file_id: uuid.UUID) -> Response:
    """The file as it was sent."""
    with call.read() as session:
        row = call.use(Files).visible(session, call.use(Cases), signed_in(call), file_id)
    return call.use(Files).response(row)


@route(web, "/files/<uuid:file_id>/page/<int:page>", policy=PAGE, summary=Text("看图", "A page as a picture"))
def page_picture(call: Call, file_id: uuid.UUID, page: int) -> Response:
    """One page of a file as a picture, so that nothing has to be downloaded."""
    with call.read() as session:
        row = call.use(Files).visible(session, call.use(Cases), signed_in(call), file_id)
    picture = call.use(Files).picture(row, page, small=request.args.get("small") == "1")
    response = Response(picture.data, mimetype=picture.media_type)
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


# --- what the views above are made of ------------------------------------------------------------------------------------


def _typed(call: Call, definition: Definition) -> Typed:
    """What the form says, after files sent without JavaScript were taken in and the row buttons did their work."""
    form = MultiDict(request.form)
    for path, sent in request.files.items(multi=True):
        if sent.filename and path.endswith("__upload"):
            _attach(call, form, definition, path.removesuffix("__upload"), sent)
    removed = form.get("_remove_file", "")
    if ":" in removed:
        path, _, file_id = removed.rpartition(":")
        form.setlist(path, [value for value in form.getlist(path) if value != file_id])
    if row := form.get("_remove_line"):
        for key in [key for key in form if key.startswith(f"{row}.")]:
            form.poplist(key)
    typed = read_form(definition.drafting_fields, form)
    if (table := form.get("_add_line")) in typed.shown:
        typed.shown[table] = [*typed.shown[table], {}]
    return typed


def _refuse_unreadable(typed: Typed) -> None:
    if typed.faults:
        raise Invalid({f"data.{path}": texts for path, texts in typed.faults.items()})


def _attach(call: Call, form: MultiDict[str, str], definition: Definition, path: str, sent: FileStorage) -> None:
    """Take in one file; sent to a table of lines, it becomes a row of its own with what its invoice says."""
    principal = signed_in(call)
    stored = call.use(Files).take(sent.stream.read(), sent.filename or "")
    row = call.database.transact(lambda session: call.use(Cases).keep_file(session, principal, now=call.now, **stored))
    table = next((f for f in definition.drafting_fields if f.name == path and f.type is FieldType.LINES), None)
    if table is None:
        form.add(path, str(row.id))
        return
    number = 1 + max((int(key.split(".")[1]) for key in form if key.startswith(f"{path}.")), default=-1)
    for name, value in presenting.line_from_file(tile(row)).items():
        form.add(f"{path}.{number}.{name}", value)


def _only_rearranges(form: Mapping[str, str]) -> bool:
    return any(name in form for name in ("_add_line", "_remove_line", "_upload", "_remove_file", "_restore"))


def _after_saving(call: Call, session: Session, door: Cases, case_id: uuid.UUID, version: int) -> str:
    """Submit when the button was 提交; the first plain step out of the draft is what submitting means."""
    action = request.form.get("then", "")
    if action:
        session.expire_all()
        door.act(session, signed_in(call), Step(case_id, version), action, call.now)
    return f"/cases/{case_id}"


def _note_opening(call: Call, case_id: uuid.UUID) -> None:
    """Keep that the page was opened, after it was sent; when the database is busy the next time will do."""

    def note(session: Session) -> None:
        case, _ = viewing.find(session, call.use(Cases), signed_in(call), case_id)
        call.use(Cases).note_opening(session, signed_in(call), case, call.now)

    with contextlib.suppress(AppError, SQLAlchemyError):
        call.database.transact(note)


def _sheet(call: Call) -> Paper | None:
    """The signed sheet that the form records, if it does.

    Raises:
        Invalid: a sheet without its signer, date or picture.
    """
    form, sent = request.form, request.files.get("sheet")
    if form.get("on_paper") != "1":
        return None
    wanted = Text("请选择签字人、签字日期，并附上签字单的照片。", "Name the signer and the date, and attach the sheet.")
    if sent is None or not sent.filename:
        raise Invalid({"paper": [wanted]})
    try:
        signer, dated = uuid.UUID(form.get("signer", "")), date.fromisoformat(form.get("dated", ""))
    except ValueError:
        raise Invalid({"paper": [wanted]}) from None
    stored = call.use(Files).take(sent.stream.read(), sent.filename)
    principal = signed_in(call)
    row = call.database.transact(lambda session: call.use(Cases).keep_file(session, principal, now=call.now, **stored))
    return Paper(signer, dated, row.id)


def _version(form: Mapping[str, str]) -> int | None:
    raw = form.get("version", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _asked(call: Call, definition: Definition, action_name: str) -> CleanData:
    """The fields that the action asks, as the form sent them."""
    action = definition.action(action_name)
    if action is None or not action.asks:
        return EMPTY
    form = MultiDict(request.form)
    for path, sent in request.files.items(multi=True):
        if sent.filename:
            _attach(call, form, definition, path.removesuffix("__upload"), sent)
    typed = read_form([definition.field(name) for name in action.asks], form)
    _refuse_unreadable(typed)
    return load_data(definition, {k: v for k, v in typed.data.items() if v not in (None, [])}, action_name)


def _next_address(form: Mapping[str, str], case_id: uuid.UUID) -> str:
    """Where to go after a step: the next case of the same list if there is one. Only ever an address of ours."""
    following = form.get("next", "")
    return following if following.startswith("/") and not following.startswith(("//", "/\\")) else f"/cases/{case_id}"


def _faults(error: AppError) -> dict[str, list[Text]]:
    """The error's faults by the form's own paths."""
    if isinstance(error, Invalid):
        return {path.removeprefix("data."): texts for path, texts in error.faults.items()} or {"": [error.text]}
    faults: dict[str, list[Text]] = {}
    for refusal in getattr(error, "refusals", ()):
        faults.setdefault(str(refusal.figures.get("field", "")), []).append(refusal.text)
    return faults or {"": [error.text]}


def _form_page(
    call: Call,
    session: Session,
    definition: Definition,
    values: Mapping[str, Any],
    faults: Mapping[str, list[Text]],
    error: AppError | None = None,
    case: Any = None,
) -> str:
    principal = signed_in(call)
    year = union_day(call.now).year
    day = values.get(definition.year_of or "")
    if isinstance(day, str) and day[:4].isdigit():
        year = int(day[:4])
    shown = dict(values)
    with contextlib.suppress(TypeError, ValueError):  # half-typed amounts have no total yet
        shown = with_totals(definition, shown, {})
    submitting = [
        action
        for action in definition.actions_from(definition.initial)
        if action.tone == "plain" and (action.by.opener or not principal.offices.isdisjoint(action.by.offices))
    ]
    return render_template(
        "cases/form.html",
        definition=definition,
        fields=definition.drafting_fields,
        values=shown,
        faults=faults,
        error=error,
        labels={field.name: field.title for field in definition.fields},
        options=options_for(
            session,
            call.use(Registry),
            definition,
            principal.union_id,
            shown,
            year=year,
            today=union_day(call.now),
            language=call.language,
            fields=definition.drafting_fields,
        ),
        returned=viewing.why_returned(session, case) if case else None,
        case=case,
        submitting=submitting,
        year=year,
    )


def _may_amend(call: Call, session: Session, case_id: uuid.UUID, action_name: str) -> Definition:
    """The case's definition, if this person may take that amending step now.

    Raises:
        NotFound: no such case, or no such step that amends.
        ActionRefused: with every reason.
    """
    principal, door = signed_in(call), call.use(Cases)
    case, definition = viewing.find(session, door, principal, case_id)
    action = definition.action(action_name)
    if action is None or not action.amends:
        raise NotFound
    standing = door.answers(session, principal, case, definition, call.now)
    found = {one.name: answer for one, answer in standing.answers}
    answer = found.get(action_name) or decide(definition, standing.situation, action_name, principal.actor)
    if isinstance(answer, Refused):
        raise ActionRefused(answer.refusals)
    return definition


def _amend_page(
    call: Call,
    session: Session,
    detail: viewing.Detail,
    action_name: str,
    values: Mapping[str, Any],
    faults: Mapping[str, list[Text]],
    changes: Sequence[Change] = (),
    confirms: str = "",
) -> str:
    definition, case, registry = detail.definition, detail.case, call.use(Registry)
    shown = dict(values)
    with contextlib.suppress(TypeError, ValueError):  # half-typed amounts have no total yet
        shown = with_totals(definition, shown, {})
    titles = presenting.account_titles(registry, case.union_id, definition)
    return render_template(
        "cases/amend.html",
        case=case,
        definition=definition,
        action=definition.action(action_name),
        fields=definition.drafting_fields,
        values=shown,
        faults=faults,
        labels={field.name: field.title for field in definition.fields},
        options=options_for(
            session,
            registry,
            definition,
            case.union_id,
            shown,
            year=(case.day or union_day(call.now)).year,
            today=union_day(call.now),
            language=call.language,
            fields=definition.drafting_fields,
        ),
        changes=[
            {"text": presenting.change_words(one, detail, titles), "is_material": one.is_material} for one in changes
        ],
        is_material=any(one.is_material for one in changes),
        votes=len({vote.of for vote in detail.situation.votes} | detail.situation.approvers),
        confirms=confirms,
        comment=request.form.get("comment", ""),
    )


def _case_page(call: Call, session: Session, case_id: uuid.UUID, error: AppError | None) -> tuple[str, bool]:
    """The page, and whether this person sees this version for the first time."""
    principal, door = signed_in(call), call.use(Cases)
    detail = viewing.detail(session, door, principal, case_id, call.now)
    incidents = notices.open_incidents(session, principal.union_id, case_id)
    page = render_template(
        "cases/case.html",
        **presenting.case_page(session, call.use(Registry), detail, principal, call.now, call.language),
        error=error,
        faults=_faults(error) if error else {},
        incidents=incident_rows(one for one in incidents if minds(principal, one)),
        onward=onward(session, principal, case_id) if request.args.get("list") == "todo" else None,
        **undo_flashes(session, door, principal, request.args.get("did"), call.now),
    )
    return page, principal.person_id not in detail.openings
