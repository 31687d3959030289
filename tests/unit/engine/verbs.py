"""A workflow that uses every verb of the language, and a case of it that people push along in tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from app.engine.arranging import arrange
from app.engine.deciding import decide
from app.engine.decision import (
    Actor,
    Arrangement,
    Decision,
    Deputed,
    Given,
    LastStep,
    Order,
    Refused,
    Situation,
    Verb,
    Vote,
)
from app.engine.definition import TAKE_BACK, Definition
from app.engine.loading import load_definition
from app.engine.replay import Broken, Move, Noted, Standing, refold
from tests.unit.engine.workbench import TITLES, looked

VERBS = """\
workflow: rule_change
title: {zh: 制度修订, en: Change of a rule}
number: ZD
initial: draft
summary: {title: name}
open: {offices: [clerk]}
visible_to: [clerk, chair, auditor, audit_chair, treasurer, cashier]
states:
  draft:      {phase: draft, title: {zh: 草稿, en: Draft}}
  discussed:  {phase: submitted, title: {zh: 征求意见, en: Under discussion}}
  voted:      {phase: submitted, title: {zh: 表决中, en: Being voted on}}
  joint:      {phase: submitted, title: {zh: 会签中, en: Joint decision}}
  decided:    {phase: audited, title: {zh: 已通过, en: Passed}}
  published:  {phase: published, title: {zh: 已公布, en: Published}}
  rejected:   {phase: ended, title: {zh: 未通过, en: Not passed}}
fields:
  name: {type: text, title: {zh: 名称, en: Name}, required: true, material: true, publish: full}
  note: {type: text, title: {zh: 备注, en: Note}}
  urgent: {type: bool, title: {zh: 涉及经费, en: Touches money}, required: true, default: false, material: true}
actions:
  submit:
    title: {zh: 提交, en: Submit}
    from: [draft]
    to: discussed
    by: {offices: [clerk]}
  agree:
    title: {zh: 同意, en: Agree}
    from: [discussed]
    to: voted
    by: {offices: [chair], or_else: [treasurer]}
    bars: [submitter]
    arrange: [add_signer, hand_over, ask_opinion]
    take_back: true
    paper: [clerk, cashier]
  vote:
    title: {zh: 赞成, en: Vote for}
    from: [voted]
    to: joint
    by: {offices: [auditor, audit_chair]}
    bars: [submitter]
    approvals:
      - {need: 2/3}
    arrange: [add_signer]
    take_back: true
  vote_against:
    title: {zh: 反对, en: Vote against}
    from: [voted]
    to: rejected
    by: {offices: [auditor, audit_chair]}
    bars: [submitter]
    opposes: vote
    veto: [audit_chair]
    tone: danger
  countersign:
    title: {zh: 会签, en: Countersign}
    from: [joint]
    to: decided
    by: {offices: [treasurer, cashier, chair]}
    approvals:
      - {party: money, of: [treasurer, cashier], need: 1, when: {urgent: {is: true}}}
      - {party: head, of: [chair], need: 1, after: money, when: {urgent: {one_of: [true, false]}}}
  send_back:
    title: {zh: 退回, en: Send back}
    from: [discussed, voted, joint]
    to: earlier
    by: {offices: [chair, auditor]}
    comment: required
    new_round: true
    resume: true
    tone: caution
  amend:
    title: {zh: 修改, en: Amend}
    from: [discussed, voted]
    to: discussed
    by: {submitter: true}
    amends: true
    tone: caution
  publish:
    title: {zh: 公布, en: Publish}
    from: [decided]
    to: published
    by: {offices: [clerk]}
    copy_to: [auditor]
