"""What is known of one invoice, and the one identity under which it is used once."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from app.foundation.errors import AppError
from app.foundation.money import LARGEST, Fen

_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2})0*)?\Z")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\Z")
_DATE = re.compile(r"([0-9]{4})\s*[-/.年]?\s*([0-9]{1,2})\s*[-/.月]?\s*([0-9]{1,2})(?![0-9])")
_EXEMPT = re.compile(r"\*{2,}|免税|不征税")
_LONGEST_KEY = 40


class InvoiceNumberUnclear(AppError):
    """发票号码填写有误，请照票面填写数字或字母。

    The invoice number is not right. Enter the digits or letters printed on the invoice.
    """

    status = 422
    code = "invoice_number_unclear"


@dataclass(frozen=True)
class InvoiceReading:
    """One invoice as read. Money in fen, ``date`` the day of issue, None where unknown.

    ``kind`` is a key of ``wordings.KINDS``, ``warnings`` of ``WARNINGS``, ``reject`` of ``REJECTS`` (None: usable).
    ``red_letter_of`` is the number of the blue invoice that this red letter cancels, when it says so.
    """

    number: str | None = None
    code: str | None = None
    date: date | None = None
    amount_total_fen: int | None = None
    amount_ex_tax_fen: int | None = None
    tax_fen: int | None = None
    seller: str | None = None
    seller_tax_id: str | None = None
    buyer: str | None = None
    buyer_tax_id: str | None = None
    kind: str = "unknown"
    red_letter_of: str | None = None
    warnings: tuple[str, ...] = ()
    reject: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as plain JSON: the date in ISO form, warnings as a list."""
        return asdict(self) | {"date": self.date.isoformat() if self.date else None, "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> InvoiceReading:
        """Back from ``as_dict``."""
        day = date.fromisoformat(plain["date"]) if plain["date"] else None
        return cls(**(plain | {"date": day, "warnings": tuple(plain["warnings"])}))

    def warned(self, *codes: str) -> InvoiceReading:
        """The same with more warnings, each at most once."""
        return replace(self, warnings=tuple(dict.fromkeys(self.warnings + codes)))

    @property
    def key(self) -> str | None:
        """``invoice_key`` of this invoice, or None when it has no number."""
        return invoice_key(self.number, self.code) if self.number else None


def rejected(reason: str) -> InvoiceReading:
    """A reading that says only why there is none."""
    return InvoiceReading(reject=reason)


def invoice_key(number: str, code: str | None = None) -> str:
    """The identity under which an invoice is used once, whoever types it and however.

    A 数电票 is its 20 digits (a code typed beside it is ignored); an older invoice is code followed by number.
    Full-width characters, spaces, hyphens and invisible characters make no difference.

    Raises:
        InvoiceNumberUnclear: nothing is left, or something other than letters and digits is.
    """
    digits, prefix = _identity_part(number), _identity_part(code or "")
    key = digits if len(digits) >= 18 else prefix + digits
    if not digits or len(key) > _LONGEST_KEY or not re.fullmatch(r"[0-9A-Z]+", key):
        raise InvoiceNumberUnclear
    return key


def plain_text(text: str) -> str:
    """Full-width forms made ordinary, invisible characters dropped, runs of blanks made one space."""
    shown = "".join(
        c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join(shown.split())


def amount_of(text: str) -> Fen | None:
    """An amount as invoices print it (``¥1,286.00``, ``-5``, ``0.500000``), exactly; None for anything else.

    None too for NaN, exponents, a third decimal that matters, and amounts out of bounds.
    """
    cleaned = re.sub(r"[\s¥元]|CNY|RMB", "", plain_text(text).replace("−", "-"))
    if "," in cleaned:
        if not _GROUPED.match(cleaned):
            return None
        cleaned = cleaned.replace(",", "")
    match = _AMOUNT.match(cleaned)
    if not match:
        return None
    sign, whole, decimals = match.groups()
    fen = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
    return Fen(-fen if sign else fen) if fen < LARGEST else None


def is_exempt(text: str) -> bool:
    """Whether a tax column says that no tax is charged (``***``, 免税, 不征税)."""
    return bool(_EXEMPT.search(plain_text(text)))


def day_of(text: str) -> date | None:
    """The day in ``2026年03月05日``, ``2026-03-05 10:11:12`` or ``20260305``; None when there is no such day."""
    match = _DATE.match(plain_text(text))
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def number_of(text: str) -> str | None:
    """A document number without blanks and hyphens; None unless it is 4 to 30 letters or digits."""
    number = _identity_part(text)
    return number if re.fullmatch(r"[0-9A-Z]{4,30}", number) else None


def name_of(text: str) -> str | None:
    """A party's name on one line, at most 200 characters; None when empty."""
    return plain_text(text).strip(" :")[:200] or None


def _identity_part(text: str) -> str:
    return re.sub(r"[\s\-‐-―_]", "", plain_text(text)).upper()
