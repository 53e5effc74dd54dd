"""Write the selection down in parts, so that what was selected is what is changed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from domain.actor import Actor
from domain.bulk.follow import moved
from domain.bulk.rules import MAX_PART, MIN_PART, PARTS
from domain.bulk.undo import touched
from domain.bulk.values import BulkKind
from domain.contacts.selection import Statement, from_json, statement
from domain.infra.db import Connection, tx

# Several workers may arrive at once. The row itself is not locked: a cancellation and the lease must get through.
_FENCE = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
_READ = """
SELECT kind, actor, change, selection FROM bulk_operation
 WHERE account_id = $1 AND id = $2 AND total IS NULL AND status = 'RUNNING' AND NOT cancel_requested
"""
_WRITE = """
WITH selected AS (
  SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS total FROM ({selection}) AS s
), written AS (
  INSERT INTO bulk_part (account_id, operation_id, number, contact_ids)
  SELECT $1, {operation}, n / size, array_agg(id)
    FROM selected, LATERAL (SELECT least({most}, greatest({least}, (total + {parts} - 1) / {parts})) AS size) AS s
   GROUP BY n / size
  RETURNING cardinality(contact_ids) AS contacts
)
SELECT coalesce(sum(contacts), 0)::integer AS contacts, count(*)::integer AS parts FROM written
"""
_TOTAL = """
UPDATE bulk_operation
   SET total = $3, status = CASE WHEN $3 = 0 THEN 'COMPLETED' ELSE status END,
       finished_at = CASE WHEN $3 = 0 THEN $4::timestamptz ELSE finished_at END
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL
RETURNING true
"""
# An erasure has no way back, so whoever has come into the selection since it was shown to a person stops it.
_GROWN = """
UPDATE bulk_operation SET status = 'FAILED', finished_at = $3, error = $4
 WHERE account_id = $1 AND id = $2 AND finished_at IS NULL
"""
_FORGET = "DELETE FROM bulk_part WHERE account_id = $1 AND operation_id = $2"


async def write_down(account_id: UUID, operation_id: UUID) -> int:
    """Write the ids of a claimed operation's selection down, once; its total is known then.

    Answers the number of parts written: 0 when they stand already, when another worker is writing them, or when
    nobody is selected any more, which completes the operation.
    """
    async with tx() as connection:
        if not await connection.fetchval(_FENCE, str(operation_id)):
            return 0
        row = await connection.fetchrow(_READ, account_id, operation_id)
        if row is None:
            return 0
        selected = _selected(account_id, row)
        # Prepared for this one run, so that it is planned for its own values.
        writing = await connection.prepare(_sql(selected))
        written = await writing.fetchrow(*selected.parameters, operation_id)
        assert written is not None
        await _settle(connection, (account_id, operation_id), row, written["contacts"])
    await moved(operation_id)
    return int(written["parts"])


async def _settle(connection: Connection, keys: tuple[UUID, UUID], row: Any, contacts: int) -> None:
    """Make the total known, or forget the parts: the operation was canceled meanwhile, or the selection has grown."""
    expected = orjson.loads(row["change"]).get("expected_total", contacts)
    if contacts > expected:
        error = f"The selection has come to hold {contacts:,} contacts, not {expected:,}. Nothing was done."
        await connection.execute(_GROWN, *keys, datetime.now(UTC), error)
    if not await connection.fetchval(_TOTAL, *keys, contacts, datetime.now(UTC)):
        await connection.execute(_FORGET, *keys)


def _selected(account_id: UUID, row: Any) -> Statement:
    actor = Actor(account_id, row["actor"], frozenset())
    if row["kind"] == BulkKind.UNDO:
        return touched(actor, UUID(orjson.loads(row["change"])["operation"]))
    return statement(actor, from_json(orjson.loads(row["selection"])))


def _sql(selected: Statement) -> str:
    operation = f"${len(selected.parameters) + 1}::uuid"
    return _WRITE.format(selection=selected.text, operation=operation, most=MAX_PART, least=MIN_PART, parts=PARTS)
