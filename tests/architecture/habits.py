"""What an import contract cannot see, looked for in the syntax tree. Each habit is one function over one module."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One source file: its path from the root of the project, and its syntax tree."""

    path: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str, source: str) -> Module:
        """A module from source text; for trying a habit on a bad example."""
        return cls(path, ast.parse(source))


@dataclass(frozen=True)
class Finding:
    """One place where a habit is broken."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


Habit = Callable[[Module], Iterator[Finding]]


def modules(*places: str) -> list[Module]:
    """Every Python file below these folders of the project, or these files themselves."""
    found: list[Module] = []
    for place in places:
        start = ROOT / place
        files = [start] if start.is_file() else sorted(start.rglob("*.py"))
        found += [Module.of(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]
    return found


def findings(habit: Habit, looked_at: Iterable[Module], allowed: Iterable[str] = ()) -> list[str]:
    """Every breach outside the ``allowed`` files, as ``path:line: what``."""
    exempt = set(allowed)
    return [str(finding) for module in looked_at if module.path not in exempt for finding in habit(module)]


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for a name or a chain of attributes; a call or subscript on the way is ``()``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "()"


def real_names(module: Module) -> dict[str, str]:
    """What each imported name stands for: ``{"dt": "datetime.datetime"}``, wherever it was imported."""
    names: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                names[item.asname or item.name.partition(".")[0]] = (
                    item.name if item.asname else item.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for item in node.names:
                names[item.asname or item.name] = f"{node.module}.{item.name}"
    return names


def meant(node: ast.AST, names: dict[str, str]) -> str:
    """The full name of what an expression refers to, imports resolved."""
    head, dot, rest = dotted(node).partition(".")
    return names.get(head, head) + dot + rest


def ends_transactions(module: Module) -> Iterator[Finding]:
    """Calls of ``commit`` or ``rollback`` on anything."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {"commit", "rollback"}:
            yield Finding(module.path, node.lineno, f"{dotted(node.func)}() ends a transaction")


CLOCKS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
        "sqlalchemy.func.now",
        "sqlalchemy.func.current_timestamp",
        "sqlalchemy.func.current_date",
    }
)


def reads_the_clock(module: Module) -> Iterator[Finding]:
    """Mentions of a wall clock, called or handed on, Python's or the database's."""
    yield from mentions(module, CLOCKS, "reads the clock")


ENVIRONMENT = frozenset({"os.environ", "os.getenv", "os.environb", "os.putenv"})


def reads_the_environment(module: Module) -> Iterator[Finding]:
    """Mentions of the environment."""
    yield from mentions(module, ENVIRONMENT, "reads the environment")


def sleeps(module: Module) -> Iterator[Finding]:
    """Waiting for time to pass rather than for something to happen."""
    yield from mentions(module, frozenset({"time.sleep", "asyncio.sleep"}), "sleeps")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "wait_for_timeout":
            yield Finding(module.path, node.lineno, "sleeps in the browser")


def mentions(module: Module, targets: frozenset[str], fault: str) -> Iterator[Finding]:
    """Every expression or import that means one of the full names in ``targets``."""
    names = real_names(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute) and meant(node, names) in targets:
            yield Finding(module.path, node.lineno, f"{meant(node, names)} {fault}")
        elif isinstance(node, ast.ImportFrom):
            for item in node.names:
                if f"{node.module}.{item.name}" in targets:
                    yield Finding(module.path, node.lineno, f"{node.module}.{item.name} {fault}")


def has_no_docstring(module: Module) -> Iterator[Finding]:
    """Modules that do not say what they are for."""
    if not (ast.get_docstring(module.tree) or "").strip():
        yield Finding(module.path, 1, "has no docstring")


def imports_inside_functions(module: Module) -> Iterator[Finding]:
    """Imports that hide in a function, where the floors are dodged."""
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield Finding(module.path, node.lineno, f"{function.name}() imports inside itself")


WRITING = frozenset({"insert", "update", "delete"})


def writes_rows_of(home: str, classes: Iterable[str]) -> Habit:
    """A habit: making, inserting, updating or deleting rows of ``classes``, which live in the module ``home``.

    Seen are constructors, ``insert(X)`` and the like (also of ``X.__table__``), and assignments to attributes of a
    variable that is annotated as one or named as one (``case.state = …``).
    """
    guarded = {f"{home}.{name}" for name in classes}
    variables = {name.lower() for name in classes}

    def habit(module: Module) -> Iterator[Finding]:
        names = real_names(module)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                yield from _written_by_call(module, node, names, guarded)
            elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                yield from _written_by_assignment(module, node, variables | _annotated(module, names, guarded))

    return habit


def _written_by_call(module: Module, node: ast.Call, names: dict[str, str], guarded: set[str]) -> Iterator[Finding]:
    called = meant(node.func, names)
    if called in guarded:
        yield Finding(module.path, node.lineno, f"makes a {called}")
    if called.rpartition(".")[2] in WRITING:
        for part in node.args:
            # ``insert(table_of(Case))`` writes the same table as ``insert(Case)``.
            subjects = part.args if isinstance(part, ast.Call) else [part]
            for subject in subjects:
                if meant(subject, names).removesuffix(".__table__") in guarded:
                    yield Finding(module.path, node.lineno, f"{called}({meant(subject, names)}) writes behind the door")


def _written_by_assignment(
    module: Module, node: ast.Assign | ast.AugAssign | ast.AnnAssign, variables: set[str]
) -> Iterator[Finding]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and dotted(part.value) in variables:
                yield Finding(module.path, node.lineno, f"sets {dotted(part)}")


def _annotated(module: Module, names: dict[str, str], guarded: set[str]) -> set[str]:
    """Arguments and variables of this module that are annotated as a guarded class."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.arg) and node.annotation and meant(node.annotation, names) in guarded:
            found.add(node.arg)
        elif (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and meant(node.annotation, names) in guarded
        ):
            found.add(node.target.id)
    return found


def writes_tables_by_text(tables: Iterable[str]) -> Habit:
    """A habit: SQL written as text that inserts into, updates or deletes from these tables."""
    wanted = set(tables)

    def habit(module: Module) -> Iterator[Finding]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.replace('"', " ").replace("(", " ").lower().split()
                for verb, *rest in zip(words, words[1:], words[2:], strict=False):
                    table = rest[0] if verb == "update" else rest[1]
                    opens = verb == "update" or (verb, rest[0]) in {("insert", "into"), ("delete", "from")}
                    if opens and table in wanted:
                        yield Finding(module.path, node.lineno, f"{verb} {table} as text")

    return habit
