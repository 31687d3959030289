"""Whether a running case can be carried to another version of its workflow, and what would be lost on the way.

Nothing is carried that would lose something: a vote its place, a value its field, an approval its weight. What is lost is
said, all of it, and the case stays where it is. A case never gets further by being carried: its phase stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.engine.conditions import operands, read
from app.engine.decision import ABOUT_THE_CASE, Situation, Verb, Vote
from app.engine.definition import Action, Definition, Field
from app.engine.earlier import is_forward
from app.engine.seats import is_barred, persons_at
from app.engine.voting import applicable, lines_of, members_of, weight_of
from app.engine.ways import carries
from app.wording import Text


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that would be lost: a stable code and the sentence."""

    code: str
    text: Text

    @property
    def figures(self) -> Mapping[str, int]:
        """None: the sentence says it."""
        return {}


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a case would come to stand, and what is in the way; ``target`` is None where no state answers to its own."""

    source: str
    target: str | None
    losses: tuple[Loss, ...]
    voted: tuple[str, ...] = ()
    """The steps on which votes were given that are still open."""

    @property
    def is_open(self) -> bool:
        """Whether the case can be carried."""
        return self.target is not None and not self.losses


_SENTENCES: dict[str, Text] = {
    "no_state": Text(
        "现在的状态“{state}”在新版里没有，也没有说对应哪一个。",
        "Its state “{state}” is not in the new version, and nothing says which one answers to it.",
    ),
    "state_taken": Text(
        "状态“{state}”在新版里还在，不能说成对应别的状态。",
        "The state “{state}” is still there in the new version, so it cannot answer to another.",
    ),
    "approval_skipped": Text(
        "“{action}”还没有办，换过去就不用办了：改版不能替人同意。请把状态对到它前面的一步。",
        "“{action}” is still to come and would be skipped: a new version approves for nobody. Map the state to one before it.",
    ),
    "phase_differs": Text(
        "“{state}”和“{target}”不属于同一阶段，迁过去等于跳过或重来审批。",
        "“{state}” and “{target}” are of different phases: approvals would be skipped or undone.",
    ),
    "vote_action_gone": Text(
        "正在表决的“{action}”在新版里没有，已有 {count} 人的表态会作废。",
        "“{action}”, on which {count} have voted, is not in the new version: their votes would be lost.",
    ),
    "vote_place_gone": Text(
        "在“{action}”上已表态的人，有 {count} 位在新版里不再由他办，表态会作废。",
        "Of those who voted on “{action}”, {count} would no longer be asked in the new version: their votes would be lost.",
    ),
    "vote_party_differs": Text(
        "“{action}”的会签各方改了，已有的表态对不上。",
        "The parties of “{action}” changed, so the votes given no longer belong to one.",
    ),
    "vote_enough": Text(
        "“{action}”已有的表态在新版里已经够数，却没有人办结。请先按旧版办完这一步。",
        "The votes given on “{action}” would be enough already, and nobody would close it. Finish the step as it is first.",
    ),
    "arranged": Text(
        "这一步有加签、转交或征求意见还没完，会丢失。请先办完这一步。",
        "Signers were added, or the step was handed over or asked about: that would be lost. Finish the step first.",
    ),
    "drawn": Text(
        "新版的“{action}”要抽签，而这一步已经开始。请先办完这一步。",
        "In the new version “{action}” is decided by lot, and the step has begun. Finish it first.",
    ),
    "past_step_gone": Text(
        "本事项办过“{action}”，新版里没有这一步或它不再算审批，办过的就不作数了。",
        "“{action}” was taken here; in the new version it is gone or no longer counts, so it would be lost.",
    ),
    "field_gone": Text(
        "已填的“{field}”在新版里没有，内容会丢失。",
        "“{field}” is filled in and not in the new version: it would be lost.",
    ),
    "field_differs": Text(
        "已填的“{field}”在新版里填法或保密方式不同，内容对不上。",
        "“{field}” is filled in and is of another kind, or kept differently, in the new version.",
    ),
    "choice_gone": Text(
        "“{field}”已选的一项在新版里没有。", "What was chosen for “{field}” cannot be chosen in the new version."
    ),
    "field_missing": Text(
        "新版要求填写“{field}”，而本事项没有填。",
        "The new version requires “{field}”, which this case does not have.",
    ),
    "undecidable": Text(
        "新版的“{action}”要看“{field}”，而本事项没有填，走不下去。",
        "In the new version “{action}” depends on “{field}”, which this case does not have.",
    ),
}

CODES = frozenset(_SENTENCES)


def _loss(code: str, **figures: object) -> Loss:
    zh = {name: value.zh if isinstance(value, Text) else value for name, value in figures.items()}
    en = {name: value.en if isinstance(value, Text) else value for name, value in figures.items()}
    pattern = _SENTENCES[code]
    return Loss(code, Text(pattern.zh.format(**zh), pattern.en.format(**en)))


def target_of(new: Definition, state: str, states: Mapping[str, str]) -> str | None:
    """Which state of the new version answers to one of the old: the one said, else the one of the same name."""
    named = states.get(state, state)
    return named if any(one.name == named for one in new.states) else None


def passage(
    old: Definition,
    new: Definition,
    situation: Situation,
    taken: Collection[str],
    states: Mapping[str, str],
) -> Passage:
    """Where this case would come to stand, and everything it would lose.

    ``situation`` is seen by the old version, with the members of the offices of the new one; ``taken`` are the actions
    that were taken in the case and still stand.
    """
    source = situation.state
    target = target_of(new, source, states)
    if target is None:
        losses = [_loss("no_state", state=old.state(source).title)]
    else:
        losses = list(_of_state(old, new, source, target, states))
        losses += _of_step(old, new, situation, target)
        if target != new.initial:
            losses += _of_branches(new, situation, target)
    losses += _of_past(old, new, situation, taken)
    losses += _of_form(old, new, situation, is_draft=source == old.initial)
    voted = tuple(dict.fromkeys(vote.action for vote in situation.votes))
    return Passage(source, target, tuple(dict.fromkeys(losses)), voted)


def _of_state(old: Definition, new: Definition, source: str, target: str, states: Mapping[str, str]) -> Iterator[Loss]:
    before, after = old.state(source), new.state(target)
    if source in states and states[source] != source and any(one.name == source for one in new.states):
        yield _loss("state_taken", state=before.title)
    if before.phase is not after.phase or (source == old.initial) != (target == new.initial):
        yield _loss("phase_differs", state=before.title, target=after.title)
    ahead = _approvals_ahead(new, target)
    for name, title in _approvals_ahead(old, source).items():
        if name not in ahead:
            yield _loss("approval_skipped", action=title)


def _approvals_ahead(definition: Definition, state: str) -> dict[str, Text]:
    """The steps that may still carry a case forward from there, by people other than its submitter."""
    found: dict[str, Text] = {}
    reached, waiting = {state}, [state]
    while waiting:
        for action in definition.actions_from(waiting.pop()):
            if not is_forward(action):
                continue
            if carries(action):
                found[action.name] = action.title
            onward = {branch.state for branch in action.branches} - reached
            reached |= onward
            waiting += onward
    return found


def _of_step(old: Definition, new: Definition, situation: Situation, target: str) -> Iterator[Loss]:
    """What was voted or arranged about the open step keeps its place."""
    if any(one.verb not in ABOUT_THE_CASE | {Verb.RECUSE} for one in situation.arrangements):
        yield _loss("arranged")
    for name in dict.fromkeys(vote.action for vote in situation.votes):
        votes = [vote for vote in situation.votes if vote.action == name]
        yield from _of_votes(old, new, situation, target, name, votes)
    for action in new.actions_from(target):
        if any(quorum.draw is not None for quorum in action.quorums):
            yield _loss("drawn", action=action.title)


def _of_votes(
    old: Definition, new: Definition, situation: Situation, target: str, name: str, votes: Sequence[Vote]
) -> Iterator[Loss]:
    was, action = old.action(name), new.action(name)
    title = was.title if was is not None else Text(name, name)
    if action is None or target not in action.sources or was is None or was.opposes != action.opposes:
        yield _loss("vote_action_gone", action=title, count=len(votes))
        return
    lost = [vote for vote in votes if not _has_place(new, situation, action, vote)]
    if lost:
        yield _loss("vote_place_gone", action=title, count=len(lost))
    if action.opposes is not None:
        return
    values = {name: read(name, situation.data, situation.settings) for name in _names(action)}
    parties = {quorum.party or "": quorum for quorum in applicable(action, values)} if action.quorums else {}
    old_values = {name: read(name, situation.data, situation.settings) for name in _names(was)}
    before = {quorum.party or "": quorum for quorum in applicable(was, old_values)}
    if any(vote.party not in parties for vote in votes) or (
        (parties.keys() | before.keys()) != {""} and parties != before
    ):
        yield _loss("vote_party_differs", action=title)
        return
    if any(_weight(parties[vote.party], situation, vote) != vote.weight for vote in votes):
        yield _loss("vote_place_gone", action=title, count=len(votes))
    if all(line.is_met for line in lines_of(action, situation, values, votes)):
        yield _loss("vote_enough", action=title)


def _has_place(new: Definition, situation: Situation, action: Action, vote: Vote) -> bool:
    """Whether the new version would still ask the person whose word the vote is, and not bar him."""
    offices = {office for quorum in action.quorums for office in quorum.of if (quorum.party or "") == vote.party}
    asked = members_of(offices or action.by.offices, situation)
    asked |= {person for name in action.by.fields for person in persons_at(situation, name)}
    return vote.of in asked and not is_barred(new, situation, action, vote.of)


def _weight(quorum: object, situation: Situation, vote: Vote) -> int:
    held = [office for office, people in situation.members.items() if vote.of in people]
    return weight_of(quorum, held)  # type: ignore[arg-type]


def _names(action: Action) -> set[str]:
    whens = [*(quorum.when for quorum in action.quorums), *(branch.when for branch in action.branches)]
    return {name for when in whens for name in operands(when)}


def _of_branches(new: Definition, situation: Situation, target: str) -> Iterator[Loss]:
    """What the next steps are chosen by is there."""
    fields = {field.name: field for field in new.fields}
    for action in new.actions_from(target):
        if action.returns:
            continue
        for name in sorted(_names(action) & fields.keys()):
            if name not in action.asks and situation.data.get(name) is None:
                yield _loss("undecidable", action=action.title, field=fields[name].title)


def _of_past(old: Definition, new: Definition, situation: Situation, taken: Collection[str]) -> Iterator[Loss]:
    """What was decided goes on counting as what it was."""
    for name in dict.fromkeys(taken):
        was, now = old.action(name), new.action(name)
        if was is None:
            continue
        if now is None:
            if carries(was) or was.opens_round or was.amends:
                yield _loss("past_step_gone", action=was.title)
        elif (carries(was), was.opens_round, was.amends, was.returns) != (
            carries(now),
            now.opens_round,
            now.amends,
            now.returns,
        ):
            yield _loss("past_step_gone", action=was.title)


def _of_form(old: Definition, new: Definition, situation: Situation, *, is_draft: bool) -> Iterator[Loss]:
    """Every value keeps its field and how it is kept; what the new version requires is there, unless it is a draft."""
    rows: list[Mapping[str, object]] = [situation.data]
    yield from _of_fields(old.fields, new.fields, rows, is_draft=is_draft)


def _of_fields(
    old: Sequence[Field], new: Sequence[Field], rows: Sequence[Mapping[str, object]], *, is_draft: bool
) -> Iterator[Loss]:
    after = {field.name: field for field in new}
    before = {field.name: field for field in old}
    for field in old:
        values = [row[field.name] for row in rows if not _is_empty(row.get(field.name))]
        now = after.get(field.name)
        if not values:
            continue
        if now is None:
            yield _loss("field_gone", field=field.title)
        elif now.type is not field.type or now.sealed != field.sealed or now.sum_of != field.sum_of:
            yield _loss("field_differs", field=field.title)
        elif now.choices and not all(value in dict(now.choices) for value in values):
            yield _loss("choice_gone", field=field.title)
        elif field.columns or now.columns:
            inner = [row for value in values if isinstance(value, list) for row in value if isinstance(row, dict)]
            yield from _of_fields(field.columns, now.columns, inner, is_draft=is_draft)
    for field in new:
        is_asked = field.required and not field.asked and field.filled_by is None
        was = before.get(field.name)
        is_new = was is None or not was.required
        if is_asked and is_new and not is_draft and any(_is_empty(row.get(field.name)) for row in rows):
            yield _loss("field_missing", field=field.title)


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [])
