"""What the documents say is so: links lead somewhere, and every command they show exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from app.factory import create_app
from tests.fixtures.sites import settings_for

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_COMMAND = re.compile(r"flask --app wsgi ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")
_TARGET = re.compile(r"\bmake ([a-z]+)\b")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The service, for its commands."""
    place = tmp_path_factory.mktemp("docs")
    return create_app(settings_for(f"sqlite:///{place / 'docs.sqlite3'}", place))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_shown_exists(document: Path, app: Flask) -> None:
    for shown in _COMMAND.findall(document.read_text(encoding="utf-8")):
        first, _, second = shown.partition(" ")
        command = app.cli.commands.get(first)
        assert command is not None, f"{document.name}: flask {first}"
        if second and hasattr(command, "commands"):
            assert second in command.commands, f"{document.name}: flask {shown}"


def test_the_page_of_all_kinds_of_work_is_current(app: Flask) -> None:
    made = app.test_cli_runner().invoke(args=["workflows", "describe"])
    assert made.exit_code == 0, made.output
    assert (ROOT / "docs/reference/workflows.md").read_text(encoding="utf-8") == made.output


def test_the_page_of_the_language_is_current_and_gives_every_key_its_meaning(app: Flask) -> None:
    made = app.test_cli_runner().invoke(args=["workflows", "language"])
    assert made.exit_code == 0, made.output
    assert (ROOT / "docs/reference/definition.md").read_text(encoding="utf-8") == made.output
    assert not [line for line in made.output.splitlines() if line.endswith("|  |")]


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(_TARGET.findall((ROOT / "README.md").read_text(encoding="utf-8"))) <= targets
