"""A service on SQLite, and people with a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.fixtures.sites import Site, site_on
from tests.fixtures.unions import PASSWORD


class _Forms(HTMLParser):
    """What every form of a page would send if its first button were pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[tuple[str, str]]] = {}
        self.inside = ""
        self.select: tuple[str, str] | None = None
        self.chosen: str | None = None
        self.first: str | None = None
        self.area: tuple[str, str] | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        form, name = found.get("form", self.inside), found.get("name", "")
        if tag == "form":
            self.inside = found.get("id") or found.get("action", "")
            self.sent.setdefault(self.inside, [])
        elif tag == "input" and name and (found.get("type") != "checkbox" or "checked" in found):
            self.sent.setdefault(form, []).append((name, found.get("value", "")))
        elif tag == "select":
            self.select, self.chosen, self.first = (form, name), None, None
        elif tag == "option" and self.select:
            value = found.get("value", "")
            self.first = value if self.first is None else self.first
            self.chosen = value if "selected" in found else self.chosen
        elif tag == "textarea":
            self.area, self.text = (form, name), ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = ""
        elif tag == "select" and self.select:
            form, name = self.select
            self.sent.setdefault(form, []).append((name, self.first or "" if self.chosen is None else self.chosen))
            self.select = None
        elif tag == "textarea" and self.area:
            form, name = self.area
            self.sent.setdefault(form, []).append((name, self.text.removeprefix("\n")))
            self.area = None


def forms_of(page: str) -> dict[str, list[tuple[str, str]]]:
    """By id or address of the form: what it sends."""
    reader = _Forms()
    reader.feed(page)
    return reader.sent


@dataclass
class Browser:
    """One person with a browser without JavaScript."""

    client: FlaskClient
    page: str = ""
    status: int = 0
    address: str = ""
    seen: list[str] = field(default_factory=list)

    def open(self, address: str) -> str:
        """Go to a page."""
        return self._took(self.client.get(address), address)

    def send(self, form: str, **changes: str | list[str] | None) -> str:
        """Press a button of a form of the page; ``changes`` replace what its fields hold, None takes them out."""
        pairs = [pair for pair in forms_of(self.page)[form] if pair[0] not in changes]
        for name, value in changes.items():
            pairs += [(name, one) for one in ([value] if isinstance(value, str) else value or [])]
        data: dict[str, list[str]] = {}
        for name, value in pairs:
            data.setdefault(name, []).append(str(value))
        found = re.search(rf'<form[^>]*id="{re.escape(form)}"[^>]*action="([^"]*)"', self.page)
        address = found.group(1) if found else form
        return self._took(self.client.post(address, data=data), address)

    def _took(self, answer: TestResponse, address: str) -> str:
        if answer.status_code == 303:
            return self.open(answer.headers["Location"])
        self.page, self.status, self.address = answer.text, answer.status_code, address
        return self.page


@pytest.fixture
def site(sqlite_database_url: str, tmp_path: Path) -> Iterator[Site]:
    """The service on SQLite: pages do not depend on the database."""
    made = site_on(sqlite_database_url, tmp_path)
    made.budgeted(a501102=1_000_000)
    yield made
    made.database.close()


def browser(site: Site, username: str) -> Browser:
    """That person, signed in."""
    client = site.app.test_client()
    assert client.post("/sign-in", data={"username": username, "password": PASSWORD}).status_code == 303
    return Browser(client)
