"""The drawing: everything is on it once, nothing of the text can break out, and nothing lies on top of another."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import combinations
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from app.engine.definition import Definition
from app.engine.diagram import mermaid, svg
from app.engine.replay import Move
from app.wording import LANGUAGES, Language, Text
from tests.unit.engine.workbench import shipped, sound

SVG = "{http://www.w3.org/2000/svg}"


def rectangles(drawing: str) -> list[tuple[float, float, float, float]]:
    boxes = fromstring(drawing).iter(f"{SVG}rect")
    return [(_figure(box, "x"), _figure(box, "y"), _figure(box, "width"), _figure(box, "height")) for box in boxes]


def _figure(element: Element, name: str) -> float:
    return float(element.get(name, "nan"))


def words(drawing: str) -> list[str]:
    return [one.text or "" for one in fromstring(drawing).iter(f"{SVG}text")]


def all_definitions() -> list[Definition]:
    return [*shipped().values(), sound()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", range(7))
def test_every_state_and_step_is_drawn_in_the_readers_language(place: int, language: Language) -> None:
    definition = all_definitions()[place]
    drawing = svg(definition, language=language)
    drawn = words(drawing)
    assert len(rectangles(drawing)) == len(definition.states)
    for state in definition.states:
        assert state.title.in_(language) in drawn
    for action in definition.actions:
        assert any(action.title.in_(language) in re.split("／| / ", text) for text in drawn)


@pytest.mark.parametrize("place", range(7))
def test_no_two_states_overlap_and_all_are_on_the_sheet(place: int) -> None:
    drawing = svg(all_definitions()[place])
    width, height = (float(n) for n in fromstring(drawing).get("viewBox", "").split()[2:])
    for x, y, wide, high in rectangles(drawing):
        assert x >= 0
        assert y >= 0
        assert x + wide <= width
        assert y + high <= height
    for one, other in combinations(rectangles(drawing), 2):
        assert (
            one[0] + one[2] < other[0]
            or other[0] + other[2] < one[0]
            or one[1] + one[3] < other[1]
            or other[1] + other[3] < one[1]
        )


@pytest.mark.parametrize("place", range(7))
def test_no_two_ways_share_a_piece_of_track(place: int) -> None:
    pieces: Counter[float] = Counter()
    spans: dict[float, list[tuple[float, float]]] = {}
    for line in fromstring(svg(all_definitions()[place])).iter(f"{SVG}polyline"):
        points = [tuple(float(n) for n in point.split(",")) for point in line.get("points", "").split()]
        if len(points) == 4:
            (_, level), (start, _), (end, _) = points[1], points[1], points[2]
            spans.setdefault(level, []).append((min(start, end), max(start, end)))
            pieces[level] += 1
    for level, on_level in spans.items():
        for one, other in combinations(on_level, 2):
            assert one[1] < other[0] or other[1] < one[0], level


def test_the_present_state_is_marked_and_told() -> None:
    drawing = svg(sound(), current="submitted")
    marked = [box for box in fromstring(drawing).iter(f"{SVG}rect") if "current" in (box.get("class") or "")]
    assert len(marked) == 1
    assert "现在: 待经审" in drawing
    assert "现在" not in svg(sound())


def test_titles_cannot_break_out_of_the_drawing() -> None:
    base = sound()
    nasty = Text('<script>alert(1)</script>"&', "]]> <b>'")
    states = (replace(base.states[0], title=nasty), *base.states[1:])
    actions = (replace(base.actions[0], title=nasty), *base.actions[1:])
    definition = replace(base, title=nasty, states=states, actions=actions)
    for language in LANGUAGES:
        drawing = svg(definition, language=language)
        assert nasty.in_(language) in words(drawing)
        assert {element.tag.removeprefix(SVG) for element in fromstring(drawing).iter()} <= {
            *("svg", "desc", "circle", "polyline", "polygon", "rect", "text"),
        }
        assert "<" not in mermaid(definition, language=language).replace("<<", "")


def test_the_drawing_sets_no_style_that_a_strict_page_would_drop_and_no_fixed_colour() -> None:
    drawing = svg(sound(), current="draft")
    assert "style" not in drawing
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb", drawing)
    assert {one.get("fill") for one in fromstring(drawing).iter(f"{SVG}rect")} == {"var(--surface, Canvas)"}


def moved(action: str, source: str, target: str, round_: int) -> Move:
    return Move(1, action, source, target, closes=True, person="a", votes=(), need=None, routing={}, round=round_)


def test_ways_of_earlier_rounds_are_dashed_and_of_the_present_one_strong() -> None:
    moves = [
        moved("submit", "draft", "submitted", 1),
        moved("return", "submitted", "draft", 1),
        moved("submit", "draft", "submitted", 2),
    ]
    drawing = svg(sound(), moves=moves)
    styles = Counter(line.get("class") for line in fromstring(drawing).iter(f"{SVG}polyline"))
    assert styles["way walked"] == 1
    assert styles["way voided"] == 1
    assert any("以前各轮" in text for text in words(drawing))
    assert not any("以前各轮" in text for text in words(svg(sound())))


def test_mermaid_text_names_every_state_and_way() -> None:
    text = mermaid(sound(), language="en", current="submitted")
    assert text.startswith("stateDiagram-v2\n")
    assert '    state "Awaiting audit" as s_submitted\n' in text
    assert "    [*] --> s_draft\n" in text
    assert "    s_submitted --> s_audited : Approve\n" in text
    assert "    s_published --> [*]\n" in text
    assert "    class s_submitted current\n" in text
    assert "class" not in mermaid(sound())


def test_the_drawing_of_a_hundred_states_is_made() -> None:
    base = sound()
    extra = tuple(replace(base.states[1], name=f"s{number}") for number in range(94))
    chained = tuple(replace(base.actions[0], name=f"go{number}", sources=(f"s{number}",)) for number in range(94))
    drawing = svg(replace(base, states=(*base.states, *extra), actions=(*base.actions, *chained)))
    assert len(rectangles(drawing)) == 100
