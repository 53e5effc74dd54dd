"""Switch one contact's topics on or off."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.actor import Actor
from domain.contacts import topic_lock
from domain.contacts.counts import enter, leave
from domain.contacts.gathered import Gathered
from domain.errors import DomainError, ErrorCode, not_found
from domain.infra.db import Connection, tx
from domain.ledger.append import Entry, Origin, append
from domain.ledger.receipt import Receipt
from domain.values import ConsentAction, ConsentSource

# Every address too: the counts of all of them move when the first topic goes on or the last one off.
_LOCK = "SELECT lock_contacts($1, ARRAY[$2::uuid], '{}', true)"
_STATE = "SELECT topic_on FROM contact_state WHERE account_id = $1 AND contact_id = $2"
_TOPICS = """
SELECT t.id, coalesce(w.subscribed, t.default_subscribed) AS subscribed
  FROM topic t
  LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = $2 AND w.topic_id = t.id
 WHERE t.account_id = $1
"""
_STORE = """
INSERT INTO topic_switch AS w (account_id, contact_id, topic_id, subscribed, updated_at)
SELECT $1, $2, n.topic_id, n.subscribed, $5 FROM unnest($3::uuid[], $4::boolean[]) AS n(topic_id, subscribed)
ON CONFLICT (account_id, contact_id, topic_id)
DO UPDATE SET subscribed = excluded.subscribed, updated_at = excluded.updated_at
 WHERE w.subscribed <> excluded.subscribed
"""
_TURN = "UPDATE contact_state SET topic_on = $3 WHERE account_id = $1 AND contact_id = $2"


@dataclass(frozen=True, slots=True)
class TopicSwitch:
    """A topic, on or off."""

    topic_id: UUID
    subscribed: bool


async def update_subscriptions(actor: Actor, contact_id: UUID, switches: Sequence[TopicSwitch]) -> Receipt:
    """Store the switches, whatever the consent; entries are made for topics that were the other way.

    Raises DomainError NOT_FOUND for the contact; Refusals: NOT_FOUND for a topic (`subscriptions.0.topic`), DUPLICATE
    for one named twice.
    """
    account_id, now = actor.account_id, datetime.now(UTC)
    async with tx() as connection:
        await connection.execute(topic_lock.SHARED, account_id)
        await connection.execute(_LOCK, account_id, contact_id)
        topic_on = await connection.fetchval(_STATE, account_id, contact_id)
        if topic_on is None:
            raise not_found("contact", "contactId")
        rows = await connection.fetch(_TOPICS, account_id, contact_id)
        before = {row["id"]: row["subscribed"] for row in rows}
        check_switches(switches, before)
        wanted = {switch.topic_id: switch.subscribed for switch in switches}
        await connection.execute(_STORE, account_id, contact_id, list(wanted), list(wanted.values()), now)
        turned = any((before | wanted).values())
        if turned != topic_on:
            await _turn(connection, account_id, contact_id, turned)
        entries = [
            Entry(ConsentAction.TOPIC_ON if subscribed else ConsentAction.TOPIC_OFF, contact_id, topic_id=topic_id)
            for topic_id, subscribed in wanted.items()
            if before[topic_id] != subscribed
        ]
        origin = Origin(account_id, actor.name, ConsentSource.OPERATOR, now)
        return Receipt(contact_id, await append(connection, origin, entries))


def check_switches(switches: Sequence[TopicSwitch], known: Collection[UUID]) -> None:
    """Raise Refusals: NOT_FOUND for a topic that is not known (`subscriptions.0.topic`), DUPLICATE for a second one."""
    gathered, seen = Gathered(), set[UUID]()
    for place, switch in enumerate(switches[: len(known) + 1]):
        field = ("subscriptions", str(place), "topic")
        if switch.topic_id not in known:
            gathered.refuse(not_found("topic", *field))
        elif switch.topic_id in seen:
            gathered.refuse(DomainError(ErrorCode.DUPLICATE, "This topic is named twice.", *field))
        seen.add(switch.topic_id)
    gathered.settle()


async def _turn(connection: Connection, account_id: UUID, contact_id: UUID, topic_on: bool) -> None:
    await leave(connection, account_id, [contact_id])
    await connection.execute(_TURN, account_id, contact_id, topic_on)
    await enter(connection, account_id, [contact_id])
