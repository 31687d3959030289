"""What every test stands on: no network, a database of its own, a server when it needs one, and a counting browser."""

from __future__ import annotations

import hypothesis

pytest_plugins = [
    "tests.fixtures.silence",
    "tests.fixtures.databases",
    "tests.fixtures.servers",
    "tests.fixtures.browsers",
    "tests.fixtures.sites",
    "tests.fixtures.demo",
]

hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("repeatable")
