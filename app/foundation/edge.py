"""The edge: one decorator through which every page and API route is opened, with its policy, its schema and its answer.

Nothing is reachable that does not name a policy. A view is handed a ``Call`` and reaches for nothing else.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from flask import Blueprint, Response, current_app, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from app.foundation import idempotency, strict_json
from app.foundation.clock import Clock
from app.foundation.db import Database
from app.foundation.errors import Invalid, NotAllowed, NotSignedIn
from app.foundation.idempotency import Answer, Keyed
from app.wording import Language, Text

T = TypeVar("T")

EXTENSION = "gongkai"


class Caller(Protocol):
    """Whoever is signed in, as far as the edge needs to know."""

    @property
    def union_id(self) -> UUID:
        """The union this request acts for."""

    @property
    def person_id(self) -> UUID:
        """The person in that union."""

    @property
    def csrf_token(self) -> str | None:
        """None for programs that send a token: no browser can be tricked into sending it."""


class Wiring:
    """The parts the factory put together, each found by its type."""

    def __init__(self) -> None:
        self._parts: dict[type, object] = {}

    def put(self, part: object, as_type: type | None = None) -> None:
        """Add a part; a second one of the same type replaces the first (tests do that)."""
        self._parts[as_type or type(part)] = part

    def use(self, kind: type[T]) -> T:
        """The part of that type; KeyError when the factory did not wire one."""
        return cast("T", self._parts[kind])


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """How the edge learns who calls and whether a policy admits him; provided by ``people``."""

    identify: Callable[[Database, datetime], Caller | None]
    admits: Callable[[str, Caller | None], bool]


@dataclass(frozen=True, slots=True)
class Door:
    """What a route says of itself: who may come in, what it takes, what it answers."""

    policy: str
    summary: Text
    body: type[Schema] | None
    query: type[Schema] | None
    answer: type[Schema] | dict[str, Any] | None
    status: int
    is_api: bool
    files: bool


@dataclass(slots=True)
class Call:
    """One request, with everything a view may use."""

    wiring: Wiring
    caller: Caller | None
    now: datetime
    body: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)

    def use(self, kind: type[T]) -> T:
        """A wired part by its type."""
        return self.wiring.use(kind)

    @property
    def language(self) -> Language:
        """The reader's language; programs are answered in both, so it is found out only when asked for."""
        return language()

    @property
    def database(self) -> Database:
        """The database's two doors."""
        return self.wiring.use(Database)

    def read(self) -> AbstractContextManager[Session]:
        """A session that cannot write."""
        return self.database.read()

    def answer(self, work: Callable[[Session], object], status: int = 200) -> Response:
        """Do ``work`` in one transaction and answer with its result as JSON; a repeated key gets the first answer."""
        kept = self._once(lambda session: Answer(status, current_app.json.dumps(work(session))))
        return Response(kept.body, kept.status, mimetype="application/json")

    def then(self, work: Callable[[Session], str]) -> ResponseReturnValue:
        """Do ``work`` in one transaction and send the browser to the address it returns (303)."""
        return redirect(self._once(lambda session: Answer(303, work(session))).body, 303)

    def _once(self, work: Callable[[Session], Answer]) -> Answer:
        keyed = self._keyed()

        def transaction(session: Session) -> Answer:
            if keyed is None:
                return work(session)
            earlier = idempotency.earlier_answer(session, keyed)
            if earlier is not None:
                return earlier
            answer = work(session)
            idempotency.keep(session, keyed, answer, self.now)
            return answer

        return self.database.transact(transaction)

    def _keyed(self) -> Keyed | None:
        key = _header_or_field("Idempotency-Key", "idempotency_key")
        if not key or self.caller is None:
            return None
        if len(key) > idempotency.LONGEST_KEY or not key.isprintable():
            raise Invalid({"Idempotency-Key": [Text("太长或含有控制字符。", "Too long, or not printable.")]})
        digest = idempotency.request_hash(request.method, request.path, request.get_data() or _form_content())
        return Keyed(self.caller.union_id, self.caller.person_id, key, digest)


