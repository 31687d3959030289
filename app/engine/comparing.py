"""What differs between two versions of a workflow, in sentences that a second person can agree to or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.engine.canonical import document_of
from app.engine.definition import Action, Definition, Field, Quorum, Setting
from app.engine.definition import Compare as Comparison
from app.engine.seats import who_may
from app.wording import Text

_SETTINGS = {
    "two_auditor_limit_fen": Text("本会限额", "the union's limit"),
    "chair_approves": Text("主席审批", "the chair's switch"),
}
_ASPECTS: dict[str, Text] = {
    "from": Text("从哪些状态可以办", "the states it leaves"),
    "to": Text("办完到哪里", "where it leads"),
    "require": Text("办之前核对什么", "what is checked before"),
    "effects": Text("办完自动做什么", "what follows from it"),
    "asks": Text("要填的内容", "what is filled in with it"),
    "comment": Text("是否必须写意见", "whether an opinion must be written"),
    "new_round": Text("是否另起一轮", "whether a new round begins"),
    "batch": Text("能否批量办理", "whether it can be done in a batch"),
    "tone": Text("按钮的样子", "how its button looks"),
    "arrange": Text("能否加签、转交、征求意见", "what may be arranged about it"),
    "paper": Text("谁可以补录纸质签字", "who may record it from paper"),
    "copy_to": Text("抄送给谁", "who is sent a copy"),
    "required": Text("是否必填", "whether it must be filled in"),
    "material": Text("改动后是否要重新审批", "whether changing it voids approvals"),
    "personal": Text("是否属于个人信息", "whether it is personal"),
    "publish": Text("如何公布", "how it is published"),
    "hint": Text("填写说明", "its hint"),
    "type": Text("填什么", "what it holds"),
    "choices": Text("可选的内容", "its choices"),
    "columns": Text("表格的列", "the columns of its table"),
}

_COMMA = Text("、", ", ")


def changes(old: Definition | None, new: Definition) -> list[Text]:
    """One sentence for each difference; none when both are the same. Without an old one, the workflow is new."""
    if old is None:
        return [Text(f"新流程“{new.title.zh}”。", f"A new workflow, “{new.title.en}”.")]
    return list(_changes(old, new))


def _changes(old: Definition, new: Definition) -> Iterator[Text]:
    before, after = document_of(old), document_of(new)
    yield from _renamed(Text("流程", "The workflow"), old.title, new.title)
    plain = {
        "number": Text("编号字头", "The letters of its numbers"),
        "year_of": Text("按哪个日期归年", "The date that decides the year"),
        "initial": Text("起点", "Where it begins"),
        "open": Text("谁可以新建", "Who may begin one"),
        "visible_to": Text("谁可以看", "Who may see it"),
        "summary": Text("列表里显示什么", "What lists show"),
        "sides": Text("当事人", "The sides"),
    }
    for key, words in plain.items():
        if before.get(key) != after.get(key):
            yield Text(f"{words.zh}改了：{_said(before.get(key))} → {_said(after.get(key))}。",
                       f"{words.en} changed: {_said(before.get(key))} → {_said(after.get(key))}.")  # fmt: skip
    yield from _parts(Text("状态", "state"), {one.name: one.title for one in old.states},
                      {one.name: one.title for one in new.states})  # fmt: skip
    for state in new.states:
        if any(one.name == state.name and one.phase is not state.phase for one in old.states):
            yield Text(
                f"状态“{state.title.zh}”改算作另一阶段。", f"State “{state.title.en}” now counts as another phase."
            )
    yield from _parts(Text("字段", "field"), {one.name: one.title for one in old.fields},
                      {one.name: one.title for one in new.fields})  # fmt: skip
    for field in new.fields:
        yield from _field(next((one for one in old.fields if one.name == field.name), field), field, before, after)
    yield from _parts(Text("步骤", "step"), {one.name: one.title for one in old.actions},
                      {one.name: one.title for one in new.actions})  # fmt: skip
    for action in new.actions:
        was = old.action(action.name)
        if was is not None:
            yield from _action(old, new, was, action, before, after)
    if before["order"] != after["order"] and _names(old) == _names(new):
        yield Text("排列的先后改了。", "The order of its parts changed.")


def _names(definition: Definition) -> tuple[set[str], set[str], set[str]]:
    return (
        {one.name for one in definition.states},
        {one.name for one in definition.fields},
        {one.name for one in definition.actions},
    )


def _renamed(what: Text, old: Text, new: Text) -> Iterator[Text]:
    if old != new:
        yield Text(f"{what.zh}“{old.zh}”改称“{new.zh}”。", f"{what.en} “{old.en}” is now called “{new.en}”.")


def _parts(what: Text, old: Mapping[str, Text], new: Mapping[str, Text]) -> Iterator[Text]:
    for name, title in old.items():
        if name not in new:
            yield Text(f"去掉{what.zh}“{title.zh}”。", f"The {what.en} “{title.en}” is removed.")
        else:
            yield from _renamed(what, title, new[name])
    for name, title in new.items():
        if name not in old:
            yield Text(f"增加{what.zh}“{title.zh}”。", f"A {what.en} “{title.en}” is added.")


def _field(old: Field, new: Field, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Text]:
    if old is new:
        return
    was, now = before["fields"][new.name], after["fields"][new.name]
    for key in sorted((was.keys() | now.keys()) - {"title"}):
        if was.get(key) != now.get(key):
            words = _ASPECTS.get(key, Text(key, key))
            yield Text(
                f"字段“{new.title.zh}”：{words.zh}改了，{_said(was.get(key))} → {_said(now.get(key))}。",
                f"Field “{new.title.en}”: {words.en} changed, {_said(was.get(key))} → {_said(now.get(key))}.",
            )


def _action(
    old: Definition,
    new: Definition,
    was: Action,
    now: Action,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Iterator[Text]:
    title = now.title
    if was.by != now.by:
        said = _joined(who_may(old, was.by)), _joined(who_may(new, now.by))
        yield Text(
            f"“{title.zh}”：由谁办改了，{said[0].zh} → {said[1].zh}。",
            f"“{title.en}”: who takes it changed, {said[0].en} → {said[1].en}.",
        )
    if was.quorums != now.quorums:
        said = how_many(was), how_many(now)
        yield Text(
            f"“{title.zh}”：要几人同意改了，{said[0].zh} → {said[1].zh}。",
            f"“{title.en}”: how many must agree changed, {said[0].en} → {said[1].en}.",
        )
    gone, come = set(was.bars) - set(now.bars), set(now.bars) - set(was.bars)
    for side in sorted(gone):
        words = side_title(old, side)
        yield Text(f"“{title.zh}”：不再回避{words.zh}。", f"“{title.en}”: {words.en} is no longer barred.")
    for side in sorted(come):
        words = side_title(new, side)
        yield Text(f"“{title.zh}”：{words.zh}要回避。", f"“{title.en}”: {words.en} is barred.")
    written, rewritten = before["actions"][now.name], after["actions"][now.name]
    for key in sorted((written.keys() | rewritten.keys()) - {"title", "by", "approvals", "bars"}):
        if written.get(key) != rewritten.get(key):
            words = _ASPECTS.get(key, Text(key, key))
            yield Text(f"“{title.zh}”：{words.zh}改了。", f"“{title.en}”: {words.en} changed.")


def how_many(action: Action) -> Text:
    """How many must agree to an action, in words."""
    if not action.quorums:
        return Text("一人", "one person")
    return _joined([_line(quorum) for quorum in action.quorums], Text("；", "; "))


def _line(quorum: Quorum) -> Text:
    number = Text(f"{quorum.need} 人", f"{quorum.need}")
    if quorum.share is not None:
        part, whole = quorum.share
        number = Text(f"{part}/{whole} 的人", f"{part}/{whole} of them")
    elif quorum.need is None:
        number = Text("全体", "all of them")
    limit = limit_of(quorum)
    if limit is None:
        when = Text("", "") if quorum.when is None else Text("（附条件）", " (on a condition)")
        return Text(f"{number.zh}{when.zh}", f"{number.en}{when.en}")
    is_above, figure = limit
    return Text(
        f"{'超过' if is_above else '不超过'}{figure.zh}的 {number.zh}",
        f"{number.en} {'above' if is_above else 'up to'} {figure.en}",
    )


def limit_of(quorum: Quorum) -> tuple[bool, Text] | None:
    """Whether the line is for amounts above (else up to) a figure, and the figure; None for any other line."""
    when = quorum.when
    if not isinstance(when, Comparison) or when.op not in ("above", "at_most") or isinstance(when.right, tuple):
        return None
    if isinstance(when.right, Setting):
        return when.op == "above", _SETTINGS.get(when.right.name, Text(when.right.name, when.right.name))
    yuan = f"{int(when.right) / 100:,.2f}" if when.left.endswith("_fen") else str(when.right)
    return when.op == "above", Text(f"{yuan} 元", f"{yuan} yuan") if when.left.endswith("_fen") else Text(yuan, yuan)


def side_title(definition: Definition, side: str) -> Text:
    """What a side is called: submitter, opener, approver, or the field that names the person."""
    known = {
        "submitter": Text("提交人", "the submitter"),
        "opener": Text("填写人", "whoever opened it"),
        "approver": Text("审批人", "whoever approved it"),
    }
    if side in known:
        return known[side]
    path = dict(definition.sides).get(side, side).partition(".")[0]
    return next((field.title for field in definition.fields if field.name == path), Text(side, side))


def _joined(titles: list[Text], between: Text = _COMMA) -> Text:
    if not titles:
        return Text("无", "nobody")
    return Text(between.zh.join(one.zh for one in titles), between.en.join(one.en for one in titles))


def _said(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, dict):
        if value.keys() == {"zh", "en"}:
            return str(value["zh"])
        return "，".join(f"{key} {_said(one)}" for key, one in value.items()) or "—"
    if isinstance(value, list):
        return "、".join(_said(one) for one in value) or "—"
    return {True: "是", False: "否"}.get(value, str(value)) if isinstance(value, bool) else str(value)
