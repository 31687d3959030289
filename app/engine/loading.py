"""Reads definitions and other data files: strict YAML in, frozen definitions out, every problem named at once.

The only file of the engine that knows ``yaml`` and ``marshmallow``. Of YAML it takes the plain part: mappings, lists,
text, whole numbers, true/false, null and dates. Anchors, aliases, tags, duplicate keys, fractions and ambiguous numbers
are refused, and so is what is too big or too deep. Keys are always text. ``yes`` and ``no`` are words, not truth values.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validates_schema

from app.engine.canonical import EARLIER, document_of, encode, in_order
from app.engine.definition import (
    OPERATORS,
    Action,
    AllOf,
    AnyOf,
    Branch,
    Candidates,
    Compare,
    Condition,
    Deadline,
    Definition,
    Field,
    FieldType,
    Not,
    Operand,
    Phase,
    Publish,
    Quorum,
    Setting,
    State,
    Summary,
    Use,
)
from app.engine.earlier import with_earlier_steps
from app.engine.problems import DefinitionError, Fault, Problem, Where, fault, hint, located
from app.wording import Text

__all__ = [
    "DefinitionError",
    "Problem",
    "clashes",
    "definition_from_canonical",
    "load_catalogue",
    "load_definition",
    "load_yaml",
    "read_document",
]

LARGEST_FILE = 200_000
DEEPEST = 20
MOST_NODES = 20_000
LARGEST_NUMBER = 10**13

Lines = dict[Where, int]

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_SHARE = re.compile(r"[1-9][0-9]?/[1-9][0-9]?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER_LIKE = re.compile(
    r"[-+]?(0[xob][0-9a-f_]+|[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|\.[0-9]+(e[-+]?[0-9]+)?|\.inf|\.nan|[0-9]+(:[0-9]{2})+)",
    re.IGNORECASE,
)
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def load_definition(source: Path | str, offices: Mapping[str, Text], source_name: str | None = None) -> Definition:
    """The definition in a file (a ``Path``) or in a text (a ``str``), frozen; names in it are not proved yet.

    ``offices`` gives what offices are called; one that is not among them is called by its name (``checks`` refuses it).

    Raises:
        DefinitionError: with every problem of the file.
    """
    file = source_name or (source.name if isinstance(source, Path) else "<text>")
    definition = _read(_text_of(source, file), file, tuple(offices.items()))
    if definition is None:
        raise DefinitionError(located([fault("not_a_workflow")], file, {(): 1}))
    return definition


def _read(text: str, file: str, offices: tuple[tuple[str, Text], ...]) -> Definition | None:
    """The definition in a text; None where it is plainly something else."""
    document, lines = _parse(text, file)
    if not isinstance(document, dict):
        raise DefinitionError(located([fault("not_a_mapping")], file, lines))
    if document.keys().isdisjoint({"workflow", "states", "actions"}):
        return None
    if "workflow" not in document:
        raise DefinitionError(located([fault("not_a_workflow")], file, lines))
    return replace(_assemble(document, dict(offices), file, lines), source=file, lines=lines)


_read_once = lru_cache(maxsize=256)(_read)
"""For folders that are read again and again in one process, as by the tests; a changed text is read anew."""


def definition_from_canonical(stored: bytes, offices: Mapping[str, Text]) -> Definition:
    """The definition whose canonical bytes were stored.

    Raises:
        DefinitionError: the bytes are not the canonical form of a definition.
    """
    try:
        document = in_order(json.loads(stored, object_pairs_hook=_once_each, parse_float=_refuse_fraction))
        definition = _assemble(document, offices, "", {})
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise DefinitionError(located([fault("not_canonical")], "", {})) from error
    if definition.canonical != stored:
        raise DefinitionError(located([fault("not_canonical")], "", {}))
    return definition


def load_catalogue(folder: Path, offices: Mapping[str, Text]) -> dict[str, Definition]:
    """Every workflow of a folder (not of folders in it) by name; files that hold something else are passed over.

    Raises:
        DefinitionError: with the problems of all files, and names or number prefixes used twice.
    """
    problems: list[Problem] = []
    found: list[Definition] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            definition = _read_once(_text_of(path, path.name), path.name, tuple(offices.items()))
            if definition is not None:
                found.append(definition)
        except DefinitionError as error:
            problems += error.problems
    problems += clashes(found)
    if problems:
        raise DefinitionError(problems)
    return {definition.name: definition for definition in found}


def load_yaml(path: Path) -> dict[str, Any]:
    """Any other data file, read just as strictly: a mapping of text, whole numbers, truth values, dates, lists and mappings.

    Raises:
        DefinitionError: with the problems of the file.
    """
    return load_mapping(path)[0]


def read_document(text: str) -> dict[str, Any]:
    """What stands in a text, whether or not it is a sound definition.

    Raises:
        DefinitionError: it cannot be read at all.
    """
    document, lines = _parse(_text_of(text, "<text>"), "<text>")
    if not isinstance(document, dict):
        raise DefinitionError(located([fault("not_a_mapping")], "<text>", lines))
    return document


def load_mapping(path: Path) -> tuple[dict[str, Any], Lines]:
    """The same, with the line on which each part stands.

    Raises:
        DefinitionError: with the problems of the file.
    """
    document, lines = _parse(_text_of(path, path.name), path.name)
    if not isinstance(document, dict):
        raise DefinitionError(located([fault("not_a_mapping")], path.name, lines))
    return document, lines


def clashes(found: Sequence[Definition]) -> Iterator[Problem]:
    """What the workflows of one catalogue may not share or miss: names, letters of numbers, workflows they name."""
    names = [definition.name for definition in found]
    for place, one in enumerate(found):
        faults: list[Fault] = []
        for other in found[:place]:
            if other.name == one.name:
                faults.append(fault("name_taken", ("workflow",), name=one.name, other=other.source))
            if other.number == one.number:
                faults.append(fault("number_taken", ("number",), number=one.number, other=other.title))
        for at, field in _all_fields(one):
            if field.workflow is not None and field.workflow not in names:
                near = hint(field.workflow, names)
                faults.append(
                    fault("unknown_workflow", (*at, "workflow"), field=field.title, name=field.workflow, hint=near)
                )
        yield from located(faults, one.source, one.lines)


def _all_fields(definition: Definition) -> Iterator[tuple[Where, Field]]:
    for field in definition.fields:
        yield ("fields", field.name), field
        for column in field.columns:
            yield ("fields", field.name, "columns", column.name), column


# From bytes to plain values and the lines they stand on.


def _text_of(source: Path | str, file: str) -> str:
    try:
        raw = source.encode() if isinstance(source, str) else _first_bytes(source)
        if len(raw) > LARGEST_FILE:
            raise DefinitionError(located([fault("too_big", limit=LARGEST_FILE)], file, {}))
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise DefinitionError(located([fault("unreadable", detail=error)], file, {})) from error


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(LARGEST_FILE + 1)


def _parse(text: str, file: str) -> tuple[Any, Lines]:
    reader = _Reader(text)
    try:
        document = reader.document()
    except _Stop:
        document = None
    except yaml.MarkedYAMLError as error:
        reader.report("bad_yaml", (error.problem_mark.line if error.problem_mark else 0) + 1, detail=error.problem)
    except yaml.YAMLError as error:
        reader.report("bad_yaml", 1, detail=" ".join(str(error).split()))
    if reader.faults:
        raise DefinitionError(located(reader.faults, file, reader.lines))
    return document, reader.lines


class _Stop(Exception):
    """Reading further would only cost time."""


class _Reader:
    """One pass over the events of a YAML stream, in Python's own stack, which ``DEEPEST`` keeps shallow."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.lines: Lines = {}
        self.faults: list[Fault] = []
        self.nodes = 0

    def report(self, code: str, line: int, **figures: object) -> None:
        """Note a fault at a line of its own."""
        where: Where = ("line", line)
        self.lines[where] = line
        self.faults.append(fault(code, where, **figures))

    def document(self) -> object:
        """The one document of the stream."""
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            self.report("empty", 1)
            return None
        self.lines[()] = 1
        root = self._node(next(self.events), ())
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.report("many_documents", after.start_mark.line + 1)
        if root is None:
            self.report("empty", 1)
        return root

    def _node(self, event: Any, where: Where) -> object:
        line = event.start_mark.line + 1
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.report("too_many_nodes", line, limit=MOST_NODES)
            raise _Stop
        if len(where) > DEEPEST:
            self.report("too_deep", line, limit=DEEPEST)
            raise _Stop
        if event.anchor is not None:
            self.report("alias", line)
        if isinstance(event, yaml.AliasEvent):
            return None
        if event.tag is not None:
            self.report("tag", line, tag=event.tag)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, line)
        return self._list(where) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(where)

    def _list(self, where: Where) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            at = (*where, len(items))
            self.lines[at] = event.start_mark.line + 1
            items.append(self._node(event, at))
        return items

    def _mapping(self, where: Where) -> dict[str, object]:
        mapping: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                self.report("bad_key", line)
                raise _Stop
            key = unicodedata.normalize("NFC", event.value)
            if event.anchor is not None or event.tag is not None:
                self.report("alias", line)
            if _HIDDEN.search(key):
                self.report("hidden_character", line)
            if key in mapping:
                self.report("duplicate_key", line, key=key)
            self.lines[(*where, key)] = line
            mapping[key] = self._node(next(self.events), (*where, key))
        return mapping

    def _scalar(self, event: Any, line: int) -> object:
        value = unicodedata.normalize("NFC", event.value)
        if _HIDDEN.search(value):
            self.report("hidden_character", line)
        if event.style:
            return value
        if value in ("", "~", "null"):
            return None
        if value in ("true", "false"):
            return value == "true"
        if _WHOLE.fullmatch(value):
            return int(value)
        if _DATE.fullmatch(value):
            return self._date(value, line)
        if _NUMBER_LIKE.fullmatch(value):
            self.report("not_whole", line, value=value)
        return value

    def _date(self, value: str, line: int) -> date | None:
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.report("bad_date", line, value=value)
            return None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands twice")
    return mapping


