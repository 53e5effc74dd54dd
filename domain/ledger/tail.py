"""The end of each account's ledger, read once a process and shared by all who follow it there.

One reader a process hears the bell (and looks by itself every half second), asks how far the ledger is final, and which
of the accounts that are followed have grown. Followers take what they have not seen from pages that the first of them
has read; one that has fallen behind these reads the ledger by itself until it has caught up. Nobody waits for anybody:
each follower goes at its own pace, and none can miss or repeat an entry, because all go by position.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, cast
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
KEPT_SECONDS: Final = 30.0
"""Seconds for which a page is handed out: what it says of a person who was erased since then goes with it."""
_PAST: Final = 16
"""Pages from before the buffer that are kept for others who come by the same place."""
PAUSE: Final = 0.5
"""Seconds after which the reader looks by itself, so that a lost bell loses nothing."""
_GROWN: Final = """
SELECT t.account_id FROM unnest($1::uuid[], $2::bigint[]) AS t(account_id, seen)
 WHERE EXISTS (SELECT FROM ledger l WHERE l.account_id = t.account_id AND l.position > t.seen AND l.position <= $3)
"""
_FAULTS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

log = logger(__name__)


@dataclass(slots=True, eq=False)
class Page:
    """The entries in (`low`, `high`], read once for all who follow. What they make of them alike they keep in `shared`.

    It goes with the page: nobody is shown an old answer.
    """

    low: int
    high: int
    events: Sequence[Event] = ()
    read: float = field(default_factory=monotonic)
    shared: dict[Any, Any] = field(default_factory=dict)
    cuts: "dict[tuple[int, int], Page]" = field(default_factory=dict)

    def between(self, low: int, high: int) -> "Page":
        """The part of it in (`low`, `high`]: the same for all who need the same."""
        low, high = max(low, self.low), min(high, self.high)
        if (low, high) == (self.low, self.high):
            return self
        if (low, high) not in self.cuts:
            events = [event for event in self.events if low < event.position <= high]
            self.cuts[low, high] = Page(low, high, events, self.read)
        return self.cuts[low, high]


@dataclass(slots=True)
class Tail:
    """An account's end of the ledger. The pages hold all entries in (`low`, `high`]; up to `end` there are more."""

    account_id: UUID
    low: int
    high: int
    end: int
    followers: int = 0
    kept: int = 0
    pages: list[Page] = field(default_factory=list)
    past: "dict[int, asyncio.Task[Page]]" = field(default_factory=dict)
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

    async def after(self, actor: Actor, seen: int) -> Page:
        """The next entries after a position; a page that is empty and goes no further when there is nothing new."""
        self._forget()
        if seen < self.low:
            return await self._behind(actor, seen)
        if seen >= self.high and self.high < self.end:
            await self._fill(actor)
        if seen >= self.high or seen < self.low:
            return Page(seen, seen)
        at = bisect_right(self.pages, seen, key=_high)
        return self.pages[at].between(seen, self.high) if at < len(self.pages) else Page(seen, self.high)

    async def _fill(self, actor: Actor) -> None:
        """Read the next page: once, whoever asks."""
        if self.filling is None or self.filling.done():
            self.filling = asyncio.create_task(self._load(actor))
        # One who leaves takes nothing away from the others.
        await asyncio.shield(self.filling)

    async def _load(self, actor: Actor) -> None:
        page = await _read(actor, self.high, self.end)
        self.high = page.high
        if page.events:
            self.pages.append(page)
            self.kept += len(page.events)

    def _forget(self) -> None:
        """Let go of what is too much or too old: people are erased, and what they are asked again for has changed."""
        old = monotonic() - KEPT_SECONDS
        while self.pages and (self.kept - len(self.pages[0].events) >= KEPT or self.pages[0].read < old):
            page = self.pages.pop(0)
            self.kept -= len(page.events)
            self.low = page.high

    async def _behind(self, actor: Actor, seen: int) -> Page:
        """A page from before the buffer, read once for all who are at the same place at the same time."""
        task = self.past.get(seen)
        if task is None or (task.done() and not _fresh(task)):
            self.past.pop(seen, None)
            task = self.past[seen] = asyncio.create_task(_read(actor, seen, self.low))
            if len(self.past) > _PAST:
                del self.past[next(iter(self.past))]
        return await asyncio.shield(task)


def _high(page: Page) -> int:
    return page.high


def _fresh(task: "asyncio.Task[Page]") -> bool:
    if task.cancelled() or task.exception():
        return False
    return task.result().read > monotonic() - KEPT_SECONDS


async def _read(actor: Actor, seen: int, end: int) -> Page:
    events = await feed(actor, BATCH, seen, upto=end)
    return Page(seen, events[-1].position if len(events) == BATCH else end, events)


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


async def pages(actor: Actor, after: int | None = None, until: int | None = None) -> AsyncIterator[Page]:
    """Every entry after a position (None: from now on) as it becomes final, in order, none missed and none twice.

    In pages that all who follow have in common. Ends with the last one up to `until` (None: never).
    """
    async with tail_of(actor) as tail:
        seen = tail.end if after is None else after
        while until is None or seen < until:
            grown = tail.grown
            page = await tail.after(actor, seen)
            if until is not None:
                page = page.between(page.low, until)
            if page.events:
                yield page
            elif page.high <= seen and tail.high >= tail.end:
                await _woken(grown, until)
            seen = max(seen, page.high)


async def follow(actor: Actor, after: int | None = None, until: int | None = None) -> AsyncIterator[Sequence[Event]]:
    """The entries of `pages`."""
    async with aclosing(cast(Any, pages(actor, after, until))) as following:
        async for page in following:
            yield page.events


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
