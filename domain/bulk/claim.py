"""The lease: who works on an operation says so in its row, and whoever falls silent is replaced.

The lease only decides whether the bell is rung again. What keeps two workers from doing a part twice is the part's
row lock, so a worker that was thought dead does no harm.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.bulk.rules import MAX_ATTEMPTS
from domain.bulk.values import BulkKind, OperationStatus
from domain.infra.db import pool
from domain.infra.settings import settings

_CLAIM = """
UPDATE bulk_operation
   SET status = 'RUNNING', started_at = coalesce(started_at, $3), lease_until = $4,
       attempts = attempts + CASE WHEN lease_until > $3 THEN 0 ELSE 1 END
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL AND (starts_at IS NULL OR starts_at <= $3)
RETURNING kind, attempts
"""
_RENEW = """
UPDATE bulk_operation SET lease_until = $3 WHERE account_id = $1 AND id = $2 AND status = 'RUNNING'
"""
_STUMBLE = """
UPDATE bulk_operation
   SET error = $4, lease_until = $3::timestamptz + least(power(2, attempts), 60) * interval '250 ms',
       status = CASE WHEN attempts >= $5 THEN 'FAILED' ELSE status END,
       finished_at = CASE WHEN attempts >= $5 THEN $3 END
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL
RETURNING status
"""
_GIVE_UP = """
UPDATE bulk_operation SET status = 'FAILED', finished_at = $3, error = coalesce(error, $4)
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL
"""


async def claim(account_id: UUID, operation_id: UUID) -> BulkKind | None:
    """Begin to work on an operation of this kind, alone or beside others. None when there is nothing to do.

    A claim after silence counts as an attempt; too many without a part finished in between, and it is FAILED.
    """
    now = datetime.now(UTC)
    row = await pool().fetchrow(_CLAIM, account_id, operation_id, now, _lease(now))
    if row is None:
        return None
    if row["attempts"] > MAX_ATTEMPTS:
        error = f"The work was begun {MAX_ATTEMPTS} times and never got on: the worker ended each time."
        await pool().execute(_GIVE_UP, account_id, operation_id, now, error)
        return None
    return BulkKind(row["kind"])


async def renew(account_id: UUID, operation_id: UUID) -> None:
    """Say that the work goes on."""
    await pool().execute(_RENEW, account_id, operation_id, _lease(datetime.now(UTC)))


async def stumble(account_id: UUID, operation_id: UUID, error: str) -> bool:
    """Record a fault. The work is begun again after a growing pause; true when it was the last attempt: FAILED."""
    status = await pool().fetchval(_STUMBLE, account_id, operation_id, datetime.now(UTC), error, MAX_ATTEMPTS)
    return bool(status == OperationStatus.FAILED)


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=settings().lease)
