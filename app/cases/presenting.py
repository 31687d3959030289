"""From a case's detail to what the page components take: plain dicts, wording chosen, nothing asked of the database but options."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.cases.changes import Change
from app.cases.forms import options_for, person_options, tile
from app.cases.models import ArrangementRow, Case, CaseMigration, Decision
from app.cases.ports import Registry
from app.cases.timing import OVERSEE
from app.cases.viewing import Detail
from app.engine.arranged import arranged
from app.engine.arranging import NEEDS_COMMENT, NEEDS_PERSON, VERB_TITLES
from app.engine.deciding import take_back
from app.engine.decision import Answer, Finding, Refused, Verb
from app.engine.definition import TAKE_BACK, Action, Definition, Field, FieldType, Phase
from app.engine.forecast import Coming
from app.foundation.clock import union_day
from app.foundation.money import yuan
from app.people import queries as people
from app.people.principal import Principal
from app.wording import Language, Text

_BY_RULE = Text("系统按期限规则办理，不是哪一个人", "A rule of deadlines, no person")
_CORRECT = Text("修改后重新提交", "Correct it and submit again")
_OTHER_STEPS = {OVERSEE: Text("逾期督办", "See to it, it is overdue")}
_TONES = {"plain": "primary", "caution": "caution", "danger": "danger"}


def case_page(
    session: Session, registry: Registry, detail: Detail, principal: Principal, now: datetime, language: Language
) -> dict[str, Any]:
    """The variables of ``cases/case.html``."""
    case, definition = detail.case, detail.definition
    day = case.day or union_day(now)
    asked = [definition.field(name) for action, _ in detail.answers for name in action.asks]
    options = options_for(
        session,
        registry,
        definition,
        case.union_id,
        {},
        year=day.year,
        today=union_day(now),
        language=language,
        fields=asked,
    )
    titles = account_titles(registry, case.union_id, definition)
    state = definition.state(case.state)
    return {
        "case": case,
        "definition": definition,
        "state": state,
        "status_of": status(case, definition),
        "href": f"/cases/{case.id}",
        "facts": facts(detail, titles),
        "tables": [
            table(detail, field, titles)
            for field in definition.fields
            if field.type is FieldType.LINES and case.data.get(field.name)
        ],
        "files": [
            tile(file) for file in detail.files.values() if case.events or file.uploaded_by == principal.person_id
        ],
        "timeline": timeline(detail, now, titles),
        "deadline": detail.deadline,
        "checks": [check(finding) for finding in detail.checks if finding.code not in SAID_ELSEWHERE],
        "buttons": [button(detail, action, answer, options, now) for action, answer in detail.answers],
        "shut": shut([*detail.answers, *detail.not_now]) + not_taken_back(detail, principal),
        "may_take_back": detail.may_take_back,
        "arranging": arranging_forms(session, detail, principal, now),
        "sheets": sheets(detail, principal),
        "is_begun": case.events > 0,
        "may_remind": case.events > 0 and bool(detail.waiting),
        "copies": [
            {"name": detail.names.get(str(one.person_id)), "at": one.sent_at, "read_at": one.read_at}
            for one in detail.copies
        ],
        "opened": detail.openings,
        "papers": [
            {"action": action.name, "title": action.title}
            for action, _ in detail.answers
            if not principal.offices.isdisjoint(action.paper)
        ],
        "linked": [row(one) for one in detail.linked],
        "named": [row(one) for one in detail.named.values()],
        "is_draft": case.state == definition.initial,
        "may_edit": case.state == definition.initial and principal.person_id in {case.opener_id, case.submitter_id},
        "may_discard": case.events == 0 and principal.person_id == case.opener_id,
        "people": person_options(session, case.union_id, union_day(now)),
    }


SAID_ELSEWHERE = frozenset({"already_paid"})
"""Findings that only shut a later step and say nothing about the form: their sentence stands with that step."""


def status(case: Case, definition: Definition) -> dict[str, Any]:
    """What the chip says: a form that came back for another round is no mere draft."""
    if case.state == definition.initial and case.round > 1:
        return {"phase": case.phase, "title": Text("待修改", "To be corrected"), "state": "returned"}
    return {"phase": case.phase, "title": definition.state(case.state).title, "state": case.state}


def account_titles(registry: Registry, union_id: uuid.UUID, definition: Definition) -> dict[str, Text]:
    """Code -> title for every chart side that the definition picks from."""
    if registry.account_titles is None:
        return {}
    fields = [*definition.fields, *(column for field in definition.fields for column in field.columns)]
    kinds = {field.account_kind for field in fields if field.type is FieldType.ACCOUNT}
    return {code: title for kind in kinds for code, title in registry.account_titles(union_id, kind).items()}


def facts(detail: Detail, titles: Mapping[str, Text]) -> list[dict[str, Any]]:
    """The form's values as label and value, lines left out."""
    rows: list[dict[str, Any]] = []
    for field in detail.definition.fields:
        value = detail.case.data.get(field.name)
        if value in (None, "", []) or field.type in {FieldType.LINES, FieldType.FILES}:
            continue
        rows.append({"label": field.title, **shown(field, value, detail, titles)})
    return rows


