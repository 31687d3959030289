"""Files kept by their content: the name of a file is the SHA-256 of its bytes, and what is kept is never rewritten."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO, Protocol

from app.foundation.errors import AppError, NotFound
from app.foundation.filetypes import FileTooLarge

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_CHUNK = 1024 * 1024


class FileDamaged(AppError):
    """已存的原件与其指纹不符，请联系系统维护员从备份恢复。

    A stored file no longer matches its fingerprint. Ask the maintainer to restore it from a backup.
    """

    status = 500
    code = "file_damaged"


class Store(Protocol):
    """Where files live. A local folder here; object storage behind the same five methods."""

    def put(self, source: bytes | BinaryIO, *, at_most: int | None = None) -> str:
        """Keep the bytes and return their SHA-256 (hex); keeping the same bytes again changes nothing.

        Raises:
            FileTooLarge: a stream gave more than ``at_most`` bytes; nothing is kept.
        """

    def open(self, sha256: str) -> BinaryIO:
        """The content, to read.

        Raises:
            NotFound: nothing is kept under this fingerprint.
        """

    def exists(self, sha256: str) -> bool:
        """Whether something is kept under this fingerprint; says nothing about its state."""

    def size(self, sha256: str) -> int:
        """Bytes kept under this fingerprint.

        Raises:
            NotFound: nothing is kept under this fingerprint.
        """

    def verify(self, sha256: str) -> bool:
        """Re-read and re-hash: False when the file is missing or is no longer what its name says.

        Raises:
            NotFound: this is no SHA-256 in lower-case hex.
        """


class LocalStore:
    """A folder on this server. Written to a temporary file, synced, then linked under its final name."""

    def __init__(self, root: Path) -> None:
        """``root`` is made when missing; it must be on one file system."""
        self.root = root
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put(self, source: bytes | BinaryIO, *, at_most: int | None = None) -> str:
        """See ``Store.put``. Survives a power cut once it has returned.

        Raises:
            FileTooLarge: a stream gave more than ``at_most`` bytes; nothing is kept.
            FileDamaged: the same content was kept before and its file has changed since.
        """
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        handle, temporary = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                sha256 = _copy(stream, file, at_most)
                file.flush()
                os.fchmod(file.fileno(), 0o440)
                os.fsync(file.fileno())
            self._link(temporary, sha256)
        finally:
            Path(temporary).unlink()
        return sha256

    def open(self, sha256: str) -> BinaryIO:
        """See ``Store.open``."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise NotFound from error

    def path(self, sha256: str) -> Path:
        """Where the content lies or would lie.

        Raises:
            NotFound: this is no SHA-256 in lower-case hex.
        """
        if not _SHA256.match(sha256):
            raise NotFound
        return self.root / sha256[:2] / sha256

    def exists(self, sha256: str) -> bool:
        """See ``Store.exists``.

        Raises:
            NotFound: this is no SHA-256 in lower-case hex.
        """
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """See ``Store.size``."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError as error:
            raise NotFound from error

    def verify(self, sha256: str) -> bool:
        """See ``Store.verify``."""
        try:
            with self.path(sha256).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False

    def _link(self, temporary: str, sha256: str) -> None:
        final = self.path(sha256)
        if not final.parent.is_dir():
            final.parent.mkdir(exist_ok=True)
            _sync_folder(self.root)
        try:
            os.link(temporary, final)
        except FileExistsError:
            if not self.verify(sha256):
                raise FileDamaged from None
        _sync_folder(final.parent)


def _copy(source: BinaryIO, target: BinaryIO, at_most: int | None) -> str:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if at_most is not None and size > at_most:
            raise FileTooLarge(limit_mb=at_most // (1024 * 1024))
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
