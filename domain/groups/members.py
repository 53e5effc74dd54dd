"""Put contacts into a group, or take them out, many at once."""

from collections.abc import Sequence
from uuid import UUID

from domain.errors import not_found
from domain.infra.db import Connection

_HOLD = "SELECT FROM contact_group WHERE account_id = $1 AND id = $2 FOR KEY SHARE"
_ADD = """
WITH present AS MATERIALIZED (
  SELECT id FROM contact WHERE account_id = $1 AND id = ANY ($3::uuid[]) ORDER BY id FOR KEY SHARE
)
INSERT INTO group_member (account_id, group_id, contact_id, operation_id) SELECT $1, $2, id, $4 FROM present
ON CONFLICT DO NOTHING RETURNING contact_id
"""
_REMOVE = """
WITH leaving AS MATERIALIZED (
  SELECT contact_id FROM group_member WHERE account_id = $1 AND group_id = $2 AND contact_id = ANY ($3::uuid[])
   ORDER BY contact_id FOR UPDATE
), gone AS (
  DELETE FROM group_member m USING leaving
   WHERE m.account_id = $1 AND m.group_id = $2 AND m.contact_id = leaving.contact_id
  RETURNING m.contact_id, m.operation_id
), kept AS (
  INSERT INTO group_member_removed (account_id, group_id, contact_id, operation_id, was_by)
  SELECT $1, $2, contact_id, $4, operation_id FROM gone WHERE $4::uuid IS NOT NULL
  ON CONFLICT (account_id, group_id, contact_id)
  DO UPDATE SET operation_id = excluded.operation_id, was_by = excluded.was_by
)
SELECT contact_id FROM gone
"""
# Who came in by the operation leaves; whom it took out comes back, and is again in by whoever had put them there.
_UNDO = """
WITH leaving AS MATERIALIZED (
  SELECT group_id, contact_id FROM group_member
   WHERE account_id = $1 AND contact_id = ANY ($3::uuid[]) AND operation_id = $2
   ORDER BY contact_id, group_id FOR UPDATE
), gone AS (
  DELETE FROM group_member m USING leaving
   WHERE m.account_id = $1 AND m.group_id = leaving.group_id AND m.contact_id = leaving.contact_id
  RETURNING m.contact_id
), coming AS (
  DELETE FROM group_member_removed
   WHERE account_id = $1 AND contact_id = ANY ($3::uuid[]) AND operation_id = $2
  RETURNING group_id, contact_id, was_by
), back AS (
  INSERT INTO group_member (account_id, group_id, contact_id, operation_id)
  SELECT $1, group_id, contact_id, was_by FROM coming ON CONFLICT DO NOTHING RETURNING contact_id
)
SELECT contact_id FROM gone UNION SELECT contact_id FROM back
"""


async def add(
    connection: Connection,
    account_id: UUID,
    group_id: UUID,
    contact_ids: Sequence[UUID],
    operation_id: UUID | None = None,
) -> list[UUID]:
    """Put contacts into a group; answers those that were not in it before. Contacts that no longer exist are left out.

    `operation_id`: the operation that their membership rests on, so that it can be undone. Raises DomainError
    NOT_FOUND (field `group`) when the group no longer exists.
    """
    return await _change(connection, _ADD, account_id, group_id, contact_ids, operation_id)


async def remove(
    connection: Connection,
    account_id: UUID,
    group_id: UUID,
    contact_ids: Sequence[UUID],
    operation_id: UUID | None = None,
) -> list[UUID]:
    """Take contacts out of a group; answers those that were in it. The contacts are locked. Otherwise as `add`."""
    return await _change(connection, _REMOVE, account_id, group_id, contact_ids, operation_id)


async def undo(connection: Connection, account_id: UUID, operation_id: UUID, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Go back on what an operation did to the groups of these contacts, which are locked; answers whom it moved.

    Whoever was moved again since is left as they are.
    """
    rows = await connection.fetch(_UNDO, account_id, operation_id, list(contact_ids))
    return [row["contact_id"] for row in rows]


async def _change(
    connection: Connection,
    text: str,
    account_id: UUID,
    group_id: UUID,
    contact_ids: Sequence[UUID],
    operation_id: UUID | None,
) -> list[UUID]:
    if not await connection.fetch(_HOLD, account_id, group_id):
        raise not_found("group", "group")
    rows = await connection.fetch(text, account_id, group_id, list(contact_ids), operation_id)
    return [row["contact_id"] for row in rows]
