"""Which invoices a claim uses, and for how much: the one reading of a claim's lines that facts and effects share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.models import StoredFile
from app.cases.ports import CaseView
from app.fund.invoices.facts import InvoiceNumberUnclear, InvoiceReading, invoice_key
from app.fund.invoices.wordings import ATTACHMENT_ONLY


@dataclass(frozen=True, slots=True)
class LineInvoice:
    """The invoice behind one line. ``used_fen`` is the whole invoice, or the share a split note (分割单) gives this claim."""

    line: int
    """From 0, as in the form."""
    amount_fen: int
    key: str | None
    total_fen: int
    used_fen: int
    is_shared: bool
    readings: tuple[InvoiceReading, ...]
    is_unclear: bool = False
    """A number was typed that cannot be an invoice number."""
    number_differs: bool = False
    """A number was typed that is not the one in the file."""
    holds_two: bool = False
    """The line's files are of different invoices."""


def invoices_of(session: Session, case: CaseView) -> list[LineInvoice]:
    """Every line with what its files and its typed number say."""
    lines = case.data.get("lines") or []
    ids = {uuid.UUID(one) for line in lines for one in line.get("files") or []}
    files = cases.files_of(session, case.union_id, ids)
    return [_line(number, line, files) for number, line in enumerate(lines)]


def _line(number: int, line: Mapping[str, Any], files: Mapping[uuid.UUID, StoredFile]) -> LineInvoice:
    readings = tuple(_readings(line, files))
    amount = int(line.get("amount_fen") or 0)
    numbered = [reading for reading in readings if reading.reject is None and reading.number]
    found = numbered[0] if numbered else None
    typed = line.get("invoice")
    key, is_unclear, number_differs = None, False, False
    try:
        key = invoice_key(typed) if typed else None
    except InvoiceNumberUnclear:
        is_unclear = True
    if found is not None and found.number:
        # What is typed never takes the place of what the file says, or one invoice could be claimed under two numbers.
        number_differs = key not in {None, found.key, invoice_key(found.number)}
        key = found.key
    total = found.amount_total_fen if found is not None and found.amount_total_fen else amount
    share = line.get("share_fen")
    return LineInvoice(
        line=number,
        amount_fen=amount,
        key=key,
        total_fen=max(total, share or 0) if found is None else total,
        used_fen=share or total,
        is_shared=bool(share),
        readings=readings,
        is_unclear=is_unclear,
        number_differs=number_differs,
        holds_two=len({reading.key for reading in numbered}) > 1,
    )


def _readings(line: Mapping[str, Any], files: Mapping[uuid.UUID, StoredFile]) -> Iterator[InvoiceReading]:
    for one in line.get("files") or []:
        file = files.get(uuid.UUID(one))
        if file is not None and file.reading:
            reading = InvoiceReading.from_dict(dict(file.reading))
            if reading.reject != ATTACHMENT_ONLY:
                yield reading
