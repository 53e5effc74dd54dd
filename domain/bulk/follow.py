"""Follow an operation: now, each time it moves, until it ends."""

from collections.abc import AsyncIterator
from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.queries import operation
from domain.errors import not_found
from domain.infra.redis import announce, listening

INTERVAL = 1.0
"""Seconds after which a follower looks by itself, so that a lost Redis loses nothing."""


def channel(operation_id: UUID) -> str:
    """The bell's channel of one operation."""
    return f"assent:bulk:{operation_id}"


async def moved(operation_id: UUID) -> None:
    """Tell whoever follows the operation to look again. To be called after the commit."""
    await announce(channel(operation_id))


async def follow(actor: Actor, operation_id: UUID) -> AsyncIterator[Operation]:
    """The operation now, then each time it has moved; ends after the snapshot in which it is finished.

    Listens first and reads then, so that no change falls between. Raises DomainError NOT_FOUND.
    """
    async with listening(channel(operation_id)) as bell:
        seen = None
        while seen is None or not seen.finished:
            now = await operation(actor, operation_id)
            if now is None:
                raise not_found("bulk operation", "id")
            if now != seen:
                yield now
                seen = now
            if not now.finished:
                await bell.wait(INTERVAL)
