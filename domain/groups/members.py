"""Put contacts into a group, or take them out, many at once."""

from collections.abc import Sequence
from uuid import UUID

from domain.infra.db import Connection


async def add(connection: Connection, account_id: UUID, group_id: UUID, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Put contacts into a group; answers those that were not in it before. Contacts that no longer exist are left out.

    Raises DomainError NOT_FOUND (field `group`) when the group no longer exists.
    """
    raise NotImplementedError


async def remove(connection: Connection, account_id: UUID, group_id: UUID, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Take contacts out of a group; answers those that were in it. Raises as `add` does."""
    raise NotImplementedError
