"""``flask setup`` and ``flask people``: what the owner of the server does without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.people import queries
from app.people.models import Union
from app.people.service import ONE_AUDITOR_IS_ENOUGH
from tests.fixtures.unions import PASSWORD, Town
from tests.web.people.conftest import Site

PEOPLE = [
    ("林晚:linwan:chair"),
    ("苏禾:suhe:treasurer"),
    ("白杉：baishan：cashier"),
    ("江一鸣:jiangyi:auditor，organiser"),
]
OPTIONS = [part for person in PEOPLE for part in ("--person", person)]
ONE_TIME = re.compile(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}")


def run(site: Site, *args: str, typed: str | None = None) -> tuple[int, str]:
    result = site.app.test_cli_runner().invoke(args=[*args], input=typed)
    return result.exit_code, result.output


def the_union(site: Site) -> Any:
    with site.database.read() as session:
        return session.execute(
            sa.select(Union.name, Union.slug, Union.two_auditor_limit_fen, Union.chair_approves).where(
                Union.slug != "installation"
            )
        ).one()


def a_file(tmp_path: Path, **changes: Any) -> str:
    offices = {"linwan": "chair", "suhe": "treasurer", "baishan": "cashier", "jiangyi": "auditor"}
    people = [{"name": f"某{name}", "username": name, "offices": [office]} for name, office in offices.items()]
    content = {"union_name": "溪口镇工会", "place": "示例省", "people": people, **changes}
    file = tmp_path / "setup.json"
    file.write_text(json.dumps(content, ensure_ascii=False))
    return str(file)


def test_a_union_is_founded_by_options_and_one_time_passwords_are_printed(empty_site: Site) -> None:
    code, output = run(
        empty_site,
        "setup",
        "--name",
        "溪口镇工会",
        "--place",
        "示例省",
        "--limit",
        "5,000",
        "--chair-approves",
        *OPTIONS,
    )
    assert code == 0, output
    assert tuple(the_union(empty_site)) == ("溪口镇工会", "union", 500000, True)
    passwords = ONE_TIME.findall(output)
    assert len(set(passwords)) == 4
    assert empty_site.visitor().enter("linwan", passwords[0]).headers["Location"] == "/me"


def test_a_union_is_founded_by_answering_questions(empty_site: Site) -> None:
    code, output = run(empty_site, "setup", typed="\n".join(["溪口镇工会", "示例省", "", "n", *PEOPLE, "", ""]))
    assert code == 0, output
    assert tuple(the_union(empty_site)) == ("溪口镇工会", "union", ONE_AUDITOR_IS_ENOUGH, False)
    assert len(ONE_TIME.findall(output)) == 4


def test_a_union_is_founded_from_a_file_and_passwords_in_it_are_not_printed(empty_site: Site, tmp_path: Path) -> None:
    people = json.loads(Path(a_file(tmp_path)).read_text())["people"]
    people[0] |= {"password": PASSWORD}
    people[1] |= {"password": PASSWORD, "temporary": True}
    code, output = run(empty_site, "setup", "--from", a_file(tmp_path, people=people, two_auditors_above_fen=300000))
    assert code == 0, output
    assert len(ONE_TIME.findall(output)) == 2
    assert the_union(empty_site).two_auditor_limit_fen == 300000
    assert empty_site.visitor().enter("linwan").headers["Location"] == "/"
    assert empty_site.visitor().enter("suhe").headers["Location"] == "/me"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"union_name": ""}, "union_name"),
        ({"place": " "}, "place"),
        ({"people": []}, "people"),
        ({"two_auditors_above_fen": "5000"}, "two_auditors_above_fen"),
        ({"colour": "red"}, "colour"),
        ({"slug": "No Good"}, "slug"),
    ],
)
def test_a_file_with_a_fault_founds_nothing_and_names_it(
    empty_site: Site, tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    code, output = run(empty_site, "setup", "--from", a_file(tmp_path, **changes))
    assert code == 1
    assert f"  {named}: " in output
    with empty_site.database.read() as session:
        assert not queries.any_union(session)


def test_a_file_that_is_no_json_is_refused(empty_site: Site, tmp_path: Path) -> None:
    file = tmp_path / "setup.json"
    for content in ("union_name: 溪口镇工会", "[]"):
        file.write_text(content)
        code, output = run(empty_site, "setup", "--from", str(file))
        assert (code, "JSON" in output) == (1, True)


@pytest.mark.parametrize("wrong", ["林晚", "林晚:linwan", "a:b:c:d"])
def test_a_person_that_is_not_name_user_and_offices_is_refused(empty_site: Site, wrong: str) -> None:
    code, output = run(empty_site, "setup", "--name", "溪口镇工会", "--person", wrong)
    assert code == 1
    assert "name:username:office" in output


def test_setup_refuses_where_there_is_a_union(site: Site, tmp_path: Path) -> None:
    code, output = run(site, "setup", "--from", a_file(tmp_path))
    assert code == 1
    assert "不能再次初始化" in output
    assert the_union(site).name == "brook 工会"


def test_a_forgotten_password_is_replaced_by_a_one_time_one(site: Site, town: Town) -> None:
    visitor = site.entered("chair")
    code, output = run(site, "people", "reset-password", "chair")
    assert code == 0
    assert visitor.get("/me").status_code == 401
    assert site.visitor().enter("chair").status_code == 401
    assert site.visitor().enter("chair", ONE_TIME.findall(output)[0]).headers["Location"] == "/me"
    assert run(site, "people", "reset-password", "nobody")[0] == 1


def test_accounts_are_listed_for_the_owner_of_the_server(site: Site) -> None:
    code, output = run(site, "people", "list")
    assert code == 0
    assert "brook  treasurer  苏禾" in output
