"""The proof of a definition at load: what passes here can run to an end, asks the right people, and always knows its way.

``loading`` has looked at the shape of the file; here its meaning is looked at. Every check yields all its faults, so that
whoever writes a workflow corrects it in one go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from app.engine.bands import bands
from app.engine.check_conditions import condition_faults
from app.engine.check_deadlines import deadline_faults
from app.engine.check_fields import field_faults
from app.engine.check_graph import graph_faults
from app.engine.check_verbs import verb_faults
from app.engine.decision import Verb
from app.engine.definition import TAKE_BACK, Action, Candidates, Definition, FieldType, Use
from app.engine.paths import path_faults
from app.engine.problems import Fault, Problem, Where, fault, hint, located
from app.engine.ranges import TooWideError
from app.engine.soundness import TooManySituationsError, soundness_faults
from app.engine.vocabulary import ConstantType, Vocabulary
from app.engine.ways import TooManyWaysError, ways
from app.wording import Text

__all__ = ["RESERVED", "Vocabulary", "check"]

RESERVED = frozenset(
    {
        *(
            "version",
            "comment",
            "data",
            "id",
            "return_to",
            "resume_to",
            "resume",
            "state",
            "phase",
            "round",
            "workflow",
            "union_id",
        ),
        *("action", "actions", "setting", "settings", "all", "any", "not", "csrf_token", "idempotency_key"),
    }
)
"""Names that requests, rows or the language itself use beside a definition's own."""

BUILT_IN_SIDES = ("submitter", "opener", "approver")
_TAKEN = {"sides": frozenset(BUILT_IN_SIDES), "actions": frozenset({"draft", TAKE_BACK, *Verb})}
"""``draft`` is how a client asks for the form itself, beside the forms of the actions; the verbs are built in."""
LONGEST_NAME = 40
LARGEST_QUORUM = 100

