"""A start that cannot succeed says why, in both languages and without a traceback; the first steps of a real one work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config import BadSetting, Settings
from tests.fixtures.servers import ROOT

PRODUCTION = {"GONGKAI_ENVIRONMENT": "production", "GONGKAI_HOST": "union.example.cn"}


def run(directory: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of the product with nothing but these settings."""
    settings = {
        "GONGKAI_DATABASE_URL": f"sqlite:///{directory / 'gongkai.sqlite3'}",
        "GONGKAI_FILES": str(directory / "files"),
        "GONGKAI_SIGNING_KEY": str(directory / "keys" / "trail.key"),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**settings, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def told(result: subprocess.CompletedProcess[str], chinese: str, english: str) -> None:
    """It ended with this sentence, and showed nobody its insides."""
    assert result.returncode != 0
    assert chinese in result.stderr
    assert english in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("GONGKAI_ENVIRONMENT", "prod", "development"),
        ("GONGKAI_DATABASE_URL", "mysql://host/name", "postgresql://"),
        ("GONGKAI_DATABASE", "sqlite:///x", "unknown setting"),
        ("GONGKAI_LARGEST_UPLOAD", "２０", "whole number"),
        ("GONGKAI_LARGEST_UPLOAD", "20MB", "whole number"),
        ("GONGKAI_SQLITE_JOURNAL", "memory", "truncate"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_what_to_write_instead(name: str, value: str, part: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.from_env({name: value})
    assert name in str(caught.value)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    "unsafe", [{"DEMO_PASSWORD": "x"}, {"GONGKAI_ARGON2_COST": "low"}, {"GONGKAI_HOST": "gongkai.local"}]
)
def test_in_production_nothing_unsafe_is_a_setting(unsafe: dict[str, str]) -> None:
    Settings.from_env(PRODUCTION)
    with pytest.raises(BadSetting):
        Settings.from_env({**PRODUCTION, **unsafe})


def test_production_does_not_start_without_a_key_and_the_key_can_be_made_before(tmp_path: Path) -> None:
    told(run(tmp_path, "-c", "import wsgi", **PRODUCTION), "没有找到签名密钥", "no signing key")
    key = tmp_path / "keys" / "trail.key"
    assert run(tmp_path, "-m", "app.trail.keys", str(key), **PRODUCTION).returncode == 0
    assert key.stat().st_mode & 0o077 == 0
    started = run(tmp_path, "-c", "import wsgi", **PRODUCTION)
    assert started.returncode == 0, started.stderr
    told(run(tmp_path, "-m", "app.trail.keys", str(key)), "已经存在", "exists already")


def test_a_key_that_others_can_read_and_a_folder_that_is_not_there_stop_the_start(tmp_path: Path) -> None:
    assert run(tmp_path, "-m", "app.trail.keys", str(tmp_path / "keys" / "trail.key")).returncode == 0
    missing = str(tmp_path / "nowhere")
    told(run(tmp_path, "-c", "import wsgi", GONGKAI_EXTRA_WORKFLOWS=missing), "没有这个文件夹", "no such folder")
    (tmp_path / "keys" / "trail.key").chmod(0o644)
    told(run(tmp_path, "-c", "import wsgi"), "不只本人可读", "can be read by others")
