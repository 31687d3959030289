"""What is wrong with a definition: a stable code, where it stands, and one sentence in each language with the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.wording import Language, Text

Where = tuple[str | int, ...]
"""The way to a place in a file: keys and positions, from the outside in."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a file, with what to do about it."""

    file: str
    line: int | None
    """Counted from 1; None where the definition did not come from a file."""
    code: str
    text: Text

    def in_(self, language: Language) -> str:
        """The fault as one printed line, with its place."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place} [{self.code}] {self.text.in_(language)}"

    def __str__(self) -> str:
        return f"{self.in_('zh')}\n    {self.text.en}"


class DefinitionError(Exception):
    """文件不能使用，问题逐条列出，改好后再载入。

    The file cannot be used; every problem is listed. Correct them and load it again.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Take all problems found; there is at least one."""
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(one) for one in self.problems))

    def in_(self, language: Language) -> str:
        """All problems in one language, one a line."""
        return "\n".join(one.in_(language) for one in self.problems)


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem before it is known in which file and line it stands."""

    code: str
    figures: Mapping[str, object]
    where: Where = ()


def fault(code: str, where: Where = (), **figures: object) -> Fault:
    """A fault of that code; the figures fill its sentence."""
    return Fault(code, figures, where)


def located(faults: Iterable[Fault], file: str, lines: Mapping[Where, int]) -> list[Problem]:
    """The faults as problems of a file, in the order of its lines, each once."""
    problems = {
        Problem(file, _line(one.where, lines), one.code, sentence(one.code, **one.figures)): None for one in faults
    }
    return sorted(problems, key=lambda one: one.line or 0)


def sentence(code: str, **figures: object) -> Text:
    """The sentence of a code, filled in; a figure that is a ``Text`` speaks the sentence's language."""
    zh, en = _SENTENCES[code]
    return Text(zh.format(**_spoken(figures, "zh")), en.format(**_spoken(figures, "en")))


def hint(word: object, known: Iterable[str]) -> Text:
    """“did you mean …”, or the list of what is known when nothing is near."""
    names = [str(name) for name in known]
    near = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if near:
        return Text(f"是不是想写“{near[0]}”？", f"Did you mean “{near[0]}”?")
    if not names:
        return Text("这里没有可用的名称。", "There is nothing to name here.")
    shown = sorted(names)[:30]
    return Text(f"可用的有：{'、'.join(shown)}。", f"Known: {', '.join(shown)}.")


def _line(where: Where, lines: Mapping[Where, int]) -> int | None:
    for end in range(len(where), -1, -1):
        if where[:end] in lines:
            return lines[where[:end]]
    return None


def _spoken(figures: Mapping[str, object], language: Language) -> dict[str, object]:
    return {name: value.in_(language) if isinstance(value, Text) else value for name, value in figures.items()}


def codes() -> Iterator[str]:
    """Every code a problem may have."""
    return iter(_SENTENCES)


