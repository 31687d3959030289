"""Every broken definition of the corpus is refused in the very words of ``corpus.txt``; none is there twice.

``python -m tests.unit.engine.test_corpus`` writes the file anew; read the difference before keeping it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine.checks import check
from app.engine.loading import DefinitionError, load_definition
from app.engine.problems import Problem
from tests.unit.engine.corpus import HOSTILE, MORE, NO_DEFINITIONS, PLANTED, PROVED, SHAPES, Broken
from tests.unit.engine.workbench import TITLES, VOCABULARY, spoilt

WORDS = Path(__file__).with_name("corpus.txt")
MOST = 12
"""How many sentences of one definition are kept; of the others the number."""
BY_THE_LIBRARY = {"bad_yaml"}
"""The parser's own words stand in these sentences; they change with its version, and only the code is compared."""


def corpus() -> Iterator[tuple[str, str, str]]:
    """(name, code, text) of every broken definition."""
    for place, (code, old, new, _) in enumerate(SHAPES):
        yield f"shape-{place}-{code}", code, spoilt(old, new)
    for place, (text, code) in enumerate(NO_DEFINITIONS):
        yield f"none-{place}-{code}", code, text
    for place, planted in enumerate(PLANTED):
        text = MORE.get(planted.code, str)(spoilt(planted.old, planted.new))
        yield f"planted-{place}-{planted.code}", planted.code, text
    for place, broken in enumerate(PROVED):
        yield f"proved-{place}-{broken.code}", broken.code, broken.text
    for name, code, changes in HOSTILE:
        yield f"hostile-{name}", code, Broken(code, "", changes).text


def refused(text: str) -> list[Problem]:
    """Everything that is wrong with it."""
    try:
        return check(load_definition(text, TITLES, "condolence.yaml"), VOCABULARY)
    except DefinitionError as error:
        return list(error.problems)


def told(name: str, text: str) -> str:
    """The paragraph of ``corpus.txt`` for one definition."""
    problems = refused(text)
    lines = [f"## {name}"]
    for one in problems[:MOST]:
        place = "" if one.line is None else f":{one.line}"
        lines.append(f"{place} [{one.code}] {'…' if one.code in BY_THE_LIBRARY else f'{one.text.zh} | {one.text.en}'}")
    return "\n".join([*lines, f"+ {len(problems) - MOST}"] if len(problems) > MOST else lines)


def paragraphs() -> dict[str, str]:
    """What ``corpus.txt`` says, by name."""
    parts = WORDS.read_text(encoding="utf-8").strip().split("\n\n")
    return {part.partition("\n")[0].removeprefix("## "): part for part in parts}


CASES = list(corpus())


@pytest.mark.parametrize(("name", "code", "text"), CASES, ids=[name for name, _, _ in CASES])
def test_a_broken_definition_is_refused_in_the_agreed_words(name: str, code: str, text: str) -> None:
    assert told(name, text) == paragraphs().get(name), "written anew by python -m tests.unit.engine.test_corpus"
    assert code in {one.code for one in refused(text)}


def test_no_definition_stands_in_the_corpus_twice_and_no_words_are_left_over() -> None:
    assert len({text for _, _, text in CASES}) == len(CASES) >= 60
    assert set(paragraphs()) == {name for name, _, _ in CASES}


if __name__ == "__main__":
    WORDS.write_text("\n\n".join(told(name, text) for name, _, text in CASES) + "\n", encoding="utf-8")
