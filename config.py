"""Settings, read once from the environment, checked, and frozen. Every one is documented where it stands."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/?")
_MAILBOX = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,63}")


class BadSetting(Exception):
    """A setting cannot be used; the message says which, why, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between installations. Names in the environment are the upper-case names with ``GONGKAI_`` in front."""

    environment: str = "development"
    """``development`` (demo allowed, cookies over http) or ``production``. ``test`` is for the test suite."""
    database_url: str = "sqlite:///var/gongkai.sqlite3"
    """A SQLAlchemy address: ``sqlite:///path`` or ``postgresql://user:password@host/name``."""
    owner_database_url: str = ""
    """PostgreSQL: the role that owns the tables, for ``flask database upgrade``; empty: the same as ``database_url``."""
    files: Path = Path("var/files")
    """The folder of uploaded files."""
    signing_key: Path = Path("var/keys/trail.key")
    """The Ed25519 key that signs checkpoints; outside the database, readable by its owner alone."""
    host: str = "gongkai.local"
    """The name of this installation in checkpoints; never changed once a union exists."""
    largest_upload: int = 20 * 1024 * 1024
    """Bytes per upload."""
    sqlite_journal: str = "wal"
    """``wal``, or ``truncate`` where SQLite is older than 3.51.3 and several processes write."""
    argon2_cost: str = "normal"
    """``normal``, or ``low`` for tests."""
    session_idle_minutes: int = 120
    """A browser session ends after this long without a request."""
    session_hours: int = 12
    """A browser session ends after this long in any case."""
    trusted_proxies: int = 0
    """How many reverse proxies stand in front and set X-Forwarded-For."""
    demo_password: str = ""
    """The password of the demo's people; empty: random, printed by ``make run``."""
    extra_workflows: tuple[Path, ...] = field(default=())
    """Folders with further workflow files, separated by ``:``."""
    public_address: str = ""
    """How people reach this installation, ``https://union.example.cn``: begins every link in an e-mail."""
    smtp_host: str = ""
    """The mail server; empty: no e-mail is sent."""
    smtp_port: int = 587
    """Its port: 587 with ``starttls``, usually 465 with ``tls``."""
    smtp_security: str = "starttls"
    """``starttls``, ``tls``, or ``none`` for a mail server on this very machine."""
    smtp_user: str = ""
    """The name to sign in to the mail server with; empty: no sign-in."""
    smtp_password: str = ""
    """The password that goes with it."""
    mail_from: str = ""
    """The address that e-mail comes from, ``gongkai@union.example.cn``."""
    digest_hour: int = 8
    """The hour (0 to 23, China time) at which the one daily e-mail goes out."""
    webhook_hosts: tuple[str, ...] = field(default=())
    """Hosts to which unions may have their events sent, separated by ``,``: ``hooks.example.cn``, ``a.example.cn:8443``."""
    webhook_private_networks: tuple[str, ...] = field(default=())
    """Private networks that such a host may lie in, separated by ``,``: ``10.1.2.0/24``; empty: none."""
    ca_file: str = ""
    """A file of further certificate authorities to trust for mail and webhooks, for servers of one's own."""

    @property
    def is_production(self) -> bool:
        """Whether real money is at stake: demo refused, cookies over https only."""
        return self.environment == "production"

    @property
    def private_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """``webhook_private_networks``, read."""
        return tuple(ipaddress.ip_network(one) for one in self.webhook_private_networks)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check the environment.

        Raises:
            BadSetting: unknown name, or a value that cannot be used.
        """
        source = dict(os.environ if environ is None else environ)
        known = {f"GONGKAI_{item.name.upper()}": item for item in fields(cls)}
        unknown = sorted(name for name in source if name.startswith("GONGKAI_") and name not in known)
        if unknown:
            raise BadSetting(
                f"没有这个设置 / unknown setting: {', '.join(unknown)}. 可用的有 / known: {', '.join(known)}"
            )
        values: dict[str, object] = {}
        for name, item in known.items():
            raw = source.get(name)
            if raw is not None and raw != "":
                values[item.name] = _parsed(name, str(item.type), raw)
        if "DEMO_PASSWORD" in source:
            values["demo_password"] = source["DEMO_PASSWORD"]
        settings = cls(**values)  # type: ignore[arg-type]
        settings._check()
        return settings

    def _check(self) -> None:
        if self.environment not in {"development", "production", "test"}:
            raise BadSetting(
                f"GONGKAI_ENVIRONMENT={self.environment!r}：应为 development 或 production / use development or production"
            )
        if not self.database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise BadSetting(
                "GONGKAI_DATABASE_URL：应为 sqlite:///路径 或 postgresql://… / use sqlite:///path or postgresql://…"
            )
        if self.sqlite_journal not in {"wal", "truncate"}:
            raise BadSetting("GONGKAI_SQLITE_JOURNAL：应为 wal 或 truncate / use wal or truncate")
        if self.argon2_cost not in {"normal", "low"} or (self.is_production and self.argon2_cost == "low"):
            raise BadSetting("GONGKAI_ARGON2_COST：正式使用只能是 normal / production needs normal")
        if self.is_production and self.demo_password:
            raise BadSetting("正式使用不得设置演示密码 / no demo password in production: DEMO_PASSWORD")
        if self.is_production and self.host == "gongkai.local":
            raise BadSetting(
                "GONGKAI_HOST：正式使用须写明本机的域名，如 union.example.cn / production needs this installation's own name"
            )
        self._check_notices()

    def _check_notices(self) -> None:
        if self.digest_hour > 23:
            raise BadSetting("GONGKAI_DIGEST_HOUR：应为 0 至 23 / an hour from 0 to 23")
        if self.public_address and not _ADDRESS.fullmatch(self.public_address):
            raise BadSetting("GONGKAI_PUBLIC_ADDRESS：应为 https://域名 / write https://NAME")
        for host in self.webhook_hosts:
            if not _HOST.fullmatch(host):
                raise BadSetting(
                    f"GONGKAI_WEBHOOK_HOSTS={host!r}：应为主机名，可带端口 / a host's name, with a port or not"
                )
        try:
            _ = self.private_networks
        except ValueError as error:
            raise BadSetting(f"GONGKAI_WEBHOOK_PRIVATE_NETWORKS：应如 10.1.2.0/24 / {error}") from error
        if self.ca_file and not Path(self.ca_file).is_file():
            raise BadSetting(f"GONGKAI_CA_FILE：没有这个文件 / there is no such file: {self.ca_file}")
        if self.smtp_host:
            self._check_mail()

    def _check_mail(self) -> None:
        if not _HOST.fullmatch(self.smtp_host) or ":" in self.smtp_host:
            raise BadSetting(
                "GONGKAI_SMTP_HOST：应为主机名，端口另设 / a host's name; the port has a setting of its own"
            )
        if not 0 < self.smtp_port < 65536:
            raise BadSetting("GONGKAI_SMTP_PORT：应为 1 至 65535 / a port from 1 to 65535")
        if not _MAILBOX.fullmatch(self.mail_from):
            raise BadSetting(
                "GONGKAI_MAIL_FROM：应为一个邮箱地址，如 gongkai@union.example.cn / write one e-mail address"
            )
        if self.smtp_security not in {"starttls", "tls", "none"}:
            raise BadSetting("GONGKAI_SMTP_SECURITY：应为 starttls、tls 或 none / use starttls, tls or none")
        if self.smtp_security == "none" and self.smtp_host not in {"localhost", "127.0.0.1"}:
            raise BadSetting(
                "GONGKAI_SMTP_SECURITY=none：只可用于本机的邮件服务 / only for a mail server on this very machine"
            )
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise BadSetting("GONGKAI_SMTP_USER、GONGKAI_SMTP_PASSWORD：要么都设，要么都不设 / set both or neither")
        if not self.public_address:
            raise BadSetting(
                "GONGKAI_PUBLIC_ADDRESS：发邮件须写明，信里的链接由它开头 / mail needs it: links begin with it"
            )


def _parsed(name: str, kind: str, raw: str) -> object:
    if kind == "int":
        if not raw.isascii() or not raw.isdigit():
            raise BadSetting(f"{name}={raw!r}：应为整数 / write a whole number")
        return int(raw)
    if kind == "Path":
        return Path(raw)
    if kind.startswith("tuple[str"):
        return tuple(part.strip().lower() for part in raw.split(",") if part.strip())
    if kind.startswith("tuple"):
        return tuple(Path(part) for part in raw.split(":") if part)
    return raw
