"""Every other kind of work, told as stories: the way it goes when all is well, and who is told no on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.demo import people
from app.engine.deciding import may_take
from app.engine.decision import Actor, Situation
from app.engine.definition import Action, Definition, FieldType, Phase, Publish
from tests.unit.engine.workbench import SETTINGS, shipped
from tests.unit.workflows.stories import Story, told

OWNER = {"owner": "owner"}
LIST = {"people": [{"member": "recipient"}]}

PLANNED = """
    {opener}          propose    -> proposed
    {opener}          approve    ! not_your_step
    {opener}+chair    approve    ! own_submission
    auditor           approve    ! not_your_step
    chair             send_back  -> draft
    {opener}          propose    -> proposed
    chair             approve    -> approved
    {opener}          report     ! not_your_step
    owner             report     -> reported
    owner+chair       sign_off   ! you_are_a_side
    chair             return     -> approved
    owner             report     -> reported
    {opener}+chair    sign_off   ! own_submission
    chair             sign_off   -> signed_off
    member            publish    ! not_your_step
    clerk             publish    -> published
"""
"""Agreed by the chair before any money is spent, reported by its owner, signed off by the chair, published by the clerk."""

CANCELLED = """
    {opener}  propose  -> proposed
    {opener}  cancel   ! not_your_step
    chair     approve  -> approved
    chair     cancel   -> cancelled
"""

RECORDED = """
    {opener}        submit   -> submitted
    {opener}        confirm  ! not_your_step
    {opener}+chair  confirm  ! own_submission
    chair           return   -> draft
    {opener}        submit   -> submitted
    chair           publish  ! wrong_state
    chair           confirm  -> confirmed
    owner           publish  ! not_your_step
    chair           publish  -> published
