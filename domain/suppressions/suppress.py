"""Work a list of opt-outs off: a batch of lines in one transaction with the counters, which are also the bookmark.

A worker killed anywhere leaves whole batches behind; the next one reads the file again, passes over as many rows as
the counters say, and goes on.
"""

import asyncio
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson

from domain.bulk.follow import moved
from domain.bulk.lines import write_lines
from domain.bulk.run_part import Step
from domain.bulk.work import Job
from domain.consent.change import Context
from domain.contacts.given import read_account
from domain.contacts.suppress import suppress
from domain.errors import DomainError
from domain.infra.db import Connection, pool, tx
from domain.suppressions.reading import Batch, SuppressionList
from domain.values import Channel

_ALONE: Final = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_LET_GO: Final = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"
_READ: Final = """
SELECT actor, change, total, changed + unchanged + skipped + failed AS processed FROM bulk_operation
 WHERE account_id = $1 AND id = $2 AND status = 'RUNNING' AND NOT cancel_requested
"""
_TOTAL: Final = "UPDATE bulk_operation SET total = $3 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL"
# Nothing when another worker has done the batch, or the operation has ended: then the batch is undone.
_COUNT: Final = """
UPDATE bulk_operation o
   SET changed = o.changed + $4, unchanged = o.unchanged + $5, failed = o.failed + $6, attempts = 0, outcomes = (
         SELECT coalesce(jsonb_object_agg(code, n), '{}') FROM (
           SELECT code, sum(n::integer) AS n FROM (
             SELECT * FROM jsonb_each_text(o.outcomes) UNION ALL SELECT * FROM jsonb_each_text($7::jsonb)) b(code, n)
            GROUP BY code) s)
 WHERE o.account_id = $1 AND o.id = $2 AND o.changed + o.unchanged + o.skipped + o.failed = $3 AND finished_at IS NULL
RETURNING o.cancel_requested
"""
_END: Final = """
UPDATE bulk_operation
   SET status = CASE WHEN $3::text IS NOT NULL THEN 'FAILED' WHEN cancel_requested THEN 'CANCELED' ELSE 'COMPLETED'
                END::bulk_status,
       error = $3, finished_at = $4
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL
"""


class _ElsewhereError(Exception):
    """Another worker did this batch, or the operation has ended."""


async def work_off(account_id: UUID, operation_id: UUID, stopping: asyncio.Event) -> Step:
    """Work a claimed list off. A list that cannot be read to its end makes it FAILED at once.

    FINISHED: the operation has ended. NONE_LEFT: another worker is at it. DONE: `stopping` cut it short.
    """
    async with pool().acquire() as connection:
        if not await connection.fetchval(_ALONE, str(operation_id)):
            return Step.NONE_LEFT
        try:
            return await _work_off(account_id, operation_id, stopping)
        except _ElsewhereError:
            return Step.NONE_LEFT
        finally:
            await connection.execute(_LET_GO, str(operation_id))
            await moved(operation_id)


async def _work_off(account_id: UUID, operation_id: UUID, stopping: asyncio.Event) -> Step:
    row = await pool().fetchrow(_READ, account_id, operation_id)
    error = None
    if row is not None:
        change = orjson.loads(row["change"])
        job = Job(account_id, operation_id, row["actor"], datetime.now(UTC), change)
        async with pool().acquire() as connection:
            account = await read_account(connection, account_id)
        given = SuppressionList(change["object"], Channel(change["channel"]), change["hashed"], account)
        try:
            if row["total"] is None:
                total = await asyncio.to_thread(given.count)
                await pool().execute(_TOTAL, account_id, operation_id, total)
            if not await _batches(job, given, row["processed"], stopping):
                return Step.DONE
        except DomainError as refusal:
            error = refusal.message
    await pool().execute(_END, account_id, operation_id, error, datetime.now(UTC))
    return Step.FINISHED


async def _batches(job: Job, given: SuppressionList, done: int, stopping: asyncio.Event) -> bool:
    """Everything that is left; false when cut short by `stopping`."""
    batches = given.batches(done)
    try:
        while (batch := await asyncio.to_thread(_next, batches)) is not None:
            async with tx() as connection:
                canceled = await _suppress(connection, job, given.channel, batch, done)
            done += batch.rows
            await moved(job.operation_id)
            if canceled:
                return True
            if stopping.is_set():
                return False
    finally:
        await asyncio.to_thread(batches.close)
    return True


def _next(batches: Generator[Batch, None, None]) -> Batch | None:
    return next(batches, None)


async def _suppress(connection: Connection, job: Job, channel: Channel, batch: Batch, done: int) -> bool:
    """One batch; true when the operation is to be canceled."""
    reason = f"On the list “{job.change['file']}”."
    context = Context(job.account_id, job.actor, datetime.now(UTC), reason=reason, operation_id=job.operation_id)
    outcome = await suppress(connection, channel, list(batch.hashes), context)
    keys = job.account_id, job.operation_id
    await write_lines(connection, *keys, batch.refused)
    codes = Counter(line.code.value for line in batch.refused)
    failed = len(batch.refused)
    canceled = await connection.fetchval(
        _COUNT,
        *keys,
        done,
        outcome.changed,
        batch.rows - failed - outcome.changed,
        failed,
        orjson.dumps(codes).decode(),
    )
    if canceled is None:
        raise _ElsewhereError
    return bool(canceled)
