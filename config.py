"""Settings, read once from the environment, checked, and frozen. Every one is documented where it stands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path


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

    @property
    def is_production(self) -> bool:
        """Whether real money is at stake: demo refused, cookies over https only."""
        return self.environment == "production"

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


def _parsed(name: str, kind: str, raw: str) -> object:
    if kind == "int":
        if not raw.isascii() or not raw.isdigit():
            raise BadSetting(f"{name}={raw!r}：应为整数 / write a whole number")
        return int(raw)
    if kind == "Path":
        return Path(raw)
    if kind.startswith("tuple"):
        return tuple(Path(part) for part in raw.split(":") if part)
    return raw
