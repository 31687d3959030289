"""The main job by the API alone, as the issue of a claim, a task and a half-year is told, on both databases."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app.demo.documents import (
    Party,
    SampleInvoice,
    SampleLine,
    activity_photo,
    invoice_pdf,
    invoice_xml,
    sample_tax_id,
)
from tests.fixtures.browsing import reader
from tests.fixtures.sites import PNG, Site, settings_for, site_on

UNION_TAX_ID = sample_tax_id(1, union=True)
LIMIT = 500_000


def invoice(number: str, fen: int) -> SampleInvoice:
    """An invoice of an invented shop, made out to the union."""
    return SampleInvoice(
        number=number,
        issued=date(2026, 4, 18),
        seller=Party("河畔文具店", sample_tax_id(901)),
        buyer=Party("brook 工会", UNION_TAX_ID),
        lines=(SampleLine("荧光棒", fen),),
    )


def uploaded(site: Site, content: bytes, name: str, who: str = "treasurer") -> dict[str, Any]:
    """A file sent by that person."""
    answer = site[who].upload(content, name)
    assert answer.status_code == 201, answer.get_json()
    return dict(answer.get_json())


def test_the_six_steps(site: Site, tmp_path: Path) -> None:  # noqa: PLR0915 - one story, told whole
    chair = site["chair"]
    assert chair.patch("/union", {"two_auditor_limit_fen": LIMIT, "tax_id": UNION_TAX_ID}).status_code == 200

    # 1. The treasurer files a claim from real invoice files, and one without an invoice.
    xml = uploaded(site, invoice_xml(invoice("26000000000000000101", 12_800)), "a.xml")
    pdf = uploaded(site, invoice_pdf(invoice("26000000000000000102", 7_200)), "b.pdf")
    photo = uploaded(site, activity_photo("歌咏比赛", seed=1), "c.jpg")
    assert (xml["invoice"]["number"], xml["invoice"]["amount_total_fen"]) == ("26000000000000000101", 12_800)
    assert (pdf["invoice"]["number"], pdf["invoice"]["amount_total_fen"]) == ("26000000000000000102", 7_200)
    assert "invoice" not in photo
    task = approved_task(site)
    lines = [
        {"summary": "荧光棒", "amount_fen": 12_800, "files": [xml["id"]]},
        {"summary": "横幅", "amount_fen": 7_200, "files": [pdf["id"]]},
    ]
    claim = site.claim(
        lines=lines, evidence=[photo["id"]], no_invoice_reason=None, task=task["id"], purpose="五一歌咏比赛用品"
    )
    claim = site.acted("treasurer", claim, "submit")
    assert claim["number"] == "GH-2026-0001"
    assert {check["code"] for check in shown(site, claim)["checks"]} >= {"budget_covers", "invoices_free"}
    relief = site.submitted(50_000, purpose="慰问住院会员")

    # 2. One auditor approves; a large claim needs two; another comes back and is fixed.
    claim = site.acted("auditor1", claim, "approve", "同意")
    large = site.submitted(LIMIT + 1, purpose="运动会服装")
    site.acted("auditor1", large, "approve")
    large = site.acted("auditor2", large, "approve")
    returned = site.acted("auditor2", relief, "return", "请写明会员所在小组")
    fixed = site["treasurer"].patch(
        f"/cases/{relief['id']}", {"version": returned["version"], "data": {"purpose": "慰问住院会员（二组）"}}
    )
    relief = site.acted("treasurer", {**relief, **fixed.get_json()}, "submit")
    rounds = [(step["round"], step["action"], step["comment"]) for step in shown(site, relief)["timeline"]]
    assert (1, "return", "请写明会员所在小组") in rounds
    assert rounds[-1][:2] == (2, "submit")
    relief = site.acted("auditor1", relief, "approve")

    # 3. The cashier pays; the chair publishes the period in one confirmation; the member sees it.
    paid = [
        site.acted("cashier", one, "pay", paid_on="2026-05-06", bank_reference=f"HD-{number}")
        for number, one in enumerate((claim, relief, large))
    ]
    batch = {"items": [{"id": one["id"], "version": one["version"]} for one in paid]}
    answers = chair.post("/cases/actions/publish", batch).get_json()["items"]
    assert all(one["ok"] for one in answers)
    public = site.app.test_client().get("/api/v1/public/brook?year=2026")
    assert public.status_code == 200
    told = json.dumps(public.get_json(), ensure_ascii=False)
    assert "HD-0" not in told
    assert "河边文具店" not in told
    assert "五一歌咏比赛用品" in told

    # 4. The task is reported with photos, signed off, published.
    photos = [uploaded(site, activity_photo("现场", seed=seed), f"{seed}.jpg", "organiser")["id"] for seed in (2, 3)]
    task = site.acted("organiser", task, "report", result="三十人参加，顺利结束。", photos=photos)
    signed = chair.post("/cases/actions/sign_off", {"items": [{"id": task["id"], "version": task["version"]}]})
    task = {**task, **signed.get_json()["items"][0]["case"]}
    assert site.acted("chair", task, "publish")["state"] == "published"

    # 5. The half-year review: two sign, the chair of the audit committee publishes, the pack checks itself.
    review = site.opened(
        "auditor1",
        "fund_review",
        name="2026年上半年经费审查",
        period_from="2026-01-01",
        period_to="2026-06-30",
        opinion="收支相符，手续齐全。",
    )
    review = site.acted("auditor1", review, "submit")
    review = site.acted("auditor1", review, "sign")
    assert site.tried("chair", review, "publish").status_code == 409
    review = site.acted("auditor2", review, "sign")
    assert site.tried("chair", review, "publish").status_code == 403
    assert site.acted("auditchair", review, "publish")["state"] == "published"
    figures = site["auditor1"].get(f"/reviews/{review['id']}").get_json()
    assert figures["spending_fen"] == 20_000 + 50_000 + LIMIT + 1
    assert len(figures["items"]) == 3
    pack = site["auditor1"].get(f"/reviews/{review['id']}/pack")
    assert pack.status_code == 200
    verified = checked(pack.get_data(), tmp_path)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "核对一致" in verified.stdout

    # And nothing was changed on the way.
    verdict = site.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert verdict.exit_code == 0, verdict.output


def test_a_changed_amount_in_the_pack_is_found(site: Site, tmp_path: Path) -> None:
    site.hands.now = datetime(2026, 7, 21, tzinfo=UTC)
    claim = site.acted("auditor1", site.submitted(12_800), "approve")
    site.acted("cashier", claim, "pay", paid_on="2026-05-06", bank_reference="HD-1")
    review = site.opened(
        "auditor1", "fund_review", name="审查", period_from="2026-01-01", period_to="2026-06-30", opinion="好"
    )
    review = site.acted("auditor1", review, "submit")
    content = site["auditor1"].get(f"/reviews/{review['id']}/pack").get_data()
    forged = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(forged, "w") as changed:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith("entries.ndjson"):
                assert b"12800" in data
                data = data.replace(b"12800", b"12900")
            changed.writestr(name, data)
    verified = checked(forged.getvalue(), tmp_path)
    assert verified.returncode == 1
    assert "entries.ndjson" in verified.stdout + verified.stderr


def test_a_fifth_workflow_is_one_file(sqlite_database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "prize.yaml").write_text(PRIZE, encoding="utf-8")
    site = site_on(sqlite_database_url, tmp_path, GONGKAI_EXTRA_WORKFLOWS=str(folder))
    described = {one["name"]: one for one in site["organiser"].get("/workflows").get_json()["workflows"]}
    assert described["prize"]["data"]["properties"]["prize_fen"]["type"] in ("integer", ["integer", "null"])
    browser = reader(site, "organiser")
    assert "/cases/new/prize" in browser.get("/desk").text + browser.get("/inbox").text
    form = browser.get("/cases/new/prize").text
    assert all(f'name="{name}"' in form for name in ("name", "won_on", "prize_fen"))
    assert "金额（元）" in form
    paper = uploaded(site, PNG, "list.png", "organiser")["id"]
    case = site.opened(
        "organiser", "prize", name="技能比武一等奖", won_on="2026-05-01", prize_fen=80_000, papers=[paper]
    )
    case = site.acted("organiser", case, "submit")
    assert case["number"] == "JX-2026-0001"
    for who in ("auditor1", "auditor2", "auditchair"):
        assert case["id"] in [one["id"] for one in site[who].get("/inbox").get_json()["items"]]
    site.acted("auditor1", case, "approve")
    assert case["id"] not in [one["id"] for one in site["auditor1"].get("/inbox").get_json()["items"]]
    case = site.acted("auditchair", case, "approve")
    assert (case["state"], case["phase"]) == ("agreed", "audited")
    entries = site["organiser"].get(f"/cases/{case['id']}/trail").get_json()["entries"]
    assert [entry["body"]["event"] for entry in entries] == ["case.submit", "case.approve", "case.approve"]
    page = browser.get(f"/cases/{case['id']}").text
    assert "技能比武一等奖" in page
    assert "800.00" in page
    assert site.acted("chair", case, "publish")["phase"] == "published"
    assert "技能比武一等奖" in site.app.test_client().get("/public/brook").text
    verdict = site.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert verdict.exit_code == 0, verdict.output
    site.database.close()


def test_a_definition_with_a_typo_stops_the_start_with_its_line(sqlite_database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "prize.yaml").write_text(PRIZE.replace("to: agreed", "to: agred"), encoding="utf-8")
    settings = settings_for(sqlite_database_url, tmp_path, GONGKAI_EXTRA_WORKFLOWS=str(folder))
    environment = {
        "GONGKAI_ENVIRONMENT": "test",
        "GONGKAI_DATABASE_URL": settings.database_url,
        "GONGKAI_FILES": str(settings.files),
        "GONGKAI_SIGNING_KEY": str(settings.signing_key),
        "GONGKAI_EXTRA_WORKFLOWS": str(folder),
        "PATH": "/usr/bin:/bin",
    }
    root = Path(__file__).resolve().parents[2]
    started = subprocess.run(
        [sys.executable, "-c", "import wsgi"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert started.returncode != 0
    assert "prize.yaml:" in started.stderr
    assert "agred" in started.stderr


def approved_task(site: Site) -> dict[str, Any]:
    """A task with money that the chair approved before spending."""
    owner = str(site.town.people["organiser"])
    task = site.opened("clerk", "task", name="五一歌咏比赛", owner=owner, due_on="2026-05-01", budget_fen=30_000)
    return site.acted("chair", site.acted("clerk", task, "propose"), "approve")


def shown(site: Site, case: dict[str, Any]) -> dict[str, Any]:
    """The whole case as the treasurer sees it."""
    return dict(site["treasurer"].get(f"/cases/{case['id']}").get_json())


def checked(content: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    """The pack's own verifier, run by an interpreter that sees none of our packages."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder / "pack")
    (place,) = (folder / "pack").iterdir()
    return subprocess.run(
        [sys.executable, "-S", "-I", str(place / "verify.py"), str(place)], capture_output=True, text=True, check=False
    )


