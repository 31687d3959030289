"""Proof of the sides: can the people who hold the offices carry a case through, with different people where it must be?

For every band and every way of one round (``ways``), people are given steps such that each may take his: he is a
candidate, he is on no side that the step bars, and where several must agree they are several. Then the same is tried
with one person away, and with two; and with each person in turn as the party to the case (handler, payee and the like).

What is assumed: persons whom the form names hold none of the offices, unless it is asked what happens when they do;
facts let through; whoever may choose chooses so that the case can go on. Somebody who is away still holds the office, so
he still counts where all members of an office must agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from app.engine.bands import Band, bands
from app.engine.decision import Situation
from app.engine.definition import Action, Candidates, Definition, FieldType, Quorum
from app.engine.seats import who_may
from app.engine.soundness import cases_of
from app.engine.vocabulary import ConstantType
from app.engine.voting import applicable, need_of, weight_of
from app.engine.ways import carries, ways
from app.wording import Language, Text

OPENER, SUBMITTER, APPROVER = 1, 2, 4
VOTED = 8
"""The first flag of those that keep one person from voting for two parties of one step; the next step has the next."""
_FLAGS = {"opener": OPENER, "submitter": SUBMITTER, "approver": APPROVER}
MANY = 1000
"""As many people as any step could ask, where the workflow is open to whoever comes."""
MOST_AWAY = 2
"""How many people at once are tried as away."""

Holders = Mapping[str, frozenset[str]]
"""Office -> the persons (ids as text) who hold it today."""

_Tokens = frozenset[str]
"""What people are: the offices they hold, and the fields of the form that name them."""
_Kind = tuple[_Tokens, int]
"""People who are alike here: what they are, and what they did in this round (flags)."""
_Crew = frozenset[tuple[_Kind, int]]


@dataclass(frozen=True, slots=True)
class Stop:
    """A step that nobody is left to take, or too few."""

    step: Text
    who: Text
    """Whom the step is open to."""
    need: int
    cases: Text
    """Which cases get stuck there."""
    is_approval: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Whose absence (or part in a case) stops it: from each group, any ``count`` of the people, who are alike here."""

    groups: tuple[tuple[tuple[str, ...], int], ...]
    stop: Stop

    @property
    def count(self) -> int:
        """How many people it takes."""
        return sum(count for _, count in self.groups)


@dataclass(frozen=True, slots=True)
class Staffing:
    """Whether the people in office can carry the cases of one workflow."""

    definition: Definition
    stops: tuple[Stop, ...]
    """Where cases get stuck with everybody there; empty when all is well."""
    away: tuple[Gap, ...] = ()
    """Whose absence stops some case: single people, and pairs of others. Not looked at where there are ``stops``."""
    parties: tuple[Gap, ...] = ()
    """Who, as a party to a case, leaves a step without anybody."""

    @property
    def is_ok(self) -> bool:
        """Whether every case can be carried through with everybody there."""
        return not self.stops

    @property
    def indispensable(self) -> frozenset[str]:
        """The persons whose absence alone stops some case."""
        return frozenset(person for gap in self.away if gap.count == 1 for people, _ in gap.groups for person in people)

    @property
    def may_be_away(self) -> int:
        """How many people, whoever they are, may be away at once; ``MOST_AWAY`` stands for that many or more."""
        return 0 if self.stops else min((gap.count - 1 for gap in self.away), default=MOST_AWAY)

    def sentences(self, names: Mapping[str, str]) -> list[Text]:
        """All findings in words; ``names`` are the persons' by id."""
        return [
            *(_sentence(_NOW, one, self.definition) for one in self.stops),
            *(_sentence(_AWAY[gap.count == 1], gap.stop, self.definition, _who(gap, names)) for gap in self.away),
            *(_sentence(_PARTY, gap.stop, self.definition, _who(gap, names)) for gap in self.parties),
        ]