def route(
    blueprint: Blueprint,
    rule: str,
    *,
    policy: str,
    summary: Text,
    method: str = "GET",
    body: type[Schema] | None = None,
    query: type[Schema] | None = None,
    answer: type[Schema] | dict[str, Any] | None = None,
    status: int = 200,
    files: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Open a route. ``policy`` is a name that ``people.policy`` knows; ``body`` and ``query`` are strict schemas.

    The view gets ``(call, **parts of the address)`` and returns a response, or plain data that is sent as JSON.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        is_api = blueprint.url_prefix is not None and blueprint.url_prefix.startswith("/api/")
        door = Door(policy, summary, body, query, answer, status, is_api, files)

        @functools.wraps(view)
        def opened(**parts: Any) -> Any:
            result = view(_call(door), **parts)
            return result if not isinstance(result, dict | list) else _json(result, status)

        opened.door = door  # type: ignore[attr-defined]
        blueprint.add_url_rule(rule, endpoint=view.__name__, view_func=opened, methods=[method])
        return view

    return decorate


def door_of(view: Callable[..., Any]) -> Door | None:
    """What a view function says of itself, if it was opened through ``route``."""
    return cast("Door | None", getattr(view, "door", None))


def wiring() -> Wiring:
    """The wiring of the running application; for code at the edge only."""
    return cast("Wiring", current_app.extensions[EXTENSION])


def caller() -> Caller | None:
    """Who sent this request; asked once per request."""
    if "caller" not in g:
        parts = wiring()
        g.caller = parts.use(Gatekeeper).identify(parts.use(Database), now())
    return cast("Caller | None", g.caller)


def now() -> datetime:
    """The moment of this request: one for all of it."""
    if "now" not in g:
        g.now = cast("Clock", wiring().use(cast("type[Any]", Clock)))()
    return cast("datetime", g.now)


def language() -> Language:
    """The reader's language: chosen by cookie, else by the browser, else Chinese."""
    if "language" not in g:  # a page asks for it with every sentence
        chosen = request.cookies.get("language") or request.accept_languages.best_match(["zh", "zh-CN", "en"], "zh")
        g.language = "en" if chosen == "en" else "zh"
    return cast("Language", g.language)


def _call(door: Door) -> Call:
    who = caller()
    if not wiring().use(Gatekeeper).admits(door.policy, who):
        raise NotSignedIn if who is None else NotAllowed
    _refuse_forgery(who)
    call = Call(wiring(), who, now())
    if door.query is not None:
        call.query = _load(door.query, _single(request.args.to_dict(flat=False)))
    if door.body is not None:
        call.body = _load(door.body, _body(door))
    return call


class Forged(NotAllowed):
    """这个请求不是从本系统的页面发出的，没有办理。请回到页面重新操作。

    This request did not come from a page of this system and was not carried out. Go back to the page and try again.
    """

    code = "forged_request"


def _refuse_forgery(who: Caller | None) -> None:
    """A browser sends its cookie wherever it is told to, so a change also needs the token that only our pages know."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and origin.rstrip("/") != request.host_url.rstrip("/"):
        raise Forged
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        raise Forged
    expected = None if who is None else who.csrf_token
    if expected is not None and _header_or_field("X-CSRF-Token", "csrf_token") != expected:
        raise Forged


def _header_or_field(header: str, name: str) -> str | None:
    """What programs send as a header, and pages as a field of their forms; JSON has no fields to look through."""
    return request.headers.get(header) or (None if request.is_json else request.form.get(name))


def _form_content() -> bytes:
    """What a form that was already read contains: its fields, and its files by name and hash."""
    files = []
    for name, file in request.files.items(multi=True):
        file.stream.seek(0)
        files.append((name, file.filename, hashlib.sha256(file.stream.read()).hexdigest()))
        file.stream.seek(0)
    return repr((sorted(request.form.items(multi=True)), sorted(files, key=repr))).encode()


def _body(door: Door) -> object:
    if door.is_api:
        if request.mimetype != "application/json":
            raise Invalid({"": [Text("请以 application/json 发送。", "Send it as application/json.")]})
        return strict_json.loads(request.get_data())
    return request.form.to_dict()


def _single(values: Mapping[str, list[str]]) -> dict[str, str]:
    repeated = [name for name, sent in values.items() if len(sent) > 1]
    if repeated:
        raise Invalid({name: [Text("只能出现一次。", "May appear only once.")] for name in repeated})
    return {name: sent[0] for name, sent in values.items()}


def _load(schema: type[Schema], raw: object) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", _one_of(schema).load(cast("Mapping[str, Any]", raw)))
    except ValidationError as error:
        raise Invalid(faults_of(error.messages)) from error
    except RecursionError as error:
        raise RequestEntityTooLarge from error


@functools.cache
def _one_of(schema: type[Schema]) -> Schema:
    """Making a schema costs more than using it, and a schema that only loads keeps nothing."""
    return schema()


def faults_of(messages: object, path: str = "") -> dict[str, list[Text]]:
    """Nested messages of the schema library as one flat table of path -> sentences."""
    if isinstance(messages, dict):
        found: dict[str, list[Text]] = {}
        for name, inner in messages.items():
            at = str(name) if name != "_schema" else ""
            found.update(faults_of(inner, ".".join(part for part in (path, at) if part)))
        return found
    sentences = messages if isinstance(messages, list) else [messages]
    return {path: [item if isinstance(item, Text) else sentence_of_marshmallow(str(item)) for item in sentences]}


_MARSHMALLOW = {
    "Unknown field.": "没有这一项，或不能由您填写。",
    "Missing data for required field.": "必须填写。",
    "Field may not be null.": "不能为空。",
    "Not a valid string.": "应为文字。",
    "Not a valid integer.": "应为整数。",
    "Not a valid UUID.": "编号格式不对。",
    "Not a valid date.": "日期格式应为 2026-04-28。",
    "Not a valid boolean.": "应为 true 或 false。",
    "Not a valid list.": "应为列表。",
    "Not a valid mapping type.": "应为对象。",
    "Invalid input type.": "格式不对。",
    "Shorter than minimum length 1.": "不能为空。",
}


def sentence_of_marshmallow(message: str) -> Text:
    """The library's English message with our Chinese for it."""
    return Text(_MARSHMALLOW.get(message, "填写的内容不符合要求。"), message)


def attachment(
    chunks: Iterable[bytes], *, size: int, name: str, media_type: str, close: Callable[[], None]
) -> Response:
    """A file sent as it is made, to be saved under ``name`` (ASCII); ``close`` runs when it was sent, or given up."""
    response = Response(chunks, mimetype=media_type)
    response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.call_on_close(close)
    return response


def _json(body: object, status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response
