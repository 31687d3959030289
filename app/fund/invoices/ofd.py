"""An invoice in an OFD: attached data, tags that point at printed text, the document's own properties, its pages.

Whether the content is still what was signed is checked by the digests in the signature. That does not prove who signed:
the certificate is not checked here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from app.foundation import archives, safe_xml
from app.foundation.errors import AppError
from app.fund.invoices.page_text import Glyph, lines_of
from app.fund.invoices.qr import QrCode
from app.fund.invoices.qr_images import codes_in_photo

LARGEST_PART = 5 * 1024 * 1024
MOST_PARTS = 40
MOST_IMAGES = 6

_DIGESTS = {"1.2.156.10197.1.401": "sm3", "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "sm3": "sm3"}
_TAG = re.compile(r"<(\w+)>\s*((?:<\w*:?ObjectRef\b[^>]{0,80}>\s*\d{1,9}\s*</\w*:?ObjectRef>\s*)+)</\1>")
_REFERENCE = re.compile(r">\s*(\d{1,9})\s*<")


@dataclass
class OfdContent:
    """What an OFD holds that may speak of an invoice."""

    attached: list[bytes] = field(default_factory=list)
    tagged: list[tuple[str, str]] = field(default_factory=list)
    """(element name, printed text it points at)"""
    properties: list[tuple[str, str]] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    qr_codes: list[QrCode] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_ofd(data: bytes) -> OfdContent:
    """Everything of interest in an OFD.

    Raises:
        AppError: it is not safe to unpack, or no archive (see ``archives.check``).
    """
    archives.check(io.BytesIO(data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        content = OfdContent()
        content.attached = _parts(
            archive, [n for n in names if "/attachs/" in n.lower() and n.lower().endswith(".xml")]
        )
        content.properties = _properties(_tree(archive, "OFD.xml"))
        trees = [_tree(archive, name) for name in names if name.endswith("Content.xml")][:MOST_PARTS]
        objects = [entry for tree in trees if tree is not None for entry in _text_objects(tree)]
        content.pages = [lines_of([glyph for _, glyph in objects])]
        content.tagged = _tagged(_parts(archive, [n for n in names if "/tags/" in n.lower()]), objects)
        content.qr_codes = _codes(archive, names)
        content.warnings = _signature_warnings(archive, names)
    return content


def _parts(archive: zipfile.ZipFile, names: list[str]) -> list[bytes]:
    return [data for name in names[:MOST_PARTS] if (data := archives.read(archive, name, LARGEST_PART))]


def _tree(archive: zipfile.ZipFile, name: str) -> Element | None:
    data = archives.read(archive, name, LARGEST_PART)
    try:
        return safe_xml.parse(data) if data else None
    except AppError:
        return None


def _properties(root: Element | None) -> list[tuple[str, str]]:
    """The document's CustomData entries. Their 合计金额 is without tax."""
    found = [] if root is None else [e for e in root.iter() if safe_xml.local(e.tag) == "CustomData"]
    return [(element.get("Name", ""), (element.text or "").strip()) for element in found]


def _text_objects(root: Element) -> list[tuple[str, Glyph]]:
    """(object id, its text and box) of every text object on a page or template; OFD counts millimetres from the top."""
    found = []
    for element in root.iter():
        if safe_xml.local(element.tag) != "TextObject":
            continue
        text = "".join(child.text or "" for child in element.iter() if safe_xml.local(child.tag) == "TextCode")
        try:
            x, y, width, height = (float(part) for part in element.get("Boundary", "").split())
        except ValueError:
            x = y = width = height = 0.0
        found.append((element.get("ID", ""), Glyph(text, x, -(y + height), x + width, -y)))
    return found


def _tagged(parts: list[bytes], objects: list[tuple[str, Glyph]]) -> list[tuple[str, str]]:
    """Tags resolved to text. Read by pattern: real files use prefixes they never declare, which no XML parser accepts."""
    texts = {identifier: glyph.character for identifier, glyph in objects}
    pairs = []
    for part in parts:
        for name, references in _TAG.findall(part.decode("utf-8", "replace")):
            text = "".join(texts.get(reference, "") for reference in _REFERENCE.findall(references))
            if text.strip(" ¥￥"):
                pairs.append((name, text))
    return pairs


def _codes(archive: zipfile.ZipFile, names: list[str]) -> list[QrCode]:
    images = [name for name in names if name.lower().endswith((".png", ".jpg", ".jpeg"))][:MOST_IMAGES]
    codes = []
    for data in _parts(archive, images):
        try:
            codes += codes_in_photo(data)
        except (OSError, ValueError, SyntaxError):  # Pillow's ways of saying that an image is broken
            continue
    return codes


def _signature_warnings(archive: zipfile.ZipFile, names: list[str]) -> list[str]:
    signatures = [name for name in names if name.rpartition("/")[2] == "Signature.xml"]
    if not signatures:
        return ["signature_missing"]
    return sorted({warning for name in signatures[:5] for warning in _check_signature(archive, _tree(archive, name))})


def _check_signature(archive: zipfile.ZipFile, root: Element | None) -> list[str]:
    references = None if root is None else next((e for e in root.iter() if safe_xml.local(e.tag) == "References"), None)
    algorithm = "" if references is None else _DIGESTS.get(references.get("CheckMethod", "").lower(), "")
    if references is None or algorithm not in hashlib.algorithms_available:
        return ["signature_unchecked"]
    files = [element for element in references if safe_xml.local(element.tag) == "Reference"]
    if not files:
        return ["signature_unchecked"]
    return [] if all(_unchanged(archive, file, algorithm) for file in files) else ["changed_after_signing"]


def _unchanged(archive: zipfile.ZipFile, reference: Element, algorithm: str) -> bool:
    content = archives.read(archive, reference.get("FileRef", "").lstrip("/"), archives.LARGEST_TOTAL)
    value = next((child.text or "" for child in reference if safe_xml.local(child.tag) == "CheckValue"), "")
    try:
        expected = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return content is not None and hashlib.new(algorithm, content).digest() == expected
