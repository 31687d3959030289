"""Server processes: the product and the two baselines under the same server with the same settings as `flask serve`."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 1
THREADS = 8
"""As ``app.operating.start_server`` has it."""
START_SECONDS = 60

PRODUCT = "wsgi:app"
RAW = "bench.baseline.raw:app"
PLAIN = "bench.baseline.plain:app_of_server"


class DidNotStart(Exception):
    """A server ended or stayed silent; its own words are in the message."""


def environment_of(target: str, url: str, directory: Path) -> dict[str, str]:
    """Settings of one server."""
    if target != PRODUCT:
        return {"BENCH_SERVED_DATABASE_URL": url}
    return {
        "GONGKAI_ENVIRONMENT": "test",
        "GONGKAI_ARGON2_COST": "low",
        "GONGKAI_DATABASE_URL": url,
        "GONGKAI_FILES": str(directory / "files"),
        "GONGKAI_SIGNING_KEY": str(directory / "trail.key"),
    }


@contextlib.contextmanager
def served(target: str, url: str, directory: Path) -> Iterator[int]:
    """Run one server for the length of the block; gives its port."""
    port = _free_port()
    log = directory / f"server-{port}.log"
    settings = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    threads = ["--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--backlog", "1024"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", *settings, *threads, target],
            cwd=ROOT,
            env={**_clean(os.environ), **environment_of(target, url, directory)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, port, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Whatever the caller has set for an installation of his own does not reach the servers."""
    return {name: value for name, value in environment.items() if not name.startswith("GONGKAI_")}


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise DidNotStart(log.read_text(errors="replace")[-4000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
