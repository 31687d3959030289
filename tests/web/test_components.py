"""What the pages' building blocks promise: nothing inline, both languages, every fault findable, every control postable."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, PackageLoader

from app.engine.definition import Field, FieldType
from app.foundation.rendering import install
from app.wording import Language, Text

STATIC = Path(__file__).resolve().parents[2] / "app" / "static"
NOW = datetime(2026, 6, 30, 1, 0, tzinfo=UTC)
RETURNED = Text("发票抬头不符，请换开。", "The buyer on the invoice is wrong. Have it reissued.")


class Page(HTMLParser):
    """The tags of a rendered piece, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.html = html
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def having(self, name: str) -> list[dict[str, str]]:
        """The attributes of every tag that has this one."""
        return [attributes for _, attributes in self.tags if name in attributes]


def render(source: str, language: Language = "zh", **values: Any) -> Page:
    """The template text, with our components at hand."""
    env = Environment(loader=PackageLoader("app"), autoescape=True)
    install(env, language=lambda: language, csrf_token=lambda: "token-1")
    return Page(env.from_string(source).render(values))


def a_field(name: str, kind: FieldType, **more: Any) -> Field:
    """A field as definitions give it."""
    return Field(name=name, type=kind, title=Text("标题", "Title"), **more)


LINES = a_field(
    "lines",
    FieldType.LINES,
    columns=(
        a_field("summary", FieldType.TEXT, required=True),
        a_field("amount_fen", FieldType.MONEY, required=True),
        a_field("files", FieldType.FILES),
        a_field("invoice", FieldType.INVOICE),
    ),
)
EVERY_FIELD = [
    *(a_field(f"a_{kind.value}", kind) for kind in FieldType if kind not in {FieldType.LINES, FieldType.CHOICE}),
    a_field(
        "kind", FieldType.CHOICE, choices=(("annual", Text("年度", "Annual")), ("interim", Text("临时", "Interim")))
    ),
    LINES,
    a_field("total_fen", FieldType.MONEY, sum_of=("lines", "amount_fen")),
]
OPTIONS = {
    "a_account": [{"value": "50103", "label": "50103", "left_fen": 871400}],
    "a_person": [{"value": "p1", "label": "p1"}],
    "a_case": [{"value": "c1", "label": "c1"}],
}
FILE = {
    "id": "f1",
    "name": "invoice.pdf",
    "size": 1000,
    "href": "/files/f1",
    "pages": [{"src": "/files/f1/pages/1"}],
    "warnings": [RETURNED],
}
FORM = """{% from "components/forms.html" import fields, error_summary, reason_chips %}
{{ error_summary(faults) }}{{ fields(form, given, faults, options=options) }}{{ reason_chips() }}"""
CASE = """{% from "components/case.html" import inbox, batch_bar, confirm_sheet, timeline, checks, action_bar, cannot %}
{% from "components/files.html" import viewer %}{{ inbox(cards, picking=true) }}
{{ batch_bar(1, {'label': approve, 'value': 'approve'}, 'sheet') }}{{ confirm_sheet('sheet', approve, approve, batch=true) }}
{{ timeline(events) }}{{ checks(checked) }}{{ viewer(files) }}{{ cannot(shut) }}{{ action_bar(actions, 7, '/cases/c1', shut=1) }}"""
REST = """{% from "components/ui.html" import tabs, empty, pager, note, meter, amount, kv, status %}
{% from "components/figures.html" import bullets, month_strip, notice %}{% from "components/tables.html" import data_table %}
{{ tabs([{'label': approve, 'href': '/', 'current': true, 'unread': true}], approve) }}
{{ empty(approve, approve, '/', approve) }}{{ pager('/n', '/p', '20') }}{{ note('warn', approve) }}{{ meter(1, 2, approve) }}
{{ amount(-5) }}{{ kv([{'label': approve, 'fen': 0, 'capitals': true}, {'label': approve, 'when': now}]) }}
{{ status('audited', approve) }}{{ bullets(bars) }}{{ month_strip(months) }}{{ data_table(columns, rows, sums={'amount': 5}) }}
{% call notice({'union': approve, 'title': approve, 'day': now, 'qr': 'https://union.example'}) %}x{% endcall %}"""
APPROVE = Text("同意", "Approve")
VALUES: dict[str, Any] = {
    "approve": APPROVE,
    "now": NOW,
    "form": EVERY_FIELD,
    "options": OPTIONS | {"_files": {"f1": FILE}},
    "given": {
        "a_account": "50103",
        "a_files": ["f1"],
        "lines": [{"summary": "x", "amount_fen": 48600, "files": ["f1"]}, {"summary": "y", "amount_fen": "80x"}],
        "total_fen": 48600,
    },
    "faults": {field.name: [RETURNED] for field in EVERY_FIELD} | {"lines.1.amount_fen": [RETURNED]},
    "cards": [
        {"id": "c1", "version": 4, "href": "/c1", "title": "x", "amount_fen": 5, "pickable": True, "age_days": 1},
        {"id": "c2", "version": 4, "href": "/c2", "title": "y", "pickable": False, "why_not": RETURNED, "files": 2},
    ],
    "events": [
        {"kind": "round", "title": APPROVE},
        {"kind": "ok", "title": APPROVE, "at": NOW, "paper": {"dated": date(2026, 6, 1), "recorder": "x"}},
        {"kind": "current", "title": APPROVE, "since_days": 2},
        {"kind": "coming", "title": APPROVE, "expected_on": date(2026, 6, 3), "blocks": [RETURNED]},
    ],
    "checked": [{"level": level, "text": RETURNED, "href": "/"} for level in ("ok", "warn", "block")],
    "files": [FILE],
    "actions": [
        {"name": "approve", "title": APPROVE, "kind": "primary", "allowed": True, "confirm": RETURNED},
        {
            "name": "return",
            "title": APPROVE,
            "kind": "caution",
            "allowed": True,
            "reasons": True,
            "comment": "optional",
        },
        {"name": "pay", "title": APPROVE, "allowed": False, "refusals": [RETURNED]},
    ],
    "shut": [
        {"actions": [{"name": "pay", "title": APPROVE}, {"name": "void", "title": APPROVE}], "reasons": [RETURNED]}
    ],
    "bars": [
        {"title": APPROVE, "budget_fen": 100, "spent_fen": 90, "held_fen": 20, "elapsed_percent": 47},
        {"title": APPROVE, "budget_fen": 0, "spent_fen": 0, "held_fen": 0},
    ],
    "months": [{"month": 6, "current": True, "dots": [{"kind": "bad", "title": APPROVE, "href": "/"}]}],
    "columns": [{"key": "a", "title": APPROVE}, {"key": "amount", "title": APPROVE, "kind": "money", "unit": APPROVE}],
    "rows": [{"cells": {"a": "x", "amount": -5}}, {"cells": {"a": "x", "amount": None}}],
}
PAGES: dict[str, dict[str, Any]] = {
    "base.html": {
        "user": {"name": "x", "href": "/me"},
        "nav": [{"href": f"/{n}", "label": APPROVE, "badge": 1, "icon": "home"} for n in range(6)],
        "flashes": [{"kind": "ok", "text": APPROVE, "undo": {"href": "/undo", "label": APPROVE}}],
    },
    "sign_in.html": {"faults": {"username": [RETURNED]}, "public_href": "/public"},
    "error.html": {
        "problem": {"status": 409, "text": APPROVE, "refusals": [RETURNED]},
        "here": "/c1",
        "reference": "1",
    },
    "setup.html": {"offices": [{"value": "chair", "label": APPROVE}], "faults": {"people.0.name": [RETURNED]}},
}


