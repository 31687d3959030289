"""Webhooks: signed, to allowed hosts alone, never into a private network, never along a redirect, never for long."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.foundation.errors import Invalid
from app.notices import webhooks
from app.notices.errors import Undelivered
from app.notices.webhooks import Hooks, Parcel
from tests.fixtures.receivers import self_signed, webhook_receiver

NOW = datetime(2026, 7, 20, 2, tzinfo=UTC)
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def parcel(url: str) -> Parcel:
    return Parcel(url, "a secret", "key-1", b'{"event": "case.approve"}')


def local(port: int) -> Hooks:
    return Hooks((f"127.0.0.1:{port}",), LOOPBACK)


def test_the_receiver_can_check_who_sent_it_and_when() -> None:
    with webhook_receiver() as listener:
        local(listener.port).send(parcel(f"http://127.0.0.1:{listener.port}/in?a=1"), NOW)
    ((path, headers, body),) = listener.requests
    signed = headers["Gongkai-Timestamp"].encode() + b"." + body
    assert path == "/in?a=1"
    assert headers["Gongkai-Signature"] == "v1=" + hmac.new(b"a secret", signed, hashlib.sha256).hexdigest()
    assert headers["Idempotency-Key"] == "key-1"
    assert headers["Content-Type"] == "application/json"


def test_an_encrypted_receiver_must_prove_its_name(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with webhook_receiver(certificate) as listener:
        url, hosts = f"https://localhost:{listener.port}/", (f"localhost:{listener.port}",)
        with pytest.raises(Undelivered, match="webhook_SSLCertVerif"):
            Hooks(hosts, LOOPBACK).send(parcel(url), NOW)
        assert listener.requests == []
        private = (*LOOPBACK, ipaddress.ip_network("::1/128"))
        Hooks(hosts, private, str(certificate.chain)).send(parcel(url), NOW)
    assert len(listener.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https://elsewhere.example/",
        "https://hooks.example:8443/",
        "https://user:word@hooks.example/",
        "https://hooks.example#@elsewhere.example/",
        "https://hooks.example\\@elsewhere.example/",
        "https://hooks.example\r\nX: y/",
        "https://hooks.example:port/",
        "https://[::1]/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://169.254.169.254/",
        "https://10.0.0.5/",
        "https://例子.example/",
        "https://",
        "hooks.example",
        "https://hooks.example/" + "a" * 600,
    ],
)
def test_an_address_that_nothing_may_be_sent_to_is_refused_when_it_is_saved_and_when_it_is_used(url: str) -> None:
    hooks = Hooks(("hooks.example",))
    with pytest.raises(Invalid):
        hooks.check(url)
    with pytest.raises(Undelivered, match="webhook_not_allowed") as refused:
        hooks.send(parcel(url), NOW)
    assert refused.value.is_final


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused_at_every_sending(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    answers = [(0, 0, 0, "", ("192.88.99.7" if ":" not in address else "2a00::1", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    hooks = Hooks(("hooks.example",))
    hooks.check("https://hooks.example/")
    with pytest.raises(Undelivered, match="webhook_private_address") as refused:
        hooks.send(parcel("https://hooks.example/"), NOW)
    assert refused.value.is_final


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def once(*_: Any, **__: Any) -> Any:
        asked.append(1)
        assert len(asked) == 1, "a second look-up could be answered differently"
        return [(0, 0, 0, "", ("127.0.0.1", 80))]

    with webhook_receiver() as listener:
        dialled: list[Any] = []
        connect = socket.create_connection

        def dial(address: Any, **more: Any) -> socket.socket:
            dialled.append(address)
            monkeypatch.undo()
            return connect(address, **more)

        monkeypatch.setattr(socket, "getaddrinfo", once)
        monkeypatch.setattr(socket, "create_connection", dial)
        Hooks((f"hooks.example:{listener.port}",), LOOPBACK).send(parcel(f"http://hooks.example:{listener.port}/"), NOW)
    assert dialled == [("127.0.0.1", listener.port)]


def test_unencrypted_sending_is_for_listed_private_networks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("8.8.8.8", 80))])
    with pytest.raises(Undelivered, match="webhook_needs_https"):
        Hooks(("hooks.example",), LOOPBACK).send(parcel("http://hooks.example/"), NOW)


def test_a_redirect_is_not_followed() -> None:
    with webhook_receiver() as target, webhook_receiver() as listener:
        listener.status, listener.location = 302, f"http://127.0.0.1:{target.port}/"
        with pytest.raises(Undelivered, match="webhook_http_302"):
            local(listener.port).send(parcel(f"http://127.0.0.1:{listener.port}/"), NOW)
    assert target.requests == []


def test_a_receiver_that_never_answers_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.2)
    with webhook_receiver() as listener:
        listener.hang = threading.Event()
        with pytest.raises(Undelivered) as refused:
            local(listener.port).send(parcel(f"http://127.0.0.1:{listener.port}/"), NOW)
        listener.hang.set()
    assert not refused.value.is_final


def test_a_receiver_that_drips_its_answer_is_cut_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        stop = threading.Event()

        def drip() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stop.wait(0.05):
                    try:
                        line.sendall(b"X-A: b\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(Undelivered):
                local(port).send(parcel(f"http://127.0.0.1:{port}/"), NOW)
        finally:
            stop.set()
            thread.join(5)
