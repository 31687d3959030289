"""Commands of the fund."""

from __future__ import annotations

from app.fund.invoices.cli import invoice_cli

COMMANDS = (invoice_cli,)
