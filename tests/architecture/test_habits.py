"""One door for each important thing. Every rule is tried on a bad example first: a rule that cannot fail is none."""

from __future__ import annotations

import pytest

from tests.architecture import habits
from tests.architecture.habits import Habit, Module, findings, modules

CASE_DOORS = {
    "app/cases/service.py": "the door",
    "app/cases/rows.py": "the door's hands: an import contract lets the service alone reach them",
    "app/trail/verifier/verify.py": "replays cases from a pack in memory; it has no database",
}
"""The only files that make or change rows of cases and their decisions, each with its reason."""

CASES = habits.writes_rows_of("app.cases.models", ("Case", "Decision"))
CASES_BY_TEXT = habits.writes_tables_by_text(("case", "decision"))

LATE_IMPORTS = {
    "app/foundation/ticking.py": "the job engine takes seconds to import, which only the worker should pay",
    "app/trail/verifier/verify.py": "runs on the standard library alone, with cryptography where it is installed",
}
"""Files of the product that may import inside a function, each with its reason."""

PRODUCT = ("app", "config.py", "wsgi.py")

BAD: list[tuple[Habit, str]] = [
    (habits.ends_transactions, "session.commit()"),
    (habits.ends_transactions, "self.session().rollback()"),
    (habits.reads_the_clock, "from datetime import datetime\ndatetime.now()"),
    (habits.reads_the_clock, "import datetime as d\nd.datetime.utcnow()"),
    (habits.reads_the_clock, "from datetime import date\nx = date.today"),
    (habits.reads_the_clock, "from time import time"),
    (habits.reads_the_clock, "import time\ntime.time()"),
    (habits.reads_the_clock, "import sqlalchemy as sa\nsa.func.now()"),
    (habits.reads_the_clock, "def f():\n    from datetime import datetime as D\n    return D.now()"),
    (habits.reads_the_environment, "import os\nos.environ['X']"),
    (habits.reads_the_environment, "from os import getenv"),
    (habits.sleeps, "import time\ntime.sleep(1)"),
    (habits.sleeps, "from time import sleep"),
    (habits.sleeps, "page.wait_for_timeout(100)"),
    (habits.has_no_docstring, "import os"),
    (habits.has_no_docstring, "'  '"),
    (habits.imports_inside_functions, "def f():\n    import app.fund"),
    (habits.imports_inside_functions, "class A:\n    async def f(self):\n        if x:\n            from a import b"),
    (CASES, "from app.cases.models import Case\nCase(state='draft')"),
    (CASES, "from app.cases.models import Case as Row\nRow(state='draft')"),
    (CASES, "from app.cases import models\nmodels.Decision()"),
    (CASES, "import app.cases.models\napp.cases.models.Case()"),
    (CASES, "import sqlalchemy as sa\nfrom app.cases.models import Case\nsa.update(Case).values(state='x')"),
    (CASES, "from sqlalchemy import insert\nfrom app.cases.models import Case\ninsert(Case.__table__)"),
    (CASES, "import sqlalchemy as sa\nfrom app.cases.models import Case\nsa.insert(table_of(Case))"),
    (CASES, "from app.cases.models import Decision\nsession.execute(delete(Decision))"),
    (CASES, "case.state = 'published'"),
    (CASES, "case.votes += 1"),
    (CASES, "a, case.state = 1, 2"),
    (CASES, "from app.cases.models import Case\ndef f(claim: Case):\n    claim.state = 'published'"),
    (CASES_BY_TEXT, "'UPDATE \"case\" SET state = 1'"),
    (CASES_BY_TEXT, "f'insert into decision ({columns})'"),
    (CASES_BY_TEXT, "'delete from case where 1=1'"),
]


@pytest.mark.parametrize(("habit", "source"), BAD)
def test_a_bad_example_is_noticed(habit: Habit, source: str) -> None:
    assert findings(habit, [Module.of("bad.py", source)])


GOOD: list[tuple[Habit, str]] = [
    (habits.ends_transactions, "committed = commit"),
    (habits.reads_the_clock, "from datetime import UTC, datetime\ndatetime(2026, 1, 1, tzinfo=UTC)\nclock.now()"),
    (habits.reads_the_environment, "settings.environment"),
    (habits.sleeps, "import time\ntime.monotonic()"),
    (habits.imports_inside_functions, "import os\nif True:\n    import sys"),
    (CASES, "from app.cases.models import Case\nsa.select(Case).where(Case.state == 'draft')\nx = case.state"),
    (CASES, "from app.engine.decision import Decision\nDecision()"),
    (CASES_BY_TEXT, "'select case when a then update_it end from claim'"),
]


@pytest.mark.parametrize(("habit", "source"), GOOD)
def test_a_good_example_is_left_alone(habit: Habit, source: str) -> None:
    assert findings(habit, [Module.of("good.py", source)]) == []


def test_the_search_sees_the_product() -> None:
    assert {"config.py", "app/foundation/db.py", *CASE_DOORS, *LATE_IMPORTS} <= {it.path for it in modules(*PRODUCT)}


@pytest.mark.parametrize(
    ("habit", "path"),
    [
        (habits.ends_transactions, "app/foundation/db.py"),
        (habits.reads_the_clock, "app/foundation/clock.py"),
        (habits.reads_the_environment, "config.py"),
        *((CASES, path) for path in CASE_DOORS if path != "app/cases/service.py"),
        *((habits.imports_inside_functions, path) for path in LATE_IMPORTS),
    ],
)
def test_every_exemption_is_still_used(habit: Habit, path: str) -> None:
    """An exemption that nothing needs is a hole; it also shows each search finding the real thing."""
    assert findings(habit, modules(path))


def test_transactions_end_in_one_file() -> None:
    """A commit elsewhere would part a decision from its trail entry."""
    assert findings(habits.ends_transactions, modules(*PRODUCT), ["app/foundation/db.py"]) == []


def test_the_clock_is_read_in_one_file() -> None:
    """A service that reads the clock cannot be tested on another day, and could back-date what it writes."""
    assert findings(habits.reads_the_clock, modules(*PRODUCT), ["app/foundation/clock.py"]) == []


def test_the_environment_is_read_in_one_file() -> None:
    """A setting read elsewhere is neither checked nor documented."""
    assert findings(habits.reads_the_environment, modules(*PRODUCT), ["config.py"]) == []


def test_cases_and_decisions_are_written_by_their_door_alone() -> None:
    """Every event, the demo's too, passes the door: it asks the engine once and writes the trail with it."""
    assert findings(CASES, modules("app"), CASE_DOORS) == []
    assert findings(CASES_BY_TEXT, modules("app")) == []


def test_no_import_hides_in_a_function() -> None:
    """A local import to dodge a circle is the house saying that a wall is in the wrong place."""
    assert findings(habits.imports_inside_functions, modules(*PRODUCT), LATE_IMPORTS) == []


def test_every_module_says_what_it_is_for() -> None:
    assert findings(habits.has_no_docstring, modules(*PRODUCT, "tests", "bench", "migrations")) == []


def test_no_test_waits_for_time_to_pass() -> None:
    """A sleep is too short on a busy machine and too long on every other."""
    assert findings(habits.sleeps, modules("tests")) == []
