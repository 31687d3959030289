"""Whatever stands in the text, the editor answers with a page that says what is wrong, and never falls over."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from app.engine.writing import document_as_yaml, plain_document
from tests.fixtures.revising import CLAIM, in_force
from tests.fixtures.sites import Site
from tests.web.revising.conftest import browser, forms_of

ODD: tuple[Any, ...] = (None, [], {}, "x", 7, True, [[]], {"zh": 5}, [{}], "all", {"offices": "x"}, {"a": {"b": {}}})


def _places(part: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inner:
        yield (*way, key)
        yield from _places(value, (*way, key))


def mutants(document: dict[str, Any], dice: Random, count: int) -> Iterator[str]:
    """The document with one or two of its parts replaced by something odd, or taken out."""
    places = list(_places(document))
    for _ in range(count):
        changed = copy.deepcopy(document)
        for way in dice.sample(places, dice.choice((1, 1, 2))):
            holder: Any = changed
            for key in way[:-1]:
                holder = holder[key] if isinstance(holder, dict) and key in holder else None
            if isinstance(holder, dict) and way[-1] in holder:
                if dice.random() < 0.2:
                    del holder[way[-1]]
                else:
                    holder[way[-1]] = copy.deepcopy(dice.choice(ODD))
        yield document_as_yaml(changed)


def test_odd_texts_are_answered_with_their_problems(site: Site) -> None:
    page = browser(site, "chair")
    address = f"/settings/workflows/{CLAIM}/edit"
    page.open(address)
    csrf = dict(forms_of(page.page)[address])["csrf_token"]
    for text in mutants(plain_document(in_force(site)), Random(20261124), 120):
        answer = page.client.post(address, data={"csrf_token": csrf, "yaml": text, "then": "check"})
        assert answer.status_code == 200, text
        form = forms_of(answer.text).get("sentences")
        if form is not None:
            sent: dict[str, list[str]] = {}
            for name, value in form:
                sent.setdefault(name, []).append(value)
            again = page.client.post("/settings/workflows/look", data=sent)
            assert again.status_code == 200, text
