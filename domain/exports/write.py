"""Write an export's file: copied out of the database straight into the store, in constant memory.

Nothing is changed on the way, so a worker that dies leaves only a file that nobody sees, and another begins anew: the
result stands when all of it does.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from domain.bulk.follow import moved
from domain.bulk.run_part import Step
from domain.bulk.values import FINISHED
from domain.contacts import planned
from domain.exports import export_contacts, export_suppressions
from domain.exports.pipe import Pipe
from domain.exports.query import Rows, options
from domain.exports.values import ExportFormat
from domain.files.stored import keep
from domain.infra.db import Connection, pool
from domain.infra.log import logger

log = logger(__name__)

ROWS: Final[dict[str, Callable[[UUID, dict[str, Any], dict[str, Any]], Rows]]] = {
    "contacts": export_contacts.rows,
    "opt-outs": export_suppressions.rows,
}

_LOOK: Final = 1.0
"""Seconds between two looks at how far it has come, and at whether it is to stop."""
_TYPES: Final = {ExportFormat.CSV: "text/csv", ExportFormat.JSONL: "application/jsonl"}

# Two workers may come to it; the file is written by one. A long one outlives what a writer of the ledger may take.
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
_PATIENT = "SELECT set_config('transaction_timeout', '0', true), set_config('work_mem', '64MB', true)"
_READ = """
SELECT status, change, selection, cancel_requested, created_at FROM bulk_operation WHERE account_id = $1 AND id = $2
"""
_PROGRESS = """
UPDATE bulk_operation
   SET total = coalesce($3, total), unchanged = coalesce(
         (SELECT tuples_processed FROM pg_stat_progress_copy WHERE pid = $4), unchanged)
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL RETURNING cancel_requested
"""
_COMPLETE = """
UPDATE bulk_operation SET status = 'COMPLETED', total = $3, unchanged = $3, finished_at = $4, error = NULL
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL AND NOT cancel_requested
"""
_CANCEL = """
UPDATE bulk_operation SET status = 'CANCELED', finished_at = $3
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL AND cancel_requested
"""


class _Halt(Exception):  # noqa: N818 - nothing went wrong
    """The file is not wanted any more, or not from this process."""


async def write(account_id: UUID, operation_id: UUID, stopping: asyncio.Event) -> Step:
    """Write the file of a claimed export. Whatever is raised has left nothing behind.

    FINISHED: the operation has ended. NONE_LEFT: another worker writes the file. DONE: it was `stopping` that ended
    it, and somebody has to begin anew.
    """
    try:
        async with pool().acquire() as connection, connection.transaction(readonly=True):
            if not await connection.fetchval(_ALONE, str(operation_id)):
                return Step.NONE_LEFT
            await connection.execute(_PATIENT)
            await _write(connection, account_id, operation_id, stopping)
    except _Halt:
        if stopping.is_set():
            return Step.DONE
    await pool().execute(_CANCEL, account_id, operation_id, datetime.now(UTC))
    await moved(operation_id)
    return Step.FINISHED


async def _write(connection: Connection, account_id: UUID, operation_id: UUID, stopping: asyncio.Event) -> None:
    row = await connection.fetchrow(_READ, account_id, operation_id)
    if row is None or row["status"] in FINISHED or row["cancel_requested"]:
        return
    change = orjson.loads(row["change"])
    rows = ROWS[change["of"]](account_id, change, orjson.loads(row["selection"]))
    format_ = ExportFormat(change["format"])
    pipe = Pipe()
    copying = asyncio.create_task(_copy(connection, rows, format_, pipe))
    watching = asyncio.create_task(_watch(account_id, operation_id, connection.get_server_pid(), rows, pipe, stopping))
    name = f"{change['of']}-{row['created_at']:%Y-%m-%d-%H%M}.{format_.lower()}"
    try:
        await keep(account_id, name, _TYPES[format_], pipe.pieces(), operation_id)
        written = await copying
    finally:
        for task in (copying, watching):
            task.cancel()
        await asyncio.gather(copying, watching, return_exceptions=True)
    await pool().execute(_COMPLETE, account_id, operation_id, written, datetime.now(UTC))


async def _copy(connection: Connection, rows: Rows, format_: ExportFormat, pipe: Pipe) -> int:
    """Copy the rows into the pipe, and answer how many there were."""
    try:
        await pipe.put(rows.head)
        tag = await connection.copy_from_query(rows.text, *rows.parameters, output=pipe.put, **options(format_))
        await pipe.end()
    except Exception as error:
        pipe.fail(error)
        raise
    return int(tag.split()[1])


async def _watch(
    account_id: UUID, operation_id: UUID, pid: int, rows: Rows, pipe: Pipe, stopping: asyncio.Event
) -> None:
    """Say how far it has come, and stop it when it is canceled or the process is to end."""
    total = None
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _LOOK)
        try:
            canceled = await pool().fetchval(_PROGRESS, account_id, operation_id, total, pid)
            await moved(operation_id)
            if canceled or stopping.is_set():
                pipe.fail(_Halt())
                return
            total = total or (await planned.fetch(rows.count, rows.counted))[0][0]
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            log.warning("the progress of an export was not recorded")
