"""Addresses that opted out elsewhere, known to the account or not."""

from collections.abc import Sequence

from uuid_utils.compat import uuid7

from domain.consent.change import Context, Outcome, change_addresses
from domain.consent.rules import Change, Request
from domain.infra.db import Connection
from domain.values import Channel, ConsentSource

# In the order of their hashes, as `addresses.hold` makes them. Without a value: that comes with a contact.
_MAKE = """
INSERT INTO address (account_id, id, channel, hash)
SELECT $1, n.id, $2, n.hash FROM unnest($3::uuid[], $4::bytea[]) AS n(id, hash) ORDER BY n.hash
ON CONFLICT (account_id, channel, hash) DO NOTHING
"""
_FIND = "SELECT id FROM address WHERE account_id = $1 AND channel = $2 AND hash = ANY ($3::bytea[])"


async def suppress(connection: Connection, channel: Channel, hashes: Sequence[bytes], context: Context) -> Outcome:
    """Opt the addresses of these hashes out through the door, archived or not (rules.md, "Import": `false`).

    One that the account has never seen is made without a value, and no contact is: it comes back OPTED_OUT on every
    path. The outcome counts addresses.
    """
    await connection.execute(_MAKE, context.account_id, channel, [uuid7() for _ in hashes], list(hashes))
    rows = await connection.fetch(_FIND, context.account_id, channel, list(hashes))
    return await change_addresses(
        connection, Request(Change.OPT_OUT, ConsentSource.IMPORT), [row["id"] for row in rows], context
    )
