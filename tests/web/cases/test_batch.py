"""Ticking off many at once: large amounts must have been opened by whoever ticks, and a refused item writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.cases.models import Case, Decision
from tests.fixtures.answers import trail_size
from tests.fixtures.browsing import main_of, reader, statements
from tests.fixtures.sites import Site, site_on

GIFTS = """\
workflow: gift
title: {zh: 慰问品, en: Gifts}
number: WP
initial: draft
summary: {title: name, amount: amount_fen}
open: {offices: [treasurer]}
visible_to: [treasurer, auditor, chair]
states:
  draft:     {phase: draft, title: {zh: 草稿, en: Draft}}
  submitted: {phase: submitted, title: {zh: 待同意, en: Awaiting consent}}
  agreed:    {phase: ended, title: {zh: 已同意, en: Agreed}}
fields:
  name: {type: text, title: {zh: 名称, en: Name}, required: true}
  amount_fen: {type: money, title: {zh: 金额, en: Amount}, required: true}
actions:
  submit:
    title: {zh: 提交, en: Submit}
    from: [draft]
    to: submitted
    by: {offices: [treasurer]}
  agree:
    title: {zh: 同意, en: Agree}
    from: [submitted]
    to: agreed
    by: {offices: [auditor]}
    bars: [submitter]
    batch: true
    opened_above: 100000
"""


@pytest.fixture
def gifts(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A union that agrees to gifts in batches, those above 1,000 yuan only after a look."""
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "gift.yaml").write_text(GIFTS, encoding="utf-8")
    site = site_on(database_url, tmp_path, GONGKAI_EXTRA_WORKFLOWS=str(folder))
    yield site
    site.database.close()


def submitted(site: Site, fen: int) -> dict[str, Any]:
    """A gift that waits for an auditor."""
    return site.acted("treasurer", site.opened("treasurer", "gift", name="米面油", amount_fen=fen), "submit")


def agree(site: Site, *cases: dict[str, Any]) -> list[dict[str, Any]]:
    """One auditor agrees to all of them in one request."""
    items = [{"id": one["id"], "version": one["version"]} for one in cases]
    answer = site["auditor1"].post("/cases/actions/agree", {"items": items})
    assert answer.status_code == 200, answer.get_json()
    return list(answer.get_json()["items"])


def test_a_large_item_nobody_opened_is_refused_and_writes_nothing_while_the_others_pass(gifts: Site) -> None:
    small, large = submitted(gifts, 100_000), submitted(gifts, 100_001)
    size = trail_size(gifts)
    first, second = agree(gifts, large, small)
    assert (first["ok"], first["problem"]["code"], second["ok"]) == (False, "not_opened", True)
    assert trail_size(gifts) == size + 1
    with gifts.database.read() as session:
        key = (gifts.town.union_id, large["id"])
        case = session.scalars(sa.select(Case).where(Case.union_id == key[0], Case.number == large["number"])).one()
        assert (case.state, case.events, case.version) == ("submitted", 1, large["version"])
        decided = sa.select(sa.func.count()).where(Decision.union_id == key[0], Decision.case_id == case.id)
        assert session.scalar(decided) == 1  # its submission


def test_opening_it_is_personal_and_counts_for_what_was_seen(gifts: Site) -> None:
    large = submitted(gifts, 500_000)
    reader(gifts, "auditor2").get(f"/cases/{large['id']}").close()
    assert agree(gifts, large)[0]["problem"]["code"] == "not_opened"
    reader(gifts, "auditor1").get(f"/cases/{large['id']}").close()
    assert agree(gifts, large)[0]["ok"]


def test_the_inbox_cannot_tick_it_and_says_why(gifts: Site) -> None:
    submitted(gifts, 50_000)
    large = submitted(gifts, 500_000)
    auditor = reader(gifts, "auditor1")
    page = main_of(auditor.get("/inbox"))
    assert page.count("金额较大，请先打开看过") == 1
    box = page.split(f'value="{large["id"]}:{large["version"]}"')[1].split(">")[0]
    assert "disabled" in box
    auditor.get(f"/cases/{large['id']}").close()
    page = main_of(auditor.get("/inbox"))
    assert "金额较大" not in page
    assert "disabled" not in page.split(f'value="{large["id"]}:{large["version"]}"')[1].split(">")[0]


def test_an_inbox_of_many_large_items_asks_as_often_as_one_of_two(gifts: Site) -> None:
    auditor = reader(gifts, "auditor1")
    counts = []
    for _ in range(2):
        for _ in range(3):
            submitted(gifts, 500_000)
        with statements(gifts.database.reader) as asked:
            assert auditor.get("/inbox").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
