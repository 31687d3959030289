"""All kinds of work on one page of Markdown, made from the definitions: states, who acts, who stands aside, what is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from app.cases.menu import Menu
from app.engine.definition import Action, Definition, Field, Phase, Publish, Quorum
from app.engine.seats import who_may
from app.wording import Text

HEAD = """\
# Kinds of work

Made from the files in `workflows/` by `flask --app wsgi workflows describe > docs/reference/workflows.md`; a test keeps it
current. How such a file is written: [the workflow language](workflow-language.md). **Aside** names who may not take a step;
**asks** what is filled in with it. Fields that are not named under *Published* stay inside; *personal* ones can be erased.
"""

_SIDES = {"submitter": "who submitted", "opener": "who filled it in", "approver": "who approved before"}


def as_markdown(menu: Menu, definitions: Mapping[str, Definition]) -> str:
    """The page, in the menu's order."""
    parts = [HEAD]
    for title, kinds in menu.arranged(definitions):
        parts.append(f"## {title.en} · {title.zh}\n")
        parts += ["\n".join(_kind(one)) for one in kinds]
    return "\n".join(parts)


def _kind(definition: Definition) -> Iterator[str]:
    yield f"### {_both(definition.title)} · `{definition.name}` · {definition.number}\n"
    yield f"Filed by: {_who(who_may(definition, definition.open))}. {_published(definition)}\n"
    yield "| step | from → to | by | aside | asks |"
    yield "|---|---|---|---|---|"
    for action in definition.actions:
        yield _row(definition, action)
    yield ""


def _row(definition: Definition, action: Action) -> str:
    states = {one.name: one.title.en for one in definition.states}
    source = ", ".join(states[name] for name in action.sources)
    target = " or ".join(dict.fromkeys(states[branch.state] for branch in action.branches))
    asks = [definition.field(name).title.en for name in action.asks] + ["a reason"] * action.comment_required
    votes = dict.fromkeys(_votes(one) for one in action.quorums)
    by = _who(who_may(definition, action.by)) + (f" ({' or '.join(votes)} of them)" if votes else "")
    aside = ", ".join(_side(definition, name) for name in action.bars)
    return f"| {_both(action.title)} | {source} → {target} | {by} | {aside} | {', '.join(asks)} |"


def _votes(quorum: Quorum) -> str:
    if quorum.share is not None:
        return "{}/{}".format(*quorum.share)
    return "all" if quorum.need is None else str(quorum.need)


def _side(definition: Definition, name: str) -> str:
    path = dict(definition.sides).get(name)
    if path is None:
        return _SIDES[name]
    table, _, column = path.partition(".")
    field = definition.field(table)
    inner = next((one for one in field.columns if one.name == column), field)
    return inner.title.en if inner is field else f"{inner.title.en} ({field.title.en})"


def _published(definition: Definition) -> str:
    personal = [one for field in definition.fields for one in (field, *field.columns) if one.personal]
    kept = f" *Personal*: {_names(personal)}." if personal else ""
    if all(one.phase is not Phase.PUBLISHED for one in definition.states):
        return f"*Never published.*{kept}"
    full = [one for one in definition.fields if one.publish is Publish.FULL]
    masked = [one for one in definition.fields if one.publish is Publish.MASKED]
    more = f"; masked: {_names(masked)}" if masked else ""
    return f"*Published*: {_names(full)}{more}.{kept}"


def _names(fields: Iterable[Field]) -> str:
    return ", ".join(one.title.en for one in fields)


def _who(titles: Iterable[Text]) -> str:
    return ", ".join(one.en for one in titles)


def _both(title: Text) -> str:
    return f"{title.zh} {title.en}"
