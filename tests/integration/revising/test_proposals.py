"""A union changes a workflow: two people, one transaction each, and a record that proves it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.cases.models import DefinitionInForce
from app.revising.models import DefinitionProposal
from tests.fixtures.answers import problem
from tests.fixtures.revising import CLAIM, THREE, adopted, changed, in_force, problems, proposed
from tests.fixtures.sites import Site


def test_a_second_person_puts_a_version_in_force_and_the_record_proves_it(site: Site) -> None:
    made = proposed(site, changed(site, THREE))
    assert made["status"] == "waiting"
    assert [one["zh-CN"] for one in made["changes"]] == [
        "“同意”：要几人同意改了，不超过本会限额的 1 人；超过本会限额的 2 人 → 不超过本会限额的 1 人；超过本会限额的 3 人。"
    ]
    assert in_force(site).hash == made["base"]
    answer = site["vice"].post(f"/proposals/{made['id']}/confirm", {"note": "同意"}).get_json()
    assert (answer["status"], answer["decided_by"]["id"]) == ("adopted", str(site.town.people["vice"]))
    assert in_force(site).hash == made["hash"]
    assert problems(site) == set()


def test_new_cases_use_the_new_version_and_running_ones_keep_theirs(site: Site) -> None:
    running = site.submitted()
    before = in_force(site).hash
    after = adopted(site, changed(site, THREE))["hash"]
    fresh = site.submitted()
    with site.database.read() as session:
        rows = session.execute(
            sa.text('SELECT id, definition_hash FROM "case" WHERE union_id = union_id AND workflow = :name'),
            {"name": CLAIM},
        ).all()
    by_number = {str(row.id).replace("-", ""): row.definition_hash for row in rows}
    assert by_number[running["id"].replace("-", "")] == before
    assert by_number[fresh["id"].replace("-", "")] == after
    assert problems(site) == set()


def test_nobody_confirms_what_he_proposed(site: Site) -> None:
    made = proposed(site, changed(site, THREE), who="chair")
    assert problem(site["chair"].post(f"/proposals/{made['id']}/confirm"), 403)["code"] == "own_proposal"
    assert in_force(site).hash == made["base"]


def test_the_maintainer_may_propose_and_never_confirm(site: Site) -> None:
    made = proposed(site, changed(site, THREE), who="admin")
    problem(site["admin"].post(f"/proposals/{made['id']}/confirm"), 403)
    assert site["chair"].post(f"/proposals/{made['id']}/confirm").status_code == 200


@pytest.mark.parametrize("who", ["auditchair", "chair"])
def test_a_proposal_can_be_rejected_by_another_or_taken_back(site: Site, who: str) -> None:
    made = proposed(site, changed(site, THREE), who="chair")
    answer = site[who].post(f"/proposals/{made['id']}/reject", {"note": "不必"})
    assert answer.get_json()["status"] == "rejected"
    assert in_force(site).hash == made["base"]
    assert problem(site["vice"].post(f"/proposals/{made['id']}/confirm"), 409)["code"] == "no_longer_waiting"
    assert problems(site) == set()


def test_every_problem_of_a_version_is_named_at_once_and_nothing_is_kept(site: Site) -> None:
    text = changed(site, ("[cashier]}", "[cashir]}"), ("to: audited\n", "to: audted\n"), ("number: GH", "number: gh"))
    answer = problem(site["chair"].post("/proposals", {"yaml": text}), 422)
    assert answer["code"] == "bad_definition"
    assert len(answer["errors"]) >= 3
    assert all(path.startswith("yaml") for path in answer["errors"])
    with site.database.read() as session:
        union = DefinitionProposal.union_id == site.town.union_id
        assert session.scalar(sa.select(sa.func.count()).select_from(DefinitionProposal).where(union)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "a: &x [1]\nb: *x",
        "workflow: x\nworkflow: y",
        "workflow: __class__\nstates: {}\nactions: {}",
        "\x00",
        "workflow: " + "x" * 100_000,
        "!!python/object:os.system {}",
    ],
    ids=["deep", "alias", "twice", "dunder", "nul", "long", "tag"],
)
def test_hostile_text_is_refused_with_its_problems(site: Site, text: str) -> None:
    assert problem(site["chair"].post("/proposals", {"yaml": text}), 422)["errors"]


def test_letters_of_numbers_that_another_workflow_uses_are_refused(site: Site) -> None:
    other = in_force(site, "task").number
    text = changed(site, ("number: GH", f"number: {other}"))
    answer = problem(site["chair"].post("/proposals", {"yaml": text}), 422)
    assert "编号" in str(answer["errors"])


def test_a_version_that_would_leave_the_books_behind_is_refused(site: Site) -> None:
    """Submitting holds the money in the budget; a version that forgets to would let it be spent twice."""
    text = changed(site, (", fund.encumber]", "]"))
    answer = problem(site["chair"].post("/proposals", {"yaml": text}), 422)
    assert "fund.encumber" in str(answer["errors"])


def test_the_same_version_is_not_proposed_twice_nor_once_it_is_in_force(site: Site) -> None:
    text = changed(site, THREE)
    proposed(site, text)
    assert problem(site["admin"].post("/proposals", {"yaml": text}), 409)["code"] == "already_proposed"
    unchanged = problem(site["admin"].post("/proposals", {"yaml": changed(site)}), 409)
    assert unchanged["code"] == "same_as_in_force"


def test_a_proposal_made_before_another_version_came_into_force_is_not_confirmed(site: Site) -> None:
    early = proposed(site, changed(site, THREE))
    adopted(site, changed(site, ("zh: 同意,", "zh: 准予,")))
    assert problem(site["vice"].post(f"/proposals/{early['id']}/confirm"), 409)["code"] == "base_changed"


def test_a_workflow_that_the_union_did_not_have_is_adopted_and_run(site: Site) -> None:
    text = changed(site, ("workflow: expense_claim", "workflow: small_claim"), ("number: GH", "number: XE"))
    made = adopted(site, text)
    assert made["base"] is None
    names = [one["name"] for one in site["treasurer"].get("/workflows").get_json()["workflows"]]
    assert "small_claim" in names
    assert problems(site) == set()


def test_going_back_to_an_earlier_version_takes_two_people_as_well(site: Site) -> None:
    first = changed(site)
    adopted(site, changed(site, THREE))
    adopted(site, first)
    history = site["chair"].get(f"/workflows/{CLAIM}").get_json()
    assert len({one["hash"] for one in history["versions"]}) == 2
    assert history["versions"][0]["hash"] == in_force(site).hash
    assert problems(site) == set()


def test_a_version_slipped_in_behind_the_door_is_named(site: Site) -> None:
    made = proposed(site, changed(site, THREE))
    with site.database.writer.begin() as connection:
        connection.execute(
            sa.insert(DefinitionInForce).values(
                union_id=site.town.union_id, name=CLAIM, since=site.hands.now, hash=made["hash"]
            )
        )
    assert "definition_unadopted" in problems(site)


def test_a_proposal_put_into_another_mouth_is_named(site: Site) -> None:
    adopted(site, changed(site, THREE))
    with site.database.writer.begin() as connection:
        connection.execute(
            sa.update(DefinitionProposal)
            .where(DefinitionProposal.union_id == site.town.union_id)
            .values(proposed_by=site.town.people["admin"])
        )
    assert problems(site) == {"proposal_differs"}


def test_a_proposal_that_was_removed_is_named(site: Site) -> None:
    proposed(site, changed(site, THREE))
    with site.database.writer.begin() as connection:
        union = DefinitionProposal.union_id == site.town.union_id
        connection.execute(sa.delete(DefinitionProposal).where(union))
    assert problems(site) == {"proposal_missing"}
