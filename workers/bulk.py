"""Work a bulk operation off, a slice at a time, so that one operation never keeps a worker from the others."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from domain.bulk.claim import claim, renew, stumble
from domain.bulk.follow import moved
from domain.bulk.run_part import WORK, Step, run_part
from domain.bulk.values import BulkKind
from domain.bulk.work import Work
from domain.bulk.write_down import write_down
from domain.exports.write import write
from domain.imports import staging
from domain.imports.hold import MovedError
from domain.imports.merge import merge_part
from domain.imports.stage import stage
from domain.infra import queue
from domain.infra.log import bound, logger
from domain.infra.settings import settings
from domain.messages.broadcast import broadcast_part
from domain.messages.journeys.resend import resend_part
from domain.suppressions.suppress import work_off

SLICE = 5.0
"""Seconds of work before the bell is rung again and another operation may have its turn."""
LANES = 2
"""So many jobs share a large operation: two workers, or two connections of one. A worker does no more parts, and
batches of a list, at once, of however many operations: whoever opts out meanwhile needs the database, too."""
LIMIT = 120.0
"""Seconds after which a slice counts as hung; writing a huge selection down takes the longest."""
WHOLE: Final = {BulkKind.EXPORT: write, BulkKind.SUPPRESS: work_off}
"""What is done in one go, and sees for itself when it has to stop."""
_TRIES = 5
# Nothing happened, and the same again can succeed.
_PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.UniqueViolationError,
    MovedError,
)
_WORK: Final[dict[BulkKind, Work]] = {
    **WORK,
    BulkKind.IMPORT: merge_part,
    BulkKind.RESEND: resend_part,
    BulkKind.BROADCAST: broadcast_part,
}

T = TypeVar("T")
_lanes: Final = asyncio.Semaphore(LANES)
log = logger(__name__)


async def bulk(ctx: dict[str, Any], account: str, operation: str) -> None:
    """A slice of one operation. A fault is recorded in its row, and the sweep begins again after a pause."""
    account_id, operation_id = UUID(account), UUID(operation)
    with bound(bulk_operation=operation):
        kind = await claim(account_id, operation_id)
        if kind is None:
            await moved(operation_id)
            return
        try:
            async with _heartbeat(account_id, operation_id):
                step = await _slice(kind, account_id, operation_id, ctx["stopping"])
        except Exception as error:  # whatever it is, the row has to say so
            log.exception("a part failed")
            if await stumble(account_id, operation_id, _words(error)):
                log.warning("the operation failed for good")
            await moved(operation_id)
            return
        if step is Step.DONE:
            queue.ring(queue.BULK, account_id, operation_id)


async def _slice(kind: BulkKind, account_id: UUID, operation_id: UUID, stopping: asyncio.Event) -> Step:
    if kind in WHOLE:
        return await WHOLE[kind](account_id, operation_id, stopping)
    if kind is BulkKind.IMPORT and not await _staged(account_id, operation_id, stopping):
        return Step.DONE
    async with asyncio.timeout(LIMIT):
        return await _parts(kind, account_id, operation_id, stopping)


async def _parts(kind: BulkKind, account_id: UUID, operation_id: UUID, stopping: asyncio.Event) -> Step:
    parts = await write_down(account_id, operation_id) if kind is not BulkKind.IMPORT else 0
    for _ in range(min(parts, LANES) - 1):
        queue.ring(queue.BULK, account_id, operation_id)
    until = monotonic() + SLICE
    while not stopping.is_set():
        async with _lanes:
            step = await _again(lambda: run_part(account_id, operation_id, _WORK))
        if step is Step.FINISHED and kind is BulkKind.IMPORT:
            await staging.finish(account_id, operation_id)
        if step is not Step.DONE or monotonic() > until:
            return step
    return Step.DONE


async def _staged(account_id: UUID, operation_id: UUID, stopping: asyncio.Event) -> bool:
    """Read an import's list in, for as long as that takes; false when it was cut short."""
    parts = await stage(account_id, operation_id, stopping, _lanes)
    for _ in range(min(parts or 0, LANES) - 1):
        queue.ring(queue.BULK, account_id, operation_id)
    return parts is not None


async def _again(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try again at once, with a little chance in between, what a neighbour's lock has stopped."""
    for tries in range(1, _TRIES):
        try:
            return await attempt()
        except _PASSING as error:
            log.info("again, after a neighbour", exception=type(error).__name__, tries=tries)
            await asyncio.sleep(random.uniform(0, 0.05 * 2**tries))  # noqa: S311 - no secret
    return await attempt()


@asynccontextmanager
async def _heartbeat(account_id: UUID, operation_id: UUID) -> AsyncIterator[None]:
    """Renew the lease while a part waits for somebody's lock."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(settings().lease / 3)
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await renew(account_id, operation_id)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _words(error: Exception) -> str:
    """A fault without what it was about: messages of the database quote rows."""
    return f"The work stopped on a fault that was not expected ({type(error).__name__})."
