"""Reading operations."""

from collections.abc import Sequence
from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import COLUMNS, Operation, operation_of
from domain.bulk.values import BulkKind
from domain.infra.db import pool

_BY_IDS = f"SELECT {COLUMNS} FROM bulk_operation o WHERE o.account_id = $1 AND o.id = ANY ($2::uuid[])"
_PAGE = f"""
SELECT {COLUMNS} FROM bulk_operation o
 WHERE o.account_id = $1 AND ($2::uuid IS NULL OR o.id < $2) AND ($3::bulk_kind IS NULL OR o.kind = $3)
 ORDER BY o.id DESC LIMIT $4
"""


async def operation(actor: Actor, operation_id: UUID) -> Operation | None:
    """One operation, or None when the account has none of this id."""
    return (await operations(actor, [operation_id])).get(operation_id)


async def operations(actor: Actor, operation_ids: Sequence[UUID]) -> dict[UUID, Operation]:
    """Those of the operations that the account has."""
    rows = await pool().fetch(_BY_IDS, actor.account_id, list(operation_ids))
    return {row["id"]: operation_of(row) for row in rows}


async def page(actor: Actor, first: int, after: UUID | None = None, kind: BulkKind | None = None) -> list[Operation]:
    """Up to `first` operations, newest first, older than `after`. Ask for one more to learn whether more follow."""
    rows = await pool().fetch(_PAGE, actor.account_id, after, kind, first)
    return [operation_of(row) for row in rows]
