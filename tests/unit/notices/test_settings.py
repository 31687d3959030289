"""Settings of mail and webhooks: what cannot work stops the start, with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import BadSetting, Settings
from tests.fixtures.sites import settings_for

MAIL = {
    "GONGKAI_SMTP_HOST": "smtp.example.test",
    "GONGKAI_MAIL_FROM": "gongkai@union.example",
    "GONGKAI_PUBLIC_ADDRESS": "https://union.example",
}


def settings(directory: Path, **changes: str) -> Settings:
    return settings_for("sqlite:///x.sqlite3", directory, **changes)


def test_nothing_is_sent_anywhere_unless_somebody_set_it_up(tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert (made.smtp_host, made.webhook_hosts, made.private_networks) == ("", (), ())


def test_mail_needs_a_server_a_sender_and_an_address_for_links(tmp_path: Path) -> None:
    made = settings(tmp_path, **MAIL)
    assert (made.smtp_port, made.smtp_security, made.digest_hour) == (587, "starttls", 8)


def test_hosts_and_networks_are_lists(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        GONGKAI_WEBHOOK_HOSTS="Hooks.Example, a.example:8443",
        GONGKAI_WEBHOOK_PRIVATE_NETWORKS="10.1.2.0/24,fd00::/8",
    )
    assert made.webhook_hosts == ("hooks.example", "a.example:8443")
    assert [str(one) for one in made.private_networks] == ["10.1.2.0/24", "fd00::/8"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GONGKAI_SMTP_HOST", "smtp.example.test:25"),
        ("GONGKAI_SMTP_PORT", "0"),
        ("GONGKAI_SMTP_PORT", "70000"),
        ("GONGKAI_SMTP_SECURITY", "ssl"),
        ("GONGKAI_SMTP_SECURITY", "none"),
        ("GONGKAI_SMTP_USER", "gongkai"),
        ("GONGKAI_MAIL_FROM", ""),
        ("GONGKAI_MAIL_FROM", "a@union.example\nBcc: b@union.example"),
        ("GONGKAI_PUBLIC_ADDRESS", ""),
        ("GONGKAI_PUBLIC_ADDRESS", "union.example"),
        ("GONGKAI_PUBLIC_ADDRESS", "https://union.example/path"),
        ("GONGKAI_DIGEST_HOUR", "24"),
        ("GONGKAI_WEBHOOK_HOSTS", "https://hooks.example/"),
        ("GONGKAI_WEBHOOK_PRIVATE_NETWORKS", "10.1.2.3/24"),
        ("GONGKAI_CA_FILE", "/nowhere/ca.pem"),
    ],
)
def test_a_setting_that_cannot_work_stops_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        settings(tmp_path, **{**MAIL, name: value})