def shown(field: Field, value: Any, detail: Detail, titles: Mapping[str, Text]) -> dict[str, Any]:
    """One value as ``kv`` takes it."""
    match field.type:
        case FieldType.MONEY:
            return {"fen": value, "capitals": field.sum_of is not None}
        case FieldType.DATE:
            return {"day": date.fromisoformat(value)}
        case FieldType.PERSON:
            return {"value": detail.names.get(value, "—")}
        case FieldType.ACCOUNT:
            title = titles.get(value, Text(value, value))
            return {"value": Text(f"{value} {title.zh}", f"{value} {title.en}")}
        case FieldType.CHOICE:
            return {"value": dict(field.choices).get(value, Text(value, value))}
        case FieldType.BOOL:
            return {"value": Text("是", "Yes") if value else Text("否", "No")}
        case FieldType.CASE:
            other = detail.named.get(value)
            return {"value": other.title if other else "—", "href": f"/cases/{value}"}
        case FieldType.LONG_TEXT:
            return {"value": value, "wide": True}
        case _:
            return {"value": value}


def table(detail: Detail, field: Field, titles: Mapping[str, Text]) -> dict[str, Any]:
    """One table of lines, each with its files as tiles."""
    columns = [column for column in field.columns if column.type is not FieldType.FILES]
    kinds = {FieldType.MONEY: "money", FieldType.DATE: "day", FieldType.INTEGER: "int", FieldType.INVOICE: "code"}
    rows: list[dict[str, Any]] = []
    for line in detail.case.data[field.name]:
        cells = {column.name: cell(column, line.get(column.name), detail, titles) for column in columns}
        named = [
            one for column in field.columns if column.type is FieldType.FILES for one in line.get(column.name) or []
        ]
        rows.append({"cells": cells, "files": [tile(detail.files[one]) for one in named if one in detail.files]})
    used = [column for column in columns if any(row["cells"][column.name] is not None for row in rows)]
    money = [column.name for column in used if column.type is FieldType.MONEY]
    return {
        "title": field.title,
        "columns": [
            {"key": column.name, "title": column.title, "kind": kinds.get(column.type, "text")} for column in used
        ],
        "rows": rows,
        "sums": {name: sum(row["cells"][name] or 0 for row in rows) for name in money},
    }


def cell(column: Field, value: Any, detail: Detail, titles: Mapping[str, Text]) -> Any:
    """One cell: money and days as they are, names and titles looked up."""
    if value is None or column.type in {FieldType.MONEY, FieldType.DATE, FieldType.INTEGER}:
        return value
    return shown(column, value, detail, titles)["value"]


