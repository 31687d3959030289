"""The fund over the API: the year's budget and the chart of accounts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from app.foundation.edge import Call, route
from app.foundation.errors import NotFound
from app.foundation.problems import words
from app.fund import queries
from app.fund.charts import Chart
from app.people.policy import Policy
from app.people.principal import signed_in
from app.wording import Text

api = Blueprint("fund_api", __name__, url_prefix="/api/v1")


@route(api, "/budgets/<int:year>", policy=Policy.BOOKS, summary=Text("年度预算", "The budget of a year"))
def budget(call: Call, year: int) -> dict[str, Any]:
    """Each category's allocated, held, spent and available fen, and their totals.

    Raises:
        NotFound: not a year of this century.
    """
    if not 2000 <= year <= 2100:  # beyond that no union keeps a budget, and no column holds the number
        raise NotFound
    titles = call.use(Chart).spending
    with call.read() as session:
        rows = queries.budget_overview(session, signed_in(call).union_id, year)
    lines = [
        {
            "account": row.account,
            "title": words(titles.get(row.account, Text(row.account, row.account))),
            "allocated_fen": row.allocated_fen,
            "encumbered_fen": row.encumbered_fen,
            "spent_fen": row.spent_fen,
            "available_fen": row.available_fen,
        }
        for row in rows
    ]
    names = ("allocated_fen", "encumbered_fen", "spent_fen", "available_fen")
    return {"year": year, "lines": lines, "totals": {name: sum(getattr(row, name) for row in rows) for name in names}}


@route(api, "/accounts", policy=Policy.SIGNED_IN, summary=Text("科目表", "The chart of accounts"))
def accounts(call: Call) -> dict[str, Any]:
    """The categories of income and spending in force."""
    chart = call.use(Chart)
    return {
        "chart": chart.name,
        "title": words(chart.title),
        "in_force_from": chart.in_force_from.isoformat(),
        "income": [{"code": code, "title": words(title)} for code, title in chart.income.items()],
        "spending": [{"code": code, "title": words(title)} for code, title in chart.spending.items()],
    }
