"""Around every request: its id, its log line, its headers; and what goes wrong becomes a page that says so.

The log names the route and never what was asked for: paths, queries and forms may hold names and numbers of people.
"""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Mapping
from typing import Any, Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.house import House
from portal.templating import rendered
from schemas.errors import SohoaError, UsageError
from schemas.wording import text

_log = structlog.get_logger("portal")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers would then send forms with the origin `null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=()",
}
_ABSENT: Final = frozenset({"batch_absent", "document_absent", "trace_absent", "account_absent"})
_KNOWN: Final = frozenset({400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503})
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Answering:
    """The outermost layer: nothing of an error reaches the browser but its id."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0
        number = scope["sohoa.id"] = secrets.token_hex(6)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._finish(MutableHeaders(scope=message), number)
            await send(message)

        try:
            if self._foreign_host(scope):
                await error_page(Request(scope), self._house, 400)(scope, receive, answer)
            else:
                await self._app(scope, receive, answer)
        except Exception as error:
            _log.error("request_failed", id=number, error=type(error).__name__, where=_where(error))
            if status:
                raise
            await error_page(Request(scope), self._house, 500)(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "–")
            self._house.tally.add(route, scope["method"], status, seconds)
            _log.info(
                "request",
                id=number,
                method=scope["method"],
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
            )

    def _finish(self, headers: MutableHeaders, number: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Request-Id"] = number
        if self._house.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"

    def _foreign_host(self, scope: Scope) -> bool:
        """True if a page of elsewhere had its name lead here: on this machine alone, only its own names are answered."""
        if self._house.secure:
            return False
        host = Request(scope).headers.get("host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return name not in _LOCAL


def _where(error: BaseException) -> list[str]:
    """Where it was raised; the message of a foreign error may hold what a person typed, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def error_page(
    request: Request, house: House, status: int, said: str | None = None, headers: Any = None
) -> Response:
    """A page that says what went wrong, and the id of the log line."""
    known = status if status in _KNOWN else 500 if status >= 500 else 400
    number = request.scope.get("sohoa.id", "–")
    words = said or text(f"portal.error_{known}", house.lang)
    title = text(f"portal.error_title_{known}", house.lang)
    page = rendered(
        "error.html", house.lang, house=house, visit=None, title=title, words=words, number=number
    )
    return HTMLResponse(page, status, headers=headers)


async def on_refusal(request: Request, error: Exception) -> Response:
    """A refusal of ours or of the framework."""
    assert isinstance(error, HTTPException)
    house: House = request.app.state.house
    said = text("portal.error_form", house.lang) if error.detail == "form" else None
    return error_page(request, house, error.status_code, said, error.headers)


async def on_error(request: Request, error: Exception) -> Response:
    """An error of ours: its remedy is for people to read."""
    assert isinstance(error, SohoaError)
    house: House = request.app.state.house
    if error.remedy in _ABSENT:
        return error_page(request, house, 404)
    status = 422 if isinstance(error, UsageError) else 503
    params = {name: str(value) for name, value in error.params.items()}
    said = text(f"error.{error.remedy or error.code}", house.lang, **{"detail": "", **params})
    _log.warning("refused", id=request.scope.get("sohoa.id"), code=error.code, remedy=error.remedy)
    return error_page(request, house, status, said)
