"""Settle a list that is read whole: whom its rows are about, and what there is to do, written down in parts."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.errors import DomainError
from domain.groups.create import create_group
from domain.imports import staging
from domain.imports.plan import ImportPlan
from domain.imports.sort import sort_rows
from domain.imports.twins import find_twins
from domain.infra.db import pool, tx

PART: Final = 2_000
"""Rows of a part, at most: that bounds how long another writer of the same contacts waits."""
_LEAST, _PARTS = 500, 20

_PROGRESS = """
UPDATE import_progress SET settled_at = $3, group_ids = $4, part_rows = $5
 WHERE account_id = $1 AND operation_id = $2 AND settled_at IS NULL RETURNING staged
"""
_STAGED = "SELECT staged FROM import_progress WHERE account_id = $1 AND operation_id = $2"
_PARTS_DOWN = """
INSERT INTO bulk_part (account_id, operation_id, number, contact_ids, fresh, rows, same)
SELECT $1, $2, number, '{}', coalesce(fresh, '{}'), coalesce(rows, '{}'), same FROM (
  SELECT number, array_agg(k.n ORDER BY k.n) FILTER (WHERE k.kind = 'FRESH') AS fresh,
         array_agg(k.n ORDER BY k.n) FILTER (WHERE k.kind = 'LOOK') AS rows,
         count(*) FILTER (WHERE k.kind = 'SAME') AS same
    FROM generate_series(0, $3::integer - 1) AS number LEFT JOIN sorted k ON k.n / $4 = number GROUP BY number) p
"""
_TOTAL = """
UPDATE bulk_operation
   SET total = failed + $3, status = CASE WHEN $3 = 0 THEN 'COMPLETED' ELSE status END,
       finished_at = CASE WHEN $3 = 0 THEN $4::timestamptz ELSE finished_at END
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL AND total IS NULL
RETURNING true
"""
_FORGET = "DELETE FROM bulk_part WHERE account_id = $1 AND operation_id = $2"
_GROUP = "SELECT id FROM contact_group WHERE account_id = $1 AND lower(name) = lower($2)"


async def settle(actor: Actor, operation_id: UUID, plan: ImportPlan) -> int:
    """Settle a list that is staged whole, and write its parts down; answers how many. All of it commits together."""
    account_id = actor.account_id
    groups = await _groups(actor, plan)
    async with tx() as connection:
        # A sample of a few thousand rows will do, and takes a tenth of the time.
        await connection.execute("SET LOCAL default_statistics_target = 10")
        await connection.execute(f"ANALYZE {staging.table(operation_id)}")
        staged = await connection.fetchval(_STAGED, account_id, operation_id)
        await connection.execute("SET LOCAL work_mem = '64MB'")
        size = part_rows(staged)
        table = staging.table(operation_id)
        if staged:
            await find_twins(connection, account_id, table, plan)
        await sort_rows(connection, account_id, table, plan, groups)
        now = datetime.now(UTC)
        if await connection.fetchval(_PROGRESS, account_id, operation_id, now, groups, size) is None:
            return 0
        parts = -(-staged // size)
        await connection.execute(_PARTS_DOWN, account_id, operation_id, parts, size)
        if not await connection.fetchval(_TOTAL, account_id, operation_id, staged, now):
            await connection.execute(_FORGET, account_id, operation_id)  # canceled meanwhile
    return int(parts)


def part_rows(staged: int) -> int:
    """How many rows a part has: a small list is cut finer, so that progress is seen and workers can share it."""
    return min(PART, max(_LEAST, -(-staged // _PARTS)))


async def _groups(actor: Actor, plan: ImportPlan) -> list[UUID]:
    """The groups that everyone joins; the new one is made unless there is one of its name, and not in a dry run."""
    groups = [UUID(group) for group in plan.groups]
    if plan.new_group is None:
        return groups
    found = await pool().fetchval(_GROUP, actor.account_id, plan.new_group)
    if found is None and not plan.dry_run:
        try:
            found = (await create_group(actor, plan.new_group)).id
        except DomainError:  # made by another at this moment
            found = await pool().fetchval(_GROUP, actor.account_id, plan.new_group)
    return list(dict.fromkeys([*groups, *([found] if found else [])]))
