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
INSERT INTO group_member (account_id, group_id, contact_id) SELECT $1, $2, id FROM present
ON CONFLICT DO NOTHING RETURNING contact_id
"""
_REMOVE = """
DELETE FROM group_member m USING (
  SELECT contact_id FROM group_member WHERE account_id = $1 AND group_id = $2 AND contact_id = ANY ($3::uuid[])
   ORDER BY contact_id FOR UPDATE) leaving
 WHERE m.account_id = $1 AND m.group_id = $2 AND m.contact_id = leaving.contact_id RETURNING m.contact_id
"""


async def add(connection: Connection, account_id: UUID, group_id: UUID, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Put contacts into a group; answers those that were not in it before. Contacts that no longer exist are left out.

    Raises DomainError NOT_FOUND (field `group`) when the group no longer exists.
    """
    return await _change(connection, _ADD, account_id, group_id, contact_ids)


async def remove(connection: Connection, account_id: UUID, group_id: UUID, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Take contacts out of a group; answers those that were in it. Raises as `add` does."""
    return await _change(connection, _REMOVE, account_id, group_id, contact_ids)


async def _change(
    connection: Connection, text: str, account_id: UUID, group_id: UUID, contact_ids: Sequence[UUID]
) -> list[UUID]:
    if not await connection.fetch(_HOLD, account_id, group_id):
        raise not_found("group", "group")
    rows = await connection.fetch(text, account_id, group_id, list(contact_ids))
    return [row["contact_id"] for row in rows]
