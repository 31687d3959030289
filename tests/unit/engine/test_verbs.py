"""Everything that can be done around a decision: votes against, parties, signers, deputies, paper, sending back, taking back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.engine import replay
from app.engine.checks import check
from app.engine.decision import Arrangement, Given, Order, Sheet, Verb
from app.engine.definition import TAKE_BACK, Candidates, Definition, Quorum
from app.engine.lots import draw_lots
from app.engine.replay import Broken, Move, Noted, Standing
from tests.unit.engine.verbs import Walk, verbs
from tests.unit.engine.workbench import VOCABULARY


def changed(name: str, **parts: object) -> Definition:
    """The workflow with one of its actions changed."""
    base = verbs()
    actions = tuple(replace(one, **parts) if one.name == name else one for one in base.actions)  # type: ignore[arg-type]
    return replace(base, actions=actions)


def discussed(definition: Definition | None = None) -> Walk:
    walk = Walk(definition or verbs())
    walk.take("fang", "submit")
    return walk


def voting(definition: Definition | None = None) -> Walk:
    walk = discussed(definition)
    walk.take("luo", "agree")
    return walk


def joint(*, urgent: bool) -> Walk:
    walk = Walk(data={"name": "考勤办法", "urgent": urgent})
    for person, action in (("fang", "submit"), ("luo", "agree"), ("gao", "vote"), ("wei", "vote")):
        walk.take(person, action)
    return walk


def holds(walk: Walk, state: str) -> None:
    """The case is there, and its record says so too."""
    assert walk.state == state
    assert walk.replayed() == Standing(state, walk.round)


def test_the_workflow_of_every_verb_is_sound() -> None:
    assert [str(one) for one in check(verbs(), VOCABULARY)] == []


# --- together ------------------------------------------------------------------------------------------------------------


def test_two_thirds_of_three_members_are_two_and_the_third_is_not_asked_any_more() -> None:
    walk = voting()
    assert not walk.take("gao", "vote").closes
    assert walk.take("yan", "vote").need == 2
    holds(walk, "joint")
    assert "wrong_state" in walk.refused("wei", "vote")


def test_a_vote_against_counts_and_the_step_ends_when_two_thirds_can_no_longer_be_reached() -> None:
    walk = voting()
    assert not walk.take("gao", "vote_against").closes
    holds(walk, "voted")
    assert walk.take("wei", "vote_against").closes
    holds(walk, "rejected")


def test_the_audit_chairs_single_vote_against_is_a_veto() -> None:
    walk = voting()
    assert walk.take("yan", "vote_against").closes
    holds(walk, "rejected")


def test_nobody_votes_for_and_against() -> None:
    walk = voting()
    walk.take("gao", "vote_against")
    assert walk.refused("gao", "vote") == ["already_decided"]


def test_a_vote_weighs_what_the_workflow_says() -> None:
    walk = voting(changed("vote", quorums=(Quorum(3, weights=(("audit_chair", 2),)),)))
    walk.take("gao", "vote")
    assert walk.take("yan", "vote").closes
    holds(walk, "joint")


def test_where_money_is_touched_the_treasurer_or_cashier_signs_before_the_chair() -> None:
    walk = joint(urgent=True)
    assert walk.refused("luo", "countersign") == ["not_your_turn"]
    assert not walk.take("tao", "countersign").closes
    assert walk.refused("lin", "countersign") == ["not_needed"]
    assert walk.take("luo", "countersign").closes
    holds(walk, "decided")


def test_a_party_that_is_not_concerned_is_not_asked() -> None:
    walk = joint(urgent=False)
    assert walk.refused("tao", "countersign") == ["not_needed"]
    walk.take("luo", "countersign")
    holds(walk, "decided")


def test_only_those_drawn_by_lot_are_asked_and_anyone_can_draw_again() -> None:
    walk = voting(changed("vote", quorums=(Quorum(1, draw=1),)))
    pool = ("gao", "wei", "yan")
    (drawn,) = draw_lots("seed", pool, 1)
    lot = Arrangement(Verb.DRAW, "vote", None, drawn)
    walk.arrangements = (lot,)
    walk.moves.append(Noted(len(walk.moves) + 1, lot, "voted", 1, ("seed", pool)))
    others = [person for person in pool if person != drawn]
    assert [walk.refused(person, "vote") for person in others] == [["not_your_step"]] * 2
    walk.take(drawn, "vote")
    holds(walk, "joint")


# --- other people --------------------------------------------------------------------------------------------------------


def test_a_signer_added_beside_must_sign_too_in_any_order() -> None:
    walk = discussed()
    assert walk.arrange("luo", Verb.ADD_SIGNER, "agree", "tao") == []
    assert not walk.take("luo", "agree").closes
    assert walk.take("tao", "agree").closes
    holds(walk, "voted")


def test_a_signer_added_before_signs_first_and_one_added_after_signs_last() -> None:
    walk = discussed()
    walk.arrange("luo", Verb.ADD_SIGNER, "agree", "tao", Order.BEFORE)
    walk.arrange("luo", Verb.ADD_SIGNER, "agree", "wei", Order.AFTER)
    assert walk.refused("luo", "agree") == ["before_first"]
    assert walk.refused("wei", "agree") == ["before_first", "after_rest"]
    walk.take("tao", "agree")
    walk.take("luo", "agree")
    assert walk.state == "discussed"
    walk.take("wei", "agree")
    holds(walk, "voted")


def test_once_enough_have_voted_only_the_added_signer_is_waited_for() -> None:
    walk = voting()
    walk.arrange("gao", Verb.ADD_SIGNER, "vote", "tao")
    walk.take("gao", "vote")
    walk.take("wei", "vote")
    assert walk.refused("yan", "vote") == ["not_needed"]
    walk.take("tao", "vote")
    holds(walk, "joint")


def test_only_whoever_added_a_signer_drops_him_and_only_before_he_signed() -> None:
    walk = voting()
    walk.arrange("gao", Verb.ADD_SIGNER, "vote", "tao")
    assert walk.arrange("wei", Verb.DROP_SIGNER, "vote", "tao") == ["not_your_signer"]
    assert walk.arrange("gao", Verb.DROP_SIGNER, "vote", "tao") == []
    assert walk.refused("tao", "vote") == ["not_your_step"]
    walk.arrange("gao", Verb.ADD_SIGNER, "vote", "tao")
    walk.take("tao", "vote")
    assert walk.arrange("gao", Verb.DROP_SIGNER, "vote", "tao") == ["not_your_signer"]


@pytest.mark.parametrize(
    ("to", "codes"),
    [
        ("", ["nobody_named"]),
        ("luo", ["not_yourself"]),
        ("fang", ["target_barred"]),
    ],
)
def test_neither_oneself_nor_the_submitter_can_be_added(to: str, codes: list[str]) -> None:
    assert discussed().arrange("luo", Verb.ADD_SIGNER, "agree", to) == codes


def test_when_all_others_have_signed_the_added_signer_neither_drops_out_nor_is_dropped() -> None:
    walk = discussed()
    walk.arrange("luo", Verb.ADD_SIGNER, "agree", "tao")
    walk.take("luo", "agree")
    assert walk.arrange("luo", Verb.DROP_SIGNER, "agree", "tao") == ["met_already"]
    assert walk.arrange("tao", Verb.RECUSE, "agree") == ["met_already"]
    walk.take("tao", "agree")
    holds(walk, "voted")


def test_what_was_handed_over_ends_with_the_office() -> None:
    walk = discussed()
    walk.arrange("luo", Verb.HAND_OVER, "agree", "lin")
    walk.offices = {**walk.offices, "treasurer": ()}
    assert walk.refused("lin", "agree") == ["not_your_step"]


def test_those_who_stood_aside_are_not_counted_among_the_members() -> None:
    walk = voting(changed("vote", quorums=(Quorum(None),)))
    walk.arrange("yan", Verb.RECUSE, "vote")
    assert walk.take("gao", "vote").need == 2
    walk.take("wei", "vote")
    holds(walk, "joint")


def test_a_stranger_to_the_step_arranges_nothing_about_it() -> None:
    walk = discussed()
    for verb in (Verb.ADD_SIGNER, Verb.HAND_OVER, Verb.ASK_OPINION):
        assert "not_asked_here" in walk.arrange("wei", verb, "agree", "lin")
    assert walk.arrange("wei", Verb.RECUSE, "agree") == ["not_asked_here"]


def test_the_chair_hands_over_to_a_named_substitute_and_no_longer_decides_himself() -> None:
    walk = discussed()
    assert walk.arrange("luo", Verb.HAND_OVER, "agree", "wei") == ["not_eligible"]
    assert walk.arrange("luo", Verb.HAND_OVER, "agree", "lin") == []
    assert walk.refused("luo", "agree") == ["handed_over"]
    walk.take("lin", "agree")
    holds(walk, "voted")


def test_what_was_handed_over_does_not_come_back_in_a_circle() -> None:
    walk = discussed()
    walk.arrange("luo", Verb.HAND_OVER, "agree", "lin")
    assert walk.arrange("lin", Verb.HAND_OVER, "agree", "luo") == ["already_asked"]


def test_what_the_workflow_does_not_allow_cannot_be_arranged() -> None:
    walk = voting()
    assert "not_arrangeable" in walk.arrange("gao", Verb.HAND_OVER, "vote", "wei")


def test_an_opinion_comes_back_before_the_one_who_asked_decides() -> None:
    walk = discussed()
    assert walk.arrange("luo", Verb.ASK_OPINION, "agree", "tao") == []
    assert walk.refused("luo", "agree") == ["opinion_awaited"]
    assert walk.refused("tao", "agree") == ["not_your_step"]
    assert walk.arrange("wei", Verb.GIVE_OPINION, "agree") == ["no_question"]
    assert walk.arrange("tao", Verb.GIVE_OPINION, "agree") == []
    walk.take("luo", "agree")
    holds(walk, "voted")


def test_a_question_can_be_taken_back_by_whoever_asked() -> None:
    walk = discussed()
    walk.arrange("luo", Verb.ASK_OPINION, "agree", "tao")
    assert walk.arrange("wei", Verb.RECALL_OPINION, "agree", "tao") == ["not_your_question"]
    walk.arrange("luo", Verb.RECALL_OPINION, "agree", "tao")
    assert walk.refused("luo", "agree") == []


def test_whoever_stands_aside_is_out_of_the_whole_case_and_the_substitute_steps_in() -> None:
    walk = discussed()
    assert walk.refused("lin", "agree") == ["not_your_step"]
    walk.arrange("luo", Verb.RECUSE, "agree")
    assert walk.refused("luo", "agree") == ["recused"]
    walk.take("lin", "agree")
    holds(walk, "voted")
    assert walk.arrange("gao", Verb.ADD_SIGNER, "vote", "luo") == ["target_recused"]


def test_a_deputy_acts_in_the_place_of_whoever_is_away_and_both_are_looked_at() -> None:
    walk = discussed()
    decision = walk.take("tao", "agree", stands_in_for="luo")
    assert (decision.seat, decision.office) == ("luo", "chair")
    holds(walk, "voted")
    assert discussed().refused("fang", "agree", stands_in_for="luo") == ["own_submission"]


def test_a_deputy_does_not_decide_twice_nor_beside_the_one_he_stands_in_for() -> None:
    walk = voting()
    walk.take("gao", "vote")
    assert walk.refused("gao", "vote", stands_in_for="wei") == ["already_decided"]
    walk.take("tao", "vote", stands_in_for="wei")
    holds(walk, "joint")


def test_a_signed_sheet_counts_for_its_signer_and_names_its_recorder() -> None:
    walk = discussed()
    sheet = Given("纸质", sheet=Sheet("luo", walk.held("luo"), "2026-03-04"))
    decision = walk.take("tao", "agree", sheet)
    assert (decision.seat, decision.office) == ("luo", "chair")
    holds(walk, "voted")


@pytest.mark.parametrize(
    ("recorder", "signer", "codes"),
    [
        ("fang", "luo", ["submitter_records"]),
        ("wei", "luo", ["not_a_recorder"]),
        ("tao", "wei", ["not_your_step"]),
        ("tao", "fang", ["not_your_step"]),
        ("luo", "luo", ["not_a_recorder", "own_sheet"]),
    ],
)
def test_a_sheet_is_recorded_by_a_third_person_for_someone_who_could_decide(
    recorder: str, signer: str, codes: list[str]
) -> None:
    walk = discussed()
    assert walk.refused(recorder, "agree", Given(sheet=Sheet(signer, walk.held(signer), "2026-03-04"))) == codes


def test_whoever_may_not_decide_does_not_bring_the_sheet_of_another() -> None:
    walk = discussed(changed("agree", bars=("submitter", "approver")))
    walk.take("tao", "agree", Given("纸质", sheet=Sheet("luo", walk.held("luo"), "2026-03-04")))
    walk = discussed(changed("agree", quorums=(Quorum(2),), by=Candidates(offices=("chair", "treasurer"))))
    walk.take("tao", "agree", Given("纸质", sheet=Sheet("luo", walk.held("luo"), "2026-03-04")))
    second = Given("纸质", sheet=Sheet("lin", walk.held("lin"), "2026-03-04"))
    assert walk.refused("tao", "agree", second) == ["already_decided"]


def test_a_step_that_says_nothing_of_paper_is_not_taken_on_paper() -> None:
    walk = voting()
    sheet = Given(sheet=Sheet("gao", walk.held("gao"), "2026-03-04"))
    assert walk.refused("tao", "vote", sheet) == ["not_on_paper"]


# --- back and forth ------------------------------------------------------------------------------------------------------


def test_a_case_is_sent_back_to_any_step_it_came_through_and_walks_again() -> None:
    walk = joint(urgent=False)
    assert walk.refused("luo", "send_back", Given("改", return_to="joint")) == ["not_returnable"]
    assert walk.refused("luo", "send_back", Given("改")) == ["not_returnable"]
    walk.take("luo", "send_back", Given("改", return_to="discussed"))
    assert walk.round == 2
    walk.take("luo", "agree")
    holds(walk, "voted")


def test_a_corrected_case_comes_straight_back_where_that_was_promised() -> None:
    walk = joint(urgent=False)
    walk.take("luo", "send_back", Given("改", return_to="draft", resume=True))
    decision = walk.take("fang", "submit")
    assert decision.target == "joint"
    holds(walk, "joint")


def test_what_came_straight_back_is_not_taken_back() -> None:
    walk = joint(urgent=False)
    walk.take("luo", "send_back", Given("改", return_to="discussed", resume=True))
    walk.take("luo", "agree")
    assert walk.state == "joint"
    assert walk.refused("luo", TAKE_BACK) == ["nothing_to_take_back"]


def test_from_the_draft_nothing_lies_before() -> None:
    walk = discussed()
    walk.take("luo", "send_back", Given("改", return_to="draft"))
    assert walk.path == ()
    holds(walk, "draft")


def test_ones_own_last_decision_can_be_taken_back_until_the_next_person_acts() -> None:
    walk = voting()
    walk.take("gao", "vote")
    assert walk.refused("wei", TAKE_BACK) == ["not_your_decision"]
    walk.take("gao", TAKE_BACK)
    holds(walk, "voted")
    walk.take("gao", "vote")
    walk.take("wei", "vote")
    assert walk.refused("gao", TAKE_BACK) == ["not_your_decision"]
    walk.take("wei", TAKE_BACK)
    holds(walk, "voted")
    assert [vote.person for vote in walk.votes] == ["gao"]
    walk.take("yan", "vote")
    holds(walk, "joint")


def test_what_someone_arranged_since_or_cannot_be_undone_is_not_taken_back() -> None:
    walk = voting()
    walk.take("gao", "vote")
    walk.arrange("wei", Verb.ADD_SIGNER, "vote", "tao")
    assert walk.refused("gao", TAKE_BACK) == ["nothing_to_take_back"]
    assert discussed().refused("fang", TAKE_BACK) == ["nothing_to_take_back"]


def test_a_material_change_voids_the_votes_and_any_other_leaves_them() -> None:
    walk = voting()
    walk.take("gao", "vote")
    remark = walk.take("fang", "amend", Given(data={"note": "错字"}))
    assert (remark.closes, walk.votes != ()) == (False, True)
    change = walk.take("fang", "amend", Given(data={"name": "新名"}, changes_material=True))
    assert (change.closes, change.new_round, walk.votes, walk.round) == (True, True, (), 2)
    holds(walk, "discussed")


# --- the record ----------------------------------------------------------------------------------------------------------


def full_story() -> list[Move | Noted]:
    walk = discussed()
    walk.arrange("luo", Verb.ADD_SIGNER, "agree", "tao")
    walk.take("luo", "agree")
    walk.take("tao", "agree")
    walk.take("gao", "vote")
    walk.take("gao", TAKE_BACK)
    walk.take("wei", "vote_against")
    return walk.moves


TAMPERED_STORY: list[tuple[int, dict[str, object], str]] = [
    (3, {"added": ()}, "wrong_added"),
    (3, {"weight": 2}, "wrong_weight"),
    (4, {"closes": False, "target": "discussed"}, "quorum_differs"),
    (6, {"person": "wei"}, "wrong_taking_back"),
    (7, {"routing": {"votes_against": 2}}, "wrong_votes"),
    (1, {"routing": {"resume_to": "joint"}, "target": "joint"}, "wrong_promise"),
    (2, {"state": "voted"}, "wrong_source"),
    (2, {"round": 2}, "wrong_round"),
    (2, {"arrangement": Arrangement(Verb.ADD_SIGNER, "nothing", "luo", "tao")}, "unknown_action"),
    (2, {"arrangement": Arrangement(Verb.DRAW, "agree", None, "tao")}, "wrong_lot"),
]


@pytest.mark.parametrize(("seq", "change", "code"), TAMPERED_STORY)
def test_a_changed_record_of_these_is_named(seq: int, change: dict[str, object], code: str) -> None:
    moves = full_story()
    moves[seq - 1] = replace(moves[seq - 1], **change)  # type: ignore[arg-type]
    found = replay.refold(verbs(), moves)
    assert isinstance(found, Broken)
    assert (found.seq, found.code) == (seq, code)


def test_the_full_story_is_believed() -> None:
    assert replay.refold(verbs(), full_story()) == Standing("voted", 1)
