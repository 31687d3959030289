"""From a file somebody handed in to what is on the invoice. The one door to the parsers, which run in a confined child."""

from __future__ import annotations

from app.foundation.confined import ReadingFailed, Source, run
from app.foundation.errors import AppError, TooBusy
from app.foundation.filetypes import Kind, sniff
from app.fund.invoices.facts import InvoiceReading, rejected

_JOB = "app.fund.invoices.child:read"
_READABLE = (Kind.XML, Kind.PDF, Kind.OFD, Kind.PNG, Kind.JPEG)


def read_invoice(source: Source, name: str) -> InvoiceReading:
    """What a file says of the invoice it holds. A bad file gives a reading with ``reject``, never an exception.

    Raises:
        TooBusy: too many files are being read at once.
        OSError: the file cannot be opened at all.
    """
    try:
        kind = sniff(source, name)
    except AppError as error:
        return rejected(error.code)
    return read_known(source, kind)


def read_known(source: Source, kind: Kind) -> InvoiceReading:
    """``read_invoice`` for a file that ``sniff`` has already let in.

    Raises:
        TooBusy: too many files are being read at once.
        OSError: the file cannot be opened at all.
    """
    if kind not in _READABLE:
        return rejected("not_an_invoice")
    try:
        return InvoiceReading.from_dict(run(_JOB, source, {"kind": kind.value}))
    except TooBusy:
        raise
    except ReadingFailed as error:
        return rejected(error.code)
