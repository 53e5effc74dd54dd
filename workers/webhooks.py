"""Deliver to endpoints, beside the jobs and apart from them: whoever is slow or silent delays nobody else."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.infra.log import bound, logger
from domain.infra.redis import listening
from domain.infra.settings import settings
from domain.ledger.bell import CHANNEL
from domain.ledger.horizon import final_position
from domain.webhooks import claim
from domain.webhooks.claim import Endpoint
from domain.webhooks.deliver import deliver, run_errand
from domain.webhooks.post import Postman

LANES: Final = 64
"""Endpoints that a worker delivers to at once."""
FAILING_LANES: Final = 24
"""So many of these at most may be tried again after a failure, and so many run errands: the rest is for the healthy."""
SLICE: Final = 5.0
"""Seconds after which an endpoint that has much to hear makes room for another."""
PAUSE: Final = 1.0
"""Seconds between two looks without a bell."""
_GAP: Final = 0.05
"""Seconds between two looks, however often the bell rings."""
_FAULTS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

log = logger(__name__)


class Round:
    """One worker's deliveries."""

    def __init__(self, stopping: asyncio.Event, postman: Postman) -> None:
        self.stopping = stopping
        self.postman = postman
        self.tasks: set[asyncio.Task[None]] = set()
        self.failing: set[asyncio.Task[None]] = set()
        self.errands: set[asyncio.Task[None]] = set()
        self.held: dict[UUID | None, Endpoint] = {}
        self.freed = asyncio.Event()

    async def run(self) -> None:
        """Deliver until the process is to stop; then let what is under way end, and give everything back."""
        renewing = asyncio.create_task(self._renew())
        try:
            async with listening(CHANNEL) as bell:
                while not self.stopping.is_set():
                    await self._look()
                    await asyncio.sleep(_GAP)
                    await self._wait(bell.wait(PAUSE))
            if self.tasks:
                await asyncio.wait(self.tasks)
        finally:
            renewing.cancel()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, renewing, return_exceptions=True)

    async def _look(self) -> None:
        try:
            await self.look()
        except _FAULTS as error:
            log.warning("endpoints cannot be looked at", exception=type(error).__name__)
        except Exception:  # deliveries go on, whatever it was
            log.exception("a look at the endpoints broke off")

    async def look(self) -> None:
        """Take what is due, as far as there is room."""
        room = LANES - len(self.tasks)
        if room <= 0:
            return
        for account_id, asked in await claim.errands(min(room, FAILING_LANES - len(self.errands))):
            self._start(run_errand(account_id, asked, self.postman), self.errands)
        if (room := LANES - len(self.tasks)) <= 0:
            return
        final = await final_position(0.1)
        may_fail = FAILING_LANES - len(self.failing)
        for endpoint in await claim.claim(final, room, failing=False):
            self._start(self._deliver(endpoint))
        if may_fail > 0 and (room := LANES - len(self.tasks)) > 0:
            for endpoint in await claim.claim(final, min(room, may_fail), failing=True):
                self._start(self._deliver(endpoint), self.failing)

    async def _deliver(self, endpoint: Endpoint) -> None:
        until = monotonic() + SLICE
        self.held[endpoint.lease_owner] = endpoint
        with bound(webhook=str(endpoint.id)):
            try:
                await deliver(endpoint, self.postman, more=lambda: monotonic() < until and not self.stopping.is_set())
            except Exception:  # whatever it is, a later look tries again
                log.exception("a delivery broke off")
                await asyncio.sleep(PAUSE)
            finally:
                del self.held[endpoint.lease_owner]
                with suppress(*_FAULTS):
                    await claim.release([endpoint])

    def _start(self, work: Coroutine[Any, Any, None], among: "set[asyncio.Task[None]] | None" = None) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        if among is not None:
            among.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        for group in (self.tasks, self.failing, self.errands):
            group.discard(task)
        self.freed.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("an errand broke off", exception=type(error).__name__)

    async def _wait(self, bell: Coroutine[Any, Any, bool]) -> None:
        """Until the bell rings, a place is free, the process is to stop, or a while has passed."""
        self.freed.clear()
        waits = [asyncio.ensure_future(one) for one in (bell, self.freed.wait(), self.stopping.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(settings().lease / 3)
            with suppress(*_FAULTS):
                await claim.renew(self.held.values())


async def webhooks(stopping: asyncio.Event) -> None:
    """Deliver until the process is to stop."""
    async with Postman(settings().webhook_hosts) as postman:
        await Round(stopping, postman).run()
