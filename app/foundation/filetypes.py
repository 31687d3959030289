"""Which kind of file this really is, by its content: an allow-list, checked before anything decodes or unpacks the file.

Everything here costs milliseconds whatever the file claims: declared sizes are read, nothing is inflated beyond a bound.
"""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from app.foundation import archives, safe_xml
from app.foundation.errors import AppError

TAIL = 65_557
"""A ZIP's end record lies within this many bytes of the end."""


class Kind(StrEnum):
    """The kinds of file a union may hand in."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    XML = "xml"
    OFD = "ofd"
    DOCX = "docx"
    XLSX = "xlsx"
    HEIC = "heic"

    @property
    def media_type(self) -> str:
        """The type to serve it as."""
        return _MEDIA_TYPES[self]

    @property
    def shown_inline(self) -> bool:
        """Whether a browser may show it in the page; everything else is served as an attachment."""
        return self in (Kind.PNG, Kind.JPEG)


_MEDIA_TYPES = {
    Kind.PDF: "application/pdf",
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.XML: "application/xml",
    Kind.OFD: "application/ofd",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.HEIC: "image/heic",
}

SUFFIXES = {
    "pdf": Kind.PDF,
    "png": Kind.PNG,
    "jpg": Kind.JPEG,
    "jpeg": Kind.JPEG,
    "jpe": Kind.JPEG,
    "xml": Kind.XML,
    "ofd": Kind.OFD,
    "docx": Kind.DOCX,
    "xlsx": Kind.XLSX,
    "heic": Kind.HEIC,
    "heif": Kind.HEIC,
}
"""File name endings and the kind they promise."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DEVICE_NAMES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """What a single file may be."""

    bytes: int = 20 * 1024 * 1024
    pixels: int = 50_000_000
    side: int = 20_000
    """Pixels along one side of a picture."""


class EmptyFile(AppError):
    """文件是空的（0 字节），请重新选择。

    The file is empty (0 bytes). Choose it again.
    """

    status = 422
    code = "empty_file"


class FileTooLarge(AppError):
    """文件超过 {limit_mb} MB，请压缩或拆分后再传。

    The file is larger than {limit_mb} MB. Make it smaller or split it, then upload again.
    """

    status = 413
    code = "file_too_large"


class UnsupportedFile(AppError):
    """不支持该类型的文件，可用 PDF、OFD、XML、图片（JPG、PNG、HEIC）、DOCX 或 XLSX。

    This kind of file is not accepted. Use PDF, OFD, XML, a picture (JPG, PNG, HEIC), DOCX or XLSX.
    """

    status = 415
    code = "unsupported_file"


class FileMismatch(AppError):
    """文件内容是 {content}，文件名却不是，请换成原始文件或改正扩展名。

    The content is {content} but the file name says otherwise. Use the original file or correct its ending.
    """

    status = 415
    code = "file_mismatch"


class BrokenFile(AppError):
    """文件不完整或已损坏，请重新导出或拍照后再传。

    The file is incomplete or damaged. Export it or take the picture again, then upload.
    """

    status = 422
    code = "broken_file"


class TooManyPixels(AppError):
    """图片尺寸过大（{width}×{height}），请缩小后再传。

    The picture is too big ({width}×{height}). Make it smaller, then upload again.
    """

    status = 413
    code = "too_many_pixels"


def sniff(source: bytes | Path | BinaryIO, name: str, limits: Limits | None = None) -> Kind:
    """The kind of a file, when its content is allowed, whole enough, and agrees with its name.

    Raises:
        EmptyFile: 0 bytes.
        FileTooLarge: above ``limits.bytes``.
        UnsupportedFile: not on the list; programs, HTML, SVG and files with macros included.
        FileMismatch: the name's ending promises another kind, or the file is two kinds at once.
        BrokenFile: the header is cut off or makes no sense.
        TooManyPixels: a picture larger than ``limits``, by its header.
        ArchiveTooLarge: a ZIP bomb, by its declared sizes.
        UnsafeArchive: paths leaving the archive, links, overlapping or nested entries.
        UnsafeXml: a DTD, entities, XInclude, a style sheet.
        BrokenXml: not well-formed.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _sniff(file, name, limits or Limits())
    return _sniff(io.BytesIO(source) if isinstance(source, bytes) else source, name, limits or Limits())


