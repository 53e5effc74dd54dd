"""`python -m bench.listeners URL KEY START NUMBER FOLLOWERS`: a process of cheap WebSocket clients, for `bench.feed`.

Each subscribes, reads frames by itself, and checks that positions only rise. Says `ready` once all listen; at the end,
a line of JSON: seconds from the first event to the last, and for each how many came and the digest of their positions.
"""

import asyncio
import base64
import json
import os
import sys
from hashlib import sha256
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

_BEFORE: Final = b'{"type":"next","id":"1","payload":{"data":{"consentEvents":{"position":"'
_BEHIND: Final = len(b'"}}}}')
_TEXT, _PING, _PONG = 0x81, 0x89, 0x8A


class Listener(asyncio.Protocol):
    """One client. It answers nothing but the server's pings."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.rest = b""
        self.last = 0
        self.seen: list[int] = []
        self.others: asyncio.Queue[bytes] = asyncio.Queue()
        self.ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, _exc: Exception | None) -> None:
        """That is no way to end."""
        if not self.ended.done():
            self.ended.set_exception(ConnectionError(f"lost after {len(self.seen)} events"))

    def data_received(self, data: bytes) -> None:
        """Take the frames that are whole."""
        data = self.rest + data if self.rest else data
        if not self.upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            self.upgraded = bool(end)
            if not end:
                self.rest = head
                return
            assert head.startswith(b"HTTP/1.1 101"), head
        self.rest = data[self._frames(data) :]
        if len(self.seen) >= self.number and not self.ended.done():
            self.ended.set_result(perf_counter())

    def _frames(self, data: bytes) -> int:
        """Read them; answers where the first begins that is not whole."""
        at, end = 0, len(data)
        while end - at >= 4:
            size, begin = data[at + 1], at + 2
            if size == 126:
                size, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            assert size < 127, "no event is so long"
            if begin + size > end:
                break
            self._message(data[at], data[begin : begin + size])
            at = begin + size
        return at

    def _message(self, kind: int, text: bytes) -> None:
        if kind == _TEXT and text.startswith(_BEFORE):
            position = int(text[len(_BEFORE) : -_BEHIND])
            assert position > self.last, f"{position} after {self.last}"
            self.last = position
            self.seen.append(position)
        elif kind == _TEXT:
            self.others.put_nowait(text)
        elif kind == _PING:
            self.say(text, _PONG)

    def say(self, text: bytes, kind: int = _TEXT) -> None:
        """Send a frame; a mask of zeros is a mask (RFC 6455, 5.3)."""
        size = len(text)
        head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0xFE)) + size.to_bytes(2, "big")
        self.transport.write(head + bytes(4) + text)

    def digest(self) -> str:
        """Of all positions, in the order in which they came."""
        return digest(self.seen)


def digest(positions: list[int]) -> str:
    """By which lists of positions are compared."""
    return sha256(",".join(map(str, positions)).encode()).hexdigest()


async def _opened(url: str, key: str, start: int, number: int) -> Listener:
    place = urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    _, client = await asyncio.get_running_loop().create_connection(lambda: Listener(number), place.hostname, place.port)
    nonce = base64.b64encode(os.urandom(16)).decode()
    lines = (
        "GET /graphql HTTP/1.1",
        f"Host: {place.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {nonce}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    )
    client.transport.write("\r\n".join((*lines, "", "")).encode())
    while not client.upgraded:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    client.say(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}).encode())
    assert b"connection_ack" in await client.others.get()
    query = f'subscription {{ consentEvents(after: "{start}") {{ position }} }}'
    client.say(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}).encode())
    return client


async def _listen(url: str, key: str, start: int, number: int, followers: int) -> None:
    clients = [await _opened(url, key, start, number) for _ in range(followers)]
    print("ready", flush=True)
    ended = await asyncio.gather(*(client.ended for client in clients))
    found = [(len(client.seen), client.digest()) for client in clients]
    print(json.dumps({"first": min(ended), "last": max(ended), "found": found}), flush=True)


if __name__ == "__main__":
    _, url, key, start, number, followers = sys.argv
    asyncio.run(_listen(url, key, int(start), int(number), int(followers)))
