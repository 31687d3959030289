"""Kinds of notices: sentences that a member understands, in both languages, and what may be added."""

from __future__ import annotations

import re

import pytest

from app.notices.kinds import PAID, RETURNED, SHIPPED, YOUR_TURN, Kind, Kinds
from app.wording import Text

FIGURES = {
    "last_day": Text("5月8日", "8 May"),
    "case": Text("GH-2026-0042 五一歌咏比赛用品，1,280.00 元", "GH-2026-0042 五一歌咏比赛用品, 1,280.00 yuan"),
    "by": Text("江一鸣", "江一鸣"),
    "step": Text("审批", "decide"),
    "state": Text("经审通过", "Passed by the auditors"),
}


def test_your_turn_says_what_to_do_on_what_and_for_how_much() -> None:
    said = Kinds().sentence(YOUR_TURN, FIGURES)
    assert said.zh == "轮到您审批：GH-2026-0042 五一歌咏比赛用品，1,280.00 元"
    assert said.en == "Your turn to decide: GH-2026-0042 五一歌咏比赛用品, 1,280.00 yuan"


def test_sent_back_says_by_whom() -> None:
    assert Kinds().sentence(RETURNED, FIGURES).zh.startswith("江一鸣退回，请修改后重新提交：")


@pytest.mark.parametrize("kind", SHIPPED, ids=lambda kind: kind.name)
def test_both_languages_say_the_same_things(kind: Kind) -> None:
    named = [sorted(re.findall(r"{(\w+)}", sentence)) for sentence in kind.sentence]
    assert named[0] == named[1]
    assert set(named[0]) <= set(FIGURES)
    assert Kinds().sentence(kind.name, FIGURES)


def test_your_turn_returned_and_paid_are_urgent() -> None:
    kinds = Kinds()
    assert all(kinds.is_urgent(name) for name in (YOUR_TURN, RETURNED, PAID))
    assert not kinds.is_urgent("published")


def test_a_title_with_braces_is_shown_as_it_is() -> None:
    said = Kinds().sentence(PAID, {"case": Text("{by.__class__} {{7*7}} %s", "{0}")})
    assert said == Text("已付款：{by.__class__} {{7*7}} %s", "Paid: {0}")


def test_a_feature_adds_a_kind_and_says_which_effect_it_tells_of() -> None:
    kinds = Kinds()
    kinds.add(Kind("visited", Text("走访", "Visit"), Text("已走访：{case}", "Visited: {case}")))
    kinds.tell_of("care.visit", "visited")
    assert kinds.by_effect["care.visit"] == "visited"
    with pytest.raises(ValueError, match="visited"):
        kinds.add(Kind("visited", Text("走访", "Visit"), Text("再访", "Again")))
    with pytest.raises(KeyError):
        kinds.tell_of("care.visit", "no such kind")