def promised_kind(name: str) -> Kind | None:
    """The kind a file name's ending promises, or None."""
    return SUFFIXES.get(name.rpartition(".")[2].strip().lower()) if "." in name else None


def safe_name(name: str, longest: int = 120) -> str:
    """A name fit to show and to offer for download: last part of a path, no control or direction characters, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] not in "CZ" or c == " ")
    kept = re.sub(r'[<>:"|?*]', "_", kept).strip(" .") or "file"
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = kept, "", ""
    stem = f"_{stem}" if _DEVICE_NAMES.match(stem) else stem
    return f"{stem[: longest - len(dot + ending)]}{dot}{ending}"


def _sniff(file: BinaryIO, name: str, limits: Limits) -> Kind:
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise EmptyFile
    if size > limits.bytes:
        raise FileTooLarge(limit_mb=limits.bytes // (1024 * 1024))
    file.seek(0)
    kind = _by_content(file, file.read(64))
    if promised_kind(name) is not kind:
        raise FileMismatch(content=kind.upper())
    if kind in (Kind.PNG, Kind.JPEG):
        _check_picture(file, kind, limits)
    if kind in (Kind.PDF, Kind.PNG, Kind.JPEG, Kind.HEIC):
        _refuse_second_kind(file, kind, size)
    return kind


def _by_content(file: BinaryIO, head: bytes) -> Kind:
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return Kind.HEIC
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(file)
    if _looks_like_xml(head):
        return _kind_of_xml(file)
    raise UnsupportedFile


def _kind_of_archive(file: BinaryIO) -> Kind:
    names = archives.check(file)
    if any(name.rpartition("/")[2].lower() == "vbaproject.bin" for name in names):
        raise UnsupportedFile
    if "OFD.xml" in names:
        return Kind.OFD
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return Kind.DOCX
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return Kind.XLSX
    raise UnsupportedFile


def _looks_like_xml(head: bytes) -> bool:
    for bom in (b"\xff\xfe", b"\xfe\xff"):
        if head.startswith(bom):
            return b"<" in head[2:6]
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"<")


def _kind_of_xml(file: BinaryIO) -> Kind:
    file.seek(0)
    data = file.read(safe_xml.LARGEST + 1)
    if re.match(rb"\s*<(?:!doctype\s+html|html|head|body|script|svg)\b", data[:200].lower()):
        raise UnsupportedFile
    root = safe_xml.local(safe_xml.root_of(data)).lower()
    if root in ("svg", "html", "stylesheet", "transform", "worddocument", "workbook"):
        raise UnsupportedFile
    return Kind.XML


def _check_picture(file: BinaryIO, kind: Kind, limits: Limits) -> None:
    width, height = _png_size(file) if kind is Kind.PNG else _jpeg_size(file)
    if width == 0 or height == 0:
        raise BrokenFile
    if width * height > limits.pixels or max(width, height) > limits.side:
        raise TooManyPixels(width=width, height=height)


def _png_size(file: BinaryIO) -> tuple[int, int]:
    file.seek(8)
    header = file.read(16)
    if len(header) < 16 or header[4:8] != b"IHDR":
        raise BrokenFile
    return int.from_bytes(header[8:12], "big"), int.from_bytes(header[12:16], "big")


def _jpeg_size(file: BinaryIO) -> tuple[int, int]:
    file.seek(2)
    for _ in range(1000):
        marker = file.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            raise BrokenFile
        if marker[1] == 0xFF:
            file.seek(-1, io.SEEK_CUR)
            continue
        length = int.from_bytes(file.read(2), "big")
        if length < 2:
            raise BrokenFile
        if marker[1] in _FRAME_MARKERS:
            frame = file.read(5)
            if len(frame) < 5:
                raise BrokenFile
            return int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")
        file.seek(length - 2, io.SEEK_CUR)
    raise BrokenFile


def _refuse_second_kind(file: BinaryIO, kind: Kind, size: int) -> None:
    """A PDF or picture that is a working ZIP as well would be read differently by different programs."""
    file.seek(max(0, size - TAIL))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        return
    comment = int.from_bytes(tail[end + 20 : end + 22], "little")
    after_the_pdf = kind is Kind.PDF and end > tail.rfind(b"%%EOF")
    if after_the_pdf or end + 22 + comment == len(tail):
        raise FileMismatch(content=f"{kind.upper()}+ZIP")
