"""The bell of the ledger: after a commit, readers in every process are told to look. Losing it costs half a second.

It carries nothing, not even an account: what there is to read stands in the ledger.
"""

import asyncio
from time import monotonic
from typing import Final

from domain.infra import redis
from domain.infra.log import logger

CHANNEL: Final = "assent:ledger"
_GAP: Final = 0.02
"""Seconds between two rings of a process: a storm of commits is one long ring."""
_AWAY: Final = 1.0
"""Seconds for which a Redis that is away is left alone."""

log = logger(__name__)


class _Bell:
    """One process's hand on it."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.next = 0.0
        self.due = False

    def ring(self) -> None:
        loop = asyncio.get_running_loop()
        if self.loop is not loop:
            self.loop, self.due, self.next = loop, False, 0.0
        if self.due:
            return
        self.due = True
        loop.call_later(max(0.0, self.next - monotonic()), self._start)

    def _start(self) -> None:
        self.due = False
        self.next = monotonic() + _GAP
        redis.soon(self._publish())

    async def _publish(self) -> None:
        try:
            await redis.client().publish(CHANNEL, b"")
        except redis.AWAY as error:
            self.next = monotonic() + _AWAY
            log.info("the ledger's bell was not rung; readers look by themselves", exception=type(error).__name__)


_bell = _Bell()


def ring() -> None:
    """Tell every reader to look: now, or soon after the last ring. Neither waits nor raises."""
    _bell.ring()
