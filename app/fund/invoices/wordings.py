"""Every code a reading can carry, with the sentence a treasurer sees. Codes are stable: never renamed, never reused."""

from __future__ import annotations

from app.wording import Text

KINDS: dict[str, Text] = {
    "digital_special": Text("数电票（增值税专用发票）", "Digital invoice, VAT special"),
    "digital_ordinary": Text("数电票（普通发票）", "Digital invoice, ordinary"),
    "vat_special": Text("增值税专用发票", "VAT special invoice (with invoice code)"),
    "vat_ordinary": Text("增值税普通发票", "VAT ordinary invoice (with invoice code)"),
    "railway": Text("铁路电子客票", "Railway e-ticket"),
    "air": Text("航空运输电子客票行程单", "Air transport e-ticket itinerary"),
    "fiscal_receipt": Text("财政票据", "Fiscal receipt"),
    "unknown": Text("其他票据", "Other paper"),
}
"""Values of ``kind``."""

WARNINGS: dict[str, Text] = {
    "amount_missing": Text(
        "没有读到价税合计，请对照原件填写。", "The total was not found. Enter it from the original."
    ),
    "amount_unclear": Text(
        "有金额没能读清，请对照原件核对。", "An amount could not be read. Compare with the original."
    ),
    "date_missing": Text("没有读到开票日期，请对照原件填写。", "The date was not found. Enter it from the original."),
    "parties_missing": Text(
        "没有读到购买方或销售方名称，请核对。", "Buyer or seller was not found. Check the original."
    ),
    "tax_id_unclear": Text("纳税人识别号位数不对，请核对。", "A taxpayer number has an unusual length. Check it."),
    "number_unclear": Text(
        "发票号码不是 8 位或 20 位，请核对。", "The invoice number has neither 8 nor 20 digits. Check it."
    ),
    "total_computed": Text(
        "价税合计由金额加税额算得，请核对。", "The total was computed as amount plus tax. Check it."
    ),
    "tax_exempt": Text("税额为“***”或免税，按 0 计。", "Tax is shown as “***” or exempt and counted as 0."),
    "sum_mismatch": Text("金额加税额不等于价税合计，请核对。", "Amount plus tax is not the total. Check it."),
    "capitals_mismatch": Text(
        "大写金额与小写金额不一致，请核对。", "The amount in words is not the amount in figures. Check it."
    ),
    "qr_mismatch": Text(
        "二维码与票面内容不一致，请核对原件。", "The QR code disagrees with what is printed. Check the original."
    ),
    "qr_checksum": Text(
        "二维码校验码不对，可能被改动过。", "The QR code's checksum is wrong; it may have been altered."
    ),
    "from_qr_only": Text(
        "只读到二维码，购销双方等请对照原件填写。", "Only the QR code could be read. Enter the rest yourself."
    ),
    "sources_differ": Text(
        "文件里的结构化数据与版面文字不一致，请核对。", "The data inside the file disagrees with its printed text."
    ),
    "red_letter": Text("这是红字（负数）发票。", "This is a red-letter (negative) invoice."),
    "signature_missing": Text(
        "这个 OFD 没有签章，内容未经验证。", "This OFD carries no signature; its content is unverified."
    ),
    "signature_unchecked": Text(
        "签章的摘要算法不能核对，内容未经验证。", "The signature's digest cannot be checked; unverified."
    ),
    "changed_after_signing": Text(
        "签章之后文件内容被改动过，请索取原件。", "The content was changed after signing. Ask for the original."
    ),
}
"""Values in ``warnings``. The reading stands; a person decides."""

REJECTS: dict[str, Text] = {
    "empty_file": Text("文件是空的。", "The file is empty."),
    "file_too_large": Text("文件过大。", "The file is too large."),
    "unsupported_file": Text("不支持该类型的文件。", "This kind of file is not accepted."),
    "file_mismatch": Text("文件内容与扩展名不符。", "The content does not agree with the file name's ending."),
    "broken_file": Text("文件不完整或已损坏。", "The file is incomplete or damaged."),
    "too_many_pixels": Text("图片尺寸过大。", "The picture has too many pixels."),
    "archive_too_large": Text("文件解压后过大，已拒收。", "Unpacked, the file would be far too large."),
    "unsafe_archive": Text("文件内部结构不安全，已拒收。", "The file's inside is not safe."),
    "broken_archive": Text("文件不完整或已损坏。", "The file is incomplete or damaged."),
    "unsafe_xml": Text("XML 含有不允许的内容，已拒收。", "The XML holds something that is not allowed."),
    "broken_xml": Text("XML 不完整或格式有误。", "The XML is incomplete or malformed."),
    "password_needed": Text("文件有密码，请去掉密码后再传。", "The file asks for a password. Remove it, then upload."),
    "reading_failed": Text("文件没能读出来，请换一份。", "The file could not be read. Use another copy."),
    "reading_took_too_long": Text("文件读取时间过长，已停止。", "Reading took too long and was stopped."),
    "two_invoices": Text(
        "一个文件里有两张不同的发票，请拆开分别上传。", "Two different invoices in one file. Split it."
    ),
    "not_an_invoice": Text(
        "没有认出发票，可作为附件保存。", "No invoice was recognised; the file can be kept as an attachment."
    ),
}
"""Values of ``reject``. After ``not_an_invoice`` the file may still be kept as an attachment; after the others it may not."""

ATTACHMENT_ONLY = "not_an_invoice"
