"""The whole demo union, read from outside: not one number that leads to a person, not one name of a payee."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from app.cases.models import Case
from app.demo.people import UNION
from app.factory import create_app
from app.foundation.db import Database
from app.foundation.edge import EXTENSION
from app.people.queries import union_by_slug
from config import Settings
from tests.fixtures.demo import LOADED_AT, DemoDatabase

PARTICULARS = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{16}(?!\d)|(?<!\d)\d{19}(?!\d)")


@pytest.fixture(scope="module")
def app(demo_database: DemoDatabase) -> Iterator[Flask]:
    made = create_app(Settings.from_env(demo_database.environment), clock=lambda: LOADED_AT)
    with contextlib.closing(made.extensions[EXTENSION].use(Database)):
        yield made


@pytest.fixture(scope="module")
def cases(app: Flask) -> list[Case]:
    with app.extensions[EXTENSION].use(Database).read() as session:
        union = union_by_slug(session, UNION.slug)
        assert union is not None
        return list(session.scalars(sa.select(Case).where(Case.union_id == union.id)))


@pytest.fixture(scope="module")
def outside(app: Flask, cases: list[Case]) -> str:
    """Everything that a stranger can read of the union."""
    client = app.test_client()
    texts = []
    address: str | None = f"/public/{UNION.slug}?year=2026"
    while address is not None:
        page = client.get(address).text
        texts.append(page)
        following = re.search(r'rel="next" href="([^"]+cursor=[^"]+)"', page)
        address = following.group(1).replace("&amp;", "&").partition("#")[0] if following else None
    for case in cases:
        if case.phase == "published":
            answer = client.get(f"/public/{UNION.slug}/{case.number}")
            assert answer.status_code == 200
            texts.append(answer.text)
    told = client.get(f"/api/v1/public/{UNION.slug}?year=2026&limit=200").get_json()
    texts.append(json.dumps({**told, "checkpoint": None}, ensure_ascii=False))
    # Hashes and the cursor of the next page are digits without meaning.
    return re.sub(r"\b[0-9a-f]{40,}\b|cursor=[^\"#]*", "", "\n".join(texts))


def test_something_is_published_at_all(outside: str, cases: list[Case]) -> None:
    numbers = {case.number for case in cases if case.phase == "published" and case.workflow == "expense_claim"}
    assert len(numbers) > 50
    assert all(number in outside for number in numbers if number)


def test_no_phone_identity_or_card_number_is_outside(outside: str) -> None:
    assert PARTICULARS.findall(outside) == []


def test_no_bank_reference_invoice_number_or_payee_is_outside(outside: str, cases: list[Case]) -> None:
    inside = set()
    for case in cases:
        inside |= {case.data.get("bank_reference"), case.data.get("payee")}
        inside |= {line.get("invoice") for line in case.data.get("lines") or []}
    secrets = {text for text in inside if text}
    assert len(secrets) > 50
    assert sorted(text for text in secrets if text in outside) == []


def test_no_unpublished_case_is_named_outside(outside: str, cases: list[Case]) -> None:
    hidden = [case for case in cases if case.phase != "published"]
    assert hidden
    assert [case.number for case in hidden if case.number and case.number in outside] == []
    assert [case.id for case in cases if str(case.id) in outside] == []
