"""A file is what its content says; what is not on the list, lies about itself or would flood us is refused."""

from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.foundation import archives, filetypes, safe_xml
from app.foundation.errors import AppError
from app.foundation.filetypes import Kind, Limits, safe_name, sniff

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 10 + b"\xff\xc0\x00\x0b\x08\x00\x20\x00\x30\x01\x01\x11\x00"


def png(width: int, height: int) -> bytes:
    header = struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + checksum


def archive(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return out.getvalue()


def office(kind: str, extra: dict[str, bytes] | None = None) -> bytes:
    main = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}[kind]
    return archive({"[Content_Types].xml": b"<Types/>", main: b"<a/>"} | (extra or {}))


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PDF, "发票.PDF", Kind.PDF),
        (png(10, 10), "a.png", Kind.PNG),
        (JPEG, "IMG_1.JPG", Kind.JPEG),
        (JPEG, "a.jpeg", Kind.JPEG),
        (b"<?xml version='1.0'?><EInvoice/>", "a.xml", Kind.XML),
        (b"\xef\xbb\xbf<EInvoice/>", "a.xml", Kind.XML),
        ("\ufeff<EInvoice/>".encode("utf-16-le"), "a.xml", Kind.XML),
        (archive({"OFD.xml": b"<a/>"}), "a.ofd", Kind.OFD),
        (office("docx"), "a.docx", Kind.DOCX),
        (office("xlsx"), "a.xlsx", Kind.XLSX),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 20, "IMG_2.HEIC", Kind.HEIC),
    ],
)
def test_what_a_union_hands_in_is_recognised(data: bytes, name: str, kind: Kind) -> None:
    assert sniff(data, name) is kind
    assert sniff(io.BytesIO(data), name) is kind


def test_a_stored_file_is_recognised_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "0a1b"
    path.write_bytes(PDF)
    assert sniff(path, "a.pdf") is Kind.PDF


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (b"", "a.pdf", filetypes.EmptyFile),
        (b"MZ\x90\x00" + b"\x00" * 80, "a.exe", filetypes.UnsupportedFile),
        (b"MZ\x90\x00" + b"\x00" * 80, "a.pdf", filetypes.UnsupportedFile),
        (b"\x7fELF" + b"\x00" * 80, "a.png", filetypes.UnsupportedFile),
        (b"<!DOCTYPE html><script>1</script>", "a.png", filetypes.UnsupportedFile),
        (b"<html><body/></html>", "a.xml", filetypes.UnsupportedFile),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.svg", filetypes.UnsupportedFile),
        (b"<?xml version='1.0'?><svg/>", "a.xml", filetypes.UnsupportedFile),
        (b"GIF89a/*<script>*/", "a.gif", filetypes.UnsupportedFile),
        (b"GIF89a=1;alert(1)", "a.jpg", filetypes.UnsupportedFile),
        (PDF, "a.png", filetypes.FileMismatch),
        (PDF, "no-ending", filetypes.FileMismatch),
        (png(1, 1), "a.jpg", filetypes.FileMismatch),
        (archive({"OFD.xml": b"<a/>"}), "a.docx", filetypes.FileMismatch),
        (office("docx"), "a.docm", filetypes.FileMismatch),
        (office("docx", {"word/vbaProject.bin": b"macro"}), "a.docx", filetypes.UnsupportedFile),
        (archive({"readme.txt": b"x"}), "a.ofd", filetypes.UnsupportedFile),
        (PDF + archive({"a.txt": b"x"}), "a.pdf", filetypes.FileMismatch),
        (PDF + archive({"a.txt": b"x"}) + b"\njunk", "a.pdf", filetypes.FileMismatch),
        (png(1, 1) + archive({"a.txt": b"x"}), "a.png", filetypes.FileMismatch),
        (JPEG[:-6], "a.jpg", filetypes.BrokenFile),
        (JPEG[:8], "a.jpg", filetypes.BrokenFile),
        (png(1, 1)[:18], "a.png", filetypes.BrokenFile),
        (png(0, 5), "a.png", filetypes.BrokenFile),
        (office("docx")[:-30], "a.docx", archives.BrokenArchive),
        (png(50_000, 50_000), "a.png", filetypes.TooManyPixels),
        (JPEG.replace(b"\x00\x20\x00\x30", b"\xff\xff\xff\xff"), "a.jpg", filetypes.TooManyPixels),
    ],
)
def test_everything_else_is_refused_for_its_own_reason(data: bytes, name: str, error: type[AppError]) -> None:
    with pytest.raises(error):
        sniff(data, name)


def test_one_byte_over_the_limit_is_too_large_and_the_limit_itself_is_not() -> None:
    padded = PDF + b"\n" * 100
    assert sniff(padded, "a.pdf", Limits(bytes=len(padded))) is Kind.PDF
    with pytest.raises(filetypes.FileTooLarge) as caught:
        sniff(padded, "a.pdf", Limits(bytes=len(padded) - 1))
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (filetypes.EmptyFile(), 422),
        (filetypes.UnsupportedFile(), 415),
        (filetypes.FileMismatch(content="PDF"), 415),
        (filetypes.TooManyPixels(width=1, height=2), 413),
        (filetypes.FileTooLarge(limit_mb=20), 413),
        (archives.ArchiveTooLarge(), 413),
        (archives.UnsafeArchive(), 422),
        (safe_xml.UnsafeXml(), 422),
    ],
)
def test_each_refusal_has_its_status_and_says_what_to_do_in_both_languages(error: AppError, status: int) -> None:
    assert error.status == status
    assert error.text.zh.endswith("。")
    assert error.text.en.endswith(".")


