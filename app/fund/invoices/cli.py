"""``flask invoice``: what the system reads from an invoice file, without a database."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.foundation.money import yuan
from app.fund.invoices.facts import InvoiceReading
from app.fund.invoices.reading import read_invoice
from app.fund.invoices.wordings import KINDS, REJECTS, WARNINGS

invoice_cli = AppGroup("invoice", help="Look at invoice files.")


@invoice_cli.command("read", with_appcontext=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def read_command(file: Path, *, as_json: bool) -> None:
    """Print what FILE says; leaves with status 1 when it is refused."""
    reading = read_invoice(file, file.name)
    click.echo(json.dumps(reading.as_dict(), ensure_ascii=False, indent=2) if as_json else _in_words(reading))
    if reading.reject and not as_json:
        raise SystemExit(1)


def _in_words(reading: InvoiceReading) -> str:
    if reading.reject:
        return f"{REJECTS[reading.reject].zh} {REJECTS[reading.reject].en}"
    total = "?" if reading.amount_total_fen is None else yuan(reading.amount_total_fen)
    lines = [
        f"{KINDS[reading.kind].zh} {reading.code or ''} {reading.number}",
        f"{reading.date or '?'}  ¥{total}",
        f"{reading.seller or '?'} → {reading.buyer or '?'}",
        *(f"! {WARNINGS[code].zh} {WARNINGS[code].en}" for code in reading.warnings),
    ]
    return "\n".join(lines)
