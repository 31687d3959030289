"""The contracts of pyproject.toml hold, and each of them notices when it is broken.

A contract that cannot fail is an ornament, so every one is tried on a small house with one planted violation.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = ROOT / "pyproject.toml"
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

FEATURES = ("desk", "public", "review", "fund", "plan", "cases", "notices", "people", "trail", "demo")
ROOMS = ("api", "web", "cli", "schemas", "service", "queries", "models")

PLANTED = {
    "Floors of the house": [
        ("app/people/service.py", "import app.cases.service"),
        ("app/fund/service.py", "import app.plan.service"),
        ("app/engine/decisions.py", "import app.foundation.errors"),
        ("app/foundation/errors.py", "import app.engine"),
        ("app/desk/web.py", "import app.factory"),
        ("app/desk/web.py", "import app.wiring"),
        ("app/wiring.py", "import app.operating"),
        ("app/wording.py", "import app.foundation"),
    ],
    "Rooms of a feature": [
        ("app/fund/models.py", "import app.fund.service"),
        ("app/cases/queries.py", "import app.cases.service"),
        ("app/cases/service.py", "import app.cases.schemas"),
        ("app/cases/web.py", "import app.cases.api"),
    ],
    "The engine does no I/O and reads no settings": [
        ("app/engine/decisions.py", "import sqlalchemy"),
        ("app/engine/__init__.py", "import flask"),
        ("app/engine/decisions.py", "import marshmallow"),
        ("app/engine/machine.py", "import config"),
    ],
    "`transitions` lives behind one file": [("app/cases/service.py", "import transitions")],
    "The job engine lives behind one file": [("app/cases/service.py", "import dbos")],
    "YAML is read by one file": [("app/fund/service.py", "import yaml")],
    "Flask and marshmallow stay at the edge": [
        ("app/people/policy.py", "import flask"),
        ("app/fund/rules.py", "import marshmallow"),
        ("app/cases/schemas.py", "import flask"),
    ],
    "Services know neither Flask nor marshmallow, at any distance": [
        ("app/plan/service.py", "import app.foundation.web"),
        ("app/plan/models.py", "import app.plan.service\nimport flask"),
    ],
    "The trail's arithmetic needs no database": [
        ("app/trail/chain.py", "import sqlalchemy"),
        ("app/trail/chain.py", "import app.foundation.db"),
    ],
    "Rows of cases are written through the service": [
        ("app/demo/cli.py", "import app.cases.rows"),
        ("app/cases/api.py", "from app.cases import rows"),
    ],
    "No circles inside a feature": [("app/fund/rules.py", "import app.fund.books")],
}


def write(root: Path, path: str, code: str) -> None:
    """Add a module with a docstring, or more lines to one that is there."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text() if file.exists() else f'"""{path}."""\n'
    file.write_text(f"{before}{code}\n")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house with every floor and room, each importing only what it may, under the project's own contracts."""
    for feature in FEATURES:
        write(tmp_path, f"app/{feature}/__init__.py", "")
        for room in ROOMS:
            write(tmp_path, f"app/{feature}/{room}.py", "")
    for path, code in {
        "app/__init__.py": "",
        "app/wording.py": "",
        "app/foundation/__init__.py": "",
        "app/foundation/errors.py": "import app.wording",
        "app/foundation/db.py": "import sqlalchemy",
        "app/foundation/web.py": "import flask",
        "app/engine/__init__.py": "import app.engine.decisions",
        "app/engine/decisions.py": "import app.engine.machine",
        "app/engine/machine.py": "import transitions",
        "app/engine/loading.py": "import marshmallow\nimport yaml",
        "app/trail/chain.py": "import hashlib",
        "app/trail/models.py": "import app.foundation.db\nimport sqlalchemy",
        "app/trail/service.py": "import app.trail.chain\nimport app.trail.models",
        "app/cases/rows.py": "import sqlalchemy",
        "app/cases/service.py": "import app.cases.rows\nimport app.engine.loading\nimport app.trail.service",
        "app/cases/web.py": "import flask\nimport app.cases.service\nimport app.foundation.web",
        "app/people/policy.py": "",
        "app/fund/books.py": "import app.fund.rules",
        "app/fund/rules.py": "",
        "app/every_table.py": "import app.cases.models",
        "app/wiring.py": "import app.every_table\nimport app.cases.service\nimport config",
        "app/operating.py": "import flask\nimport app.wiring",
        "app/factory.py": "import flask\nimport app.operating\nimport app.demo.cli\nimport app.desk.web",
        "config.py": "",
    }.items():
        write(tmp_path, path, code)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.read_text())
    return tmp_path


def broken_contracts(root: Path) -> tuple[set[str], str]:
    """The names of the contracts that do not hold in the tree at ``root``, and all the tool said."""
    run = subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root)},
    )
    names = [contract["name"] for contract in tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]]
    verdicts = {name: f"{name} BROKEN" in run.stdout for name in names}
    if any(f"{name} KEPT" not in run.stdout and not broken for name, broken in verdicts.items()):
        pytest.fail(f"the contracts were not all judged:\n{run.stdout}{run.stderr}")
    assert (run.returncode != 0) == any(verdicts.values()), run.stdout
    return {name for name, broken in verdicts.items() if broken}, run.stdout


def test_the_house_keeps_its_import_contracts() -> None:
    broken, report = broken_contracts(ROOT)
    assert not broken, report


def test_a_well_built_house_breaks_no_contract(house: Path) -> None:
    broken, report = broken_contracts(house)
    assert not broken, report


@pytest.mark.parametrize(
    ("contract", "path", "code"), [(name, path, code) for name, plants in PLANTED.items() for path, code in plants]
)
def test_a_planted_import_breaks_its_contract(house: Path, contract: str, path: str, code: str) -> None:
    write(house, path, code)
    broken, report = broken_contracts(house)
    assert contract in broken, report


def test_every_contract_has_a_planted_violation() -> None:
    contracts = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == set(PLANTED)