"""

OFFICES: dict[str, tuple[str, ...]] = {
    "clerk": ("fang",),
    "chair": ("luo",),
    "treasurer": ("lin",),
    "cashier": ("tao",),
    "auditor": ("gao", "wei"),
    "audit_chair": ("yan",),
}


@cache
def verbs() -> Definition:
    """The workflow ``VERBS``."""
    return load_definition(VERBS, TITLES, "rule_change.yaml")


@dataclass
class Walk:
    """A case of the workflow: what the engine agrees to happens, is recorded, and is replayed at the end."""

    definition: Definition = field(default_factory=verbs)
    offices: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(OFFICES))
    data: dict[str, object] = field(default_factory=lambda: {"name": "考勤办法", "urgent": False})
    state: str = "draft"
    round: int = 1
    submitter: str | None = None
    votes: tuple[Vote, ...] = ()
    arrangements: tuple[Arrangement, ...] = ()
    path: tuple[str, ...] = ()
    last: LastStep | None = None
    resume_to: str | None = None
    moves: list[Move | Noted] = field(default_factory=list)
    before: list[tuple[object, ...]] = field(default_factory=list)

    @property
    def situation(self) -> Situation:
        """As the engine sees it."""
        members = {office: frozenset(held) for office, held in self.offices.items()}
        standing = Situation(
            state=self.state,
            data=self.data,
            opener="fang",
            submitter=self.submitter,
            votes=self.votes,
            members=members,
            arrangements=self.arrangements,
            path=self.path,
            last=self.last,
            resume_to=None if self.resume_to == self.state else self.resume_to,
        )
        return looked(self.definition, standing)

    def actor(self, person: str, stands_in_for: str = "") -> Actor:
        """A person with the offices held."""
        deputed = (Deputed(stands_in_for, self.held(stands_in_for)),) if stands_in_for else ()
        return Actor(person, self.held(person), stands_in_for=deputed)

    def held(self, person: str) -> frozenset[str]:
        """The offices of a person."""
        return frozenset(office for office, held in self.offices.items() if person in held)

    def refused(self, person: str, action: str, given: Given | None = None, stands_in_for: str = "") -> list[str]:
        """The codes of every reason why not; nothing happens."""
        answer = decide(self.definition, self.situation, action, self.actor(person, stands_in_for), given or Given())
        return [one.code for one in answer.refusals] if isinstance(answer, Refused) else []

    def take(self, person: str, action: str, given: Given | None = None, stands_in_for: str = "") -> Decision:
        """Somebody takes a step, which must be allowed."""
        given = given or Given("意见")
        answer = decide(self.definition, self.situation, action, self.actor(person, stands_in_for), given)
        assert isinstance(answer, Decision), answer
        self._happen(answer, person, given)
        return answer

    def arrange(self, person: str, verb: Verb, action: str, to: str = "", order: Order = Order.BESIDE) -> list[str]:
        """Somebody arranges something; the codes of the reasons if it is refused, else it happens."""
        target = self.actor(to) if to else None
        actor = self.actor(person)
        answer = arrange(
            self.definition, self.situation, verb, action, actor, target=target, comment="因为", order=order
        )
        if isinstance(answer, Refused):
            return [one.code for one in answer.refusals]
        self.arrangements = (*self.arrangements, answer)
        self.last = None
        self.moves.append(Noted(len(self.moves) + 1, answer, self.state, self.round))
        return []

    def replayed(self) -> Standing | Broken:
        """Where the record leads."""
        return refold(self.definition, self.moves)

    def _happen(self, decision: Decision, person: str, given: Given) -> None:
        self.moves.append(
            Move(
                seq=len(self.moves) + 1,
                action=decision.action,
                source=decision.source,
                target=decision.target,
                closes=decision.closes,
                person=person,
                votes=decision.votes,
                need=decision.need,
                routing=decision.routing,
                round=self.round,
                seat=decision.seat,
                weight=decision.weight,
                party=decision.party,
                added=decision.added,
            )
        )
        if decision.action == TAKE_BACK:
            self.state, self.votes, self.arrangements, self.path, self.last = self.before.pop()  # type: ignore[assignment]
            return
        self.before.append((self.state, self.votes, self.arrangements, self.path, self.last))
        action = self.definition.action(decision.action)
        assert action is not None
        self.last = LastStep(decision.action, person, decision.source, decision.target, decision.closes)
        if self.state == "draft":
            self.submitter = person
        if action.returns:
            self.resume_to = decision.source if given.resume else None
        if decision.target != self.state or decision.new_round:
            self.votes = ()
            self.arrangements = tuple(one for one in self.arrangements if one.verb is Verb.RECUSE)
            place = self.path.index(decision.target) if decision.target in self.path else None
            self.path = self.path[:place] if place is not None else (*self.path, decision.source)
        elif not decision.closes and not action.amends:
            vote = Vote(decision.action, person, decision.seat or "", decision.weight, decision.party)
            self.votes = (*self.votes, vote)
        self.round += decision.new_round
        self.state = decision.target
