"""Papers for the demo union and for tests: invoices as XML, PDF and photo, signed lists, pictures of activities.

Everything is invented, marked 演示样张, and the same bytes come out for the same input. Region ``000000`` exists nowhere,
so no number here can be anybody's.
"""

from __future__ import annotations

import functools
import io
import json
import math
import random
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import segno
import typst
from PIL import Image, ImageDraw, ImageFont
from pylopdf_fonts_zh_cn import sans_path

from app.foundation.money import in_capitals, yuan
from app.fund.invoices.qr import text_of

_TEMPLATE = Path(__file__).with_name("invoice.typ")
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_INK, _PAPER, _BLUE = (40, 40, 48), (250, 249, 245), (32, 48, 130)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Party:
    """A buyer or seller."""

    name: str
    tax_id: str


@dataclass(frozen=True)
class SampleLine:
    """One line; ``total_fen`` includes tax and is negative on a red letter."""

    name: str
    total_fen: int
    quantity: int = 1
    unit: str = "项"
    rate_percent: int = 6

    @property
    def ex_tax_fen(self) -> int:
        """The amount without tax, rounded half up as invoicing programs do."""
        size = (abs(self.total_fen) * 200 + 100 + self.rate_percent) // (2 * (100 + self.rate_percent))
        return -size if self.total_fen < 0 else size

    @property
    def tax_fen(self) -> int:
        """What is left of the total."""
        return self.total_fen - self.ex_tax_fen


@dataclass(frozen=True)
class SampleInvoice:
    """A 数电票: 20-digit number, no code."""

    number: str
    issued: date
    seller: Party
    buyer: Party
    lines: tuple[SampleLine, ...]
    special: bool = False
    """专用发票 rather than 普通发票."""
    remark: str = ""
    drawer: str = "演示员"
    red_letter_of: str = ""
    """Number of the invoice this one cancels; its lines are then negative."""

    @property
    def ex_tax_fen(self) -> int:
        """Sum of the lines without tax."""
        return sum(line.ex_tax_fen for line in self.lines)

    @property
    def tax_fen(self) -> int:
        """Sum of the lines' tax."""
        return sum(line.tax_fen for line in self.lines)

    @property
    def total_fen(self) -> int:
        """What was paid."""
        return sum(line.total_fen for line in self.lines)

    @property
    def kind_name(self) -> str:
        """As printed in the title."""
        return "增值税专用发票" if self.special else "普通发票"

    @property
    def full_remark(self) -> str:
        """The remark, preceded by what a red letter must say."""
        return (
            f"被红冲蓝字数电票号码：{self.red_letter_of} {self.remark}".strip() if self.red_letter_of else self.remark
        )


