"""Up to which position the ledger is final: everything is visible, and nothing can appear below it any more.

Positions are drawn in causal order but become visible at commit, so a reader that goes by position alone misses
entries. The tick: read the sequence's last value, then draw an own transaction id; once every older transaction has
ended, all positions up to that value are final. A writer that is held open delays readers, never misleads them.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from domain.infra.db import pool

_TICK = "SELECT reached AS position, xid::text AS xid FROM ledger_tick()"
_XMIN = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
_MOST_PENDING = 1_000


@dataclass(slots=True)
class _Horizon:
    """One process's view of it: the best position known, the ticks not yet passed, and the tick under way."""

    position: int = 0
    pending: "deque[tuple[int, int]]" = field(default_factory=deque)
    flight: "asyncio.Task[int] | None" = None

    async def tick(self) -> int:
        """Tick, and wait until it has passed. Answers its position."""
        row = await pool().fetchrow(_TICK)
        assert row is not None
        position, xid = int(row["position"]), int(row["xid"])
        self.pending.append((position, xid))
        pause = _FIRST_PAUSE
        while not await self.passed(xid):
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return position

    async def passed(self, xid: int) -> bool:
        """Take in every pending tick that has passed, and say whether this one has."""
        oldest = int(await pool().fetchval(_XMIN))
        while self.pending and (self.pending[0][1] < oldest or len(self.pending) > _MOST_PENDING):
            position, drawn = self.pending.popleft()
            self.position = max(self.position, position) if drawn < oldest else self.position
        return xid < oldest


_horizons: dict[Any, _Horizon] = {}


async def final_position(wait: float = 0.5) -> int:
    """The highest position known to be final, after waiting at most `wait` seconds for writers under way.

    Everything committed before the call is included unless a transaction begun earlier is still open after `wait`.
    """
    horizon = _horizons.setdefault(id(pool()), _Horizon())
    if horizon.flight is None or horizon.flight.done():
        horizon.flight = asyncio.create_task(horizon.tick())
        flight = horizon.flight
    else:
        # A tick already under way was drawn before this call: what committed since may lie above it.
        flight = asyncio.create_task(_after(horizon))
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.shield(flight), wait)
    return horizon.position


async def _after(horizon: _Horizon) -> int:
    if horizon.flight is not None:
        with suppress(Exception):
            await asyncio.shield(horizon.flight)
    if horizon.flight is None or horizon.flight.done():
        horizon.flight = asyncio.create_task(horizon.tick())
    return await asyncio.shield(horizon.flight)
