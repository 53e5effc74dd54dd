"""Send a batch: groups are put together while the one before is on its way over all connections.

A group is short work under locks; no lock is held while a mail server answers. Mails are marked as handed over a few
at a time, right before a connection takes them, so a crash leaves few behind of which nobody knows; what was put
together and not marked is judged again. Ends are written down some at a time.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Final
from uuid import UUID

import asyncpg

from domain.infra.db import pool
from domain.infra.log import logger
from domain.infra.settings import settings
from domain.mail.batches import End, end_many, hand_over_many
from domain.mail.compose import letter
from domain.mail.deliver import PATIENCE, handed_over
from domain.mail.group import Crowd, Group, Ready, given_back, prepare, put_off
from domain.mail.outbox import Claimed, MailStatus, recover
from domain.mail.results import Accepted, Deferred, Refused, Result, Stale, Unknown
from domain.mail.sms.text import Text
from domain.mail.transport import Letter

LARGEST: Final = 100
"""Mails of a group. Whoever opts out waits for the lock of one group at most."""
MARKED: Final = 20
"""Mails that are marked as handed over at a time."""
_BRISK: Final = 0.3
_SLOW: Final = 1.5
"""Seconds in which a group goes: under the one the next is larger, over the other smaller."""
_SOON: Final = 1.0
"""Seconds for which it is worth to wait for the next mail's turn."""
_FLUSH: Final = 0.05
"""Seconds after which ends are written down, however few."""
_AWAY: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

log = logger(__name__)


async def stream(account_id: UUID, batch_id: UUID, crowd: Crowd, stopping: asyncio.Event, seconds: float) -> int:
    """Send mails of a batch for so long, or until none is due or the worker is to end; answers how many were taken."""
    await recover(account_id, datetime.now(UTC))
    running = _Stream(account_id, batch_id, crowd, stopping, monotonic() + seconds)
    return await running.run()