def _refuse_fraction(number: str) -> object:
    raise ValueError(number)


# From plain values to the parts of a definition. Error messages of the schemas are codes of problems.

_MESSAGES: dict[str, Any] = {"required": "missing", "null": "missing", "type": "not_a_mapping", "invalid": "not_a_list"}


class _Value(fields.Field[Any]):
    """A field whose faults are codes of problems."""

    def __init__(self, **options: Any) -> None:
        super().__init__(error_messages=_MESSAGES, **options)


def _fail(code: str, **figures: object) -> ValidationError:
    return ValidationError([Fault(code, figures)])


class _Flag(_Value):
    """true or false, nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise _fail("not_a_flag")
        return value


class _Number(_Value):
    """A whole number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_NUMBER:
            raise _fail("not_a_number", low=-LARGEST_NUMBER, high=LARGEST_NUMBER)
        return value


class _Words(_Value):
    """Text: not blank, and not longer than ``limit`` characters."""

    def __init__(self, limit: int = 200, **options: Any) -> None:
        super().__init__(**options)
        self.limit = limit

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise _fail("not_text")
        if not value.strip() or len(value) > self.limit:
            raise _fail("bad_text", limit=self.limit)
        return value


class OneOf(_Value):
    """One word of a closed list, made into what ``make`` makes of it."""

    def __init__(
        self, words: type[StrEnum] | tuple[str, ...], make: Callable[[str], object] = str, **options: Any
    ) -> None:
        super().__init__(**options)
        self.words = [str(word) for word in words]
        self.make = words if isinstance(words, type) else make

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> object:
        if value not in self.words:
            raise _fail("not_one_of", value=value, hint=hint(value, self.words))
        return self.make(value)


