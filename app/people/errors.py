"""What people, offices and sign-in refuse, each with what to do instead."""

from __future__ import annotations

from app.foundation.errors import AppError, Conflict, NotAllowed, NotSignedIn


class SignInRefused(NotSignedIn):
    """用户名或密码不对，请重新输入。

    The user name or the password is wrong. Enter them again.
    """

    code = "sign_in_refused"


class NothingToDelegate(Conflict):
    """这个人在那一天没有担任这些职务，无可代理。

    On that day the person holds none of these offices, so there is nothing to stand in for.
    """

    code = "nothing_to_delegate"


class DelegationClash(Conflict):
    """代理人现任{office}，按规定不能同时行使被代理的职务。请另选一个人。

    The one who would stand in is {office_en}, which excludes the office he would act for. Choose someone else.
    """

    code = "delegation_clash"


class AwayTwice(Conflict):
    """这段时间已经有人代理。一个人同一时间只能由一个人代理；要换人，请先结束原来的代理。

    Somebody else stands in for this person in that time. Only one does; end that first.
    """

    code = "away_twice"


class AwayHimself(Conflict):
    """代理人这段时间自己也请人代理，或被代理人正在代理别人。代理不能转手，请另选一个人。

    One of the two is away, or stands in for another, in that time. Nobody stands in at second hand; choose someone else.
    """

    code = "away_himself"


class TooManyAttempts(AppError):
    """输错次数太多，请 {minutes} 分钟后再试。到时会自动恢复，不需要找人解锁。

    Too many wrong attempts. Try again in {minutes} minutes; it opens by itself and nobody needs to unlock it.
    """

    status = 429
    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        """``retry_after`` is in seconds."""
        self.retry_after = retry_after
        super().__init__(minutes=-(-retry_after // 60))


class PasswordChangeRequired(NotAllowed):
    """这是别人代设的首次密码，请先到“我的资料”换成自己的密码，再办理其他事项。

    This first password was set by someone else. Change it under “My profile” before doing anything else.
    """

    code = "password_change_required"


class WrongPassword(NotAllowed):
    """现在的密码不对，没有改动。

    The present password is wrong; nothing was changed.
    """

    code = "wrong_password"


class AlreadySetUp(AppError):
    """本系统已经建立过工会，不能再次初始化。请直接登录。

    This installation has a union already and cannot be set up again. Sign in instead.
    """

    status = 404
    code = "already_set_up"


class SetupLinkNeeded(NotAllowed):
    """正式使用的首次设置要用专用链接打开。请在服务器上运行 flask --app wsgi setup --link 取得链接。

    In production the first-run page opens by its own link. Run on the server: flask --app wsgi setup --link
    """

    code = "setup_link_needed"


class IncompatibleOffices(Conflict):
    """{office}不得由现任{held}担任（职务不相容）。请另选他人，或先结束原职务。

    Whoever holds the office of {held_en} may not be {office_en}: the offices exclude each other. Choose someone else, or
    end the other office first.
    """

    code = "incompatible_offices"


class MembersOnly(Conflict):
    """{office}须由会员担任，此人不是会员。会计和出纳可以外聘。

    {office_en} must be a member, and this person is not. Only the accountant and the cashier may be lent.
    """

    code = "members_only"


class HeldAlready(Conflict):
    """此人在这段时间已任{office}，无需重复登记。

    This person holds the office of {office_en} in that time already.
    """

    code = "office_held_already"


class ConfirmedAlready(Conflict):
    """这项任职已经确认过。

    This appointment was confirmed already.
    """

    code = "office_confirmed_already"


class EndedAlready(Conflict):
    """这项任职已经结束。

    This office has ended already.
    """

    code = "office_ended_already"


class OwnAppointment(NotAllowed):
    """登记人和本人都不能确认这项任职，请由主席、副主席或上级工会中的另一人确认。

    Neither who recorded an appointment nor who was appointed may confirm it. Another one must: the chair, a vice-chair, or
    the upper union.
    """

    code = "own_appointment"


class ConfirmedByChair(NotAllowed):
    """任职由主席确认；主席缺位或本人回避时由副主席确认，也可由上级工会主席确认。

    The chair confirms appointments; a vice-chair where there is no chair who could, or the chair of the upper union.
    """

    code = "confirmed_by_chair"
