"""The pages and the API of people alone, wired like the product, with a clock that tests set."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.foundation import edge, rendering
from app.foundation.clock import Clock
from app.foundation.db import Database
from app.foundation.edge import EXTENSION, Wiring
from app.foundation.errors import AppError
from app.foundation.problems import problem_of, status_of
from app.people import registering
from app.people.api import api
from app.people.cli import COMMANDS
from app.people.sign_in import Rules, SignIns
from app.people.web import web
from app.trail.keys import create_key_file, load_key_file
from config import Settings
from tests.fixtures.unions import BOOK, NOW, PASSWORD, PASSWORDS, ROOT, Town, found


@dataclass
class Watch:
    """The clock of a test."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Visitor:
    """A browser that sends the token of the last page along, as its forms would."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        response = self.client.get(path, **more)
        if found_token := re.search(r'name="csrf-token" content="([^"]*)"', response.text):
            self.csrf = found_token.group(1)
        return response

    def post(self, path: str, data: Any = None, **more: Any) -> TestResponse:
        form = data if isinstance(data, list) else [*(data or {}).items()]
        return self.client.post(path, data=_multi([*form, ("csrf_token", self.csrf)]), **more)

    def enter(self, username: str, password: str = PASSWORD) -> TestResponse:
        response = self.client.post("/sign-in", data={"username": username, "password": password})
        self.get("/me")
        return response


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


@dataclass
class Site:
    """One running application with its database and its clock."""

    app: Flask
    database: Database
    watch: Watch

    def visitor(self) -> Visitor:
        return Visitor(self.app.test_client())

    def entered(self, username: str) -> Visitor:
        visitor = self.visitor()
        assert visitor.enter(username).status_code == 303
        return visitor

    def bearer(self, username: str, password: str = PASSWORD) -> dict[str, str]:
        response = self.app.test_client().post("/api/v1/tokens", json={"username": username, "password": password})
        assert response.status_code == 201, response.text
        return {"Authorization": f"Bearer {response.get_json()['token']}"}


def build(database: Database, settings: Settings, watch: Watch, key: Path) -> Flask:
    """The application, as the factory would put it together from people alone."""
    app = Flask("people", template_folder=str(ROOT / "app/templates"), static_folder=str(ROOT / "app/static"))
    create_key_file(key)
    wiring = Wiring()
    wiring.put(settings)
    wiring.put(watch, cast("type", Clock))
    wiring.put(database)
    wiring.put(BOOK)
    wiring.put(load_key_file(key, "example.test/trail"))
    registering.register(wiring)
    wiring.put(PASSWORDS)
    wiring.put(SignIns(PASSWORDS, Rules()))
    app.extensions[EXTENSION] = wiring
    rendering.install(app.jinja_env, edge.language, lambda: getattr(edge.caller(), "csrf_token", None) or "")
    app.register_blueprint(api)
    app.register_blueprint(web)
    for command in COMMANDS:
        app.cli.add_command(command)

    @app.errorhandler(AppError)
    def answer(error: AppError) -> Response:
        response = cast("Response", app.json.response(problem_of(error)))
        response.status_code = status_of(error)
        response.headers["Retry-After"] = str(getattr(error, "retry_after", ""))
        return response

    return app


@pytest.fixture
def empty_site(sqlite_database: Database, tmp_path: Path) -> Site:
    watch = Watch()
    settings = Settings(environment="test", argon2_cost="low", host="example.test")
    return Site(build(sqlite_database, settings, watch, tmp_path / "key.pem"), sqlite_database, watch)


@pytest.fixture
def production_site(sqlite_database: Database, tmp_path: Path) -> Site:
    watch = Watch()
    settings = Settings(environment="production", host="example.test")
    return Site(build(sqlite_database, settings, watch, tmp_path / "key.pem"), sqlite_database, watch)


@pytest.fixture
def town(sqlite_database: Database) -> Town:
    return found(sqlite_database)


@pytest.fixture
def site(empty_site: Site, town: Town) -> Site:
    return empty_site
