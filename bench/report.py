"""The table that a run prints: each figure with its aim, and whether it was met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.approvals import IN_A_BATCH, Rates
from bench.engine import Figures
from bench.forecasts import OPEN_CASES, Foretold, median
from bench.latencies import Latency
from bench.statements import Counts

WIDTHS = (11, 44, 34, 10, 6)
AIM_MS = 50.0
AIM_STATEMENTS = 15
AIM_DECISIONS = 30_000
AIM_MOVES = 100_000
AIM_PROOFS_MS = 50.0
AIM_FORECAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. ``met`` is None where there is no aim."""

    backend: str
    what: str
    figure: str
    aim: str = ""
    met: bool | None = None


def of_rates(backend: str, rates: Rates) -> list[Line]:
    """Ratios of the same round: median, least and greatest."""
    names = {"raw": "(a) raw SQL", "plain": "(b) plain ORM", "product": "product", "batch": "product, batch"}
    lines = [
        _ratio(backend, "approvals/s against (a)", rates.ratios("product", "raw"), 0.4),
        _ratio(backend, "approvals/s against (b)", rates.ratios("product", "plain"), 1.0),
        _ratio(backend, f"tasks/s in batches of {IN_A_BATCH} against (a)", rates.ratios("batch", "raw"), 3.0),
    ]
    for name, title in names.items():
        found, waited = rates.per_second[name], statistics.median(rates.p95_ms[name])
        figure = f"{statistics.median(found):.0f}/s ({min(found):.0f}–{max(found):.0f}), p95 {waited:.0f} ms"
        lines.append(Line(backend, f"  {title}", figure))
    return lines


def of_counts(backend: str, counts: Counts) -> list[Line]:
    """Statements of one approval and of one batch."""
    one, many = counts.approval, counts.batch
    figure = f"{len(one.statements)} (and {len(one.transactions)} BEGIN/COMMIT/…)"
    each = len(many.statements) / IN_A_BATCH
    return [
        Line(
            backend,
            "statements per approval",
            figure,
            f"≤ {AIM_STATEMENTS}",
            len(one.statements) <= AIM_STATEMENTS,
        ),
        Line(
            backend,
            f"statements per task in a batch of {IN_A_BATCH}",
            f"{each:.1f} (and {len(many.transactions) / IN_A_BATCH:.1f} BEGIN/COMMIT/…)",
        ),
    ]


def of_latencies(backend: str, cases: int, latencies: Sequence[Latency]) -> list[Line]:
    """Medians and 95th percentiles; the aim is for 待办."""
    lines = []
    for one in latencies:
        figure = f"{one.median_ms:.1f} ms, p95 {one.p95_ms:.1f}, CPU {one.cpu_ms:.1f}"
        has_aim = one.what.startswith("inbox")
        lines.append(
            Line(
                backend,
                f"{one.what} at {cases:,} cases",
                figure,
                f"< {AIM_MS:.0f} ms" if has_aim else "",
                one.median_ms < AIM_MS if has_aim else None,
            )
        )
    return lines


def of_engine(figures: Figures) -> list[Line]:
    """The engine alone: rates on one core, and the proofs of the slowest workflow."""
    lines = [
        _rate("decisions/s, one core, machine in the path", figures.decisions_per_second, AIM_DECISIONS),
        _rate("moves/s replayed by the table", figures.moves_per_second, AIM_MOVES),
    ]
    for kind, title in (("load", "proofs at load"), ("people", "proof of the people"), ("pairs", "proof of pairs")):
        slowest = max(figures.proofs_ms, key=lambda name: figures.proofs_ms[name][kind])
        lines.append(_proof(f"{title}, slowest ({slowest})", figures.proofs_ms[slowest][kind]))
    whole = {name: sum(parts.values()) for name, parts in figures.proofs_ms.items()}
    slowest = max(whole, key=lambda name: whole[name])
    return [
        *lines,
        _proof(f"all proofs, slowest ({slowest})", whole[slowest]),
        _proof("proofs at load with 25 auditors", figures.many_auditors_ms),
    ]


def _rate(what: str, found: float, aim: int) -> Line:
    return Line("engine", what, f"{found:,.0f}/s", f"≥ {aim:,}", found >= aim)


def _proof(what: str, milliseconds: float) -> Line:
    return Line("engine", what, f"{milliseconds:.1f} ms", f"< {AIM_PROOFS_MS:.0f} ms", milliseconds < AIM_PROOFS_MS)


def of_forecasts(backend: str, found: Foretold) -> Line:
    """Seconds for a thousand open cases."""
    figure = f"{median(found):.2f} s ({min(found.seconds):.2f}–{max(found.seconds):.2f}), {found.steps:,} steps"
    aim = f"< {AIM_FORECAST_SECONDS:g} s"
    return Line(backend, f"forecasts of {OPEN_CASES:,} open cases", figure, aim, median(found) < AIM_FORECAST_SECONDS)


def printed(lines: Sequence[Line]) -> str:
    """The table as text."""
    head = ("database", "what", "median (least–greatest)", "aim", "met")
    rows = [head, *((one.backend, one.what, one.figure, one.aim, _word(one.met)) for one in lines)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=True)).rstrip() for row in rows
    )


def _word(met: bool | None) -> str:  # noqa: FBT001 - yes, no, or nothing to say
    return "" if met is None else "yes" if met else "NO"


def _ratio(backend: str, what: str, ratios: Sequence[float], aim: float) -> Line:
    middle = statistics.median(ratios)
    figure = f"{middle:.2f}× ({min(ratios):.2f}–{max(ratios):.2f})"
    return Line(backend, what, figure, f"≥ {aim:g}×", middle >= aim)
