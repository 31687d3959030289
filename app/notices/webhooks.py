"""Sending a union's events to another system: signed, to hosts that the server's owner allowed, never into private networks.

The name is looked up once, every address it has is judged, and the connection goes to an address that was judged: a name
that answers differently the second time gains nothing. Redirects are not followed, and the answer's body is not read.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from app.foundation.errors import Invalid
from app.notices.errors import Undelivered
from app.wording import Text

SECONDS = 5.0
LONGEST_URL = 500
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_CARRIERS = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 addresses that carry an IPv4 address inside, which may be a private one."""

_NOT_AN_ADDRESS = Text(
    "地址应以 https:// 开头，不带用户名、密码和 #。", "An address begins with https:// and has no user, password or #."
)
_NOT_ALLOWED = Text(
    "这个主机不在允许之列。请服务器管理员把它写进 GONGKAI_WEBHOOK_HOSTS。",
    "This host is not allowed. Ask whoever runs the server to name it in GONGKAI_WEBHOOK_HOSTS.",
)
_PRIVATE = Text("不能发往内部网络的地址。", "Nothing is sent to addresses of private networks.")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way. ``key`` is the same for every attempt, so that the receiver can tell a repetition."""

    url: str
    secret: str
    key: str
    body: bytes


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over ``timestamp.body``, in hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where the server's owner lets webhooks go. ``hosts`` are names, with a port where it is not the usual one."""

    hosts: tuple[str, ...] = ()
    private: tuple[Network, ...] = ()
    """Private networks that are allowed all the same; into these also without encryption."""
    ca_file: str = ""

    def check(self, url: str) -> None:
        """Refuse an address that nothing would be sent to. Names are not looked up here: that is done at every sending.

        Raises:
            Invalid: with the reason.
        """
        try:
            self._judged(url)
        except _Refused as error:
            raise Invalid({"url": [error.text]}) from error

    def send(self, parcel: Parcel, now: datetime) -> None:
        """Post the parcel; return when the receiver took it (2xx).

        Raises:
            Undelivered: refused by us (final), or not taken.
        """
        try:
            parts = self._judged(parcel.url)
        except _Refused as error:
            raise Undelivered("webhook_not_allowed", is_final=True) from error
        address = self._address(parts)
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Gongkai",
            "Idempotency-Key": parcel.key,
            "Gongkai-Timestamp": timestamp,
            "Gongkai-Signature": f"v1={signature(parcel.secret, timestamp, parcel.body)}",
        }
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            status = self._post(parts, address, target, headers, parcel.body)
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(f"webhook_{type(error).__name__}") from error
        if not 200 <= status < 300:
            raise Undelivered(f"webhook_http_{status}")

    def _judged(self, url: str) -> SplitResult:
        if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise _Refused(_NOT_AN_ADDRESS)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _Refused(_NOT_AN_ADDRESS) from error
        is_bare = "@" not in parts.netloc and not parts.fragment and parts.hostname
        if parts.scheme not in ({"https", "http"} if self.private else {"https"}) or not is_bare:
            raise _Refused(_NOT_AN_ADDRESS)
        host = str(parts.hostname)
        usual = 443 if parts.scheme == "https" else 80
        named = host if port in {None, usual} else f"{host}:{port}"
        if named not in {one.lower() for one in self.hosts}:
            raise _Refused(_NOT_ALLOWED)
        with contextlib.suppress(ValueError):
            if not self._may_reach(ipaddress.ip_address(host)):
                raise _Refused(_PRIVATE)
        return parts

    def _address(self, parts: SplitResult) -> str:
        """An address of the host. If a single one of its addresses is not allowed, none is used."""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = {str(entry[4][0]) for entry in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
        except (OSError, UnicodeError) as error:
            raise Undelivered("webhook_name_unknown") from error
        addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in sorted(found)]
        if not addresses or not all(self._may_reach(one) for one in addresses):
            raise Undelivered("webhook_private_address", is_final=True)
        if parts.scheme == "http" and not all(_is_in(one, self.private) for one in addresses):
            raise Undelivered("webhook_needs_https", is_final=True)
        return str(addresses[0])

    def _may_reach(self, address: IpAddress) -> bool:
        plain = getattr(address, "ipv4_mapped", None) or address
        if _is_in(plain, self.private):
            return True
        return plain.is_global and not plain.is_multicast and not _is_in(plain, _CARRIERS)

    def _post(self, parts: SplitResult, address: str, target: str, headers: dict[str, str], body: bytes) -> int:
        """The answer's status. Everything together takes at most ``SECONDS``, however slowly the other side talks."""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        lines = [socket.create_connection((address, port), timeout=SECONDS)]
        was_cut = threading.Event()
        cutter = threading.Timer(SECONDS, _cut, [lines, was_cut])
        cutter.start()
        try:
            if parts.scheme == "https":
                wrapped = self._context().wrap_socket(
                    lines[0], server_hostname=parts.hostname, do_handshake_on_connect=False
                )
                lines.append(wrapped)
                wrapped.do_handshake()
            connection = http.client.HTTPConnection(str(parts.hostname), port, timeout=SECONDS)
            connection.sock = lines[-1]
            connection.request("POST", target, body, headers)
            with connection.getresponse() as answer:
                status = answer.status
            if was_cut.is_set():  # what was read of the answer may not be all of its head
                raise TimeoutError
            return status
        finally:
            cutter.cancel()
            for line in lines:
                line.close()

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca_file:
            context.load_verify_locations(self.ca_file)
        return context


class _Refused(Exception):
    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def _is_in(address: IpAddress, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _cut(lines: list[socket.socket], was_cut: threading.Event) -> None:
    """End a connection that takes too long, whoever is waiting on it."""
    was_cut.set()
    for line in lines:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
