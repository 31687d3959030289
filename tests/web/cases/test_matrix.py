"""Everybody at every door of the API: who gets in is written down here by hand, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from app.foundation.edge import door_of
from tests.fixtures.answers import problem
from tests.fixtures.sites import Site, unknown

AUDITORS = {"auditor1", "auditor2", "auditchair"}
CHAIRS = {"chair", "vice"}
BOOKS = AUDITORS | CHAIRS | {"treasurer", "cashier", "clerk"}
ROSTER = CHAIRS | {"organiser", "clerk", "admin"}
EVERYONE = BOOKS | {"organiser", "admin", "member"}
OUTSIDE = {"organiser", "admin", "member"}

UNKNOWN = unknown()
CLAIM, FILE, REVIEW = "<claim>", "<file>", "<review>"


@dataclass(frozen=True)
class Row:
    """One request, and the people who get each answer; all others get ``rest``, a stranger 401."""

    rule: str
    path: str
    expected: dict[int, set[str]]
    rest: int | None = None
    body: Any = None

    @property
    def method(self) -> str:
        """GET, POST …"""
        return self.rule.partition(" ")[0]

    def status(self, who: str) -> int:
        """What this person must get."""
        return next((status for status, people in self.expected.items() if who in people), self.rest or 0)


def by_id(what: str) -> str:
    """A rule with an id in it, as the application writes it."""
    return what.replace("{case}", "<uuid:case_id>")


ROWS: tuple[Row, ...] = (
    Row("GET /workflows", "/workflows", {200: EVERYONE}),
    Row("GET /inbox", "/inbox", {200: EVERYONE}),
    Row("POST /files", "/files", {422: EVERYONE}, body={}),
    Row("GET /files/<uuid:file_id>", f"/files/{FILE}", {200: BOOKS}, 404),
    Row("POST /cases", "/cases", {201: {"treasurer"}}, 403, {"workflow": "expense_claim", "data": {}}),
    Row(by_id("GET /cases/{case}"), f"/cases/{CLAIM}", {200: BOOKS}, 404),
    Row(
        by_id("PATCH /cases/{case}"),
        f"/cases/{CLAIM}",
        {409: {"treasurer"}, 404: OUTSIDE},
        403,
        {"version": 2, "data": {}},
    ),
    Row(by_id("DELETE /cases/{case}"), f"/cases/{CLAIM}", {409: {"treasurer"}, 404: OUTSIDE}, 403),
    Row(by_id("GET /cases/{case}/trail"), f"/cases/{CLAIM}/trail", {200: BOOKS}, 404),
    Row(
        by_id("POST /cases/{case}/actions/<action>"),
        f"/cases/{CLAIM}/actions/publish",
        {404: OUTSIDE},
        409,
        {"version": 2},
    ),
    Row(
        by_id("POST /cases/{case}/arrangements"),
        f"/cases/{CLAIM}/arrangements",
        {404: OUTSIDE},
        422,
        {"verb": "remark"},
    ),
    Row("GET /delegations", "/delegations", {200: EVERYONE}),
    Row("POST /delegations", "/delegations", {403: {"admin", "member"}}, 422, {}),
    Row("POST /delegations/<uuid:delegation_id>/end", f"/delegations/{UNKNOWN}/end", {404: EVERYONE}, body={}),
    Row("POST /cases/actions/<action>", "/cases/actions/approve", {422: EVERYONE}, body={"items": []}),
    Row("GET /tokens", "/tokens", {200: EVERYONE}),
    Row("DELETE /tokens/<uuid:token_id>", f"/tokens/{UNKNOWN}", {404: EVERYONE}),
    Row("GET /me", "/me", {200: EVERYONE}),
    Row("POST /me/password", "/me/password", {422: EVERYONE}, body={}),
    Row("GET /people", "/people", {200: EVERYONE}),
    Row("POST /people", "/people", {422: ROSTER}, 403, {}),
    Row("POST /people/<uuid:person_id>/leave", f"/people/{UNKNOWN}/leave", {404: ROSTER}, 403, {"on": "2026-07-20"}),
    Row("POST /people/<uuid:person_id>/disable", f"/people/{UNKNOWN}/disable", {404: {"admin", "chair"}}, 403, {}),
    Row("POST /people/<uuid:person_id>/enable", f"/people/{UNKNOWN}/enable", {404: {"admin", "chair"}}, 403, {}),
    Row("POST /offices", "/offices", {422: ROSTER}, 403, {}),
    Row("POST /offices/<uuid:holding_id>/confirm", f"/offices/{UNKNOWN}/confirm", {404: CHAIRS}, 403, {}),
    Row("POST /offices/<uuid:holding_id>/end", f"/offices/{UNKNOWN}/end", {404: EVERYONE}, body={}),
    Row("GET /union", "/union", {200: EVERYONE}),
    Row("PATCH /union", "/union", {422: {"chair"}}, 403, {"two_auditor_limit_fen": "7"}),
    Row("GET /union/webhook", "/union/webhook", {200: {"chair", "admin"}}, 403),
    Row("PUT /union/webhook", "/union/webhook", {422: {"chair", "admin"}}, 403, {"url": "https://hooks.example/x"}),
    Row("GET /incidents", "/incidents", {200: {"chair", "admin"}}, 403),
    Row("POST /incidents/<uuid:incident_id>/retry", f"/incidents/{UNKNOWN}/retry", {404: EVERYONE}, body={}),
    Row("POST /incidents/retry", "/incidents/retry", {200: {"admin"}}, 403, {}),
    Row("GET /notices", "/notices", {200: EVERYONE}),
    Row("POST /notices/<uuid:notice_id>/read", f"/notices/{UNKNOWN}/read", {404: EVERYONE}, body={}),
    Row("POST /notices/read", "/notices/read", {200: EVERYONE}, body={}),
    Row("GET /me/notices", "/me/notices", {200: EVERYONE}),
    Row("PATCH /me/notices", "/me/notices", {422: EVERYONE}, body={"email": "not an address"}),
    Row("GET /unions", "/unions", {200: EVERYONE}),
    Row("GET /budgets/<int:year>", "/budgets/2026", {200: BOOKS}, 403),
    Row("GET /accounts", "/accounts", {200: EVERYONE}),
    Row("GET /trail/status", "/trail/status", {200: EVERYONE}),
    Row("GET /reviews/<uuid:case_id>", f"/reviews/{REVIEW}", {404: {"cashier", "clerk"}, 403: OUTSIDE}, 200),
    Row("GET /reviews/<uuid:case_id>/pack", f"/reviews/{REVIEW}/pack", {404: {"cashier", "clerk"}, 403: OUTSIDE}, 200),
)
RULES, CONFIRMED = {"chair", "vice", "auditchair", "admin"}, {"chair", "vice", "auditchair"}
ROWS += (
    Row("GET /workflows/<name>", "/workflows/expense_claim", {200: RULES}, 403),
    Row("POST /workflows/check", "/workflows/check", {200: RULES}, 403, {"yaml": "workflow: x"}),
    Row("GET /proposals", "/proposals", {200: RULES}, 403),
    Row("POST /proposals", "/proposals", {422: {"chair", "admin"}}, 403, {"yaml": "workflow: x"}),
    Row("GET /proposals/<uuid:proposal_id>", f"/proposals/{UNKNOWN}", {404: RULES}, 403),
    Row("POST /proposals/<uuid:proposal_id>/confirm", f"/proposals/{UNKNOWN}/confirm", {404: CONFIRMED}, 403, {}),
    Row("GET /proposals/<uuid:proposal_id>/what-if", f"/proposals/{UNKNOWN}/what-if", {404: RULES}, 403),
    Row("GET /proposals/<uuid:proposal_id>/migration", f"/proposals/{UNKNOWN}/migration", {404: RULES}, 403),
    Row(
        "POST /proposals/<uuid:proposal_id>/migration",
        f"/proposals/{UNKNOWN}/migration",
        {404: CONFIRMED},
        403,
        {"cases": [{"id": UNKNOWN, "events": 1}]},
    ),
    Row("POST /proposals/<uuid:proposal_id>/reject", f"/proposals/{UNKNOWN}/reject", {404: RULES}, 403, {}),
)
OPEN_TO_ALL = {"POST /tokens", "GET /public/<slug>", "GET /trail/checkpoint"}
"""Without signing in."""
ENDS_THE_TOKEN = {"DELETE /tokens/current"}
"""Tried by the tests of tokens, whose token it may end."""


@dataclass(frozen=True)
class Standing:
    """What the requests are about."""

    site: Site
    claim: dict[str, Any]
    file_id: str
    review_id: str

    def path(self, row: Row) -> str:
        """The request's address."""
        return row.path.replace(CLAIM, self.claim["id"]).replace(FILE, self.file_id).replace(REVIEW, self.review_id)


