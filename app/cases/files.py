"""Files at the edge: taken in by content, shown to whoever may see a case that stands on them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Response, request
from sqlalchemy.orm import Session

from app.cases import queries
from app.cases.models import StoredFile
from app.cases.ports import Registry
from app.cases.service import Cases
from app.foundation import previews
from app.foundation.errors import NotFound
from app.foundation.filetypes import Kind, safe_name, sniff
from app.foundation.storage import Store
from app.people.principal import Principal


@dataclass(frozen=True, slots=True)
class Files:
    """The store of bytes, with the readers that features registered."""

    store: Store
    registry: Registry

    def take(self, content: bytes, name: str) -> dict[str, Any]:
        """Check, store and read one upload; what ``Cases.keep_file`` needs to note it.

        Raises:
            EmptyFile, FileTooLarge, UnsupportedFile, FileMismatch and the like, each saying what is wrong.
        """
        kind = sniff(content, name)
        reading: Mapping[str, Any] | None = None
        for reader in self.registry.file_readers.values():
            reading = reading or reader(content, name)
        return {
            "sha256": self.store.put(content),
            "name": safe_name(name),
            "media_type": kind.media_type,
            "size": len(content),
            "reading": reading,
        }

    def visible(self, session: Session, door: Cases, principal: Principal, file_id: uuid.UUID) -> StoredFile:
        """The file, if this person sent it or may see a case that stands on it.

        Raises:
            NotFound: otherwise, and for other unions' files.
        """
        row = session.get(StoredFile, (principal.union_id, file_id))
        if row is None:
            raise NotFound
        if row.uploaded_by == principal.person_id:
            return row
        for case in queries.cases_holding(session, principal.union_id, file_id):
            if door.may_see(session, principal, case, door.definitions.by_hash(session, case.definition_hash)):
                return row
        raise NotFound

    def response(self, row: StoredFile) -> Response:
        """The bytes, never run by a browser: pictures may be shown, all else is saved."""
        with self.store.open(row.sha256) as file:
            content = file.read()
        response = Response(content, mimetype=row.media_type)
        is_picture = row.media_type in {"image/png", "image/jpeg"}
        disposition = "inline" if is_picture else "attachment"
        response.headers["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{quote(row.name)}"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.set_etag(row.sha256)
        response.headers["Cache-Control"] = "private, max-age=86400, immutable"
        response.make_conditional(request)
        return response

    def picture(self, row: StoredFile, page: int, *, small: bool) -> previews.Picture:
        """One page (from 1) as a picture, so that a phone shows it without a download.

        Raises:
            NotFound: no such page, or a kind of file that has no picture.
            ReadingFailed: the file cannot be drawn.
        """
        kind = next((one for one in Kind if one.media_type == row.media_type), None)
        if kind is None or not 1 <= page <= previews.MOST_PAGES:
            raise NotFound
        side = 160 if small else previews.LONGEST_SIDE
        with self.store.open(row.sha256) as file:
            drawn = previews.preview(file.read(), kind, longest_side=side, first=page - 1, count=1)
        if not drawn.pictures:
            raise NotFound
        return drawn.pictures[0]
