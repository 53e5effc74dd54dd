"""Up to which position the ledger is final: everything is visible, and nothing can appear below it any more.

Positions are drawn in causal order but become visible at commit, so a reader that goes by position alone misses
entries. The tick: read the sequence's last value, then draw an own transaction id; once every older transaction has
ended, all positions up to that value are final. A writer that is held open delays readers, never misleads them.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from domain.infra.db import pool

_TICK = "SELECT reached AS position, xid::text AS xid FROM ledger_tick()"
_XMIN = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05


@dataclass(slots=True)
class _Tick:
    """A position, the transaction id that was drawn after it was read, and when that was."""

    position: int
    xid: int
    drawn: float


@dataclass(slots=True)
class _Horizon:
    """One process's view of it: the best position known, the tick that has not passed yet, and the one after it.

    While one does not pass, another would not either: those who ask meanwhile share the next.
    """

    position: int = 0
    waiting: _Tick | None = None
    flight: "asyncio.Task[None] | None" = None
    following: "asyncio.Task[None] | None" = None

    def joined(self) -> "asyncio.Task[None]":
        """A tick that is drawn after this moment."""
        if self.flight is None or self.flight.done():
            self.flight = _started(self.tick())
            return self.flight
        if self.following is None or self.following.done():
            self.following = _started(self.follow())
        return self.following

    async def tick(self) -> None:
        """Tick, and wait until it has passed."""
        row = await pool().fetchrow(_TICK)
        assert row is not None
        self.waiting = tick = _Tick(int(row["position"]), int(row["xid"]), monotonic())
        try:
            pause = _FIRST_PAUSE
            while int(await pool().fetchval(_XMIN)) <= tick.xid:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            self.position = max(self.position, tick.position)
        finally:
            self.waiting = None

    async def follow(self) -> None:
        """The tick after the one under way: what was committed since may lie above that."""
        with suppress(Exception):
            await asyncio.shield(self.flight or asyncio.sleep(0))
        self.following = None
        await asyncio.shield(self.joined())


_horizons: dict[Any, _Horizon] = {}


def _known() -> _Horizon:
    return _horizons.setdefault(id(pool()), _Horizon())


async def final_position(wait: float = 0.5) -> int:
    """The highest position known to be final, after waiting at most `wait` seconds for writers under way.

    Everything committed before the call is included unless a transaction begun earlier is still open after `wait`.
    """
    horizon = _known()
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.shield(horizon.joined()), wait)
    return horizon.position


async def lag() -> float:
    """Seconds for which an open transaction has been holding this process's readers back; 0 when none does."""
    await final_position(0.05)
    waiting = _known().waiting
    return monotonic() - waiting.drawn if waiting else 0.0


def _started(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    task = asyncio.create_task(work)
    # Whoever waits for it learns of a failure; when all have gone, nobody need be told.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