@pytest.fixture(scope="module")
def standing(shared_site: Site) -> Standing:
    """A submitted claim with its paper, and a review that waits for signatures."""
    claim = shared_site.submitted()
    files = shared_site["treasurer"].get(f"/cases/{claim['id']}").get_json()["files"]
    draft = shared_site.opened(
        "auditor1", "fund_review", name="审查", period_from="2026-01-01", period_to="2026-06-30", opinion="好"
    )
    review = shared_site.acted("auditor1", draft, "submit")
    return Standing(shared_site, claim, files[0]["id"], review["id"])


def api_rules(site: Site) -> Iterable[str]:
    """Every route of the API that has a door, as ``GET /path``."""
    for rule in site.app.url_map.iter_rules():
        door = door_of(site.app.view_functions[rule.endpoint])
        if door is not None and door.is_api:
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield f"{method} {rule.rule.removeprefix('/api/v1')}"


def test_every_route_of_the_api_is_in_the_table(shared_site: Site) -> None:
    assert {row.rule for row in ROWS} | OPEN_TO_ALL | ENDS_THE_TOKEN == set(api_rules(shared_site))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_nobody_gets_more_than_the_table_says(standing: Standing, row: Row) -> None:
    path = standing.path(row)
    more = {} if row.body is None else {"json": row.body}
    problem(standing.site.app.test_client().open(f"/api/v1{path}", method=row.method, **more), 401)
    got = {who: standing.site[who].send(row.method, path, **more).status_code for who in sorted(EVERYONE)}
    assert got == {who: row.status(who) for who in sorted(EVERYONE)}


