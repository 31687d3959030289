"""What a request presents of its sender, and work that waits until he has his answer."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, after_this_request, request

_BEARER = "Bearer "


def cookie(name: str) -> str | None:
    """The value of a cookie."""
    return request.cookies.get(name)


def speaks_as_program() -> bool:
    """Whether the request says by an ``Authorization`` header who sends it; its cookies then count for nothing."""
    return "Authorization" in request.headers


def bearer_token() -> str | None:
    """The token of ``Authorization: Bearer …``; None for any other kind of header."""
    header = request.headers.get("Authorization", "")
    return header.removeprefix(_BEARER).strip() or None if header.startswith(_BEARER) else None


def address() -> str:
    """The network address the request came from, as far as the trusted proxies tell."""
    return request.remote_addr or "unknown"


def after_answer(work: Callable[[], None]) -> None:
    """Do ``work`` once the answer has been sent, so that nobody waits for it."""

    def attach(response: Response) -> Response:
        response.call_on_close(work)
        return response

    after_this_request(attach)