class _Names(_Value):
    """A list of names, as a tuple."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        return _each(value, _NAME.deserialize)


class _Constant(_Value):
    """A number, a truth value or text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:
        if not isinstance(value, int | str):
            raise _fail("bad_constant")
        return value


class _Total(_Value):
    """``lines field.money column``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, str]:
        parts = value.split(".") if isinstance(value, str) else []
        if len(parts) != 2:
            raise _fail("bad_sum")
        return parts[0], parts[1]


class _Need(_Value):
    """A whole number, ``all``, or a share such as ``2/3``: what ``Quorum`` takes as need and share."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if value == "all":
            return {"need": None}
        if isinstance(value, str) and _SHARE.fullmatch(value):
            part, _, whole = value.partition("/")
            return {"need": None, "share": (int(part), int(whole))}
        if isinstance(value, bool) or not isinstance(value, int):
            raise _fail("bad_need")
        return {"need": value}


class _Threshold(_Value):
    """An amount, or a setting that holds one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Operand:
        faults: list[Fault] = []
        operand = _operand(value, (), faults)
        if faults or isinstance(operand, str | bool):
            raise _fail("bad_constant")
        return operand


class _Uses(_Value):
    """A list of registered names, each bare or with its parameters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Use, ...]:
        return _each(value, _use)


