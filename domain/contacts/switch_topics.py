"""Switch topics of many contacts at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.contacts import topic_lock
from domain.contacts.counts import enter, leave
from domain.infra.db import Connection
from domain.ledger.append import Origin

# Every address too: the counts of all of them move when the first topic goes on or the last one off.
_LOCK = "SELECT lock_contacts($1, $2, '{}', true)"
_SAME = """
  SELECT s.contact_id, n.topic_id, n.subscribed
    FROM contact_state s CROSS JOIN unnest($7::uuid[], $8::boolean[]) AS n(topic_id, subscribed)
   WHERE s.account_id = $1 AND s.contact_id = ANY ($2::uuid[])
"""
_EACH = """
  SELECT s.contact_id, n.topic_id, n.subscribed
    FROM unnest($2::uuid[], $7::uuid[], $8::boolean[]) AS n(contact_id, topic_id, subscribed)
    JOIN contact_state s ON s.account_id = $1 AND s.contact_id = n.contact_id
"""
_STORE = """
WITH wanted AS MATERIALIZED ({wanted}
), differing AS MATERIALIZED (
  SELECT n.contact_id, n.topic_id, n.subscribed
    FROM wanted n
    JOIN topic t ON t.account_id = $1 AND t.id = n.topic_id
    LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = n.contact_id AND w.topic_id = n.topic_id
   WHERE coalesce(w.subscribed, t.default_subscribed) <> n.subscribed
   ORDER BY n.contact_id, n.topic_id
), stored AS (
  INSERT INTO topic_switch AS w (account_id, contact_id, topic_id, subscribed, updated_at)
  SELECT $1, contact_id, topic_id, subscribed, $4 FROM wanted
  ON CONFLICT (account_id, contact_id, topic_id)
  DO UPDATE SET subscribed = excluded.subscribed, updated_at = excluded.updated_at
   WHERE w.subscribed <> excluded.subscribed
), recorded AS (
  INSERT INTO ledger (account_id, position, occurred_at, action, source, actor, operation_id, contact_id, topic_id)
  SELECT $1, nextval('ledger_position'), $4,
         (CASE WHEN subscribed THEN 'TOPIC_ON' ELSE 'TOPIC_OFF' END)::consent_action, $6::consent_source, $5, $3,
         contact_id, topic_id
    FROM differing
)
SELECT ARRAY(SELECT DISTINCT contact_id FROM differing) AS changed
"""
_STORE_SAME, _STORE_EACH = _STORE.format(wanted=_SAME), _STORE.format(wanted=_EACH)
_TURNED = """
SELECT ARRAY(SELECT s.contact_id FROM contact_state s
 WHERE s.account_id = $1 AND s.contact_id = ANY ($2::uuid[]) AND s.topic_on <> EXISTS (
   SELECT FROM topic t
     LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = s.contact_id AND w.topic_id = t.id
    WHERE t.account_id = $1 AND coalesce(w.subscribed, t.default_subscribed)))
"""
_TURN = "UPDATE contact_state SET topic_on = NOT topic_on WHERE account_id = $1 AND contact_id = ANY ($2::uuid[])"


async def lock(connection: Connection, account_id: UUID, contact_ids: Sequence[UUID]) -> None:
    """Hold the topics of contacts still. To be taken before any other lock on them."""
    await connection.execute(topic_lock.SHARED, account_id)
    await connection.execute(_LOCK, account_id, list(contact_ids))


async def switch_all(
    connection: Connection, origin: Origin, contact_ids: Sequence[UUID], topics: dict[UUID, bool]
) -> list[UUID]:
    """Store the same switches for contacts, which are locked; answers for whom a topic was the other way.

    Whatever their consent. One entry, TOPIC_ON or TOPIC_OFF, for each topic of each contact that changed.
    """
    return await _switch(connection, _STORE_SAME, origin, contact_ids, list(topics), list(topics.values()))


async def switch_each(
    connection: Connection,
    origin: Origin,
    contact_ids: Sequence[UUID],
    topic_ids: Sequence[UUID],
    subscribed: Sequence[bool],
) -> list[UUID]:
    """Store a switch for each contact and topic, side by side. Otherwise as `switch_all`."""
    return await _switch(connection, _STORE_EACH, origin, contact_ids, list(topic_ids), list(subscribed))


async def _switch(
    connection: Connection, text: str, origin: Origin, contact_ids: Sequence[UUID], *switches: Any
) -> list[UUID]:
    account_id = origin.account_id
    given = (list(contact_ids), origin.operation_id, origin.now, origin.actor, origin.source)
    changed: list[UUID] = await connection.fetchval(text, account_id, *given, *switches)
    turned = await connection.fetchval(_TURNED, account_id, changed)
    if turned:
        await leave(connection, account_id, turned)
        await connection.execute(_TURN, account_id, turned)
        await enter(connection, account_id, turned)
    return changed
