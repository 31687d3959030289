"""The engine is pure: it can be imported where Flask and SQLAlchemy do not exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WITHOUT = """
import importlib, pkgutil, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"flask", "sqlalchemy", "werkzeug", "jinja2", "psycopg"}:
            raise ModuleNotFoundError(f"{name} does not exist here", name=name)

sys.meta_path.insert(0, Missing())
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
"""


def import_without_web_or_database(package: str) -> subprocess.CompletedProcess[str]:
    """Import a package and all its modules in a fresh interpreter that lacks both."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, package], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_engine_needs_neither_web_nor_database() -> None:
    run = import_without_web_or_database("app.engine")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("package", ["app.foundation", "app.cases"])
def test_what_does_need_them_is_noticed(package: str) -> None:
    run = import_without_web_or_database(package)
    assert "does not exist here" in run.stderr
