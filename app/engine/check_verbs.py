"""Proof of what goes beyond one signature: votes against, parties, lots, arrangements, taking back, sending back, amending."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.check_graph import has_money
from app.engine.definition import ARRANGEABLE, Action, Definition, Phase, Quorum
from app.engine.problems import Fault, Where, fault, hint
from app.engine.vocabulary import Vocabulary
from app.wording import Text

LARGEST = 100


def verb_faults(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    """What is wrong with the finer parts of the actions."""
    for action in definition.actions:
        where: Where = ("actions", action.name)
        yield from _offices(action, where, vocabulary)
        yield from _against(definition, action, where)
        yield from _lines(action, where)
        yield from _arrangements(action, where)
        yield from _taking_back(definition, action, (*where, "take_back"), vocabulary)
        yield from _sending_back(definition, action, where)
        yield from _amending(action, where)


def _offices(action: Action, where: Where, vocabulary: Vocabulary) -> Iterator[Fault]:
    for key, names in (("paper", action.paper), ("copy_to", action.copy_to)):
        for place, name in enumerate(names):
            if name not in vocabulary.offices:
                yield fault("unknown_office", (*where, key, place), name=name, hint=hint(name, vocabulary.offices))


def _against(definition: Definition, action: Action, where: Where) -> Iterator[Fault]:
    if action.opposes is None:
        if action.veto:
            yield fault("veto_without_vote", (*where, "veto"), action=action.title)
        return
    target = definition.action(action.opposes)
    if (
        target is None
        or not target.quorums
        or set(action.sources) - set(target.sources)
        or set(action.by.offices) - set(target.by.offices)
    ):
        yield fault("opposes_nothing", (*where, "opposes"), action=action.title, name=action.opposes)
    if action.quorums or action.arrange or action.amends:
        yield fault("opposes_itself", (*where, "opposes"), action=action.title)
    yield from _of_the_step(action, (*where, "veto"), action.veto)


def _of_the_step(action: Action, where: Where, names: tuple[str, ...]) -> Iterator[Fault]:
    for place, name in enumerate(names):
        if name not in action.by.offices:
            yield fault(
                "not_of_the_step",
                (*where, place),
                name=name,
                action=action.title,
                hint=hint(name, action.by.offices),
            )


def _lines(action: Action, where: Where) -> Iterator[Fault]:
    for place, quorum in enumerate(action.quorums):
        at: Where = (*where, "approvals", place)
        if quorum.share is not None and not 1 <= quorum.share[0] <= quorum.share[1]:
            share = "{}/{}".format(*quorum.share)
            yield fault("share_size", (*at, "need"), action=action.title, share=share)
        for office, weight in quorum.weights:
            if office not in action.by.offices:
                near = hint(office, action.by.offices)
                yield fault("not_of_the_step", (*at, "weights", office), name=office, action=action.title, hint=near)
            if not 1 <= weight <= LARGEST:
                yield fault("weight_size", (*at, "weights", office), action=action.title, name=office, weight=weight)
        if quorum.draw is not None and not (quorum.need or 1) <= quorum.draw <= LARGEST:
            need = Text("全体", "all") if quorum.need is None else quorum.need
            yield fault("draw_size", (*at, "draw"), action=action.title, draw=quorum.draw, need=need)
    if any(one.party is not None or one.of or one.after for one in action.quorums):
        yield from _parties(action, (*where, "approvals"))


def _parties(action: Action, where: Where) -> Iterator[Fault]:
    names = [one.party for one in action.quorums if one.party is not None]
    if len(names) < len(action.quorums) or not all(one.of for one in action.quorums):
        yield fault("mixed_parties", where, action=action.title)
    for place, quorum in enumerate(action.quorums):
        at: Where = (*where, place)
        if quorum.party in names[:place]:
            yield fault("party_twice", (*at, "party"), action=action.title, name=quorum.party)
        if quorum.after is not None and quorum.after not in names:
            near = hint(quorum.after, names)
            yield fault("unknown_party", (*at, "after"), action=action.title, name=quorum.after, hint=near)
        yield from _of_the_step(action, (*at, "of"), quorum.of)
    if _in_circle(action.quorums):
        yield fault("party_circle", where, action=action.title)
    seated = {office for one in action.quorums for office in one.of}
    for place, office in enumerate(action.by.offices):
        if office not in seated:
            at = (*where[:2], "by", "offices", place)
            yield fault("office_without_party", at, action=action.title, name=office)


def _in_circle(quorums: tuple[Quorum, ...]) -> bool:
    after = {one.party: one.after for one in quorums}
    for start in after.values():
        party, steps = start, 0
        while party is not None and steps <= len(after):
            party, steps = after.get(party), steps + 1
        if steps > len(after):
            return True
    return False


def _arrangements(action: Action, where: Where) -> Iterator[Fault]:
    for place, name in enumerate(action.arrange):
        if name not in ARRANGEABLE:
            yield fault("unknown_arrangement", (*where, "arrange", place), name=name, hint=hint(name, ARRANGEABLE))
    if action.arrange and action.by.system:
        yield fault("arrange_by_rule", (*where, "arrange"), action=action.title)


def _taking_back(definition: Definition, action: Action, where: Where, vocabulary: Vocabulary) -> Iterator[Fault]:
    if not action.take_back:
        return
    phases = {state.name: state.phase for state in definition.states}
    if action.new_round or action.amends:
        yield fault("take_back_round", where, action=action.title)
    if any(phases.get(branch.state) in {Phase.PUBLISHED, Phase.ENDED} for branch in action.branches):
        yield fault("take_back_public", where, action=action.title)
    for use in action.effects:
        if use.name not in vocabulary.repeatable:
            yield fault("take_back_effect", where, action=action.title, name=use.name)


def _sending_back(definition: Definition, action: Action, where: Where) -> Iterator[Fault]:
    if action.returns and not action.branches:
        yield fault("returns_nowhere", (*where, "to"), action=action.title)
    if action.returns and not action.new_round:
        yield fault("returns_same_round", (*where, "to"), action=action.title)
    if action.resume and not action.returns:
        yield fault("resume_without_return", (*where, "resume"), action=action.title)
    if action.resume and has_money(definition):
        yield fault("resume_money", (*where, "resume"), action=action.title)


def _amending(action: Action, where: Where) -> Iterator[Fault]:
    if action.amends and (action.asks or action.quorums):
        yield fault("amends_asks", (*where, "amends"), action=action.title)
    if action.amends and len(action.branches) > 1:
        yield fault("amends_branches", (*where, "to"), action=action.title)
