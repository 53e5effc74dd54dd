"""GraphQL over HTTP: what a request may look like."""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect, Request

from api.asked import Asked
from api.errors import BAD_REQUEST, BAD_USER_INPUT, TOO_LARGE
from api.http.accept import JSON
from api.http.persisted import read_hash
from domain.infra.settings import settings

MOST_PARAMETERS: Final = 20
MAX_NESTING: Final = 100
MAX_VALUES: Final = 20_000
MAX_MAPS: Final = 1_000
"""How deep a request's JSON may be nested, and how many values and maps it may hold."""


READ_SECONDS: Final = 30.0
"""So long a body may take to arrive."""


class BadRequest(Exception):  # noqa: N818 - the reason for an answer, not a fault
    """A request that is no GraphQL request."""

    def __init__(self, status: int, message: str, code: str = BAD_REQUEST, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers


class BadDocument(BadRequest):
    """A well-formed request whose document says nothing, or whose values cannot be kept: one operation's fault."""


async def from_post(request: Request) -> Asked:
    """The GraphQL request in a body. Raises BadRequest: 415 for another media type, 413 for too large, 408, 400."""
    kind, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if kind != JSON:
        raise BadRequest(415, f"Send the request as {JSON}.")
    if any(part.startswith("charset=") and part[8:].strip('"') not in ("utf-8", "utf8") for part in parameters):
        raise BadRequest(415, "Send the request in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest(415, "Send the request without a content encoding.")
    return asked(read_json(await _body(request)))


def from_query(request: Request) -> Asked:
    """The GraphQL request in a URL. Raises BadRequest 400."""
    pairs = _parameters(request.url.query)
    given: dict[str, Any] = dict(pairs)
    if len(given) < len(pairs):
        raise BadRequest(400, "Give each parameter once.")
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = read_json(given[name].encode("utf-8", "surrogatepass"), name)
    return asked(given)


def _parameters(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise BadRequest(400, "The parameters are not UTF-8.") from None
    except ValueError:
        raise BadRequest(400, "These are too many parameters.") from None


async def _body(request: Request) -> bytes:
    declared, most = request.headers.get("content-length", ""), settings().body_limit
    if declared.isdigit() and int(declared[:18]) > most:
        raise _too_large(most)
    parts, size = [], 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > most:
                    raise _too_large(most)
    except ClientDisconnect:
        raise BadRequest(400, "The body was cut off.") from None
    except TimeoutError:
        raise BadRequest(408, "The body did not arrive in time.", connection="close") from None
    return b"".join(parts)


def _too_large(most: int) -> BadRequest:
    return BadRequest(413, f"A request may have {most:,} bytes.", TOO_LARGE, connection="close")


def read_json(raw: bytes, what: str = "The body") -> Any:
    """JSON without NUL, which PostgreSQL's text cannot hold. Raises BadRequest 400, 413 for too many values."""
    value = read_any_json(raw, what)
    refuse_nul(raw, value)
    return value


def refuse_nul(raw: bytes, value: Any) -> None:
    """Raise BadDocument for a value, read from this JSON, that holds NUL."""
    if b"\\u0000" in raw and _holds_nul(value):
        raise BadDocument(400, "Text cannot hold the character NUL.", BAD_USER_INPUT)


def read_any_json(raw: bytes, what: str = "The body") -> Any:
    """JSON. Raises BadRequest 400, 413 for too many values."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadRequest(400, f"{what} is not JSON.") from None
    # Counting bytes is quick, and nearly always enough.
    if raw.count(b"[") + raw.count(b"{") > MAX_NESTING or raw.count(b",") > MAX_VALUES:
        _check_size(value, what)
    return value


def _check_size(value: Any, what: str) -> None:
    rest, seen, maps = [(value, 0)], 0, 0
    while rest:
        one, depth = rest.pop()
        if depth > MAX_NESTING:
            raise BadRequest(400, f"{what} is nested too deeply.")
        if isinstance(one, dict | list):
            seen, maps = seen + len(one), maps + isinstance(one, dict)
            if seen > MAX_VALUES or maps > MAX_MAPS:
                words = f"{what} holds too much: {MAX_VALUES:,} values and {MAX_MAPS:,} maps are allowed."
                raise BadRequest(413, words, TOO_LARGE)
            rest += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]


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
    sha, document = _hash(given.get("extensions")), given.get("documentId")
    if not isinstance(document, str | None):
        raise BadRequest(400, "`documentId` must be a string.")
    if query is None and (sha or document):
        query = ""
    elif not isinstance(query, str):
        raise BadRequest(400, "`query` must be the text of a GraphQL document.")
    elif not query.strip():
        raise BadDocument(400, "`query` must be the text of a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "`variables` must be a map.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "`operationName` must be a string.")
    return Asked(query, variables, name or None, sha, document)


def _hash(extensions: Any) -> str | None:
    if not isinstance(extensions, dict | None):
        raise BadRequest(400, "`extensions` must be a map.")
    try:
        return read_hash(extensions)
    except ValueError as error:
        raise BadRequest(400, str(error)) from None