class _When(_Value):
    """A condition; None holds always."""

    def __init__(self) -> None:
        super().__init__(allow_none=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Condition | None:
        faults: list[Fault] = []
        condition = _condition(value, (), faults)
        if faults:
            raise ValidationError(faults)
        return condition


class _Targets(_Value):
    """The name of a state, or a list of branches."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Branch, ...]:
        if value == EARLIER:
            return ()
        if isinstance(value, str) and value:
            return (Branch(value),)
        if not isinstance(value, list):
            raise _fail("bad_target")
        return tuple(_ready(_BranchBlock).load(value, many=True))


class Blocks(_Value):
    """A list of blocks of one kind, as a tuple."""

    def __init__(self, block: type[Schema], **options: Any) -> None:
        super().__init__(**options)
        self.block = block

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _fail("not_a_list")
        return tuple(_ready(self.block).load(value, many=True))


class Named(_Value):
    """A mapping of names to blocks or words, made into a tuple of what ``make`` makes of each name and value."""

    def __init__(
        self, inner: type[Schema] | fields.Field[Any], make: Callable[[str, Any], object], **options: Any
    ) -> None:
        super().__init__(**options)
        self.inner = inner
        self.make = make

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, dict):
            raise _fail("not_a_mapping")
        made: list[object] = []
        wrong: dict[str, Any] = {}
        for name, item in value.items():
            try:
                inner = self.inner
                read = inner.deserialize(item) if isinstance(inner, fields.Field) else _ready(inner).load(item)
                made.append(self.make(name, read))
            except ValidationError as error:
                wrong[name] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return tuple(made)


@cache
def _ready(block: type[Schema]) -> Schema:
    """The block's reader, made once: making it costs several times what reading with it does."""
    return block()


def _each(value: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _fail("not_a_list")
    wrong: dict[int, Any] = {}
    made: list[Any] = []
    for place, item in enumerate(value):
        try:
            made.append(read(item))
        except ValidationError as error:
            wrong[place] = error.messages
    if wrong:
        raise ValidationError(wrong)
    return tuple(made)


def _use(item: Any) -> Use:
    if isinstance(item, str) and item:
        return Use(item)
    if not isinstance(item, dict) or len(item) != 1:
        raise _fail("bad_use")
    ((name, parameters),) = item.items()
    if not isinstance(parameters, dict) or not all(isinstance(value, int | str) for value in parameters.values()):
        raise _fail("bad_use")
    return Use(name, tuple(sorted(parameters.items())))


def _condition(value: Any, where: Where, faults: list[Fault]) -> Condition | None:
    """The condition written as ``value``; what is wrong with it is added to ``faults``."""
    if not isinstance(value, dict) or not value:
        faults.append(fault("bad_condition", where))
        return None
    parts = [part for key, item in value.items() if (part := _clause(key, item, (*where, key), faults)) is not None]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _clause(key: str, item: Any, where: Where, faults: list[Fault]) -> Condition | None:
    if key == "not":
        inner = _condition(item, where, faults)
        return None if inner is None else Not(inner)
    if key in ("all", "any"):
        if not isinstance(item, list) or not item:
            faults.append(fault("bad_condition", where))
            return None
        read = [_condition(part, (*where, place), faults) for place, part in enumerate(item)]
        parts = tuple(part for part in read if part is not None)
        return AllOf(parts) if key == "all" else AnyOf(parts)
    if not isinstance(item, dict) or not item:
        faults.append(fault("bad_condition", where))
        return None
    compared = [_comparison(key, op, right, (*where, op), faults) for op, right in item.items()]
    return compared[0] if len(compared) == 1 else AllOf(tuple(compared))


def _comparison(left: str, op: str, right: Any, where: Where, faults: list[Fault]) -> Compare:
    if op not in OPERATORS:
        faults.append(fault("not_one_of", where, value=op, hint=hint(op, OPERATORS)))
    elif op == "one_of":
        if isinstance(right, list) and right:
            return Compare(left, op, tuple(_operand(item, (*where, at), faults) for at, item in enumerate(right)))
        faults.append(fault("bad_constant", where))
    else:
        return Compare(left, op, _operand(right, where, faults))
    return Compare(left, op, 0)


def _operand(value: Any, where: Where, faults: list[Fault]) -> Operand:
    if isinstance(value, int | str):
        return value
    if isinstance(value, dict) and set(value) == {"setting"} and isinstance(value["setting"], str):
        return Setting(value["setting"])
    faults.append(fault("bad_constant", where))
    return 0


class _Block(Schema):
    """A mapping with known keys; others are problems that name the nearest known one."""

    error_messages = {"type": "not_a_mapping"}  # noqa: RUF012 - the library reads it from the class

    class Meta:
        """Unknown keys are kept for ``refuse_unknown``, which knows what they may have meant."""

        unknown = EXCLUDE

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_unknown(self, data: Any, original: Any, **_: Any) -> None:
        """Name every key that is not of this block."""
        known = [field.data_key or name for name, field in self.fields.items()]
        unknown = [key for key in original if key not in known] if isinstance(original, dict) else []
        if unknown:
            raise ValidationError({key: [fault("unknown_key", key=key, hint=hint(key, known))] for key in unknown})


def _block(schema: type[Schema], **options: Any) -> fields.Nested:
    return fields.Nested(schema, error_messages=_MESSAGES, **options)


_NAME = _Words(limit=200, required=True)


class _TextBlock(_Block):
    zh = _Words(limit=500, required=True)
    en = _Words(limit=500, required=True)

    @post_load
    def make(self, data: dict[str, str], **_: Any) -> Text:
        return Text(**data)


class _WhoBlock(_Block):
    offices = _Names()
    fields_ = _Names(data_key="fields", attribute="fields")
    opener = _Flag()
    submitter = _Flag()
    anyone = _Flag()
    system = _Flag()
    or_else = _Names()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Candidates:
        return Candidates(**data)


class _BranchBlock(_Block):
    state = _Words(required=True)
    when = _When()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Branch:
        return Branch(**data)


class _QuorumBlock(_Block):
    need = _Need(required=True)
    when = _When()
    or_all_members = _Flag()
    party = _Words()
    of = _Names()
    after = _Words()
    weights = Named(_Number(), lambda office, weight: (office, weight))
    draw = _Number()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Quorum:
        return Quorum(**data | data["need"])


class _SummaryBlock(_Block):
    title = _Words(required=True)
    amount = _Words()
    category = _Words()
    day = _Words()

    @post_load
    def make(self, data: dict[str, str], **_: Any) -> Summary:
        return Summary(**data)


class _ThenBlock(_Block):
    escalate_to = _Names()
    close_by = _Words()

    @post_load
    def refuse_none_or_both(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """One thing follows, and it is clear which."""
        if len([value for value in data.values() if value]) != 1:
            raise _fail("deadline_then")
        return data


class _DeadlineBlock(_Block):
    working_days = _Number(required=True)
    remind_before = _Number()
    then = _block(_ThenBlock)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Deadline:
        return Deadline(**{key: value for key, value in data.items() if key != "then"}, **data.get("then", {}))


class _StateBlock(_Block):
    phase = OneOf(Phase, required=True)
    title = _block(_TextBlock, required=True)
    deadline = _block(_DeadlineBlock)


class _ColumnBlock(_Block):
    type = OneOf(FieldType, required=True)
    title = _block(_TextBlock, required=True)
    hint = _block(_TextBlock)
    required = _Flag()
    personal = _Flag()
    publish = OneOf(Publish)
    default = _Constant()
    at_least = _Number()
    at_most = _Number()
    choices = Named(_TextBlock, lambda name, title: (name, title))
    workflow = _Words()
    kind = OneOf(("spending", "income"), attribute="account_kind")


class _FieldBlock(_ColumnBlock):
    material = _Flag()
    asked = _Flag()
    filled_by = _Words()
    columns = Named(_ColumnBlock, lambda name, data: Field(name=name, **data))
    sum_of = _Total()


class _ActionBlock(_Block):
    title = _block(_TextBlock, required=True)
    sources = _Names(data_key="from", required=True)
    branches = _Targets(data_key="to", required=True)
    by = _block(_WhoBlock, load_default=Candidates)
    bars = _Names()
    quorums = Blocks(_QuorumBlock, data_key="approvals")
    require = _Uses()
    effects = _Uses()
    asks = _Names()
    comment_required = OneOf(("required", "optional"), make="required".__eq__, data_key="comment")
    new_round = _Flag()
    batch = _Flag()
    tone = OneOf(("plain", "caution", "danger"))
    resume = _Flag()
    opposes = _Words()
    veto = _Names()
    arrange = _Names()
    take_back = _Flag()
    amends = _Flag()
    paper = _Names()
    copy_to = _Names()
    opened_above = _Threshold()

    @post_load(pass_original=True)
    def note_returns(self, data: dict[str, Any], original: Any, **_: Any) -> dict[str, Any]:
        """``to: earlier`` is a way of its own, not a state of that name."""
        return data | {"returns": original.get("to") == EARLIER}


class _WorkflowBlock(_Block):
    name = _Words(data_key="workflow", required=True)
    title = _block(_TextBlock, required=True)
    number = _Words(required=True)
    year_of = _Words(load_default=None)
    initial = _Words(required=True)
    states = Named(_StateBlock, lambda name, data: State(name=name, **data), required=True)
    fields_ = Named(
        _FieldBlock, lambda name, data: Field(name=name, **data), data_key="fields", attribute="fields", required=True
    )
    sides = Named(_NAME, lambda name, path: (name, path), load_default=())
    actions = Named(_ActionBlock, lambda name, data: Action(name=name, **data), required=True)
    open = _block(_WhoBlock, load_default=Candidates)
    visible_to = _Names(load_default=())
    summary = _block(_SummaryBlock, required=True)


BLOCKS: tuple[tuple[str, type[Schema], type | None], ...] = (
    ("Workflow", _WorkflowBlock, Definition),
    ("State", _StateBlock, State),
    ("Deadline", _DeadlineBlock, Deadline),
    ("What follows", _ThenBlock, Deadline),
    ("Field", _FieldBlock, Field),
    ("Column", _ColumnBlock, Field),
    ("Action", _ActionBlock, Action),
    ("Who", _WhoBlock, Candidates),
    ("Branch", _BranchBlock, Branch),
    ("Approval line", _QuorumBlock, Quorum),
    ("Summary", _SummaryBlock, Summary),
)
"""Every kind of block with what it becomes: what the reference of the language is made from."""


def _assemble(document: Any, offices: Mapping[str, Text], file: str, lines: Lines) -> Definition:
    try:
        parts = _ready(_WorkflowBlock).load(document)
    except ValidationError as error:
        raise DefinitionError(located(_faults(error.messages, ()), file, lines)) from error
    unhashed = with_earlier_steps(Definition(**parts, office_titles=(), hash="", canonical=b""))
    canonical = encode(document_of(unhashed))
    titles = tuple((name, offices.get(name, Text(name, name))) for name in _offices_named(unhashed))
    return replace(unhashed, office_titles=titles, hash=hashlib.sha256(canonical).hexdigest(), canonical=canonical)


def _offices_named(definition: Definition) -> list[str]:
    named = [*definition.visible_to, *definition.open.offices]
    for state in definition.states:
        named += state.deadline.escalate_to if state.deadline else ()
    for action in definition.actions:
        named += [*action.by.offices, *action.by.or_else, *action.paper, *action.copy_to]
    return list(dict.fromkeys(named))


def _faults(messages: Any, where: Where) -> Iterator[Fault]:
    """The faults in the library's nested messages, each with the way to where it stands."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _faults(inner, where if key == "_schema" else (*where, key))
    elif isinstance(messages, list):
        for message in messages:
            if isinstance(message, Fault):
                yield replace(message, where=(*where, *message.where))
            else:
                yield fault(message, where, key=where[-1] if where else "")
