"""Does an invoice agree with itself: sum, capitals, codes, lengths; and with the other sources in the same file."""

from __future__ import annotations

import re
from dataclasses import replace

from app.foundation.money import in_capitals
from app.fund.invoices.facts import InvoiceReading, plain_text
from app.fund.invoices.qr import QrCode

_ROUNDING_FEN = 1
"""Lines are rounded one by one, so sums may be off by a fen."""
_TAX_ID_LENGTHS = range(15, 21)
_OTHER_CHARGES = ("air", "railway", "fiscal_receipt")
"""Kinds whose total holds more than amount plus tax."""
_FACTS = ("number", "code", "date", "amount_total_fen", "amount_ex_tax_fen", "tax_fen", "seller_tax_id", "buyer_tax_id")


def merged(readings: list[InvoiceReading]) -> InvoiceReading:
    """One reading from several of the same invoice, the most trusted first; the later ones fill gaps and are compared.

    Only the first one's warnings count: what a lesser source could not say is no fault of the file.
    """
    best, *others = readings
    for other in others:
        gaps = {
            name: getattr(other, name) for name in InvoiceReading.__dataclass_fields__ if getattr(best, name) is None
        }
        gaps.pop("reject")
        differs = any(_differ(getattr(best, fact), getattr(other, fact)) for fact in _FACTS)
        kind = other.kind if best.kind == "unknown" or _more_special(other.kind, best.kind) else best.kind
        best = replace(best, **gaps, kind=kind).warned(*(["sources_differ"] if differs else []))
        if "red_letter" in other.warnings:
            best = best.warned("red_letter")
    return best


def checked(reading: InvoiceReading, capitals: str | None, codes: list[QrCode]) -> InvoiceReading:
    """The reading with a warning for each thing that does not fit."""
    reading = _with_total(reading)
    warnings = [*_missing(reading), *_unlikely(reading), *_of_codes(reading, codes)]
    if not _adds_up(reading):
        warnings.append("sum_mismatch")
    if capitals and reading.amount_total_fen is not None and not _same_capitals(capitals, reading.amount_total_fen):
        warnings.append("capitals_mismatch")
    return reading.warned(*warnings)


def _with_total(reading: InvoiceReading) -> InvoiceReading:
    if reading.amount_total_fen is not None or reading.amount_ex_tax_fen is None or reading.tax_fen is None:
        return reading
    return replace(reading, amount_total_fen=reading.amount_ex_tax_fen + reading.tax_fen).warned("total_computed")


def _adds_up(reading: InvoiceReading) -> bool:
    total, ex_tax, tax = reading.amount_total_fen, reading.amount_ex_tax_fen, reading.tax_fen
    if total is None or ex_tax is None or tax is None or reading.kind in _OTHER_CHARGES:
        return True
    return abs(ex_tax + tax - total) <= _ROUNDING_FEN


def _same_capitals(printed: str, amount_fen: int) -> bool:
    return _bare(printed) == _bare(in_capitals(abs(amount_fen)))


def _bare(capitals: str) -> str:
    """Capitals without what printers write differently: 圆/元, 整/正, zeros between, 人民币, (负数)."""
    text = plain_text(capitals).replace("圆", "元").replace("(负数)", "")
    return re.sub(r"[整正零人民币\s]", "", text)


def _missing(reading: InvoiceReading) -> list[str]:
    found = {
        "amount_missing": reading.amount_total_fen is None,
        "date_missing": reading.date is None,
        "parties_missing": reading.buyer is None or (reading.seller is None and reading.kind not in ("railway", "air")),
    }
    return [code for code, missing in found.items() if missing]


def _unlikely(reading: InvoiceReading) -> list[str]:
    warnings = []
    tax_ids = [tax_id for tax_id in (reading.seller_tax_id, reading.buyer_tax_id) if tax_id]
    if any(len(tax_id) not in _TAX_ID_LENGTHS for tax_id in tax_ids):
        warnings.append("tax_id_unclear")
    if (
        reading.number
        and len(reading.number) not in (8, 20)
        and reading.kind not in ("fiscal_receipt", "railway", "air")
    ):
        warnings.append("number_unclear")
    return warnings


def _of_codes(reading: InvoiceReading, codes: list[QrCode]) -> list[str]:
    warnings = []
    if any(not code.agrees_with(reading) for code in codes):
        warnings.append("qr_mismatch")
    if any(not code.checksum_ok for code in codes):
        warnings.append("qr_checksum")
    return warnings


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _more_special(kind: str, than: str) -> bool:
    return kind in ("railway", "air", "digital_special", "vat_special") and than in ("digital_ordinary", "vat_ordinary")
