"""Addresses for a contact's slots: found or made, locked, and asked who holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.infra.db import Connection
from domain.values import Channel

# In the order of their hashes, so that two requests for the same new addresses never wait for each other.
_MAKE = """
INSERT INTO address (account_id, id, channel, hash, value)
SELECT $1, n.id, n.channel, n.hash, n.value
  FROM unnest($2::uuid[], $3::channel[], $4::bytea[], $5::text[]) AS n(id, channel, hash, value)
 ORDER BY n.hash, n.channel
ON CONFLICT (account_id, channel, hash) DO NOTHING
"""
_LOCK = """
SELECT FROM address a WHERE a.account_id = $1 AND a.id IN (
  SELECT w.id FROM unnest($2::channel[], $3::bytea[]) AS n(channel, hash)
    JOIN address w ON w.account_id = $1 AND w.channel = n.channel AND w.hash = n.hash
  UNION ALL SELECT unnest($4::uuid[]))
 ORDER BY a.id FOR NO KEY UPDATE
"""
# A later statement than the lock, so that it sees what was committed while that waited.
_READ = """
SELECT a.id, a.channel, a.hash, a.value, p.contact_id AS holder
  FROM unnest($2::channel[], $3::bytea[]) AS n(channel, hash)
  JOIN address a ON a.account_id = $1 AND a.channel = n.channel AND a.hash = n.hash
  LEFT JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id AND p.channel = 'EMAIL'
"""
_WRITE = """
UPDATE address a SET value = n.value FROM unnest($2::uuid[], $3::text[]) AS n(id, value)
 WHERE a.account_id = $1 AND a.id = n.id
"""
_ATTACH = """
INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
SELECT $1, $2, * FROM unnest($3::channel[], $4::smallint[], $5::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An address that a contact's slot is to rest on. `value` is normalised."""

    channel: Channel
    value: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """An address that is locked now. `holder`: the contact that an email address belongs to."""

    id: UUID
    value: str | None
    holder: UUID | None


@dataclass(frozen=True, slots=True)
class Placed:
    """An address in a slot."""

    channel: Channel
    slot: int
    value: str
    address_id: UUID


async def hold(
    connection: Connection, account_id: UUID, wanted: Sequence[Wanted], others: Sequence[UUID] = ()
) -> dict[Wanted, Held]:
    """Lock addresses, making those that the account does not know, together with other addresses by id.

    What was suppressed comes back with the permission it had. Contacts are locked before, never after.
    """
    keys = [address.channel for address in wanted], [address.hash for address in wanted]
    await connection.execute(_MAKE, account_id, [uuid7() for _ in wanted], *keys, [address.value for address in wanted])
    await connection.execute(_LOCK, account_id, *keys, list(others))
    rows = await connection.fetch(_READ, account_id, *keys)
    found = {(row["channel"], row["hash"]): Held(row["id"], row["value"], row["holder"]) for row in rows}
    return {address: found[address.channel, address.hash] for address in wanted}


async def write_values(connection: Connection, account_id: UUID, held: dict[Wanted, Held]) -> list[UUID]:
    """Fill in what erasure emptied, and write an email as its owner writes it now; answers which addresses changed.

    A shared address keeps the writing of whoever brought it.
    """
    changed = {
        address: row.id
        for address, row in held.items()
        if row.value is None or (address.channel is Channel.EMAIL and row.value != address.value)
    }
    if changed:
        values = [address.value for address in changed]
        await connection.execute(_WRITE, account_id, list(changed.values()), values)
    return list(changed.values())


async def attach(connection: Connection, account_id: UUID, contact_id: UUID, points: Sequence[Placed]) -> None:
    """Put addresses into free slots of a contact. All of them must be locked."""
    await connection.execute(
        _ATTACH,
        account_id,
        contact_id,
        [point.channel for point in points],
        [point.slot for point in points],
        [point.address_id for point in points],
    )
