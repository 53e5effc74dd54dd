"""What nobody works on: operations whose bell was never heard, or whose worker fell silent.

The sweep looks across accounts; these are the only reads that do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.infra.db import pool

_MOST = 1_000

_STRANDED = """
SELECT account_id, id, lease_until FROM bulk_operation
 WHERE finished_at IS NULL AND (lease_until IS NULL OR lease_until < $1) AND (starts_at IS NULL OR starts_at <= $1)
 ORDER BY lease_until NULLS FIRST LIMIT $2
"""
_UNFINISHED = """
SELECT status, count(*) AS n FROM bulk_operation
 WHERE finished_at IS NULL AND (starts_at IS NULL OR starts_at <= $1) GROUP BY status
"""


@dataclass(frozen=True, slots=True)
class Stranded:
    """An operation to ring for, and when its last worker fell silent; None: it has had none."""

    account_id: UUID
    operation_id: UUID
    since: datetime | None


async def stranded() -> list[Stranded]:
    """Every operation that is QUEUED and whose time has come, or RUNNING under a lease that ran out."""
    rows = await pool().fetch(_STRANDED, datetime.now(UTC), _MOST)
    return [Stranded(*row) for row in rows]


async def unfinished() -> dict[str, int]:
    """How many operations of the whole server are QUEUED, their time come, and RUNNING; for the metrics."""
    rows = await pool().fetch(_UNFINISHED, datetime.now(UTC))
    return {row["status"]: row["n"] for row in rows}
