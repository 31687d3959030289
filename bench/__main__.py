"""`python -m bench`: every figure of one run, each against a baseline measured in the same run.

`--quick` takes one or two minutes and shows that it works; its figures are rough. What is measured, and how to read it:
docs/explained/speed.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import approvals, engine, forecasts, latencies, report, statements
from bench.approvals import Extent
from bench.databases import Place, SqlitePlace, fsync_milliseconds, postgres_place
from bench.world import build

BACKENDS = ("sqlite", "postgresql")
PARTS = ("engine", *BACKENDS)
FULL, QUICK = Extent(rounds=7, approvals=400), Extent(rounds=3, approvals=100)


def main() -> None:
    """Measure, print the table, and say how many aims were missed (they do not fail the run)."""
    options = _options()
    begun = time.monotonic()
    lines: list[report.Line] = []
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-") as made:
        directory = Path(made)
        directory.chmod(0o755)  # PostgreSQL refuses to run as root and then runs as a user of its own
        print(_machine(directory))
        if "engine" in options.only:
            _say("the engine alone")
            lines += report.of_engine(engine.measure(quick=options.quick))
        for backend in [one for one in options.only if one in BACKENDS]:
            with _place(backend, directory) as place:
                lines += _measured(place, directory, quick=options.quick)
    print(f"\n{report.printed(lines)}\n")
    missed = [line for line in lines if line.met is False]
    minutes = (time.monotonic() - begun) / 60
    print(f"{len(missed)} of {sum(line.met is not None for line in lines)} aims missed; {minutes:.1f} minutes.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and cases: one or two minutes, rough figures"
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="one part or database; may be repeated")
    options = parser.parse_args()
    options.only = options.only or list(PARTS)
    return options


@contextlib.contextmanager
def _place(backend: str, directory: Path) -> Iterator[Place]:
    own = directory / backend
    own.mkdir()
    if backend == "sqlite":
        yield SqlitePlace(own)
    else:
        with postgres_place(own) as place:
            yield place


def _measured(place: Place, directory: Path, *, quick: bool) -> list[report.Line]:
    extent, cases, times = (QUICK, 10_000, 20) if quick else (FULL, latencies.CASES, 60)
    _say(f"{place.backend}: founding the union")
    world = build(place.new("world"), directory)
    _say(f"{place.backend}: counting statements")
    lines = report.of_counts(place.backend, statements.count(place, world, directory))
    _say(f"{place.backend}: foretelling {forecasts.OPEN_CASES:,} cases")
    lines.append(report.of_forecasts(place.backend, forecasts.measure(place, world, directory, rounds=extent.rounds)))
    _say(f"{place.backend}: {extent.rounds} rounds of {extent.approvals} approvals each, three servers")
    lines += report.of_rates(place.backend, approvals.measure(place, world, directory, extent))
    _say(f"{place.backend}: loading {cases:,} cases")
    found = latencies.measure(place, world, directory, cases=cases, times=times)
    return lines + report.of_latencies(place.backend, cases, found)


def _say(sentence: str) -> None:
    print(f"… {sentence}", file=sys.stderr, flush=True)


def _machine(directory: Path) -> str:
    fsync = fsync_milliseconds(directory)
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; one fsync in {directory.parent} takes {fsync:.2f} ms"
    )


if __name__ == "__main__":
    main()