def sample_tax_id(serial: int, *, union: bool = False) -> str:
    """An 18-character code of the right form and check character, in a region that does not exist.

    Source: GB 32100-2015 (check character: weights 3^i modulo 31).
    """
    body = f"{'81' if union else '91'}000000DEM0{serial:05d}"
    total = sum(_CODE_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return body + _CODE_ALPHABET[(31 - total % 31) % 31]


def sample_number(year: int, serial: int) -> str:
    """A 数电票 number: year, region 00, channel 2, serial."""
    return f"{year % 100:02d}002{serial:015d}"


def invoice_qr_text(invoice: SampleInvoice) -> str:
    """What the code on the invoice says, checksum included."""
    kind = "31" if invoice.special else "32"
    return text_of(kind, "", invoice.number, _figure(invoice.total_fen), invoice.issued)


def invoice_xml(invoice: SampleInvoice) -> bytes:
    """The data file as the tax platform delivers it (root ``EInvoice``), UTF-8."""
    root = ET.Element("EInvoice")
    _add(root, "Header", {"EIid": invoice.number, "EInvoiceTag": "SWEI3200", "Version": "0.2"})
    labels = ET.SubElement(root[0], "InherentLabel")
    _add(labels, "InIssuType", {"LabelCode": "N" if invoice.red_letter_of else "Y", "LabelName": "是否蓝字发票标志"})
    _add(labels, "EInvoiceType", {"LabelCode": "01", "LabelName": "数电发票"})
    _add(
        labels, "GeneralOrSpecialVAT", {"LabelCode": "01" if invoice.special else "02", "LabelName": invoice.kind_name}
    )
    _add(labels, "TaxpayerType", {"LabelCode": "01", "LabelName": "一般纳税人"})
    data = ET.SubElement(root, "EInvoiceData")
    for side, party in (("Seller", invoice.seller), ("Buyer", invoice.buyer)):
        blanks = {f"{side}{field}": "" for field in ("Addr", "TelNum", "BankName", "BankAccNum")}
        _add(data, f"{side}Information", {f"{side}IdNum": party.tax_id, f"{side}Name": party.name} | blanks)
    _add(data, "BasicInformation", _totals(invoice))
    for line in invoice.lines:
        _add(data, "IssuItemInformation", _line_elements(line))
    specific = ET.SubElement(data, "SpecificInformation")
    if invoice.red_letter_of:
        _add(specific, "RedEInvoice", {"OriginalInvoiceCode": invoice.red_letter_of})
    _add(data, "AdditionalInformation", {"Remark": invoice.full_remark})
    _add(root, "SellerAuthentication", {"AuthenticationMethods": "1"})
    supervision = {"TaxBureauCode": "00000000", "TaxBureauName": "演示税务局"}
    _add(
        root,
        "TaxSupervisionInfo",
        {"InvoiceNumber": invoice.number, "IssueTime": invoice.issued.isoformat()} | supervision,
    )
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def invoice_pdf(invoice: SampleInvoice) -> bytes:
    """The printed form with text layer and code, about 25 kB; a few milliseconds after the first."""
    return _typeset(invoice, "pdf")


def invoice_photo(invoice: SampleInvoice, seed: int = 0) -> bytes:
    """The printed form photographed on a desk, a little crooked; JPEG."""
    with Image.open(io.BytesIO(_typeset(invoice, "png"))) as page:
        return _photographed(page.convert("RGB"), random.Random(seed))


def signed_list(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], seed: int = 0) -> bytes:
    """A 签领表 photographed: a table whose last column holds a signature for every row; JPEG of about 60 kB."""
    chance = random.Random(seed)
    line, width = 46, 1000
    page = Image.new("RGB", (width, 210 + line * (len(rows) + 1)), _PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((width / 2, 60), title, font=_font(34), fill=_INK, anchor="mm")
    draw.text((60, 100), "演示样张", font=_font(18), fill=(150, 60, 50))
    columns = [*header, "签名"]
    step = (width - 120) / len(columns)
    for index, row in enumerate([columns, *rows]):
        top = 130 + index * line
        for place in range(len(columns)):
            box = (60 + place * step, top, 60 + (place + 1) * step, top + line)
            draw.rectangle(box, outline=_INK)
            if place < len(row):
                draw.text((box[0] + step / 2, top + line / 2), str(row[place]), font=_font(22), fill=_INK, anchor="mm")
            else:
                _sign(draw, (box[0] + step / 2, top + line / 2), chance)
    return _photographed(page, chance)


def activity_photo(banner: str, seed: int = 0) -> bytes:
    """A drawn scene: a banner over a hall or a field with people; JPEG of about 30 kB."""
    chance = random.Random(seed)
    width, height, horizon = 1200, 800, 430
    wall, floor = chance.choice([((196, 214, 228), (172, 148, 116)), ((226, 220, 204), (120, 140, 104))])
    scene = Image.new("RGB", (width, height), wall)
    draw = ImageDraw.Draw(scene)
    draw.rectangle((0, horizon, width, height), fill=floor)
    for place in range(3):
        draw.rectangle(
            (90 + place * 390, 210, 330 + place * 390, 380), fill=(232, 241, 248), outline=(150, 160, 170), width=5
        )
    draw.rectangle((60, 60, width - 60, 150), fill=(186, 32, 38))
    draw.text((width / 2, 105), banner, font=_font(44), fill=(255, 236, 190), anchor="mm")
    for rank in range(3):
        for place in range(7):
            _person(draw, (110 + place * 160 + chance.randint(-30, 30), 470 + rank * 95), 0.8 + rank * 0.2, chance)
    draw.text((width - 20, height - 20), "演示图片", font=_font(22), fill=(255, 255, 255), anchor="rs")
    return _jpeg(scene)


def _typeset(invoice: SampleInvoice, format_: typst.OutputFormat) -> bytes:
    made = _compiler().compile(
        format=format_,
        ppi=110,
        sys_inputs={"invoice": json.dumps(_printed(invoice), ensure_ascii=False)},
        timestamp=0,
        pdf_tags=False,
    )
    return made if isinstance(made, bytes) else b"".join(made or ())


@functools.cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), font_paths=[str(sans_path().parent)], ignore_system_fonts=True)


