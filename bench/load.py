"""The load client: a process of its own with several keep-alive connections that share one list of requests.

``python -m bench.load`` reads one job as JSON from its standard input and writes the result to its standard output. It
speaks just enough HTTP to be cheap: on two cores every instruction here is taken from the servers.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Request:
    """One POST with a JSON body."""

    path: str
    body: str


@dataclass(frozen=True, slots=True)
class Measured:
    """How long all requests took together, and each of them, in seconds."""

    seconds: float
    latencies: list[float]


class Refused(Exception):
    """A request was not answered 200; the whole run means nothing then."""


def send(port: int, token: str, connections: int, requests: Sequence[Request]) -> Measured:
    """Send every request once from a process of its own and wait for all answers.

    Raises:
        Refused: with the first other answer.
    """
    job = {"port": port, "token": token, "connections": connections, "requests": [asdict(one) for one in requests]}
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        input=json.dumps(job).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    answer = json.loads(done.stdout)
    if answer["wrong"]:
        raise Refused(answer["wrong"])
    return Measured(answer["seconds"], answer["latencies"])


class _Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self, message: bytes) -> tuple[bytes, bytes]:
        """Status line and body."""
        self._socket.sendall(message)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._more()
        return head.split(b"\r\n", 1)[0], body

    def _more(self) -> bytes:
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionError("the server closed the connection")
        return received


class _Run:
    """What the threads of one job share."""

    def __init__(self, messages: list[bytes]) -> None:
        self._lock = threading.Lock()
        self._messages: Iterator[bytes] = iter(messages)
        self.latencies: list[float] = []
        self.wrong = ""

    def work(self, connection: _Connection) -> None:
        """Send what is left, until nothing is or an answer was wrong."""
        while not self.wrong:
            with self._lock:
                message = next(self._messages, None)
            if message is None:
                return
            begun = time.perf_counter()
            status, body = connection.answer(message)
            self.latencies.append(time.perf_counter() - begun)
            if b" 200 " not in status + b" ":
                self.wrong = f"{status.decode()} {body.decode(errors='replace')[:600]}"


def _message(port: int, token: str, path: str, body: str) -> bytes:
    content = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def main() -> None:
    """Do the job on standard input."""
    job = json.load(sys.stdin)
    messages = [_message(job["port"], job["token"], one["path"], one["body"]) for one in job["requests"]]
    connections = [_Connection(job["port"]) for _ in range(job["connections"])]
    run = _Run(messages)
    threads = [threading.Thread(target=run.work, args=(connection,)) for connection in connections]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if not run.wrong and len(run.latencies) != len(messages):
        run.wrong = "a connection broke"
    json.dump({"seconds": seconds, "latencies": run.latencies, "wrong": run.wrong}, sys.stdout)


if __name__ == "__main__":
    main()