def timeline(detail: Detail, now: datetime, titles: Mapping[str, Text]) -> list[dict[str, Any]]:
    """Past steps by round, then who is waited for, then what is still to come."""
    definition, case = detail.definition, detail.case
    events: list[dict[str, Any]] = [
        {
            "kind": "draft",
            "title": Text("填写", "Filled in"),
            "who": detail.names.get(str(case.opener_id)),
            "at": case.opened_at,
        }
    ]
    seen_round = 1
    undone, voided = _undone(detail.decisions), _voided(detail)
    happened: list[Decision | ArrangementRow | CaseMigration] = [*detail.decisions, *detail.arrangements]
    happened += [row_ for row_, _ in detail.migrations]
    for row_ in sorted(happened, key=lambda one: one.event):
        if row_.round != seen_round:
            seen_round = row_.round
            events.append(_round(seen_round))
        if isinstance(row_, Decision):
            changes = [change_words(change, detail, titles) for change in detail.changes.get(row_.event, ())]
            why = [VOIDED] if row_.event in voided else []
            is_void = row_.event in undone | voided
            events.append(_event(detail, row_) | {"void": is_void, "changes": why + changes})
        elif isinstance(row_, CaseMigration):
            events.append(_carried(detail, row_))
        else:
            events.append(_arranged(detail, row_))
    if case.round != seen_round:
        events.append(_round(case.round))
    offices = dict(definition.office_titles)
    told: set[str] = set()
    for action_name in dict.fromkeys(waiting.action for waiting in detail.waiting):
        rows = [waiting for waiting in detail.waiting if waiting.action == action_name]
        action = definition.action(action_name)
        title = action.title if action else _OTHER_STEPS.get(action_name, _CORRECT)
        who = [offices.get(one.who) or Text(name := detail.names.get(one.who, "—"), name) for one in rows]
        steps = [one for one in detail.forecast.steps if one.action == action_name and one.state == case.state]
        told.add(action_name)
        events.append(
            {
                "kind": "current",
                "title": Text(f"等待：{title.zh}", f"Waiting: {title.en}"),
                "who": Text("、".join(one.zh for one in who), ", ".join(one.en for one in who)),
                "since_days": max(0, (union_day(now) - union_day(rows[0].since)).days),
                "changes": [_asked(detail, step) for step in steps if step.who],
                "expected_on": steps[0].expected_on if steps else None,
                "blocks": list(dict.fromkeys(text for step in steps for text in step.blocks)),
            }
        )
    ahead = [step for step in detail.forecast.steps if step.state != case.state or step.action not in told]
    return events + [_coming(detail, step) for step in ahead] + _end(detail)


MOST_NAMES = 3
"""More people than this are counted, not named."""


def _coming(detail: Detail, step: Coming) -> dict[str, Any]:
    """A step of the forecast: greyed, because nothing of it has happened."""
    return {
        "kind": "coming",
        "title": step.title,
        "who": step.rule,
        "changes": [*([_asked(detail, step)] if step.who else []), *(_instead(step) if step.instead else [])],
        "expected_on": step.expected_on,
        "blocks": step.blocks,
    }


def _asked(detail: Detail, step: Coming) -> Text:
    names = [detail.names.get(person, "—") for person in step.who]
    shown_names, more = names[:MOST_NAMES], len(names) - MOST_NAMES
    zh, en = "、".join(shown_names), ", ".join(shown_names)
    who = Text(f"{zh}等 {len(names)} 人", f"{en} and {more} more") if more > 0 else Text(zh, en)
    if step.need == len(names):
        return who
    return Text(f"{who.zh}，其中 {step.need} 人", f"{step.need} of: {who.en}")


def _instead(step: Coming) -> list[Text]:
    zh, en = "、".join(one.zh for one in step.instead), ", ".join(one.en for one in step.instead)
    return [Text(f"也可以：{zh}", f"or: {en}")]


def _end(detail: Detail) -> list[dict[str, Any]]:
    """Where the forecast ends, or why it cannot see further."""
    ahead = detail.forecast
    if not ahead.steps:
        return []
    title = ahead.open_end or detail.definition.state(ahead.ends_in).title
    return [{"kind": "coming", "title": title, "is_end": True}]


def _carried(detail: Detail, row_: CaseMigration) -> dict[str, Any]:
    """The case came to run another version of its workflow."""
    return {
        "kind": "doing",
        "title": Text(
            "改用流程的新版本，办到哪里仍在哪里", "Carried to a new version of the workflow; it stands where it stood"
        ),
        "who": detail.names.get(str(row_.person_id)),
        "at": row_.at,
    }


def _round(number: int) -> dict[str, Any]:
    return {"kind": "round", "title": Text(f"第 {number} 次提交", f"Round {number}")}


def _undone(decisions: Iterable[Decision]) -> set[int]:
    """The events of decisions that were taken back."""
    standing: list[int] = []
    undone: set[int] = set()
    for row_ in decisions:
        if row_.action == TAKE_BACK and standing:
            undone.add(standing.pop())
        else:
            standing.append(row_.event)
    return undone


VOIDED = Text("之后内容有改动，这次签批作废，要重新签批。", "The content changed after this: it counts no more.")


