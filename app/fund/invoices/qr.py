"""The QR code on a VAT invoice: ``01,type,code,number,amount,yyyymmdd,check code,CRC``.

Source: the layout was confirmed on public sample invoices; on a 数电票 the amount includes tax, on older ones it does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from app.fund.invoices.facts import InvoiceReading, amount_of, day_of

_TEXT = re.compile(
    r"(01,([0-9]{2}),([0-9]{10}|[0-9]{12}|),([0-9]{8}|[0-9]{20}),(-?[0-9.]{1,15}|),([0-9]{8}|),([0-9]{0,20}),)([0-9A-Fa-f]{4})?,?\s*\Z"
)
_KINDS = {"01": "vat_special", "08": "vat_special", "31": "digital_special", "32": "digital_ordinary"}
_POLYNOMIAL = 0x8005


@dataclass(frozen=True)
class QrCode:
    """One decoded invoice code."""

    kind: str
    code: str | None
    number: str
    amount_fen: int | None
    """Includes tax when ``digital``, else not."""
    date: date | None
    checksum_ok: bool

    @property
    def digital(self) -> bool:
        """Whether it belongs to a 数电票 (20 digits, no code)."""
        return len(self.number) == 20

    def as_reading(self) -> InvoiceReading:
        """What the code alone tells."""
        return InvoiceReading(
            number=self.number,
            code=self.code,
            date=self.date,
            amount_total_fen=self.amount_fen if self.digital else None,
            amount_ex_tax_fen=None if self.digital else self.amount_fen,
            kind=self.kind,
        )

    def agrees_with(self, reading: InvoiceReading) -> bool:
        """Whether number, code, day and amount are the ones read elsewhere, as far as both are known."""
        amount = reading.amount_total_fen if self.digital else reading.amount_ex_tax_fen
        pairs = (
            (self.number, reading.number),
            (self.code, reading.code),
            (self.date, reading.date),
            (self.amount_fen, amount),
        )
        return all(ours == theirs for ours, theirs in pairs if ours is not None and theirs is not None)


def checksum(text: str) -> str:
    """CRC-16 (polynomial 0x8005, start 0, most significant bit first) of everything up to the comma before it, as 4 hex."""
    register = 0
    for byte in text.encode("utf-8"):
        register ^= byte << 8
        for _ in range(8):
            register = ((register << 1) ^ _POLYNOMIAL if register & 0x8000 else register << 1) & 0xFFFF
    return f"{register:04X}"


def text_of(kind: str, code: str, number: str, amount: str, day: date, *, check_code: str = "") -> str:
    """The text of an invoice's code, checksum included; ``kind`` is the two-digit type, ``amount`` in yuan."""
    body = f"01,{kind},{code},{number},{amount},{day:%Y%m%d},{check_code},"
    return f"{body}{checksum(body)},"


def parse(text: str) -> QrCode | None:
    """Read a decoded text; None when it is not an invoice's."""
    match = _TEXT.match(text)
    if not match:
        return None
    body, kind, code, number, amount, day, _, crc = match.groups()
    if bool(code) == (len(number) == 20):
        return None
    fallback = "vat_ordinary" if code else "digital_ordinary"
    return QrCode(
        kind=_KINDS.get(kind, fallback),
        code=code or None,
        number=number,
        amount_fen=amount_of(amount),
        date=day_of(day),
        checksum_ok=bool(crc) and crc.upper() == checksum(body),
    )
