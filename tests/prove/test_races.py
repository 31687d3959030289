"""Five hundred races of each kind on each database, against two server processes: no double effect, no overspending."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.models import Decision
from app.foundation.db import Database
from app.fund import queries
from app.fund.models import BudgetLine
from tests.fixtures.racing import Client, at_once, funded
from tests.fixtures.servers import StartServer

RACES = 500


def double_approvals(database: Database, server: Any, races: int) -> int:
    """Race two auditors for each of ``races`` claims; return how many claims got two effects."""
    union = funded(database, races * 100)
    claims = [union.submitted(100) for _ in range(races)]
    one, two = Client(server, "auditor1"), Client(server, "auditor2")
    for claim in claims:
        path, body = f"/cases/{claim.id}/actions/approve", {"version": claim.version}
        statuses = at_once([partial(one.post, path, body), partial(two.post, path, body)])
        assert sorted(statuses) == [200, 409], statuses
    with database.read() as session:
        counts = session.execute(
            sa.select(Decision.case_id, sa.func.count())
            .where(Decision.union_id == union.town.union_id, Decision.action == "approve")
            .group_by(Decision.case_id)
        ).all()
    assert len(counts) >= races
    return sum(count > 1 for case_id, count in counts if case_id in {claim.id for claim in claims})


@pytest.mark.prove
def test_of_two_auditors_at_once_one_approves(database: Database, live_server: StartServer) -> None:
    server = live_server(database.url.render_as_string(hide_password=False), 2)
    assert double_approvals(database, server, RACES) == 0


@pytest.mark.prove
def test_of_two_claims_for_the_last_money_one_is_held(database: Database, live_server: StartServer) -> None:
    server = live_server(database.url.render_as_string(hide_password=False), 2)
    union = funded(database, 100)
    treasurer = Client(server, "treasurer")
    for _ in range(RACES):
        drafts = [union.claim(60), union.claim(60)]
        steps = [
            partial(treasurer.post, f"/cases/{draft.id}/actions/submit", {"version": draft.version}) for draft in drafts
        ]
        assert sorted(at_once(steps)) == [200, 409]
        with database.write() as session:
            # Make room for the next race: sixty are held, so sixty are added.
            session.execute(
                sa.update(BudgetLine)
                .where(BudgetLine.union_id == union.town.union_id)
                .values(allocated_fen=BudgetLine.allocated_fen + 60)
            )
    with database.read() as session:
        (line,) = queries.budget_overview(session, union.town.union_id, 2026)
        assert (line.encumbered_fen, line.available_fen) == (60 * RACES, 100)


@pytest.mark.prove
def test_the_harness_sees_a_double_effect_when_there_is_one(database: Database) -> None:
    """Known bad: the same decision row written twice for one claim is counted as a double effect."""
    union = funded(database, 1_000)
    claim = union.acted("auditor1", union.submitted(100), "approve")
    with database.write() as session:
        row = session.scalars(
            sa.select(Decision).where(
                Decision.union_id == union.town.union_id, Decision.case_id == claim.id, Decision.action == "approve"
            )
        ).one()
        values = {column.key: getattr(row, column.key) for column in sa.inspect(Decision).mapper.column_attrs}
        session.execute(sa.insert(Decision).values({**values, "event": 99}))
    with database.read() as session:
        doubled = session.scalar(
            sa.select(sa.func.count()).where(
                Decision.union_id == union.town.union_id, Decision.case_id == claim.id, Decision.action == "approve"
            )
        )
    assert doubled == 2
