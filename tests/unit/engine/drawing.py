"""Random workflows that the proofs accept, and random people who try things in them."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from app.engine.checks import check
from app.engine.definition import (
    Action,
    AllOf,
    Branch,
    Candidates,
    Compare,
    Condition,
    Definition,
    Field,
    FieldType,
    Not,
    Operand,
    Phase,
    Quorum,
    Setting,
    State,
    Summary,
)
from app.wording import Text
from tests.unit.engine.workbench import TITLES, VOCABULARY

SAME = Text("一处", "somewhere")
OFFICES = ("treasurer", "auditor", "chair", "cashier")
FIELDS = (
    Field("reason", FieldType.TEXT, SAME, required=True),
    Field("heads", FieldType.INTEGER, SAME, required=True, at_least=0, at_most=9),
    Field("urgent", FieldType.BOOL, SAME, required=True),
    Field("visitor", FieldType.PERSON, SAME),
    Field("paid_on", FieldType.DATE, SAME, asked=True),
)
_OPPOSITE = {"above": "at_most", "below": "at_least", "is": "is_not"}


@st.composite
def splits(draw: st.DrawFn) -> tuple[Condition | None, ...]:
    """One condition that always holds, or two or three of which exactly one does."""
    kind = draw(st.integers(0, 4))
    if kind < 2:
        return (None,)
    if kind == 2:
        return (Compare("urgent", "is", right=True), Compare("urgent", "is", right=False))
    left = draw(st.sampled_from(["heads", "setting.quota"])) if kind == 3 else "heads"
    limits: list[Operand] = [2, 5, Setting("quota")] if left == "heads" else [3, 6]
    right = draw(st.sampled_from(limits))
    op = draw(st.sampled_from(sorted(_OPPOSITE)))
    first = Compare(left, op, right)
    other: Condition = Compare(left, _OPPOSITE[op], right) if draw(st.booleans()) else Not(first)
    if draw(st.booleans()):
        return (first, other)
    urgent = [AllOf((other, Compare("urgent", "is", right=one))) for one in (True, False)]
    return (first, *urgent)


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    """Somebody."""
    offices = tuple(draw(st.lists(st.sampled_from(OFFICES), min_size=1, max_size=3, unique=True)))
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return Candidates(offices=offices, opener=True)
    if kind == 1:
        return Candidates(offices=offices, fields=("visitor",))
    return Candidates(anyone=True) if kind == 2 else Candidates(offices=offices)


@st.composite
def quorums(draw: st.DrawFn, by: Candidates) -> tuple[Quorum, ...]:
    """None, or one for each line of a split."""
    if draw(st.booleans()):
        return ()
    only_offices = bool(by.offices) and not (by.opener or by.fields or by.anyone)
    lines = draw(splits())
    return tuple(
        Quorum(
            draw(st.sampled_from([1, 2, 3, None])) if only_offices else draw(st.integers(1, 3)),
            when,
            or_all_members=only_offices and draw(st.booleans()),
        )
        for when in lines
    )


@st.composite
def actions(draw: st.DrawFn, number: int, source: int, last: int) -> Action:
    """A step from a state on: along the chain, back to the start in a new round, or nowhere."""
    kind = draw(st.sampled_from(["on", "on", "back", "stay"])) if number else "on"
    by = draw(candidates())
    bars = tuple(
        draw(st.lists(st.sampled_from(["submitter", "opener", "approver", "visitor"]), max_size=3, unique=True))
    )
    tone = draw(st.sampled_from(["plain", "plain", "caution"]))
    if kind != "on":
        target = "s0" if kind == "back" else f"s{source}"
        return Action(
            f"a{source}_{number}",
            SAME,
            (f"s{source}",),
            (Branch(target),),
            by,
            bars,
            asks=("paid_on",) if kind == "stay" and draw(st.booleans()) else (),
            comment_required=draw(st.booleans()),
            new_round=kind == "back",
            tone=tone,
        )
    lines = draw(splits()) if source + 2 <= last else (None,)
    targets = draw(st.permutations(range(source + 1, last + 1)))
    branches = tuple(Branch(f"s{targets[place % len(targets)]}", when) for place, when in enumerate(lines))
    return Action(
        f"a{source}_{number}", SAME, (f"s{source}",), branches, by, bars, quorums=draw(quorums(by)), tone=tone
    )


@st.composite
def sound_definitions(draw: st.DrawFn) -> Definition:
    """A workflow of three to six states that the proofs have no fault with."""
    last = draw(st.integers(2, 5))
    middle = [
        Phase.DRAFT,
        *draw(st.lists(st.sampled_from(list(Phase)[1:3]), min_size=last - 1, max_size=last - 1).map(sorted_)),
    ]
    states = [State(f"s{place}", phase, SAME) for place, phase in enumerate([*middle, Phase.PUBLISHED])]
    drawn = [draw(actions(number, source, last)) for source in range(last) for number in range(draw(st.integers(1, 3)))]
    drawn += [
        Action(f"walk{place}", SAME, (f"s{place}",), (Branch(f"s{place + 1}"),), Candidates(offices=("chair",)))
        for place in range(last)
        if not any(branch.state == f"s{place + 1}" for one in drawn for branch in one.branches)
    ]
    if not any(one.asks for one in drawn):
        drawn.append(
            Action("note", SAME, ("s0",), (Branch("s0"),), Candidates(anyone=True), asks=("paid_on",), tone="caution")
        )
    definition = Definition(
        name="drawn",
        title=SAME,
        number="SJ",
        year_of=None,
        initial="s0",
        states=tuple(states),
        fields=FIELDS,
        sides=(("visitor", "visitor"),),
        actions=tuple(drawn),
        open=Candidates(anyone=True),
        visible_to=(),
        summary=Summary("reason"),
        office_titles=tuple(TITLES.items()),
        hash="",
        canonical=b"",
    )
    assume(not check(definition, VOCABULARY))
    return definition


def sorted_(phases: list[Phase]) -> list[Phase]:
    """Phases in their order."""
    return sorted(phases, key=list(Phase).index)
