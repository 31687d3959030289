"""Making the fund known: its facts, effects, file reader, reconcilers and accounts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.cases.ports import Registry
from app.foundation.edge import Wiring
from app.fund import effects, facts, queries, reconciling
from app.fund.charts import Chart, load_charts
from app.fund.invoices.reading import read_invoice
from app.fund.invoices.wordings import ATTACHMENT_ONLY
from app.notices.kinds import PAID, Kinds
from app.wording import Text


def register(wiring: Wiring, charts: Path) -> None:
    """Fill the registry, and put the newest chart of the folder ``charts`` among the parts."""
    registry = wiring.use(Registry)
    chart = load_charts(charts)[-1]
    wiring.put(chart)
    registry.fact("fund.evidence_present", facts.evidence_present)
    registry.fact("fund.invoices_free", facts.invoices_free)
    registry.fact("fund.budget_covers", facts.budget_covers)
    registry.fact("fund.one_line_per_account", facts.one_line_per_account)
    registry.fact("fund.allocation_covers_use", facts.allocation_covers_use)
    registry.fact("fund.unpaid", facts.unpaid)
    registry.fact("fund.paid", facts.paid)
    registry.effect("fund.write_claim", effects.write_claim)
    registry.effect("fund.use_invoices", effects.use_invoices)
    registry.effect("fund.free_invoices", effects.free_invoices)
    registry.effect("fund.encumber", effects.encumber)
    registry.effect("fund.release", effects.release)
    registry.effect("fund.spend", effects.spend)
    registry.effect("fund.allocate", effects.allocate)
    registry.effect("fund.receive", effects.receive)
    registry.paying.add("fund.spend")
    wiring.use(Kinds).tell_of("fund.spend", PAID)
    registry.file_readers["invoice"] = read_as_invoice
    registry.reconcilers |= {
        "fund.budget": reconciling.budget,
        "fund.allocations": reconciling.allocations,
        "fund.claims": reconciling.claims,
        "fund.invoices": reconciling.invoices,
        "fund.invoice_uses": reconciling.invoice_uses,
        "fund.income": reconciling.income,
    }
    registry.account_titles = _titles_of(chart)
    registry.accounts_left = queries.accounts_left


def read_as_invoice(content: bytes, name: str) -> Mapping[str, Any] | None:
    """What an uploaded file says as an invoice; None when it is an attachment like any other."""
    reading = read_invoice(content, name)
    return None if reading.reject == ATTACHMENT_ONLY else reading.as_dict()


def _titles_of(chart: Chart) -> Any:
    def titles(union_id: uuid.UUID, kind: str) -> Mapping[str, Text]:
        return chart.side(kind)

    return titles
