"""The engine's own reasons to say no: a stable code, a ground, and one sentence in each language."""

from __future__ import annotations

from app.engine.decision import Ground, Refusal
from app.wording import Text

_SENTENCES: dict[str, tuple[Ground, str, str]] = {
    "unknown_action": (Ground.INVALID, "没有“{action}”这一步。", "There is no step called “{action}”."),
    "wrong_state": (
        Ground.CONFLICT,
        "现在是“{state}”，这一步要在{sources}时办理。",
        "It is now “{state_en}”; this step is taken while it is {sources_en}.",
    ),
    "not_your_step": (
        Ground.FORBIDDEN,
        "这一步由{who}办理，您现任职务不含在内。",
        "This step is for {who_en}; the offices you hold are not among them.",
    ),
    "own_submission": (
        Ground.FORBIDDEN,
        "这一笔是您提交的，提交人不能办理这一步，请由他人办理。",
        "You submitted this one. Whoever submits cannot take this step; someone else must.",
    ),
    "own_opening": (
        Ground.FORBIDDEN,
        "这一笔是您填写的，填写人不能办理这一步，请由他人办理。",
        "You filled this one in. Whoever does cannot take this step; someone else must.",
    ),
    "already_approved_by_you": (
        Ground.FORBIDDEN,
        "您已审批过这一笔，审批人不能再办理这一步。",
        "You approved this one, and an approver cannot also take this step.",
    ),
    "you_are_a_side": (
        Ground.FORBIDDEN,
        "您是这一笔的{side}，应当回避，请由他人办理。",
        "You are a party to this one ({side_en}) and must stand aside; someone else must act.",
    ),
    "already_decided": (
        Ground.CONFLICT,
        "您已经表过态，同一个人只算一次。",
        "You have already decided here, and each person counts once.",
    ),
    "comment_missing": (Ground.INVALID, "请写明理由。", "Write down the reason."),
    "field_missing": (Ground.INVALID, "请填写“{title}”。", "Fill in “{title_en}”."),
    "field_not_asked": (
        Ground.INVALID,
        "这一步不填写“{title}”。",
        "“{title_en}” is not filled in at this step.",
    ),
    "no_branch": (
        Ground.CONFLICT,
        "流程没有说明这种情况往哪里走，请联系系统维护员。",
        "The workflow does not say where this case goes next. Ask the maintainer.",
    ),
}


def refusal(code: str, **figures: int | str) -> Refusal:
    """The refusal of that code, with its sentence filled in; figures without ``_en`` serve both languages."""
    ground, zh, en = _SENTENCES[code]
    return Refusal(code, Text(zh.format(**figures), en.format(**figures)), ground, figures)


CODES = frozenset(_SENTENCES)
