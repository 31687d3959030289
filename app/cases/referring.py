"""What a form refers to: persons, files, other cases and accounts must be of this union; files and cases are tied to it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.cases import errors, queries
from app.cases.models import Case, CaseFile, CaseLink
from app.cases.ports import Registry
from app.cases.values import file_ids, values_of
from app.engine.definition import Definition, FieldType
from app.people import queries as people
from app.wording import Text

_NO_PERSON = Text("没有这个人，或不是本会人员。", "There is no such person in this union.")
_NO_FILE = Text("没有这个文件，请重新上传。", "There is no such file; upload it again.")
_NO_CASE = Text("没有这一事项，或种类不对。", "There is no such case, or it is of another kind.")
_NO_ACCOUNT = Text("科目表里没有这个科目。", "The chart of accounts has no such category.")


def check_references(
    session: Session, registry: Registry, union_id: uuid.UUID, definition: Definition, data: Mapping[str, Any]
) -> None:
    """Every person, case, file and account named must exist in this union.

    Raises:
        UnknownReference: with the path of each that does not.
    """
    faults: dict[str, list[Text]] = {}
    persons = dict(values_of(definition, data, FieldType.PERSON))
    if persons:
        known = people.names(session, union_id, {uuid.UUID(value) for value in persons.values()})
        faults |= {path: [_NO_PERSON] for path, value in persons.items() if value not in known}
    named = file_ids(definition, data)
    if named:
        files = queries.files_of(session, union_id, {uuid.UUID(value) for value in named})
        faults |= {path: [_NO_FILE] for value, path in named.items() if uuid.UUID(value) not in files}
    for name, value in values_of(definition, data, FieldType.CASE):
        other = session.get(Case, (union_id, uuid.UUID(value)))
        if other is None or other.workflow != definition.field(name).workflow:
            faults[name] = [_NO_CASE]
    for path, value in values_of(definition, data, FieldType.ACCOUNT):
        if value not in _accounts(registry, union_id, definition, path):
            faults[path] = [_NO_ACCOUNT]
    if faults:
        raise errors.UnknownReference({f"data.{path}": texts for path, texts in faults.items()})


def _accounts(registry: Registry, union_id: uuid.UUID, definition: Definition, path: str) -> Collection[str]:
    name, _, rest = path.partition(".")
    field_ = definition.field(name)
    if rest:
        column = rest.rpartition(".")[2]
        field_ = next(inner for inner in field_.columns if inner.name == column)
    titles = registry.account_titles
    return titles(union_id, field_.account_kind) if titles else ()


def file_rows(
    session: Session, case: Case, definition: Definition, data: Mapping[str, Any], round_: int
) -> list[dict[str, Any]]:
    """The rows that tie the form's files to the case, with their hashes for the trail."""
    named = {uuid.UUID(value): path for value, path in file_ids(definition, data).items()}
    if not named:
        return []
    files = queries.files_of(session, case.union_id, named)
    tied = set(
        session.scalars(
            sa.select(CaseFile.file_id).where(CaseFile.union_id == case.union_id, CaseFile.case_id == case.id)
        )
    )
    return [
        {
            "union_id": case.union_id,
            "case_id": case.id,
            "file_id": file_id,
            "path": path,
            "round": round_,
            "sha256": files[file_id].sha256,
            "is_new": file_id not in tied,
        }
        for file_id, path in named.items()
        if file_id in files
    ]


def write_links(session: Session, case: Case, definition: Definition, data: Mapping[str, Any]) -> None:
    """Tie the case to the cases its form names."""
    named = dict(values_of(definition, data, FieldType.CASE))
    if named or case.events:
        session.execute(sa.delete(CaseLink).where(CaseLink.union_id == case.union_id, CaseLink.case_id == case.id))
    if named:
        session.execute(
            sa.insert(CaseLink.__table__),  # type: ignore[arg-type]
            [
                {"union_id": case.union_id, "case_id": case.id, "field": path, "other_id": uuid.UUID(value)}
                for path, value in named.items()
            ],
        )
