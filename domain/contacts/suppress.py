"""Addresses that opted out elsewhere, known to the account or not."""

from collections.abc import Sequence
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.consent.change import Context, Outcome, change_addresses
from domain.consent.rules import Change, Request
from domain.infra.db import Connection
from domain.values import Channel, ConsentSource

# In the order of their hashes, as `addresses.hold` makes them. Without a value: that comes with a contact.
_MAKE = """
INSERT INTO address (account_id, id, channel, hash)
SELECT $1, n.id, n.channel, n.hash FROM unnest($2::uuid[], $3::channel[], $4::bytea[]) AS n(id, channel, hash)
 ORDER BY n.hash, n.channel
ON CONFLICT (account_id, channel, hash) DO NOTHING
"""
_FIND = """
SELECT a.id FROM unnest($2::channel[], $3::bytea[]) AS n(channel, hash)
  JOIN address a ON a.account_id = $1 AND a.channel = n.channel AND a.hash = n.hash
"""
_BY_IMPORT = Request(Change.OPT_OUT, ConsentSource.IMPORT)


async def suppress(connection: Connection, channel: Channel, hashes: Sequence[bytes], context: Context) -> Outcome:
    """Opt the addresses of these hashes out through the door, archived or not (rules.md, "Import": `false`).

    The outcome counts addresses.
    """
    return await withdraw(connection, [(channel, digest) for digest in hashes], _BY_IMPORT, context)


async def withdraw(
    connection: Connection, addresses: Sequence[tuple[Channel, bytes]], request: Request, context: Context
) -> Outcome:
    """Opt addresses (channel, hash) out through the door, as `request` has it.

    One that the account has never seen is made without a value, and no contact is: it comes back OPTED_OUT on every
    path. The outcome counts addresses.
    """
    keys = [channel for channel, _ in addresses], [digest for _, digest in addresses]
    await connection.execute(_MAKE, context.account_id, [uuid7() for _ in addresses], *keys)
    return await change_addresses(connection, request, await known(connection, context.account_id, addresses), context)


async def known(connection: Connection, account_id: UUID, addresses: Sequence[tuple[Channel, bytes]]) -> list[UUID]:
    """The ids of those of the addresses (channel, hash) that the account has ever seen."""
    keys = [channel for channel, _ in addresses], [digest for _, digest in addresses]
    return [row["id"] for row in await connection.fetch(_FIND, account_id, *keys)]
