"""Redis, the bell: it wakes listeners and workers, and nothing is lost when it is away.

Every message says no more than "look again"; what there is to see stands in PostgreSQL. Whoever listens also looks
by itself after a while.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from domain.infra.lazily import deferred
from domain.infra.log import logger

with deferred("jwt"):  # and the cryptography it brings, for tokens that we do not use
    from redis.asyncio import ConnectionPool, Redis
    from redis.exceptions import RedisError

_TIMEOUT = 1.0
"""Seconds that anything may wait for Redis."""
_PAUSE = 0.5
"""Seconds between tries to reach a Redis that is away."""
AWAY = (RedisError, OSError, TimeoutError)

log = logger(__name__)


@dataclass(slots=True, eq=False)
class Bell:
    """One listener's ear on a channel."""

    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Wake the listener, now or at its next wait."""
        self._rung.set()

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - silence is an answer here, not an error
        """Whether the channel was rung since the last wait, after `timeout` seconds of silence at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), timeout)
        rung = self._rung.is_set()
        self._rung.clear()
        return rung


class _Hub:
    """All listeners of a process over one connection, which it opens again by itself."""

    def __init__(self) -> None:
        self.bells: dict[str, set[Bell]] = defaultdict(set)
        self.heard: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.pubsub: Any = None
        self.task: asyncio.Task[None] | None = None

    async def add(self, channel: str, bell: Bell) -> None:
        self.bells[channel].add(bell)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._listen())
        elif self.pubsub and len(self.bells[channel]) == 1:
            with suppress(*AWAY):
                await self.pubsub.subscribe(channel)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.heard[channel].wait(), _TIMEOUT / 2)

    async def remove(self, channel: str, bell: Bell) -> None:
        self.bells[channel].discard(bell)
        if self.bells[channel]:
            return
        del self.bells[channel]
        self.heard.pop(channel, None)
        if self.pubsub:
            with suppress(*AWAY):
                await self.pubsub.unsubscribe(channel)

    async def close(self) -> None:
        if self.task:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task

    async def _listen(self) -> None:
        while self.bells:
            try:
                async with client().pubsub() as pubsub:
                    await pubsub.subscribe(*self.bells)
                    self.pubsub = pubsub
                    while self.bells:
                        self._hear(await pubsub.get_message(timeout=_TIMEOUT))
            except AWAY as error:
                log.warning("redis is away; looking at intervals instead", exception=type(error).__name__)
                await asyncio.sleep(_PAUSE)
            finally:
                self.pubsub = None
                self.heard.clear()

    def _hear(self, message: dict[str, Any] | None) -> None:
        if message is None or message["type"] not in ("subscribe", "message"):
            return
        channel = message["channel"].decode()
        if message["type"] == "subscribe":
            self.heard[channel].set()
        # A new subscription rings too: something may have been said before it held.
        for bell in self.bells.get(channel, ()):
            bell.ring()


_pool: ConnectionPool | None = None
_hub = _Hub()
_under_way: set[asyncio.Task[None]] = set()


def connect(url: str, timeout: float = _TIMEOUT) -> None:
    """Point the process at a Redis or Valkey (`redis://`, `rediss://`). Opens no connection yet.

    Whatever takes longer than `timeout` seconds counts as away.
    """
    global _pool, _hub  # noqa: PLW0603 - one pool a process, as for PostgreSQL
    options = {"ssl_check_hostname": True} if url.startswith("rediss:") else {}
    _pool = ConnectionPool.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, health_check_interval=15, **options
    )
    _hub = _Hub()


async def close() -> None:
    """Stop listening, let what was started `soon` end, and close every connection."""
    global _pool
    # From here on nobody opens another; what is under way keeps the one it has.
    leaving, _pool = _pool, None
    await _hub.close()
    if _under_way:
        await asyncio.wait(_under_way, timeout=2 * _TIMEOUT)
    if leaving:
        await leaving.disconnect()


def connection_pool() -> ConnectionPool:
    """The process's connections. Raises RedisError before `connect`."""
    if _pool is None:
        raise RedisError("connect() was not called")
    return _pool


def client() -> Redis:
    """A client on the process's connections. Raises RedisError before `connect`."""
    return Redis(connection_pool=connection_pool())


def soon(work: Coroutine[Any, Any, None]) -> None:
    """Have something done beside what is going on; it deals with its own errors. `close` waits for it."""
    task = asyncio.get_running_loop().create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


async def announce(channel: str) -> None:
    """Wake whoever listens on the channel. A Redis that is away is logged and never raised."""
    try:
        await client().publish(channel, b"")
    except AWAY as error:
        log.warning("an announcement was not made", channel=channel, exception=type(error).__name__)


@asynccontextmanager
async def listening(channel: str) -> AsyncIterator[Bell]:
    """Listen on a channel for as long as the block lasts: `await bell.wait(seconds)`.

    Listening has begun when the block is entered, unless Redis is away: then waits last until their timeout, and
    the bell works again once Redis is back.
    """
    bell, hub = Bell(), _hub
    await hub.add(channel, bell)
    try:
        yield bell
    finally:
        await hub.remove(channel, bell)
