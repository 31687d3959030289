"""What can be wrong with opening, changing or deciding a case."""

from __future__ import annotations

from app.engine.decision import Ground, Refusal
from app.foundation.errors import AppError, Conflict, Invalid, NotAllowed
from app.wording import Text


class VersionMissing(AppError):
    """请带上您看到的版本号 version，以免盖掉别人的修改。

    Send the version you saw, so that nobody else's change is overwritten.
    """

    status = 428
    code = "version_missing"


class StaleVersion(Conflict):
    """这一项在您打开之后已有变化（您看到第 {seen} 版，现在是第 {current} 版）。请刷新后再办。

    This has changed since you opened it (you saw version {seen}, it is now {current}). Reload, then decide.
    """

    code = "stale_version"


class NotADraft(Conflict):
    """只有草稿可以修改。提交之后要改，请先退回或撤回。

    Only a draft can be changed. Once submitted, it must be sent back or withdrawn first.
    """

    code = "not_a_draft"


class NotYourDraft(NotAllowed):
    """这份草稿由填写人修改。

    This draft is changed by whoever opened it.
    """

    code = "not_your_draft"


class DraftHasHistory(Conflict):
    """已经提交过的不能删除，只能作废。

    What was once submitted is never deleted; it can only be voided.
    """

    code = "draft_has_history"


class MayNotOpen(NotAllowed):
    """您现任职务不能新建“{title}”。

    The offices you hold do not let you open “{title_en}”.
    """

    code = "may_not_open"


class NotInBatch(Conflict):
    """这一步要逐件办理，不能批量。

    This step is taken one by one, not in a batch.
    """

    code = "not_in_batch"


class UnknownReference(Invalid):
    """填写的人员、文件或事项不存在，或不属于本会。

    A person, file or case named here does not exist or is not of this union.
    """

    code = "unknown_reference"


class ActionRefused(AppError):
    """这一步现在不能办理。

    This step cannot be taken now.
    """

    code = "refused"

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        """The edge answers with every refusal, and with the status of the weightiest."""
        super().__init__()
        self.refusals = refusals
        self.text = Text("；".join(r.text.zh for r in refusals), " ".join(r.text.en for r in refusals))
        self.args = (self.text.en,)

    @property
    def http_status(self) -> int:
        """409 when it is in another state, else 403 when it is not for this person, else 409 or 422."""
        grounds = {refusal.ground for refusal in self.refusals}
        if any(refusal.code == "unknown_action" for refusal in self.refusals):
            return 422
        if any(refusal.code == "wrong_state" for refusal in self.refusals):
            return 409
        for ground, status in ((Ground.FORBIDDEN, 403), (Ground.INVALID, 422)):
            if ground in grounds:
                return status
        return 409
