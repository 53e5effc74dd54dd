"""Reading contacts: one by a look-up, several by id, and what belongs to a page of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from domain.actor import Actor
from domain.contacts import rules
from domain.contacts.rows import ContactRow, PointId, PointRow, SubscriptionRow
from domain.errors import DomainError
from domain.infra.db import Connection, pool
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

COLUMNS = """c.id, c.external_id, c.first_name, c.last_name, c.name, c.contact_type, s.lifecycle, s.topic_on,
       nullif(c.email, '') AS email, nullif(c.phone, '') AS phone, c.attributes, c.version, c.created_at,
       c.updated_at"""
STATE = "JOIN contact_state s ON s.account_id = $1 AND s.contact_id = c.id"
_CONTACT = f"SELECT {COLUMNS} FROM contact c {STATE} WHERE c.account_id = $1"
_BY_IDS = f"{_CONTACT} AND c.id = ANY ($2::uuid[])"
_BY_EXTERNAL_ID = f"{_CONTACT} AND c.external_id = $2"
_BY_ADDRESS = f"""{_CONTACT} AND c.id = (
  SELECT p.contact_id FROM address a JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id
   WHERE a.account_id = $1 AND (a.channel, a.hash) IN (SELECT * FROM unnest($2::channel[], $3::bytea[]))
   ORDER BY p.contact_id LIMIT 1)
"""
_ACCOUNT = "SELECT address_key, default_country FROM account WHERE account_id = $1"
_POINT = """
SELECT p.contact_id, p.channel, p.slot, p.address_id, coalesce(a.value, '') AS value, a.consent, a.deliverability,
       a.consent_at, a.confirmation_requested_at, a.proof
  FROM contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 WHERE p.account_id = $1
"""
_POINTS = f"{_POINT} AND p.contact_id = ANY ($2::uuid[]) ORDER BY p.contact_id, p.channel, p.slot"
_POINTS_BY_IDS = f"{_POINT} AND (p.contact_id, p.address_id) IN (SELECT * FROM unnest($2::uuid[], $3::uuid[]))"
_TOPICS = """
SELECT c.contact_id, t.id AS topic_id, coalesce(w.subscribed, t.default_subscribed) AS subscribed, w.updated_at
  FROM unnest($2::uuid[]) AS c(contact_id)
 CROSS JOIN topic t
  LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = c.contact_id AND w.topic_id = t.id
 WHERE t.account_id = $1 ORDER BY t.id
"""
_TAGS = "SELECT contact_id, tag FROM contact_tag WHERE account_id = $1 AND contact_id = ANY ($2::uuid[]) ORDER BY tag"


@dataclass(frozen=True, slots=True)
class Lookup:
    """How to find one contact: exactly one of these."""

    id: UUID | None = None
    email: str | None = None
    """In any slot."""
    phone: str | None = None
    """SMS or CALL; national numbers are read in the account's country."""
    external_id: str | None = None


async def find(actor: Actor, lookup: Lookup) -> ContactRow | None:
    """The contact, or None. Of several that share a phone number: the oldest.

    What is no email address or phone number at all finds nobody.
    """
    if lookup.id is not None:
        return (await by_ids(actor, [lookup.id])).get(lookup.id)
    if lookup.external_id is not None:
        known = rules.strip(lookup.external_id)
        row = await pool().fetchrow(_BY_EXTERNAL_ID, actor.account_id, known) if rules.storable(known) else None
    else:
        row = await _by_address(actor, lookup)
    return contact_of(row) if row else None


async def by_ids(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, ContactRow]:
    """The account's contacts with these ids; those it does not have are left out."""
    rows = await pool().fetch(_BY_IDS, actor.account_id, list(contact_ids))
    return {row["id"]: contact_of(row) for row in rows}


async def points(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[PointRow]]:
    """The points of each contact, by channel (EMAIL, SMS, CALL, POST) and slot; an empty list for one without."""
    found: dict[UUID, list[PointRow]] = {contact_id: [] for contact_id in contact_ids}
    for row in await pool().fetch(_POINTS, actor.account_id, list(found)):
        found[row["contact_id"]].append(_point(row))
    return found


async def points_of(connection: Connection, account_id: UUID, contact_id: UUID) -> list[PointRow]:
    """The points of one contact as a transaction sees them."""
    return [_point(row) for row in await connection.fetch(_POINTS, account_id, [contact_id])]


async def points_by_ids(actor: Actor, point_ids: Sequence[PointId]) -> dict[PointId, PointRow]:
    """The account's points with these ids; those it does not have are left out."""
    contacts, addresses = [contact for contact, _ in point_ids], [address for _, address in point_ids]
    found = map(_point, await pool().fetch(_POINTS_BY_IDS, actor.account_id, contacts, addresses))
    return {point.id: point for point in found}


async def topics(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[SubscriptionRow]]:
    """Every topic of the account, on or off for each contact, oldest topic first."""
    found: dict[UUID, list[SubscriptionRow]] = {contact_id: [] for contact_id in contact_ids}
    for row in await pool().fetch(_TOPICS, actor.account_id, list(found)):
        found[row["contact_id"]].append(SubscriptionRow(row["topic_id"], row["subscribed"], row["updated_at"]))
    return found


async def tags(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The tags of each contact, in alphabetical order; an empty list for one without."""
    found: dict[UUID, list[str]] = {contact_id: [] for contact_id in contact_ids}
    for row in await pool().fetch(_TAGS, actor.account_id, list(found)):
        found[row["contact_id"]].append(row["tag"])
    return found


def contact_of(row: Any) -> ContactRow:
    """The contact of a row of COLUMNS, which may have further columns."""
    return ContactRow(
        id=row["id"],
        external_id=row["external_id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        name=row["name"],
        contact_type=row["contact_type"],
        lifecycle=Lifecycle(row["lifecycle"]),
        topic_on=row["topic_on"],
        email=row["email"],
        phone=row["phone"],
        attributes=orjson.loads(row["attributes"]),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def _by_address(actor: Actor, lookup: Lookup) -> Any:
    account = await pool().fetchrow(_ACCOUNT, actor.account_id)
    assert account is not None
    try:
        if lookup.email is not None:
            channels, value = [Channel.EMAIL], rules.email(lookup.email)
        else:
            channels, value = [Channel.SMS, Channel.CALL], rules.phone(lookup.phone or "", account["default_country"])
    except DomainError:
        return None
    hashes = [rules.address_hash(account["address_key"], channel, value) for channel in channels]
    return await pool().fetchrow(_BY_ADDRESS, actor.account_id, channels, hashes)


def _point(row: Any) -> PointRow:
    return PointRow(
        contact_id=row["contact_id"],
        channel=Channel(row["channel"]),
        slot=row["slot"],
        address_id=row["address_id"],
        value=row["value"],
        consent=ConsentStatus(row["consent"]),
        deliverability=Deliverability(row["deliverability"]),
        consent_at=row["consent_at"],
        confirmation_requested_at=row["confirmation_requested_at"],
        proof=row["proof"],
    )
