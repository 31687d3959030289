"""Errors whose docstring is the message: first paragraph in Chinese, second in English, each saying what to do next."""

from __future__ import annotations

import inspect
from typing import ClassVar

from app.wording import Text


def sentence_of(cls: type[object]) -> Text:
    """The two paragraphs of a class's docstring, as one bilingual sentence.

    Raises:
        TypeError: the docstring lacks one of the two paragraphs.
    """
    paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(cls.__doc__ or "").split("\n\n") if part.strip()]
    if len(paragraphs) < 2:
        raise TypeError(f"{cls.__name__} needs a docstring of two paragraphs: Chinese, then English")
    return Text(paragraphs[0], paragraphs[1])


class AppError(Exception):
    """系统没能完成这一步，请稍后再试。

    The system could not finish this step. Try again later.
    """

    status: ClassVar[int] = 500
    """The HTTP status the edge answers with."""
    code: ClassVar[str] = "error"
    """A stable name for programs; never translated, never reused."""

    def __init__(self, **figures: object) -> None:
        """Fill the docstring's ``{placeholders}`` with ``figures``, which are also sent to API clients."""
        self.figures = figures
        self.text = sentence_of(type(self)).fill(**figures)
        super().__init__(self.text.en)


class NotSignedIn(AppError):
    """请先登录。

    Sign in first.
    """

    status = 401
    code = "not_signed_in"


class NotAllowed(AppError):
    """您看得到这一项，但现任职务不能办理这一步。

    You can see this, but the offices you hold do not let you do this step.
    """

    status = 403
    code = "not_allowed"


class NotFound(AppError):
    """没有找到，或者它不对您开放。请核对编号或链接。

    Not found, or not open to you. Check the number or the link.
    """

    status = 404
    code = "not_found"


class Conflict(AppError):
    """它的状态已经变化，请刷新后再办。

    It has changed meanwhile. Reload, then decide again.
    """

    status = 409
    code = "conflict"


class Invalid(AppError):
    """填写的内容有误，请按提示修改。

    Some of what was entered is not right. Correct it as the hints say.
    """

    status = 422
    code = "invalid"

    def __init__(self, faults: dict[str, list[Text]] | None = None, **figures: object) -> None:
        """``faults`` maps a field's path (``lines.0.amount_fen``) to every sentence that is wrong with it."""
        super().__init__(**figures)
        self.faults = faults or {}


class TooBusy(AppError):
    """现在同时办理的人太多，请几秒钟后再试，刚才的内容没有丢。

    Too many people are writing at once. Try again in a few seconds; nothing you entered is lost.
    """

    status = 503
    code = "too_busy"
