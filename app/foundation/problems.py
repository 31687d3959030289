"""Errors as RFC 9457 problem documents, in both languages."""

from __future__ import annotations

from typing import Any

from app.foundation.errors import AppError, Invalid
from app.wording import Text


def words(text: Text) -> dict[str, str]:
    """A bilingual sentence as JSON."""
    return {"zh-CN": text.zh, "en": text.en}


def status_of(error: AppError) -> int:
    """The HTTP status: the class's, unless the error weighs its own reasons."""
    return int(getattr(error, "http_status", error.status))


def problem_of(error: AppError) -> dict[str, Any]:
    """The problem document of an error: code, both messages, every refusal, every fault by path."""
    problem: dict[str, Any] = {
        "type": f"urn:gongkai:problem:{error.code}",
        "title": error.text.en,
        "status": status_of(error),
        "code": error.code,
        "message": words(error.text),
    }
    refusals = getattr(error, "refusals", ())
    if refusals:
        problem["code"] = refusals[0].code
        problem["refusals"] = [
            {"code": one.code, "message": words(one.text), "figures": dict(one.figures)} for one in refusals
        ]
    if isinstance(error, Invalid) and error.faults:
        problem["errors"] = {path: [words(text) for text in texts] for path, texts in error.faults.items()}
    if error.figures:
        problem["figures"] = {name: value for name, value in error.figures.items() if isinstance(value, int | str)}
    return problem
