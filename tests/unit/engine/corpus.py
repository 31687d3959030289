"""Broken definitions: each with the code it must be refused with and the line (by what stands there) that is named.

``corpus.txt`` beside this file holds what is said of each, word for word.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.unit.engine.workbench import SOUND


class Planted(NamedTuple):
    """A fault put into the sound workflow, and the line (by what stands there) where it must be reported."""

    code: str
    old: str
    new: str
    at: str


APPROVALS = """\
      - {need: 1, when: {amount_fen: {at_most: 500000}}}
      - {need: 2, when: {amount_fen: {above: 500000}}, or_all_members: true}
"""
FIRST, SECOND = APPROVALS.splitlines()
BRANCHES = """\
      - {state: with_chair, when: {setting.chair_approves: {is: true}}}
      - {state: audited, when: {setting.chair_approves: {is: false}}}
"""
PUBLISH = """\
  publish:
    title: {zh: 公布, en: Publish}
    from: [audited]
"""


def state(name: str, phase: str) -> str:
    return f"  {name}: {{phase: {phase}, title: {{zh: 一处, en: Somewhere}}}}\n"


def action(name: str, way: str, more: str = "") -> str:
    source, target = way.split(">")
    opened = "" if "by:" in more else "    by: {offices: [chair]}\n"
    return f"  {name}:\n    title: {{zh: 一步, en: Step}}\n    from: [{source}]\n    to: {target}\n{opened}{more}"


def field(name: str, rest: str) -> str:
    return f"  {name}: {{title: {{zh: 一栏, en: Entry}}, {rest}}}\n"


def with_when(when: str) -> tuple[str, str]:
    return APPROVALS, f"      - {{need: 1, when: {when}}}\n      - {{need: 2, when: {{not: {when}}}}}\n"


PLANTED = [
    # Names.
    Planted(
        "bad_name", "  draft:     {", "  Draft: {phase: draft, title: {zh: 一, en: a}}\n  draft:     {", "  Draft:"
    ),
    Planted("bad_name", "sides:\n", field("__class__", "type: text") + "sides:\n", "__class__"),
    Planted("bad_name", "      illness:", "      ill-ness: {zh: 一, en: a}\n      illness:", "ill-ness"),
    Planted("bad_name", "      what:", "      What: {type: text, title: {zh: 一, en: a}}\n      what:", "What:"),
    Planted("bad_name", "workflow: condolence", "workflow: 慰问", "workflow: 慰问"),
    Planted("reserved_name", "sides:\n", field("version", "type: text") + "sides:\n", "  version:"),
    Planted("reserved_name", "sides:\n", "sides:\n  submitter: visitor\n", "submitter: visitor"),
    Planted("reserved_name", "actions:\n", "actions:\n" + action("draft", "audited>audited"), "  draft:\n"[:-1]),
    Planted("bad_number", "number: WW", "number: ww1", "number: ww1"),
    Planted("too_many", "states:\n", "states:\n" + "".join(state(f"s{n}", "draft") for n in range(101)), "states:"),
    Planted("unknown_state", "to: draft", "to: drafft", "to: drafft"),
    Planted("unknown_state", "from: [with_chair]", "from: [with_chare]", "from: [with_chare]"),
    Planted("unknown_state", "initial: draft", "initial: start", "initial: start"),
    Planted("unknown_field", "{title: reason,", "{title: raeson,", "raeson"),
    Planted("unknown_field", "asks: [paid_on]", "asks: [paid_at]", "asks: [paid_at]"),
    Planted("unknown_field", "  visitor: visitor\n", "  visitor: visiter\n", "  visitor: visiter"),
    Planted("unknown_field", "year_of: visited_on", "year_of: visited", "year_of: visited"),
    Planted("unknown_field", "fields: [visitor]}", "fields: [visiter]}", "fields: [visiter]}"),
    Planted("unknown_field", *with_when("{amuont_fen: {above: 5}}"), "need: 1"),
    Planted("unknown_office", "open: {offices: [treasurer]}", "open: {offices: [tresurer]}", "tresurer"),
    Planted("unknown_office", "{offices: [cashier]}", "{offices: [casheer]}", "casheer"),
    Planted("unknown_office", "[treasurer, auditor, chair]", "[treasurer, auditor, chare]", "chare"),
    Planted("unknown_side", "bars: [submitter, visitor]", "bars: [submitter, visiter]", "visiter"),
    Planted("unknown_fact", "desk.complete", "desk.compleet", "desk.compleet"),
    Planted("unknown_effect", "    effects: [desk.count]", "    effects: [desk.count, desk.cuont]", "desk.cuont"),
    Planted("unknown_effect", "filled_by: desk.count", "filled_by: desk.cuont", "desk.cuont"),
    Planted("unknown_parameter", "{days: 30}", "{days: 30, dayz: 1}", "dayz"),
    Planted("missing_parameter", "{desk.at_most_days: {days: 30}}", "desk.at_most_days", "desk.at_most_days"),
    Planted("wrong_parameter", "{days: 30}", "{days: true}", "days: true"),
    Planted("unknown_setting", *with_when("{amount_fen: {above: {setting: limit}}}"), "need: 1"),
    Planted(
        "named_twice", "bars: [submitter, visitor]", "bars: [submitter, submitter]", "bars: [submitter, submitter]"
    ),
    Planted("named_twice", "from: [submitted, with_chair]", "from: [submitted, submitted]", "[submitted, submitted]"),
    Planted("named_twice", "asks: [paid_on]", "asks: [paid_on, paid_on]", "[paid_on, paid_on]"),
    # Fields.
    Planted("money_name", "sides:\n", field("price", "type: money") + "sides:\n", "  price:"),
    Planted("not_money_name", "sides:\n", field("count_fen", "type: integer") + "sides:\n", "  count_fen:"),
    Planted("misplaced", "{type: files,", "{type: files, at_least: 1,", "at_least: 1, title: {zh: 签领表"),
    Planted("misplaced", "{type: person,", "{type: person, kind: income,", "kind: income"),
    Planted("incomplete_field", "sides:\n", field("sort", "type: choice") + "sides:\n", "  sort:"),
    Planted("bad_column", "      what: {type: text,", "      what: {type: lines,", "type: lines, "),
    Planted("bad_bounds", "at_least: 1, at_most: 50", "at_least: 51, at_most: 50", "at_least: 51"),
    Planted("bad_default", "default: false", "default: 0", "default: 0"),
    Planted("bad_default", "at_most: 50}", "at_most: 50, default: 51}", "default: 51"),
    Planted("bad_default", "    choices:\n", "    default: travel\n    choices:\n", "default: travel"),
    Planted("bad_total", "sum_of: lines.amount_fen", "sum_of: lines.what", "sum_of: lines.what"),
    Planted("personal_published", "publish: masked", "publish: full", "{type: text, title: {zh: 住址"),
    Planted("never_asked", "    asks: [paid_on]\n", "", "asked: true"),
    Planted("not_asked", "asks: [paid_on]", "asks: [paid_on, papers]", "asks: [paid_on, papers]"),
    Planted("never_filled", "filled_by: desk.count", "filled_by: desk.post", "filled_by: desk.post"),
    Planted("wrong_type", "amount: amount_fen", "amount: reason", "amount: reason"),
    Planted("wrong_type", "year_of: visited_on", "year_of: kind", "year_of: kind"),
    Planted("wrong_type", "  visitor: visitor\n", "  visitor: kind\n", "  visitor: kind"),
    Planted("wrong_type", "fields: [visitor]", "fields: [kind]", "fields: [kind]"),
    Planted(
        "year_optional",
        "{zh: 慰问日期, en: Visited on}, required: true",
        "{zh: 慰问日期, en: Visited on}",
        "  visited_on:",
    ),
    # Who may.
    Planted("closed_action", "    by: {offices: [cashier]}\n", "", "  pay:"),
    Planted("closed_workflow", "open: {offices: [treasurer]}\n", "", "workflow: condolence"),
    Planted("open_to_whom", "open: {offices: [treasurer]}", "open: {offices: [treasurer], submitter: true}", "open: "),
    # The shape of the graph.
    Planted("initial_not_draft", "initial: draft", "initial: submitted", "initial: submitted"),
    Planted("unreachable_state", "states:\n", "states:\n" + state("lost", "draft"), "  lost:"),
    Planted(
        "no_way_out",
        "actions:\n",
        "actions:\n" + action("sink", "audited>with_chair").replace("to: with_chair", "to: pit"),
        "  pit:",
    ),
    Planted("no_end", PUBLISH, PUBLISH, "states:"),
    Planted("dead_action", "actions:\n", "actions:\n" + action("never", "lost>draft"), "  never:"),
    Planted("no_sources", "from: [with_chair]", "from: []", "from: []"),
    Planted("no_targets", "    to: rejected\n", "    to: []\n", "to: []"),
    # Conditions.
    Planted("condition_optional", *with_when("{size: {above: 5}}"), "need: 1"),
    Planted("condition_personal", *with_when("{home: {is: x}}"), "need: 1"),
    Planted("condition_late", *with_when("{seen: {above: 5}}"), "need: 1"),
    Planted("condition_late", *with_when("{paid_on: {is: x}}"), "need: 1"),
    Planted("condition_kind", *with_when("{reason: {is: x}}"), "need: 1"),
    Planted("condition_kind", *with_when("{visited_on: {is: x}}"), "need: 1"),
    Planted("condition_types", *with_when("{amount_fen: {above: five}}"), "need: 1"),
    Planted("condition_types", *with_when("{amount_fen: {above: {setting: quota}}}"), "need: 1"),
    Planted("condition_types", *with_when("{kind: {above: illness}}"), "need: 1"),
    Planted("condition_types", *with_when("{urgent: {is: 1}}"), "need: 1"),
    Planted("condition_types", *with_when("{heads: {is: true}}"), "need: 1"),
    Planted("not_one_of", *with_when("{kind: {is: ilness}}"), "need: 1"),
    Planted(
        "condition_too_wide",
        *with_when(
            "{heads: {one_of: ["
            + ", ".join(str(n) for n in range(200))
            + "]}, amount_fen: {one_of: ["
            + ", ".join(str(3 * n) for n in range(200))
            + "]}}"
        ),
        "approvals:",
    ),
    Planted("branch_gap", BRANCHES, BRANCHES.splitlines()[0] + "\n", "    to:"),
    Planted("branch_overlap", "{is: false}", "{is: true}", "state: audited, when"),
    Planted("dead_branch", FIRST, FIRST + "\n      - {need: 3, when: {amount_fen: {below: 0}}}", "need: 3"),
    Planted("approvals_gap", "{above: 500000}", "{above: 500001}", "approvals:"),
    Planted("approvals_overlap", "{above: 500000}", "{at_least: 500000}", "at_least: 500000"),
    Planted("approvals_overlap", FIRST, "      - {need: 1}", "need: 2"),
    # Approvals.
    Planted("quorum_size", "{need: 1, when", "{need: 0, when", "need: 0"),
    Planted("quorum_size", "{need: 1, when", "{need: -1, when", "need: -1"),
    Planted("quorum_size", "{need: 1, when", "{need: 101, when", "need: 101"),
    Planted("quorum_without_offices", "{need: 1, when", "{need: all, when", "need: all"),
    Planted("quorum_of_nobody", FIRST, FIRST, "approvals:"),
    Planted("quorum_stays", "{state: with_chair, when", "{state: submitted, when", "approvals:"),
    Planted("votes_return", "actions:\n", "actions:\n" + action("recall", "with_chair>submitted"), "approvals:"),
    # Safety of money and of approvals.
    Planted("backwards_same_round", "    new_round: true\n", "", "  return:"),
    Planted("publish_skips_review", PUBLISH, PUBLISH.replace("[audited]", "[audited, draft]"), "[audited, draft]"),
    Planted("submitter_approves", "bars: [submitter, visitor]", "bars: [visitor]", "bars: [visitor]"),
    Planted("opener_approves", "actions:\n", "actions:\n" + action("wave_through", "draft>audited"), "  wave_through:"),
    Planted(
        "system_approves",
        "actions:\n",
        "actions:\n" + action("tick", "submitted>audited", "    by: {system: true}\n"),
        "by: {system: true}",
    ),
]

MORE = {
    "no_way_out": lambda text: text.replace("states:\n", "states:\n" + state("pit", "audited")),
    "no_end": lambda text: text.replace("phase: published", "phase: audited").replace("phase: ended", "phase: audited"),
    "dead_action": lambda text: text.replace("states:\n", "states:\n" + state("lost", "draft")),
    "condition_optional": lambda text: text.replace("sides:\n", field("size", "type: integer") + "sides:\n"),
    "quorum_without_offices": lambda text: text.replace(
        "by: {offices: [auditor]}\n    bars", "by: {offices: [auditor], opener: true}\n    bars"
    ),
    "quorum_of_nobody": lambda text: text.replace(
        "by: {offices: [auditor]}\n    bars", "by: {offices: [auditor], system: true}\n    bars"
    ),
}
"""What else has to change for the fault to be there."""

OVERDUE = "title: {zh: 待经审, en: Awaiting audit}"
SHAPES = [
    ("duplicate_key", "number: WW", "number: WW\nnumber: WX", "number: WX"),
    (
        "duplicate_key",
        "      illness:",
        "      wedding: {zh: 一, en: a}\n      illness:",
        "      wedding: {zh: 结婚, en: Wedding}",
    ),
    ("alias", "number: WW", "number: &n WW", "number: &n WW"),
    ("alias", "initial: draft", "initial: *n", "initial: *n"),
    ("alias", "number: WW", "&n number: WW", "&n number: WW"),
    ("tag", "number: WW", "number: !!python/name:os.system WW", "!!python/name:os.system"),
    ("tag", "open: {", "open: !!map {", "!!map"),
    ("bad_yaml", "initial: draft", "initial: [draft", "number: WW"),
    ("bad_yaml", "initial: draft", "initial: 'draft", "initial: 'draft"),
    ("many_documents", "    batch: true\n", "    batch: true\n---\nmore: true\n", "---"),
    ("bad_key", "number: WW", "[number]: WW", "[number]: WW"),
    ("not_whole", "at_least: 1,", "at_least: 1.5,", "1.5"),
    ("not_whole", "at_least: 1,", "at_least: 010,", "010"),
    ("not_whole", "at_least: 1,", "at_least: 0x1F,", "0x1F"),
    ("not_whole", "at_least: 1,", "at_least: 1_000,", "1_000"),
    ("not_whole", "at_least: 1,", "at_least: 12:30,", "12:30"),
    ("not_whole", "{need: 1,", "{need: 1e9,", "1e9"),
    ("bad_date", "initial: draft", "initial: 2026-02-30", "2026-02-30"),
    ("hidden_character", "{zh: 慰问, en: C", "{zh: 慰\u202e问, en: C", "\u202e"),
    ("hidden_character", "number: WW", "num\u200bber: WW", "\u200b"),
    ("unknown_key", "    new_round: true", "    new_rounds: true", "new_rounds"),
    ("unknown_key", "number: WW", "number: WW\nnumbers: WX", "numbers"),
    ("unknown_key", "{zh: 慰问, en: C", "{zh: 慰问, fr: a, en: C", "fr: a"),
    ("unknown_key", "{need: 1,", "{need: 1, off: 3,", "off: 3"),
    ("missing", "number: WW\n", "", "workflow: condolence"),
    (
        "missing",
        "  draft:     {phase: draft, title: {zh: 草稿, en: Draft}}",
        "  draft: {phase: draft}",
        "  draft: {phase: draft}",
    ),
    ("missing", "title: {zh: 慰问, en: Condolence}", "title: {zh: 慰问}", "title: {zh: 慰问}"),
    ("missing", "    to: rejected\n", "", "  reject:"),
    ("missing", "initial: draft", "initial:", "initial:"),
    ("not_a_mapping", "title: {zh: 慰问, en: Condolence}", "title: 慰问", "title: 慰问"),
    ("not_a_mapping", "sides:\n  visitor: visitor\n", "sides: [visitor]\n", "sides: [visitor]"),
    ("not_a_list", "asks: [paid_on]", "asks: paid_on", "asks: paid_on"),
    (
        "not_a_list",
        "require: [desk.complete, {desk.at_most_days: {days: 30}}]",
        "require: desk.complete",
        "require: desk.complete",
    ),
    ("not_text", "{zh: 慰问, en: C", "{zh: 2026, en: C", "zh: 2026"),
    ("not_text", "number: WW", "number: true", "number: true"),
    ("not_text", "initial: draft", "initial: 2026-01-01", "2026-01-01"),
    ("bad_text", "{zh: 慰问, en: C", "{zh: ' ', en: C", "zh: ' '"),
    ("bad_text", "initial: draft", "initial: " + "a" * 201, "aaaa"),
    ("not_a_flag", "batch: true", "batch: yes", "batch: yes"),
    ("not_a_flag", "batch: true", "batch: 1", "batch: 1"),
    ("not_a_number", "at_least: 1,", "at_least: one,", "at_least: one"),
    ("not_a_number", "at_least: 1,", "at_least: true,", "at_least: true"),
    ("not_a_number", "at_least: 1,", "at_least: 99999999999999,", "99999999999999"),
    ("not_one_of", "{phase: published,", "{phase: publish,", "{phase: publish,"),
    ("not_one_of", "{type: person,", "{type: persons,", "persons"),
    ("not_one_of", "publish: masked", "publish: some", "publish: some"),
    ("not_one_of", "tone: caution", "tone: loud", "tone: loud"),
    ("not_one_of", "{at_most: 500000}", "{atmost: 500000}", "atmost"),
    ("bad_target", "    to: rejected\n", "    to: {state: rejected}\n", "to: {state"),
    ("bad_target", "    to: rejected\n", "    to: 5\n", "to: 5"),
    ("bad_need", "{need: 1,", "{need: 101%,", "101%"),
    ("bad_need", "{need: 1,", "{need: true,", "need: true"),
    ("bad_need", "{need: 1,", '{need: "1e9",', '"1e9"'),
    ("bad_condition", "{amount_fen: {at_most: 500000}}", "amount_fen", "when: amount_fen"),
    ("bad_condition", "{amount_fen: {at_most: 500000}}", "{}", "when: {}"),
    ("bad_condition", "{amount_fen: {at_most: 500000}}", "{amount_fen: 500000}", "amount_fen: 500000"),
    ("bad_condition", "{amount_fen: {at_most: 500000}}", "{all: []}", "all: []"),
    ("bad_condition", "{amount_fen: {at_most: 500000}}", "{any: {amount_fen: {is: 1}}}", "any: {"),
    ("bad_condition", "{amount_fen: {at_most: 500000}}", "{not: [1]}", "not: [1]"),
    ("bad_constant", "{at_most: 500000}", "{at_most: [1]}", "at_most: [1]"),
    ("bad_constant", "{at_most: 500000}", "{at_most: {setting: 5}}", "setting: 5"),
    ("bad_constant", "{at_most: 500000}", "{one_of: 5}", "one_of: 5"),
    ("bad_constant", "    choices:\n", "    default: [illness]\n    choices:\n", "default: [illness]"),
    ("bad_use", "{days: 30}", "30", "desk.at_most_days: 30"),
    ("bad_use", "{days: 30}", "{days: [30]}", "days: [30]"),
    ("bad_sum", "sum_of: lines.amount_fen", "sum_of: amount_fen", "sum_of: amount_fen"),
    ("bad_sum", "sum_of: lines.amount_fen", "sum_of: [lines, amount_fen]", "sum_of: [lines"),
    ("deadline_then", OVERDUE, OVERDUE + ", deadline: {working_days: 3, then: {}}", "then: {}"),
    (
        "deadline_then",
        OVERDUE,
        OVERDUE + ", deadline: {working_days: 3, then: {escalate_to: [chair], close_by: reject}}",
        "close_by: reject",
    ),
    ("missing", OVERDUE, OVERDUE + ", deadline: {remind_before: 1}", "remind_before: 1"),
]

NO_DEFINITIONS = [
    ("", "empty"),
    ("# only words\n", "empty"),
    ("null\n", "empty"),
    ("title: {zh: 一, en: a}\n", "not_a_workflow"),
    ("- workflow: condolence\n", "not_a_mapping"),
    ("a: " + "[" * 1000, "too_deep"),
    ("a: " + "{b: " * 1000, "too_deep"),
    ("a: [" + "x," * 20_001 + "]", "too_many_nodes"),
    ("a: " + "x" * 200_001, "too_big"),
    ("a: \x00", "bad_yaml"),
    ("a: &x [x]\nb: &y [*x, *x, *x]\nc: [*y, *y, *y]\n", "alias"),
    ("<<: {workflow: x}\n", "not_a_workflow"),
    ("a: %", "bad_yaml"),
    ("\t- a", "bad_yaml"),
]


class Broken(NamedTuple):
    """A fault that takes several changes of the sound workflow; ``at`` is what stands in the line to be named."""

    code: str
    at: str
    changes: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The broken definition."""
        text = SOUND
        for old, new in self.changes:
            assert text.count(old) == 1, f"{text.count(old)} times: {old}"
            text = text.replace(old, new)
        return text


