"""Reading definitions: what is not plain is refused with its line, and what is read is frozen and has one form."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.engine.checks import check
from app.engine.definition import AllOf, Branch, Compare, FieldType, Phase, Quorum, Setting, Use
from app.engine.loading import (
    DefinitionError,
    definition_from_canonical,
    load_catalogue,
    load_definition,
    load_yaml,
)
from tests.unit.engine.corpus import NO_DEFINITIONS, SHAPES
from tests.unit.engine.workbench import (
    LOADING,
    NO_WORKFLOWS,
    SOUND,
    TITLES,
    VOCABULARY,
    WORKFLOWS,
    line_of,
    shipped,
    sound,
    spoilt,
)


def problems_of(text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(DefinitionError) as caught:
        load_definition(text, TITLES, "condolence.yaml")
    assert all(one.file == "condolence.yaml" for one in caught.value.problems)
    return [(one.code, one.line) for one in caught.value.problems]


@pytest.mark.parametrize(("code", "old", "new", "at"), SHAPES, ids=[f"{one[0]}-{n}" for n, one in enumerate(SHAPES)])
def test_a_fault_of_writing_is_named_with_its_code_and_line(code: str, old: str, new: str, at: str) -> None:
    text = spoilt(old, new)
    found = problems_of(text)
    assert code in [one for one, _ in found]
    if code != "bad_yaml":
        assert (code, line_of(text, at)) in found


def test_all_problems_of_a_file_are_named_at_once_in_the_order_of_its_lines() -> None:
    text = spoilt("number: WW", "nummer: WW").replace("batch: true", "batch: ja").replace("tone: caution", "tone: loud")
    found = problems_of(text)
    assert [code for code, _ in found] == ["missing", "unknown_key", "not_one_of", "not_a_flag"]
    assert [line for _, line in found] == sorted(line or 0 for _, line in found)


def test_problems_print_with_file_line_code_and_both_languages() -> None:
    with pytest.raises(DefinitionError) as caught:
        load_definition(spoilt("new_round: true", "new_rounds: true"), TITLES, "condolence.yaml")
    line = line_of(SOUND, "new_round: true")
    assert f"condolence.yaml:{line} [unknown_key] 不认识“new_rounds”。是不是想写“new_round”？" in str(caught.value)
    assert "“new_rounds” is not known here. Did you mean “new_round”?" in str(caught.value)
    assert caught.value.in_("en").startswith(f"condolence.yaml:{line} [unknown_key] “new_rounds”")


@pytest.mark.parametrize(("text", "code"), NO_DEFINITIONS)
def test_what_is_no_definition_at_all_is_refused(text: str, code: str) -> None:
    assert code in [one for one, _ in problems_of(text)]


def test_half_a_definition_or_a_spoilt_one_never_ends_in_another_error() -> None:
    dice = random.Random(20260401)
    for cut in range(0, SOUND.index("actions:"), 37):
        with pytest.raises(DefinitionError):
            load_definition(SOUND[:cut], TITLES)
    for _ in range(300):
        place = dice.randrange(len(SOUND))
        text = SOUND[:place] + dice.choice("{}[]:,&*!|>'\"%@`#- \n\t0x") + SOUND[place + dice.randrange(4) :]
        try:
            check(load_definition(text, TITLES), VOCABULARY)
        except DefinitionError as error:
            assert error.problems  # noqa: PT017 - some of these texts are still sound


def test_a_file_that_is_missing_or_not_utf8_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("workflow: café".encode("latin-1"))
    for name in ("nowhere.yaml", "latin.yaml", "."):
        with pytest.raises(DefinitionError) as caught:
            load_definition(tmp_path / name, TITLES)
        assert [one.code for one in caught.value.problems] == ["unreadable"]


def test_a_file_is_read_like_its_text_and_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "condolence.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SOUND.encode())
    definition = load_definition(path, TITLES)
    assert definition.hash == sound().hash
    assert definition.source == "condolence.yaml"


def test_a_definition_says_what_its_file_says() -> None:
    definition = sound()
    assert definition.title == ("慰问", "Condolence")
    assert [one.name for one in definition.states][:3] == ["draft", "submitted", "with_chair"]
    assert definition.state("with_chair").phase is Phase.AUDITED
    assert definition.field("amount_fen").sum_of == ("lines", "amount_fen")
    assert definition.field("lines").columns[1].type is FieldType.MONEY
    assert definition.field("kind").choices[0] == ("illness", ("生病", "Illness"))
    submit, approve = definition.action("submit"), definition.action("approve")
    assert submit is not None
    assert approve is not None
    assert submit.branches == (Branch("submitted"),)
    assert submit.require == (Use("desk.complete"), Use("desk.at_most_days", (("days", 30),)))
    assert approve.quorums[0] == Quorum(1, Compare("amount_fen", "at_most", 500_000))
    assert approve.branches[0] == Branch("with_chair", Compare("setting.chair_approves", "is", right=True))
    assert dict(definition.office_titles)["treasurer"] == TITLES["treasurer"]


def test_several_operands_in_one_condition_must_all_hold() -> None:
    text = spoilt(
        "{amount_fen: {at_most: 500000}}",
        "{amount_fen: {above: 1, at_most: {setting: two_auditor_limit_fen}}, urgent: {is: true}}",
    )
    action = load_definition(text, TITLES).action("approve")
    assert action is not None
    limit = Setting("two_auditor_limit_fen")
    within = AllOf((Compare("amount_fen", "above", 1), Compare("amount_fen", "at_most", limit)))
    assert action.quorums[0].when == AllOf((within, Compare("urgent", "is", right=True)))


def test_a_definition_cannot_be_changed() -> None:
    definition = sound()
    with pytest.raises(FrozenInstanceError):
        definition.states[0].phase = Phase.ENDED  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        definition.name = "other"  # type: ignore[misc]


def test_the_hash_is_that_of_the_canonical_bytes() -> None:
    definition = sound()
    assert definition.hash == hashlib.sha256(definition.canonical).hexdigest()
    document = json.loads(definition.canonical)
    assert (
        definition.canonical == json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    )
    approve = document["actions"]["approve"]
    assert approve["from"] == ["submitted"]
    assert approve["to"][1] == {"state": "audited", "when": {"setting.chair_approves": {"is": False}}}
    assert approve["approvals"][0] == {"need": 1, "when": {"amount_fen": {"at_most": 500_000}}}
    assert document["actions"]["reject"]["to"] == [{"state": "rejected", "when": None}]
    assert document["actions"]["reject"]["approvals"] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    batch: true\n", "    batch: true\n    new_round: false\n"),
        ("    to: rejected\n", "    to: [{state: rejected}]\n"),
        ("workflow: condolence", "# A comment.\nworkflow:   'condolence'"),
        ("number: WW\nyear_of: visited_on", "year_of: visited_on\nnumber: WW"),
    ],
)
def test_the_hash_does_not_change_with_the_way_of_writing(old: str, new: str) -> None:
    assert load_definition(spoilt(old, new), TITLES).hash == sound().hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{zh: 慰问, en: C", "{zh: 慰问金, en: C"),
        ("at_most: 50}", "at_most: 51}"),
        ("{above: 500000}", "{above: 500001}"),
        ("bars: [submitter, visitor]", "bars: [submitter]"),
        ("{days: 30}", "{days: 31}"),
        (
            "      illness: {zh: 生病, en: Illness}\n      wedding: {zh: 结婚, en: Wedding}\n",
            "      wedding: {zh: 结婚, en: Wedding}\n      illness: {zh: 生病, en: Illness}\n",
        ),
        ("    comment: required\n    new_round", "    new_round"),
        ("or_all_members: true", "or_all_members: false"),
        ("publish: masked", "publish: no"),
    ],
)
def test_the_hash_changes_with_anything_that_decides_or_is_shown(old: str, new: str) -> None:
    assert load_definition(spoilt(old, new), TITLES).hash != sound().hash


def test_a_stored_definition_comes_back_whole() -> None:
    for definition in [sound(), *shipped().values()]:
        again = definition_from_canonical(definition.canonical, {})
        parts = ("name", "title", "states", "fields", "sides", "actions", "open", "visible_to", "summary", "hash")
        assert [getattr(again, part) for part in parts] == [getattr(definition, part) for part in parts]
        assert again.canonical == definition.canonical


def changed(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def test_stored_bytes_in_any_other_form_are_refused() -> None:
    stored = sound().canonical
    document = json.loads(stored)
    spoilt_ones = [
        b"",
        b"[]",
        b"\xff",
        stored + b" ",
        stored.replace(b'"number":"WW"', b'"number": "WW"'),
        stored.replace(b'"number":"WW"', b'"number":"WW","number":"WW"'),
        stored.replace(b'"at_least":1', b'"at_least":1.0'),
        changed({**document, "language": 2}),
        changed({**document, "more": 1}),
        changed({**document, "order": {**document["order"], "states": ["draft"]}}),
        changed({**document, "order": {**document["order"], "fields.none.columns": []}}),
        changed({key: value for key, value in document.items() if key != "order"}),
        changed({**document, "states": 5}),
        b'{"language":1,"order":{},"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ]
    for one in spoilt_ones:
        with pytest.raises(DefinitionError):
            definition_from_canonical(one, TITLES)


def test_the_shipped_catalogue_has_each_workflow_under_its_name() -> None:
    files = {path.stem for path in WORKFLOWS.glob("*.yaml")} - NO_WORKFLOWS
    assert {name: one.source for name, one in shipped().items()} == {name: f"{name}.yaml" for name in files}


def catalogue_codes(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        load_catalogue(folder, TITLES)
    return [(one.file, one.code) for one in caught.value.problems]


def test_a_catalogue_refuses_a_name_or_a_number_prefix_used_twice(tmp_path: Path) -> None:
    alone = spoilt("  task: {type: case, workflow: task,", "  task: {type: case, workflow: condolence,")
    (tmp_path / "a.yaml").write_text(alone)
    (tmp_path / "b.yaml").write_text(alone)
    (tmp_path / "offices.yaml").write_text("offices: {}\n")
    assert catalogue_codes(tmp_path) == [("b.yaml", "name_taken"), ("b.yaml", "number_taken")]


def test_a_catalogue_refuses_a_link_to_a_workflow_it_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SOUND)
    assert catalogue_codes(tmp_path) == [("a.yaml", "unknown_workflow")]


def test_a_catalogue_names_the_problems_of_all_files_and_passes_over_none_that_looks_like_a_workflow(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.yaml").write_text(SOUND.replace("number: WW", "number: [WW"))
    (tmp_path / "b.yaml").write_text(SOUND.replace("workflow: condolence", "workflw: condolence"))
    assert {one for one, _ in catalogue_codes(tmp_path)} == {"a.yaml", "b.yaml"}


def test_other_data_is_read_as_strictly_and_keys_are_always_text(tmp_path: Path) -> None:
    path = tmp_path / "chart.yaml"
    path.write_text("from: 2026-01-01\n4010: {on: yes, 2026-05-01: true, none: null, n: -3, text: '007'}\n")
    assert load_yaml(path) == {
        "from": date(2026, 1, 1),
        "4010": {"on": "yes", "2026-05-01": True, "none": None, "n": -3, "text": "007"},
    }
    path.write_text("- a\n")
    with pytest.raises(DefinitionError):
        load_yaml(path)
    path.write_text("rate: 0.4\n")
    with pytest.raises(DefinitionError):
        load_yaml(path)


def test_text_is_kept_in_one_unicode_form() -> None:
    composed, taken_apart = "caf\u00e9", "cafe\u0301"
    first = load_definition(spoilt("en: Condolence", f"en: {composed}"), TITLES)
    second = load_definition(spoilt("en: Condolence", f"en: {taken_apart}"), TITLES)
    assert first.hash == second.hash


def test_every_code_of_loading_has_a_planted_fault() -> None:
    elsewhere = {"unreadable", "not_canonical", "name_taken", "number_taken", "unknown_workflow"}
    assert {one[0] for one in SHAPES} | {code for _, code in NO_DEFINITIONS} | elsewhere == LOADING