def _voided(detail: Detail) -> set[int]:
    """The events of decisions that a later material change of the same round made void."""
    amending = {action.name for action in detail.definition.actions if action.amends}
    voided: set[int] = set()
    for row_ in detail.decisions:
        if row_.action in amending and row_.closes:
            voided |= {
                one.event
                for one in detail.decisions
                if one.round == row_.round
                and one.event < row_.event
                and one.source != detail.definition.initial
                and one.action not in amending
            }
    return voided


def change_words(change: Change, detail: Detail, titles: Mapping[str, Text]) -> Text:
    """One change as a member reads it: 事由：旧 → 新."""
    column = change.column
    name = change.field.title
    if change.line is not None:
        line, line_en = f"第 {change.line} 行", f"line {change.line}"
        if column is None:
            verb = Text("新增", "added") if change.before is None else Text("删除", "removed")
            return Text(f"“{name.zh}”{verb.zh}{line}", f"“{name.en}”: {line_en} {verb.en}")
        name = Text(f"{name.zh}{line}{column.title.zh}", f"{name.en} {line_en} {column.title.en}")
    if change.is_personal:
        return Text(f"“{name.zh}”有改动", f"“{name.en}” changed")
    if change.is_erased:
        return Text(f"“{name.zh}”原来的内容已清除，不能比较", f"“{name.en}”: what stood there is erased")
    field = column or change.field
    if field.type is FieldType.FILES:
        return _files_changed(name, set(change.before or ()), set(change.after or ()))
    before, after = (_plainly(field, value, detail, titles) for value in (change.before, change.after))
    return Text(f"“{name.zh}”：{before.zh} → {after.zh}", f"“{name.en}”: {before.en} → {after.en}")


def _files_changed(name: Text, before: set[str], after: set[str]) -> Text:
    came, went = len(after - before), len(before - after)
    if came and came == went:
        return Text(f"“{name.zh}”：替换 {came} 份", f"“{name.en}”: {came} replaced")
    zh = "，".join(part for part in (came and f"新增 {came} 份", went and f"去掉 {went} 份") if part)
    en = ", ".join(part for part in (came and f"{came} added", went and f"{went} removed") if part)
    return Text(f"“{name.zh}”：{zh}", f"“{name.en}”: {en}")


def _plainly(field: Field, value: Any, detail: Detail, titles: Mapping[str, Text]) -> Text:
    if value is None:
        return Text("（空）", "(empty)")
    if field.type is FieldType.MONEY:
        return Text(f"¥{yuan(value)}", f"¥{yuan(value)}")
    if field.type is FieldType.DATE:
        return Text(value, value)
    found = shown(field, value, detail, titles)["value"]
    return found if isinstance(found, Text) else Text(str(found), str(found))


_ARRANGED: dict[Verb, Text] = {
    Verb.ADD_SIGNER: Text("加签：请 {who} 也签", "Added a signer: {who}"),
    Verb.DROP_SIGNER: Text("减签：不再请 {who} 签", "Dropped a signer: {who}"),
    Verb.HAND_OVER: Text("转交给 {who}", "Handed over to {who}"),
    Verb.ASK_OPINION: Text("征求 {who} 的意见", "Asked {who} for an opinion"),
    Verb.GIVE_OPINION: Text("答复意见", "Gave an opinion"),
    Verb.RECALL_OPINION: Text("不再征求 {who} 的意见", "No longer asks {who}"),
    Verb.RECUSE: Text("申请回避", "Stood aside"),
    Verb.DRAW: Text("抽签抽中 {who}", "The lot fell on {who}"),
    Verb.REMIND: Text("催办", "Reminded"),
    Verb.REMARK: Text("留言", "Remarked"),
    Verb.COPY: Text("抄送给 {who}", "Sent a copy to {who}"),
    Verb.CONFIRM_PAPER: Text("确认纸质签字是本人所签", "Confirmed the signed sheet"),
    Verb.DISPUTE_PAPER: Text("否认纸质签字", "Disputed the signed sheet"),
}
"""What an arrangement reads like in the timeline."""


def _arranged(detail: Detail, row_: ArrangementRow) -> dict[str, Any]:
    verb = Verb(row_.verb)
    who = detail.names.get(str(row_.target_id), "—")
    words = _ARRANGED[verb]
    kinds = {Verb.RECUSE: "back", Verb.DISPUTE_PAPER: "bad"}
    return {
        "kind": kinds.get(verb, "doing"),
        "title": Text(words.zh.format(who=who), words.en.format(who=who)),
        "who": detail.names.get(str(row_.person_id)),
        "at": row_.at,
        "comment": detail.comments.get(row_.trail_seq),
    }