def more_actions(*actions: str) -> tuple[str, str]:
    return "actions:\n", "actions:\n" + "".join(actions)


def more_states(*states: str) -> tuple[str, str]:
    return "states:\n", "states:\n" + "".join(states)


def sorted_after_approval(first: str, second: str) -> tuple[tuple[str, str], ...]:
    """Approval above 5000 yuan leads to a state of its own, where the case is sorted once more by these conditions."""
    return (
        more_states(state("large", "audited")),
        (
            BRANCHES,
            (
                "      - {state: large, when: {amount_fen: {above: 500000}}}\n"
                "      - {state: audited, when: {amount_fen: {at_most: 500000}}}\n"
            ),
        ),
        more_actions(
            action(
                "sort",
                "large>",
                "    bars: [submitter]\n    by: {offices: [chair]}\n",
            ).replace(
                "    to: \n",
                f"    to:\n      - {{state: audited, when: {first}}} # one\n"
                f"      - {{state: with_chair, when: {second}}} # two\n",
            )
        ),
    )


def diamonds(count: int) -> tuple[tuple[str, str], ...]:
    """So many times in a row two ways to the same place."""
    states = [state(f"d{n}", "draft") for n in range(count + 1)]
    actions = [action(f"{way}{n}", f"d{n}>d{n + 1}") for n in range(count) for way in ("left", "right")]
    return (
        more_states(*states),
        more_actions(action("enter", "draft>d0"), *actions, action("leave", f"d{count}>submitted")),
    )


