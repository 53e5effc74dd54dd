"""What a part's contacts belong to besides: groups, and topics switched on or off."""

from uuid import UUID

from domain.contacts.counts import enter, leave
from domain.imports.part import Part
from domain.ledger.append import Entry, append
from domain.values import ConsentAction

_JOIN = """
INSERT INTO group_member (account_id, group_id, contact_id, operation_id)
SELECT $1, g.id, m.contact_id, $3 FROM merging m
 CROSS JOIN (SELECT id FROM contact_group WHERE account_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR KEY SHARE) g
 WHERE m.kind = 'CREATE' OR (m.kind = 'AMEND' AND m.differs)
ON CONFLICT DO NOTHING RETURNING contact_id
"""
_SWITCHES = """
SELECT m.contact_id, w.topic_id, w.subscribed, coalesce(g.subscribed, t.default_subscribed) AS before
  FROM merging m
  JOIN {table} s ON s.account_id = $1 AND s.n = m.n
 CROSS JOIN LATERAL (
   SELECT unnest(s.topics_on) AS topic_id, true AS subscribed UNION ALL SELECT unnest(s.topics_off), false) w
  JOIN topic t ON t.account_id = $1 AND t.id = w.topic_id
  LEFT JOIN topic_switch g ON g.account_id = $1 AND g.contact_id = m.contact_id AND g.topic_id = w.topic_id
 WHERE (m.kind = 'CREATE' OR (m.kind = 'AMEND' AND m.differs)) AND g.subscribed IS DISTINCT FROM w.subscribed
 ORDER BY m.contact_id, w.topic_id
"""
_STORE = """
INSERT INTO topic_switch (account_id, contact_id, topic_id, subscribed, updated_at)
SELECT $1, n.contact_id, n.topic_id, n.subscribed, $2
  FROM unnest($3::uuid[], $4::uuid[], $5::boolean[]) AS n(contact_id, topic_id, subscribed)
ON CONFLICT (account_id, contact_id, topic_id)
DO UPDATE SET subscribed = excluded.subscribed, updated_at = excluded.updated_at
"""
_TURNING = """
SELECT s.contact_id FROM contact_state s
 WHERE s.account_id = $1 AND s.contact_id = ANY ($2::uuid[]) AND s.topic_on <> {on}
"""
_ANY_ON = """EXISTS (
   SELECT FROM topic t
     LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = s.contact_id AND w.topic_id = t.id
    WHERE t.account_id = $1 AND coalesce(w.subscribed, t.default_subscribed))"""
_TURN = "UPDATE contact_state SET topic_on = NOT topic_on WHERE account_id = $1 AND contact_id = ANY ($2::uuid[])"
_LOCK = "SELECT lock_contacts($1, $2, '{}', true)"


async def belong(part: Part) -> None:
    """Put the part's contacts into the import's groups, and store their topics."""
    created = set()
    if part.groups or any(column.field.startswith("topic:") for column in part.plan.columns):
        created = {
            row[0] for row in await part.connection.fetch("SELECT contact_id FROM merging WHERE kind = 'CREATE'")
        }
    if part.groups:
        joined = await part.connection.fetch(_JOIN, part.account_id, list(part.groups), part.job.operation_id)
        part.changed |= {row["contact_id"] for row in joined} - created
    if any(column.field.startswith("topic:") for column in part.plan.columns):
        await _switch(part, created)


async def _switch(part: Part, created: set[UUID]) -> None:
    connection, account_id = part.connection, part.account_id
    rows = await connection.fetch(_SWITCHES.format(table=part.table), account_id)
    if not rows:
        return
    columns = [[row[name] for row in rows] for name in ("contact_id", "topic_id", "subscribed")]
    await connection.execute(_STORE, account_id, part.job.now, *columns)
    there = list({row["contact_id"] for row in rows} - created)
    found = await connection.fetch(_TURNING.format(on=_ANY_ON), account_id, there)
    if turning := [row["contact_id"] for row in found]:
        await connection.execute(_LOCK, account_id, turning)
        await leave(connection, account_id, turning)
        await connection.execute(_TURN, account_id, turning)
        await enter(connection, account_id, turning)
    entries = [
        Entry(
            ConsentAction.TOPIC_ON if row["subscribed"] else ConsentAction.TOPIC_OFF,
            row["contact_id"],
            topic_id=row["topic_id"],
        )
        for row in rows
        if row["before"] is not row["subscribed"]
    ]
    await append(connection, part.origin, entries)
    part.changed |= set(there)
