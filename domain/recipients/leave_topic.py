"""The recipient leaves one topic, by a link in a message about it, and goes on hearing of the others."""

from datetime import UTC, datetime
from uuid import UUID

from domain.actor import Actor
from domain.contacts.switch_topics import lock, switch_all
from domain.infra.db import tx
from domain.ledger.append import Origin
from domain.values import ConsentSource

_HOLDERS = "SELECT contact_id FROM contact_point WHERE account_id = $1 AND address_id = $2"
_TOPIC = "SELECT true FROM topic WHERE account_id = $1 AND id = $2"


async def switch_topic(
    actor: Actor, address_id: UUID, topic_id: UUID, *, subscribed: bool, at: datetime | None = None
) -> bool:
    """Switch the topic for whoever holds the address; False when there is no such topic or nobody holds it."""
    now = at or datetime.now(UTC)
    origin = Origin(actor.account_id, actor.name, ConsentSource.UNSUBSCRIBE_LINK, now)
    async with tx() as connection:
        rows = await connection.fetch(_HOLDERS, actor.account_id, address_id)
        if not rows or not await connection.fetchval(_TOPIC, actor.account_id, topic_id):
            return False
        holders = [row["contact_id"] for row in rows]
        await lock(connection, actor.account_id, holders)
        await switch_all(connection, origin, holders, {topic_id: subscribed})
    return True
