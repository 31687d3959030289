"""Running one function on one untrusted file in a child process that may use little and can damage nothing.

The child gets no environment variables of ours (no keys, no database address), no more memory and time than ``Bounds``
says, may not write files, and hands back JSON. What it cannot do from here: be cut off from the network; the parsers we
run there never open a connection.

Used as ``python -m app.foundation.confined MODULE:FUNCTION`` by ``run`` itself, never by people.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from app.foundation.errors import AppError, TooBusy

Source = bytes | Path | BinaryIO
Job = Callable[[bytes, dict[str, Any]], dict[str, Any]]
"""What the child runs: the file's bytes and plain arguments in, a JSON object out."""

MIB = 1024 * 1024

_PROJECT = Path(__file__).resolve().parents[2]
_AT_ONCE = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
_ADDRESS_SPACE_LIMITED = sys.platform.startswith("linux")


@dataclass(frozen=True)
class Bounds:
    """What one child may use."""

    memory_mib: int = 512
    cpu_seconds: int = 10
    wall_seconds: int = 20
    answer_mib: int = 16
    queue_seconds: int = 30
    """How long to wait for a free place when every place is taken."""


class ReadingFailed(AppError):
    """这个文件没能读出来，请确认它能正常打开，或换一份再传。

    This file could not be read. Check that it opens elsewhere, or upload another copy.
    """

    status = 422
    code = "reading_failed"


class ReadingTookTooLong(ReadingFailed):
    """这个文件读取时间过长，已停止。请换一份更小的文件。

    Reading this file took too long and was stopped. Use a smaller file.
    """

    code = "reading_took_too_long"


def run(
    job: str, source: Source, arguments: dict[str, Any] | None = None, bounds: Bounds | None = None
) -> dict[str, Any]:
    """Run ``job`` (``package.module:function``, a ``Job``; named by our code, never by a request) on a file.

    Raises:
        ReadingFailed: the child crashed, ran out of memory, or raised.
        ReadingTookTooLong: its time was up.
        TooBusy: every place stayed taken for ``bounds.queue_seconds``.
    """
    bounds = bounds or Bounds()
    if not _AT_ONCE.acquire(timeout=bounds.queue_seconds):
        raise TooBusy
    try:
        with _as_file(source) as given, tempfile.TemporaryFile() as answer:
            code = _wait(_start(job, arguments or {}, bounds, given, answer), bounds)
            return _read_answer(code, answer)
    finally:
        _AT_ONCE.release()


def _start(
    job: str, arguments: dict[str, Any], bounds: Bounds, given: IO[bytes], answer: IO[bytes]
) -> subprocess.Popen[bytes]:
    order = json.dumps({"job": job, "arguments": arguments, "bounds": asdict(bounds)})
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module; the file is only its stdin
        [sys.executable, "-s", "-m", "app.foundation.confined", order],
        stdin=given,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        cwd=_PROJECT,
        env={"LANG": "C.UTF-8", "PYTHONPATH": str(_PROJECT)},
        start_new_session=True,
    )


def _wait(child: subprocess.Popen[bytes], bounds: Bounds) -> int:
    try:
        return child.wait(timeout=bounds.wall_seconds)
    except subprocess.TimeoutExpired:
        return -signal.SIGXCPU
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _read_answer(code: int, answer: IO[bytes]) -> dict[str, Any]:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        raise ReadingTookTooLong
    answer.seek(0)
    try:
        result = json.load(answer) if code == 0 else None
    except ValueError:
        result = None
    if not isinstance(result, dict):
        raise ReadingFailed
    return result


@contextlib.contextmanager
def _as_file(source: Source) -> Iterator[IO[bytes]]:
    """Something with a file descriptor at the start of the content."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
        return
    if not isinstance(source, bytes):
        source.seek(0)
        if _has_descriptor(source):
            yield source
            return
        source = source.read()
    with tempfile.TemporaryFile() as copy:
        copy.write(source)
        copy.seek(0)
        yield copy


def _has_descriptor(file: BinaryIO) -> bool:
    try:
        file.fileno()
    except io.UnsupportedOperation:
        return False
    return True


def _main(order: str) -> None:
    """The child: limit itself, read the file, run the job, print JSON."""
    told = json.loads(order)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _limit(Bounds(**told["bounds"]))
    module, _, function = told["job"].partition(":")
    job: Job = getattr(importlib.import_module(module), function)
    json.dump(job(sys.stdin.buffer.read(), told["arguments"]), answer, ensure_ascii=True, allow_nan=False)
    answer.flush()
    # A parser's own clean-up of a hostile file is the last place to crash; the answer is out.
    os._exit(0)


def _limit(bounds: Bounds) -> None:
    if _ADDRESS_SPACE_LIMITED:
        resource.setrlimit(resource.RLIMIT_AS, (bounds.memory_mib * MIB, bounds.memory_mib * MIB))
    resource.setrlimit(resource.RLIMIT_CPU, (bounds.cpu_seconds, bounds.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (bounds.answer_mib * MIB, bounds.answer_mib * MIB))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


if __name__ == "__main__":
    _main(sys.argv[1])
