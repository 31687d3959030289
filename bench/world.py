"""The union that is measured: founded and brought into every state through the product's own API, then copied.

One claim or task of each kind goes through the door. What is measured works on copies of their rows, in a scratch
database: a copy has the rows of its case in every table, but no records of its own in the trail, and the budget's totals
know nothing of it. Nothing that is measured reads those.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from app.factory import create_app
from app.foundation.clock import union_day, utc_now
from app.foundation.db import Database
from app.foundation.edge import EXTENSION, Wiring
from app.foundation.migrating import upgrade
from app.people import setting_up
from app.people.offices import OfficeBook
from app.people.passwords import Passwords
from app.people.service import Founding
from app.people.setting_up import Newcomer, Plan
from config import Settings

PASSWORD = "seven herons by the weir"
SLUG = "bench"
CULTURE = "501102"
AMOUNT_FEN = 128_00
OFFICERS = {
    "treasurer": "treasurer",
    "cashier": "cashier",
    "auditor1": "auditor",
    "auditor2": "auditor",
    "auditchair": "audit_chair",
    "chair": "chair",
    "clerk": "clerk",
}


@dataclass(frozen=True)
class Template:
    """A case that went through the door: its id, and the version that a client sends back."""

    id: str
    version: int


@dataclass(frozen=True)
class Templates:
    """The cases by the state they stopped in."""

    claims: dict[str, Template]
    tasks: dict[str, Template]


@dataclass(frozen=True)
class World:
    """A database with the union, its people's tokens, and the template cases."""

    url: str
    tokens: dict[str, str]
    templates: Templates


def settings_for(url: str, directory: Path) -> Settings:
    """Settings of the product on this database."""
    return Settings(
        environment="test",
        argon2_cost="low",
        database_url=url,
        files=directory / "files",
        signing_key=directory / "trail.key",
    )


def application(url: str, directory: Path) -> tuple[Flask, Database]:
    """The product in this process, and its database; close the database afterwards."""
    app = create_app(settings_for(url, directory))
    wiring: Wiring = app.extensions[EXTENSION]
    return app, wiring.use(Database)


def build(url: str, directory: Path) -> World:
    """Migrate an empty database, found the union and take one case to each state."""
    upgrade(url)
    app, database = application(url, directory)
    now = utc_now()
    _found(app, database, now)
    with app.test_client() as client:
        people = {name: Person(client, name) for name in OFFICERS}
        templates = _templates(people, union_day(now))
    database.close()
    return World(url, {name: person.token for name, person in people.items()}, templates)


def _found(app: Flask, database: Database, now: datetime) -> None:
    wiring: Wiring = app.extensions[EXTENSION]
    newcomers = tuple(
        Newcomer(f"某{name}", name, PASSWORD, (office,), temporary=False) for name, office in OFFICERS.items()
    )
    plan = Plan(Founding("测速工会", SLUG, two_auditor_limit_fen=500_000), newcomers)
    hashed = setting_up.hashes(plan, wiring.use(Passwords))
    book, host = wiring.use(OfficeBook), wiring.use(Settings).host
    database.transact(lambda session: setting_up.set_up(session, book, plan, hashed, host, now))


class Person:
    """Someone with a token, who does things through the API."""

    def __init__(self, client: FlaskClient, username: str) -> None:
        self._client = client
        self.token: str = self._sent("/tokens", {"username": username, "password": PASSWORD})["token"]
        self.id: str = _good(self._client.get("/api/v1/me", headers=self._headers))["person"]

    def opened(self, workflow: str, **data: Any) -> dict[str, Any]:
        """A draft."""
        return self._sent("/cases", {"workflow": workflow, "data": data})

    def acted(self, case: dict[str, Any], action: str, **data: Any) -> dict[str, Any]:
        """The case after one step."""
        return self._sent(f"/cases/{case['id']}/actions/{action}", {"version": case["version"], "data": data})

    def uploaded(self, content: bytes, name: str) -> str:
        """The id of a file that was handed in."""
        answer = self._client.post("/api/v1/files", data={"file": (io.BytesIO(content), name)}, headers=self._headers)
        return str(_good(answer)["id"])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if hasattr(self, "token") else {}

    def _sent(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _good(self._client.post(f"/api/v1{path}", json=body, headers=self._headers))


def _good(answer: Any) -> dict[str, Any]:
    if answer.status_code >= 300:
        raise RuntimeError(f"{answer.request.path}: {answer.status_code} {answer.get_data(as_text=True)[:600]}")
    body: dict[str, Any] = answer.get_json()
    return body


def _templates(people: dict[str, Person], today: date) -> Templates:
    _budget(people, today)
    paper = people["treasurer"].uploaded(_picture(), "签领表.png")
    claims = {
        state: _claim(people, paper, today, steps)
        for state, steps in (
            ("submitted", 1),
            ("audited", 2),
            ("paid", 3),
            ("published", 4),
        )
    }
    photos = people["clerk"].uploaded(_picture(), "现场.png")
    tasks = {
        state: _task(people, photos, today, steps)
        for state, steps in (("reported", 3), ("signed_off", 4), ("published", 5))
    }
    return Templates(claims, tasks)


def _budget(people: dict[str, Person], today: date) -> None:
    lines = [{"account": CULTURE, "amount_fen": 10_000_000}]
    draft = people["treasurer"].opened(
        "budget", name="年度预算", starts_on=f"{today.year}-01-01", kind="annual", lines=lines
    )
    submitted = people["treasurer"].acted(draft, "submit")
    people["auditor1"].acted(people["chair"].acted(submitted, "approve"), "pass")


def _claim(people: dict[str, Person], paper: str, today: date, steps: int) -> Template:
    """A claim after so many of: submit, approve, pay, publish."""
    case = people["treasurer"].opened(
        "expense_claim",
        purpose="五一歌咏比赛用品",
        spent_on=today.isoformat(),
        account=CULTURE,
        payee="河边文具店",
        lines=[{"summary": "荧光棒", "amount_fen": AMOUNT_FEN}],
        no_invoice_reason="凭签领表发放",
        evidence=[paper],
    )
    life: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("treasurer", "submit", {}),
        ("auditor1", "approve", {}),
        ("cashier", "pay", {"paid_on": today.isoformat(), "bank_reference": "YH0001"}),
        ("chair", "publish", {}),
    )
    return _lived(people, case, life[:steps])


def _task(people: dict[str, Person], photos: str, today: date, steps: int) -> Template:
    """A task after so many of: propose, approve, report, sign off, publish."""
    case = people["clerk"].opened(
        "task",
        name="职工读书月",
        owner=people["clerk"].id,
        due_on=today.isoformat(),
        account=CULTURE,
        budget_fen=AMOUNT_FEN,
    )
    life: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("clerk", "propose", {}),
        ("chair", "approve", {}),
        ("clerk", "report", {"result": "办了三场读书会，共六十人次。", "photos": [photos]}),
        ("chair", "sign_off", {}),
        ("chair", "publish", {}),
    )
    return _lived(people, case, life[:steps])


def _lived(people: dict[str, Person], case: dict[str, Any], life: Any) -> Template:
    for who, action, data in life:
        case = people[who].acted(case, action, **data)
    return Template(case["id"], case["version"])


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 200), "white").save(buffer, "PNG")
    return buffer.getvalue()
