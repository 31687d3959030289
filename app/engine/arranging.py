"""``arrange``: may this person change who is asked, and what follows. Nothing here moves a case; it answers like ``decide``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.engine.arranged import Arranged, arranged
from app.engine.conditions import Value, read
from app.engine.deciding import is_asked
from app.engine.decision import Actor, Arrangement, Order, Refusal, Refused, Situation, Verb, Vote
from app.engine.definition import Action, Definition
from app.engine.lots import draw_lots
from app.engine.refusals import refusal
from app.engine.seats import ballot_of, is_barred
from app.engine.voting import applicable, lines_of, members_of
from app.wording import Text

VERB_TITLES: dict[Verb, Text] = {
    Verb.ADD_SIGNER: Text("加签", "Add a signer"),
    Verb.DROP_SIGNER: Text("减签", "Drop a signer"),
    Verb.HAND_OVER: Text("转交", "Hand over"),
    Verb.ASK_OPINION: Text("征求意见", "Ask for an opinion"),
    Verb.GIVE_OPINION: Text("答复意见", "Give the opinion"),
    Verb.RECALL_OPINION: Text("收回征求", "Take the question back"),
    Verb.RECUSE: Text("回避", "Stand aside"),
    Verb.DRAW: Text("抽签", "Drawn by lot"),
    Verb.REMIND: Text("催办", "Remind"),
    Verb.REMARK: Text("留言", "Remark"),
    Verb.COPY: Text("抄送", "Send a copy"),
    Verb.CONFIRM_PAPER: Text("确认纸质签字", "Confirm the signed sheet"),
    Verb.DISPUTE_PAPER: Text("否认纸质签字", "Dispute the signed sheet"),
}

NEEDS_COMMENT = frozenset({Verb.RECUSE, Verb.GIVE_OPINION, Verb.ASK_OPINION, Verb.REMARK, Verb.DISPUTE_PAPER})
"""What is worth nothing without a word: why one stands aside, what is asked, what is answered."""

NEEDS_PERSON = frozenset(
    {Verb.ADD_SIGNER, Verb.DROP_SIGNER, Verb.HAND_OVER, Verb.ASK_OPINION, Verb.RECALL_OPINION, Verb.COPY}
)

_OF_NO_STEP = frozenset({Verb.REMARK, Verb.COPY, Verb.REMIND, Verb.CONFIRM_PAPER, Verb.DISPUTE_PAPER})
"""Words about the case as a whole; whoever may see it may say them, at any time."""

_Check = Callable[[Definition, Situation, Action, Actor, Arranged, "Actor | None"], Iterator[Refusal]]


def arrange(
    definition: Definition,
    situation: Situation,
    verb: Verb,
    action_name: str,
    actor: Actor,
    *,
    target: Actor | None = None,
    comment: str = "",
    order: Order = Order.BESIDE,
) -> Arrangement | Refused:
    """Whether the actor may arrange this about an action of the present state, and the arrangement if so.

    ``target`` is the person named, with the offices he holds today.
    """
    reasons: list[Refusal] = []
    if verb in NEEDS_COMMENT and not comment.strip():
        reasons.append(refusal("comment_missing"))
    if verb in NEEDS_PERSON and target is None:
        reasons.append(refusal("nobody_named"))
    if verb in _OF_NO_STEP:
        named = None if target is None else target.person
        return Refused(tuple(reasons)) if reasons else Arrangement(verb, "", actor.person, named)
    action = definition.action(action_name)
    if action is None or situation.state not in action.sources or verb is Verb.DRAW:
        return Refused((refusal("unknown_action", action=action_name),))
    if verb in (Verb.ADD_SIGNER, Verb.HAND_OVER, Verb.ASK_OPINION) and verb not in action.arrange:
        title = VERB_TITLES[verb]
        reasons.append(refusal("not_arrangeable", verb=title.zh, verb_en=title.en))
    if verb not in NEEDS_PERSON or target is not None:
        standing = arranged(situation.arrangements, action.name)
        reasons += _CHECKS[verb](definition, situation, action, actor, standing, target)
    if reasons:
        return Refused(tuple(reasons))
    return Arrangement(verb, action.name, actor.person, None if target is None else target.person, order)


def arrangeable(definition: Definition, situation: Situation, actor: Actor) -> list[tuple[Verb, Action]]:
    """What this person may arrange now, before anyone is named: for buttons."""
    found: list[tuple[Verb, Action]] = []
    for action in definition.actions_from(situation.state):
        standing = arranged(situation.arrangements, action.name)
        voted = any(vote.action == action.name and vote.person == actor.person for vote in situation.votes)
        asked = is_asked(definition, situation, action, actor)
        if asked or voted:
            found += [(Verb(name), action) for name in action.arrange if asked or name == Verb.ADD_SIGNER]
        if any(one.by == actor.person for one in standing.added):
            found.append((Verb.DROP_SIGNER, action))
        if actor.person in standing.asked:
            found.append((Verb.GIVE_OPINION, action))
        if actor.person in standing.asked.values():
            found.append((Verb.RECALL_OPINION, action))
        if asked and action.bars:
            found.append((Verb.RECUSE, action))
    return _each_once(found)


def _each_once(found: list[tuple[Verb, Action]]) -> list[tuple[Verb, Action]]:
    """Standing aside is for the whole case, whatever the step: it is offered once."""
    kept: dict[tuple[Verb, str], tuple[Verb, Action]] = {}
    for verb, action in found:
        kept.setdefault((verb, "" if verb is Verb.RECUSE else action.name), (verb, action))
    return list(kept.values())


def lots_for(
    definition: Definition, situation: Situation, action: Action, seed: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is drawn for an action as its step begins, and everyone who could have been; nobody where none are drawn.

    ``situation.members`` must hold the offices of the action.
    """
    names = {name: read(name, situation.data, situation.settings) for name in situation.data}
    values: dict[str, Value] = names | {f"setting.{name}": value for name, value in situation.settings.items()}
    quorum = next((one for one in applicable(action, values) if one.draw is not None), None)
    if quorum is None or quorum.draw is None:
        return (), ()
    members = members_of(quorum.of or action.by.offices, situation)
    pool = tuple(sorted(one for one in members if not is_barred(definition, situation, action, one)))
    return draw_lots(seed, pool, quorum.draw), pool


