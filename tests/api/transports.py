"""Three ways to listen, as one: a WebSocket, server-sent events, Apollo's multipart responses."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol

from tests.api.socket import Socket, opened

PARTS = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"


class Listener(Protocol):
    """An operation under way."""

    async def next(self) -> dict[str, Any] | None:
        """The next answer; None once the operation is complete. Raises ConnectionError when it was cut off."""


Listen = Callable[..., AbstractAsyncContextManager[Listener]]


class Refused(Exception):
    """The server would not listen to this client at all."""


class _Ws:
    """One operation on a socket of its own."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any] | None:
        from websockets.exceptions import ConnectionClosed

        try:
            message = await self.socket.receive()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            raise (Refused if code in (4401, 4403) else ConnectionError)(str(code)) from None
        if message["type"] == "complete":
            return None
        payload: dict[str, Any] = {"errors": message["payload"]} if message["type"] == "error" else message["payload"]
        return payload


@asynccontextmanager
async def by_socket(url: str, key: str, body: dict[str, Any]) -> AsyncIterator[Listener]:
    """graphql-transport-ws."""
    async with opened(url, close_timeout=0.5) as socket:
        await socket.send("connection_init", payload={"authorization": f"Bearer {key}"})
        await socket.send("subscribe", "1", body) if await _acknowledged(socket) else None
        yield _Ws(socket)


async def _acknowledged(socket: Socket) -> bool:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):
        return bool((await socket.receive())["type"] == "connection_ack")
    return False


class _Response:
    """A chunked HTTP response, read part by part."""

    def __init__(self, reader: asyncio.StreamReader, separator: bytes) -> None:
        self.reader = reader
        self.separator = separator
        self.kept = b""

    async def part(self) -> bytes:
        """What stands before the next separator. Raises ConnectionError at the end."""
        while self.separator not in self.kept:
            self.kept += await self._chunk()
        part, _, self.kept = self.kept.partition(self.separator)
        return part

    async def _chunk(self) -> bytes:
        async with asyncio.timeout(30):
            try:
                size = int(await self.reader.readuntil(b"\r\n"), 16)
                data = await self.reader.readexactly(size + 2)
            except (asyncio.IncompleteReadError, ValueError):
                raise ConnectionError("cut off") from None
        if not size:
            raise ConnectionError("cut off")
        return data[:-2]


class _Sse(_Response):
    async def next(self) -> dict[str, Any] | None:
        while True:
            event = await self.part()
            assert b"\r" not in event
            fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if not line.startswith(b":") and line)
            if fields.get(b"event") == b"complete":
                return None
            if fields.get(b"event") == b"next":
                answer: dict[str, Any] = json.loads(fields[b"data"])
                return answer


class _Parts(_Response):
    async def next(self) -> dict[str, Any] | None:
        while True:
            while len(self.kept) < 2:
                self.kept += await self._chunk()
            if self.kept.startswith(b"--"):
                return None
            _, _, content = (await self.part()).partition(b"\r\n\r\n")
            message = json.loads(content)
            if message.get("errors"):
                raise ConnectionError(message["errors"][0]["extensions"]["code"])
            if "payload" in message:
                answer: dict[str, Any] = message["payload"]
                return answer


class _Whole:
    """An answer that is no stream."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answers: list[dict[str, Any]] = [answer]

    async def next(self) -> dict[str, Any] | None:
        return self.answers.pop() if self.answers else None


@asynccontextmanager
async def by_events(url: str, key: str, body: dict[str, Any]) -> AsyncIterator[Listener]:
    """Server-sent events, as graphql-sse asks for them."""
    async with _posted(url, key, body, "text/event-stream") as (reader, head):
        yield _Sse(reader, b"\n\n") if b"text/event-stream" in head else _Whole(await _whole(reader, head))


@asynccontextmanager
async def by_parts(url: str, key: str, body: dict[str, Any]) -> AsyncIterator[Listener]:
    """Multipart responses, as Apollo's client asks for them."""
    async with _posted(url, key, body, f"{PARTS},application/json") as (reader, head):
        if b"multipart/mixed" not in head:
            yield _Whole(await _whole(reader, head))
            return
        parts = _Parts(reader, b"\r\n--graphql")
        await parts.part()
        yield parts


async def _whole(reader: asyncio.StreamReader, head: bytes) -> dict[str, Any]:
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    answer: dict[str, Any] = json.loads(await reader.readexactly(int(length.split(b":")[1])))
    return answer


@asynccontextmanager
async def _posted(
    url: str, key: str, body: dict[str, Any], accept: str
) -> AsyncIterator[tuple[asyncio.StreamReader, bytes]]:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    content = json.dumps(body).encode()
    lines = [
        "POST /graphql HTTP/1.1",
        f"Host: {host}:{port}",
        "Content-Type: application/json",
        f"Accept: {accept}",
        f"Authorization: Bearer {key}",
        f"Content-Length: {len(content)}",
    ]
    try:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).lower()
        if head.startswith(b"http/1.1 401"):
            raise Refused("401")
        yield reader, head
    finally:
        writer.close()


TRANSPORTS: dict[str, Listen] = {"socket": by_socket, "events": by_events, "parts": by_parts}
