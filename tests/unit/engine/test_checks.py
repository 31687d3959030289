"""The proof of definitions: the sound pass, and each fault is named with its code, its line and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from app.engine import check_graph, problems
from app.engine.checks import Vocabulary, check
from app.engine.definition import Quorum
from app.engine.loading import load_definition
from tests.unit.engine.corpus import APPROVALS, MORE, PLANTED, PROVED, Broken, Planted, action
from tests.unit.engine.workbench import DEADLINES, LOADING, TITLES, VOCABULARY, line_of, shipped, sound, spoilt


@pytest.mark.parametrize("planted", PLANTED, ids=[f"{one.code}-{n}" for n, one in enumerate(PLANTED)])
def test_a_planted_fault_is_named_with_its_code_and_line(planted: Planted) -> None:
    text = planted.old and spoilt(planted.old, planted.new)
    text = MORE.get(planted.code, str)(text)
    found = check(load_definition(text, TITLES, "condolence.yaml"), VOCABULARY)
    named = {(one.code, one.line) for one in found}
    assert (planted.code, line_of(text, planted.at)) in named, "\n".join(map(str, found))
    assert all(one.file == "condolence.yaml" for one in found)


@pytest.mark.parametrize("broken", PROVED, ids=[f"{one.code}-{n}" for n, one in enumerate(PROVED)])
def test_what_only_following_every_case_shows_is_named_with_its_code_and_line(broken: Broken) -> None:
    found = check(load_definition(broken.text, TITLES, "condolence.yaml"), VOCABULARY)
    named = {(one.code, one.line) for one in found}
    assert (broken.code, line_of(broken.text, broken.at)) in named, "\n".join(map(str, found))


def test_every_code_of_a_problem_has_a_planted_fault() -> None:
    assert {one.code for one in PLANTED} | {one.code for one in PROVED} | LOADING | DEADLINES == set(problems.codes())


def test_the_sound_workflow_has_no_problem() -> None:
    assert check(sound(), VOCABULARY) == []


def test_the_shipped_workflows_have_no_problem() -> None:
    definitions = shipped().values()
    vocabulary = Vocabulary(
        facts={
            use.name: {name: type(value) for name, value in use.parameters}
            for one in definitions
            for action in one.actions
            for use in action.require
        },
        effects={use.name: {} for one in definitions for action in one.actions for use in action.effects},
        settings={"chair_approves": bool, "two_auditor_limit_fen": int},
        offices=frozenset(name for one in definitions for name, _ in one.office_titles),
        repeatable=frozenset({"plan.write_task"}),
    )
    assert [str(problem) for one in definitions for problem in check(one, vocabulary)] == []
    assert definitions


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
