"""A server that is told to stop: whoever listens hears of it at once, and goes on elsewhere from where they were."""

import asyncio
import os
import signal
import sys

import pytest

from cli.embedded.process import free_port
from domain.accounts.keys import create_key
from domain.actor import Scope
from tests.api.client import Client
from tests.api.conftest import api, other
from tests.api.transports import TRANSPORTS, Listener

__all__ = ["api", "other"]
FEED = 'subscription { consentEvents(after: "0") { position } }'


async def _started(port: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", "api", env=os.environ | {"PORT": str(port)}, start_new_session=True
    )
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return process


async def _first(listener: Listener) -> str:
    answer = await listener.next()
    assert answer is not None
    position: str = answer["data"]["consentEvents"]["position"]
    await listener.next()
    return position


async def test_listeners_are_told(api: Client) -> None:
    """A socket is closed with 1001, events are cut off, parts end with an error; the process ends at once."""
    key = (await create_key(api.actor, "Listener", [Scope.READ])).text
    await api.contact()
    port = free_port()
    process = await _started(port)
    url, body = f"http://127.0.0.1:{port}", {"query": FEED}
    try:
        async with (
            TRANSPORTS["socket"](url, key, body) as socket,
            TRANSPORTS["events"](url, key, body) as events,
            TRANSPORTS["parts"](url, key, body) as parts,
        ):
            for listener in (socket, events, parts):
                await _first(listener)
            process.send_signal(signal.SIGTERM)
            for listener, words in ((socket, "1001"), (events, "cut off"), (parts, "GOING_AWAY")):
                with pytest.raises(ConnectionError, match=words):
                    await listener.next()
        await asyncio.wait_for(process.wait(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
