"""What can be wrong with opening, changing or deciding a case."""

from __future__ import annotations

from app.engine.decision import Ground, Refusal
from app.engine.migrating import Passage
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


class NotYetSubmitted(Conflict):
    """草稿还没有提交，谈不上加签、转交、催办或抄送。先提交。

    The draft was not submitted yet; there is nobody to ask, remind or copy. Submit it first.
    """

    code = "not_yet_submitted"


class TooSoon(AppError):
    """您十分钟内已经催过一次。请稍后再催，或直接打个电话。

    You reminded them less than ten minutes ago. Wait a little, or give them a call.
    """

    status = 429
    code = "reminded_recently"


class NoSheet(NotAllowed):
    """没有登记着您签字、等您确认的纸质单。

    No signed sheet with your name on it waits for your word here.
    """

    code = "no_sheet"


class NotOpened(Conflict):
    """这一笔超过了可以批量办理的金额，而您还没有打开看过。请先打开查看，再办理。

    This amount is above what may be ticked off in a batch, and you have not opened it. Look at it first.
    """

    code = "not_opened"


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


class MovedMeanwhile(Conflict):
    """看过报告以后，这件事又有人办过（当时 {seen} 步，现在 {current} 步），没有迁移。请重新看报告。

    Somebody acted on it after the report was made ({seen} events then, {current} now), so it was not carried. Look at the report again.
    """

    code = "moved_meanwhile"


class NotCarried(Conflict):
    """这件事迁到新版会丢东西，留在原来的版本上。

    It would lose something in the new version, and stays on the one it runs.
    """

    code = "not_carried"

    def __init__(self, passage: Passage) -> None:
        """Everything that would be lost is a reason."""
        super().__init__()
        self.refusals = passage.losses


class NotInForce(Conflict):
    """只能迁到本会现行的版本。

    Cases are carried only to the version that the union has in force.
    """

    code = "not_in_force"
