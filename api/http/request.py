"""GraphQL over HTTP: what a request may look like, and in which media type it is answered."""

from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request

from api.errors import BAD_REQUEST, BAD_USER_INPUT
from api.execution import Asked

MAX_BODY: Final = 2 * 1024 * 1024
JSON: Final = "application/json"
RESPONSE_JSON: Final = "application/graphql-response+json"
_WILDCARDS: Final = ("*/*", "application/*")


class BadRequest(Exception):  # noqa: N818 - the reason for an answer, not a fault
    """A request that is no GraphQL request."""

    def __init__(self, status: int, message: str, code: str = BAD_REQUEST, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers


def answer_type(accept: str) -> str | None:
    """The media type to answer in: the one that is wanted most, JSON for whoever takes anything, None for neither."""
    if accept in ("", "*/*", JSON):
        return JSON
    wanted = {name: quality for part in accept.split(",") for name, quality in [_preference(part)]}
    best = max((RESPONSE_JSON, JSON), key=lambda name: wanted.get(name, 0.0))
    if wanted.get(best, 0.0) > 0:
        return best
    return JSON if any(wanted.get(name, 0.0) > 0 for name in _WILDCARDS) else None


def _preference(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0


async def from_post(request: Request) -> Asked:
    """The GraphQL request in a body. Raises BadRequest: 415 for another media type, 413 for too large, 400."""
    kind, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if kind != JSON:
        raise BadRequest(415, f"Send the request as {JSON}.")
    if any(part.startswith("charset=") and part[8:].strip('"') not in ("utf-8", "utf8") for part in parameters):
        raise BadRequest(415, "Send the request in UTF-8.")
    return asked(read_json(await _body(request)))


def from_query(request: Request) -> Asked:
    """The GraphQL request in a URL. Raises BadRequest 400."""
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = read_json(given[name].encode("utf-8", "surrogatepass"), name)
    return asked(given)


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise _too_large()
    parts, size = [], 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > MAX_BODY:
                raise _too_large()
    except ClientDisconnect:
        raise BadRequest(400, "The body was cut off.") from None
    return b"".join(parts)


def _too_large() -> BadRequest:
    return BadRequest(413, f"A request may have {MAX_BODY // 1024**2} MiB.", "TOO_LARGE", connection="close")


def read_json(raw: bytes, what: str = "The body") -> Any:
    """JSON without NUL, which PostgreSQL's text cannot hold. Raises BadRequest 400."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadRequest(400, f"{what} is not JSON.") from None
    if b"\\u0000" in raw and _holds_nul(value):
        raise BadRequest(400, "Text cannot hold the character NUL.", BAD_USER_INPUT)
    return value


def _holds_nul(value: Any) -> bool:
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            if "\x00" in one:
                return True
        elif isinstance(one, dict):
            rest += [*one, *one.values()]
        elif isinstance(one, list):
            rest += one
    return False


def asked(given: Any) -> Asked:
    """A GraphQL request from JSON, its shape checked. Raises BadRequest 400."""
    if not isinstance(given, dict):
        raise BadRequest(400, "A GraphQL request is a JSON object with a `query`; batches are not accepted.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest(400, "`query` must be the text of a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "`variables` must be a map.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "`operationName` must be a string.")
    if not isinstance(given.get("extensions"), dict | None):
        raise BadRequest(400, "`extensions` must be a map.")
    return Asked(query, variables, name or None)