def _printed(invoice: SampleInvoice) -> dict[str, object]:
    code = io.BytesIO()
    segno.make(invoice_qr_text(invoice), error="m").save(code, kind="svg", border=1)
    negative = "（负数）" if invoice.total_fen < 0 else ""
    return {
        "title": f"电子发票（{invoice.kind_name}）",
        "qr": code.getvalue().decode("utf-8"),
        "number": invoice.number,
        "date": f"{invoice.issued:%Y年%m月%d日}",
        "buyer": invoice.buyer.name,
        "buyer_tax_id": invoice.buyer.tax_id,
        "seller": invoice.seller.name,
        "seller_tax_id": invoice.seller.tax_id,
        "lines": [_printed_line(line) for line in invoice.lines],
        "ex_tax": _figure(invoice.ex_tax_fen),
        "tax": _figure(invoice.tax_fen),
        "total": _figure(invoice.total_fen),
        "capitals": negative + in_capitals(abs(invoice.total_fen)).replace("元", "圆"),
        "remark": invoice.full_remark,
        "drawer": invoice.drawer,
    }


def _printed_line(line: SampleLine) -> dict[str, str]:
    return {
        "name": line.name,
        "unit": line.unit,
        "quantity": str(line.quantity),
        "price": _price(line),
        "amount": _figure(line.ex_tax_fen),
        "rate": f"{line.rate_percent}%",
        "tax": _figure(line.tax_fen),
    }


def _totals(invoice: SampleInvoice) -> dict[str, str]:
    negative = "（负数）" if invoice.total_fen < 0 else ""
    return {
        "TotalAmWithoutTax": _figure(invoice.ex_tax_fen),
        "TotalTaxAm": _figure(invoice.tax_fen),
        "TotalTax-includedAmount": _figure(invoice.total_fen),
        "TotalTax-includedAmountInChinese": negative + in_capitals(abs(invoice.total_fen)).replace("元", "圆"),
        "Drawer": invoice.drawer,
        "RequestTime": f"{invoice.issued.isoformat()} 10:00:00",
    }


def _line_elements(line: SampleLine) -> dict[str, str]:
    return {
        "ItemName": line.name,
        "SpecMod": "",
        "MeaUnits": line.unit,
        "Quantity": str(line.quantity),
        "UnPrice": _price(line),
        "Amount": _figure(line.ex_tax_fen),
        "TaxRate": f"0.{line.rate_percent:02d}",
        "ComTaxAm": _figure(line.tax_fen),
        "TotaltaxIncludedAmount": _figure(line.total_fen),
        "TaxClassificationCode": "0000000000000000000",
    }


def _add(parent: ET.Element, name: str, texts: dict[str, str]) -> None:
    element = ET.SubElement(parent, name)
    for child, text in texts.items():
        ET.SubElement(element, child).text = text


def _figure(fen: int) -> str:
    return yuan(fen).replace(",", "")


def _price(line: SampleLine) -> str:
    return _figure(abs(line.ex_tax_fen) // line.quantity)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(sans_path()), size)


def _sign(draw: ImageDraw.ImageDraw, middle: tuple[float, float], chance: random.Random) -> None:
    """A scribble where a name would be signed."""
    x, y = middle
    phase, reach = chance.uniform(0, 6), chance.uniform(38, 58)
    points = [
        (x - reach + 2 * reach * t / 40, y + 9 * math.sin(phase + t * chance.uniform(0.7, 0.9)) * math.cos(t / 6))
        for t in range(41)
    ]
    draw.line(points, fill=_BLUE, width=3, joint="curve")


def _person(draw: ImageDraw.ImageDraw, head: tuple[float, float], size: float, chance: random.Random) -> None:
    x, y = head
    coat: Colour = chance.choice(
        [(52, 92, 140), (150, 60, 60), (70, 120, 84), (190, 150, 70), (90, 84, 120), (230, 230, 226)]
    )
    draw.rounded_rectangle((x - 42 * size, y + 26 * size, x + 42 * size, y + 160 * size), radius=30 * size, fill=coat)
    draw.ellipse((x - 25 * size, y - 25 * size, x + 25 * size, y + 30 * size), fill=(226, 186, 152))
    draw.pieslice((x - 27 * size, y - 30 * size, x + 27 * size, y + 22 * size), 180, 360, fill=(38, 32, 30))


def _photographed(page: Image.Image, chance: random.Random) -> bytes:
    """The page lying on a desk, slightly turned."""
    desk: Colour = chance.choice([(150, 118, 88), (104, 110, 116), (176, 158, 132)])
    turned = page.rotate(chance.uniform(-2.5, 2.5), expand=True, fillcolor=desk, resample=Image.Resampling.BICUBIC)
    photo = Image.new("RGB", (turned.width + 80, turned.height + 80), desk)
    photo.paste(turned, (40, 40))
    return _jpeg(photo)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=72)
    return out.getvalue()
