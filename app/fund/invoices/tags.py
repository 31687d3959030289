"""Structured invoices: which XML element, in which dialect, says what.

Dialects: 数电票 ``EInvoice``; the e-invoice of 2019 inside OFD (``eInvoice``); the Ministry of Finance's XBRL vouchers
for railway and air tickets; files with Chinese or pinyin element names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element

from app.foundation import safe_xml
from app.fund.invoices.facts import (
    InvoiceReading,
    amount_of,
    day_of,
    is_exempt,
    name_of,
    number_of,
    plain_text,
)

_FIELDS: dict[str, tuple[str, ...]] = {
    "number": (
        "InvoiceNumber",
        "InvoiceNo",
        "ElectronicInvoiceRailwayETicketNumber",
        "ElectronicInvoiceAirTransportReceiptNumber",
        "发票号码",
        "票据号码",
        "FPHM",
        "EIid",
    ),
    "code": ("InvoiceCode", "发票代码", "票据代码", "FPDM"),
    "date": ("IssueTime", "IssueDate", "DateOfIssue", "开票日期", "KPRQ", "RequestTime"),
    "total": (
        "TotalTax-includedAmount",
        "TaxInclusiveTotalAmount",
        "Fare",
        "TotalAmount",
        "价税合计",
        "价税合计小写",
        "JSHJXX",
        "JSHJ",
    ),
    "ex_tax": ("TotalAmWithoutTax", "TaxExclusiveTotalAmount", "TotalAmountExcludingTax", "合计金额", "HJJE"),
    "tax": ("TotalTaxAm", "TaxTotalAmount", "合计税额", "HJSE"),
    "capitals": ("TotalTax-includedAmountInChinese", "价税合计大写"),
    "seller": ("SellerName", "NameOfSeller", "销售方名称", "XSFMC"),
    "seller_tax_id": (
        "SellerIdNum",
        "SellerTaxID",
        "UnifiedSocialCreditCodeOfSeller",
        "销售方纳税人识别号",
        "销售方识别号",
        "XSFSBH",
    ),
    "buyer": ("BuyerName", "NameOfPurchaser", "购买方名称", "GMFMC"),
    "buyer_tax_id": (
        "BuyerIdNum",
        "BuyerTaxID",
        "UnifiedSocialCreditCodeOfPurchaser",
        "购买方纳税人识别号",
        "购买方识别号",
        "GMFSBH",
    ),
    "remark": ("Remark", "Remarks", "Note", "备注", "BZ"),
    "original": ("OriginalInvoiceCode", "NumberOfOriginalInvoice"),
    "type": ("TypeOfVoucher", "发票类型"),
    "qr": ("GraphCode",),
}
"""Our field and its element names, the most telling first."""

_NOT_THE_INVOICE = frozenset({"IssuItemInformation", "GoodsInfos", "PassengerTransportation", "DeductionInformation"})

_BLUE = re.compile(r"(?:被红冲|蓝字|对应正数)\D{0,20}?号码[::]?\s*([0-9]{8,20})")
_BLUE_WITH_CODE = re.compile(r"(?:代码[::]?\s*[0-9]{10,12}\s*)号码[::]?\s*([0-9]{8})")
_MISSING = ("", "无", "/", "-")


class TwoInvoices(Exception):
    """One file holds two different invoices."""


def elements_of(root: Element) -> list[tuple[str, str]]:
    """Every element that speaks of the invoice as a whole, as (local name, text), in document order.

    Lines and annexes are left out: their names and numbers are other people's and other papers'.
    """
    pairs = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if text := (element.text or "").strip():
            pairs.append((safe_xml.local(element.tag), text))
        waiting.extend(child for child in reversed(element) if safe_xml.local(child.tag) not in _NOT_THE_INVOICE)
    return pairs


def read_xml(root: Element) -> tuple[InvoiceReading, dict[str, str]] | None:
    """The invoice in a tree, with the raw texts by our field names; None when it is no invoice.

    Raises:
        TwoInvoices: two different numbers stand where one belongs.
    """
    pairs = elements_of(root)
    raw = fields_of(pairs)
    if "number" not in raw or not {"total", "ex_tax", "date"} & raw.keys():
        return None
    if _label(root, "InIssuType") == "N":
        raw.setdefault("red", "N")
    raw.setdefault(
        "type", _label(root, "GeneralOrSpecialVAT", "LabelName") or _label(root, "EInvoiceType", "LabelName") or ""
    )
    return reading_of(raw, exact_tags={name for name, _ in pairs}), raw


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Raw texts by our field names, from (element name, text) pairs; the first of the most telling name wins.

    Raises:
        TwoInvoices: two different numbers stand under one name.
    """
    by_name: dict[str, list[str]] = {}
    for name, text in pairs:
        by_name.setdefault(name, []).append(text)
    for name in _FIELDS["number"]:
        if len({number_of(text) for text in by_name.get(name, ())} - {None}) > 1:
            raise TwoInvoices
    raw: dict[str, str] = {}
    for field, names in _FIELDS.items():
        chosen = next((by_name[name][0] for name in names if name in by_name), "")
        if plain_text(chosen) not in _MISSING:
            raw[field] = chosen
    return raw


