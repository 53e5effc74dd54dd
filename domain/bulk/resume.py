"""Take a FAILED operation up again, by hand."""

from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation


async def resume(actor: Actor, operation_id: UUID) -> Operation:
    """Queue a FAILED operation again; it goes on where it stopped.

    Raises DomainError: NOT_FOUND, ALREADY_FINISHED when it is COMPLETED or CANCELED; one under way is left alone.
    """
    raise NotImplementedError
