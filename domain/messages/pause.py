"""Hold a broadcast, have it go on, or call it off: also once all its messages are in the outbox."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from domain.actor import Actor
from domain.bulk.cancel import cancel
from domain.bulk.operation import Operation
from domain.bulk.queries import operation
from domain.errors import DomainError, ErrorCode, not_found
from domain.infra import queue
from domain.infra.db import Connection, pool, tx
from domain.mail.batches import cancel_batch, open_batch, pause_batch, read_batch, resume_batch

_READ: Final = "SELECT change FROM bulk_operation WHERE account_id = $1 AND id = $2 AND kind = 'BROADCAST'"
# A broadcast that is canceled while it is paused has to be worked off: its messages end as CANCELED.
_RELEASE: Final = """
UPDATE mail_batch b SET paused_at = NULL FROM bulk_operation o
 WHERE b.paused_at IS NOT NULL AND o.account_id = b.account_id AND o.id = b.id AND o.cancel_requested
"""


async def pause_broadcast(actor: Actor, operation_id: UUID) -> Operation:
    """Have none of its messages claimed from now on; those in a worker's hands, some seconds' worth, still go.

    Paused already, nothing changes. Raises DomainError: NOT_FOUND, ALREADY_FINISHED for a canceled one.
    """
    return await _changed(actor, operation_id, lambda c: pause_batch(c, actor.account_id, operation_id, _now()))


async def resume_broadcast(actor: Actor, operation_id: UUID) -> Operation:
    """Have it go on; not paused, nothing changes. Raises as `pause_broadcast`."""
    return await _changed(actor, operation_id, lambda c: resume_batch(c, actor.account_id, operation_id))


async def cancel_broadcast(actor: Actor, operation_id: UUID) -> Operation:
    """Have none of its messages sent that are not in a worker's hands: they end as CANCELED. Twice is once.

    Raises DomainError NOT_FOUND.
    """
    async with tx() as connection:
        await _opened(connection, actor, operation_id)
        await cancel_batch(connection, actor.account_id, operation_id, _now())
    queue.ring(queue.STREAM, actor.account_id, operation_id)
    found = await _operation(actor, operation_id)
    if found.finished:
        return found
    try:
        return await cancel(actor, operation_id)
    except DomainError as error:
        if error.code is not ErrorCode.ALREADY_FINISHED:  # it has ended meanwhile, by itself
            raise
        return await _operation(actor, operation_id)


async def release_canceled() -> None:
    """Have the messages of broadcasts that were canceled while they were paused worked off, of all accounts."""
    await pool().execute(_RELEASE)


async def _changed(actor: Actor, operation_id: UUID, change: Callable[[Connection], Awaitable[None]]) -> Operation:
    found = await _operation(actor, operation_id)
    async with tx() as connection:
        await _opened(connection, actor, operation_id)
        batch = await read_batch(connection, actor.account_id, operation_id)
        if found.cancel_requested or (batch and batch.canceled_at):
            raise DomainError(ErrorCode.ALREADY_FINISHED, "The broadcast was canceled.", "id")
        await change(connection)
    queue.ring(queue.STREAM, actor.account_id, operation_id)
    return found


async def _opened(connection: Connection, actor: Actor, operation_id: UUID) -> None:
    """Its batch, also before the first of its messages is in the outbox."""
    row: Any = await connection.fetchrow(_READ, actor.account_id, operation_id)
    if row is None:
        raise not_found("broadcast", "id")
    per_second = orjson.loads(row["change"]).get("per_second")
    await open_batch(connection, actor.account_id, operation_id, per_second, _now())


async def _operation(actor: Actor, operation_id: UUID) -> Operation:
    found = await operation(actor, operation_id)
    if found is None:
        raise not_found("broadcast", "id")
    return found


def _now() -> datetime:
    return datetime.now(UTC)
