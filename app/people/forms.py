"""What browsers' forms of this feature send, made into what the strict schemas take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from app.foundation.errors import Invalid
from app.foundation.money import parse_yuan
from app.wording import Text

BAD_AMOUNT = Text("金额应写作 5000 或 5000.00（元）。", "Write the amount as 5000 or 5000.00 (yuan).")
MISTYPED = Text("两次输入的新密码不一样。", "The new password was not typed the same twice.")
MOST_PEOPLE = 200
_COLUMNS = ("name", "username", "password")


@dataclass(slots=True)
class Typed:
    """Values for the schema, and what could not even be read, by path."""

    data: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, list[Text]] = field(default_factory=dict)

    def refuse_faults(self) -> None:
        """Stop here if something could not be read.

        Raises:
            Invalid: with all of it.
        """
        if self.faults:
            raise Invalid(self.faults)


def read_amount(typed: Typed, form: Mapping[str, str], path: str) -> None:
    """Yuan as typed under ``path`` become fen; an empty field is None."""
    raw = form.get(path, "").strip()
    try:
        typed.data[path] = parse_yuan(raw) if raw else None
    except ValueError:
        typed.faults[path] = [BAD_AMOUNT]


def read_setup(form: MultiDict[str, str]) -> Typed:
    """The first-run page; wholly empty rows of people are dropped."""
    typed = Typed()
    typed.data |= {name: form.get(name, "") for name in ("union_name", "place")}
    typed.data["chair_approves"] = form.get("chair_approves") == "1"
    typed.data["people"] = read_people(form)
    read_amount(typed, form, "two_auditors_above_fen")
    return typed


def read_people(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    """The rows ``people.<i>.<column>``; ``offices`` may be ticked more than once."""
    rows = []
    for at in row_numbers(form)[:MOST_PEOPLE]:
        row: dict[str, Any] = {name: form.get(f"people.{at}.{name}", "") for name in _COLUMNS}
        row["offices"] = form.getlist(f"people.{at}.offices")
        if any(row.values()):
            rows.append(row)
    return rows


def row_numbers(form: MultiDict[str, str]) -> list[int]:
    """The indexes of the rows that were sent, ascending; they may have gaps."""
    parts = {key.split(".")[1] for key in form if key.startswith("people.") and key.count(".") == 2}
    return sorted(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 5)


def without_row(form: MultiDict[str, str], removed: str | None) -> MultiDict[str, str]:
    """The form as if the row ``removed`` (``people.2``) had not been sent; the whole form when there is none."""
    kept = [(key, value) for key, value in form.items(multi=True) if not removed or not key.startswith(f"{removed}.")]
    return MultiDict(kept)


def refuse_mistyping(new: str, again: str) -> None:
    """A new password is typed twice because it is not shown.

    Raises:
        Invalid: they differ.
    """
    if new != again:
        raise Invalid({"again": [MISTYPED]})
