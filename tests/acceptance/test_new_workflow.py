"""The page on new workflows is followed to the letter: by file, and by the editor."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from tests.fixtures.revising import in_force, problems
from tests.fixtures.sites import Site, site_on
from tests.web.revising.conftest import browser

PAGE = (Path(__file__).resolve().parents[2] / "docs/howto/new-workflow.md").read_text(encoding="utf-8")


def written(folder: Path) -> Path:
    """The file that the page shows, under the name it gives."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (name,) = re.findall(r"Write `([a-z_]+\.yaml)`", PAGE)
    file = folder / str(name)
    file.write_text(text, encoding="utf-8")
    return file


def run(site: Site, shown: str, file: Path) -> str:
    """What a command of the page prints, with the file in the place of the one it names."""
    (line,) = [one for one in re.findall(r"flask --app wsgi (.*)", PAGE) if shown in one]
    words = [str(file) if word.endswith(".yaml") else word for word in line.split()]
    done = site.app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    return done.output


def lent(site: Site) -> None:
    """A member borrows something, and brings it back."""
    case = site.opened("member", "equipment_loan", what="音响一套", from_on="2026-07-20")
    case = {**case, **site["member"].get(f"/cases/{case['id']}").get_json()}
    case = site.acted("clerk", site.acted("member", case, "submit"), "lend")
    assert site.acted("clerk", case, "take_back_in")["state"] == "back"
    assert case["number"] == "QC-2026-0001"


def test_a_workflow_is_added_by_file(sqlite_database_url: str, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    file = written(own)
    site = site_on(sqlite_database_url, tmp_path, GONGKAI_EXTRA_WORKFLOWS=str(own))
    with contextlib.closing(site.database):
        lent(site)
        assert "可用" in run(site, "workflows check", file)
        assert problems(site) == set()


def test_a_workflow_is_changed_by_the_editor(sqlite_site: Site, tmp_path: Path) -> None:
    site = sqlite_site
    chair, vice = browser(site, "chair"), browser(site, "vice")
    chair.open("/settings/workflows")
    address = "/settings/workflows/expense_claim"
    assert address in chair.page
    chair.open(address)
    for words in ("修改", "照它新建", "从系统自带的改起"):
        assert words in chair.page
        assert f"**{words}**" in PAGE
    chair.open(f"{address}/edit")
    chair.send("sentences", then="check", **{"actions.approve.above": "3", "_try.amount_fen": "900"})
    assert "核对通过" in chair.page
    assert "试一试" in chair.page
    chair.send("sentences", then="propose", note="金额大的要三位")
    vice.open(chair.address)
    for words in ("确认启用", "不同意"):
        assert words in vice.page
        assert f"**{words}**" in PAGE
    vice.send(f"{chair.address}/confirm")
    approve = in_force(site).action("approve")
    assert approve is not None
    assert approve.quorums[1].need == 3
    assert problems(site) == set()


def test_a_workflow_is_made_new_from_the_text_of_the_page(sqlite_site: Site, tmp_path: Path) -> None:
    site = sqlite_site
    chair, vice = browser(site, "chair"), browser(site, "vice")
    address = "/settings/workflows/task/edit"
    chair.open(address)
    chair.send(address, yaml=written(tmp_path).read_text(encoding="utf-8"), then="check")
    assert "核对通过" in chair.page, chair.page
    chair.send("sentences", then="propose")
    vice.open(chair.address)
    vice.send(f"{chair.address}/confirm")
    lent(site)
    file = tmp_path / "expense_claim.yaml"
    file.write_bytes(chair.client.get("/settings/workflows/expense_claim/file").data)
    assert "0 件不同" in run(site, "workflows what-if", file)
