"""`python -m bench.sockets [2000 [200]]`: idle sockets and active streams on one API process: memory and delays."""

import asyncio
import json
import os
import resource
import sys
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.hostile import KEY, application
from bench.servers import process, servers
from cli.embedded.process import free_port
from domain.infra.db import pool

EVENTS = 20
PROTOCOL = Subprotocol("graphql-transport-ws")
_FEED = "subscription { consentEvents { position } }"
_MUTATION = """mutation { createContact(input: { points: [], firstName: "Ada" }) { contact { id } } }"""


async def _opened(port: int) -> ClientConnection:
    socket = await connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=[PROTOCOL], compression=None, ping_interval=None
    )
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {KEY}"}}))
    assert json.loads(await socket.recv())["type"] == "connection_ack"
    return socket


async def _many(port: int, number: int) -> list[ClientConnection]:
    found: list[ClientConnection] = []
    while len(found) < number:
        found += await asyncio.gather(*(_opened(port) for _ in range(min(50, number - len(found)))))
    return found


async def _ask(socket: ClientConnection, key: str, query: str) -> dict[str, Any]:
    await socket.send(json.dumps({"type": "subscribe", "id": key, "payload": {"query": query}}))
    answer = json.loads(await socket.recv())
    assert json.loads(await socket.recv())["type"] == "complete"
    return dict(answer["payload"])


async def _delays(sockets: list[ClientConnection], asking: ClientConnection) -> list[float]:
    """For each event and stream, the seconds from the mutation's answer until the event is there."""
    delays: list[float] = []
    for number in range(EVENTS):
        answer = await _ask(asking, f"m{number}", _MUTATION)
        assert "errors" not in answer, answer
        began = perf_counter()

        async def taken(socket: ClientConnection, began: float = began) -> float:
            assert json.loads(await asyncio.wait_for(socket.recv(), 60))["type"] == "next"
            return perf_counter() - began

        delays += await asyncio.gather(*(taken(socket) for socket in sockets))
    return delays


async def _measure(idle: int, active: int) -> None:
    port = free_port()
    table = Table(f"{idle:,} idle sockets and {active} active streams on one process", "figure")
    async with application(1_000):
        await pool().execute("SELECT 1")
        with process("-m", "cli.main", "api", PORT=str(port)) as running:
            asking = await _ready(port)
            empty = _held(running.pid)
            began = perf_counter()
            sockets = await _many(port, idle)
            table.add_row("sockets acknowledged a second", f"{idle / (perf_counter() - began):,.0f}")
            table.add_row("memory a socket", f"{(_held(running.pid) - empty) / idle / 1024:.0f} KB")
            streams = await _many(port, active)
            for socket in streams:
                await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": _FEED}}))
            await asyncio.sleep(2)
            delays = await _delays(streams, asking)
            table.add_row(f"{len(delays):,} events delivered: median ms", f"{median(delays) * 1000:.0f}")
            table.add_row("p95 ms", f"{quantiles(delays, n=20)[18] * 1000:.0f}")
            table.add_row("memory of the process", f"{_held(running.pid) / 1e6:.0f} MB")
            for socket in (*sockets, *streams, asking):
                socket.transport.abort()
    Console(width=110).print(table)


async def _ready(port: int) -> ClientConnection:
    for _ in range(600):
        try:
            return await _opened(port)
        except OSError:
            await asyncio.sleep(0.05)
    raise RuntimeError("the API did not start")


def _held(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    idle, active, *_rest = [*map(int, sys.argv[1:]), *[2_000, 200][len(sys.argv) - 1 :]]
    with servers():
        asyncio.run(_measure(idle, active))
