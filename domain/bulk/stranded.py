"""What nobody works on: operations whose bell was never heard, or whose worker fell silent.

The sweep looks across accounts; these are the only reads that do.
"""

from datetime import UTC, datetime
from uuid import UUID

from domain.infra.db import pool

_MOST = 1_000

_STRANDED = """
SELECT account_id, id FROM bulk_operation
 WHERE finished_at IS NULL AND (lease_until IS NULL OR lease_until < $1)
 ORDER BY lease_until NULLS FIRST LIMIT $2
"""
_UNFINISHED = "SELECT status, count(*) AS n FROM bulk_operation WHERE finished_at IS NULL GROUP BY status"


async def stranded() -> list[tuple[UUID, UUID]]:
    """The account and id of every operation to ring for: QUEUED, or RUNNING under a lease that ran out."""
    rows = await pool().fetch(_STRANDED, datetime.now(UTC), _MOST)
    return [(row["account_id"], row["id"]) for row in rows]


async def unfinished() -> dict[str, int]:
    """How many operations of the whole server are QUEUED and RUNNING, for the metrics."""
    rows = await pool().fetch(_UNFINISHED)
    return {row["status"]: row["n"] for row in rows}