MAY_ACT: dict[str, dict[str, set[str]]] = {
    "draft": {"submit": {"treasurer"}, "void": {"treasurer"}},
    "submitted": {
        "approve": AUDITORS,
        "return": AUDITORS | {"chair"},
        "reject": AUDITORS | {"chair"},
        "withdraw": {"treasurer"},
    },
    "audited": {"pay": {"cashier"}, "void_approved": {"treasurer", "chair", "auditchair"}},
    "paid": {"publish": {"chair", "clerk"}},
    "published": {},
    "rejected": {},
    "voided": {},
}
"""By how far a claim has come: each step, and who may take it."""
STEPS = (
    "submit",
    "approve",
    "chair_approve",
    "return",
    "reject",
    "withdraw",
    "pay",
    "publish",
    "void",
    "void_approved",
)
PAYMENT = {"paid_on": "2026-04-28", "bank_reference": "HD-1"}


def claim_at(site: Site, point: str) -> dict[str, Any]:
    """A claim that has come so far."""
    claim = site.claim(100)
    if point == "draft":
        return claim
    claim = site.acted("treasurer", claim, "submit")
    if point == "rejected":
        return site.acted("auditor2", claim, "reject", "不符合规定")
    if point == "submitted":
        return claim
    claim = site.acted("auditor2", claim, "approve")
    if point == "voided":
        claim = site.acted("treasurer", claim, "void_approved", "重复填报")
        return site.acted("chair", claim, "void_approved", "同意作废")
    if point == "audited":
        return claim
    claim = site.acted("cashier", claim, "pay", **PAYMENT)
    return claim if point == "paid" else site.acted("chair", claim, "publish")


@pytest.mark.parametrize("point", MAY_ACT)
def test_each_step_of_a_claim_is_open_to_its_people_and_to_nobody_else(shared_site: Site, point: str) -> None:
    claim = claim_at(shared_site, point)
    before = shared_site["treasurer"].get(f"/cases/{claim['id']}").get_json()
    for who in sorted(EVERYONE):
        allowed = {step for step, people in MAY_ACT[point].items() if who in people}
        shown = shared_site[who].get(f"/cases/{claim['id']}")
        if who in OUTSIDE:
            assert shown.status_code == 404
        else:
            assert {one["name"] for one in shown.get_json()["actions"] if one["allowed"]} == allowed, who
        for step in sorted(set(STEPS) - allowed):
            answer = shared_site.tried(who, claim, step, "理由", **(PAYMENT if step == "pay" else {}))
            expected = {404} if who in OUTSIDE else {403, 409}
            assert answer.status_code in expected, (who, step, answer.get_json())
    assert shared_site["treasurer"].get(f"/cases/{claim['id']}").get_json() == before
