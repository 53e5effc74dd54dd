"""Erase people, and remember nothing but that their addresses must be left alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from domain.actor import Actor
from domain.consent.change import Context, Targets, change
from domain.consent.rules import Change, Request
from domain.contacts.counts import leave
from domain.errors import not_found
from domain.infra.db import Connection, tx
from domain.ledger.append import Entry, Origin, append
from domain.values import Channel, ConsentAction, ConsentSource

# The contacts alone; all of their addresses, those they once held included, are locked after them, in one order.
_LOCK = "SELECT lock_contacts($1, $2, '{}', false)"
_HOLD = "SELECT id FROM contact WHERE account_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE"
_RELATED = """
  SELECT p.address_id, p.contact_id, true AS held FROM contact_point p
   WHERE p.account_id = $1 AND p.contact_id = ANY ($2::uuid[])
  UNION
  SELECT l.address_id, l.contact_id, false FROM ledger l
   WHERE l.account_id = $1 AND l.contact_id = ANY ($2::uuid[]) AND l.address_id IS NOT NULL
"""
_LOCK_ADDRESSES = f"""
SELECT FROM address a WHERE a.account_id = $1 AND a.id IN (SELECT address_id FROM ({_RELATED}) related)
 ORDER BY a.id FOR NO KEY UPDATE
"""
# An address falls to the last of them that holds it, else to the first that once did: as one after the other would go.
_THEIRS_ALONE = f"""
WITH related AS MATERIALIZED (
  SELECT address_id, count(*) FILTER (WHERE held) AS holders,
         coalesce((array_agg(contact_id ORDER BY contact_id DESC) FILTER (WHERE held))[1],
                  (array_agg(contact_id ORDER BY contact_id))[1]) AS contact_id
    FROM ({_RELATED}) r GROUP BY address_id
)
SELECT r.contact_id, a.id AS address_id
  FROM related r JOIN address a ON a.account_id = $1 AND a.id = r.address_id
 WHERE a.value IS NOT NULL
   AND r.holders = (SELECT count(*) FROM contact_point p WHERE p.account_id = $1 AND p.address_id = a.id)
 ORDER BY r.contact_id, a.channel, a.id
"""
_DETACH = "DELETE FROM contact_point WHERE account_id = $1 AND contact_id = ANY ($2::uuid[])"
_EMPTY_ADDRESSES = "UPDATE address SET value = NULL WHERE account_id = $1 AND id = ANY ($2::uuid[])"
_FORGET_TROUBLE = "DELETE FROM delivery_trouble WHERE account_id = $1 AND address_id = ANY ($2::uuid[])"
# Evidence of a bulk change speaks of many people and stays; on these contacts' entries it reads null from now on.
_EMPTY_EVIDENCE = """
UPDATE evidence SET method = NULL, statement = NULL, obtained_at = NULL, url = NULL, ip = NULL, user_agent = NULL,
       reason = NULL
 WHERE account_id = $1 AND id IN (
   SELECT evidence_id FROM ledger
    WHERE account_id = $1 AND contact_id = ANY ($2::uuid[]) AND operation_id IS NULL AND evidence_id IS NOT NULL)
"""
_DELETE = "DELETE FROM contact WHERE account_id = $1 AND id = ANY ($2::uuid[])"


async def erase_contact(actor: Actor, contact_id: UUID) -> UUID:
    """Delete everything personal of a contact; answers its id. Raises DomainError NOT_FOUND. As `erase` for one."""
    origin = Origin(actor.account_id, actor.name, ConsentSource.OPERATOR, datetime.now(UTC))
    async with tx() as connection:
        if not await erase(connection, origin, [contact_id]):
            raise not_found("contact", "contactId")
    return contact_id


async def erase(connection: Connection, origin: Origin, contact_ids: Sequence[UUID]) -> list[UUID]:
    """Delete everything personal of contacts; answers those that were there, in order.

    Their addresses become OPTED_OUT and lose their value, those they held before included; the keyed hash stays, so
    that they come back OPTED_OUT on every path. An address that another contact holds is theirs, and stays.
    """
    account_id = origin.account_id
    await connection.execute(_LOCK, account_id, list(contact_ids))
    present = [row["id"] for row in await connection.fetch(_HOLD, account_id, list(contact_ids))]
    if not present:
        return []
    await connection.execute(_LOCK_ADDRESSES, account_id, present)
    pairs = await connection.fetch(_THEIRS_ALONE, account_id, present)
    await leave(connection, account_id, present)
    await connection.execute(_DETACH, account_id, present)
    addresses = [row["address_id"] for row in pairs]
    await _withdraw(connection, origin, [row["contact_id"] for row in pairs], addresses)
    await connection.execute(_EMPTY_ADDRESSES, account_id, addresses)
    await connection.execute(_FORGET_TROUBLE, account_id, addresses)
    await connection.execute(_EMPTY_EVIDENCE, account_id, present)
    await connection.execute(_DELETE, account_id, present)
    await append(connection, origin, [Entry(ConsentAction.ERASE, contact_id) for contact_id in present])
    return present


async def _withdraw(
    connection: Connection, origin: Origin, contact_ids: Sequence[UUID], addresses: Sequence[UUID]
) -> None:
    """Put the addresses through the door, which alone writes consent. No contact is counted by them any more."""
    context = Context(origin.account_id, origin.actor, origin.now, operation_id=origin.operation_id)
    targets = Targets(contact_ids, tuple(Channel), addresses=addresses)
    await change(connection, Request(Change.ERASE, origin.source), targets, context)
