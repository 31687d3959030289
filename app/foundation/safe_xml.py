"""Reading XML that strangers hand in: no DTD, no entities, no includes, no style sheets, a bounded depth and size."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from app.foundation.errors import AppError

LARGEST = 5 * 1024 * 1024
"""Bytes; a 数电票 is a few kilobytes."""
DEEPEST = 60
MOST_ELEMENTS = 50_000

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ENCODINGS = {"utf-8": "utf-8", "us-ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030"}
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,200}\?>")
_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ACTIVE = (
    "http://www.w3.org/2001/XInclude",
    "http://www.w3.org/1999/XSL/Transform",
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/2000/svg",
)


class UnsafeXml(AppError):
    """这个 XML 文件含有不允许的内容（如 DOCTYPE、外部引用、样式表，或层数过多），请从开票方或税务平台重新下载原文件。

    This XML file holds something that is not allowed (a DOCTYPE, outside references, a style sheet or too many levels).
    Download the original again from the seller or the tax platform.
    """

    status = 422
    code = "unsafe_xml"


class BrokenXml(AppError):
    """这个 XML 文件不完整或格式有误，请重新下载原文件。

    This XML file is incomplete or malformed. Download the original again.
    """

    status = 422
    code = "broken_xml"


class _Bounded(TreeBuilder):
    """Builds a tree while counting what it holds, so that a hostile file is refused before it fills the memory."""

    def __init__(self, *, keep: bool) -> None:
        """``keep=False`` looks at everything and builds nothing but the root."""
        super().__init__()
        self._keep = keep
        self._depth = 0
        self._elements = 0
        self.root_tag = ""

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Open an element, or refuse the file."""
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS or tag[1:].rpartition("}")[0] in _ACTIVE:
            raise UnsafeXml
        self.root_tag = self.root_tag or tag
        return super().start(tag, attrs) if self._keep or self._depth == 1 else Element(tag)

    def end(self, tag: str, /) -> Element:
        """Close an element."""
        self._depth -= 1
        return super().end(tag) if self._keep or self._depth == 0 else Element(tag)

    def data(self, data: str, /) -> None:
        """Keep the text, when anything is kept."""
        if self._keep:
            super().data(data)

    def pi(self, target: str, text: str | None = None, /) -> Element[Any]:
        """Refuse style sheets; other processing instructions mean nothing here."""
        if target.lower().startswith("xml-stylesheet"):
            raise UnsafeXml
        return super().pi(target, text)


def decode(data: bytes) -> str:
    """The text of an XML file: by its BOM, else as declared, else UTF-8; GB18030 when that was declared wrongly.

    Raises:
        BrokenXml: the bytes are no text in an encoding we accept (UTF-7 and the like are not accepted).
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decoded(data[len(bom) :], (encoding,))
    declared = _DECLARED.match(data)
    name = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    if name not in _ENCODINGS:
        raise BrokenXml
    return _decoded(data, (_ENCODINGS[name], "utf-8", "gb18030"))


def parse(data: bytes) -> Element:
    """The document's tree.

    Raises:
        UnsafeXml: a DTD, an entity, XInclude, a style sheet, SVG or HTML inside, too deep, or too much.
        BrokenXml: not well-formed.
    """
    return _run(data, keep=True)[0]


def root_of(data: bytes) -> str:
    """The root's tag (``{namespace}local``) after checking the whole document as ``parse`` does, without a tree."""
    return _run(data, keep=False)[1]


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


def _decoded(data: bytes, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BrokenXml


def _run(data: bytes, *, keep: bool) -> tuple[Element, str]:
    if len(data) > LARGEST:
        raise UnsafeXml
    text = decode(data)
    # The text is already decoded: a declaration that still names another encoding would confuse the parser.
    text = _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else text
    target = _Bounded(keep=keep)
    parser = DefusedXMLParser(
        target=target, encoding="utf-8", forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(text.encode("utf-8"))
        return parser.close(), target.root_tag
    except DefusedXmlException as error:
        raise UnsafeXml from error
    except (ParseError, UnicodeEncodeError, ValueError) as error:
        raise BrokenXml from error
