"""A WebSocket client that speaks graphql-transport-ws, frame by frame."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PROTOCOL = "graphql-transport-ws"


class Socket:
    """An open socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, kind: str, key: str | None = None, payload: Any = None) -> None:
        """Send a message; parts that are None are left out."""
        message = {"type": kind, "id": key, "payload": payload}
        await self.connection.send(json.dumps({name: value for name, value in message.items() if value is not None}))

    async def receive(self, seconds: float = 10) -> dict[str, Any]:
        """The next message, which must be a text frame."""
        raw = await asyncio.wait_for(self.connection.recv(), seconds)
        assert isinstance(raw, str)
        message: dict[str, Any] = json.loads(raw)
        return message

    async def subscribe(self, query: str, key: str = "1", **variables: Any) -> None:
        """Start an operation."""
        await self.send("subscribe", key, {"query": query, "variables": variables})

    async def next(self, key: str = "1") -> dict[str, Any]:
        """The data of the next answer of an operation."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", key), message
        data: dict[str, Any] = message["payload"]["data"]
        return data

    async def closed(self) -> int:
        """The code with which the server closes."""
        await asyncio.wait_for(self.connection.wait_closed(), 15)
        return self.connection.close_code or 0


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Socket]:
    """A socket to `url/graphql` that has said nothing yet."""
    address = f"{url.replace('http', 'ws', 1)}/graphql"
    async with connect(address, subprotocols=options.pop("subprotocols", [PROTOCOL]), **options) as connection:
        yield Socket(connection)


@asynccontextmanager
async def connected(url: str, key: str) -> AsyncIterator[Socket]:
    """A socket whose key was accepted."""
    async with opened(url) as socket:
        await socket.send("connection_init", payload={"authorization": f"Bearer {key}"})
        assert (await socket.receive())["type"] == "connection_ack"
        yield socket
