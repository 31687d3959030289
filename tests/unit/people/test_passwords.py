"""Which passwords are refused, and that comparing never cuts off, folds, or tells an unknown user from a known one."""

from __future__ import annotations

import re

import pytest
from argon2 import PasswordHasher

from app.foundation.errors import Invalid
from app.people.passwords import Passwords, faults, one_time_password
from tests.fixtures.unions import PASSWORDS

CONTEXT = ("linwan", "溪口镇工会")


@pytest.mark.parametrize(
    ("password", "hint"),
    [
        ("short-one", "10 characters"),
        ("x1" * 101, "200"),
        ("工会1234567890", "工会"),
        ("溪口镇工会的密码是什么", "溪口镇工会"),
        ("i-am-LinWan-indeed", "linwan"),
        ("Gongkai-2026-spring", "gongkai"),
        ("1234567890", "guess"),
        ("Qwertyuiop", "guess"),
        ("aaaaaaaaaaaaaa", "guess"),
        ("ababababababab", "guess"),
        ("WOAINI1314520", "guess"),
        ("3456789012", "guess"),
    ],
)
def test_a_guessable_password_is_refused_with_the_reason(password: str, hint: str) -> None:
    assert any(hint in fault.en for fault in faults(password, CONTEXT))


@pytest.mark.parametrize(
    "password", ["a walk along the canal", "春天我们一起去爬后山看杜鹃花", "x7!-mK2 _vQ9", "9f3k 2m8w 7t1q"]
)
def test_a_sentence_is_accepted_without_rules_on_its_composition(password: str) -> None:
    assert faults(password, CONTEXT) == []


def test_every_reason_is_given_at_once_under_the_field() -> None:
    with pytest.raises(Invalid) as refused:
        PASSWORDS.accept("工会", (), "new")
    assert len(refused.value.faults["new"]) == 3


def test_a_long_passphrase_counts_to_its_last_character_and_its_case() -> None:
    phrase = "清晨的码头 and a very long walk " * 4
    kept = PASSWORDS.hash(phrase)
    assert PASSWORDS.matches(kept, phrase)
    assert not PASSWORDS.matches(kept, phrase[:-1] + "!")
    assert not PASSWORDS.matches(kept, phrase.swapcase())


def test_keyboards_that_compose_accents_differently_type_the_same_password() -> None:
    assert PASSWORDS.matches(PASSWORDS.hash("cafe\u0301 am Kanal"), "caf\u00e9 am Kanal")


def test_an_unknown_user_costs_the_same_work_and_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, kept: str, password: str) -> object:
        compared.append(kept)
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    assert not PASSWORDS.matches(None, "whatever it may be")
    assert len(compared) == 1
    assert _cost(compared[0]) == _cost(PASSWORDS.hash("another one here"))


def test_in_use_a_hash_costs_64_mib_and_three_passes() -> None:
    assert _cost(Passwords().hash("a walk along the canal")) == "m=65536,t=3,p=4"


def test_one_time_passwords_are_accepted_and_differ() -> None:
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert all(faults(password, CONTEXT) == [] for password in made)


def _cost(kept: str) -> str:
    found = re.search(r"m=\d+,t=\d+,p=\d+", kept)
    assert found
    return found.group()
