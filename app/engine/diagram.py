"""Draws a workflow: as SVG made here, and as Mermaid text for documents.

States stand in one row from left to right, by phase and then by distance from the start; what ended stands below. An
arrow to the next state is straight; longer ways ahead run on tracks above the row, ways back and out run below it.
Everything is drawn in ``currentColor`` on the page's ``--surface``, so it is readable on light and on dark, and nothing
is styled by CSS text, which a strict content policy would drop. ``svg.workflow {max-width: 100%; height: auto}`` on the
page makes it narrower than it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from app.engine.definition import Definition, Phase, State
from app.engine.replay import Move
from app.wording import Language, Text

_BOX = 46
"""Height of a state."""
_TRACK = 30
_MARGIN = 16
_START = 34
"""Room before the first state, for the dot that marks the start."""
_GAP = 44
_FONT = 14
_SMALL = 12

_SURFACE = "var(--surface, Canvas)"
_ACCENT = "var(--accent, currentColor)"

_PHASES: dict[Phase, Text] = {
    Phase.DRAFT: Text("未提交", "not submitted"),
    Phase.SUBMITTED: Text("已提交", "submitted"),
    Phase.AUDITED: Text("审批通过", "approved"),
    Phase.PUBLISHED: Text("已公布", "published"),
    Phase.ENDED: Text("已结束", "ended"),
}
_LEGEND = Text(
    "粗线：本轮走过　虚线：以前各轮走过，已不算数", "strong: this round; dashed: earlier rounds, no longer counted"
)


@dataclass(frozen=True, slots=True)
class _Arrow:
    """All actions that lead from one state to another."""

    source: str
    target: str
    label: str
    style: str = "plain"
    """plain, walked (in the present round) or voided (only in earlier rounds)."""


@dataclass(slots=True)
class _Box:
    """A state on the sheet; ``x`` is its left edge."""

    state: State
    width: int
    x: int = 0
    y: int = 0

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class _Lane:
    """An arrow that runs on a track (1 is nearest to the row), from one x to another."""

    arrow: _Arrow
    start: int
    end: int
    track: int


def mermaid(definition: Definition, *, language: Language = "zh", current: str | None = None) -> str:
    """The workflow as a Mermaid state diagram."""
    arrows = _arrows(definition, language, ())
    leaving = {arrow.source for arrow in arrows}
    lines = [
        "stateDiagram-v2",
        "    direction LR",
        *(f'    state "{_entities(one.title.in_(language))}" as s_{one.name}' for one in definition.states),
        f"    [*] --> s_{definition.initial}",
        *(f"    s_{arrow.source} --> s_{arrow.target} : {_entities(arrow.label)}" for arrow in arrows),
        *(f"    s_{one.name} --> [*]" for one in definition.states if one.name not in leaving),
    ]
    if current is not None:
        lines += ["    classDef current stroke-width:4px,font-weight:bold", f"    class s_{current} current"]
    return "\n".join(lines) + "\n"


def svg(
    definition: Definition, *, language: Language = "zh", current: str | None = None, moves: Sequence[Move] = ()
) -> str:
    """The workflow as an SVG element.

    ``current`` is the state to mark. With the ``moves`` of a case, the ways of its present round are drawn strong, and
    those that only earlier rounds took, which no longer count, are dashed.
    """
    arrows = _arrows(definition, language, moves)
    row = _row(definition, arrows)
    place = {name: number for number, name in enumerate(row)}
    straight = [one for one in arrows if place.get(one.target, -1) == place.get(one.source, -9) + 1]
    above = [one for one in arrows if one not in straight and place.get(one.target, -1) >= place.get(one.source, 0)]
    below = [one for one in arrows if one not in straight and one not in above]
    boxes = _boxes(definition, language, arrows)
    _spread(row, boxes, straight)
    _spread_ended([name for name in boxes if name not in place], boxes, arrows)
    upper, lower = _lanes(above, boxes), _lanes(below, boxes)
    top = _MARGIN + _FONT + _TRACK * max((lane.track for lane in upper), default=0)
    bottom = top + _BOX + _TRACK * (1 + max((lane.track for lane in lower), default=0))
    for name, box in boxes.items():
        box.y = top if name in place else bottom
    parts = [
        *_start(boxes[definition.initial]),
        *(part for arrow in straight for part in _straight(arrow, boxes)),
        *(part for lane in upper for part in _bent(lane, boxes, ahead=True)),
        *(part for lane in lower for part in _bent(lane, boxes, ahead=False)),
        *(part for box in boxes.values() for part in _drawn(box, language, marked=box.state.name == current)),
    ]
    parts.sort(key=lambda part: part.startswith("<text"))  # words last, so that no line cuts through them
    width = _MARGIN + max(
        *(box.x + box.width for box in boxes.values()),
        *((lane.start + lane.end + _wide(lane.arrow.label, _SMALL)) // 2 for lane in (*upper, *lower)),
        0,
    )
    height = _MARGIN + (bottom + _BOX if len(place) < len(boxes) else bottom)
    if any(arrow.style != "plain" for arrow in arrows):
        height += _TRACK
        parts.append(_words(_MARGIN, height - _MARGIN, _LEGEND.in_(language), _SMALL, anchor="start"))
        width = max(width, 2 * _MARGIN + _wide(_LEGEND.in_(language), _SMALL))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="workflow" role="img" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" fill="currentColor" stroke="none" font-family="inherit" '
        f'aria-label="{escape(definition.title.in_(language))}">'
    )
    told = f"<desc>{escape(_told(definition, arrows, language, current))}</desc>"
    return "\n".join([head, told, *parts, "</svg>"]) + "\n"


def _arrows(definition: Definition, language: Language, moves: Sequence[Move]) -> list[_Arrow]:
    """One arrow per pair of states, with all actions on it, in the file's order."""
    labels: dict[tuple[str, str], list[str]] = {}
    for action in definition.actions:
        for source in action.sources:
            for branch in action.branches:
                titles = labels.setdefault((source, branch.state), [])
                title = action.title.in_(language)
                if title not in titles:
                    titles.append(title)
    present = max((move.round for move in moves), default=0)
    walked = {(move.source, move.target) for move in moves if move.closes and move.round == present}
    voided = {(move.source, move.target) for move in moves if move.closes} - walked
    styles = dict.fromkeys(voided, "voided") | dict.fromkeys(walked, "walked")
    between = "／" if language == "zh" else " / "
    return [_Arrow(*way, between.join(titles), styles.get(way, "plain")) for way, titles in labels.items()]