def test_a_sheet_that_unpacks_four_hundredfold_is_refused_before_it_is_unpacked() -> None:
    bomb = office("xlsx", {"xl/worksheets/sheet1.xml": b"0" * (40 * 1024 * 1024)})
    started = time.process_time()
    with pytest.raises(archives.ArchiveTooLarge):
        sniff(bomb, "a.xlsx")
    assert time.process_time() - started < 0.1


def test_a_directory_of_thousands_of_entries_is_refused_unread() -> None:
    entries = archive({f"{n}.txt": b"" for n in range(archives.MOST_ENTRIES + 1)}, zipfile.ZIP_STORED)
    with pytest.raises(archives.ArchiveTooLarge):
        sniff(entries, "a.ofd")


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron", "a/../../b", "/etc/passwd", "C:\\windows\\x", "..\\x", "a\x01b", "Doc_0/..", "a:b"],
)
def test_an_entry_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    with pytest.raises(archives.UnsafeArchive):
        sniff(archive({"OFD.xml": b"<a/>", name: b"x"}), "a.ofd")


def test_an_entry_with_nul_in_its_name_is_refused() -> None:
    data = archive({"OFD.xml": b"<a/>", "a.xmlZ.exe": b"x"}).replace(b"a.xmlZ.exe", b"a.xml\x00.exe")
    with pytest.raises(archives.UnsafeArchive):
        sniff(data, "a.ofd")


def test_a_link_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("OFD.xml", "<a/>")
        link = zipfile.ZipInfo("Doc_0/Document.xml")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(archives.UnsafeArchive):
        sniff(out.getvalue(), "a.ofd")


def test_one_embedded_sheet_is_fine_and_boxes_in_boxes_are_not() -> None:
    sheet = office("xlsx")
    assert sniff(office("docx", {"word/embeddings/sheet.xlsx": sheet}), "a.docx") is Kind.DOCX
    nested = sheet
    for _ in range(5):
        nested = archive({"OFD.xml": b"<a/>", "inner.zip": nested})
    with pytest.raises(archives.UnsafeArchive):
        sniff(nested, "a.ofd")


def test_two_entries_over_the_same_bytes_are_refused() -> None:
    data = bytearray(archive({"OFD.xml": b"<a/>", "B": b"x" * 40}, zipfile.ZIP_STORED))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    with pytest.raises(archives.UnsafeArchive):
        sniff(bytes(data), "a.ofd")


def test_a_header_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(archive({"OFD.xml": b"<a/>", "B": b"x" * 40}, zipfile.ZIP_STORED))
    second = data.rindex(b"PK\x01\x02")
    data[second + 24 : second + 28] = struct.pack("<I", 3)
    with pytest.raises(archives.UnsafeArchive):
        sniff(bytes(data), "a.ofd")


BOMB = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 30))


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd"><a/>',
        f'<!DOCTYPE a [<!ENTITY e0 "x">{BOMB}]><a>&e29;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>',
        '<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="/etc/passwd"/></a>',
        '<?xml-stylesheet href="a.xsl" type="text/xsl"?><a/>',
        '<a><s:svg xmlns:s="http://www.w3.org/2000/sv&#103;"><s:script/></s:svg></a>',
        '<a><h:script xmlns:h="http://www.w3.org/1999/xhtml">1</h:script></a>',
        "<a>" * 50_000 + "</a>" * 50_000,
        "<a>" + "<b/>" * (safe_xml.MOST_ELEMENTS + 1) + "</a>",
        "<a>" + "x" * (safe_xml.LARGEST + 1) + "</a>",
    ],
    ids=lambda text: text[:40],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_reaches_out_or_blows_up_is_refused_in_every_encoding(text: str, encoding: str) -> None:
    with pytest.raises(safe_xml.UnsafeXml):
        sniff(text.encode(encoding), "a.xml")


@pytest.mark.parametrize(
    "data",
    [
        b"<a>",
        b"<a></b>",
        b"<a>\x00</a>",
        b"<a>&undefined;</a>",
        b"<?xml version='1.0' encoding='UTF-7'?><a/>",
        b"<?xml version='1.0' encoding='utf-8'?><a>\xff\xfe\xff</a>",
        b"<a>\xed\xa0\x80</a>",
    ],
)
def test_xml_that_is_not_xml_is_called_broken(data: bytes) -> None:
    with pytest.raises(safe_xml.BrokenXml):
        sniff(data, "a.xml")


@pytest.mark.parametrize("declared", ["gb18030", "GBK", "gb2312", "utf-8"])
def test_chinese_xml_is_read_also_when_it_declares_the_wrong_encoding(declared: str) -> None:
    data = f'<?xml version="1.0" encoding="{declared}"?><票>价税合计</票>'.encode("gb18030")
    assert safe_xml.parse(data).text == "价税合计"


@given(st.binary(max_size=400), st.sampled_from(sorted(filetypes.SUFFIXES)))
def test_no_bytes_make_the_check_fail_in_any_other_way_than_a_refusal(data: bytes, ending: str) -> None:
    try:
        assert sniff(data, f"a.{ending}") is filetypes.SUFFIXES[ending]
    except AppError as error:
        assert error.status in (413, 415, 422)  # noqa: PT017  # either outcome is right; nothing else is


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\票\\餐费.pdf", "餐费.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("con.txt", "_con.txt"),
        ("", "file"),
        ("..", "file"),
        ('a"b.pdf', "a_b.pdf"),
        ("票据🧾.pdf", "票据🧾.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_made_fit_to_show_and_to_download(given_name: str, shown: str) -> None:
    assert safe_name(given_name) == shown


def test_only_pictures_are_shown_in_the_page() -> None:
    assert {kind for kind in Kind if kind.shown_inline} == {Kind.PNG, Kind.JPEG}
    assert all("/" in kind.media_type for kind in Kind)