def everything(language: Language = "zh") -> dict[str, Page]:
    """Every component and every page of this kit, rendered once."""
    pieces = {
        name: render(source, language, **VALUES) for name, source in (("form", FORM), ("case", CASE), ("rest", REST))
    }
    pages = {name: render("{% extends '" + name + "' %}", language, **values) for name, values in PAGES.items()}
    return pieces | pages


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_needs_more_than_a_strict_content_policy(language: Language) -> None:
    for name, page in everything(language).items():
        for tag, attributes in page.tags:
            handlers = [attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")]
            assert not handlers, (name, tag, handlers)
            assert tag != "script" or attributes["src"].startswith("/static/"), name
            assert tag != "style", name


def test_a_reader_of_english_meets_no_chinese() -> None:
    for name, page in everything("en").items():
        allowed = page.html.replace("中文", "").replace("人民币", "")  # vouchers carry Chinese capitals
        if name == "error.html":
            allowed = allowed.replace(APPROVE.zh, "")  # a problem is shown in both languages
        words = re.findall(r"[\u4e00-\u9fff]+", allowed)
        assert not [word for word in words if not re.fullmatch("[零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整负]+", word)], (
            name
        )


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    used = {a["href"].partition("#")[2] for page in everything().values() for tag, a in page.tags if tag == "use"}
    assert used
    assert used <= drawn


def test_every_sentence_of_the_error_summary_leads_to_a_field_that_exists() -> None:
    page = render(FORM, **VALUES)
    links = [a["href"][1:] for a in page.having("href") if a["href"].startswith("#f-")]
    assert len(links) == len(VALUES["faults"])
    assert set(links) <= {a["id"] for a in page.having("id")}


def test_no_two_fields_share_an_id() -> None:
    for name, page in everything().items():
        ids = [a["id"] for a in page.having("id")]
        assert len(ids) == len(set(ids)), name


def test_a_form_posts_every_field_under_its_path_and_never_the_total() -> None:
    names = {a["name"] for a in render(FORM, **VALUES).having("name")}
    assert {field.name for field in EVERY_FIELD} - {"lines", "total_fen"} <= names
    assert {"lines.0.summary", "lines.0.amount_fen", "lines.0.files", "lines.1.invoice", "_add_line"} <= names
    assert "total_fen" not in names


def test_lines_grow_and_shrink_without_javascript() -> None:
    buttons = {(a["name"], a.get("value")) for tag, a in render(FORM, **VALUES).tags if tag == "button" and "name" in a}
    assert {
        ("_add_line", "lines"),
        ("_remove_line", "lines.1"),
        ("_upload", "lines"),
        ("_remove_file", "a_files:f1"),
    } <= buttons


def test_a_treasurer_gets_back_the_amount_she_mistyped() -> None:
    amounts = {a["name"]: a["value"] for a in render(FORM, **VALUES).having("data-money")}
    assert amounts["lines.0.amount_fen"] == "486.00"
    assert amounts["lines.1.amount_fen"] == "80x"


def test_a_claim_with_an_exception_cannot_be_ticked_for_batch_approval() -> None:
    boxes = {a["value"]: "disabled" in a for a in render(CASE, **VALUES).having("value") if a.get("name") == "case"}
    assert boxes == {"c1:4": False, "c2:4": True}


def test_every_decision_posts_a_token_and_the_version_that_was_seen() -> None:
    page = render(CASE, **VALUES)
    posted = [a["action"] for tag, a in page.tags if tag == "form"]
    assert posted == ["/cases/c1/actions/return", "/cases/c1/actions/approve"]
    assert [a["value"] for a in page.having("value") if a.get("name") == "version"] == ["7", "7"]
    assert [a["value"] for a in page.having("value") if a.get("name") == "csrf_token"] == ["token-1", "token-1"]


def test_a_refused_action_is_explained_and_offers_no_button() -> None:
    page = render(CASE, **VALUES)
    assert RETURNED.zh in page.html
    assert "action-pay" not in page.html


def test_what_a_person_typed_is_never_markup() -> None:
    card = {"id": "c1", "version": 1, "href": "/c1", "title": "<script>alert(1)</script>"}
    assert "<script>" not in render(CASE, **VALUES | {"cards": [card]}).html


def test_a_waiting_time_of_one_day_reads_right_in_english() -> None:
    assert "waiting 1 day<" in render(CASE, "en", **VALUES).html
    assert "waiting 2 days<" in render(CASE, "en", **VALUES).html


def test_times_on_the_timeline_are_chinas() -> None:
    events = [{"kind": "ok", "title": APPROVE, "at": NOW - timedelta(hours=10)}]
    assert "2026-06-29 23:00" in render(CASE, **VALUES | {"events": events}).html


def test_the_files_every_phone_loads_stay_small() -> None:
    assert (STATIC / "app.css").stat().st_size <= 44_000
    assert (STATIC / "app.js").stat().st_size + (STATIC / "forms.js").stat().st_size <= 18_000
    assert (STATIC / "drafts.js").stat().st_size <= 5_500


def test_the_vendored_library_is_the_one_that_was_checked() -> None:
    folder = STATIC / "vendor"
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def palettes() -> list[dict[str, str]]:
    """The colour tokens of each theme in the stylesheet: light, dark by system, dark by choice."""
    blocks = re.findall(r":root[^{,]*\{([^}]*--ink2[^}]*--card[^}]*)\}", (STATIC / "app.css").read_text())
    return [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", block)) for block in blocks]


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(letter * 2 for letter in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio by WCAG 2.2."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((ink, ground) for ink in ("ink", "ink2", "ink3", "blue", "red") for ground in ("card", "page")),
        *((chip, f"{chip}-bg") for chip in ("todo", "doing", "ok", "bad", "back", "draft")),
        ("on-blue", "blue"),
        ("on-blue", "blue-hover"),
        ("red", "bad-bg"),
        ("back", "card"),
    ],
)
def test_every_text_can_be_read_in_every_theme(text: str, ground: str) -> None:
    themes = palettes()
    assert len(themes) == 3
    assert themes[1] == themes[2]
    for theme in themes:
        assert contrast(theme[text], theme[ground]) >= 4.5
        assert contrast(theme["control"], theme["card"]) >= 3