def _row(definition: Definition, arrows: list[_Arrow]) -> list[str]:
    """The states that have not ended, from left to right."""
    distance = {definition.initial: 0}
    waiting = [definition.initial]
    for name in waiting:
        for arrow in arrows:
            if arrow.source == name and arrow.target not in distance:
                distance[arrow.target] = distance[name] + 1
                waiting.append(arrow.target)
    phases = list(Phase)
    going = [state for state in definition.states if state.phase is not Phase.ENDED]
    going.sort(key=lambda state: (phases.index(state.phase), distance.get(state.name, len(distance))))
    return [state.name for state in going]


def _boxes(definition: Definition, language: Language, arrows: list[_Arrow]) -> dict[str, _Box]:
    boxes = {}
    for state in definition.states:
        ends = sum((arrow.source == state.name) + (arrow.target == state.name) for arrow in arrows)
        text = max(_wide(state.title.in_(language), _FONT), _wide(_PHASES[state.phase].in_(language), _SMALL))
        boxes[state.name] = _Box(state, max(text + 28, 14 * (ends + 1), 72))
    return boxes


def _spread(row: list[str], boxes: dict[str, _Box], straight: list[_Arrow]) -> None:
    labels = {arrow.source: arrow.label for arrow in straight}
    x = _MARGIN + _START
    for name in row:
        boxes[name].x = x
        x += boxes[name].width + max(_GAP, _wide(labels.get(name, ""), _SMALL) + 28)


