"""Clients that send too much of a head, or never get to the end of what they send."""

import asyncio

import pytest

from api.http import request, uvicorn_heads
from tests.api.client import Client

BEGUN = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\n"


async def answer(server: str, *sent: bytes) -> bytes:
    """All that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.rpartition(":")[2]))
    try:
        for part in sent:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


@pytest.mark.parametrize("line", [b"x-one: " + b"a" * 5_000_000, b"x-many: a\r\n" * 400_000])
async def test_a_head_without_end_is_not_collected(server: str, line: bytes) -> None:
    """One long header or many: 431, or the connection is cut while they still come."""
    came = await answer(server, BEGUN, line)
    assert came == b"reset" or came.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("sent", [b"", BEGUN])
async def test_a_head_that_does_not_arrive(server: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is closed."""
    monkeypatch.setattr(uvicorn_heads, "SECONDS", 0.2)
    assert await answer(server, sent) == b""


async def test_nobody_s_body_is_not_waited_for(db: None, redis: None, server: str) -> None:
    """Without a key the answer does not wait for what is to come."""
    head = b"connection: close\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    assert (await answer(server, BEGUN, head)).startswith(b"HTTP/1.1 401 ")


async def test_a_body_that_does_not_arrive(api: Client, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """408, and the connection is closed."""
    monkeypatch.setattr(request, "READ_SECONDS", 0.2)
    head = f"content-type: application/json\r\nauthorization: Bearer {api.key}\r\ncontent-length: 100\r\n\r\n{{"
    assert (await answer(server, BEGUN, head.encode())).startswith(b"HTTP/1.1 408 ")
