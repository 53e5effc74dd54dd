"""The preference centre: what one recipient hears about, on which channels, and changing it."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.consent.change import Context, Targets, change, change_addresses
from domain.consent.evidence import Evidence
from domain.consent.rules import Change, Request
from domain.contacts.rows import OPTED_IN
from domain.contacts.switch_topics import lock, switch_all
from domain.errors import not_found
from domain.infra.db import Connection, pool
from domain.ledger.append import Origin
from domain.recipients.standing import mask
from domain.values import Channel, ConsentSource, ConsentStatus, EvidenceMethod

_POINTS = """
SELECT a.id AS address_id, a.channel, a.value, a.consent, p.slot
  FROM contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 WHERE p.account_id = $1 AND p.contact_id = $2 ORDER BY a.channel, p.slot
"""
_ALONE = """
SELECT a.id AS address_id, a.channel, a.value, a.consent, 1 AS slot FROM address a WHERE a.account_id = $1 AND a.id = $2
"""
# Several who share a number have topics of their own each, which nobody sees by holding the telephone.
_HOLDER = """
SELECT (array_agg(contact_id))[1] AS contact_id FROM contact_point
 WHERE account_id = $1 AND address_id = $2 HAVING count(*) = 1
"""
_TOPICS = """
SELECT t.id, t.name, t.description, coalesce(w.subscribed, t.default_subscribed) AS subscribed
  FROM topic t LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = $2 AND w.topic_id = t.id
 WHERE t.account_id = $1 ORDER BY t.id
"""
_SOURCE = ConsentSource.PREFERENCE_CENTRE


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """A channel, its addresses masked, and whether marketing comes by it."""

    channel: Channel
    masked: Sequence[str]
    subscribed: bool
    out: bool
    """Opted out: to come back takes a confirmation."""


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A topic, on or off."""

    id: UUID
    name: str
    description: str | None
    subscribed: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the page shows. `topics` is empty where the address is nobody's, or several people's."""

    channels: Sequence[ChannelChoice]
    topics: Sequence[TopicChoice]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to change; what is not named stays."""

    on: AbstractSet[Channel] = frozenset()
    off: AbstractSet[Channel] = frozenset()
    topics: Mapping[UUID, bool] | None = None


async def preferences(actor: Actor, address_id: UUID) -> Preferences:
    """How things stand for whoever holds the address; for the address alone where that is not one person.

    Raises DomainError NOT_FOUND when the account has no such address.
    """
    async with pool().acquire() as connection:
        contact_id = await connection.fetchval(_HOLDER, actor.account_id, address_id)
        points = await _points(connection, actor, address_id, contact_id)
        topics = await connection.fetch(_TOPICS, actor.account_id, contact_id) if contact_id else []
    if not points:
        raise not_found("address", "token")
    channels = {Channel(row["channel"]): [p for p in points if p["channel"] == row["channel"]] for row in points}
    return Preferences([_choice(*pair) for pair in channels.items()], [TopicChoice(*row.values()) for row in topics])


async def save_preferences(
    connection: Connection, actor: Actor, address_id: UUID, wishes: Wishes, now: datetime
) -> list[UUID]:
    """Apply what the recipient wishes in the caller's transaction; answers the addresses that they have yet to confirm.

    A channel goes off for each of its addresses, and on for the link's own address or else the primary one
    (rules.md, preference centre: OPTED_OUT stays until confirmed). Raises DomainError NOT_FOUND for the address.
    """
    contact_id = await connection.fetchval(_HOLDER, actor.account_id, address_id)
    context = Context(actor.account_id, actor.name, now)
    if contact_id and wishes.topics is not None:
        await _switch(connection, actor, contact_id, wishes.topics, now)
    points = await _points(connection, actor, address_id, contact_id)
    if not points:
        raise not_found("address", "token")
    leaving = [row["address_id"] for row in points if row["channel"] in wishes.off]
    coming = [row["address_id"] for row in _coming(points, wishes.on, address_id)]
    await _apply(connection, Change.OPT_OUT, contact_id, leaving, context)
    evidenced = Context(actor.account_id, actor.name, now, _EVIDENCE)
    await _apply(connection, Change.OPT_IN, contact_id, coming, evidenced)
    points = await _points(connection, actor, address_id, contact_id)
    return [row["address_id"] for row in points if row["address_id"] in coming and row["consent"] == "OPTED_OUT"]


async def _switch(
    connection: Connection, actor: Actor, contact_id: UUID, topics: Mapping[UUID, bool], now: datetime
) -> None:
    await lock(connection, actor.account_id, [contact_id])
    origin = Origin(actor.account_id, actor.name, _SOURCE, now)
    known = {row["id"] for row in await connection.fetch(_TOPICS, actor.account_id, contact_id)}
    await switch_all(connection, origin, [contact_id], {key: on for key, on in topics.items() if key in known})


_EVIDENCE = Evidence(EvidenceMethod.SIGNUP_FORM, "Switched on by the recipient in the preference centre.")


async def _apply(
    connection: Connection, asked: Change, contact_id: UUID | None, address_ids: list[UUID], context: Context
) -> None:
    request = Request(asked, _SOURCE)
    if not address_ids:
        return
    if contact_id is None:
        await change_addresses(connection, request, address_ids, context)
    else:
        targets = Targets([contact_id] * len(address_ids), tuple(Channel), addresses=address_ids)
        await change(connection, request, targets, context)


async def _points(connection: Connection, actor: Actor, address_id: UUID, contact_id: UUID | None) -> list[Any]:
    if contact_id is None:
        return list(await connection.fetch(_ALONE, actor.account_id, address_id))
    return list(await connection.fetch(_POINTS, actor.account_id, contact_id))


def _coming(points: Sequence[Any], channels: AbstractSet[Channel], own: UUID) -> list[Any]:
    """The address that each channel goes on for: the link's own, else the primary one. Nobody's has no value."""
    chosen: dict[str, Any] = {}
    for row in points:
        if row["channel"] in channels and row["value"] and (row["address_id"] == own or row["channel"] not in chosen):
            chosen[row["channel"]] = row
    return list(chosen.values())


def _choice(channel: Channel, points: Sequence[Any]) -> ChannelChoice:
    masked = [mask(channel, row["value"]) for row in points if row["value"]]
    subscribed = any(row["consent"] in OPTED_IN for row in points)
    return ChannelChoice(channel, masked, subscribed, points[0]["consent"] == ConsentStatus.OPTED_OUT)