_NOW = Text(
    "按现任人员，“{workflow}”办不下去：{cases}到“{step}”{nobody}（要{need}，限{who}）。请补选或改任。",
    "With the people in office “{workflow}” cannot go on: {cases} finds too few to take “{step}” ({need}, of: {who}). "
    "Fill the offices.",
)
_AWAY = {
    True: Text(
        "{people}请假时，“{workflow}”停在“{step}”：{cases}{nobody}（要{need}，限{who}）。请定好代理人。",
        "While {people} is away “{workflow}” stops at “{step}”: nobody is left for {cases} ({need}, of: {who}). "
        "Name a substitute.",
    ),
    False: Text(
        "{people}同时请假时，“{workflow}”停在“{step}”：{cases}{nobody}（要{need}，限{who}）。",
        "While {people} are away together “{workflow}” stops at “{step}”: nobody is left for {cases} ({need}, of: {who}).",
    ),
}
_PARTY = Text(
    "{people}自己是当事人（{parties}）时，“{workflow}”停在“{step}”：{cases}{nobody}。请换人经手。",
    "Where {people} is a party ({parties}) “{workflow}” stops at “{step}”: nobody else is left for {cases}. "
    "Let another be the party.",
)


def _who(gap: Gap, names: Mapping[str, str]) -> Text:
    parts = [_some([names.get(person, person) for person in people], count) for people, count in gap.groups]
    return Text("、".join(part.zh for part in parts), " and ".join(part.en for part in parts))


def _some(people: Sequence[str], count: int) -> Text:
    if len(people) == count:
        return Text("、".join(people), " and ".join(people))
    return Text(f"{'、'.join(people)}中任意{count}人", f"any {count} of {', '.join(people)}")


def _sentence(pattern: Text, stop: Stop, definition: Definition, people: Text | None = None) -> Text:
    def spoken(language: Language) -> str:
        parties = [title.in_(language) for title in _party_titles(definition)]
        return pattern.in_(language).format(
            people="" if people is None else people.in_(language),
            workflow=definition.title.in_(language),
            step=stop.step.in_(language),
            who=stop.who.in_(language),
            cases=stop.cases.in_(language),
            parties=("、" if language == "zh" else ", ").join(parties),
            nobody=Text("无人可批" if stop.is_approval else "无人可办", "nobody").in_(language),
            need=Text(f" {stop.need} 人", f"{stop.need} needed").in_(language),
        )

    return Text(spoken("zh"), spoken("en"))


def _party_titles(definition: Definition) -> list[Text]:
    return [definition.field(path.split(".")[0]).title for _, path in definition.sides]


@dataclass(frozen=True, slots=True)
class _Task:
    """One step of a way: who may, who may not, how many, and what it makes of them."""

    step: Text
    by: Candidates
    bars: int
    barred_fields: frozenset[str]
    need: int
    marks: int
    is_approval: bool = False


@dataclass(frozen=True, slots=True)
class _Course:
    """The tasks of one way, and the bands whose cases go it, by position."""

    tasks: tuple[_Task, ...]
    bands: frozenset[int]


def staffing(definition: Definition, holders: Holders, settings: Mapping[str, int | bool | str]) -> Staffing:
    """Whether these holders can carry every case, and whose absence would stop one.

    Raises:
        TooWideError, TooManyWaysError: the definition never passed ``check``.
    """
    trial = _Trial(definition, holders, settings)
    stops = trial.stops(trial.present)
    if stops:
        return Staffing(definition, tuple(stops))
    return Staffing(definition, (), tuple(_absences(trial)), tuple(_parties(trial)))


class _Trial:
    """The courses of a definition, and the people to try them with."""

    def __init__(self, definition: Definition, holders: Holders, settings: Mapping[str, int | bool | str]) -> None:
        self.definition = definition
        kinds: dict[str, ConstantType] = {name: type(value) for name, value in settings.items()}
        self.bands = bands(definition, kinds, settings)
        self.courses = _courses(definition, holders, self.bands)
        self.alike = _alike(definition, holders)
        """What people are, for this workflow -> all persons who are just that."""
        self.outsiders = _outsiders(definition)
        self.present: Mapping[_Tokens, int] = {kind: len(people) for kind, people in self.alike.items()}
        self._dead: set[tuple[tuple[_Task, ...], _Crew]] = set()

    def stops(self, present: Mapping[_Tokens, int], outsiders: Mapping[_Tokens, int] | None = None) -> list[Stop]:
        """The steps where courses break off with so many people of each kind, each step once."""
        counted = Counter(present) + Counter(self.outsiders if outsiders is None else outsiders)
        crew = frozenset(((kind, 0), count) for kind, count in counted.items())
        stuck: dict[_Task, set[int]] = {}
        for course in self.courses:
            reached = _walk(course.tasks, crew, self._dead)
            if reached < len(course.tasks):
                stuck.setdefault(course.tasks[reached], set()).update(course.bands)
        return [self._stop(task, places) for task, places in stuck.items()]

    def _stop(self, task: _Task, places: set[int]) -> Stop:
        cases = Text("事项", "a case") if len(places) == len(self.bands) else cases_of(self.bands[min(places)])
        return Stop(task.step, _open_to(self.definition, task.by), task.need, cases, task.is_approval)