def nested(depth: int) -> str:
    return "{not: " * depth + "{urgent: {is: true}}" + "}" * depth


CASHIER = "{offices: [cashier]}\n    bars: [submitter, approver]"
AUDITORS = "    by: {offices: [auditor]}\n    bars: [submitter, visitor]\n"
CHAIR_BARS = "    bars: [submitter, approver]\n  return:"

AGAINST = """\
  against:
    title: {zh: 反对, en: Against}
    from: [submitted]
    to: rejected
    by: {offices: [auditor]}
    bars: [submitter]
    opposes: approve
    tone: danger
"""
"""A sound vote against, to spoil."""

PARTIES = """\
      - {party: first, of: [auditor], need: 1}
      - {party: second, of: [clerk], need: 1, after: first}
"""
"""A sound joint decision, to spoil."""


def against(old: str, new: str) -> tuple[str, str]:
    """The vote against, spoilt."""
    assert AGAINST.count(old) == 1
    return "  pay:\n", AGAINST.replace(old, new) + "  pay:\n"


def joint(old: str, new: str) -> tuple[str, str]:
    """The joint decision of auditors and clerk, spoilt."""
    assert PARTIES.count(old) == 1
    return APPROVALS, PARTIES.replace(old, new)


WITH_CLERK = (
    "    by: {offices: [auditor]}\n    bars: [submitter, visitor]",
    "    by: {offices: [auditor, clerk]}\n    bars: [submitter, visitor]",
)
RETURN = "    to: draft\n    by: {offices: [auditor, chair], fields: [visitor]}"
ROUND = "    comment: required\n    new_round: true\n"
CHAIR = "    by: {offices: [chair]}\n    bars: [submitter, approver]\n"

