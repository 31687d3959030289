"""Looking at a ZIP (OFD, DOCX, XLSX) by what it declares, before anything is unpacked; and unpacking within bounds."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from typing import BinaryIO

from app.foundation.errors import AppError

MOST_ENTRIES = 2_000
LARGEST_TOTAL = 100 * 1024 * 1024
"""Bytes all entries may unpack to, by their own account."""
LARGEST_RATIO = 100
"""Unpacked to packed, once more than ``RATIO_MATTERS`` bytes would come out."""
RATIO_MATTERS = 2 * 1024 * 1024
LARGEST_DIRECTORY = 1024 * 1024
LARGEST_NESTED = 10 * 1024 * 1024

_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"
_LOCAL = b"PK\x03\x04"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class ArchiveTooLarge(AppError):
    """文件解压后过大（疑似“压缩炸弹”），已拒收。请从原软件重新导出。

    Unpacked, this file would be far too large, so it was refused. Export it again from its own program.
    """

    status = 413
    code = "archive_too_large"


class UnsafeArchive(AppError):
    """文件内部结构不安全（路径越界、链接、重叠或层层嵌套），已拒收。请从原软件重新导出。

    The file's inside is not safe (paths leading out, links, overlaps or nesting), so it was refused. Export it again.
    """

    status = 422
    code = "unsafe_archive"


class BrokenArchive(AppError):
    """文件不完整或已损坏，请重新导出后再传。

    The file is incomplete or damaged. Export it again, then upload.
    """

    status = 422
    code = "broken_archive"


def check(file: BinaryIO, depth: int = 0) -> frozenset[str]:
    """The names in a ZIP that is safe to unpack; one level of embedded ZIPs (a sheet in a letter) is looked into.

    Raises:
        ArchiveTooLarge: too many entries, or they declare to unpack to too much.
        UnsafeArchive: a path, a link, an overlap, a lying header, encryption or nesting that no office program makes.
        BrokenArchive: no readable directory.
    """
    _check_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_sizes(entries)
            _check_names(entries)
            _check_layout(file, entries, archive.start_dir)
            for entry in entries:
                _check_content(archive, entry, depth)
            return frozenset(entry.filename for entry in entries)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeDecodeError,
        ValueError,
        OSError,
    ) as error:
        raise BrokenArchive from error


def read(archive: zipfile.ZipFile, name: str, at_most: int) -> bytes | None:
    """One entry's bytes, or None when it is absent, damaged or larger than ``at_most``."""
    try:
        entry = archive.getinfo(name)
        if entry.file_size > at_most:
            return None
        with archive.open(entry) as file:
            data = file.read(at_most + 1)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
        return None
    return data if len(data) <= at_most else None


def _check_directory(file: BinaryIO) -> None:
    """Bound the directory before it is read into memory. ZIP64 is for files far beyond our limit."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + 22:
        raise BrokenArchive
    entries = int.from_bytes(tail[end + 10 : end + 12], "little")
    directory = int.from_bytes(tail[end + 12 : end + 16], "little")
    if entries > MOST_ENTRIES or directory > LARGEST_DIRECTORY or _END_64 in tail:
        raise ArchiveTooLarge


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > LARGEST_TOTAL:
        raise ArchiveTooLarge
    if unpacked > RATIO_MATTERS and unpacked > LARGEST_RATIO * packed:
        raise ArchiveTooLarge


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    seen = set()
    for entry in entries:
        name = entry.orig_filename
        parts = name.split("/")
        control = any(ord(character) < 32 or character in "\\:\x7f" for character in name)
        link = stat.S_ISLNK(entry.external_attr >> 16)
        if control or link or not name or name.startswith("/") or ".." in parts or name in seen:
            raise UnsafeArchive
        seen.add(name)


def _check_layout(file: BinaryIO, entries: list[zipfile.ZipInfo], directory_at: int) -> None:
    """Entries lie one after another, and each local header says what the directory says."""
    free_from = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        file.seek(entry.header_offset)
        header = file.read(30)
        if len(header) < 30 or not header.startswith(_LOCAL) or entry.compress_type not in _METHODS:
            raise BrokenArchive
        name_length, extra_length = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        size_comes_later = bool(int.from_bytes(header[6:8], "little") & 0x8)
        lies = not size_comes_later and (
            int.from_bytes(header[18:22], "little") != entry.compress_size
            or int.from_bytes(header[22:26], "little") != entry.file_size
        )
        ends = entry.header_offset + 30 + name_length + extra_length + entry.compress_size
        if entry.header_offset < free_from or ends > directory_at or lies or entry.flag_bits & _ENCRYPTED:
            raise UnsafeArchive
        free_from = ends


def _check_content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> None:
    if entry.file_size < 4:
        return
    with archive.open(entry) as content:
        if content.read(4) != _LOCAL:
            return
        if depth > 0:
            raise UnsafeArchive
        if entry.file_size > LARGEST_NESTED:
            raise ArchiveTooLarge
        embedded = _LOCAL + content.read(LARGEST_NESTED)
    check(io.BytesIO(embedded), depth + 1)
