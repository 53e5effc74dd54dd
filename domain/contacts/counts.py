"""The maintained counts: appended as signed changes, folded by a worker, never one hot row."""

from collections.abc import Sequence
from uuid import UUID

from domain.infra.db import Connection


async def leave(connection: Connection, account_id: UUID, contact_ids: Sequence[UUID]) -> None:
    """Take contacts out of the counts as they stand, before a verb changes them.

    The contacts and all their addresses must be locked (`lock_contacts`).
    """
    raise NotImplementedError


async def enter(connection: Connection, account_id: UUID, contact_ids: Sequence[UUID]) -> None:
    """Take contacts into the counts as they stand, after a verb changed them. Locked as for `leave`."""
    raise NotImplementedError


async def fold(account_id: UUID) -> int:
    """Replace the account's signed changes by their sums, one a cell; answers how many rows that saved.

    Exact while others append, read and fold.
    """
    raise NotImplementedError


async def unfolded(more_than: int = 200) -> list[UUID]:
    """The accounts with more signed changes than this: those worth folding."""
    raise NotImplementedError


async def differences(account_id: UUID) -> list[dict[str, object]]:
    """The cells whose maintained count is not what counting gives, with both figures; empty when all is well."""
    raise NotImplementedError