def _absences(trial: _Trial) -> Iterator[Gap]:
    alone: set[_Tokens] = set()
    for kind in trial.alike:
        for stop in trial.stops(_without(trial.present, kind))[:1]:
            alone.add(kind)
            yield Gap(((trial.alike[kind], 1),), stop)
    others = [kind for kind in trial.alike if kind not in alone]
    for pair in combinations_with_replacement(others, MOST_AWAY):
        away = Counter(pair)
        if all(trial.present[kind] >= count for kind, count in away.items()):
            for stop in trial.stops(_without(trial.present, *pair))[:1]:
                yield Gap(tuple((trial.alike[kind], count) for kind, count in away.items()), stop)


def _parties(trial: _Trial) -> Iterator[Gap]:
    """Each kind of officer in turn as every party that the definition names."""
    tokens = frozenset(_field_token(path) for _, path in trial.definition.sides)
    if not tokens:
        return
    others = {kind: count for kind, count in trial.outsiders.items() if kind.isdisjoint(tokens)}
    for kind, people in trial.alike.items():
        present = Counter(_without(trial.present, kind))
        present[kind | tokens] += 1
        for stop in trial.stops(present, others)[:1]:
            yield Gap(((people, 1),), stop)


def _without(present: Mapping[_Tokens, int], *away: _Tokens) -> Mapping[_Tokens, int]:
    left = Counter(present)
    left.subtract(away)
    return {kind: count for kind, count in left.items() if count > 0}


def offices_named(definition: Definition) -> set[str]:
    """Every office that may take some step, vote, or step in."""
    return {office for group in _office_groups(definition) for office in group}


def _office_groups(definition: Definition) -> list[tuple[str, ...]]:
    groups = [definition.open.offices]
    for action in definition.actions:
        groups += [action.by.offices, action.by.or_else, *(quorum.of for quorum in action.quorums)]
        groups += [(office,) for quorum in action.quorums for office, _ in quorum.weights]
    return groups


def _alike(definition: Definition, holders: Holders) -> dict[_Tokens, tuple[str, ...]]:
    """The officers who matter, by what they may do here; offices that are always named together count as one."""
    groups = _office_groups(definition)
    named = {office: tuple(office in one for one in groups) for group in groups for office in group}
    first: dict[tuple[bool, ...], str] = {}
    one_of = {office: first.setdefault(where, office) for office, where in named.items()}
    found: dict[_Tokens, list[str]] = {}
    for person, offices in _offices_by_person(holders, list(one_of)).items():
        kind = frozenset(one for office in offices for one in _offices_like(office, one_of))
        found.setdefault(kind, []).append(person)
    return {kind: tuple(people) for kind, people in found.items()}


def _offices_like(office: str, one_of: Mapping[str, str]) -> list[str]:
    """All offices that are named wherever this one is."""
    return [other for other, group in one_of.items() if group == one_of[office]]


def _field_token(name: str) -> str:
    return f"field:{name}"


def _outsiders(definition: Definition) -> dict[_Tokens, int]:
    """Whoever is no officer: a person for each field that names one, many for a list of them, and the members."""
    lists = {field.name for field in definition.fields if field.type is FieldType.LINES}
    named = sorted({name for action in definition.actions for name in action.by.fields})
    found = {frozenset({_field_token(name)}): MANY if name in lists else 1 for name in named}
    return {**found, frozenset(): MANY}


def _courses(definition: Definition, holders: Holders, found: Sequence[Band]) -> list[_Course]:
    """Every way as tasks, those that ask the same of people only once."""
    seen: dict[tuple[_Task, ...], set[int]] = {}
    for place, band in enumerate(found):
        for way in ways(definition, band):
            tasks = [
                task
                for place, step in enumerate(way)
                for task in _tasks(definition, step.action, band, holders, step.source, VOTED << place)
            ]
            seen.setdefault((_opening(definition), *tasks), set()).add(place)
    return [_Course(tasks, frozenset(places)) for tasks, places in seen.items()]


