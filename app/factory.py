"""``create_app``: the one place where everything is wired together."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from app import operating
from app.cases.api import api as cases_api
from app.cases.web import web as cases_web
from app.demo import cli as demo
from app.desk.web import navigation
from app.desk.web import web as desk_web
from app.foundation import edge, rendering
from app.foundation.clock import Clock, utc_now
from app.foundation.db import Database
from app.foundation.edge import EXTENSION
from app.foundation.errors import AppError, NotAllowed, NotFound
from app.foundation.openapi import describe
from app.foundation.problems import problem_of, status_of, words
from app.fund import cli as fund_commands
from app.fund.api import api as fund_api
from app.fund.web import web as fund_web
from app.notices.api import api as notices_api
from app.notices.web import web as notices_web
from app.people import cli as people_commands
from app.people.api import api as people_api
from app.people.web import web as people_web
from app.plan.web import web as plan_web
from app.public.api import api as public_api
from app.public.web import web as public_web
from app.review import cli as review_commands
from app.review.api import api as review_api
from app.review.web import web as review_web
from app.revising.api import api as revising_api
from app.revising.web import web as revising_web
from app.wiring import ROOT, wire
from app.wording import Text
from config import Settings

BLUEPRINTS: tuple[Blueprint, ...] = (
    cases_api,
    cases_web,
    desk_web,
    notices_api,
    notices_web,
    people_api,
    people_web,
    fund_api,
    fund_web,
    plan_web,
    public_api,
    public_web,
    review_api,
    review_web,
    revising_api,
    revising_web,
)
COMMANDS = (
    *operating.COMMANDS,
    *people_commands.COMMANDS,
    *fund_commands.COMMANDS,
    *review_commands.COMMANDS,
    *demo.COMMANDS,
)

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def create_app(settings: Settings, *, clock: Clock = utc_now) -> Flask:
    """The whole service for these settings.

    Raises:
        DefinitionError: a workflow file cannot be used; every problem is listed with file, line and remedy.
    """
    app = Flask(__name__, static_folder=str(ROOT / "app/static"), template_folder=str(ROOT / "app/templates"))
    app.config.update(MAX_CONTENT_LENGTH=settings.largest_upload, MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    wiring = wire(settings, clock)
    app.extensions[EXTENSION] = wiring
    rendering.install(app.jinja_env, edge.language, _csrf_token)
    app.jinja_env.autoescape = True
    _register_routes(app)
    _register_errors(app)
    app.after_request(_headers(settings))
    app.context_processor(_page_frame)
    return app


def _register_routes(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.add_url_rule("/healthz", "healthz", _healthz)
    app.add_url_rule("/api/v1/openapi.json", "openapi", lambda: describe(app))
    for command in COMMANDS:
        app.cli.add_command(command)


OPEN_ENDPOINTS = {
    "static": "files of the pages",
    "healthz": "for the machine that watches",
    "openapi": "the API's own page",
}
"""The only endpoints without a ``Door``; each has its reason."""


def _healthz() -> dict[str, Any]:
    database = edge.wiring().use(Database)
    with database.read() as session:
        session.connection().exec_driver_sql("SELECT 1")
    return {"status": "ok"}


def _register_errors(app: Flask) -> None:
    app.register_error_handler(AppError, _answer_error)
    app.register_error_handler(HTTPException, _answer_http_error)


def _answer_error(error: AppError) -> Response:
    text = _CLOSED_PAGE if type(error) is NotAllowed and request.method == "GET" else error.text
    return _error_response(problem_of(error), text, status_of(error), error)


_CLOSED_PAGE = Text(
    "这一页不属于您现任的职务。确需使用时，请找主席或干事。",
    "This page is not among those of the offices you hold. If you need it, ask the chair or the clerk.",
)


_HTTP_SENTENCES = {
    400: Text("请求不完整，请回到上一页重试。", "The request was incomplete. Go back and try again."),
    404: NotFound().text,
    405: Text("这个地址不能这样使用。", "This address is not used that way."),
    413: Text("文件或内容太大，请压缩后再传。", "The file or content is too large. Make it smaller and send it again."),
    415: Text("不支持这种格式。", "This format is not supported."),
}


def _answer_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    text = _HTTP_SENTENCES.get(status, AppError().text)
    problem = {
        "type": f"urn:gongkai:problem:http_{status}",
        "title": text.en,
        "status": status,
        "code": f"http_{status}" if status != 404 else "not_found",
        "message": words(text),
    }
    response = _error_response(problem, text, status, None)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _where_the_form_stood() -> str | None:
    """The page of ours that a refused form was sent from: where to go on after signing in."""
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return None
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def _error_response(problem: dict[str, Any], text: Text, status: int, error: AppError | None) -> Response:
    wants_json = request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"
    if wants_json:
        response: Response = jsonify(problem)
        response.mimetype = "application/problem+json"
    else:
        refusals = [one.text for one in getattr(error, "refusals", ())]
        page = {"status": status, "code": problem["code"], "text": text, "refusals": refusals}
        more = {} if request.method == "GET" else {"here": _where_the_form_stood()}
        response = Response(render_template("error.html", problem=page, **more), mimetype="text/html")
    response.status_code = status
    if status in {429, 503}:
        response.headers["Retry-After"] = str(getattr(error, "retry_after", 3))
    return response


def _headers(settings: Settings) -> Any:
    def add(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        if settings.is_production:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response

    return add


def _csrf_token() -> str:
    who = edge.caller()
    return (who.csrf_token or "") if who else ""


def _page_frame() -> dict[str, Any]:
    """What every page shows around its content."""
    if request.path.startswith(("/api/", "/static/")):
        return {}
    return navigation(edge.wiring(), cast("Any", g.get("caller")), edge.now())