PROVABLE = frozenset(
    {
        *("bad_name", "reserved_name", "bad_number", "named_twice", "closed_workflow", "open_to_whom"),
        *("unknown_office", "unknown_fact", "unknown_effect", "unknown_parameter", "missing_parameter"),
        *("wrong_parameter", "money_name", "not_money_name", "misplaced", "incomplete_field", "bad_column"),
        *(
            "bad_default",
            "bad_total",
            "personal_published",
            "never_asked",
            "not_asked",
            "never_filled",
            "year_optional",
        ),
        *("unreachable_state", "quorum_stays", "votes_return"),
    }
)
"""Faults beside which the way of a case can still be followed; beside others there is no way to speak of."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NUMBER = re.compile(r"[A-Z]{2,6}")
_KINDS: dict[ConstantType, Text] = {
    int: Text("整数", "a whole number"),
    bool: Text("true 或 false", "true or false"),
    str: Text("文字", "text"),
}


def check(definition: Definition, vocabulary: Vocabulary) -> list[Problem]:
    """Every problem of a definition; none when it is sound."""
    faults = list(_plain_faults(definition, vocabulary))
    if PROVABLE.issuperset(fault.code for fault in faults):
        faults += proof_faults(definition, vocabulary)
    return located(faults, definition.source or definition.name, definition.lines)


def _plain_faults(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    """What each part shows by itself."""
    yield from chain(
        _names(definition),
        _limits(definition),
        _who(definition, vocabulary),
        _sides(definition),
        _uses(definition, vocabulary),
        _quorums(definition),
        field_faults(definition, vocabulary),
        condition_faults(definition, vocabulary),
        graph_faults(definition),
        verb_faults(definition, vocabulary),
        deadline_faults(definition, vocabulary),
    )


def proof_faults(definition: Definition, vocabulary: Vocabulary) -> list[Fault]:
    """What only following every case shows."""
    try:
        found = bands(definition, vocabulary.settings)
        for band in found:
            for _ in ways(definition, band):
                pass
        return [
            *soundness_faults(definition, found),
            *path_faults(definition, found, vocabulary.paying),
        ]
    except (TooWideError, TooManyWaysError, TooManySituationsError):
        return [fault("too_tangled", ("actions",))]


def _names(definition: Definition) -> Iterator[Fault]:
    named: list[tuple[Where, str]] = [(("workflow",), definition.name)]
    named += [(("states", one.name), one.name) for one in definition.states]
    named += [(("actions", one.name), one.name) for one in definition.actions]
    named += [(("sides", name), name) for name, _ in definition.sides]
    for field in definition.fields:
        named.append((("fields", field.name), field.name))
        named += [(("fields", field.name, "columns", one.name), one.name) for one in field.columns]
        named += [(("fields", field.name, "choices", name), name) for name, _ in field.choices]
    for where, name in named:
        if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            yield fault("bad_name", where, name=name)
        elif len(where) == 2 and name in RESERVED | _TAKEN.get(str(where[0]), frozenset()):
            yield fault("reserved_name", where, name=name)
    if not _NUMBER.fullmatch(definition.number):
        yield fault("bad_number", ("number",), number=definition.number)


def _limits(definition: Definition) -> Iterator[Fault]:
    yield from _at_most(100, definition.states, ("states",), Text("状态", "states"))
    yield from _at_most(200, definition.fields, ("fields",), Text("字段", "fields"))
    yield from _at_most(200, definition.actions, ("actions",), Text("步骤", "actions"))
    yield from _at_most(50, definition.sides, ("sides",), Text("当事人", "sides"))
    for field in definition.fields:
        yield from _at_most(50, field.columns, ("fields", field.name, "columns"), Text("列", "columns"))
        yield from _at_most(200, field.choices, ("fields", field.name, "choices"), Text("选项", "choices"))
    for action in definition.actions:
        yield from _at_most(20, action.branches, ("actions", action.name, "to"), Text("去处", "branches"))
        yield from _at_most(
            20, action.quorums, ("actions", action.name, "approvals"), Text("人数规定", "approval lines")
        )


def _at_most(limit: int, parts: tuple[object, ...], where: Where, what: Text) -> Iterator[Fault]:
    if len(parts) > limit:
        yield fault("too_many", where, what=what, count=len(parts), limit=limit)


def _who(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    yield from _unknown("unknown_office", ("visible_to",), definition.visible_to, vocabulary.offices)
    yield from _candidates(definition, definition.open, ("open",), vocabulary)
    if definition.open.empty:
        yield fault("closed_workflow", ("open",))
    if definition.open.fields or definition.open.opener or definition.open.submitter:
        yield fault("open_to_whom", ("open",))
    for action in definition.actions:
        where: Where = ("actions", action.name, "by")
        if action.by.empty:
            yield fault("closed_action", where, action=action.title)
        yield from _candidates(definition, action.by, where, vocabulary)


def _candidates(definition: Definition, by: Candidates, where: Where, vocabulary: Vocabulary) -> Iterator[Fault]:
    yield from _unknown("unknown_office", (*where, "offices"), by.offices, vocabulary.offices)
    yield from _unknown("unknown_office", (*where, "or_else"), by.or_else, vocabulary.offices)
    fields = {field.name: field for field in definition.fields}
    yield from _unknown("unknown_field", (*where, "fields"), by.fields, fields)
    for place, name in enumerate(by.fields):
        if name in fields and fields[name].type is not FieldType.PERSON:
            at = (*where, "fields", place)
            yield fault("wrong_type", at, name=fields[name].title, kind=Text("人员（person）", "person"))


def _unknown(code: str, where: Where, names: tuple[str, ...], known: Iterable[str]) -> Iterator[Fault]:
    """Names of a list that are not known, and those that stand in it twice."""
    for place, name in enumerate(names):
        if name not in known:
            yield fault(code, (*where, place), name=name, hint=hint(name, known))
        if name in names[:place]:
            yield fault("named_twice", (*where, place), name=name)


def _sides(definition: Definition) -> Iterator[Fault]:
    known = [*BUILT_IN_SIDES, *(name for name, _ in definition.sides)]
    for action in definition.actions:
        yield from _unknown("unknown_side", ("actions", action.name, "bars"), action.bars, known)
    persons = [field.name for field in definition.fields if field.type is FieldType.PERSON]
    paths = {field.name for field in definition.fields}
    for field in definition.fields:
        paths |= {f"{field.name}.{column.name}" for column in field.columns}
        persons += [f"{field.name}.{column.name}" for column in field.columns if column.type is FieldType.PERSON]
    for name, path in definition.sides:
        if path not in paths:
            yield fault("unknown_field", ("sides", name), name=path, hint=hint(path, persons))
        elif path not in persons:
            yield fault("wrong_type", ("sides", name), name=path, kind=Text("人员（person）", "person"))


def _uses(definition: Definition, vocabulary: Vocabulary) -> Iterator[Fault]:
    for action in definition.actions:
        where: Where = ("actions", action.name)
        yield from _registered("unknown_fact", (*where, "require"), action.require, vocabulary.facts)
        yield from _registered("unknown_effect", (*where, "effects"), action.effects, vocabulary.effects)


def _registered(
    code: str, where: Where, uses: tuple[Use, ...], known: Mapping[str, Mapping[str, ConstantType]]
) -> Iterator[Fault]:
    yield from _unknown(code, where, tuple(use.name for use in uses), known)
    for place, use in enumerate(uses):
        if use.name in known:
            yield from _parameters((*where, place), use, known[use.name])


def _parameters(where: Where, use: Use, declared: Mapping[str, ConstantType]) -> Iterator[Fault]:
    given = dict(use.parameters)
    for name in given.keys() - declared.keys():
        yield fault("unknown_parameter", where, name=use.name, parameter=name, hint=hint(name, declared))
    for name, kind in declared.items():
        if name not in given:
            yield fault("missing_parameter", where, name=use.name, parameter=name)
        elif type(given[name]) is not kind:
            yield fault("wrong_parameter", where, name=use.name, parameter=name, kind=_KINDS[kind])


def _quorums(definition: Definition) -> Iterator[Fault]:
    for action in definition.actions:
        where: Where = ("actions", action.name, "approvals")
        for place, quorum in enumerate(action.quorums):
            if quorum.need is not None and not 1 <= quorum.need <= LARGEST_QUORUM:
                at = (*where, place, "need")
                yield fault("quorum_size", at, action=action.title, need=quorum.need, limit=LARGEST_QUORUM)
            counts = quorum.need is None or quorum.or_all_members or quorum.draw is not None or quorum.weights
            if counts and not _offices_only(action):
                yield fault("quorum_without_offices", (*where, place), action=action.title)
        if action.quorums and action.by.system:
            yield fault("quorum_of_nobody", where, action=action.title)


def _offices_only(action: Action) -> bool:
    by = action.by
    return bool(by.offices) and not (by.fields or by.opener or by.submitter or by.anyone)
