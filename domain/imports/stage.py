"""Read an import's list into its staging table, batch by batch; each batch commits with the bookmark.

A worker killed anywhere leaves whole batches behind; the next one reads the file again from the start, which is
cheap, passes over what is in, and goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

import orjson

from domain.accounts import queries as accounts
from domain.actor import Actor
from domain.bulk.follow import moved
from domain.bulk.lines import write_lines
from domain.contacts.given import read_account
from domain.errors import DomainError
from domain.imports import staging
from domain.imports.plan import ImportPlan
from domain.imports.reading.table import read_table
from domain.imports.rows import COLUMNS, Reader, Staged
from domain.imports.settle import settle
from domain.infra import storage
from domain.infra.db import pool, tx
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


ROWS: Final = 10_000
"""Rows of a batch: what bounds the worker's memory."""
SECONDS: Final = 1_800.0
"""After so long the rest is left to another job: arq ends one that takes too long."""

_READ = """
SELECT actor, change FROM bulk_operation
 WHERE account_id = $1 AND id = $2 AND status = 'RUNNING' AND NOT cancel_requested AND total IS NULL
"""
_FENCE = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_UNFENCE = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"
_BEGIN = "INSERT INTO import_progress (account_id, operation_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_PROGRESS = "SELECT batches, staged FROM import_progress WHERE account_id = $1 AND operation_id = $2"
_BOOKMARK = """
UPDATE import_progress SET batches = batches + 1, rows = rows + $4, staged = staged + $5
 WHERE account_id = $1 AND operation_id = $2 AND batches = $3
RETURNING true
"""
_COUNT = """
UPDATE bulk_operation o SET failed = o.failed + $3, attempts = 0, outcomes = (
    SELECT coalesce(jsonb_object_agg(code, n), '{}') FROM (
      SELECT code, sum(n::integer) AS n
        FROM (SELECT * FROM jsonb_each_text(o.outcomes) UNION ALL SELECT * FROM jsonb_each_text($4::jsonb)) b(code, n)
       GROUP BY code) s)
 WHERE o.account_id = $1 AND o.id = $2
RETURNING o.cancel_requested
"""
_FAIL = """
UPDATE bulk_operation SET status = 'FAILED', error = $3, finished_at = $4
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class _Work:
    account_id: UUID
    operation_id: UUID
    actor: Actor
    plan: ImportPlan


async def stage(
    account_id: UUID, operation_id: UUID, stopping: asyncio.Event, turn: AbstractAsyncContextManager[object]
) -> int | None:
    """Bring a claimed import to where its parts are written down; answers how many it wrote. Each batch waits its turn.

    0: they stand already, another worker is at it, it is to be canceled, or there is nothing to merge, which completes
    it. None: it was cut short (stopping, or time for another job); ring again. A list that cannot be read makes it
    FAILED at once.
    """
    row = await pool().fetchrow(_READ, account_id, operation_id)
    if row is None:
        return 0
    plan = ImportPlan.of(orjson.loads(row["change"]))
    work = _Work(account_id, operation_id, Actor(account_id, row["actor"], frozenset()), plan)
    async with _fence(operation_id) as alone:
        if not alone:
            return 0
        try:
            done = await _read_in(work, stopping, turn)
        except DomainError as error:
            await pool().execute(_FAIL, account_id, operation_id, error.message, datetime.now(UTC))
            await staging.drop(operation_id)
            await moved(operation_id)
            return 0
        if not done:
            return 0 if done is None else None
        parts = await settle(work.actor, operation_id, plan)
    await moved(operation_id)
    return parts


@asynccontextmanager
async def _fence(operation_id: UUID) -> AsyncIterator[bool]:
    """Whether this worker is the one to read; for the whole of the block."""
    async with pool().acquire() as connection:
        alone = await connection.fetchval(_FENCE, str(operation_id))
        try:
            yield bool(alone)
        finally:
            if alone:
                await connection.execute(_UNFENCE, str(operation_id))


async def _read_in(work: _Work, stopping: asyncio.Event, turn: AbstractAsyncContextManager[object]) -> bool | None:
    """Stage what is left of the file; false when cut short, None when canceled."""
    keys = work.account_id, work.operation_id
    await pool().execute(_BEGIN, *keys)
    await staging.make(work.operation_id)
    progress = await pool().fetchrow(_PROGRESS, *keys)
    assert progress is not None
    async with pool().acquire() as connection:
        account = await read_account(connection, work.account_id)
    topics = {topic.key: topic.id for topic in await accounts.topics(work.actor)}
    reader = Reader(work.account_id, work.plan, account, topics)
    batches = _Batches(reader, progress["batches"], progress["staged"])
    until = monotonic() + SECONDS
    number = progress["batches"]
    ahead = asyncio.create_task(asyncio.to_thread(batches.next))
    try:
        while (read := await ahead) is not None:
            async with turn:
                ahead = asyncio.create_task(asyncio.to_thread(batches.next))
                if not await _keep(work, number, *read):
                    return None
            number += 1
            await moved(work.operation_id)
            if stopping.is_set() or monotonic() > until:
                return False
        return True
    finally:
        # The thread reads the file: it is closed when that is done.
        await asyncio.wait([ahead])
        ahead.cancelled() or ahead.exception()
        batches.close()


class _Batches:
    """The batches that are left, read one by one in a thread."""

    def __init__(self, reader: Reader, skip: int, staged: int) -> None:
        self.reader, self.skip, self.staged = reader, skip, staged
        self.file = storage.reader(reader.plan.object)
        self.frames: Iterator[pl.DataFrame] | None = None

    def next(self) -> tuple[int, Staged] | None:
        """How many rows the next batch has, and what came of them; None at the end. Raises DomainError."""
        if self.frames is None:
            self.frames = read_table(self.file).batches(ROWS)
            for _ in range(self.skip):
                next(self.frames, None)
        frame = next(self.frames, None)
        if frame is None:
            return None
        staged = self.reader.read(frame, self.staged)
        self.staged += staged.rows
        return frame.height, staged

    def close(self) -> None:
        """Close the file."""
        self.file.close()


async def _keep(work: _Work, number: int, rows: int, staged: Staged) -> bool:
    """One batch, its refusals and the bookmark, in one transaction; false when the operation is to be canceled."""
    keys = work.account_id, work.operation_id
    async with tx() as connection:
        if not await connection.fetchval(_BOOKMARK, *keys, number, rows, staged.rows):
            return False
        await connection.copy_to_table(
            staging.table(work.operation_id), source=BytesIO(staged.text), columns=COLUMNS, format="csv"
        )
        codes: dict[str, int] = {}
        for lines in staged.refused:
            codes[lines[0].code.value] = codes.get(lines[0].code.value, 0) + 1
        await write_lines(connection, *keys, [line for lines in staged.refused for line in lines])
        canceled = await connection.fetchval(_COUNT, *keys, len(staged.refused), orjson.dumps(codes).decode())
    return not canceled
