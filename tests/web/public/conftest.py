"""A union with something published and something not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.fixtures.sites import PNG, Site

BANK_REFERENCE = "HD-20260701-77"


@dataclass
class Board:
    """The union's public page and the ways by which things get there."""

    site: Site

    def paid(self, fen: int = 10_000, **changes: Any) -> dict[str, Any]:
        """A claim approved and paid."""
        audited = self.site.acted("auditor1", self.site.submitted(fen, **changes), "approve", "票据相符")
        return self.site.acted("cashier", audited, "pay", paid_on="2026-04-29", bank_reference=BANK_REFERENCE)

    def published(self, fen: int = 10_000, **changes: Any) -> dict[str, Any]:
        """The same, published."""
        return self.site.acted("chair", self.paid(fen, **changes), "publish")

    def confirmed(self, fen: int = 300_000) -> dict[str, Any]:
        """Income that the treasurer confirmed."""
        case = self.site.opened(
            "cashier",
            "income",
            source="四月会费",
            received_on="2026-04-15",
            account=self.income_account(),
            amount_fen=fen,
            bank_reference=BANK_REFERENCE,
        )
        return self.site.acted("treasurer", self.site.acted("cashier", case, "submit"), "confirm")

    def signed_off(self, name: str = "职工歌咏比赛", **changes: Any) -> dict[str, Any]:
        """A task proposed by the clerk, approved and signed off by the chair, with one photo."""
        site = self.site
        raw = {"name": name, "owner": str(site.town.people["organiser"]), "due_on": "2026-04-30", **changes}
        proposed = site.acted("clerk", site.opened("clerk", "task", **raw), "propose")
        approved = site.acted("chair", proposed, "approve")
        photo = site["organiser"].upload(PNG, "photo.png").get_json()["id"]
        reported = site.acted("organiser", approved, "report", result="三十人参加，顺利结束。", photos=[photo])
        return site.acted("chair", reported, "sign_off")

    def income_account(self) -> str:
        """Some category of income."""
        accounts = self.site["treasurer"].get("/accounts").get_json()
        return str(accounts["income"][0]["code"])

    def told(self, query: str = "") -> dict[str, Any]:
        """What the API tells anyone."""
        answer = self.site.app.test_client().get(f"/api/v1/public/brook?year=2026{query}")
        assert answer.status_code == 200, answer.get_json()
        return dict(answer.get_json())


@pytest.fixture
def board(sqlite_site: Site) -> Board:
    return Board(sqlite_site)


@pytest.fixture
def board_on_both(site: Site) -> Board:
    return Board(site)