_SENTENCES: dict[str, tuple[str, str]] = {
    "opposes_nothing": (
        "“{action}”反对的“{name}”不是这里要多人同意的步骤。请写一个有 approvals、从同样的状态出发、由同样的人办的步骤。",
        "“{action}” opposes “{name}”, which several people do not decide here. Name a step with approvals, states and people like it.",
    ),
    "opposes_itself": (
        "“{action}”是反对票，自己不能再有 approvals、arrange 或 amends。",
        "“{action}” is a vote against; it has no approvals, arrangements or amendments of its own.",
    ),
    "not_of_the_step": (
        "“{name}”不在“{action}”的 by 里。请写 by 里的职务。{hint}",
        "“{name}” is not among the offices of “{action}”. Name one that is in its “by”. {hint}",
    ),
    "veto_without_vote": (
        "“{action}”写了 veto，却不是反对票。请加上 opposes，或去掉 veto。",
        "“{action}” has a veto but is no vote against. Add “opposes”, or take the veto away.",
    ),
    "mixed_parties": (
        "“{action}”的人数规定有的写了 party，有的没有。会签各方都要写 party 和 of；不是会签就都不写。",
        "Some approval lines of “{action}” name a party and some do not. Give every line a party and “of”, or none.",
    ),
    "party_twice": ("“{action}”里“{name}”这一方写了两次。", "The party “{name}” stands twice in “{action}”."),
    "unknown_party": (
        "“{action}”没有“{name}”这一方，不能排在它后面。{hint}",
        "“{action}” has no party “{name}” to come after. {hint}",
    ),
    "party_circle": (
        "“{action}”的各方互相等待，谁也轮不到。请改 after。",
        "The parties of “{action}” wait for each other, so none is ever asked. Change “after”.",
    ),
    "office_without_party": (
        "“{action}”由“{name}”办，会签各方里却没有它。请写进某一方的 of，或从 by 去掉。",
        "“{name}” may take “{action}” but belongs to none of its parties. Put it into the “of” of one, or out of “by”.",
    ),
    "share_size": (
        "“{action}”的比例 {share} 没有意义。请写 1/2、2/3 这样不大于 1 的比例。",
        "The share {share} of “{action}” makes no sense. Write one up to 1, such as 1/2 or 2/3.",
    ),
    "weight_size": (
        "“{action}”里“{name}”的票权 {weight} 不对，请写 1 到 100。",
        "The weight {weight} of “{name}” in “{action}” is wrong; write 1 to 100.",
    ),
    "draw_size": (
        "“{action}”抽 {draw} 人，却要 {need} 人同意。抽签人数要写 1 到 100，且不少于要求的人数。",
        "“{action}” draws {draw} and needs {need}. Draw 1 to 100 people, and at least as many as must agree.",
    ),
    "unknown_arrangement": (
        "没有“{name}”这种安排，可以写 add_signer（加签）、hand_over（转交）、ask_opinion（征求意见）。{hint}",
        "There is no arrangement “{name}”; there are add_signer, hand_over and ask_opinion. {hint}",
    ),
    "arrange_by_rule": (
        "“{action}”由系统规则办理，没有人可以加签或转交。",
        "“{action}” is taken by a rule of the system; nobody is there to arrange anything.",
    ),
    "take_back_round": (
        "“{action}”会开新的一轮，不能再收回。请去掉 take_back。",
        "“{action}” opens a new round and cannot be taken back. Remove “take_back”.",
    ),
    "take_back_public": (
        "“{action}”会公布或结束，不能收回。请去掉 take_back，改用更正。",
        "“{action}” publishes or ends the case and cannot be taken back. Remove “take_back”; correct it instead.",
    ),
    "take_back_effect": (
        "“{action}”的“{name}”做了就不能重来，不能收回。请去掉 take_back。",
        "What “{action}” does with “{name}” cannot be done again, so it cannot be taken back. Remove “take_back”.",
    ),
    "returns_nowhere": (
        "“{action}”写了退回到前面的步骤（to: earlier），但它前面没有步骤。",
        "“{action}” sends back to an earlier step, but there is none before it.",
    ),
    "returns_same_round": (
        "“{action}”退回要开新的一轮。请加上 new_round: true。",
        "“{action}” sends back, which opens a new round. Add “new_round: true”.",
    ),
    "resume_without_return": (
        "“{action}”没有退回，谈不上直接回到本步。请去掉 resume。",
        "“{action}” sends nothing back, so nothing can come straight back. Remove “resume”.",
    ),
    "resume_money": (
        "“{action}”：涉及钱的流程退回后一律重新走一遍，不能直接回到本步。请去掉 resume。",
        "“{action}”: where money is concerned a returned case is walked again. Remove “resume”.",
    ),
    "amends_asks": (
        "“{action}”修改整张表，不再另外填写（asks），也没有 approvals。",
        "“{action}” changes the form itself; it asks nothing besides and has no approvals.",
    ),
    "amends_branches": (
        "“{action}”修改重要内容后只能回到一个状态重新审。请只写一个 to。",
        "After a material change by “{action}” the case is decided again from one state. Name one “to”.",
    ),
    # The file itself.
    "unreadable": (
        "文件读不出来：{detail}。请核对路径和权限，并存为 UTF-8。",
        "The file cannot be read: {detail}. Check its path and rights, and save it as UTF-8.",
    ),
    "too_big": (
        "文件超过 {limit} 字节。流程文件不需要这么大，请拆分或删去多余内容。",
        "The file is larger than {limit} bytes. No workflow needs that much; split it or cut what is not needed.",
    ),
    "bad_yaml": (
        "这里不符合 YAML 写法：{detail}。请检查缩进、冒号后的空格和引号。",
        "This is not valid YAML: {detail}. Check the indent, the space after the colon, and the quotes.",
    ),
    "empty": (
        "文件是空的。请至少写明 workflow、title、states、actions。",
        "The file is empty. Write at least workflow, title, states and actions.",
    ),
    "many_documents": (
        "一个文件只能写一份，请删去第二个“---”及其后的内容。",
        "One file holds one document. Remove the second “---” and what follows it.",
    ),
    "duplicate_key": (
        "“{key}”写了两次，后面的会盖住前面的。请删去一处或改名。",
        "“{key}” is written twice, and the second would hide the first. Remove one or rename it.",
    ),
    "alias": (
        "不能用 & 和 * 引用，流程要能从头念到尾。请把内容原样写出来。",
        "Anchors and aliases (& and *) are not allowed: a workflow is read aloud from top to bottom. Write it out.",
    ),
    "tag": (
        "不能用“{tag}”这样的类型标记。请删去它，直接写值。",
        "Tags such as “{tag}” are not allowed. Remove it and write the plain value.",
    ),
    "too_deep": (
        "层次超过 {limit} 层。请减少嵌套。",
        "Nested deeper than {limit}. Use fewer levels.",
    ),
    "too_many_nodes": (
        "内容超过 {limit} 项。请拆分文件。",
        "More than {limit} entries. Split the file.",
    ),
    "bad_key": (
        "这里的名称不能是列表或表。请写一个词。",
        "A key cannot be a list or a mapping. Write one word.",
    ),
    "not_whole": (
        "“{value}”有歧义：数只能写整数（金额用分），以 0 开头的、带小数的请加引号。",
        "“{value}” is ambiguous: numbers are whole (money in fen); put quotes around a leading zero or a decimal.",
    ),
    "bad_date": (
        "“{value}”不是日历上的日子。请改正，或加引号当作文字。",
        "“{value}” is no day of the calendar. Correct it, or put quotes around it to make it text.",
    ),
    "hidden_character": (
        "文字里有看不见的控制字符，请删去后重新输入这一处。",
        "The text holds an invisible control character. Delete it and type this again.",
    ),
    # The shape of what is written.
    "not_a_workflow": (
        "文件里没有“workflow:”，不是流程。请写上流程的名称。",
        "There is no “workflow:” in the file, so it is no workflow. Write its name.",
    ),
    "unknown_key": ("不认识“{key}”。{hint}", "“{key}” is not known here. {hint}"),
    "missing": ("缺少“{key}”，请补上。", "“{key}” is missing. Add it."),
    "not_a_mapping": ("这里要写“名称: 值”的表。", "Write a mapping of “name: value” here."),
    "not_a_list": ("这里要写列表，例如 [draft]。", "Write a list here, such as [draft]."),
    "not_text": (
        "这里要写文字。像数、日期或 true/false 的，请加引号。",
        "Write text here. Put quotes around what looks like a number, a date or true/false.",
    ),
    "bad_text": (
        "文字不能空着，也不能超过 {limit} 个字。",
        "The text may be neither blank nor longer than {limit} characters.",
    ),
    "not_a_flag": ("这里只能写 true 或 false。", "Write true or false here."),
    "not_a_number": (
        "这里要写 {low} 到 {high} 的整数。",
        "Write a whole number from {low} to {high} here.",
    ),
    "not_one_of": ("不能写“{value}”。{hint}", "“{value}” is not allowed here. {hint}"),
    "bad_target": (
        "“to”要写一个状态名，或者 {{state, when}} 的列表。",
        "“to” is the name of a state, or a list of {{state, when}}.",
    ),
    "bad_need": (
        "“need”要写不小于 1 的整数，或者 all（全体）。",
        "“need” is a whole number of at least 1, or all.",
    ),
    "bad_condition": (
        "条件写法是 {{字段: {{比较: 值}}}}，可用 all、any、not 组合，且不能空着。",
        "A condition is {{field: {{comparison: value}}}}, combined by all, any and not, and never empty.",
    ),
    "bad_constant": (
        "比较的值只能是整数、true/false、文字，或者 {{setting: 名称}}；one_of 要写列表。",
        "Compare with a whole number, true/false, text or {{setting: name}}; one_of takes a list.",
    ),
    "bad_use": (
        "这里写“功能.名称”，或者 {{功能.名称: {{参数: 值}}}}，值只能是整数、true/false 或文字。",
        "Write “package.name”, or {{package.name: {{parameter: value}}}} with a number, true/false or text.",
    ),
    "bad_sum": (
        "“sum_of”写成“明细字段.金额列”，例如 lines.amount_fen。",
        "“sum_of” is “lines field.money column”, such as lines.amount_fen.",
    ),
    "not_canonical": (
        "存下来的流程与它的规范写法不一致，可能被改过。请从备份恢复，并运行留痕核对。",
        "The stored workflow is not in its canonical form; it may have been changed. Restore it and verify the trail.",
    ),
    # The catalogue.
    "name_taken": (
        "流程“{name}”已在 {other} 里。请改名。",
        "The workflow “{name}” already stands in {other}. Rename one.",
    ),
    "number_taken": (
        "编号字头“{number}”已由“{other}”使用。请换一个。",
        "The number prefix “{number}” is already used by “{other}”. Choose another.",
    ),
    "unknown_workflow": (
        "“{field}”要链接的流程“{name}”不存在。{hint}",
        "“{field}” links to the workflow “{name}”, which does not exist. {hint}",
    ),
    # Names.
    "bad_name": (
        "名称“{name}”不合规矩：小写字母开头，只用小写字母、数字和单个下划线，不超过 40 个字符。",
        (
            "“{name}” is no good name: begin with a small letter, then small letters, digits and single underscores, "
            "40 characters at most."
        ),
    ),
    "reserved_name": (
        "“{name}”是系统自用的名称，请换一个。",
        "“{name}” is a name the system uses itself. Choose another.",
    ),
    "bad_number": (
        "编号字头“{number}”要用 2 到 6 个大写字母，例如 GH。",
        "The number prefix “{number}” is 2 to 6 capital letters, such as GH.",
    ),
    "too_many": (
        "{what}有 {count} 个，最多 {limit} 个。请精简。",
        "There are {count} {what}; {limit} is the most. Use fewer.",
    ),
    "unknown_state": ("没有状态“{name}”。{hint}", "There is no state “{name}”. {hint}"),
    "unknown_field": ("没有字段“{name}”。{hint}", "There is no field “{name}”. {hint}"),
    "unknown_office": ("没有职务“{name}”。{hint}", "There is no office “{name}”. {hint}"),
    "unknown_side": (
        "没有当事人“{name}”，请在 sides 里写明。{hint}",
        "There is no side “{name}”; declare it under sides. {hint}",
    ),
    "unknown_fact": ("没有登记过的检查“{name}”。{hint}", "No check “{name}” is registered. {hint}"),
    "unknown_effect": ("没有登记过的办理结果“{name}”。{hint}", "No effect “{name}” is registered. {hint}"),
    "unknown_parameter": ("“{name}”没有参数“{parameter}”。{hint}", "“{name}” has no parameter “{parameter}”. {hint}"),
    "missing_parameter": (
        "“{name}”缺少参数“{parameter}”，请补上。",
        "“{name}” needs the parameter “{parameter}”. Add it.",
    ),
    "wrong_parameter": (
        "“{name}”的参数“{parameter}”要写{kind}。",
        "The parameter “{parameter}” of “{name}” is {kind}. Write that.",
    ),
    "unknown_setting": ("没有本会设置“{name}”。{hint}", "There is no setting “{name}”. {hint}"),
    "named_twice": ("“{name}”列了两次，请删去一处。", "“{name}” is listed twice. Remove one."),
    # Fields.
    "money_name": (
        "金额字段“{name}”按分计，名称要以 _fen 结尾。请改为“{name}_fen”。",
        "The money field “{name}” counts fen and must end in _fen. Call it “{name}_fen”.",
    ),
    "not_money_name": (
        "“{name}”以 _fen 结尾，却不是金额。请改名，或把 type 写成 money。",
        "“{name}” ends in _fen but is not money. Rename it, or make its type money.",
    ),
    "misplaced": (
        "“{attribute}”不能用于 {type} 类型的字段“{name}”。请删去。",
        "“{attribute}” has no meaning for “{name}” of type {type}. Remove it.",
    ),
    "incomplete_field": (
        "{type} 类型的字段“{name}”要写明“{attribute}”。",
        "The field “{name}” of type {type} needs “{attribute}”.",
    ),
    "bad_column": (
        "明细的列“{name}”不能是 {type}。请用单个的值。",
        "The column “{name}” cannot be of type {type}. Use a single value.",
    ),
    "bad_bounds": (
        "字段“{name}”的 at_least 大于 at_most，没有值可填。请改正。",
        "For “{name}”, at_least is above at_most, so no value fits. Correct them.",
    ),
    "bad_default": (
        "字段“{name}”的默认值不符合它的类型或范围。请改正。",
        "The default of “{name}” does not fit its type or bounds. Correct it.",
    ),
    "bad_total": (
        "“{name}”的合计要指向明细字段里的金额列，“{lines}.{column}”不是。",
        "The total “{name}” must name a money column of a lines field; “{lines}.{column}” is none.",
    ),
    "personal_published": (
        "“{name}”是个人信息，不能全文公布。请把 publish 写成 masked 或 no。",
        "“{name}” is personal and cannot be published in full. Make publish masked or no.",
    ),
    "never_asked": (
        "字段“{name}”标了 asked，却没有哪一步填写它。请在该步的 asks 里列出，或删去 asked。",
        "The field “{name}” is marked asked, but no action asks it. List it under that action's asks, or remove asked.",
    ),
    "not_asked": (
        "“{name}”没有标 asked，不能在这一步填写。请给字段加上 asked: true。",
        "“{name}” is not marked asked, so this action cannot ask it. Add asked: true to the field.",
    ),
    "never_filled": (
        "“{name}”由“{effect}”填写，却没有哪一步用到它。请在该步的 effects 里列出。",
        "“{name}” is filled by “{effect}”, which no action has. List it under that action's effects.",
    ),
    "wrong_type": (
        "“{name}”要指向{kind}字段。",
        "“{name}” must name a {kind} field.",
    ),
    "year_optional": (
        "“{name}”决定编号的年度，不能空着。请加上 required: true。",
        "“{name}” decides the year of the number and cannot be empty. Add required: true.",
    ),
    # Who may.
    "closed_action": (
        "“{action}”没有写明由谁办理，等于谁也不能办。请写“by”。",
        "“{action}” does not say who may take it, so nobody may. Write “by”.",
    ),
    "closed_workflow": (
        "没有写明谁可以新建。请写“open”。",
        "Nobody may open this. Write “open”.",
    ),
    "open_to_whom": (
        "新建只能写 offices、anyone 或 system，这时还没有提交人、填写人和表单里的人。",
        "Only offices, anyone or system may open: there is no submitter, opener or person of the form yet.",
    ),
    # The shape of the graph.
    "initial_not_draft": (
        "起点“{name}”的 phase 要是 draft。",
        "The initial state “{name}” must have the phase draft.",
    ),
    "unreachable_state": (
        "从起点走不到状态“{name}”。请补上通往它的一步，或删去它。",
        "The state “{name}” cannot be reached from the start. Add an action that leads there, or remove it.",
    ),
    "no_way_out": (
        "到了“{name}”就再也走不到公布或结束。请补上一步。",
        "From “{name}” no published or ended state can be reached. Add an action.",
    ),
    "no_end": (
        "没有公布或结束的状态。请至少写一个 phase 为 published 或 ended 的状态。",
        "There is no published or ended state. Add at least one with the phase published or ended.",
    ),
    "dead_action": (
        "“{action}”永远不会发生：它的出发状态都走不到。请改正 from，或删去它。",
        "“{action}” can never happen: none of its states can be reached. Correct from, or remove it.",
    ),
    "no_sources": (
        "“{action}”没有写从哪个状态出发。请写“from”。",
        "“{action}” does not say where it starts. Write “from”.",
    ),
    "no_targets": (
        "“{action}”没有写通往哪个状态。请写“to”。",
        "“{action}” does not say where it leads. Write “to”.",
    ),
    # Conditions.
    "condition_optional": (
        "条件用到的“{field}”不是必填，可能没有值。请加上 required: true。",
        "The condition reads “{field}”, which may be left empty. Add required: true.",
    ),
    "condition_personal": (
        "条件不能用个人信息“{field}”，因为它要能公开复核。请改用别的字段。",
        "A condition cannot read the personal field “{field}”: anyone must be able to check it. Use another field.",
    ),
    "condition_late": (
        "条件用到的“{field}”在提交时还没有填。请改用提交前填写的字段。",
        "The condition reads “{field}”, which is not there at submission. Use a field filled in before it.",
    ),
    "condition_kind": (
        "条件不能用 {type} 类型的“{field}”。可用金额、整数、选项、科目和是否。",
        "A condition cannot read “{field}” of type {type}. Use money, an integer, a choice, an account or a yes/no.",
    ),
    "condition_types": (
        "“{left}”不能与“{right}”这样比较，类型或单位不同。请改正。",
        "“{left}” cannot be compared with “{right}” this way: the types or units differ. Correct it.",
    ),
    "condition_too_wide": (
        "这一组条件用到的字段和界限太多，无法逐一核对。请减少。",
        "These conditions use too many fields and limits to be checked one by one. Use fewer.",
    ),
    "branch_gap": (
        "“{action}”在{witness}时没有去处。请补上一条。",
        "“{action}” leads nowhere when {witness}. Add a branch.",
    ),
    "branch_overlap": (
        "“{action}”在{witness}时两条都成立（{first}、{second}）。请让它们不重叠。",
        "For “{action}”, two branches hold when {witness} ({first}, {second}). Make them disjoint.",
    ),
    "dead_branch": (
        "“{action}”的这一条在任何情况下都不成立。请改正或删去。",
        "This line of “{action}” can never hold. Correct or remove it.",
    ),
    "approvals_gap": (
        "“{action}”在{witness}时没有说要几个人同意。请补上一条。",
        "“{action}” does not say how many must agree when {witness}. Add a line.",
    ),
    "approvals_overlap": (
        "“{action}”在{witness}时两条都成立（{first}、{second}）。请让它们不重叠。",
        "For “{action}”, two lines hold when {witness} ({first}, {second}). Make them disjoint.",
    ),
    # Approvals.
    "quorum_size": (
        "“{action}”的同意人数要在 1 到 {limit} 之间，现在是 {need}。",
        "The approvals of “{action}” must be from 1 to {limit}; it says {need}.",
    ),
    "quorum_without_offices": (
        "“{action}”写了全体，就只能由职务办理，否则数不出全体是几个人。请只写 offices。",
        "“{action}” asks for all members, so only offices may take it; else nobody can count them. Name offices alone.",
    ),
    "quorum_of_nobody": (
        "“{action}”要计人数，不能由系统规则办理。请删去 system。",
        "“{action}” counts people, so no rule of the system may take it. Remove system.",
    ),
    "quorum_stays": (
        "“{action}”要计人数，却又回到原来的状态，同意就会重复计算。请换一个去处。",
        "“{action}” counts people but leads back to where it starts, so votes would count again. Lead elsewhere.",
    ),
    "votes_return": (
        "离开“{state}”后可以在同一轮里回来，“{action}”的旧票就会再算一次。请在返回的一步加上 new_round: true。",
        (
            "One can leave “{state}” and come back in the same round, so old votes of “{action}” would count again. "
            "Add new_round: true to the action that returns."
        ),
    ),
    # Safety of money and of approvals.
    "backwards_same_round": (
        "“{action}”退回到前面的阶段，原来的同意就作废了。请加上 new_round: true。",
        "“{action}” goes back to an earlier phase, which voids the approvals. Add new_round: true.",
    ),
    "publish_skips_review": (
        "有金额的事项不能从草稿直接公布：“{action}”要先提交、再审批。",
        "What has money cannot be published straight from a draft: “{action}” must come after submission and approval.",
    ),
    "submitter_approves": (
        "“{action}”批准的是钱，提交人不能批自己的。请在 bars 里写 submitter，或要求至少两人同意。",
        "“{action}” approves money, and nobody approves what he submitted. Add submitter to bars, or ask two approvals.",
    ),
    "opener_approves": (
        "“{action}”从草稿直接批准了钱，填写人不能批自己的。请在 bars 里写 opener，或要求至少两人同意。",
        (
            "“{action}” approves money straight from the draft, and nobody approves what he filled in. "
            "Add opener to bars, or ask two approvals."
        ),
    ),
    "system_approves": (
        "“{action}”批准的是钱，不能由系统规则自动办理。请删去 system。",
        "“{action}” approves money; no rule of the system may do that. Remove system.",
    ),
    # Every case can finish.
    "nobody_left": (
        "能办“{action}”的人全被 bars 挡在外面，这一步谁也办不了。请改 by 或 bars。",
        "Everyone who may take “{action}” is barred from it, so nobody can. Change by or bars.",
    ),
    "quorum_out_of_reach": (
        "“{action}”要 {need} 人同意，而能办这一步的至多 {most} 人。请减少人数，或让更多人可以办理。",
        "“{action}” asks {need} people, but at most {most} can take it. Ask fewer, or open it to more.",
    ),
    "line_never_used": (
        "“{action}”的这一条永远用不上：走得到这一步的事项都不符合它。请改正或删去。",
        "No case that gets to “{action}” ever uses this line. Correct or remove it.",
    ),
    "stuck": (
        "{cases}到了“{name}”，就再也走不到公布或结束。请补上一步，或改去处的条件。",
        "From “{name}”, {cases} never gets to a published or ended state. Add an action, or change the branches.",
    ),
    "too_tangled": (
        "流程可能出现的走法或情形太多，无法逐一核对。请减少状态、去处和条件。",
        "The workflow can go more ways than can be looked at one by one. Use fewer states, branches and conditions.",
    ),
    # Approvals before money.
    "payment_unapproved": (
        (
            "{cases}可以这样付款：{way}，付款前至多确定有 {people} 名提交人以外的人批准，应有 {asked} 名。"
            "请让这条路也经过审批，或在 bars 里写 submitter。"
        ),
        (
            "{cases} can be paid by way of {way}, with only {people} sure to have approved beside the submitter, "
            "where {asked} are asked. Lead this way through the approval, or add submitter to bars."
        ),
    ),
    "publication_unapproved": (
        (
            "{cases}可以这样公布：{way}，公布前至多确定有 {people} 名提交人以外的人批准，应有 {asked} 名。"
            "请让这条路也经过审批，或在 bars 里写 submitter。"
        ),
        (
            "{cases} can be published by way of {way}, with only {people} sure to have approved beside the submitter, "
            "where {asked} are asked. Lead this way through the approval, or add submitter to bars."
        ),
    ),
    "system_pays": (
        "“{action}”会支出经费（{effect}），不能由系统规则自动办理。请删去 system 或这个 effect。",
        "“{action}” spends money ({effect}); no rule of the system may do that. Remove system or the effect.",
    ),
    # Deadlines.
    "deadline_days": (
        "“{state}”的期限要在 1 到 {limit} 个工作日之间，现在是 {days}。",
        "The deadline of “{state}” must be from 1 to {limit} working days; it says {days}.",
    ),
    "deadline_reminder": (
        "“{state}”的提醒要在到期之前：remind_before 写 0 到 {limit}，现在是 {days}。",
        "The reminder of “{state}” must come before the deadline: remind_before is from 0 to {limit}; it says {days}.",
    ),
    "deadline_at_the_end": (
        "“{state}”已经办完，没有什么要催。请删去 deadline。",
        "Nothing waits in “{state}” any more. Remove deadline.",
    ),
    "deadline_then": (
        "到期以后怎么办只写一样：escalate_to（报给哪些职务）或 close_by（按哪一步收回）；不需要就删去 then。",
        "Name one thing that follows: escalate_to (which offices are told) or close_by (which action closes); or remove then.",
    ),
    "escalation_unseen": (
        "逾期要报给“{name}”，但这个职务看不到此类事项。请把它加进 visible_to。",
        "“{name}” is told when it is overdue but may not see such cases. Add it to visible_to.",
    ),
    "unknown_closing": (
        "没有叫“{name}”的步骤可以在到期时办理。{hint}",
        "There is no action “{name}” to take when it is overdue. {hint}",
    ),
    "closing_elsewhere": (
        "“{action}”不能从“{state}”办理，到期时就用不上。请在它的 from 里加上这个状态，或换一步。",
        "“{action}” does not leave “{state}”, so it is of no use when that is overdue. Add the state to from, or name another.",
    ),
    "closing_draft": (
        "“{state}”是填写人自己的，不能到期收回。请改成提醒，或用 escalate_to 报给职务。",
        "“{state}” is its writer's own; no deadline closes it. Remind instead, or use escalate_to.",
    ),
    "closing_not_system": (
        "“{action}”要由期限自动办理，但没有对系统规则开放。请在 by 里写 system: true。",
        "“{action}” is to be taken by the deadline but is not open to a rule of the system. Write system: true under by.",
    ),
    "closing_asks": (
        "“{action}”办理时要人填写（asks 或 comment），到期时没有人填。请换一步。",
        "“{action}” asks somebody to fill something in (asks or comment), and a deadline has nobody. Name another action.",
    ),
    "closing_carries_on": (
        "“{action}”会把事项办到“{target}”。到期只能结束，或退回“{initial}”重来（new_round: true），不能替人同意。",
        (
            "“{action}” takes the case to “{target}”. A deadline may only end a case, or send it back to “{initial}” "
            "(new_round: true); it never says yes for anyone."
        ),
    ),
    "closing_for_good": (
        "“{action}”到期收回以后，没有人能让事项回到“{state}”。请加一步由人办理的恢复。",
        "After “{action}” closes it, nobody can bring the case back to “{state}”. Add an action by which people recover it.",
    ),
}
