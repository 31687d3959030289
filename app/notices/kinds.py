"""Every kind of notice: its sentence in both languages, and whether it is urgent. Open-ended: features add their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.wording import Text


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice. ``sentence`` may name ``{case}``, ``{by}``, ``{step}``, ``{state}`` and ``{last_day}``.

    An ``urgent`` one is sent by e-mail at once unless the person chose otherwise; the rest wait for the daily digest.
    """

    name: str
    title: Text
    sentence: Text
    urgent: bool = False


YOUR_TURN = "your_turn"
RETURNED = "returned"
PAID = "paid"
MOVED = "moved"
PUBLISHED = "published"
REJECTED = "rejected"
COPY = "copy"
MENTION = "mention"
REMINDER = "reminder"
BLOCKED = "blocked"
DUE_SOON = "due_soon"
OVERDUE = "overdue"
ESCALATED = "escalated"

SHIPPED = (
    Kind(
        YOUR_TURN, Text("轮到您", "Your turn"), Text("轮到您{step}：{case}", "Your turn to {step}: {case}"), urgent=True
    ),
    Kind(
        RETURNED,
        Text("退回", "Sent back"),
        Text("{by}退回，请修改后重新提交：{case}", "{by} sent it back; correct it and submit again: {case}"),
        urgent=True,
    ),
    Kind(PAID, Text("付款", "Paid"), Text("已付款：{case}", "Paid: {case}"), urgent=True),
    Kind(REMINDER, Text("催办", "Reminder"), Text("{by}催办：{case}", "{by} asks you to act: {case}"), urgent=True),
    Kind(
        BLOCKED,
        Text("无人可办", "Nobody left"),
        Text("没有人能办理下一步，请安排人员：{case}", "Nobody is left who may take the next step: {case}"),
        urgent=True,
    ),
    Kind(
        DUE_SOON,
        Text("快到期", "Due soon"),
        Text("请在{last_day}前办理：{case}", "Please act by {last_day}: {case}"),
        urgent=True,
    ),
    Kind(
        OVERDUE,
        Text("已超期", "Overdue"),
        Text("{last_day}已到期，还没有办理：{case}", "It was due on {last_day} and still waits: {case}"),
        urgent=True,
    ),
    Kind(
        ESCALATED,
        Text("超期督办", "Overdue, reported"),
        Text("{last_day}已到期，请督办：{case}", "It was due on {last_day}; please see to it: {case}"),
        urgent=True,
    ),
    Kind(MOVED, Text("进展", "Progress"), Text("{state}：{case}", "{state}: {case}")),
    Kind(PUBLISHED, Text("公布", "Published"), Text("已公布：{case}", "Published: {case}")),
    Kind(
        REJECTED,
        Text("未通过", "Not passed"),
        Text("{by}办理“{step}”，到此结束：{case}", "{by} took the step “{step}” and it ends there: {case}"),
    ),
    Kind(COPY, Text("抄送", "Copy"), Text("{by}抄送给您：{case}", "{by} sent you a copy: {case}")),
    Kind(
        MENTION, Text("提到您", "Mention"), Text("{by}在意见中提到您：{case}", "{by} mentions you in a remark: {case}")
    ),
)


@dataclass(slots=True)
class Kinds:
    """The registry. A feature adds its kinds, and says of which of its effects people are told."""

    known: dict[str, Kind] = field(default_factory=lambda: {kind.name: kind for kind in SHIPPED})
    by_effect: dict[str, str] = field(default_factory=dict)
    """Effect of a workflow's action -> the kind by which those whose case it is learn of it."""

    def add(self, kind: Kind) -> None:
        """Make a kind known.

        Raises:
            ValueError: the name is taken.
        """
        if kind.name in self.known:
            raise ValueError(f"the kind {kind.name} exists already")
        self.known[kind.name] = kind

    def tell_of(self, effect: str, kind: str) -> None:
        """From now on a step with this effect is told by that kind."""
        self.by_effect[effect] = self.known[kind].name

    def sentence(self, name: str, figures: Mapping[str, Text]) -> Text:
        """The sentence with its figures, each in its language.

        Raises:
            KeyError: an unknown kind, or a figure that its sentence names is missing.
        """
        template = self.known[name].sentence
        return Text(
            template.zh.format(**{key: text.zh for key, text in figures.items()}),
            template.en.format(**{key: text.en for key, text in figures.items()}),
        )

    def is_urgent(self, name: str) -> bool:
        """Whether it is sent at once by default."""
        return self.known[name].urgent
