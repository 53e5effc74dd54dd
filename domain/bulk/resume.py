"""Take a FAILED operation up again, by hand."""

from uuid import UUID

from domain.actor import Actor
from domain.bulk.follow import moved
from domain.bulk.operation import COLUMNS, Operation, operation_of
from domain.bulk.queries import operation
from domain.errors import DomainError, ErrorCode, not_found
from domain.infra import queue
from domain.infra.db import pool

_RESUME = f"""
UPDATE bulk_operation AS o
   SET status = 'QUEUED', finished_at = NULL, attempts = 0, lease_until = NULL, error = NULL
 WHERE o.account_id = $1 AND o.id = $2 AND o.status = 'FAILED'
RETURNING {COLUMNS}
"""


async def resume(actor: Actor, operation_id: UUID) -> Operation:
    """Queue a FAILED operation again; it goes on where it stopped. One under way is left alone.

    Raises DomainError: NOT_FOUND, ALREADY_FINISHED when it is COMPLETED or CANCELED.
    """
    row = await pool().fetchrow(_RESUME, actor.account_id, operation_id)
    found = operation_of(row) if row else await operation(actor, operation_id)
    if found is None:
        raise not_found("bulk operation", "id")
    if found.finished:
        raise DomainError(ErrorCode.ALREADY_FINISHED, "The operation has already ended.", "id")
    queue.ring(queue.BULK, actor.account_id, operation_id)
    await moved(operation_id)
    return found
