"""Charts of accounts (科目表) as data: which categories exist, by version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.engine.loading import load_yaml
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Chart:
    """One version of the chart: code -> title, for income and for spending."""

    name: str
    title: Text
    in_force_from: date
    income: dict[str, Text]
    spending: dict[str, Text]

    def side(self, kind: str) -> dict[str, Text]:
        """``income`` or ``spending``."""
        return self.income if kind == "income" else self.spending


def load_charts(folder: Path) -> list[Chart]:
    """Every chart in the folder, the newest last.

    Raises:
        DefinitionError: a file cannot be read.
    """
    charts = [_chart(load_yaml(path)) for path in sorted(folder.glob("*.yaml"))]
    return sorted(charts, key=lambda chart: chart.in_force_from)


def _chart(document: dict[str, Any]) -> Chart:
    return Chart(
        name=document["chart"],
        title=Text(**document["title"]),
        in_force_from=document["in_force_from"],
        income={code: Text(**title) for code, title in document["income"].items()},
        spending={code: Text(**title) for code, title in document["spending"].items()},
    )