PRIZE = """
workflow: prize
title: {zh: 竞赛奖励, en: Prize}
number: JX
year_of: won_on
initial: draft
summary: {title: name, amount: prize_fen, day: won_on}
open: {offices: [organiser]}
visible_to: [organiser, auditor, audit_chair, chair]
states:
  draft:     {phase: draft,     title: {zh: 草稿, en: Draft}}
  submitted: {phase: submitted, title: {zh: 待审批, en: Awaiting approval}}
  agreed:    {phase: audited,   title: {zh: 已同意, en: Agreed}}
  published: {phase: published, title: {zh: 已公布, en: Published}}
fields:
  name:      {type: text, title: {zh: 奖项, en: Prize}, required: true, material: true, publish: full}
  won_on:    {type: date, title: {zh: 日期, en: Date}, required: true, publish: full}
  prize_fen: {type: money, title: {zh: 金额（元）, en: Amount (yuan)}, required: true, material: true, publish: full}
  papers:    {type: files, title: {zh: 名单, en: List}, required: true, material: true}
actions:
  submit:
    title: {zh: 提交, en: Submit}
    from: [draft]
    to: submitted
    by: {opener: true}
    require: [cases.complete]
  approve:
    title: {zh: 同意, en: Approve}
    from: [submitted]
    to: agreed
    by: {offices: [auditor, audit_chair]}
    bars: [submitter, opener]
    approvals:
      - {need: 2}
    batch: true
  publish:
    title: {zh: 公布, en: Publish}
    from: [agreed]
    to: published
    by: {offices: [chair]}
"""
