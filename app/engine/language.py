"""The reference of the language, made from the language itself: every key of every block, and what its part means.

Keys and their kinds come from the schemas that read files; meanings are the docstrings of ``definition``. So the page
cannot say less than the product understands.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

from app.engine import loading

HEAD = """\
# The language of workflow files: every key

Made by `flask --app wsgi workflows language > docs/reference/definition.md`; a test keeps it current. How to write a file is told in
[The workflow language](workflow-language.md). **!** marks keys that must be there.
"""

_KINDS = {
    "_Flag": "`true` / `false`",
    "_Number": "a whole number",
    "_Words": "text or a name",
    "_Names": "a list of names",
    "_Constant": "a number, truth value or text",
    "_Total": "`lines.column`",
    "_Need": "a number, `all`, or a share `2/3`",
    "_Uses": "a list of registered names, each bare or with parameters",
    "_When": "a condition",
    "_Targets": "a state, a list of branches, or `earlier`",
    "_Threshold": "an amount in fen, or `{setting: NAME}`",
}


_SPELT = {"comment": "comment_required", "then": "escalate_to"}
"""Keys whose attribute has another name than the schema's."""


def described() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD, *(line for title, schema, of in loading.BLOCKS for line in _block(title, schema, of))])


def _block(title: str, schema: type[Any], of: type | None) -> Iterator[str]:
    meanings = {} if of is None else _meanings(of)
    yield f"## {title}\n"
    if of is not None and of.__doc__:
        yield f"{_one_line(of.__doc__)}\n"
    yield "| key | takes | means |\n|---|---|---|"
    for name, field in schema().fields.items():
        key = (field.data_key or name).rstrip("_")
        mark = " **!**" if field.required else ""
        attribute = _SPELT.get(key, (field.attribute or name).rstrip("_"))
        yield f"| `{key}`{mark} | {_kind(field)} | {meanings.get(attribute, '')} |"
    yield ""


def _kind(field: Any) -> str:
    if hasattr(field, "nested"):
        return _title_of(type(field.schema))
    if isinstance(field, loading.OneOf):
        return " / ".join(f"`{word}`" for word in field.words)
    if isinstance(field, loading.Named):
        return f"names with {_title_of(field.inner)}" if isinstance(field.inner, type) else "names with values"
    if isinstance(field, loading.Blocks):
        return f"a list of {_title_of(field.block)}"
    return _KINDS.get(type(field).__name__, "a value")


def _title_of(schema: type) -> str:
    return next((f"*{title}*" for title, one, _ in loading.BLOCKS if one is schema), "`{zh, en}`")


def _meanings(of: type) -> dict[str, str]:
    """What is written under each attribute of the class."""
    (tree,) = ast.parse(inspect.getsource(of)).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - it was a class
    found: dict[str, str] = {}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        is_told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if is_told and isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
            found[before.target.id] = _one_line(str(after.value.value))  # type: ignore[attr-defined]
    return found


def _one_line(text: str) -> str:
    """Docstring markup as Markdown, on one line that fits a table."""
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")
