"""A definition written out as a file reads back as the same definition."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.comparing import changes
from app.engine.definition import Definition
from app.engine.loading import load_catalogue, load_definition
from app.engine.writing import as_yaml, document_as_yaml, plain_document
from app.wording import Text
from tests.fixtures.unions import BOOK
from tests.unit.engine.verbs import verbs
from tests.unit.engine.workbench import TITLES

SHIPPED = load_catalogue(Path(__file__).resolve().parents[3] / "workflows", BOOK.titles())


@pytest.mark.parametrize("definition", SHIPPED.values(), ids=SHIPPED)
def test_every_shipped_workflow_comes_back_with_the_same_hash(definition: Definition) -> None:
    again = load_definition(as_yaml(definition), BOOK.titles())
    assert again.hash == definition.hash
    assert changes(definition, again) == []
    assert as_yaml(again) == as_yaml(definition)


def test_every_verb_of_the_language_comes_back() -> None:
    assert load_definition(as_yaml(verbs()), TITLES).hash == verbs().hash


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn")), min_size=1, max_size=40).filter(
    lambda word: bool(word.strip()) and word == unicodedata.normalize("NFC", word)
)


@given(WORDS, WORDS)
def test_no_title_is_lost_or_taken_for_something_else(zh: str, en: str) -> None:
    claim = SHIPPED["expense_claim"]
    document = plain_document(claim)
    document["title"] = {"zh": zh, "en": en}
    assert load_definition(document_as_yaml(document), {}).title == Text(zh, en)


@pytest.mark.parametrize(
    "word", ["yes", "null", "1e5", "0o17", "0x1f", "2026-01-01", "1:20:30", "- a", "# no", "a: b", "~", "'", '"', "\\n"]
)
def test_words_that_look_like_something_else_stay_words(word: str) -> None:
    document = plain_document(SHIPPED["expense_claim"])
    document["title"] = {"zh": word, "en": word}
    assert load_definition(document_as_yaml(document), {}).title == Text(word, word)


def sentences(*pairs: tuple[str, str]) -> list[str]:
    """What the claim's workflow with these replacements changes, in Chinese."""
    claim = SHIPPED["expense_claim"]
    text = as_yaml(claim)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return [one.zh for one in changes(claim, load_definition(text, BOOK.titles()))]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("need: 2", "need: 3"), "超过本会限额的 2 人 → 不超过本会限额的 1 人；超过本会限额的 3 人"),
        (("[cashier]}", "[cashier, accountant]}"), "“登记付款”：由谁办改了，出纳 → 出纳、会计。"),
        (("zh: 收款人,", "zh: 领款人,"), "字段“收款人”改称“领款人”。"),
        (("number: GH", "number: BX"), "编号字头改了：GH → BX。"),
        (("open: {offices: [treasurer]}", "open: {offices: [treasurer, accountant]}"), "谁可以新建改了"),
        (("zh: 已公布,", "zh: 已上墙,"), "状态“已公布”改称“已上墙”。"),
        (("    comment: required\n", ""), "是否必须写意见改了"),
        (("handler, acceptor, payee", "acceptor, payee"), "不再回避经办人"),
    ],
)
def test_each_change_is_a_sentence(pair: tuple[str, str], said: str) -> None:
    assert said in "".join(sentences(pair))


def test_a_workflow_that_was_not_there_is_called_new() -> None:
    assert changes(None, SHIPPED["task"])[0].zh.startswith("新流程")


def test_whatever_differs_is_told() -> None:
    """The sentences are complete: two definitions with different hashes never compare as the same."""
    for name, one in SHIPPED.items():
        for other in SHIPPED.values():
            if other.name != name:
                assert changes(one, replace(other, name=name))
