"""A past round on another version, and a pretended case: the way, who decides, and what would be different."""

from __future__ import annotations

from typing import Any

import pytest

from app.engine.decision import Situation
from app.engine.definition import Definition
from app.engine.loading import load_definition
from app.engine.trying import asked_of, tried
from app.engine.what_if import Kind, Taken, replayed
from app.engine.writing import as_yaml
from tests.unit.engine.workbench import TITLES, shipped

CLAIM = shipped()["expense_claim"]
MEMBERS = {
    "auditor": frozenset({"gao", "wei"}),
    "audit_chair": frozenset({"yan"}),
    "chair": frozenset({"lin"}),
    "cashier": frozenset({"bai"}),
    "clerk": frozenset({"lin"}),
}
ROUND = (
    Taken("submit", "su", "treasurer", "draft", "submitted", closes=True),
    Taken("approve", "gao", "auditor", "submitted", "submitted", closes=False),
    Taken("approve", "wei", "auditor", "submitted", "audited", closes=True),
    Taken("pay", "bai", "cashier", "audited", "audited", closes=True),
    Taken("publish", "lin", "chair", "audited", "published", closes=True),
)


def version(*pairs: tuple[str, str]) -> Definition:
    """The claim's workflow with these replacements."""
    text = as_yaml(CLAIM)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return load_definition(text, TITLES)


def met(definition: Definition, taken: tuple[Taken, ...] = ROUND, **data: Any) -> list[tuple[Kind, str]]:
    """What a claim of 6,000 yuan would have met."""
    situation = Situation(
        state="published",
        data={"amount_fen": 600_000, **data},
        opener="su",
        submitter="su",
        settings={"two_auditor_limit_fen": 500_000, "chair_approves": False},
        members=MEMBERS,
    )
    return [(one.kind, one.text.zh) for one in replayed(definition, situation, taken).differences]


def test_on_its_own_version_everything_is_the_same() -> None:
    assert met(CLAIM) == []
    assert met(CLAIM, ROUND[:2]) == []
    assert met(CLAIM, ()) == []


@pytest.mark.parametrize(
    ("pairs", "data", "kind", "said"),
    [
        ((("need: 2, when", "need: 3, when"),), {}, Kind.ROUTE, "“同意”还要再有 1 人同意。"),
        (
            (("need: 2, when", "need: 4, when"), (", or_all_members: true", "")),
            {},
            Kind.BLOCK,
            "“同意”要 4 人，除去要回避的只有 3 人能办。",
        ),
        ((("need: 2, when", "need: 1, when"),), {}, Kind.ROUTE, "“同意”更少的人就够了。"),
        (
            (
                (
                    "{state: audited, when: {setting.chair_approves: {is: false}}}",
                    "{state: audited, when: {account: {is: x}}}",
                ),
            ),
            {},
            Kind.BLOCK,
            "“同意”没有一个去处适用。",
        ),
        (
            (("handler: handled_by", "handler: payee_person"),),
            {"payee_person": "bai"},
            Kind.CONFLICT,
            "当时办“登记付款”的人，按新版要回避。",
        ),
        (
            (("by: {offices: [cashier]}", "by: {offices: [chair]}"),),
            {},
            Kind.ROUTE,
            "“登记付款”要由职务chair来办，当时不是。",
        ),
        ((("  pay:\n", "  remit:\n"),), {}, Kind.ROUTE, "当时办的那一步在这里没有"),
    ],
)
def test_each_difference_is_a_sentence(
    pairs: tuple[tuple[str, str], ...], data: dict[str, Any], kind: Kind, said: str
) -> None:
    found = met(version(*pairs), **data)
    assert any(one is kind and said in text for one, text in found), found


def test_a_pretended_case_goes_by_its_amount_and_by_the_unions_switch() -> None:
    settings = {"setting.two_auditor_limit_fen": 500_000, "setting.chair_approves": True}
    assert [field.name for field in asked_of(CLAIM)] == ["amount_fen"]
    large = tried(CLAIM, {**settings, "amount_fen": 600_000})
    assert [one.action.zh for one in large] == ["提交", "同意", "主席同意", "登记付款", "公布"]
    assert [need.zh for need in large[1].need] == ["2 人"]
    small = tried(CLAIM, {**settings, "setting.chair_approves": False, "amount_fen": 1})
    assert [one.action.zh for one in small] == ["提交", "同意", "登记付款", "公布"]
    assert [need.zh for need in small[1].need] == ["1 人"]
    assert "经审委员" in [who.zh for who in small[1].who]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_workflow_can_be_tried(name: str) -> None:
    definition = shipped()[name]
    assert tried(definition, {"setting.two_auditor_limit_fen": 1, "setting.chair_approves": False})
