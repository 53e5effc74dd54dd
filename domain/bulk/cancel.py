"""Stop an operation: what is done stays done, and the next part sees the flag."""

from datetime import UTC, datetime
from uuid import UUID

from domain.actor import Actor
from domain.bulk.follow import moved
from domain.bulk.operation import COLUMNS, Operation, operation_of
from domain.bulk.queries import operation
from domain.errors import DomainError, ErrorCode, not_found
from domain.infra import queue
from domain.infra.db import pool

_CANCEL = f"""
UPDATE bulk_operation AS o
   SET cancel_requested = true,
       status = CASE WHEN o.status = 'QUEUED' THEN 'CANCELED' ELSE o.status END,
       finished_at = CASE WHEN o.status = 'QUEUED' THEN $3::timestamptz END
 WHERE o.account_id = $1 AND o.id = $2 AND o.finished_at IS NULL
RETURNING {COLUMNS}
"""


async def cancel(actor: Actor, operation_id: UUID) -> Operation:
    """Ask an operation to stop. One that has not started is CANCELED at once; asked again, nothing changes.

    Raises DomainError: NOT_FOUND, ALREADY_FINISHED.
    """
    row = await pool().fetchrow(_CANCEL, actor.account_id, operation_id, datetime.now(UTC))
    if row is None:
        raise await _refusal(actor, operation_id)
    queue.ring(queue.BULK, actor.account_id, operation_id)
    await moved(operation_id)
    return operation_of(row)


async def _refusal(actor: Actor, operation_id: UUID) -> DomainError:
    if await operation(actor, operation_id) is None:
        return not_found("bulk operation", "id")
    return DomainError(ErrorCode.ALREADY_FINISHED, "The operation has already ended.", "id")
