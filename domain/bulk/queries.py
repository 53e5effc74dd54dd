"""Reading operations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import COLUMNS, Operation, operation_of
from domain.bulk.values import BulkKind
from domain.infra.db import pool
from domain.window import Listing, Page, Window

_BY_IDS = f"SELECT {COLUMNS} FROM bulk_operation o WHERE o.account_id = $1 AND o.id = ANY ($2::uuid[])"
_PAGE = f"""
SELECT {COLUMNS} FROM bulk_operation o
 WHERE o.account_id = $1 AND ($2::bulk_kind IS NULL OR o.kind = $2){{reach}} ORDER BY {{order}} LIMIT $3
"""
_NEWEST = Listing(("o.id",), down=True)


async def operation(actor: Actor, operation_id: UUID) -> Operation | None:
    """One operation, or None when the account has none of this id."""
    return (await operations(actor, [operation_id])).get(operation_id)


async def operations(actor: Actor, operation_ids: Sequence[UUID]) -> dict[UUID, Operation]:
    """Those of the operations that the account has."""
    rows = await pool().fetch(_BY_IDS, actor.account_id, list(operation_ids))
    return {row["id"]: operation_of(row) for row in rows}


async def page(actor: Actor, window: Window[UUID], kind: BulkKind | None = None) -> Page[Operation]:
    """Operations, newest first, by their ids. Raises DomainError INVALID for a bad window."""
    given: list[Any] = [actor.account_id, kind, window.size() + 1]
    rows = await pool().fetch(_NEWEST.statement(_PAGE, window, given), *given)
    return window.page([operation_of(row) for row in rows])
