"""The GraphQL endpoint over HTTP (GraphQL-over-HTTP specification): POST, GET for queries, the IDE for browsers.

Subscriptions go out as server-sent events or in parts, to whoever accepts those.
"""

from typing import Any, Final
from uuid import UUID

import orjson
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asked import Asked
from api.auth import Held, actor_for
from api.context import Context
from api.documents import Rejected
from api.errors import FORBIDDEN, RATE_LIMITED, UNAUTHENTICATED, UNAVAILABLE
from api.execution import CALLS, METHOD, READS, Admitted, Answer, admit, introspects, refused, run
from api.http.accept import JSON, MULTIPART, RESPONSE_JSON, SSE, Accepted, accepted
from api.http.cors import is_cross_site
from api.http.ide import Ide, wants_html
from api.http.key_origins import may_use
from api.http.log import named, request_id
from api.http.request import BadRequest, from_post, from_query
from api.http.stream import Stream
from api.visitor import visit
from domain.actor import Actor
from domain.infra.settings import settings

_NOBODY: Final = Actor(UUID(int=0), "nobody", frozenset())
_STATUSES: Final = {RATE_LIMITED: 429, UNAVAILABLE: 503, METHOD: 405}


class View:
    """An ASGI app: the endpoint itself."""

    def __init__(self, ide: Ide) -> None:
        self.ide = ide

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> ASGIApp:
        header = ", ".join(request.headers.getlist("accept"))
        if request.method == "GET" and "query" not in request.query_params and wants_html(header):
            return self.ide.page(request)
        types = accepted(header)
        try:
            if types.one is None and types.stream is None:
                raise BadRequest(406, f"Answers come as {JSON}, {RESPONSE_JSON}, {SSE} or {MULTIPART}.")
            return await self._graphql(request, types)
        except BadRequest as bad:
            return _error(bad, types.one or JSON)

    async def _graphql(self, request: Request, types: Accepted) -> ASGIApp:
        if request.method not in ("GET", "POST"):
            raise BadRequest(405, "Use POST, or GET for queries.", allow="GET, POST")
        if request.method == "GET" and is_cross_site(request.headers):
            raise BadRequest(403, "A page of another site may not call this.", FORBIDDEN)
        visitor = visit(request)
        actor = await _actor(request.headers.get("authorization"), visitor.ip)
        if actor is not None and not may_use(actor, request.headers.get("origin")):
            raise BadRequest(403, "This key is bound to the pages of other origins.", FORBIDDEN)
        if actor is None and not settings().open_introspection:
            raise unauthenticated()  # before a byte of the body is read
        asked = await from_post(request) if request.method == "POST" else from_query(request)
        if actor is None and not introspects(asked):
            raise unauthenticated()
        context = Context(actor or _NOBODY, request_id(request.scope), visitor)
        return await _answered(request, asked, types, context)


async def _answered(request: Request, asked: Asked, types: Accepted, context: Context) -> ASGIApp:
    allowed = CALLS if request.method == "POST" else READS
    if types.stream is not None:
        allowed |= {OperationType.SUBSCRIPTION}
    admitted: Admitted | None = None
    try:
        admitted = await admit(asked, context, allowed)
        if types.stream and (admitted.listens or types.streams_first or types.one is None):
            named(request.scope, admitted.name, failed=False)
            return _stream(request, types.stream, context, admitted).of(admitted)
        answer = await run(admitted, context)
    except Rejected as rejected:
        answer = refused(rejected, context)
    named(request.scope, admitted.name if admitted else "(refused)", failed=bool(answer.errors))
    status = _status(answer, types.one or JSON, request.method)
    if types.stream and (types.streams_first or types.one is None) and status in (200, 400):
        return _stream(request, types.stream, context).refusing(answer)
    return _json(answer.body, status, types.one or JSON, _headers(answer, admitted))


async def _actor(authorization: str | None, address: str | None) -> Actor | None:
    """Who asks; None for nobody. Raises BadRequest: 401 for a bad credential, 429 for too many of them, 503."""
    try:
        actor = await actor_for(authorization, address)
    except Held as held:
        wait = {"retry-after": str(held.retry_after)}
        if held.limited:
            raise BadRequest(429, "Too many bad keys came from there. Wait.", RATE_LIMITED, **wait) from None
        raise BadRequest(503, "Tokens cannot be verified now. Try again.", UNAVAILABLE, **wait) from None
    if actor is None and authorization is not None:
        raise unauthenticated()
    return actor


def unauthenticated() -> BadRequest:
    """What a request without a valid key is told."""
    return BadRequest(
        401, "Send a valid key: `Authorization: Bearer <key>`.", UNAUTHENTICATED, **{"www-authenticate": "Bearer"}
    )


def _stream(request: Request, kind: str, context: Context, admitted: Admitted | None = None) -> Stream:
    headers = admitted.allowance.headers if admitted and admitted.allowance else {}
    return Stream(kind, context, request.headers.get("authorization"), headers)


def _status(answer: Answer, media_type: str, method: str) -> int:
    """As the specification wants: JSON says 200 for everything well-formed, the newer type says what happened."""
    if answer.code in _STATUSES and (answer.code != METHOD or method == "GET"):
        return _STATUSES[answer.code]
    return 400 if not answer.began and media_type == RESPONSE_JSON else 200


def _headers(answer: Answer, admitted: Admitted | None) -> dict[str, str]:
    headers = dict(admitted.allowance.headers) if admitted and admitted.allowance else dict(answer.headers)
    if answer.retry_after is not None:
        headers["retry-after"] = str(max(1, round(answer.retry_after)))
    if answer.code == METHOD:
        headers["allow"] = "POST"
    return headers


def _error(bad: BadRequest, media_type: str) -> Response:
    body = {"errors": [{"message": bad.message, "extensions": {"code": bad.code}}]}
    return _json(body, bad.status, media_type, bad.headers)


def _json(body: dict[str, Any], status: int, media_type: str, headers: dict[str, str] | None = None) -> Response:
    response = Response(orjson.dumps(body), status, headers)
    response.raw_headers.append((b"content-type", f"{media_type}; charset=utf-8".encode()))
    return response
