"""The proof of definitions: the sound pass, and each fault is named with its code, its line and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import pytest

from app.engine import check_graph, problems
from app.engine.checks import Vocabulary, check
from app.engine.definition import Quorum
from app.engine.loading import load_definition
from tests.unit.engine.workbench import LOADING, TITLES, VOCABULARY, line_of, shipped, sound, spoilt


class Planted(NamedTuple):
    """A fault put into the sound workflow, and the line (by what stands there) where it must be reported."""

    code: str
    old: str
    new: str
    at: str


APPROVALS = """\
      - {need: 1, when: {amount_fen: {at_most: 500000}}}
      - {need: 2, when: {amount_fen: {above: 500000}}, or_all_members: true}
"""
FIRST, SECOND = APPROVALS.splitlines()
BRANCHES = """\
      - {state: with_chair, when: {setting.chair_approves: {is: true}}}
      - {state: audited, when: {setting.chair_approves: {is: false}}}
"""
PUBLISH = """\
  publish:
    title: {zh: 公布, en: Publish}
    from: [audited]
"""


def state(name: str, phase: str) -> str:
    return f"  {name}: {{phase: {phase}, title: {{zh: 一处, en: Somewhere}}}}\n"


def action(name: str, way: str, more: str = "") -> str:
    source, target = way.split(">")
    opened = "" if "by:" in more else "    by: {offices: [chair]}\n"
    return f"  {name}:\n    title: {{zh: 一步, en: Step}}\n    from: [{source}]\n    to: {target}\n{opened}{more}"


def field(name: str, rest: str) -> str:
    return f"  {name}: {{title: {{zh: 一栏, en: Entry}}, {rest}}}\n"


def with_when(when: str) -> tuple[str, str]:
    return APPROVALS, f"      - {{need: 1, when: {when}}}\n      - {{need: 2, when: {{not: {when}}}}}\n"


PLANTED = [
    # Names.
    Planted(
        "bad_name", "  draft:     {", "  Draft: {phase: draft, title: {zh: 一, en: a}}\n  draft:     {", "  Draft:"
    ),
    Planted("bad_name", "sides:\n", field("__class__", "type: text") + "sides:\n", "__class__"),
    Planted("bad_name", "      illness:", "      ill-ness: {zh: 一, en: a}\n      illness:", "ill-ness"),
    Planted("bad_name", "      what:", "      What: {type: text, title: {zh: 一, en: a}}\n      what:", "What:"),
    Planted("bad_name", "workflow: condolence", "workflow: 慰问", "workflow: 慰问"),
    Planted("reserved_name", "sides:\n", field("version", "type: text") + "sides:\n", "  version:"),
    Planted("reserved_name", "sides:\n", "sides:\n  submitter: visitor\n", "submitter: visitor"),
    Planted("reserved_name", "actions:\n", "actions:\n" + action("draft", "audited>audited"), "  draft:\n"[:-1]),
    Planted("bad_number", "number: WW", "number: ww1", "number: ww1"),
    Planted("too_many", "states:\n", "states:\n" + "".join(state(f"s{n}", "draft") for n in range(101)), "states:"),
    Planted("unknown_state", "to: draft", "to: drafft", "to: drafft"),
    Planted("unknown_state", "from: [with_chair]", "from: [with_chare]", "from: [with_chare]"),
    Planted("unknown_state", "initial: draft", "initial: start", "initial: start"),
    Planted("unknown_field", "{title: reason,", "{title: raeson,", "raeson"),
    Planted("unknown_field", "asks: [paid_on]", "asks: [paid_at]", "asks: [paid_at]"),
    Planted("unknown_field", "  visitor: visitor\n", "  visitor: visiter\n", "  visitor: visiter"),
    Planted("unknown_field", "year_of: visited_on", "year_of: visited", "year_of: visited"),
    Planted("unknown_field", "fields: [visitor]}", "fields: [visiter]}", "fields: [visiter]}"),
    Planted("unknown_field", *with_when("{amuont_fen: {above: 5}}"), "need: 1"),
    Planted("unknown_office", "open: {offices: [treasurer]}", "open: {offices: [tresurer]}", "tresurer"),
    Planted("unknown_office", "{offices: [cashier]}", "{offices: [casheer]}", "casheer"),
    Planted("unknown_office", "[treasurer, auditor, chair]", "[treasurer, auditor, chare]", "chare"),
    Planted("unknown_side", "bars: [submitter, visitor]", "bars: [submitter, visiter]", "visiter"),
    Planted("unknown_fact", "desk.complete", "desk.compleet", "desk.compleet"),
    Planted("unknown_effect", "    effects: [desk.count]", "    effects: [desk.count, desk.cuont]", "desk.cuont"),
    Planted("unknown_effect", "filled_by: desk.count", "filled_by: desk.cuont", "desk.cuont"),
    Planted("unknown_parameter", "{days: 30}", "{days: 30, dayz: 1}", "dayz"),
    Planted("missing_parameter", "{desk.at_most_days: {days: 30}}", "desk.at_most_days", "desk.at_most_days"),
    Planted("wrong_parameter", "{days: 30}", "{days: true}", "days: true"),
    Planted("unknown_setting", *with_when("{amount_fen: {above: {setting: limit}}}"), "need: 1"),
    Planted(
        "named_twice", "bars: [submitter, visitor]", "bars: [submitter, submitter]", "bars: [submitter, submitter]"
    ),
    Planted("named_twice", "from: [submitted, with_chair]", "from: [submitted, submitted]", "[submitted, submitted]"),
    Planted("named_twice", "asks: [paid_on]", "asks: [paid_on, paid_on]", "[paid_on, paid_on]"),
    # Fields.
    Planted("money_name", "sides:\n", field("price", "type: money") + "sides:\n", "  price:"),
    Planted("not_money_name", "sides:\n", field("count_fen", "type: integer") + "sides:\n", "  count_fen:"),
    Planted("misplaced", "{type: files,", "{type: files, at_least: 1,", "at_least: 1, title: {zh: 签领表"),
    Planted("misplaced", "{type: person,", "{type: person, kind: income,", "kind: income"),
    Planted("incomplete_field", "sides:\n", field("sort", "type: choice") + "sides:\n", "  sort:"),
    Planted("bad_column", "      what: {type: text,", "      what: {type: lines,", "type: lines, "),
    Planted("bad_bounds", "at_least: 1, at_most: 50", "at_least: 51, at_most: 50", "at_least: 51"),
    Planted("bad_default", "default: false", "default: 0", "default: 0"),
    Planted("bad_default", "at_most: 50}", "at_most: 50, default: 51}", "default: 51"),
    Planted("bad_default", "    choices:\n", "    default: travel\n    choices:\n", "default: travel"),
    Planted("bad_total", "sum_of: lines.amount_fen", "sum_of: lines.what", "sum_of: lines.what"),
    Planted("personal_published", "publish: masked", "publish: full", "{type: text, title: {zh: 住址"),
    Planted("never_asked", "    asks: [paid_on]\n", "", "asked: true"),
    Planted("not_asked", "asks: [paid_on]", "asks: [paid_on, papers]", "asks: [paid_on, papers]"),
    Planted("never_filled", "filled_by: desk.count", "filled_by: desk.post", "filled_by: desk.post"),
    Planted("wrong_type", "amount: amount_fen", "amount: reason", "amount: reason"),
    Planted("wrong_type", "year_of: visited_on", "year_of: kind", "year_of: kind"),
    Planted("wrong_type", "  visitor: visitor\n", "  visitor: kind\n", "  visitor: kind"),
    Planted("wrong_type", "fields: [visitor]", "fields: [kind]", "fields: [kind]"),
    Planted(
        "year_optional",
        "{zh: 慰问日期, en: Visited on}, required: true",
        "{zh: 慰问日期, en: Visited on}",
        "  visited_on:",
    ),
    # Who may.
    Planted("closed_action", "    by: {offices: [cashier]}\n", "", "  pay:"),
    Planted("closed_workflow", "open: {offices: [treasurer]}\n", "", "workflow: condolence"),
    Planted("open_to_whom", "open: {offices: [treasurer]}", "open: {offices: [treasurer], submitter: true}", "open: "),
    # The shape of the graph.
    Planted("initial_not_draft", "initial: draft", "initial: submitted", "initial: submitted"),
    Planted("unreachable_state", "states:\n", "states:\n" + state("lost", "draft"), "  lost:"),
    Planted(
        "no_way_out",
        "actions:\n",
        "actions:\n" + action("sink", "audited>with_chair").replace("to: with_chair", "to: pit"),
        "  pit:",
    ),
    Planted("no_end", PUBLISH, PUBLISH, "states:"),
    Planted("dead_action", "actions:\n", "actions:\n" + action("never", "lost>draft"), "  never:"),
    Planted("no_sources", "from: [with_chair]", "from: []", "from: []"),
    Planted("no_targets", "    to: rejected\n", "    to: []\n", "to: []"),
    # Conditions.
    Planted("condition_optional", *with_when("{size: {above: 5}}"), "need: 1"),
    Planted("condition_personal", *with_when("{home: {is: x}}"), "need: 1"),
    Planted("condition_late", *with_when("{seen: {above: 5}}"), "need: 1"),
    Planted("condition_late", *with_when("{paid_on: {is: x}}"), "need: 1"),
    Planted("condition_kind", *with_when("{reason: {is: x}}"), "need: 1"),
    Planted("condition_kind", *with_when("{visited_on: {is: x}}"), "need: 1"),
    Planted("condition_types", *with_when("{amount_fen: {above: five}}"), "need: 1"),
    Planted("condition_types", *with_when("{amount_fen: {above: {setting: quota}}}"), "need: 1"),
    Planted("condition_types", *with_when("{kind: {above: illness}}"), "need: 1"),
    Planted("condition_types", *with_when("{urgent: {is: 1}}"), "need: 1"),
    Planted("condition_types", *with_when("{heads: {is: true}}"), "need: 1"),
    Planted("not_one_of", *with_when("{kind: {is: ilness}}"), "need: 1"),
    Planted(
        "condition_too_wide",
        *with_when(
            "{heads: {one_of: ["
            + ", ".join(str(n) for n in range(200))
            + "]}, amount_fen: {one_of: ["
            + ", ".join(str(3 * n) for n in range(200))
            + "]}}"
        ),
        "approvals:",
    ),
    Planted("branch_gap", BRANCHES, BRANCHES.splitlines()[0] + "\n", "    to:"),
    Planted("branch_overlap", "{is: false}", "{is: true}", "state: audited, when"),
    Planted("dead_branch", FIRST, FIRST + "\n      - {need: 3, when: {amount_fen: {below: 0}}}", "need: 3"),
    Planted("approvals_gap", "{above: 500000}", "{above: 500001}", "approvals:"),
    Planted("approvals_overlap", "{above: 500000}", "{at_least: 500000}", "at_least: 500000"),
    Planted("approvals_overlap", FIRST, "      - {need: 1}", "need: 2"),
    # Approvals.
    Planted("quorum_size", "{need: 1, when", "{need: 0, when", "need: 0"),
    Planted("quorum_size", "{need: 1, when", "{need: -1, when", "need: -1"),
    Planted("quorum_size", "{need: 1, when", "{need: 101, when", "need: 101"),
    Planted("quorum_without_offices", "{need: 1, when", "{need: all, when", "need: all"),
    Planted("quorum_of_nobody", FIRST, FIRST, "approvals:"),
    Planted("quorum_stays", "{state: with_chair, when", "{state: submitted, when", "approvals:"),
    Planted("votes_return", "actions:\n", "actions:\n" + action("recall", "with_chair>submitted"), "approvals:"),
    # Safety of money and of approvals.
    Planted("backwards_same_round", "    new_round: true\n", "", "  return:"),
    Planted("publish_skips_review", PUBLISH, PUBLISH.replace("[audited]", "[audited, draft]"), "[audited, draft]"),
    Planted("submitter_approves", "bars: [submitter, visitor]", "bars: [visitor]", "bars: [visitor]"),
    Planted("opener_approves", "actions:\n", "actions:\n" + action("wave_through", "draft>audited"), "  wave_through:"),
    Planted(
        "system_approves",
        "actions:\n",
        "actions:\n" + action("tick", "submitted>audited", "    by: {system: true}\n"),
        "by: {system: true}",
    ),
]

MORE = {
    "no_way_out": lambda text: text.replace("states:\n", "states:\n" + state("pit", "audited")),
    "no_end": lambda text: text.replace("phase: published", "phase: audited").replace("phase: ended", "phase: audited"),
    "dead_action": lambda text: text.replace("states:\n", "states:\n" + state("lost", "draft")),
    "condition_optional": lambda text: text.replace("sides:\n", field("size", "type: integer") + "sides:\n"),
    "quorum_without_offices": lambda text: text.replace(
        "by: {offices: [auditor]}\n    bars", "by: {offices: [auditor], opener: true}\n    bars"
    ),
    "quorum_of_nobody": lambda text: text.replace(
        "by: {offices: [auditor]}\n    bars", "by: {offices: [auditor], system: true}\n    bars"
    ),
}
"""What else has to change for the fault to be there."""


@pytest.mark.parametrize("planted", PLANTED, ids=[f"{one.code}-{n}" for n, one in enumerate(PLANTED)])
def test_a_planted_fault_is_named_with_its_code_and_line(planted: Planted) -> None:
    text = planted.old and spoilt(planted.old, planted.new)
    text = MORE.get(planted.code, str)(text)
    found = check(load_definition(text, TITLES, "condolence.yaml"), VOCABULARY)
    named = {(one.code, one.line) for one in found}
    assert (planted.code, line_of(text, planted.at)) in named, "\n".join(map(str, found))
    assert all(one.file == "condolence.yaml" for one in found)


def test_every_code_of_a_problem_has_a_planted_fault() -> None:
    assert {one.code for one in PLANTED} | LOADING == set(problems.codes())


def test_the_sound_workflow_has_no_problem() -> None:
    assert check(sound(), VOCABULARY) == []


def test_the_shipped_workflows_have_no_problem() -> None:
    definitions = shipped().values()
    vocabulary = Vocabulary(
        facts={use.name: {} for one in definitions for action in one.actions for use in action.require},
        effects={use.name: {} for one in definitions for action in one.actions for use in action.effects},
        settings={"chair_approves": bool, "two_auditor_limit_fen": int},
        offices=frozenset(name for one in definitions for name, _ in one.office_titles),
    )
    assert [str(problem) for one in definitions for problem in check(one, vocabulary)] == []
    assert len(definitions) == 6


@pytest.mark.parametrize(
    ("old", "new", "witness_zh", "witness_en"),
    [
        (
            "{above: 500000}",
            "{at_least: 500000}",
            "金额 = 5000.00时两条都成立（1 人、2 人）",
            "when Amount = 5000.00 (1, 2)",
        ),
        ("{above: 500000}", "{above: 500001}", "金额 = 5000.01时没有说要几个人同意", "when Amount = 5000.01."),
    ],
)
def test_an_overlap_or_gap_is_shown_by_a_value(old: str, new: str, witness_zh: str, witness_en: str) -> None:
    (found,) = check(load_definition(spoilt(old, new), TITLES), VOCABULARY)
    assert witness_zh in found.text.zh
    assert witness_en in found.text.en


def test_a_misspelt_name_comes_with_the_word_that_was_meant() -> None:
    (found,) = check(load_definition(spoilt("to: draft", "to: drafft"), TITLES), VOCABULARY)
    assert "是不是想写“draft”？" in found.text.zh
    assert "Did you mean “draft”?" in found.text.en


@pytest.mark.parametrize(
    "lines",
    [
        "- {need: 1, when: {amount_fen: {at_most: {setting: two_auditor_limit_fen}}}}\n      - {need: 2, when: {amount_fen: {above: {setting: two_auditor_limit_fen}}}}",
        "- {need: 1, when: {kind: {is: illness}}}\n      - {need: 2, when: {kind: {is: wedding}}}",
        "- {need: 1, when: {account: {one_of: ['01', '02']}}}\n      - {need: 2, when: {not: {account: {one_of: ['02', '01']}}}}",
        "- {need: 1, when: {heads: {below: 25}}}\n      - {need: 2, when: {heads: {at_least: 25}}}",
        "- {need: 1, when: {any: [{urgent: {is: true}}, {heads: {is: 3}}]}}\n      - {need: 2, when: {urgent: {is: false}, heads: {is_not: 3}}}",
        "- {need: all}",
    ],
)
def test_lines_that_are_total_and_disjoint_pass(lines: str) -> None:
    text = spoilt(APPROVALS, f"      {lines}\n")
    assert [str(one) for one in check(load_definition(text, TITLES), VOCABULARY)] == []


def test_two_approvals_that_are_always_asked_stand_for_the_bar() -> None:
    text = spoilt(APPROVALS, "      - {need: 2}\n").replace("bars: [submitter, visitor]", "bars: [visitor]")
    assert check(load_definition(text, TITLES), VOCABULARY) == []


def test_two_approvals_that_one_member_can_give_alone_do_not() -> None:
    text = spoilt(APPROVALS, "      - {need: 2, or_all_members: true}\n").replace("[submitter, visitor]", "[visitor]")
    assert [one.code for one in check(load_definition(text, TITLES), VOCABULARY)] == ["submitter_approves"]


def test_a_barred_owner_is_enough_where_only_the_owner_submits() -> None:
    text = spoilt("    by: {offices: [treasurer]}\n    require", "    by: {fields: [visitor]}\n    require")
    text = text.replace("bars: [submitter, visitor]", "bars: [visitor]")
    assert check(load_definition(text, TITLES), VOCABULARY) == []


def test_a_definition_without_a_file_is_checked_without_lines() -> None:
    found = check(replace(sound(), lines={}, source="", initial="nowhere"), VOCABULARY)
    assert [(one.file, one.line, one.code) for one in found] == [("condolence", None, "unknown_state")]


def test_proving_a_workflow_of_twenty_five_auditors_looks_at_each_arrow_and_not_at_their_combinations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    closure = check_graph._closure

    def counting(start: Iterable[str], arrows: list[tuple[str, str]]) -> set[str]:
        looked.append(len(arrows))
        return closure(start, arrows)

    monkeypatch.setattr(check_graph, "_closure", counting)
    base = sound()
    many = tuple(replace(one, quorums=(Quorum(25),)) if one.name == "approve" else one for one in base.actions)
    assert check(base, VOCABULARY) == []
    for_two = sum(looked)
    looked.clear()
    assert check(replace(base, actions=many), VOCABULARY) == []
    assert 0 < sum(looked) == for_two


def test_a_draft_that_is_approved_at_once_needs_a_bar_only_for_who_filled_it_in() -> None:
    one_is_enough = spoilt("{need: 2, when", "{need: 1, when")
    text = spoilt(
        "actions:\n",
        "actions:\n" + action("wave_through", "draft>audited", "    bars: [opener]\n    by: {offices: [chair]}\n"),
        one_is_enough,
    )
    assert check(load_definition(text, TITLES), VOCABULARY) == []