def reading_of(raw: dict[str, str], exact_tags: set[str] | frozenset[str] = frozenset()) -> InvoiceReading:
    """Raw texts by our field names made into a reading, with warnings for what could not be read."""
    amounts = {field: amount_of(raw[field]) for field in ("total", "ex_tax", "tax") if field in raw}
    warnings = []
    if "tax" in raw and is_exempt(raw["tax"]):
        amounts["tax"] = amount_of("0")
        warnings.append("tax_exempt")
    if None in amounts.values():
        warnings.append("amount_unclear")
    number, code = number_of(raw.get("number", "")), number_of(raw.get("code", ""))
    original = number_of(raw.get("original", "")) or red_letter_of(raw.get("remark", ""))
    total = amounts.get("total")
    if original or raw.get("red") or (total is not None and total < 0):
        warnings.append("red_letter")
    return InvoiceReading(
        number=number,
        code=None if number and len(number) == 20 else code,
        date=day_of(raw.get("date", "")),
        amount_total_fen=total,
        amount_ex_tax_fen=amounts.get("ex_tax"),
        tax_fen=amounts.get("tax"),
        seller=name_of(raw.get("seller", "")),
        seller_tax_id=number_of(raw.get("seller_tax_id", "")),
        buyer=name_of(raw.get("buyer", "")),
        buyer_tax_id=number_of(raw.get("buyer_tax_id", "")),
        kind=kind_of(raw.get("type", ""), number or "", code, exact_tags),
        red_letter_of=original,
        warnings=tuple(warnings),
    )


def kind_of(title: str, number: str, code: str | None, tags: set[str] | frozenset[str] = frozenset()) -> str:
    """The kind of an invoice by its printed or structured type, its number and the elements it has."""
    title = plain_text(title)
    if "铁路" in title or "ElectronicInvoiceRailwayETicketNumber" in tags:
        return "railway"
    if "航空" in title or "行程单" in title or "ElectronicInvoiceAirTransportReceiptNumber" in tags:
        return "air"
    if any(word in title for word in ("财政", "专用收据", "捐赠", "非税收入", "往来结算", "医疗收费", "资金往来")):
        return "fiscal_receipt"
    special = "专用发票" in title
    if len(number) == 20 and not code:
        return "digital_special" if special else "digital_ordinary"
    if code or "增值税" in title:
        return "vat_special" if special else "vat_ordinary"
    return "unknown"


def red_letter_of(remark: str) -> str | None:
    """The number of the cancelled invoice in a red letter's remark, or None."""
    remark = plain_text(remark)
    found = _BLUE.search(remark) or (_BLUE_WITH_CODE.search(remark) if "正数" in remark else None)
    return found.group(1) if found else None


def _label(root: Element, label: str, part: str = "LabelCode") -> str:
    """The code or name inside one of a 数电票's labels, '' when absent."""
    for element in root.iter():
        if safe_xml.local(element.tag) == label:
            return next(
                ((child.text or "").strip() for child in element.iter() if safe_xml.local(child.tag) == part), ""
            )
    return ""
