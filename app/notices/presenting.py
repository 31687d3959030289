"""Failed deliveries as pages show them: what failed, why in words, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.notices import mail
from app.notices.models import Incident
from app.wording import Text

CHANNELS = {
    "mail": Text("邮件", "E-mail"),
    "digest": Text("每日汇总邮件", "Daily e-mail"),
    "webhook": Text("向其他系统推送", "Webhook"),
    "outbox": Text("站内通知", "Notice"),
}
_REASONS = {
    mail.UNKNOWN: Text(
        "发送时中断，不知道对方是否已收到；重试可能使对方收到两次。",
        "It broke off while being sent; the other side may have it already and may get it twice.",
    ),
    "mail_is_off": Text("本系统没有开通邮件。", "E-mail is off in this installation."),
    "webhook_not_allowed": Text("推送的主机不在允许之列。", "The webhook's host is not allowed."),
    "webhook_private_address": Text("推送的主机指向内部网络。", "The webhook's host leads into a private network."),
    "webhook_name_unknown": Text("找不到推送的主机。", "The webhook's host is not known."),
    "webhook_needs_https": Text("推送的地址应为 https。", "The webhook's address must be https."),
}


def reason(code: str) -> Text:
    """Why a delivery failed, for people; what no sentence exists for is said by its code."""
    if code in _REASONS:
        return _REASONS[code]
    if code.startswith("smtp_"):
        answer = code.removeprefix("smtp_")
        return Text(f"邮件服务器没有收下（{answer}）。", f"The mail server did not take it ({answer}).")
    if code.startswith("webhook_"):
        answer = code.removeprefix("webhook_")
        return Text(f"对方系统没有收下（{answer}）。", f"The other system did not take it ({answer}).")
    return Text(f"没能投递（{code}）。", f"It could not be delivered ({code}).")


def incident_rows(incidents: Iterable[Incident]) -> list[dict[str, Any]]:
    """Rows of ``notices/incidents.html``."""
    return [
        {
            "id": one.id,
            "title": CHANNELS.get(one.channel, Text(one.channel, one.channel)),
            "number": one.number,
            "why": reason(one.error),
            "attempts": one.attempts,
            "at": one.opened_at,
        }
        for one in incidents
    ]
