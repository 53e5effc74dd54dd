"""The bell."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest

from cli.embedded import Valkey, valkey
from domain.infra import redis as bells
from domain.infra.redis import announce, listening


@pytest.fixture
async def own_valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    """A Valkey that the test may stop."""
    with valkey(tmp_path, durable=False) as server:
        bells.connect(server.url)
        yield server
        await bells.close()


async def test_every_listener_of_the_channel_hears(redis: None) -> None:
    """Those of other channels do not, and an announcement between two waits is not missed."""
    async with listening("a") as one, listening("a") as two, listening("b") as other:
        for bell in (one, two, other):
            await bell.wait(0)
        await announce("a")
        assert await one.wait(5)
        assert await two.wait(5)
        assert not await other.wait(0.2)
        assert not await one.wait(0.05)


async def test_listening_has_begun_when_the_block_is_entered(redis: None) -> None:
    """What is announced right after it is heard; again and again, also on a channel just left."""
    for _ in range(50):
        async with listening("now") as bell:
            await bell.wait(0)
            await announce("now")
            assert await bell.wait(5)


async def test_listeners_are_heard_again_once_redis_is_back(own_valkey: Valkey) -> None:
    """While it is away waits last until their timeout, and announcements are dropped without an error."""
    async with listening("x") as bell:
        own_valkey.stop()
        await announce("x")
        while await bell.wait(0.3):
            pass
        began = monotonic()
        assert not await bell.wait(0.2)
        assert 0.15 < monotonic() - began < 1
        await asyncio.to_thread(own_valkey.start)
        async with asyncio.timeout(15):
            while not await bell.wait(0.2):
                await announce("x")


async def test_without_a_redis_at_all(tmp_path: Path) -> None:
    """A listener is let in, waits its time, and leaves."""
    bells.connect("redis://127.0.0.1:1/0")
    try:
        async with asyncio.timeout(5), listening("x") as bell:
            await announce("x")
            assert not await bell.wait(0.1)
    finally:
        await bells.close()


async def test_many_listeners_share_one_connection(redis: None) -> None:
    """A thousand followers are one connection to Redis."""
    before = len(await bells.client().client_list())
    async with listening("0"):
        opened = [listening(str(n)) for n in range(200)]
        entered = [await one.__aenter__() for one in opened]
        assert len(await bells.client().client_list()) <= before + 2
        for one in opened:
            await one.__aexit__(None, None, None)
        assert len(entered) == 200
