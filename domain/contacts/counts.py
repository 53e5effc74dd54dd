"""The maintained counts: appended as signed changes, folded by a worker, never one hot row.

A cell is a channel, a lifecycle, a consent, a deliverability and whether any topic is on; it holds the contacts whose
primary address of the channel stands there. Without a channel it holds the contacts themselves.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from domain.infra.db import Connection, pool

CELLS = """
SELECT NULL::channel AS channel, s.lifecycle, NULL::consent_status AS consent, NULL::deliverability AS deliverability,
       s.topic_on, count(*) AS contacts
  FROM contact_state s WHERE s.account_id = $1 AND {chosen} GROUP BY 2, 5
 UNION ALL
SELECT a.channel, s.lifecycle, a.consent, a.deliverability, s.topic_on, count(*)
  FROM contact_state s
  JOIN contact_point p ON p.account_id = $1 AND p.contact_id = s.contact_id AND p.slot = 1
  JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 WHERE s.account_id = $1 AND {chosen} GROUP BY 1, 2, 3, 4, 5
"""
"""The cells of the contacts that `{chosen}` picks from `contact_state s`."""

_MOVE = f"""
INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts)
SELECT $1, channel, lifecycle, consent, deliverability, topic_on, $3::int * contacts
  FROM ({CELLS.format(chosen="s.contact_id = ANY ($2::uuid[])")}) cell
"""
_CELLS = """
SELECT channel, lifecycle, consent, deliverability, topic_on, sum(contacts)::bigint AS contacts
  FROM summary_delta WHERE account_id = $1 GROUP BY 1, 2, 3, 4, 5
"""
# Rows that another fold has taken are skipped, and those that commit meanwhile are not seen: each is summed once.
_FOLD = """
WITH taken AS (
  DELETE FROM summary_delta WHERE account_id = $1 AND id IN (
    SELECT id FROM summary_delta WHERE account_id = $1 ORDER BY id LIMIT 100000 FOR UPDATE SKIP LOCKED)
  RETURNING *
), summed AS (
  INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts)
  SELECT $1, channel, lifecycle, consent, deliverability, topic_on, sum(contacts) FROM taken
   GROUP BY channel, lifecycle, consent, deliverability, topic_on HAVING sum(contacts) <> 0
  RETURNING 1
)
SELECT (SELECT count(*) FROM taken) - (SELECT count(*) FROM summed)
"""
_UNFOLDED = "SELECT account_id FROM summary_delta GROUP BY account_id HAVING count(*) > $1"
_DIFFERENCES = f"""
SELECT channel, lifecycle, consent, deliverability, topic_on, sum(kept)::bigint AS kept, sum(counted)::bigint AS counted
  FROM (SELECT channel, lifecycle, consent, deliverability, topic_on, contacts AS kept, 0 AS counted
          FROM summary_delta WHERE account_id = $1
         UNION ALL
        SELECT channel, lifecycle, consent, deliverability, topic_on, 0, contacts
          FROM ({CELLS.format(chosen="true")}) cell) both_ways
 GROUP BY 1, 2, 3, 4, 5 HAVING sum(kept) <> sum(counted) ORDER BY 1, 2, 3, 4, 5
"""


async def leave(connection: Connection, account_id: UUID, contact_ids: Sequence[UUID]) -> None:
    """Take contacts out of the counts as they stand, before a verb changes them.

    The contacts and all their addresses must be locked (`lock_contacts`).
    """
    await connection.execute(_MOVE, account_id, list(contact_ids), -1)


async def enter(connection: Connection, account_id: UUID, contact_ids: Sequence[UUID]) -> None:
    """Take contacts into the counts as they stand, after a verb changed them. Locked as for `leave`."""
    await connection.execute(_MOVE, account_id, list(contact_ids), 1)


async def cells(account_id: UUID) -> list[asyncpg.Record]:
    """The maintained counts: a row for each cell, with `contacts`."""
    rows: list[asyncpg.Record] = await pool().fetch(_CELLS, account_id)
    return rows


async def fold(account_id: UUID) -> int:
    """Replace the account's signed changes by their sums, one a cell; answers how many rows that saved.

    Exact while others append, read and fold.
    """
    return int(await pool().fetchval(_FOLD, account_id))


async def unfolded(more_than: int = 200) -> list[UUID]:
    """The accounts with more signed changes than this: those worth folding."""
    return [row["account_id"] for row in await pool().fetch(_UNFOLDED, more_than)]


async def differences(account_id: UUID) -> list[dict[str, object]]:
    """The cells whose maintained count is not what counting gives, with both figures; empty when all is well."""
    return [dict(row) for row in await pool().fetch(_DIFFERENCES, account_id)]
