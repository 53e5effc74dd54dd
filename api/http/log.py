"""Every request gets an id, a line in the log, and headers that keep browsers careful."""

from time import perf_counter
from typing import Any, Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.infra.log import logger

log = logger("api.access")

_HEADERS: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class AccessLog:
    """ASGI middleware around everything. Logs the operation's name and never its variables."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and log how it went."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        began, identity, seen = perf_counter(), uuid4().hex, {"status": 0}
        scope["assent.request_id"] = identity

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                _complete(message["headers"], identity)
            elif message["type"] == "websocket.close":
                seen["status"] = message.get("code", 1000)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            if scope["path"] not in _QUIET:
                _log(scope, identity, seen["status"], perf_counter() - began)


async def fault(request: Request, _error: Exception) -> JSONResponse:
    """What a client sees of a fault outside of any operation; the server logs the rest."""
    extensions = {"code": "INTERNAL", "requestId": request.scope.get("assent.request_id")}
    return JSONResponse({"errors": [{"message": "Something went wrong on our side.", "extensions": extensions}]}, 500)


def request_id(scope: Scope) -> str:
    """The id that a request is logged under."""
    return str(scope["assent.request_id"])


def named(scope: Scope, operation: str, *, failed: bool) -> None:
    """Say which operation a request was, for its line in the log."""
    scope["assent.operation"] = operation
    scope["assent.failed"] = failed


def _complete(headers: list[tuple[bytes, bytes]], identity: str) -> None:
    present = {name for name, _ in headers}
    headers.append((b"x-request-id", identity.encode()))
    headers.extend((name, value) for name, value in _HEADERS.items() if name not in present)


def _log(scope: Scope, identity: str, status: int, seconds: float) -> None:
    words: dict[str, Any] = {"operation": scope["assent.operation"]} if "assent.operation" in scope else {}
    log.info(
        "request",
        request_id=identity,
        method=scope.get("method", "WEBSOCKET"),
        path=_path(scope["path"]),
        status=status,
        ms=round(seconds * 1000, 1),
        failed=scope.get("assent.failed", False),
        **words,
    )


def _path(path: str) -> str:
    """The path without what is secret in it: a link's token."""
    return "/".join(path.split("/", 2)[:2])