def _spread_ended(ended: list[str], boxes: dict[str, _Box], arrows: list[_Arrow]) -> None:
    """Each below the middle of where its arrows come from, without touching its neighbour."""
    for name in ended:
        from_x = [boxes[arrow.source].middle for arrow in arrows if arrow.target == name and arrow.source not in ended]
        boxes[name].x = max(_MARGIN, (sum(from_x) // len(from_x) if from_x else 0) - boxes[name].width // 2)
    left = _MARGIN
    for name in sorted(ended, key=lambda one: boxes[one].x):
        boxes[name].x = max(left, boxes[name].x)
        left = boxes[name].x + boxes[name].width + _GAP


def _lanes(arrows: list[_Arrow], boxes: dict[str, _Box]) -> list[_Lane]:
    """The arrows on tracks, short ones nearest to the row, so that no two on a track touch."""
    ports = _ports(arrows, boxes)
    taken: list[list[tuple[int, int]]] = []
    lanes: list[_Lane] = []
    for number, arrow in sorted(enumerate(arrows), key=lambda item: abs(ports[item[0], 0] - ports[item[0], 1])):
        start, end = ports[number, 0], ports[number, 1]
        half = _wide(arrow.label, _SMALL) // 2
        low = min(start, end, (start + end) // 2 - half) - 8
        high = max(start, end, (start + end) // 2 + half) + 8
        track = next((n for n, spans in enumerate(taken) if all(high < a or low > b for a, b in spans)), len(taken))
        if track == len(taken):
            taken.append([])
        taken[track].append((low, high))
        lanes.append(_Lane(arrow, start, end, track + 1))
    return lanes


def _ports(arrows: list[_Arrow], boxes: dict[str, _Box]) -> dict[tuple[int, int], int]:
    """The x of both ends (0 source, 1 target) of each arrow, spread along the edges of the boxes they touch."""
    ends: dict[str, list[tuple[int, int, int]]] = {}
    for number, arrow in enumerate(arrows):
        ends.setdefault(arrow.source, []).append((boxes[arrow.target].middle, number, 0))
        ends.setdefault(arrow.target, []).append((boxes[arrow.source].middle, number, 1))
    ports: dict[tuple[int, int], int] = {}
    for name, touching in ends.items():
        box = boxes[name]
        for place, (_, number, side) in enumerate(sorted(touching), start=1):
            ports[number, side] = box.x + box.width * place // (len(touching) + 1)
    return ports


def _start(box: _Box) -> Iterator[str]:
    y = box.y + _BOX // 2
    x = box.x - _START
    yield f'<circle cx="{x + 5}" cy="{y}" r="5"/>'
    yield from _line(_Arrow("", "", ""), [(x + 5, y), (box.x, y)])


def _straight(arrow: _Arrow, boxes: dict[str, _Box]) -> Iterator[str]:
    source, target = boxes[arrow.source], boxes[arrow.target]
    y = source.y + _BOX // 2
    yield from _line(arrow, [(source.x + source.width, y), (target.x, y)])
    yield _words((source.x + source.width + target.x) // 2, y - 6, arrow.label, _SMALL)


def _bent(lane: _Lane, boxes: dict[str, _Box], *, ahead: bool) -> Iterator[str]:
    source, target = boxes[lane.arrow.source], boxes[lane.arrow.target]
    leaves = source.y if ahead else source.y + _BOX
    arrives = target.y if ahead or target.y > source.y else target.y + _BOX
    if source.y > target.y:
        leaves = source.y
    level = min(source.y, target.y) - _TRACK * lane.track
    if not ahead:
        level = min(source.y, target.y) + _BOX + _TRACK * lane.track
    yield from _line(lane.arrow, [(lane.start, leaves), (lane.start, level), (lane.end, level), (lane.end, arrives)])
    yield _words((lane.start + lane.end) // 2, level - 5, lane.arrow.label, _SMALL)


def _line(arrow: _Arrow, points: list[tuple[int, int]]) -> Iterator[str]:
    """A way through these points with its head at the last."""
    width = 2.5 if arrow.style == "walked" else 1.25
    dashes = ' stroke-dasharray="5 4"' if arrow.style == "voided" else ""
    drawn = " ".join(f"{x},{y}" for x, y in points)
    yield (
        f'<polyline class="way {arrow.style}" points="{drawn}" fill="none" stroke="currentColor" '
        f'stroke-width="{width}" stroke-linejoin="round"{dashes}/>'
    )
    (before_x, before_y), (x, y) = points[-2:]
    step_x, step_y = (x > before_x) - (x < before_x), (y > before_y) - (y < before_y)
    corners = [
        (x, y),
        (x - 8 * step_x + 4 * step_y, y - 8 * step_y + 4 * step_x),
        (x - 8 * step_x - 4 * step_y, y - 8 * step_y - 4 * step_x),
    ]
    yield f'<polygon points="{" ".join(f"{a},{b}" for a, b in corners)}"/>'


def _drawn(box: _Box, language: Language, *, marked: bool) -> Iterator[str]:
    stroke, width, weight = (_ACCENT, 3.5, "700") if marked else ("currentColor", 1.25, "400")
    yield (
        f'<rect class="state{" current" if marked else ""}" x="{box.x}" y="{box.y}" width="{box.width}" '
        f'height="{_BOX}" rx="8" fill="{_SURFACE}" stroke="{stroke}" stroke-width="{width}"/>'
    )
    yield _words(box.middle, box.y + 20, box.state.title.in_(language), _FONT, weight=weight)
    yield _words(box.middle, box.y + 37, _PHASES[box.state.phase].in_(language), _SMALL)


def _words(x: int, y: int, text: str, size: int, *, anchor: str = "middle", weight: str = "400") -> str:
    """Text with a rim in the colour of the page, so that lines behind it do not cut through."""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'stroke="{_SURFACE}" stroke-width="4" paint-order="stroke">{escape(text)}</text>'
    )


def _told(definition: Definition, arrows: Iterable[_Arrow], language: Language, current: str | None) -> str:
    """The drawing in words."""
    titles = {state.name: state.title.in_(language) for state in definition.states}
    ways = [f"{titles[arrow.source]} → {titles[arrow.target]}: {arrow.label}" for arrow in arrows]
    if current is not None:
        ways.insert(0, f"{Text('现在', 'now').in_(language)}: {titles[current]}")
    return "; ".join(ways)


def _wide(text: str, size: int) -> int:
    """About how wide a text is."""
    halves = sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1.15 for one in text)
    return round(halves * size / 2)


def _entities(text: str) -> str:
    """Text with everything but letters, digits and spaces as Mermaid's character codes."""
    return "".join(one if one.isalnum() or one == " " else f"#{ord(one)};" for one in text)