VERBS = [
    Broken("opposes_nothing", "opposes: nothing", (against("opposes: approve", "opposes: nothing"),)),
    Broken("opposes_nothing", "opposes: submit", (against("opposes: approve", "opposes: submit"),)),
    Broken(
        "opposes_itself",
        "opposes: approve",
        (against("opposes: approve", "opposes: approve\n    approvals: [{need: 1}]"),),
    ),
    Broken("not_of_the_step", "veto: [clerk]", (against("opposes: approve", "opposes: approve\n    veto: [clerk]"),)),
    Broken("veto_without_vote", "veto: [auditor]", (against("opposes: approve", "veto: [auditor]"),)),
    Broken("mixed_parties", "approvals:", (WITH_CLERK, joint("party: second, of: [clerk], ", ""))),
    Broken("party_twice", "party: first, of: [clerk]", (WITH_CLERK, joint("second", "first"))),
    Broken("unknown_party", "after: third", (WITH_CLERK, joint("after: first", "after: third"))),
    Broken(
        "party_circle",
        "approvals:",
        (WITH_CLERK, joint("need: 1}\n      - {party: second", "need: 1, after: second}\n      - {party: second")),
    ),
    Broken(
        "office_without_party",
        "offices: [auditor, clerk, chair]",
        ((WITH_CLERK[0], WITH_CLERK[1].replace("clerk]", "clerk, chair]")), joint("second", "other")),
    ),
    Broken("share_size", "need: 3/2", ((APPROVALS, "      - {need: 3/2}\n"),)),
    Broken("weight_size", "weights: {auditor: 0}", ((APPROVALS, "      - {need: 1, weights: {auditor: 0}}\n"),)),
    Broken("not_of_the_step", "weights: {clerk: 2}", ((APPROVALS, "      - {need: 1, weights: {clerk: 2}}\n"),)),
    Broken("draw_size", "draw: 1", ((APPROVALS, "      - {need: 2, draw: 1}\n"),)),
    Broken("unknown_arrangement", "arrange: [hand_it_over]", ((CHAIR, CHAIR + "    arrange: [hand_it_over]\n"),)),
    Broken(
        "arrange_by_rule",
        "arrange: [hand_over]",
        ((CHAIR, CHAIR.replace("[chair]}", "[chair], system: true}") + "    arrange: [hand_over]\n"),),
    ),
    Broken("take_back_round", "take_back: true", ((ROUND, ROUND + "    take_back: true\n"),)),
    Broken("take_back_public", "take_back: true", (("    batch: true\n", "    take_back: true\n"),)),
    Broken(
        "take_back_effect",
        "take_back: true",
        (("    effects: [desk.count]\n", "    effects: [desk.count]\n    take_back: true\n"),),
    ),
    Broken(
        "returns_nowhere",
        "to: earlier",
        (("    from: [submitted, with_chair]\n", "    from: [draft]\n"), (RETURN, RETURN.replace("draft", "earlier"))),
    ),
    Broken(
        "returns_same_round",
        "to: earlier",
        ((RETURN, RETURN.replace("draft", "earlier")), ("    new_round: true\n", "")),
    ),
    Broken("resume_without_return", "resume: true", ((ROUND, ROUND + "    resume: true\n"),)),
    Broken(
        "resume_money",
        "resume: true",
        ((RETURN, RETURN.replace("draft", "earlier")), (ROUND, ROUND + "    resume: true\n")),
    ),
    Broken("amends_asks", "amends: true", (("    asks: [paid_on]\n", "    asks: [paid_on]\n    amends: true\n"),)),
    Broken(
        "amends_branches",
        "to: # two",
        (
            (BRANCHES, BRANCHES),
            ("    to:\n      - {state: with_chair", "    to: # two\n      - {state: with_chair"),
            (APPROVALS, APPROVALS + "    amends: true\n"),
        ),
    ),
    Broken("unknown_office", "paper: [boss]", ((CHAIR, CHAIR + "    paper: [boss]\n"),)),
    Broken("unknown_office", "copy_to: [boss]", ((CHAIR, CHAIR + "    copy_to: [boss]\n"),)),
    Broken("unknown_office", "or_else: [boss]", ((CHAIR, CHAIR.replace("[chair]}", "[chair], or_else: [boss]}")),)),
    Broken("reserved_name", "take_back:", (("  pay:\n", "  take_back:\n"),)),
]
"""Faults of everything beyond one signature."""

