"""A union's people against its workflows: read from the offices of the day, told by name, at the command too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from app.cases import staffing
from app.cases.definitions import Definitions
from app.engine.loading import load_catalogue
from app.engine.sides import Staffing
from app.factory import create_app
from app.foundation.db import Database
from app.foundation.edge import EXTENSION
from app.people.models import OfficeHolding, Union
from tests.fixtures.sites import settings_for
from tests.fixtures.unions import BOOK, NAMES, OFFICERS, ROOT, TODAY, Town, found

SHIPPED = load_catalogue(ROOT / "workflows", BOOK.titles())


def asked(town: Town, days: int = 0) -> dict[str, Staffing]:
    definitions = Definitions(SHIPPED, BOOK.titles())
    with town.database.read() as session:
        day = TODAY + timedelta(days=days)
        return {one.definition.name: one for one in staffing.staffing_of(session, definitions, town.union_id, day)}


def told(town: Town, answers: dict[str, Staffing]) -> str:
    with town.database.read() as session:
        return "\n".join(text.zh for text in staffing.sentences(session, town.union_id, list(answers.values())))


def test_a_full_union_is_told_whom_it_cannot_do_without(database: Database) -> None:
    town = found(database)
    answers = asked(town)
    assert all(
        answers[name].is_ok for name in ("expense_claim", "budget", "income", "fund_review", "task", "work_plan")
    )
    assert f"{NAMES['cashier']}请假时，“经费报销”停在“登记付款”" in told(town, answers)
    assert answers["expense_claim"].indispensable == {str(town.people["cashier"]), str(town.people["treasurer"])}


def test_a_term_that_ends_is_seen_on_the_day_after(database: Database) -> None:
    town = found(database)
    with database.write() as session:
        session.execute(
            sa.update(OfficeHolding)
            .where(OfficeHolding.union_id == town.union_id, OfficeHolding.office == "cashier")
            .values(to_on=TODAY)
        )
    assert asked(town)["expense_claim"].is_ok
    tomorrow = asked(town, days=1)
    assert not tomorrow["expense_claim"].is_ok
    assert "“经费报销”办不下去：事项到“登记付款”无人可办（要 1 人，限出纳）" in told(town, tomorrow).splitlines()[0]


def test_the_unions_own_switch_counts(database: Database) -> None:
    town = found(database, officers={name: held for name, held in OFFICERS.items() if name not in ("chair", "vice")})
    with database.write() as session:
        session.execute(sa.update(Union).where(Union.id == town.union_id).values(chair_approves=True))
    (stop,) = asked(town)["expense_claim"].stops
    assert stop.step.zh == "主席同意"


def test_the_command_tells_each_union_beside_the_files(database: Database, tmp_path: Path) -> None:
    found(database, officers={name: held for name, held in OFFICERS.items() if name != "cashier"})
    settings = settings_for(database.url.render_as_string(hide_password=False), tmp_path)
    app = create_app(settings)
    said = app.test_cli_runner().invoke(args=["workflows", "check"])
    app.extensions[EXTENSION].use(Database).close()
    assert said.exit_code == 0, said.output
    assert "expense_claim.yaml: 可用 / fine" in said.output
    assert "个流程办不下去 / workflows cannot go on" in said.output
    assert "到“登记付款”无人可办" in said.output
