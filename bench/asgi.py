"""Requests to the application in this process, without a network: what is measured is the application alone."""

from dataclasses import dataclass
from typing import Any

from api.app import app

_HEAD = [(b"content-type", b"application/json"), (b"host", b"localhost"), (b"accept", b"application/json")]


@dataclass(slots=True)
class Response:
    """What came back."""

    status: int = 0
    body: bytes = b""


async def post(content: bytes, key: str) -> Response:
    """A POST to /graphql."""
    found, sent = Response(), False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        sent = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        found.status = message.get("status", found.status)
        found.body += message.get("body", b"")

    headers = [*_HEAD, (b"authorization", f"Bearer {key}".encode()), (b"content-length", str(len(content)).encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8000),
    }
    await app(scope, receive, send)
    return found
