"""预算与支出: how the year's budget stands, by category."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request

from app.foundation.clock import union_day
from app.foundation.edge import Call, route
from app.fund import queries
from app.fund.charts import Chart
from app.people.policy import Policy
from app.people.principal import signed_in
from app.wording import Text

web = Blueprint("fund", __name__)


@route(web, "/budget", policy=Policy.BOOKS, summary=Text("预算与支出", "Budget and spending"))
def budget_page(call: Call) -> str:
    """Bars and a table of the year chosen, this year unless asked otherwise."""
    union_id, today = signed_in(call).union_id, union_day(call.now)
    asked = request.args.get("year", "")
    with call.read() as session:
        years = queries.years_with_budget(session, union_id)
        year = int(asked) if re.fullmatch(r"20[0-9]{2}", asked) else today.year
        rows = queries.budget_overview(session, union_id, year)
    titles = call.use(Chart).spending
    elapsed = min(100, max(0, (today - today.replace(year=year, month=1, day=1)).days * 100 // 365))
    lines = [
        {
            "title": titles.get(row.account, Text(row.account, row.account)),
            "budget_fen": row.allocated_fen,
            "spent_fen": row.spent_fen,
            "held_fen": row.encumbered_fen,
            "left_fen": row.available_fen,
            "elapsed_percent": elapsed,
            "code": row.account,
        }
        for row in rows
    ]
    return render_template(
        "fund/budget.html",
        year=year,
        years=sorted({*years, today.year}, reverse=True),
        lines=lines,
        may_open="treasurer" in signed_in(call).offices,
    )