def _asked(definition: Definition, situation: Situation, action: Action, actor: Actor) -> Iterator[Refusal]:
    """Only whoever is asked now may arrange who else is."""
    if not is_asked(definition, situation, action, actor):
        yield refusal("not_asked_here")


def _add(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, target: Actor | None
) -> Iterator[Refusal]:
    assert target is not None and target.person is not None  # noqa: S101, PT018 - asked above
    has_voted = any(vote.action == action.name and vote.person == actor.person for vote in situation.votes)
    if not has_voted:
        yield from _asked(definition, situation, action, actor)
    yield from _named(definition, situation, action, actor, standing, target.person)


def _drop(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, target: Actor | None
) -> Iterator[Refusal]:
    added = None if target is None else standing.adding(target.person or "")
    signed = {vote.of for vote in _ballot(definition, situation, action)}
    if added is None or added.by != actor.person or added.person in signed:
        yield refusal("not_your_signer")
    elif _all_met(situation, action, standing):
        yield refusal("met_already")


def _hand_over(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, target: Actor | None
) -> Iterator[Refusal]:
    assert target is not None and target.person is not None  # noqa: S101, PT018 - asked above
    yield from _asked(definition, situation, action, actor)
    if target.offices.isdisjoint({*action.by.offices, *action.by.or_else}):
        yield refusal("not_eligible")
    yield from _named(definition, situation, action, actor, standing, target.person)


def _ask(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, target: Actor | None
) -> Iterator[Refusal]:
    assert target is not None  # noqa: S101 - asked above
    yield from _asked(definition, situation, action, actor)
    if target.person == actor.person:
        yield refusal("not_yourself")
    if target.person in standing.asked:
        yield refusal("already_asked")


def _answer(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, target: Actor | None
) -> Iterator[Refusal]:
    if actor.person not in standing.asked:
        yield refusal("no_question")


def _recall(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, target: Actor | None
) -> Iterator[Refusal]:
    if target is None or standing.asked.get(target.person or "") != actor.person:
        yield refusal("not_your_question")


def _recuse(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, target: Actor | None
) -> Iterator[Refusal]:
    yield from _asked(definition, situation, action, actor)
    if standing.adding(actor.person or "") is not None and _all_met(situation, action, standing):
        yield refusal("met_already")


def _all_met(situation: Situation, action: Action, standing: Arranged) -> bool:
    """Whether enough have signed without the signers who were added."""
    values: dict[str, Value] = {name: read(name, situation.data, situation.settings) for name in situation.data}
    values |= {f"setting.{name}": value for name, value in situation.settings.items()}
    extra = {one.person for one in standing.added}
    votes = [vote for vote in situation.votes if vote.action == action.name and vote.of not in extra]
    return all(line.is_met for line in lines_of(action, situation, values, votes))


_CHECKS: dict[Verb, _Check] = {
    Verb.ADD_SIGNER: _add,
    Verb.DROP_SIGNER: _drop,
    Verb.HAND_OVER: _hand_over,
    Verb.ASK_OPINION: _ask,
    Verb.GIVE_OPINION: _answer,
    Verb.RECALL_OPINION: _recall,
    Verb.RECUSE: _recuse,
}


def _named(
    definition: Definition, situation: Situation, action: Action, actor: Actor, standing: Arranged, person: str
) -> Iterator[Refusal]:
    """Whether this person can be asked to decide: a stranger to the case, not there already, and not stood aside."""
    if person == actor.person:
        yield refusal("not_yourself")
    if person in standing.recused:
        yield refusal("target_recused")
    if person in (situation.submitter, situation.submitted_for) or is_barred(definition, situation, action, person):
        yield refusal("target_barred")
    is_there = standing.adding(person) is not None or person in standing.handed.values() or person in standing.handed
    if is_there or any(vote.of == person for vote in _ballot(definition, situation, action)):
        yield refusal("already_asked")


def _ballot(definition: Definition, situation: Situation, action: Action) -> list[Vote]:
    names = ballot_of(definition, action)
    return [vote for vote in situation.votes if vote.action in names]
