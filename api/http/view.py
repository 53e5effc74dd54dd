"""The GraphQL endpoint over HTTP (GraphQL-over-HTTP specification): POST, GET for queries, the IDE for browsers."""

from typing import Any, Final
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth import actor_for
from api.context import Context
from api.errors import UNAUTHENTICATED
from api.execution import CALLS, READS, Answer, Asked, introspects, run
from api.http.ide import Ide, wants_html
from api.http.log import named, request_id
from api.http.request import JSON, RESPONSE_JSON, BadRequest, answer_type, from_post, from_query
from domain.actor import Actor

_NOBODY: Final = Actor(UUID(int=0), "nobody", frozenset())


class View:
    """An ASGI app: the endpoint itself."""

    def __init__(self, ide: Ide) -> None:
        self.ide = ide

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        if request.method == "GET" and "query" not in request.query_params and wants_html(accept):
            return self.ide.page(request)
        media_type = answer_type(accept)
        try:
            if media_type is None:
                raise BadRequest(406, f"Answers come as {JSON} or {RESPONSE_JSON}.")
            return await self._graphql(request, media_type)
        except BadRequest as bad:
            return _error(bad, media_type or JSON)

    async def _graphql(self, request: Request, media_type: str) -> Response:
        if request.method not in ("GET", "POST"):
            raise BadRequest(405, "Use POST, or GET for queries.", allow="GET, POST")
        authorization = request.headers.get("authorization")
        actor = await actor_for(authorization)
        if actor is None and authorization is not None:
            raise unauthenticated()
        asked = await from_post(request) if request.method == "POST" else from_query(request)
        # The schema is no secret: whoever looks at it in an IDE has yet to be asked for a key.
        if actor is None and not introspects(asked):
            raise unauthenticated()
        context = Context(actor or _NOBODY, request_id(request.scope))
        answer = await run(asked, context, CALLS if request.method == "POST" else READS)
        named(request.scope, _name(asked, answer), failed=bool(answer.errors))
        return _json(answer.body, _status(answer, media_type, request.method), media_type)


def unauthenticated() -> BadRequest:
    """What a request without a valid key is told."""
    return BadRequest(
        401, "Send a valid key: `Authorization: Bearer <key>`.", UNAUTHENTICATED, **{"www-authenticate": "Bearer"}
    )


def _name(asked: Asked, answer: Answer) -> str:
    if answer.operation is None:
        return "(refused)"
    return asked.operation_name or answer.operation.name or answer.operation.label


def _status(answer: Answer, media_type: str, method: str) -> int:
    """As the specification wants: JSON says 200 for everything well-formed, the newer type says what happened."""
    if answer.method_refused and method == "GET":
        return 405
    return 400 if not answer.began and media_type == RESPONSE_JSON else 200


def _error(bad: BadRequest, media_type: str) -> Response:
    body = {"errors": [{"message": bad.message, "extensions": {"code": bad.code}}]}
    return _json(body, bad.status, media_type, bad.headers)


def _json(body: dict[str, Any], status: int, media_type: str, headers: dict[str, str] | None = None) -> Response:
    response = Response(orjson.dumps(body), status, headers)
    response.raw_headers.append((b"content-type", f"{media_type}; charset=utf-8".encode()))
    return response