"""
"""Written up by one person, confirmed by the chair, published."""


def planned(kind: str, opener: str, what: str) -> list[Story]:
    told_of = f"{what} is agreed before it is paid for, and the chair who owns it does not sign it off"
    return [
        Story(kind, told_of, PLANNED.format(opener=opener), OWNER),
        Story(kind, f"{what} that will not be held is cancelled by the chair", CANCELLED.format(opener=opener), OWNER),
    ]


def recorded(kind: str, opener: str, what: str) -> list[Story]:
    sentence = f"{what} is published only after the chair has confirmed what another wrote up"
    return [Story(kind, sentence, RECORDED.format(opener=opener))]


STORIES = [
    *planned("training", "organiser", "a course"),
    *planned("lecture", "publicist", "a lecture"),
    *planned("activity", "culture_sports", "an outing"),
    *planned("competition", "culture_sports", "a contest"),
    *planned("recuperation", "welfare", "a stay at a rest home"),
    *recorded("chairs_meeting", "clerk", "a chairs' meeting"),
    *recorded("quarterly_study", "publicist", "a quarterly study"),
    *recorded("joint_meeting", "organiser", "a joint meeting"),
    *recorded("bulletin", "publicist", "an issue of the bulletin"),
    Story(
        "discussion",
        "what members said at a forum is answered by the person the chair names, and only then published",
        """
        organiser        submit   -> submitted
        organiser+chair  assign   ! own_submission
        chair            return   -> draft
        organiser        submit   -> submitted
        chair            assign   -> answering
        organiser        answer   ! not_your_step
        owner            answer   -> answered
        owner+chair      confirm  ! you_are_a_side
        chair            redo     -> answering
        owner            answer   -> answered
        clerk            publish  ! wrong_state
        chair            confirm  -> confirmed
        clerk            publish  -> published
        """,
    ),
    Story(
        "condolence",
        "a month's condolence list is approved once for the whole list by the chair and not by the clerk who filed it",
        """
        clerk            submit   -> submitted
        clerk            approve  ! not_your_step
        clerk+chair      approve  ! own_submission
        treasurer        approve  ! not_your_step
        chair            return   -> draft
        clerk            submit   -> submitted
        chair            approve  -> approved
        cashier          settle   ! not_your_step
        treasurer        settle   -> settled
        welfare          publish  ! not_your_step
        chair            publish  -> published
        """,
        LIST,
    ),
    Story(
        "condolence",
        "a chair whose own birthday is on the list leaves it to the vice-chair",
        """
        welfare          submit   -> submitted
        recipient+chair  approve  ! you_are_a_side
        vice_chair       approve  -> approved
        """,
        LIST,
    ),
    Story(
        "condolence",
        "a list that does not hold is rejected with a reason",
        """
        welfare        submit  -> submitted
        welfare+chair  reject  ! own_submission
        chair          reject  -> rejected
        """,
        LIST,
    ),
    Story(
        "visit",
        "a round of visits is agreed, made, receipted, and its money joined to a claim",
        """
        welfare               submit   -> submitted
        welfare+vice_chair    approve  ! own_submission
        recipient+vice_chair  approve  ! you_are_a_side
        chair                 return   -> draft
        welfare               submit   -> submitted
        chair                 approve  -> approved
        chair                 report   ! not_your_step
        welfare               report   -> visited
        welfare               settle   ! not_your_step
        treasurer             settle   -> visited
        clerk                 publish  -> published
        """,
        LIST,
    ),
    Story(
        "visit",
        "visits that cost nothing are published without a claim, and some are not agreed to",
        """
        group_leader  submit  -> submitted
        chair         reject  -> rejected
        """,
        LIST,
    ),
    Story(
        "hardship_file",
        "a hardship file is visited, put on notice and put on file by three people, and is never published",
        """
        group_leader             submit   -> submitted
        group_leader             verify   ! not_your_step
        group_leader+welfare     verify   ! own_submission
        applicant+welfare        verify   ! you_are_a_side
        welfare                  return   -> draft
        group_leader             submit   -> submitted
        welfare                  verify   -> verified
        chair                    approve  ! wrong_state
        welfare                  notice   -> noticed
        welfare+chair            approve  ! already_approved_by_you
        applicant+chair          approve  ! you_are_a_side
        chair                    approve  -> on_file
        applicant+welfare        review   ! you_are_a_side
        welfare                  review   -> on_file
        welfare                  close    ! not_your_step
        vice_chair               close    -> closed
        """,
        {"applicant": "applicant", "contact": "owner"},
    ),
    Story(
        "hardship_file",
        "a household that does not qualify after the notice is not put on file",
        """
        welfare        submit  -> submitted
        women_workers  verify  -> verified
        women_workers  notice  -> noticed
        chair          reject  -> rejected
        """,
        {"applicant": "applicant", "contact": "owner"},
    ),
    Story(
        "relief_grant",
        "a relief grant is agreed by two of the committee, none of whom filed it or receives it",
        """
        welfare               submit   -> submitted
        welfare               approve  ! not_your_step
        recipient+organiser   approve  ! you_are_a_side
        welfare+chair         approve  ! own_submission
        chair                 return   -> draft
        welfare               submit   -> submitted
        chair                 approve  -> vote
        chair                 approve  ! already_decided
        organiser             approve  -> approved
        treasurer             settle   -> settled
        chair                 publish  -> published
        """,
        LIST,
    ),
    Story(
        "relief_grant",
        "a relief grant can be refused",
        """
        welfare          submit  -> submitted
        recipient+chair  reject  ! you_are_a_side
        chair            reject  -> rejected
        """,
        LIST,
    ),
    Story(
        "donation_drive",
        "what was collected for others is checked by an auditor before it is published",
        """
        welfare          propose    -> proposed
        welfare+chair    approve    ! own_submission
        chair            send_back  -> draft
        welfare          propose    -> proposed
        chair            approve    -> approved
        owner            report     -> reported
        chair            check      ! not_your_step
        owner+auditor    check      ! you_are_a_side
        auditor          return     -> approved
        owner            report     -> reported
        auditor          check      -> signed_off
        clerk            publish    -> published
        """,
        OWNER,
    ),
    Story(
        "donation_drive",
        "a drive that will not be held is cancelled by the chair",
        """
        clerk  propose  -> proposed
        clerk  cancel   ! not_your_step
        chair  cancel   -> cancelled
        """,
        OWNER,
    ),
    Story(
        "mutual_insurance",
        "members are enrolled after the chair agreed, and what the union pays goes through a claim",
        """
        welfare        submit   -> submitted
        welfare+chair  approve  ! own_submission
        chair          return   -> draft
        welfare        submit   -> submitted
        vice_chair     approve  -> approved
        treasurer      enrol    ! not_your_step
        welfare        enrol    -> enrolled
        treasurer      settle   -> enrolled
        chair          publish  -> published
        """,
        LIST,
    ),
    Story(
        "mutual_insurance",
        "an enrolment list can be refused",
        """
        clerk  submit  -> submitted
        chair  reject  -> rejected
        """,
        LIST,
    ),
    Story(
        "suggestion",
        "a suggestion is taken up, adopted, carried out and graded, never by the member who made it",
        """
        member                submit   -> submitted
        member                accept   ! not_your_step
        member+organiser      accept   ! own_submission
        clerk                 return   -> draft
        member                submit   -> submitted
        organiser             accept   -> in_review
        member+chair          adopt    ! own_submission
        organiser             adopt    ! not_your_step
        chair                 adopt    -> adopted
        member                report   ! not_your_step
        owner                 report   -> carried_out
        chair                 redo     -> adopted
        owner                 report   -> carried_out
        owner+vice_chair      rate     ! you_are_a_side
        chair                 rate     -> graded
        clerk                 publish  -> published
        """,
    ),
    Story(
        "suggestion",
        "a suggestion that is not adopted ends with a reason",
        """
        member        submit   -> submitted
        clerk         accept   -> in_review
        member+chair  decline  ! own_submission
        chair         decline  -> declined
        """,
    ),
    Story(
        "opinion",
        "an opinion is settled when the member who raised it says so, and not before",
        """
        member          submit    -> submitted
        member          assign    ! not_your_step
        organiser       assign    -> handling
        member          answer    ! not_your_step
        owner           answer    -> replied
        owner           confirm   ! not_your_step
        member          redo      -> handling
        owner           answer    -> replied
        member          confirm   -> settled
        clerk           publish   -> published
        """,
    ),
    Story(
        "opinion",
        "an opinion that the member does not come back to is concluded by another than who answered, and filed",
        """
        member           submit    -> submitted
        chair            assign    -> handling
        owner            answer    -> replied
        owner+organiser  conclude  ! you_are_a_side
        organiser        conclude  -> settled
        clerk            file      -> filed
        """,
    ),
    Story(
        "opinion",
        "a member can take an opinion back",
        """
        member  submit    -> submitted
        chair   withdraw  ! not_your_step
        member  withdraw  -> withdrawn
        """,
    ),
    Story(
        "consultation",
        "a consultation goes from offer to draft to the assembly, and back to talks where the assembly says no",
        """
        organiser        submit   -> submitted
        organiser+chair  approve  ! own_submission
        chair            return   -> draft
        organiser        submit   -> submitted
        chair            approve  -> talking
        clerk            agree    -> drafted
        chair            reopen   -> talking
        organiser        agree    -> drafted
        organiser+chair  pass     ! own_submission
        clerk            pass     ! not_your_step
        chair            pass     -> passed
        clerk            publish  -> published
        """,
    ),
    Story(
        "consultation",
        "talks that come to nothing end with a reason",
        """
        organiser  submit   -> submitted
        chair      approve  -> talking
        organiser  fail     ! not_your_step
        chair      fail     -> failed
        """,
    ),
    Story(
        "member_file",
        "a member joins after the papers were checked by one and approved by another, and nothing is published",
        """
        group_leader            submit   -> submitted
        group_leader            check    ! not_your_step
        group_leader+organiser  check    ! own_submission
        organiser               return   -> draft
        group_leader            submit   -> submitted
        organiser               check    -> checked
        organiser+chair         approve  ! already_approved_by_you
        chair                   approve  -> on_file
        clerk                   archive  -> archived
        """,
    ),
    Story(
        "member_file",
        "an application can be refused",
        """
        clerk      submit  -> submitted
        organiser  check   -> checked
        chair      reject  -> rejected
        """,
    ),
    Story(
        "election",
        "an election needs the upper union's reply, a notice of candidates, and the scrutineer's word",
        """
        organiser             submit   -> submitted
        organiser+chair       approve  ! own_submission
        chair                 return   -> draft
        organiser             submit   -> submitted
        chair                 approve  -> asked
        organiser             hold     ! wrong_state
        organiser             receive  -> replied
        clerk                 notice   -> noticed
        organiser             hold     -> held
        organiser             confirm  ! not_your_step
        chair                 confirm  ! not_your_step
        scrutineer            recount  -> noticed
        organiser             hold     -> held
        scrutineer            confirm  -> confirmed
        clerk                 report   -> reported
        chair                 publish  -> published
        """,
        {"scrutineer": "scrutineer"},
    ),
    Story(
        "election",
        "whoever filed the election cannot be its scrutineer, and the chair can call it off",
        """
        organiser  submit   -> submitted
        chair      approve  -> asked
        organiser  receive  -> replied
        organiser  notice   -> noticed
        organiser  cancel   ! not_your_step
        organiser  hold     -> held
        organiser  confirm  ! own_submission
        """,
        {"scrutineer": "organiser"},
    ),
    Story(
        "election",
        "an election is called off by the chair before it is held",
        """
        clerk  submit   -> submitted
        chair  cancel   -> cancelled
        """,
        {"scrutineer": "scrutineer"},
    ),
    Story(
        "by_election",
        "a vacant seat is filled in the same steps without waiting for a reply",
        """
        clerk        submit   -> submitted
        clerk+chair  approve  ! own_submission
        chair        return   -> draft
        clerk        submit   -> submitted
        chair        approve  -> approved
        clerk        notice   -> noticed
        organiser    hold     -> held
        scrutineer   recount  -> noticed
        organiser    hold     -> held
        chair        confirm  ! not_your_step
        scrutineer   confirm  -> confirmed
        organiser    report   -> reported
        clerk        publish  -> published
        """,
        {"scrutineer": "scrutineer"},
    ),
    Story(
        "by_election",
        "a by-election is called off by the chair before it is held",
        """
        clerk  submit   -> submitted
        chair  cancel   -> cancelled
        """,
        {"scrutineer": "scrutineer"},
    ),
    Story(
        "home_assessment",
        "scores are checked by another than who gave them, and confirmed by the chair",
        """
        organiser             submit   -> submitted
        organiser+auditor     check    ! own_submission
        auditor               return   -> draft
        organiser             submit   -> submitted
        vice_chair            check    -> checked
        vice_chair+chair      confirm  ! already_approved_by_you
        chair                 confirm  -> confirmed
        chair                 publish  -> published
        """,
    ),
    Story(
        "inspection",
        "what an inspection found is put right by the person named, and signed off by the chair",
        """
        organiser        submit    -> submitted
        owner+chair      approve   ! you_are_a_side
        chair            return    -> draft
        organiser        submit    -> submitted
        chair            approve   -> fixing
        organiser        report    ! not_your_step
        owner            report    -> fixed_up
        owner+chair      sign_off  ! you_are_a_side
        chair            redo      -> fixing
        owner            report    -> fixed_up
        chair            sign_off  -> signed_off
        clerk            publish   -> published
        """,
        OWNER,
    ),
    Story(
        "document_adoption",
        "new rules are open for comments, voted on, and recorded by another than their author",
        """
        treasurer        submit   -> submitted
        treasurer+chair  consult  ! own_submission
        chair            return   -> draft
        treasurer        submit   -> submitted
        chair            consult  -> consulting
        chair            adopt    ! wrong_state
        treasurer        present  -> voting
        chair            redo     -> consulting
        clerk            present  -> voting
        treasurer+chair  adopt    ! own_submission
        chair            adopt    -> adopted
        clerk            publish  -> published
        """,
    ),
    Story(
        "document_adoption",
        "rules that the committee votes down end there",
        """
        clerk       submit   -> submitted
        chair       consult  -> consulting
        clerk       present  -> voting
        vice_chair  reject   -> rejected
        """,
    ),
    Story(
        "commendation",
        "honours are decided after a notice without objection, and not by anyone who is nominated",
        """
        organiser        submit   -> submitted
        recipient+chair  notice   ! you_are_a_side
        chair            return   -> draft
        organiser        submit   -> submitted
        chair            notice   -> noticed
        auditor          object   -> draft
        organiser        submit   -> submitted
        chair            notice   -> noticed
        recipient+chair  decide   ! you_are_a_side
        organiser+chair  decide   ! own_submission
        chair            decide   -> decided
        clerk            publish  -> published
        """,
        {"nominees": [{"person": "recipient"}]},
    ),
    Story(
        "commendation",
        "a proposal of honours can be refused",
        """
        publicist  submit  -> submitted
        chair      reject  -> rejected
        """,
        {"nominees": [{"person": "recipient"}]},
    ),
    Story(
        "upper_task",
        "a task from the upper union is assigned, done, signed off, answered and published",
        """
        clerk        submit    -> submitted
        clerk+chair  assign    ! own_submission
        chair        return    -> draft
        clerk        submit    -> submitted
        chair        assign    -> in_progress
        clerk        report    ! not_your_step
        owner        report    -> reported
        chair        redo      -> in_progress
        owner        report    -> reported
        owner+chair  sign_off  ! you_are_a_side
        chair        sign_off  -> signed_off
        clerk        answer    -> answered
        chair        publish   -> published
        """,
    ),
    Story(
        "correction",
        "what was published wrong is corrected with an auditor's word, and never by the auditor who filed it",
        """
        treasurer  submit   -> submitted
        treasurer  approve  ! not_your_step
        chair      approve  ! not_your_step
        auditor    return   -> draft
        treasurer  submit   -> submitted
        auditor    approve  -> approved
        treasurer  publish  ! not_your_step
        chair      publish  -> published
        """,
    ),
    Story(
        "correction",
        "a correction filed by an auditor waits for another auditor, who may refuse it",
        """
        auditor      submit   -> submitted
        auditor      approve  ! own_submission
        audit_chair  reject   -> rejected
        """,
    ),
]

WITH_TABLES = {"budget", "income", "work_plan", "fund_review", "expense_claim", "task"}
"""Kinds whose every state, step and role stands in a table of its own."""


@pytest.mark.parametrize("story", STORIES, ids=[f"{one.kind}: {one.sentence}" for one in STORIES])
def test_the_story_goes_as_told(story: Story) -> None:
    told(shipped()[story.kind], story)


KINDS = sorted(set(shipped()) - WITH_TABLES)


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_of_the_kind_is_taken_in_some_story_and_one_story_reaches_an_end(kind: str) -> None:
    definition = shipped()[kind]
    endings, taken = set(), set()
    for story in STORIES:
        if story.kind == kind:
            state, steps = told(definition, story)
            endings.add(definition.state(state).phase)
            taken |= steps
    assert {one.name for one in definition.actions} - taken == set()
    assert endings & {Phase.PUBLISHED, Phase.ENDED}


@pytest.mark.parametrize("kind", sorted(shipped()))
def test_whoever_may_take_a_step_by_office_may_also_see_the_case(kind: str) -> None:
    definition = shipped()[kind]
    acting = {office for action in definition.actions for office in action.by.offices}
    assert acting - set(definition.visible_to) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_personal_is_never_published_and_what_is_published_has_a_day_to_be_found_by(kind: str) -> None:
    definition = shipped()[kind]
    fields = [one for field in definition.fields for one in (field, *field.columns)]
    assert all(one.publish is not Publish.FULL for one in fields if one.personal)
    names = {field.name for field in definition.fields}
    about_a_person = {"applicant", "id_number", "phone", *(["papers"] if names & {"applicant", "people"} else [])}
    assert all(one.personal for one in definition.fields if one.name in about_a_person)
    assert definition.summary.day is not None
    assert definition.field(definition.summary.day).required
    listed = [one for field in definition.fields if field.name == "people" for one in field.columns]
    assert all(one.personal for one in listed if one.type in {FieldType.PERSON, FieldType.CHOICE, FieldType.TEXT})


@pytest.mark.parametrize("kind", KINDS)
def test_money_is_only_named_and_never_moved_outside_a_claim(kind: str) -> None:
    definition = shipped()[kind]
    used = {use.name for action in definition.actions for use in (*action.effects, *action.require)}
    assert used <= {"cases.complete", "cases.names_published"}
    if any(one.type is FieldType.MONEY and one.publish is Publish.FULL for one in definition.fields):
        links = {one.workflow for one in definition.fields if one.type is FieldType.CASE}
        assert links & {"task", "expense_claim"}


# In the demo union.

CAST = {
    one.name: Actor(one.name, frozenset({*one.offices, *(["member"] if one.group else [])})) for one in people.members()
}
PLAIN = next(name for name, actor in CAST.items() if actor.offices == {"member"})


def openers(definition: Definition) -> list[str]:
    """One person for each different set of offices that may begin a case of this kind."""
    offices = {actor.offices: name for name, actor in CAST.items()}
    return [name for held, name in offices.items() if definition.open.anyone or held & set(definition.open.offices)]


def standing(definition: Definition, state: str, opener: str) -> Situation:
    """A case that this person filed; every person it names is a member without office."""
    form: dict[str, object] = {one.name: PLAIN for one in definition.fields if one.type is FieldType.PERSON}
    for table in definition.fields:
        for column in table.columns:
            if column.type is FieldType.PERSON:
                form[table.name] = [{column.name: PLAIN}]
    submitter = None if state == definition.initial else opener
    return Situation(state=state, data=form, opener=opener, submitter=submitter, settings=SETTINGS)


def able(definition: Definition, case: Situation, action: Action) -> list[str]:
    """Who of the demo union may take this step of this case."""
    return [name for name, actor in CAST.items() if may_take(definition, case, action, actor)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_demo_union_has_people_for_every_step_whoever_of_them_filed_the_case(kind: str) -> None:
    definition = shipped()[kind]
    assert openers(definition)
    for opener in openers(definition):
        for state in definition.states:
            case = standing(definition, state.name, opener)
            for action in definition.actions_from(state.name):
                needed = max([quorum.need or 1 for quorum in action.quorums], default=1)
                assert len(able(definition, case, action)) >= needed, f"{action.name}, filed by {opener}"


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_approved_a_step_leaves_someone_for_the_step_approvers_may_not_take(kind: str) -> None:
    definition = shipped()[kind]
    for opener in openers(definition):
        for state in definition.states:
            case = standing(definition, state.name, opener)
            for action in definition.actions_from(state.name):
                for approver in approvers_before(definition, case, action) if "approver" in action.bars else ():
                    found = able(definition, replace(case, approvers=frozenset({approver})), action)
                    assert found, f"{action.name}, filed by {opener}, approved before by {approver}"


def approvers_before(definition: Definition, case: Situation, action: Action) -> set[str]:
    """Everyone who may have taken another step that counts as an approval."""
    others = [one for one in definition.actions if one is not action and one.tone == "plain"]
    return {name for one in others if "submitter" in one.bars for name in able(definition, case, one)}
