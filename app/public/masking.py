"""What of a person's particulars the public page still shows: enough to recognise an item, too little to find a person."""

from __future__ import annotations

import re
from collections.abc import Collection

_FIRM = re.compile(
    r"公司|集团|商行|商店|超市|商场|[店厂社行部所馆院局站场厅会校]$|酒店|饭店|宾馆|中心|学校|医院|工会|协会|合作社|经营部|服务部"
    r"|\b(?:Ltd|Limited|Inc|Co|Company|LLC|Shop|Store|School|Hospital|Hotel|Centre|Center|Union)\b",
    re.IGNORECASE,
)
_PARTICULARS = re.compile(
    r"(?<!\d)(?:"
    r"\d{17}[\dXx]"  # identity number
    r"|\d{15}|\d{16,19}"  # old identity number, bank card
    r"|1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # mobile phone
    r"|\d{4} \d{4} \d{4} \d{4}(?: \d{1,3})?"  # bank card as it is printed
    r")(?!\d)"
)

_BETWEEN_NAMES = re.compile(r"[、，,；;/\s]+|等.{0,3}[人名位户]?$")


def masked_name(text: str) -> str:
    """王** for a person, 河边** for a firm. Never the length, and never a person's given name.

    Source: ux S11: names on 公开栏 are masked.
    """
    name = text.strip()
    return f"{name[: 2 if _FIRM.search(name) else 1]}**"


def names_in(text: str) -> set[str]:
    """The single names in a field that may hold several: 王小明、李四等三人."""
    return {part for part in _BETWEEN_NAMES.split(text) if len(part) > 1}


def cleaned(text: str, names: Collection[str]) -> str:
    """Typed text with phone, identity and bank card numbers cut short, and with these names masked wherever they stand.

    慰问住院会员王小明 would tell everyone what 王** beside it keeps back.
    """
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, masked_name(name))
    return _PARTICULARS.sub(lambda found: f"{found.group()[:3]}****", text)
