"""Erase one person, and remember nothing but that their addresses must be left alone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from domain.actor import Actor
from domain.consent.change import Context, Targets, change
from domain.consent.rules import Change, Request
from domain.contacts.addresses import Placed, attach
from domain.contacts.counts import enter, leave
from domain.contacts.rules import EMAIL_SLOTS
from domain.errors import not_found
from domain.infra.db import Connection, tx
from domain.ledger.append import Entry, Origin, append
from domain.values import Channel, ConsentAction, ConsentSource

# The contact alone; all of its addresses, those it once held included, are locked after it, in one order.
_LOCK = "SELECT lock_contacts($1, ARRAY[$2::uuid], '{}', false)"
_EXISTS = "SELECT EXISTS (SELECT FROM contact WHERE account_id = $1 AND id = $2)"
_LOCK_ADDRESSES = """
SELECT FROM address a WHERE a.account_id = $1 AND a.id IN (
  SELECT p.address_id FROM contact_point p WHERE p.account_id = $1 AND p.contact_id = $2
  UNION SELECT l.address_id FROM ledger l WHERE l.account_id = $1 AND l.contact_id = $2)
 ORDER BY a.id FOR NO KEY UPDATE
"""
_THEIRS_ALONE = """
SELECT a.id, a.channel FROM address a
 WHERE a.account_id = $1 AND a.value IS NOT NULL AND a.id IN (
   SELECT p.address_id FROM contact_point p WHERE p.account_id = $1 AND p.contact_id = $2
   UNION SELECT l.address_id FROM ledger l WHERE l.account_id = $1 AND l.contact_id = $2)
   AND NOT EXISTS (SELECT FROM contact_point p
                    WHERE p.account_id = $1 AND p.address_id = a.id AND p.contact_id <> $2)
 ORDER BY a.channel, a.id
"""
_DETACH = "DELETE FROM contact_point WHERE account_id = $1 AND contact_id = $2"
_EMPTY_ADDRESSES = "UPDATE address SET value = NULL WHERE account_id = $1 AND id = ANY ($2::uuid[])"
# Evidence of a bulk change speaks of many people and stays; on this contact's entries it reads null from now on.
_EMPTY_EVIDENCE = """
UPDATE evidence SET method = NULL, statement = NULL, obtained_at = NULL, url = NULL, ip = NULL, user_agent = NULL,
       reason = NULL
 WHERE account_id = $1 AND id IN (
   SELECT evidence_id FROM ledger WHERE account_id = $1 AND contact_id = $2 AND operation_id IS NULL)
"""
_DELETE = "DELETE FROM contact WHERE account_id = $1 AND id = $2"


async def erase_contact(actor: Actor, contact_id: UUID) -> UUID:
    """Delete everything personal of a contact; answers its id. Raises DomainError NOT_FOUND.

    Its addresses become OPTED_OUT and lose their value, those it held before included; the keyed hash stays, so that
    they come back OPTED_OUT on every path. An address that another contact holds is theirs, and stays.
    """
    account_id, now = actor.account_id, datetime.now(UTC)
    async with tx() as connection:
        await connection.execute(_LOCK, account_id, contact_id)
        if not await connection.fetchval(_EXISTS, account_id, contact_id):
            raise not_found("contact", "contactId")
        await connection.execute(_LOCK_ADDRESSES, account_id, contact_id)
        rows = await connection.fetch(_THEIRS_ALONE, account_id, contact_id)
        addresses = [(Channel(row["channel"]), row["id"]) for row in rows]
        await _withdraw(connection, actor, contact_id, addresses, now)
        await connection.execute(_EMPTY_ADDRESSES, account_id, [address_id for _, address_id in addresses])
        await connection.execute(_EMPTY_EVIDENCE, account_id, contact_id)
        await connection.execute(_DELETE, account_id, contact_id)
        origin = Origin(account_id, actor.name, ConsentSource.OPERATOR, now)
        await append(connection, origin, [Entry(ConsentAction.ERASE, contact_id)])
    return contact_id


async def _withdraw(
    connection: Connection, actor: Actor, contact_id: UUID, addresses: Sequence[tuple[Channel, UUID]], now: datetime
) -> None:
    """Take the contact out of the counts and put its addresses through the door, which alone writes consent.

    The door finds an address through a contact's slot, so those that the contact once held pass through its slots too.
    """
    account_id = actor.account_id
    request = Request(Change.ERASE, ConsentSource.OPERATOR)
    context = Context(account_id, actor.name, now)
    await leave(connection, account_id, [contact_id])
    await connection.execute(_DETACH, account_id, contact_id)
    for placed in _rounds(addresses):
        await attach(connection, account_id, contact_id, placed)
        await enter(connection, account_id, [contact_id])
        await change(connection, request, Targets([contact_id], tuple(Channel)), context)
        await leave(connection, account_id, [contact_id])
        await connection.execute(_DETACH, account_id, contact_id)


def _rounds(addresses: Sequence[tuple[Channel, UUID]]) -> Iterator[list[Placed]]:
    """The addresses, as many at a time as a contact has slots for."""
    slots = {channel: EMAIL_SLOTS if channel is Channel.EMAIL else (1,) for channel in Channel}
    waiting = {channel: iter([found for of, found in addresses if of is channel]) for channel in Channel}
    while placed := [
        Placed(channel, slot, "", address_id)
        for channel in Channel
        for slot, address_id in zip(slots[channel], islice(waiting[channel], len(slots[channel])), strict=False)
    ]:
        yield placed