def _opening(definition: Definition) -> _Task:
    return _Task(Text("新建", "Open"), definition.open, 0, frozenset(), 1, OPENER)


def _tasks(
    definition: Definition, action: Action, band: Band, holders: Holders, source: str, voted: int
) -> Iterator[_Task]:
    """One task for the step, or one for each party of a joint decision: nobody votes for two (the flag ``voted``)."""
    sides = dict(definition.sides)
    lines: list[Quorum | None] = [*applicable(action, band.values)] or [None]
    together = voted if len(lines) > 1 else 0
    for quorum in lines:
        by = action.by if quorum is None or not quorum.of else Candidates(offices=quorum.of, or_else=action.by.or_else)
        yield _Task(
            step=action.title,
            by=by,
            bars=sum(_FLAGS[side] for side in action.bars if side in _FLAGS) | together,
            barred_fields=frozenset(_field_token(sides[side]) for side in action.bars if side in sides),
            need=1 if quorum is None else _needed(quorum, by, holders),
            marks=(SUBMITTER if source == definition.initial else 0) | (APPROVER if carries(action) else 0) | together,
            is_approval=carries(action) or bool(action.quorums),
        )


def _open_to(definition: Definition, by: Candidates) -> Text:
    titles = who_may(definition, by)
    return Text("、".join(title.zh for title in titles), ", ".join(title.en for title in titles))


def _needed(quorum: Quorum, by: Candidates, holders: Holders) -> int:
    """How many people it takes with these members, as the engine counts; where votes weigh, whoever they are."""
    need = need_of(quorum, by.offices, Situation(state="", data={}, opener="", members=holders))
    if not quorum.weights:
        return need
    held = _offices_by_person(holders, by.offices)
    weight = 0
    for count, one in enumerate(sorted(weight_of(quorum, offices) for offices in held.values()), start=1):
        weight += one
        if weight >= need:
            return count
    return len(held) + 1


def _offices_by_person(holders: Holders, offices: Sequence[str]) -> dict[str, set[str]]:
    held: dict[str, set[str]] = {}
    for office in offices:
        for person in sorted(holders.get(office, ())):
            held.setdefault(person, set()).add(office)
    return held


def _walk(tasks: tuple[_Task, ...], crew: _Crew, dead: set[tuple[tuple[_Task, ...], _Crew]]) -> int:
    """How many of the tasks can be done one after the other; all of them when the course can be gone.

    ``dead`` remembers what cannot be done by whom.
    """
    if not tasks or (tasks, crew) in dead:
        return 0
    best = 0
    for after in _choices(tasks[0], dict(crew)):
        reached = 1 + _walk(tasks[1:], after, dead)
        if reached == len(tasks):
            return reached
        best = max(best, reached)
    dead.add((tasks, crew))
    return best


def _choices(task: _Task, crew: dict[_Kind, int]) -> Iterator[_Crew]:
    """Every crew that is left when the task was done, by whoever may do it."""
    able = [kind for kind in crew if _may(task, kind, task.by)]
    if not able and task.by.or_else:
        able = [kind for kind in crew if _may(task, kind, Candidates(offices=task.by.or_else))]
    if sum(crew[kind] for kind in able) < task.need:
        return
    for taken in _shares([(kind, crew[kind]) for kind in able], task.need):
        left = Counter(crew)
        for kind, count in taken:  # who did it keeps what he is, and is marked with what he did
            left[kind] -= count
            left[kind[0], kind[1] | task.marks] += count
        yield frozenset((kind, count) for kind, count in left.items() if count)


def _shares(able: list[tuple[_Kind, int]], need: int) -> Iterator[list[tuple[_Kind, int]]]:
    """Every way to take so many people from these kinds."""
    if need == 0:
        yield []
        return
    if not able:
        return
    (kind, count), rest = able[0], able[1:]
    for taken in range(min(count, need), -1, -1):
        for more in _shares(rest, need - taken):
            yield [(kind, taken), *more] if taken else more


def _may(task: _Task, kind: _Kind, by: Candidates) -> bool:
    tokens, flags = kind
    if flags & task.bars or not tokens.isdisjoint(task.barred_fields):
        return False
    return (
        by.anyone
        or by.system
        or not tokens.isdisjoint(by.offices)
        or any(_field_token(name) in tokens for name in by.fields)
        or (by.opener and bool(flags & OPENER))
        or (by.submitter and bool(flags & SUBMITTER))
    )
