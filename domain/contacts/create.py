"""Create one contact."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.contacts import rules, topic_lock
from domain.contacts.addresses import Placed, attach, hold, write_values
from domain.contacts.counts import enter
from domain.contacts.details import Details, read_details
from domain.contacts.gathered import Gathered
from domain.contacts.given import (
    read_account,
    read_points,
    refuse_taken,
    refuse_taken_id,
    taken,
)
from domain.errors import DomainError, ErrorCode, not_found
from domain.infra.db import Connection, tx
from domain.ledger.append import Entry, Origin, append
from domain.ledger.receipt import Receipt
from domain.values import Channel, ConsentAction, ConsentSource

MOST_GROUPS = 100

_GROUPS = "SELECT id FROM contact_group WHERE account_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR KEY SHARE"
_INSERT = """
WITH contact AS (
  INSERT INTO contact (account_id, id, external_id, first_name, last_name, contact_type, attributes, updated_at,
                       name, email, phone, search)
  VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12)
), state AS (
  INSERT INTO contact_state (account_id, contact_id, topic_on)
  SELECT $1, $2, EXISTS (SELECT FROM topic WHERE account_id = $1 AND default_subscribed)
), tagged AS (
  INSERT INTO contact_tag (account_id, contact_id, tag) SELECT $1, $2, unnest($13::text[])
)
INSERT INTO group_member (account_id, group_id, contact_id) SELECT $1, unnest($14::uuid[]), $2
"""


@dataclass(frozen=True, slots=True)
class NewPoint:
    """An address as it was given."""

    channel: Channel
    value: str
    slot: int = 1


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact as it was given."""

    points: Sequence[NewPoint] = ()
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    contact_type: str | None = None
    tags: Sequence[str] = ()
    groups: Sequence[UUID] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


async def create_contact(actor: Actor, new: NewContact, *, source: ConsentSource = ConsentSource.OPERATOR) -> Receipt:
    """Create a contact; its addresses enter NON_MARKETABLE, or as they already stand in the account.

    An address that was opted out or erased comes back OPTED_OUT (rules.md, "Sticky beyond the row").
    Raises Refusals: INVALID, TOO_LARGE, DUPLICATE (an address or slot named twice), TAKEN (an email or external id of
    another contact), NOT_FOUND (a group). Fields as in CreateContactInput: `points.0.value`.
    """
    now = datetime.now(UTC)
    try:
        async with tx() as connection:
            return await _create(connection, actor, new, source, now)
    except asyncpg.UniqueViolationError as error:
        raise taken(error) from None


async def _create(
    connection: Connection, actor: Actor, new: NewContact, source: ConsentSource, now: datetime
) -> Receipt:
    account_id = actor.account_id
    await connection.execute(topic_lock.SHARED, account_id)
    account = await read_account(connection, account_id)
    gathered = Gathered()
    details = read_details(gathered, account.contact_types, Details(), _named(new))
    slots = read_points(gathered, account, new.points)
    await _refuse_groups(gathered, connection, account_id, new.groups)
    await refuse_taken_id(gathered, connection, account_id, details.external_id)
    held = await hold(connection, account_id, [wanted for _, wanted in slots.values() if wanted])
    refuse_taken(gathered, slots, held)
    gathered.settle()
    await write_values(connection, account_id, held)
    points = [
        Placed(channel, number, wanted.value, held[wanted].id)
        for (channel, number), (_, wanted) in slots.items()
        if wanted
    ]
    origin = Origin(account_id, actor.name, source, now)
    return await _write(connection, origin, new, details, points)


async def _write(
    connection: Connection, origin: Origin, new: NewContact, details: Details, points: Sequence[Placed]
) -> Receipt:
    account_id, contact_id = origin.account_id, uuid7()
    derived = rules.derive(
        details.first_name,
        details.last_name,
        details.external_id,
        [(point.channel, point.slot, point.value) for point in points],
    )
    await connection.execute(
        _INSERT,
        account_id,
        contact_id,
        details.external_id,
        details.first_name,
        details.last_name,
        details.contact_type,
        details.attributes,
        origin.now,
        derived.name,
        derived.email,
        derived.phone,
        derived.search,
        list(details.tags),
        list(dict.fromkeys(new.groups)),
    )
    await attach(connection, account_id, contact_id, points)
    await enter(connection, account_id, [contact_id])
    entries = [Entry(ConsentAction.CONTACT_CREATED, contact_id)]
    entries += [Entry(ConsentAction.ADDRESS_ADDED, contact_id, point.address_id, point.channel) for point in points]
    return Receipt(contact_id, await append(connection, origin, entries))


def _named(new: NewContact) -> dict[str, Any]:
    return {name: getattr(new, name) for name in Details.__slots__}


async def _refuse_groups(gathered: Gathered, connection: Connection, account_id: UUID, groups: Sequence[UUID]) -> None:
    if len(groups) > MOST_GROUPS:
        gathered.refuse(DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_GROUPS} groups.", "groups"))
    elif groups:
        known = {row["id"] for row in await connection.fetch(_GROUPS, account_id, list(groups))}
        for place, group_id in enumerate(groups):
            if group_id not in known:
                gathered.refuse(not_found("group", "groups", str(place)))