PROVED = [
    # Every case can finish.
    Broken(
        "nobody_left", "bars: [submitter] # himself", ((CASHIER, "{submitter: true}\n    bars: [submitter] # himself"),)
    ),
    Broken(
        "nobody_left",
        "bars: [visitor] # himself",
        (
            more_actions(
                action("thank", "audited>audited", "    by: {fields: [visitor]}\n    bars: [visitor] # himself\n")
            ),
        ),
    ),
    Broken(
        "nobody_left",
        "bars: [opener, submitter] # both",
        (
            more_actions(
                action(
                    "thank",
                    "audited>audited",
                    "    by: {opener: true, submitter: true}\n    bars: [opener, submitter] # both\n",
                )
            ),
        ),
    ),
    Broken(
        "quorum_out_of_reach",
        "need: 3",
        (
            (AUDITORS, "    by: {fields: [visitor], opener: true}\n    bars: [submitter]\n"),
            (APPROVALS, "      - {need: 3}\n"),
        ),
    ),
    Broken(
        "stuck",
        "  submitted: {phase: submitted,",
        (
            (AUDITORS, "    by: {fields: [visitor], opener: true}\n    bars: [submitter]\n"),
            (APPROVALS, "      - {need: 3}\n"),
            ("    from: [submitted]\n    to: rejected\n", "    from: [audited]\n    to: rejected\n"),
        ),
    ),
    Broken(
        "line_never_used",
        "# one",
        sorted_after_approval("{amount_fen: {at_most: 500000}}", "{amount_fen: {above: 500000}}"),
    ),
    Broken(
        "line_never_used",
        "# two",
        sorted_after_approval("{amount_fen: {at_least: 500000}}", "{amount_fen: {below: 500000}}"),
    ),
    Broken(
        "line_never_used",
        "# one",
        (
            *sorted_after_approval("{amount_fen: {at_most: 100}}", "{amount_fen: {above: 100}}"),
            ("to: draft", "to: draft\n    bars: [submitter]"),
        ),
    ),
    Broken(
        "line_never_used",
        "# never two",
        (
            *sorted_after_approval("{urgent: {is: true}}", "{urgent: {is: false}}"),
            (
                "    bars: [submitter]\n    by: {offices: [chair]}\n",
                (
                    "    bars: [submitter]\n    by: {offices: [chair]}\n    approvals:\n"
                    "      - {need: 1, when: {amount_fen: {at_least: 300000}}}\n"
                    "      - {need: 2, when: {amount_fen: {below: 300000}}} # never two\n"
                ),
            ),
        ),
    ),
    Broken(
        "stuck",
        "  waiting_room:",
        (
            more_states(state("waiting_room", "audited")),
            more_actions(
                action("wait", "waiting_room>").replace(
                    "    to: \n",
                    "    to:\n      - {state: waiting_room, when: {urgent: {is: false}}}\n"
                    "      - {state: audited, when: {urgent: {is: true}}}\n",
                ),
                action("put_off", "submitted>waiting_room", "    bars: [submitter]\n    by: {offices: [chair]}\n"),
            ),
            (APPROVALS, "      - {need: 1}\n"),
        ),
    ),
    # Approvals before money.
    Broken("payment_unapproved", "  submit:", (("    effects: [desk.count]", "    effects: [desk.count, desk.post]"),)),
    Broken(
        "payment_unapproved",
        "  advance:",
        (more_actions(action("advance", "submitted>submitted", "    effects: [desk.post]\n")),),
    ),
    Broken(
        "payment_unapproved",
        "  advance:",
        (more_actions(action("advance", "draft>submitted", "    bars: [opener]\n    effects: [desk.post]\n")),),
    ),
    Broken(
        "payment_unapproved",
        "  chair_approve:",
        (
            (
                "    to: audited\n    by: {offices: [chair]}",
                "    to: audited\n    effects: [desk.post]\n    by: {offices: [chair]}",
            ),
            more_actions(action("escalate", "submitted>with_chair", "    bars: [submitter]\n")),
        ),
    ),
    Broken(
        "publication_unapproved",
        "  wave_on:",
        (
            more_actions(
                action("wave_on", "submitted>published", "    bars: [submitter]\n    by: {offices: [chair]}\n")
            ),
        ),
    ),
    Broken(
        "publication_unapproved",
        "  publish:",
        (more_actions(action("wave_on", "submitted>audited", "    bars: [submitter]\n    by: {offices: [chair]}\n")),),
    ),
    Broken(
        "publication_unapproved",
        "  publish:",
        (
            ("    bars: [submitter, approver]\n  return:", "    bars: [submitter]\n  return:"),
            more_actions(
                action("escalate", "submitted>with_chair", "    bars: [submitter]\n    by: {offices: [auditor]}\n")
            ),
        ),
    ),
    Broken(
        "publication_unapproved",
        "  publish:",
        (more_actions(action("reopen", "published>audited", "    new_round: true\n    by: {offices: [chair]}\n")),),
    ),
    # More ways than anyone could follow.
    Broken("too_tangled", "actions:", diamonds(10)),
    Broken(
        "too_tangled",
        "actions:",
        (
            more_actions(
                *(
                    action(
                        f"count{n}",
                        "submitted>rejected",
                        f"    by: {{offices: [auditor]}}\n    approvals:\n      - {{need: {90 + n}}}\n",
                    )
                    for n in range(3)
                )
            ),
        ),
    ),
    # Whoever means harm.
    Broken("condition_types", "system('id')", (("{at_most: 500000}", "{at_most: \"__import__('os').system('id')\"}"),)),
    Broken(
        "unknown_field", "__class__.__init__", (("{amount_fen: {at_most: 500000}}", "{__class__.__init__: {is: 1}}"),)
    ),
    Broken("unknown_field", "{os.system", (("{amount_fen: {at_most: 500000}}", "{os.system: {is: id}}"),)),
    Broken(
        "unknown_setting",
        "__globals__",
        (("{setting.chair_approves: {is: true}}", "{setting.__globals__: {is: true}}"),),
    ),
    Broken("unknown_fact", "os.path.isabs", (("[desk.complete,", "[os.path.isabs,"),)),
    Broken(
        "unknown_effect", "builtins.exec", (("    effects: [desk.count]", "    effects: [desk.count, builtins.exec]"),)
    ),
    Broken(
        "unknown_effect",
        "os.mkdir",
        (("    effects: [desk.count]", "    effects: [desk.count, {os.mkdir: {path: /tmp/x}}]"),),
    ),
    Broken("unknown_state", "{{ 7 * 7 }}", (("to: rejected", "to: '{{ 7 * 7 }}'"),)),
    Broken("unknown_side", "__dict__", (("bars: [submitter, visitor]", "bars: [submitter, __dict__]"),)),
    Broken("unknown_office", "maintainer'--", (("{offices: [cashier]}", '{offices: ["maintainer\'--"]}'),)),
    Broken("bad_name", "  to_published__:", (more_states(state("to_published__", "audited")),)),
    Broken("too_many", "states:", (more_states(*(state(f"s{n}", "draft") for n in range(1500))),)),
    Broken("too_many", "actions:", (more_actions(*(action(f"a{n}", "audited>audited") for n in range(1000))),)),
    Broken(
        "condition_too_wide",
        "approvals:",
        (
            (
                APPROVALS,
                "      - {need: 1, when: {all: ["
                + ", ".join(
                    f"{{{name}: {{one_of: [{', '.join(str(7 * n) for n in range(60))}]}}}}"
                    for name in ("amount_fen", "heads", "setting.quota")
                )
                + "]}}\n      - {need: 2, when: {amount_fen: {below: 0}}}\n",
            ),
        ),
    ),
    *VERBS,
]
"""Faults that only following every case shows, and definitions by whoever means harm."""

HOSTILE = [
    ("condition_depth", "too_deep", (("{amount_fen: {at_most: 500000}}", nested(30)),)),
    ("condition_call", "bad_condition", (("{amount_fen: {at_most: 500000}}", "{not: [lambda]}"),)),
    ("object_tag", "tag", (("number: WW", "number: !!python/object/apply:os.system [id]"),)),
    ("ten_thousand_nodes", "too_many_nodes", (("asks: [paid_on]", "asks: [" + "x, " * 20_001 + "x]"),)),
    ("merge_key", "alias", (("number: WW", "number: WW\nbase: &b {x: 1}\n<<: *b"),)),
    ("same_action_twice", "duplicate_key", (more_actions(action("publish", "audited>published")),)),
    ("same_state_twice", "duplicate_key", (more_states(state("audited", "audited")),)),
    (
        "same_key_in_a_condition",
        "duplicate_key",
        (("{amount_fen: {at_most: 500000}}", "{amount_fen: {at_most: 1, at_most: 500000}}"),),
    ),
]
"""(name, code, changes) of files that are refused before their meaning is looked at."""
