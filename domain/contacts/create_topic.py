"""Add a topic to an account, for all of its contacts at once."""

import re
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.accounts.models import Topic
from domain.actor import Actor
from domain.contacts import rules, topic_lock
from domain.contacts.counts import enter, leave
from domain.contacts.gathered import Gathered
from domain.errors import DomainError, ErrorCode, invalid
from domain.infra.db import Connection, tx
from domain.infra.scope import scoped

MOST_TOPICS, MAX_NAME, MAX_DESCRIPTION = 200, 200, 1_000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")

# Everyone with no topic on, held until the end: they alone can be moved by a new topic that is on by default.
_LOCK = """
SELECT lock_contacts($1, ARRAY(SELECT contact_id FROM contact_state WHERE account_id = $1 AND NOT topic_on), '{}', true)
"""
_KEEP_OFF = """
INSERT INTO topic_switch (account_id, contact_id, topic_id, subscribed, updated_at)
SELECT $1, s.contact_id, $2, false, $3 FROM contact_state s
 WHERE s.account_id = $1 AND NOT s.topic_on
   AND EXISTS (SELECT FROM topic_switch w WHERE w.account_id = $1 AND w.contact_id = s.contact_id AND NOT w.subscribed)
"""
_TURNING = """
SELECT ARRAY(SELECT contact_id FROM contact_state s WHERE s.account_id = $1 AND NOT s.topic_on AND NOT EXISTS (
  SELECT FROM topic_switch w WHERE w.account_id = $1 AND w.contact_id = s.contact_id AND w.topic_id = $2))
"""
_TURN_ON = "UPDATE contact_state SET topic_on = true WHERE account_id = $1 AND contact_id = ANY ($2::uuid[])"


async def create_topic(
    actor: Actor, key: str, name: str, description: str | None = None, default_subscribed: bool = False
) -> Topic:
    """Add a topic; on by default, it is off for whoever has switched every topic off (rules.md, "Topics").

    `key`: lower-case letters, digits and underscores, up to 63. Raises Refusals: INVALID, TOO_LARGE (also for a
    201st topic), TAKEN for a key in use.
    """
    now, gathered = datetime.now(UTC), Gathered()
    if not _KEY.fullmatch(key):
        gathered.refuse(
            invalid("Start with a letter; then lower-case letters, digits and underscores, up to 63.", "key")
        )
    named = gathered.take(lambda: rules.some(rules.line(name, MAX_NAME, "name"), "name"))
    words = gathered.take(lambda: rules.line(description or "", MAX_DESCRIPTION, "description")) or None
    gathered.settle()
    async with tx() as connection:
        await connection.execute(topic_lock.EXCLUSIVE, actor.account_id)
        if await scoped(Topic, actor).filter(key=key).exists():
            raise DomainError(ErrorCode.TAKEN, "The account has a topic with this key.", "key")
        if await scoped(Topic, actor).count() >= MOST_TOPICS:
            raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_TOPICS} topics.", "key")
        topic = await Topic.create(
            id=uuid7(),
            account_id=actor.account_id,
            key=key,
            name=named,
            description=words,
            default_subscribed=default_subscribed,
            created_at=now,
        )
        if default_subscribed:
            await _spread(connection, actor.account_id, topic.id, now)
    return topic


async def _spread(connection: Connection, account_id: UUID, topic_id: UUID, now: datetime) -> None:
    """Keep the new topic off for those who want none; turn it on for those who never had one to switch."""
    await connection.execute(_LOCK, account_id)
    await connection.execute(_KEEP_OFF, account_id, topic_id, now)
    turning = await connection.fetchval(_TURNING, account_id, topic_id)
    if turning:
        await leave(connection, account_id, turning)
        await connection.execute(_TURN_ON, account_id, turning)
        await enter(connection, account_id, turning)
