"""What a claim stands on: invoices as data file, PDF or photo, and signed lists; one row of ``claims.csv`` gives them."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from datetime import date

from app.demo.days import YEAR, fen, rows
from app.demo.documents import (
    Party,
    SampleInvoice,
    SampleLine,
    invoice_pdf,
    invoice_photo,
    invoice_xml,
    sample_number,
    sample_tax_id,
    signed_list,
)
from app.demo.people import UNION, members

EMPLOYER = Party("清河市水务服务中心", sample_tax_id(3))
"""The employer, to whom one invoice is made out by mistake."""
FIRST_SELLER_SERIAL = 100
SHARED_TOTAL_FEN = 300_000
"""What the divided invoice amounts to; two claims share it."""
SHARED_SERIAL = 99_001


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a claim; ``voucher`` is ``xml``, ``pdf``, ``photo``, ``list`` or ``shared``."""

    what: str
    amount_fen: int
    voucher: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of ``claims.csv``; ``fate`` is what becomes of it, ``opinion`` the words that go with a no."""

    serial: int
    spent_on: date
    account: str
    purpose: str
    entries: tuple[Entry, ...]
    payee: str
    handler: str
    task: str
    fate: str
    opinion: str

    @property
    def amount_fen(self) -> int:
        """The sum of its lines."""
        return sum(entry.amount_fen for entry in self.entries)

    @property
    def recipients(self) -> list[str]:
        """The members who sign for money; empty where a seller is paid."""
        return [name for name in self.payee.split("、") if name in _names()]


@dataclass(frozen=True, slots=True)
class Paper:
    """One file, and the invoice it shows."""

    content: bytes
    name: str
    invoice: SampleInvoice | None = None


def claims() -> list[Claim]:
    """The year's claims, as the table lists them."""
    return [_claim(serial, row) for serial, row in enumerate(rows("claims"), start=1)]


def paper_of(claim: Claim, place: int) -> Paper:
    """The voucher of the line at ``place``, from 0."""
    entry = claim.entries[place]
    if entry.voucher == "list":
        return _receipt_list(claim, entry)
    invoice = _shared_invoice(claim) if entry.voucher == "shared" else _invoice(claim, place)
    if entry.voucher == "xml":
        return Paper(invoice_xml(invoice), f"数电票{invoice.number}.xml", invoice)
    if entry.voucher == "photo":
        return Paper(invoice_photo(invoice, claim.serial), f"发票照片{invoice.number[-5:]}.jpg", invoice)
    return Paper(invoice_pdf(invoice), f"数电票{invoice.number}.pdf", invoice)


def handing_out_list(claim: Claim) -> Paper | None:
    """Who signed for goods given to members; None where nothing was handed out."""
    if "生日蛋糕" in claim.purpose:
        receivers = [one.name for one in members() if one.birthday.startswith(f"{_birthday_month(claim):02d}-")]
    elif "会员慰问品" in claim.purpose:
        receivers = [one.name for one in members() if one.group]
    else:
        return None
    table = [(str(number), name, "1份") for number, name in enumerate(receivers, start=1)]
    content = signed_list(f"{claim.purpose}签领表", ("序号", "姓名", "数量"), table, claim.serial)
    return Paper(content, f"{claim.purpose}签领表.jpg")


def _claim(serial: int, row: dict[str, str]) -> Claim:
    items = [item.partition("=") for item in row["明细"].split("+")]
    vouchers = row["凭证"].split("+")
    entries = tuple(
        Entry(what, fen(amount), voucher) for (what, _, amount), voucher in zip(items, vouchers, strict=True)
    )
    return Claim(
        serial=serial,
        spent_on=date.fromisoformat(row["日期"]),
        account=row["科目"],
        purpose=row["事由"],
        entries=entries,
        payee=row["对方"],
        handler=row["经办人"],
        task=row["任务"],
        fate=row["去向"],
        opinion=row["意见"],
    )


def _invoice(claim: Claim, place: int) -> SampleInvoice:
    entry = claim.entries[place]
    buyer = EMPLOYER if claim.fate == "other_buyer" else _union()
    return SampleInvoice(
        number=sample_number(YEAR, claim.serial * 10 + place),
        issued=claim.spent_on,
        seller=_seller(claim.payee),
        buyer=buyer,
        lines=(SampleLine(f"*{_kind(claim.account)}*{entry.what}", entry.amount_fen),),
        remark=claim.purpose,
    )


def _shared_invoice(claim: Claim) -> SampleInvoice:
    return SampleInvoice(
        number=sample_number(YEAR, SHARED_SERIAL),
        issued=claim.spent_on,
        seller=_seller(claim.payee),
        buyer=_union(),
        lines=(SampleLine("*体育服务*体育馆场地费", SHARED_TOTAL_FEN),),
        remark="羽毛球友谊赛和节水宣传同场举办",
    )


def _receipt_list(claim: Claim, entry: Entry) -> Paper:
    receivers = claim.recipients or [claim.payee.partition("(")[0]]
    shares = _equal_shares(entry.amount_fen, len(receivers))
    table = [(name, f"{share // 100}元") for name, share in zip(receivers, shares, strict=True)]
    content = signed_list(f"{entry.what}签领表", ("姓名", "金额"), table, claim.serial)
    return Paper(content, f"{claim.purpose}签领表.jpg")


def _equal_shares(amount_fen: int, count: int) -> list[int]:
    share = amount_fen // count
    return [*itertools.repeat(share, count - 1), amount_fen - share * (count - 1)]


def _birthday_month(claim: Claim) -> int:
    months = ("一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月")
    return next(number for number, name in enumerate(months, start=1) if claim.purpose.startswith(name))


def _union() -> Party:
    return Party(UNION.name, UNION.tax_id)


def _kind(account: str) -> str:
    return {"501101": "图书", "501103": "印刷品", "501104": "旅游服务", "5020": "生活服务", "5050": "家具"}.get(
        account, "日用品"
    )


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(one.name for one in members())


@functools.cache
def _sellers() -> dict[str, Party]:
    names = sorted({row["对方"] for row in rows("claims")})
    return {name: Party(name, sample_tax_id(FIRST_SELLER_SERIAL + place)) for place, name in enumerate(names)}


def _seller(name: str) -> Party:
    return _sellers()[name]
