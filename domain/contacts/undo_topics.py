"""Go back on the topics that one operation switched, where nobody has switched them since."""

from collections.abc import Sequence
from uuid import UUID

from domain.contacts.switch_topics import switch_each
from domain.infra.db import Connection
from domain.ledger.append import Origin

_SWITCHED = """
SELECT l.contact_id, l.topic_id, max(l.action) FILTER (WHERE l.operation_id = $3) = 'TOPIC_ON' AS switched,
       max(l.position) FILTER (WHERE l.operation_id = $3) = max(l.position) AS stands,
       (SELECT coalesce(w.subscribed, t.default_subscribed) FROM topic t
          LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = l.contact_id AND w.topic_id = t.id
         WHERE t.account_id = $1 AND t.id = l.topic_id) AS subscribed
  FROM ledger l
 WHERE l.account_id = $1 AND l.contact_id = ANY ($2::uuid[]) AND l.topic_id IS NOT NULL
 GROUP BY l.contact_id, l.topic_id HAVING bool_or(l.operation_id = $3)
 ORDER BY 1, 2
"""


async def undo_topics(connection: Connection, origin: Origin, undone: UUID, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Switch topics back; answers those contacts for whom one was switched again since, to the same, and is left.

    The contacts are locked (`switch_topics.lock`).
    """
    rows = await connection.fetch(_SWITCHED, origin.account_id, list(contact_ids), undone)
    back = [row for row in rows if row["stands"]]
    if back:
        contacts, topics = ([row[name] for row in back] for name in ("contact_id", "topic_id"))
        await switch_each(connection, origin, contacts, topics, [not row["switched"] for row in back])
    return [row["contact_id"] for row in rows if not row["stands"] and row["subscribed"] == row["switched"]]