@dataclass(slots=True)
class _Stream:
    account_id: UUID
    batch_id: UUID
    crowd: Crowd
    stopping: asyncio.Event
    until: float
    sent: int = 0
    failing: int = 0
    """How many hand-overs in a row found no server."""
    away: bool = False
    """A server is away: nothing more is claimed, and what is not on its way is given back."""
    over: bool = False
    """Nothing more becomes ready."""
    ready: deque[Ready] = field(default_factory=deque)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    """Something is ready, or nothing more comes."""
    room: asyncio.Event = field(default_factory=asyncio.Event)
    """Little is ready."""
    going: asyncio.Queue[tuple[Ready, Letter | Text] | None] = field(default_factory=lambda: asyncio.Queue(MARKED))
    ends: list[End] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Some ends are to be written down, or the last ones."""
    finished: bool = False

    async def run(self) -> int:
        """All stages at once; a fault of the first ends the stream once what is on its way has ended."""
        recording = asyncio.create_task(self._record())
        senders = [asyncio.create_task(self._send()) for _ in range(settings().smtp_connections)]
        marking = asyncio.create_task(self._mark(len(senders)))
        try:
            await self._prepare()
        finally:
            self.over = True
            self.more.set()
            await marking
            await asyncio.gather(*senders)
            self.finished = True
            self.ended.set()
            await recording
        return self.sent

    async def _prepare(self) -> None:
        size, began = 4 * settings().smtp_connections, monotonic()
        while not self._done():
            group = await prepare(self.account_id, self.batch_id, self.crowd, size)
            self.ready.extend(group.ready)
            self.more.set()
            if not group.taken and not await self._worth_waiting(group):
                return
            while len(self.ready) > size // 2 and not self._done():
                self.room.clear()
                await self.room.wait()
            took, began = monotonic() - began, monotonic()
            size = _next_size(size, took)

    def _done(self) -> bool:
        return self.away or self.stopping.is_set() or monotonic() > self.until

    async def _worth_waiting(self, group: Group) -> bool:
        if group.wait is None or group.wait > _SOON:
            return False
        await asyncio.sleep(group.wait)
        return True

    async def _mark(self, senders: int) -> None:
        """Mark what goes next; what cannot go any more is given back."""
        try:
            while self.ready or not self.over:
                if not self.ready:
                    self.more.clear()
                    await self.more.wait()
                    continue
                await self._mark_some([self.ready.popleft() for _ in range(min(MARKED, len(self.ready)))])
                self.room.set()
        finally:
            self.away = True
            self.room.set()
            for _ in range(senders):
                await self.going.put(None)

    async def _mark_some(self, some: list[Ready]) -> None:
        now = datetime.now(UTC)
        if self.stopping.is_set() or self.away:
            self._end(*(given_back(one.mail, now) for one in some))
            return
        letters = [(one, made) for one in some if (made := self._made(one, now))]
        try:
            ours = await hand_over_many(self.account_id, [one.mail for one, _ in letters], now)
        except _AWAY:
            # Not marked, so not sent: found again once the lease has passed.
            log.exception("mails could not be marked as handed over")
            self.away = True
            return
        for one, made in letters:
            if one.mail.id in ours:
                await self.going.put((one, made))

    def _made(self, one: Ready, now: datetime) -> Letter | Text | None:
        if isinstance(one.said, Text):
            return one.said
        try:
            return letter(one.said, one.mail.id, one.mail.created_at, one.fresh_until)
        except Exception:  # whatever it is, the other mails go
            log.exception("a mail could not be put together", mail=str(one.mail.id))
            self._end(put_off(one.mail, now))
            return None

    async def _send(self) -> None:
        while (one := await self.going.get()) is not None:
            ready, made = one
            result = Stale() if monotonic() > ready.fresh_until else await _told(made)
            if isinstance(result, Refused):
                await self._bounce(ready.mail, result)
            self.failing = self.failing + 1 if isinstance(result, Deferred) and not result.code else 0
            if self.failing > MARKED:
                self.away = True  # there is no server: the rest need not be judged for that
            self._end(_end(ready.mail, result, datetime.now(UTC)))

    async def _bounce(self, mail: Claimed, how: Refused) -> None:
        try:
            await self.crowd.bounce(self.account_id, mail.subject_id, how)
        except Exception:  # whatever it is, its end is recorded
            log.exception("what follows from a refusal was not done", mail=str(mail.id))

    def _end(self, *ends: End) -> None:
        self.ends += ends
        self.sent += sum(end.status is MailStatus.SENT for end in ends)
        if len(self.ends) >= MARKED:
            self.ended.set()

    async def _record(self) -> None:
        while self.ends or not self.finished:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), _FLUSH)
            self.ended.clear()
            some, self.ends = self.ends, []
            if some:
                await self._write(some)

    async def _write(self, some: list[End]) -> None:
        """However long the database is away, within reason: what is not written down ends as UNKNOWN."""
        patience = monotonic() + PATIENCE
        while True:
            try:
                await end_many(pool(), self.account_id, some, datetime.now(UTC))
            except _AWAY as error:
                if monotonic() > patience:
                    raise
                log.warning("ends could not be written down yet", exception=type(error).__name__)
                await asyncio.sleep(0.5)
            else:
                return


async def _told(made: Letter | Text) -> Result:
    try:
        return await handed_over(made)
    except Exception:  # whatever it is, the connection goes on with the next
        log.exception("a mail may have gone, and may not")
        return Unknown()


def _end(mail: Claimed, result: Result, now: datetime) -> End:
    if isinstance(result, Accepted):
        return End(mail, MailStatus.SENT)
    if isinstance(result, Refused):
        return End(mail, MailStatus.REFUSED, code=result.code, enhanced=result.enhanced)
    if isinstance(result, Stale):
        return given_back(mail, now)
    if isinstance(result, Deferred):
        return put_off(mail, now, result.code, result.enhanced)
    return End(mail, MailStatus.UNKNOWN)


def _next_size(size: int, took: float) -> int:
    """The next group's: more where groups go fast, fewer where their words would wait."""
    if took < _BRISK:
        return min(2 * size, LARGEST)
    return max(size // 2, settings().smtp_connections) if took > _SLOW else size
