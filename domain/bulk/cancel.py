"""Stop an operation: what is done stays done, and the next part sees the flag."""

from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation


async def cancel(actor: Actor, operation_id: UUID) -> Operation:
    """Ask an operation to stop. One that has not started is CANCELED at once; asked again, nothing changes.

    Raises DomainError: NOT_FOUND, ALREADY_FINISHED.
    """
    raise NotImplementedError