def _event(detail: Detail, row_: Decision) -> dict[str, Any]:
    definition = detail.version_at(row_.event)
    action = definition.action(row_.action)
    offices = dict(definition.office_titles)
    tone = action.tone if action else "plain"
    phase = definition.state(row_.target).phase
    kind = (
        "bad" if tone == "danger" else "back" if tone == "caution" else "public" if phase is Phase.PUBLISHED else "ok"
    )
    who = detail.names.get(str(row_.person_id), "—")
    seat = detail.names.get(str(row_.seat_id), "—")
    paper = None
    if row_.paper is not None:
        paper = {"dated": date.fromisoformat(row_.paper["dated"]), "recorder": who}
        who = seat
    elif row_.seat_id is not None:
        who = Text(f"{who} 代 {seat}", f"{who} for {seat}")  # type: ignore[assignment]
    title = Text("收回自己的决定", "Took the decision back") if row_.action == TAKE_BACK else None
    return {
        "kind": "back" if title else kind,
        "title": title or (action.title if action else Text(row_.action, row_.action)),
        "who": who if row_.person_id else _BY_RULE,
        "paper": paper,
        "office": offices.get(row_.office or ""),
        "at": row_.at,
        "comment": detail.comments.get(row_.trail_seq),
    }


def check(finding: Finding) -> dict[str, Any]:
    """One finding as the checks panel takes it."""
    return {"level": finding.severity.value, "text": finding.text}


def arranging_forms(session: Session, detail: Detail, principal: Principal, now: datetime) -> list[dict[str, Any]]:
    """What this person may arrange; where only holders of an office can be named, only they are offered."""
    offices = {
        office
        for verb, action in detail.arrangeable
        if verb is Verb.HAND_OVER
        for office in (*action.by.offices, *action.by.or_else)
    }
    today = union_day(now)
    holders = people.holders(session, detail.case.union_id, offices, today) if offices else {}
    names = dict(people.person_names(session, detail.case.union_id, today)) if offices else {}
    forms = []
    for verb, action in detail.arrangeable:
        able: set[str] = set()
        if verb is Verb.HAND_OVER:
            able = set[str]().union(*(holders[office] for office in (*action.by.offices, *action.by.or_else)))
            able -= {str(principal.person_id)}
            if not able:
                continue
        forms.append(arranging_form(detail, verb, action, {one: names.get(one, "—") for one in sorted(able)}))
    return forms


def arranging_form(detail: Detail, verb: Verb, action: Action, able: Mapping[str, str]) -> dict[str, Any]:
    """One arrangement as the page offers it: whom it may name (``able``, with names), and whether it wants a word."""
    standing = arranged(detail.situation.arrangements, action.name)
    named: list[str] | None = None
    names = {**detail.names, **able}
    if verb is Verb.HAND_OVER:
        named = list(able)
    elif verb is Verb.DROP_SIGNER:
        named = [one.person for one in standing.added]
    elif verb is Verb.RECALL_OPINION:
        named = list(standing.asked)
    title = VERB_TITLES[verb]
    return {
        "verb": verb.value,
        "action": action.name,
        "title": title,
        "of": action.title if verb is not Verb.RECUSE else None,
        "wants_person": verb in NEEDS_PERSON,
        "named": None if named is None else [{"value": one, "label": names.get(one, "—")} for one in named],
        "wants_comment": verb in NEEDS_COMMENT,
        "wants_order": verb is Verb.ADD_SIGNER,
    }


def sheets(detail: Detail, principal: Principal) -> bool:
    """Whether a signed sheet with this person's name waits for his word."""
    recorded = sum(row_.paper is not None and row_.seat_id == principal.person_id for row_ in detail.decisions)
    verbs = {Verb.CONFIRM_PAPER, Verb.DISPUTE_PAPER}
    answered = sum(row_.person_id == principal.person_id and row_.verb in verbs for row_ in detail.arrangements)
    return recorded > answered


