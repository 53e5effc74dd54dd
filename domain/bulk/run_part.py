"""Work one part off: its contacts, its refusals, the counters and its own end, in one transaction.

A worker killed anywhere leaves the part as it was, so every contact is changed exactly once.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

import orjson

from domain.bulk.double_opt_in_part import request_double_opt_in_part
from domain.bulk.erase_part import erase_part
from domain.bulk.follow import moved
from domain.bulk.lines import write_lines
from domain.bulk.members_part import change_members
from domain.bulk.status_part import change_part
from domain.bulk.tags_part import change_tags_part
from domain.bulk.topics_part import change_topics_part
from domain.bulk.undo_part import undo_part
from domain.bulk.values import FINISHED, BulkKind, OperationStatus
from domain.bulk.work import Job, Tally, Work
from domain.infra.db import Connection, tx
from domain.infra.settings import settings

WORK: Final[dict[BulkKind, Work]] = {
    BulkKind.CHANGE_STATUS: change_part,
    BulkKind.CHANGE_GROUP: change_members,
    BulkKind.CHANGE_TOPICS: change_topics_part,
    BulkKind.CHANGE_TAGS: change_tags_part,
    BulkKind.ERASE: erase_part,
    BulkKind.REQUEST_DOUBLE_OPT_IN: request_double_opt_in_part,
    BulkKind.UNDO: undo_part,
}

_TAKE = """
SELECT number, contact_ids FROM bulk_part
 WHERE account_id = $1 AND operation_id = $2 AND done_at IS NULL
 ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
"""
# Read after a part is held: whoever ends the operation holds every part that is not done, so this cannot change.
_READ = """
SELECT kind, status, actor, change, evidence_id, cancel_requested FROM bulk_operation WHERE account_id = $1 AND id = $2
"""
_REFUSED = """
INSERT INTO bulk_refusal (account_id, operation_id, contact_id, address_id, code)
SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::text[])
"""
_EVERYONE = "o.changed + o.unchanged + o.skipped + o.failed + $5 + $6 + $7 + $10 = o.total"
_ADDED = """(
         SELECT coalesce(jsonb_object_agg(name, n), '{{}}') FROM (
           SELECT name, sum(n::integer) AS n
             FROM (SELECT * FROM jsonb_each_text({kept})
                   UNION ALL
                   SELECT * FROM jsonb_each_text({more}::jsonb)) b(name, n)
            GROUP BY name) AS s)"""
# The row's own figures say whether this was the last part: two workers that finish together cannot both miss it.
_DONE = f"""
WITH part AS (
  UPDATE bulk_part SET done_at = $4 WHERE account_id = $1 AND operation_id = $2 AND number = $3
)
UPDATE bulk_operation o
   SET changed = o.changed + $5, unchanged = o.unchanged + $6, skipped = o.skipped + $7, failed = o.failed + $10,
       attempts = 0, lease_until = $8,
       outcomes = CASE WHEN $9 = '{{}}' THEN o.outcomes ELSE {_ADDED.format(kept="o.outcomes", more="$9")} END,
       counts = CASE WHEN $11 = '{{}}' THEN o.counts ELSE {_ADDED.format(kept="o.counts", more="$11")} END,
       status = CASE WHEN {_EVERYONE} THEN 'COMPLETED' ELSE o.status END,
       finished_at = CASE WHEN {_EVERYONE} THEN $4::timestamptz ELSE o.finished_at END,
       error = CASE WHEN o.status = 'FAILED' AND NOT ({_EVERYONE}) THEN o.error END
 WHERE o.account_id = $1 AND o.id = $2
RETURNING o.status
"""
_FORGET = "DELETE FROM bulk_part WHERE account_id = $1 AND operation_id = $2"
_HOLD_REST = """
SELECT number FROM bulk_part WHERE account_id = $1 AND operation_id = $2 AND done_at IS NULL ORDER BY number FOR UPDATE
"""
_CANCEL = """
UPDATE bulk_operation SET status = 'CANCELED', finished_at = $3
 WHERE account_id = $1 AND id = $2 AND cancel_requested AND finished_at IS NULL
"""


class Step(Enum):
    """What came of looking for a part."""

    DONE = auto()
    """A part was done, and more may be left."""
    NONE_LEFT = auto()
    """Other workers hold what is left."""
    FINISHED = auto()
    """The operation has ended."""


async def run_part(account_id: UUID, operation_id: UUID, work: Mapping[BulkKind, Work] = WORK) -> Step:
    """Take a part that nobody holds and do it. Whatever is raised has changed nothing.

    `work`: what a part of each kind does; the kinds of features above this one are given by the caller.
    """
    async with tx() as connection:
        step = await _run(connection, account_id, operation_id, work)
    if step is None:
        await _end_canceled(account_id, operation_id)
        step = Step.FINISHED
    if step is not Step.NONE_LEFT:
        await moved(operation_id)
    return step


async def _run(
    connection: Connection, account_id: UUID, operation_id: UUID, work: Mapping[BulkKind, Work]
) -> Step | None:
    """One part; None when the operation is to be canceled."""
    part = await connection.fetchrow(_TAKE, account_id, operation_id)
    row = await connection.fetchrow(_READ, account_id, operation_id)
    if row is None or row["status"] in FINISHED:
        return Step.FINISHED
    if row["cancel_requested"]:
        return None
    if part is None:
        return Step.NONE_LEFT
    job = _job(account_id, operation_id, row, part["number"])
    tally = await work[BulkKind(row["kind"])](connection, job, part["contact_ids"])
    return await _record(connection, job, part["number"], tally)


async def _record(connection: Connection, job: Job, number: int, tally: Tally) -> Step:
    keys = job.account_id, job.operation_id
    if tally.refusals:
        columns = zip(*((one.contact_id, one.address_id, one.code) for one in tally.refusals), strict=True)
        await connection.execute(_REFUSED, *keys, *map(list, columns))
    await write_lines(connection, *keys, tally.lines)
    now = datetime.now(UTC)
    status = await connection.fetchval(
        _DONE,
        *keys,
        number,
        now,
        tally.changed,
        tally.unchanged,
        sum(tally.skipped.values()),
        now + timedelta(seconds=settings().lease),
        _json(Counter(tally.skipped) + Counter(tally.failed)),
        sum(tally.failed.values()),
        _json(tally.counts),
    )
    if status != OperationStatus.COMPLETED:
        return Step.DONE
    await connection.execute(_FORGET, *keys)
    return Step.FINISHED


async def _end_canceled(account_id: UUID, operation_id: UUID) -> None:
    """End a canceled operation once the parts under way are done, so that its figures stand still from then on."""
    async with tx() as connection:
        await connection.execute(_HOLD_REST, account_id, operation_id)
        await connection.execute(_CANCEL, account_id, operation_id, datetime.now(UTC))
        await connection.execute(_FORGET, account_id, operation_id)


def _job(account_id: UUID, operation_id: UUID, row: Any, number: int) -> Job:
    change = orjson.loads(row["change"])
    return Job(account_id, operation_id, row["actor"], datetime.now(UTC), change, row["evidence_id"], number)


def _json(figures: Mapping[Any, int]) -> str:
    return orjson.dumps({str(name): n for name, n in figures.items()}).decode()
