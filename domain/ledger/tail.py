"""The end of each account's ledger, read once a process and shared by all who follow it there.

One reader a process hears the bell (and looks by itself every half second), asks how far the ledger is final, and which
of the accounts that are followed have grown. Followers take what they have not seen from a buffer that the first of
them fills; one that has fallen behind the buffer reads the ledger by itself until it has caught up. Nobody waits for
anybody: each follower goes at its own pace, and none can miss or repeat an entry, because all go by position.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg

from domain.actor import Actor
from domain.infra.db import pool
from domain.infra.log import logger
from domain.infra.redis import listening
from domain.ledger.bell import CHANNEL
from domain.ledger.events import Event, feed
from domain.ledger.horizon import final_position

BATCH: Final = 500
"""Entries that a follower is given at a time."""
KEPT: Final = 5_000
"""Entries that an account's buffer holds: so far a follower may fall behind before it reads for itself."""
PAUSE: Final = 0.5
"""Seconds after which the reader looks by itself, so that a lost bell loses nothing."""
_GROWN: Final = """
SELECT t.account_id FROM unnest($1::uuid[], $2::bigint[]) AS t(account_id, seen)
 WHERE EXISTS (SELECT FROM ledger l WHERE l.account_id = t.account_id AND l.position > t.seen AND l.position <= $3)
"""
_FAULTS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

log = logger(__name__)


@dataclass(slots=True)
class Tail:
    """An account's end of the ledger. The buffer holds all entries in (`low`, `high`]; up to `end` there are more."""

    account_id: UUID
    low: int
    high: int
    end: int
    followers: int = 0
    events: list[Event] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    filling: "asyncio.Task[None] | None" = None

    def reach(self, end: int, *, grown: bool) -> None:
        """The ledger is final up to here, and has entries (or none) that were not read yet."""
        if not grown:
            # Whatever is buffered is still all there is.
            self.high = self.end = max(self.high, end)
            return
        self.end = max(self.end, end)
        self.grown.set()
        self.grown = asyncio.Event()

    async def after(self, actor: Actor, seen: int) -> tuple[Sequence[Event], int]:
        """Entries after a position, and up to where these are all; the position itself when there is nothing new."""
        if seen < self.low:
            return await _read(actor, seen, self.end)
        if seen >= self.high and self.high < self.end:
            await self._fill(actor)
        if seen >= self.high or seen < self.low:
            return [], seen
        at = bisect_right(self.positions, seen)
        return _page(self.events[at : at + BATCH], self.high)

    async def _fill(self, actor: Actor) -> None:
        """Read the next batch into the buffer: once, whoever asks."""
        if self.filling is None or self.filling.done():
            self.filling = asyncio.create_task(self._load(actor))
        # One who leaves takes nothing away from the others.
        await asyncio.shield(self.filling)

    async def _load(self, actor: Actor) -> None:
        events, self.high = await _read(actor, self.high, self.end)
        self.events += events
        self.positions += [event.position for event in events]
        if len(self.events) > 2 * KEPT:
            self.low = self.positions[-KEPT - 1]
            del self.events[:-KEPT], self.positions[:-KEPT]


async def _read(actor: Actor, seen: int, end: int) -> tuple[Sequence[Event], int]:
    return _page(await feed(actor, BATCH, seen, upto=end), end)


def _page(events: Sequence[Event], upto: int) -> tuple[Sequence[Event], int]:
    return events, events[-1].position if len(events) == BATCH else upto


class _Reader:
    """A process's one reader of ledgers' ends."""

    def __init__(self) -> None:
        self.tails: dict[UUID, Tail] = {}
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while self.tails:
            async with listening(CHANNEL) as bell:
                while self.tails:
                    try:
                        await self.look()
                    except _FAULTS as error:
                        log.warning("the ledger cannot be read", exception=type(error).__name__)
                    await bell.wait(PAUSE)

    async def look(self) -> None:
        """See how far each ledger has come."""
        end = await final_position()
        tails = {tail.account_id: tail for tail in self.tails.values() if tail.end < end}
        if not tails:
            return
        rows = await pool().fetch(_GROWN, list(tails), [tail.end for tail in tails.values()], end)
        grown = {row["account_id"] for row in rows}
        for tail in tails.values():
            # One that still has something to read would skip it, were its `high` moved.
            tail.reach(end, grown=tail.account_id in grown or tail.high < tail.end)


_reader = _Reader()


@asynccontextmanager
async def tail_of(actor: Actor) -> AsyncIterator[Tail]:
    """The account's tail, for as long as the block lasts."""
    end = await final_position()
    tail = _reader.tails.setdefault(actor.account_id, Tail(actor.account_id, end, end, end))
    tail.followers += 1
    if _reader.task is None or _reader.task.done():
        _reader.task = asyncio.create_task(_reader.run())
    try:
        yield tail
    finally:
        tail.followers -= 1
        if not tail.followers:
            del _reader.tails[actor.account_id]


async def follow(actor: Actor, after: int | None = None, until: int | None = None) -> AsyncIterator[Sequence[Event]]:
    """Every entry after a position (None: from now on) as it becomes final, in order, none missed and none twice.

    Ends with the last one up to `until` (None: never).
    """
    async with tail_of(actor) as tail:
        seen = tail.end if after is None else after
        while until is None or seen < until:
            grown = tail.grown
            events, upto = await tail.after(actor, seen)
            if until is not None and upto > until:
                events = [event for event in events if event.position <= until]
            if events:
                yield events
            elif upto <= seen and tail.high >= tail.end:
                await _woken(grown, until)
            seen = max(seen, upto)


async def growth(actor: Actor, after: int | None = None, until: int | None = None) -> AsyncIterator[tuple[int, int]]:
    """Stretches of the ledger as they become final: after which position, up to which. As `follow`."""
    async with tail_of(actor) as tail:
        seen = tail.end if after is None else after
        while until is None or seen < until:
            grown = tail.grown
            end = tail.end if until is None else min(tail.end, until)
            if end > seen:
                yield seen, end
                seen = end
            else:
                await _woken(grown, until)


async def _woken(grown: asyncio.Event, until: int | None) -> None:
    """Wait for entries; and where a follower is to end, look whether there is a position to end at without one."""
    with suppress(TimeoutError):
        await asyncio.wait_for(grown.wait(), None if until is None else PAUSE)


async def close() -> None:
    """Stop reading. To be called before the pool is closed; followers wait until they are ended."""
    if _reader.task is not None:
        _reader.task.cancel()
        await asyncio.gather(_reader.task, return_exceptions=True)