def button(detail: Detail, action: Action, answer: Answer, options: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """One action as the bar takes it: dates to be asked are filled with today."""
    definition = detail.definition
    refused = isinstance(answer, Refused)
    asked = [definition.field(name) for name in action.asks]
    return {
        "name": action.name,
        "title": action.title,
        "kind": _TONES[action.tone],
        "allowed": not refused,
        "refusals": [one.text for one in answer.refusals] if isinstance(answer, Refused) else [],
        "reasons": _reasons(definition, action),
        "comment": "required" if action.comment_required else None,
        "fields": asked,
        "given": {field.name: union_day(now) for field in asked if field.type is FieldType.DATE},
        "options": options,
        "earlier": [{"value": name, "label": definition.state(name).title} for name in detail.situation.path]
        if action.returns
        else None,
        "may_resume": action.resume,
        "edits": action.amends,
        "is_from_draft": definition.initial in action.sources and len(action.sources) == 1,
    }


REASONS = (
    Text("材料不全", "Papers missing"),
    Text("内容有误", "Something is wrong"),
    Text("说明不清", "Not clear"),
    Text("其他", "Other"),
)


def _reasons(definition: Definition, action: Action) -> bool | tuple[Text, ...]:
    """Reasons to choose from: those of claims where there are invoices (True), else general ones for sending back."""
    if action.tone == "plain" or not action.comment_required:
        return False
    if any(column.type is FieldType.INVOICE for field in definition.fields for column in field.columns):
        return True
    return REASONS if action.new_round else False


def shut(answers: Iterable[tuple[Action, Answer]]) -> list[dict[str, Any]]:
    """Refused steps with their reasons; those refused for the same reasons stand together."""
    groups: dict[tuple[Text, ...], list[dict[str, Any]]] = {}
    for action, answer in answers:
        if isinstance(answer, Refused):
            reasons = tuple(dict.fromkeys(one.text for one in answer.refusals))
            groups.setdefault(reasons, []).append({"name": action.name, "title": action.title})
    return [{"actions": actions, "reasons": reasons} for reasons, actions in groups.items()]


def not_taken_back(detail: Detail, principal: Principal) -> list[dict[str, Any]]:
    """Why a decision of one's own can no longer be taken back, for whoever took one that could be."""
    mine = (detail.definition.action(one.action) for one in detail.decisions if one.person_id == principal.person_id)
    if detail.may_take_back or not any(action is not None and action.take_back for action in mine):
        return []
    answer = take_back(detail.definition, detail.situation, principal.actor)
    reasons = tuple(one.text for one in answer.refusals) if isinstance(answer, Refused) else ()
    title = Text("收回我的决定", "Take my decision back")
    return [{"actions": [{"name": TAKE_BACK, "title": title}], "reasons": reasons}]


def row(case: Case) -> dict[str, Any]:
    """A case as a line in a list of linked ones."""
    return {
        "href": f"/cases/{case.id}",
        "title": case.title,
        "number": case.number,
        "amount_fen": case.amount_fen,
        "phase": case.phase,
        "state": case.state,
    }


def card(
    case: Case,
    definition: Definition,
    *,
    names: Mapping[str, str],
    titles: Mapping[str, Text],
    left: Mapping[str, int],
    now: datetime,
    chips: Iterable[dict[str, Any]] = (),
    files: int = 0,
    waiting: bool = False,
) -> dict[str, Any]:
    """A case as an inbox card; it says how long it has waited if it waits for the reader or for an officer."""
    days = max(0, (union_day(now) - union_day(case.updated_at)).days)
    return {
        "id": str(case.id),
        "version": case.version,
        "href": f"/cases/{case.id}",
        "title": case.title or definition.title,
        "number": case.number,
        "amount_fen": case.amount_fen,
        "account": titles.get(case.category or ""),
        "budget_after_fen": left.get(case.category) if case.category else None,
        "by": names.get(str(case.submitter_id or case.opener_id)),
        "day": case.day,
        "files": files,
        "age_days": days if waiting or case.phase == Phase.SUBMITTED.value else None,
        "overdue": days > 15,
        "chips": list(chips),
        "status": status(case, definition),
        "kind": definition.title,
    }


def line_from_file(shown_file: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a new line that a file can fill: its invoice's number and total."""
    filled = {"files": str(shown_file["id"])}
    invoice = shown_file.get("invoice")
    if invoice:
        filled["summary"] = str(invoice.get("seller") or shown_file["name"])
        filled["invoice"] = str(invoice.get("number") or "")
        if isinstance(invoice.get("amount_total_fen"), int):
            filled["amount_fen"] = yuan(invoice["amount_total_fen"]).replace(",", "")
    return {name: value for name, value in filled.items() if value}
