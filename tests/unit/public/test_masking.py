"""Names and numbers as the public page shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.public.masking import cleaned, masked_name, names_in


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王**"),
        ("欧阳小明", "欧**"),
        ("王小明、李四", "王**"),
        ("王明等三人", "王**"),
        ("  王小明 ", "王**"),
        ("Ada Example", "A**"),
        ("河边文具店", "河边**"),
        ("示例印务有限公司", "示例**"),
        ("Sample Prints Ltd", "Sa**"),
    ],
)
def test_a_person_keeps_one_character_and_a_firm_two(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(st.text(alphabet="赵钱孙李周吴郑王小明红", min_size=1, max_size=12))
def test_nobody_can_tell_how_long_a_persons_name_is(name: str) -> None:
    assert masked_name(name) == f"{name[0]}**"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("联系13800138000领取", "联系138****领取"),
        ("电话 138-0013-8000", "电话 138****"),
        ("电话 138 0013 8000。", "电话 138****。"),
        ("证号11010519491231002X", "证号110****"),
        ("证号110105491231002", "证号110****"),
        ("卡号6222020200112233445", "卡号622****"),
        ("卡号6222 0202 0011 2233 445", "卡号622****"),
    ],
)
def test_numbers_that_lead_to_a_person_are_cut(text: str, shown: str) -> None:
    assert cleaned(text, ()) == shown


@pytest.mark.parametrize("text", ["五一歌咏比赛用品", "2026年4月28日，38人参加", "GH-2026-0042", "共12345.67元", ""])
def test_ordinary_sentences_stay_as_they_are(text: str) -> None:
    assert cleaned(text, ()) == text


def test_a_name_that_is_kept_back_is_masked_in_the_sentence_beside_it() -> None:
    assert cleaned("慰问住院会员王小明（王小明本人签收）", {"王小明"}) == "慰问住院会员王**（王**本人签收）"


def test_several_names_in_one_field_are_each_a_name() -> None:
    assert names_in("王小明、李四，赵五等三人") == {"王小明", "李四", "赵五"}
