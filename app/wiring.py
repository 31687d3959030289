"""Every part of the service put together, without Flask: the factory, the commands and the tests start from here."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import app.every_table  # noqa: F401 - mappers need every table before the first query
from app.cases import announcing
from app.cases import facts as case_facts
from app.cases.definitions import Definitions
from app.cases.files import Files
from app.cases.menu import Menu
from app.cases.ports import Registry
from app.cases.service import Cases
from app.engine.calendar_files import load_calendars
from app.engine.checks import check
from app.engine.definition import Definition
from app.engine.loading import load_catalogue
from app.engine.problems import DefinitionError
from app.engine.vocabulary import Vocabulary
from app.foundation.clock import Clock, utc_now
from app.foundation.db import Database
from app.foundation.edge import Wiring
from app.foundation.storage import LocalStore, Store
from app.fund import registering as fund
from app.notices import registering as notices
from app.people import registering as people
from app.people.offices import OfficeBook
from app.plan import registering as plan
from app.review import registering as review
from app.revising.service import Revising
from app.trail.keys import KeyFileMissing, SigningKey, create_key_file, load_key_file
from config import BadSetting, Settings

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = ROOT / "workflows"

SETTINGS_IN_CONDITIONS: dict[str, type[int | bool | str]] = {
    "two_auditor_limit_fen": int,
    "chair_approves": bool,
}
"""The union's own figures that a definition may name."""


def wire(settings: Settings, clock: Clock = utc_now) -> Wiring:
    """Every part of the service, without Flask: for commands and tests too."""
    wiring = Wiring()
    offices = OfficeBook.load(WORKFLOWS / "offices.yaml")
    registry = Registry()
    definitions = Definitions(load_shipped(settings, offices), offices.titles())
    store = LocalStore(settings.files)
    wiring.put(settings)
    wiring.put(clock, cast("type", Clock))
    wiring.put(Database(settings.database_url, journal=settings.sqlite_journal))
    wiring.put(offices)
    wiring.put(registry)
    wiring.put(definitions)
    wiring.put(store, Store)
    calendar = load_calendars(WORKFLOWS / "calendars")
    wiring.put(calendar)
    wiring.put(Menu.load(WORKFLOWS / "menu.yaml", definitions.shipped))
    wiring.put(Cases(definitions, registry, calendar))
    wiring.put(Files(store, registry))
    wiring.put(_signer(settings))
    case_facts.register(registry, definitions)
    people.register(wiring)
    notices.register(wiring)
    announcing.register(wiring)
    fund.register(wiring, WORKFLOWS / "accounts")
    plan.register(wiring)
    review.register(wiring)
    words = vocabulary(registry, offices)
    wiring.put(Revising(wiring.use(Cases), words))
    check_definitions(definitions.shipped, words)
    return wiring


def load_shipped(settings: Settings, offices: OfficeBook) -> dict[str, Definition]:
    """The definitions of the shipped folder and of the union's own folders.

    Raises:
        DefinitionError: a file cannot be read, or a name is given twice.
        BadSetting: a folder of the union's own is not there.
    """
    found = load_catalogue(WORKFLOWS, offices.titles())
    for folder in settings.extra_workflows:
        if not folder.is_dir():
            raise BadSetting(f"GONGKAI_EXTRA_WORKFLOWS：没有这个文件夹 / there is no such folder: {folder}")
        found |= load_catalogue(folder, offices.titles())
    return found


def vocabulary(registry: Registry, offices: OfficeBook) -> Vocabulary:
    """What definitions may name."""
    return Vocabulary(
        facts=registry.fact_parameters,
        effects=registry.effect_parameters,
        settings=SETTINGS_IN_CONDITIONS,
        offices=frozenset(offices.titles()),
        paying=frozenset(registry.paying),
        repeatable=frozenset(registry.repeatable),
    )


def check_definitions(definitions: dict[str, Definition], words: Vocabulary) -> None:
    """Refuse to start with a definition that cannot work.

    Raises:
        DefinitionError: with every problem of every file.
    """
    problems = [problem for definition in definitions.values() for problem in check(definition, words)]
    if problems:
        raise DefinitionError(problems)


def _signer(settings: Settings) -> SigningKey:
    """The key that signs checkpoints; made on first use outside production."""
    name = f"{settings.host}/trail"
    try:
        return load_key_file(settings.signing_key, name)
    except KeyFileMissing:
        if settings.is_production:
            raise
        settings.signing_key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        create_key_file(settings.signing_key)
        return load_key_file(settings.signing_key, name)
