"""What tests of the engine work with: a small sound workflow to spoil, the shipped ones, and cases to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from app.engine.checks import Vocabulary
from app.engine.decision import Situation
from app.engine.definition import Definition
from app.engine.loading import load_catalogue, load_definition, load_yaml
from app.wording import Text

WORKFLOWS = Path(__file__).parents[3] / "workflows"
NO_WORKFLOWS = {"offices", "menu"}
"""Files of that folder that hold something else."""

SOUND = """\
workflow: condolence
title: {zh: 慰问, en: Condolence}
number: WW
year_of: visited_on
initial: draft
summary: {title: reason, amount: amount_fen, category: account, day: visited_on}
open: {offices: [treasurer]}
visible_to: [treasurer, auditor, chair]
states:
  draft:     {phase: draft, title: {zh: 草稿, en: Draft}}
  submitted: {phase: submitted, title: {zh: 待经审, en: Awaiting audit}}
  with_chair: {phase: audited, title: {zh: 待主席, en: Awaiting the chair}}
  audited:   {phase: audited, title: {zh: 经审通过, en: Audited}}
  published: {phase: published, title: {zh: 已公布, en: Published}}
  rejected:  {phase: ended, title: {zh: 不同意, en: Rejected}}
fields:
  reason:
    {type: text, title: {zh: 事由, en: Reason}, required: true, publish: full}
  visited_on:
    {type: date, title: {zh: 慰问日期, en: Visited on}, required: true}
  kind:
    type: choice
    title: {zh: 种类, en: Kind}
    required: true
    choices:
      illness: {zh: 生病, en: Illness}
      wedding: {zh: 结婚, en: Wedding}
  urgent: {type: bool, title: {zh: 加急, en: Urgent}, required: true, default: false}
  heads: {type: integer, title: {zh: 人数, en: Heads}, required: true, at_least: 1, at_most: 50}
  account: {type: account, title: {zh: 科目, en: Category}, required: true}
  lines:
    type: lines
    title: {zh: 明细, en: Lines}
    required: true
    columns:
      what: {type: text, title: {zh: 摘要, en: What}, required: true}
      amount_fen: {type: money, title: {zh: 金额, en: Amount}, required: true}
  amount_fen:
    type: money
    title: {zh: 金额, en: Amount}
    required: true
    sum_of: lines.amount_fen
  visitor: {type: person, title: {zh: 慰问人, en: Visitor}}
  home: {type: text, title: {zh: 住址, en: Home}, personal: true, publish: masked}
  task: {type: case, workflow: task, title: {zh: 任务, en: Task}}
  papers: {type: files, title: {zh: 签领表, en: Signed lists}}
  paid_on: {type: date, title: {zh: 付款日期, en: Paid on}, asked: true}
  seen: {type: integer, title: {zh: 次数, en: Times}, filled_by: desk.count}
sides:
  visitor: visitor
actions:
  submit:
    title: {zh: 提交, en: Submit}
    from: [draft]
    to: submitted
    by: {offices: [treasurer]}
    require: [desk.complete, {desk.at_most_days: {days: 30}}]
    effects: [desk.count]
  approve:
    title: {zh: 同意, en: Approve}
    from: [submitted]
    to:
      - {state: with_chair, when: {setting.chair_approves: {is: true}}}
      - {state: audited, when: {setting.chair_approves: {is: false}}}
    by: {offices: [auditor]}
    bars: [submitter, visitor]
    approvals:
      - {need: 1, when: {amount_fen: {at_most: 500000}}}
      - {need: 2, when: {amount_fen: {above: 500000}}, or_all_members: true}
  chair_approve:
    title: {zh: 主席同意, en: Chair approves}
    from: [with_chair]
    to: audited
    by: {offices: [chair]}
    bars: [submitter, approver]
  return:
    title: {zh: 退回, en: Send back}
    from: [submitted, with_chair]
    to: draft
    by: {offices: [auditor, chair], fields: [visitor]}
    comment: required
    new_round: true
    tone: caution
  reject:
    title: {zh: 不同意, en: Reject}
    from: [submitted]
    to: rejected
    by: {offices: [auditor]}
    comment: required
  pay:
    title: {zh: 付款, en: Pay}
    from: [audited]
    to: audited
    by: {offices: [cashier]}
    bars: [submitter, approver]
    asks: [paid_on]
  publish:
    title: {zh: 公布, en: Publish}
    from: [audited]
    to: published
    by: {offices: [chair]}
    batch: true
"""

VOCABULARY = Vocabulary(
    facts={"desk.complete": {}, "desk.at_most_days": {"days": int}, "desk.open": {"strict": bool, "label": str}},
    effects={"desk.count": {}, "desk.post": {}},
    settings={"chair_approves": bool, "two_auditor_limit_fen": int, "quota": int, "level": str},
    offices=frozenset({"treasurer", "auditor", "audit_chair", "chair", "cashier", "clerk", "member"}),
    paying=frozenset({"desk.post"}),
)

TITLES = {name: Text(f"职务{name}", f"the {name}") for name in VOCABULARY.offices}


LOADING = {
    *("unreadable", "too_big", "bad_yaml", "empty", "many_documents", "duplicate_key", "alias", "tag", "too_deep"),
    *("too_many_nodes", "bad_key", "not_whole", "bad_date", "hidden_character", "not_a_workflow", "unknown_key"),
    *("missing", "not_a_mapping", "not_a_list", "not_text", "bad_text", "not_a_flag", "not_a_number", "not_one_of"),
    *("bad_target", "bad_need", "bad_condition", "bad_constant", "bad_use", "bad_sum", "not_canonical"),
    "deadline_then",
    *("name_taken", "number_taken", "unknown_workflow"),
}
"""Codes that loading reports; ``test_loading`` plants them."""


DEADLINES = {
    *("system_pays", "deadline_days", "deadline_reminder", "deadline_at_the_end", "escalation_unseen"),
    *("unknown_closing", "closing_elsewhere", "closing_not_system", "closing_asks", "closing_carries_on"),
    *("closing_for_good", "closing_draft"),
}
"""Codes that the check of deadlines reports; ``test_deadlines`` plants them."""


def sound() -> Definition:
    """The workflow ``SOUND``."""
    return load_definition(SOUND, TITLES, "condolence.yaml")


def spoilt(old: str, new: str, text: str = SOUND) -> str:
    """A sound text with one part of it replaced."""
    assert text.count(old) == 1, f"{text.count(old)} times in the text: {old}"
    return text.replace(old, new)


def line_of(text: str, marker: str) -> int:
    """The line that is the marker, or else the one that holds it, counted from 1; there is exactly one."""
    numbered = list(enumerate(text.splitlines(), start=1))
    lines = [number for number, line in numbered if line == marker]
    lines = lines or [number for number, line in numbered if marker in line]
    assert len(lines) == 1, f"lines {lines} hold {marker}"
    return lines[0]


@cache
def offices() -> dict[str, Text]:
    """The shipped offices and what they are called."""
    return {name: Text(**one["title"]) for name, one in load_yaml(WORKFLOWS / "offices.yaml")["offices"].items()}


@cache
def shipped() -> dict[str, Definition]:
    """The shipped workflows by name."""
    return load_catalogue(WORKFLOWS, offices())


SETTINGS: Mapping[str, int | bool | str] = {"chair_approves": False, "two_auditor_limit_fen": 500_000}


def looked(definition: Definition, situation: Situation) -> Situation:
    """The situation after every fact was looked at and found in order, except those already in it."""
    facts = {use.name: () for action in definition.actions for use in action.require}
    return replace(situation, findings={**facts, **situation.findings})
