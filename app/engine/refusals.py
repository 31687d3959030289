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
    "recused": (
        Ground.FORBIDDEN,
        "您已就此事申请回避，请由他人办理。",
        "You stood aside from this one; someone else must act.",
    ),
    "handed_over": (
        Ground.FORBIDDEN,
        "您已把这一步转交他人。",
        "You handed this step over to someone else.",
    ),
    "opinion_awaited": (
        Ground.CONFLICT,
        "您征求的意见还没有回来；等对方答复，或先收回征求。",
        "The opinion you asked for has not come back. Wait for it, or take the question back.",
    ),
    "before_first": (
        Ground.CONFLICT,
        "前加签的人还没有办（还差 {count} 人），请等他们先办。",
        "Signers added before you have not signed yet ({count} to go).",
    ),
    "after_rest": (
        Ground.CONFLICT,
        "您是后加签，请等其他人办完再办。",
        "You were added after the others; wait until they have signed.",
    ),
    "not_needed": (
        Ground.CONFLICT,
        "这一步已经够数，不再需要您表态。",
        "Enough people have decided; your decision is no longer needed here.",
    ),
    "not_your_turn": (
        Ground.CONFLICT,
        "还没有轮到您：前面的部门尚未同意。",
        "It is not your turn yet: those asked before you have not agreed.",
    ),
    "not_a_recorder": (
        Ground.FORBIDDEN,
        "纸质办理由{who}登记。",
        "A signed sheet is recorded by {who_en}.",
    ),
    "not_on_paper": (
        Ground.FORBIDDEN,
        "这一步不能在纸上办理，请本人登录办理。",
        "This step cannot be taken on paper; the person signs in and takes it.",
    ),
    "paper_disputed": (
        Ground.CONFLICT,
        "有人否认纸上的签字是他签的。请先退回或查清，再往下办。",
        "Someone said that the recorded signature is not his. Send the case back or clear it up before it goes on.",
    ),
    "met_already": (
        Ground.CONFLICT,
        "其他人都已签完，现在只等加签的人；减签或回避会让这一步无人可以办结。请让他签，或退回重来。",
        "Everyone else has signed and only the added signer is waited for. Sign it, or send the case back.",
    ),
    "own_sheet": (
        Ground.INVALID,
        "登记的是您自己的签字；请直接办理。",
        "The signature is your own; take the step yourself instead of recording it.",
    ),
    "submitter_records": (
        Ground.FORBIDDEN,
        "提交人不能单独登记别人的审批签字，请由他人登记。",
        "Whoever submitted this cannot record another's approval alone; someone else must.",
    ),
    "not_returnable": (
        Ground.INVALID,
        "不能退回到那一步：这件事没有经过那里，或那一步不在前面。",
        "It cannot go back there: the case did not come through that step.",
    ),
    "no_resuming": (
        Ground.INVALID,
        "这个流程退回后要重新走一遍，不能直接回到本步。",
        "After a return this workflow is walked again; it cannot come straight back here.",
    ),
    "nothing_to_take_back": (
        Ground.CONFLICT,
        "没有可以收回的决定：下一个人已经办理，或这一步不能收回。",
        "There is nothing to take back: the next person has acted, or the step cannot be undone.",
    ),
    "not_your_decision": (
        Ground.FORBIDDEN,
        "上一步不是您办的，只有本人可以收回。",
        "The last step was not yours; only whoever took it can take it back.",
    ),
    "not_arrangeable": (
        Ground.FORBIDDEN,
        "这一步不能“{verb}”。",
        "This step does not allow “{verb_en}”.",
    ),
    "nobody_named": (Ground.INVALID, "请选择一个人。", "Name a person."),
    "not_yourself": (Ground.INVALID, "不能选自己。", "You cannot name yourself."),
    "already_asked": (
        Ground.CONFLICT,
        "这个人已经在这一步里了。",
        "This person is already asked at this step.",
    ),
    "not_eligible": (
        Ground.INVALID,
        "这个人没有办理这一步的职务，不能转交给他。",
        "This person holds no office that may take this step.",
    ),
    "target_barred": (
        Ground.INVALID,
        "这个人是当事人或提交人，应当回避，不能请他办这一步。",
        "This person is a party to the case and must stand aside.",
    ),
    "target_recused": (
        Ground.INVALID,
        "这个人已经回避。",
        "This person stood aside.",
    ),
    "not_your_signer": (
        Ground.FORBIDDEN,
        "只有加签的人可以减签，而且要在对方办理之前。",
        "Only whoever added a signer may drop them, before they have signed.",
    ),
    "no_question": (
        Ground.CONFLICT,
        "没有等着您答复的征求意见。",
        "No opinion is being asked of you here.",
    ),
    "not_your_question": (
        Ground.FORBIDDEN,
        "这不是您征求的意见。",
        "This question was not yours.",
    ),
    "not_asked_here": (
        Ground.FORBIDDEN,
        "这件事现在不等您办理，不必回避。",
        "Nothing here waits for you, so there is nothing to stand aside from.",
    ),
    "nobody_waits": (
        Ground.CONFLICT,
        "现在没有等着办理的人，不必催办。",
        "Nobody is being waited for, so there is nobody to remind.",
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
