"""The canonical form: one text for one meaning."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trail.canonical import LARGEST_INT, canonical, is_canonical, parse
from app.trail.verifier import verify

VECTORS = [
    ({"b": 1, "a": [True, False, None]}, b'{"a":[true,false,null],"b":1}'),
    ({}, b"{}"),
    ([], b"[]"),
    ("", b'""'),
    (-(2**53 - 1), b"-9007199254740991"),
    ({"事由": "春季登山", "Z": 0, "a": 0, "中": 0}, '{"Z":0,"a":0,"中":0,"事由":"春季登山"}'.encode()),
    ('"\\/\b\f\n\r\t\x00\x1f\x7f', b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
    ({"\U0001f600": 1, "\uff5e": 2}, '{"\uff5e":2,"\U0001f600":1}'.encode()),
    ("e\u0301", b'"\xc3\xa9"'),
    ({"e\u0301": "\u212b"}, '{"\u00e9":"\u00c5"}'.encode()),
    ((1, (2,)), b"[1,[2]]"),
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INT, LARGEST_INT) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Office(StrEnum):
    CHAIR = "chair"


@pytest.mark.parametrize(("value", "expected"), VECTORS)
def test_the_canonical_bytes_are_fixed_for_good(value: object, expected: bytes) -> None:
    assert canonical(value) == expected
    assert is_canonical(expected)
    assert canonical(verify.parse_canonical(expected)) == expected


def test_an_office_is_written_as_its_word() -> None:
    assert canonical({"office": Office.CHAIR}) == b'{"office":"chair"}'


@pytest.mark.parametrize(
    "value", [1.0, Decimal(1), b"bytes", date(2026, 1, 1), {1: 2}, {None: 1}, {"a": {1, 2}}, object(), float("nan")]
)
def test_a_float_and_other_types_have_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError):
        canonical({"value": value} if not isinstance(value, dict) else value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(2**53, "beyond"), (-(2**53), "beyond"), ("\ud800", "surrogates"), ({"e\u0301": 1, "\u00e9": 2}, "two keys")],
)
def test_what_other_readers_could_misread_is_refused(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        canonical(value)


def test_what_is_nested_beyond_reason_is_refused() -> None:
    value: object = 1
    for _ in range(70):
        value = [value]
    with pytest.raises(ValueError, match="nested"):
        canonical(value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1} ',
        b' {"a":1}',
        b'{"a":1}{"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":01}',
        b"9007199254740992",
        b"-9007199254740992",
        b"9" * 5000,
        b"NaN",
        b"-Infinity",
        b'"\\u00e9"',
        b'"\\/"',
        b'"\\ud800"',
        b'"e\xcc\x81"',
        b'"\xed\xa0\x80"',
        b"\xff",
        b"",
        b"[" * 100_000,
        b'\xef\xbb\xbf{"a":1}',
        b"{'a':1}",
        b"null\n",
    ],
)
def test_any_other_way_to_write_it_is_not_canonical(body: bytes) -> None:
    assert not is_canonical(body)
    with pytest.raises(verify.Refused):
        verify.parse_canonical(body)


@given(JSON)
def test_whatever_is_written_is_canonical_and_reads_back(value: object) -> None:
    try:
        body = canonical(value)
    except ValueError:
        return  # two keys became one in NFC
    assert parse(body) == verify.parse_canonical(body) == json.loads(body)
    assert canonical(parse(body)) == body


@given(JSON, st.data())
def test_product_and_verifier_agree_on_what_is_canonical(value: object, data: st.DataObject) -> None:
    try:
        body = bytearray(canonical(value))
    except ValueError:
        return
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        verify.parse_canonical(bytes(body))
        found = True
    except verify.Refused:
        found = False
    assert found == is_canonical(bytes(body))
