"""Last year's cases on a version that is only proposed: what would have been different, and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fixtures.revising import changed, problems, proposed
from tests.fixtures.sites import Site


def year(site: Site) -> dict[str, Any]:
    """A claim that was paid and published, and one that two auditors passed."""
    assert site["chair"].patch("/union", {"two_auditor_limit_fen": 20_000}).status_code == 200
    small = site.acted("auditor1", site.submitted(10_000), "approve")
    small = site.acted("cashier", small, "pay", paid_on="2026-07-20", bank_reference="HD-1")
    site.acted("chair", small, "publish")
    large = site.acted("auditor1", site.submitted(30_000), "approve")
    return site.acted("auditor2", large, "approve")


def asked(site: Site, text: str) -> dict[str, Any]:
    """What the year would have met."""
    made = proposed(site, text)
    answer = site["vice"].get(f"/proposals/{made['id']}/what-if")
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def said(found: dict[str, Any]) -> list[str]:
    """The sentences, in Chinese."""
    return [each["message"]["zh-CN"] for one in found["cases"] for each in one["differences"]]


def test_a_version_that_only_calls_something_else_changes_nothing_for_anyone(site: Site) -> None:
    year(site)
    found = asked(site, changed(site, ("zh: 退回修改", "zh: 退回")))
    assert (found["looked_at"], found["cases"]) == (2, [])


def test_more_approvers_than_there_are_would_have_blocked_the_large_claim(site: Site) -> None:
    year(site)
    text = changed(site, ("need: 2, when", "need: 4, when"), ("or_all_members: true", "or_all_members: false"))
    found = asked(site, text)
    assert (found["counts"]["block"], len(found["cases"])) == (1, 1)
    assert said(found) == ["“同意”要 4 人，除去要回避的只有 3 人能办。"]


def test_a_side_that_is_barred_anew_is_a_conflict(site: Site) -> None:
    """The chair published what the treasurer submitted; on this version no approver publishes."""
    year(site)
    barred = ("by: {offices: [chair, clerk]}\n", "by: {offices: [chair, clerk]}\n    bars: [submitter]\n")
    assert asked(site, changed(site, barred))["cases"] == []
    claim = site.acted("auditor1", site.submitted(5_000, handled_by=str(site.town.people["chair"])), "approve")
    claim = site.acted("cashier", claim, "pay", paid_on="2026-07-20", bank_reference="HD-2")
    site.acted("chair", claim, "publish")
    found = asked(site, changed(site, (barred[0], barred[1].replace("[submitter]", "[submitter, handler]"))))
    assert (found["counts"]["conflict"], said(found)) == (1, ["当时办“公布”的人，按新版要回避。"])


def test_another_branch_is_another_way_and_says_where_it_would_wait(site: Site) -> None:
    year(site)
    text = changed(
        site,
        ("when: {setting.chair_approves: {is: true}}", "when: {amount_fen: {at_least: 1}}"),
        ("when: {setting.chair_approves: {is: false}}", "when: {amount_fen: {below: 1}}"),
    )
    found = asked(site, text)
    assert found["counts"]["route"] == len(found["cases"]) == 2
    assert any("停在“待主席审批”：下一步是“主席同意”" in one for one in said(found))


def test_nothing_is_changed_by_asking(site: Site) -> None:
    large = year(site)
    before = site["treasurer"].get(f"/cases/{large['id']}").get_json()
    asked(site, changed(site, ("need: 2, when", "need: 3, when")))
    assert site["treasurer"].get(f"/cases/{large['id']}").get_json() == before
    assert problems(site) == set()


def test_the_command_looks_at_a_file(sqlite_site: Site, tmp_path: Path) -> None:
    year(sqlite_site)
    file = tmp_path / "claim.yaml"
    file.write_text(changed(sqlite_site, ("need: 2, when", "need: 3, when")), encoding="utf-8")
    run = sqlite_site.app.test_cli_runner().invoke(args=["workflows", "what-if", str(file)])
    assert run.exit_code == 0, run.output
    assert "看了 2 件，1 件不同" in run.output
    assert "“同意”还要再有 1 人同意。" in run.output


def test_the_command_names_every_problem_of_a_file(sqlite_site: Site, tmp_path: Path) -> None:
    file = tmp_path / "claim.yaml"
    file.write_text(changed(sqlite_site, ("[cashier]}", "[cashir]}"), ("number: GH", "number: gh")), encoding="utf-8")
    run = sqlite_site.app.test_cli_runner().invoke(args=["workflows", "what-if", str(file)])
    assert run.exit_code == 1
    assert "cashir" in run.output
    assert "“gh”" in run.output
