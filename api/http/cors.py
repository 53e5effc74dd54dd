"""Which pages of other origins may call: an allow-list, empty by default. Source: the Fetch standard, CORS.

No cookie is ever read, so credentials are never allowed; what a foreign page could do without asking is refused.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.key_origins import is_key_origin
from domain.infra.settings import settings

_EXPOSED: Final = b"x-request-id, retry-after, ratelimit, ratelimit-policy"
_PREFLIGHT: Final = [
    (b"access-control-allow-methods", b"GET, POST, PUT"),
    (b"access-control-allow-headers", b"authorization, content-type, accept, apollo-require-preflight, x-request-id"),
    (b"access-control-max-age", b"600"),
    (b"content-length", b"0"),
]


def may_call(headers: Headers) -> bool:
    """Whether a request's origin is ours, or on the list. Programs that are no browser name none."""
    origin = headers.get("origin")
    if origin is None:
        return True
    return is_allowed(origin) or origin == settings().base_url or origin.partition("://")[2] == headers.get("host")


def is_allowed(origin: str) -> bool:
    """Whether an origin is on the list."""
    listed = settings().origins
    return bool(listed) and (origin in listed or "*" in listed)


def is_cross_site(headers: Headers) -> bool:
    """Whether a page that may not call made the browser send this: by its Origin, or by Fetch metadata without one."""
    if "origin" in headers:
        return not may_call(headers)
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


class Cors:
    """ASGI middleware: answers preflights of listed origins, and names them in the answers they may read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        if scope["type"] != "http" or not (settings().origins or scope["path"] == "/graphql"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        allowed = bool(origin) and (is_allowed(origin) or (scope["path"] == "/graphql" and await is_key_origin(origin)))
        own = [(b"vary", b"Origin, Accept")]
        if allowed:
            own += [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", _EXPOSED),
            ]
        if allowed and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await send({"type": "http.response.start", "status": 204, "headers": [*own, *_PREFLIGHT]})
            await send({"type": "http.response.body", "body": b""})
            return

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].extend(own)
            await send(message)

        await self.app(scope, receive, named)
