"""Take back the contacts that an import created, where nothing else has touched them since."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.contacts.counts import leave
from domain.infra.db import Connection
from domain.ledger.append import Entry, Origin, append
from domain.values import ConsentAction

# Touched: by an entry of another origin, about it or about an address it holds; or a group it was put into.
_CREATED = """
SELECT c.id, EXISTS (
         SELECT FROM ledger o WHERE o.account_id = $1 AND o.contact_id = c.id AND o.source <> 'UNDO'
            AND o.operation_id IS DISTINCT FROM $3)
       OR EXISTS (
         SELECT FROM contact_point p
           JOIN ledger o ON o.account_id = $1 AND o.address_id = p.address_id AND o.position > l.position
          WHERE p.account_id = $1 AND p.contact_id = c.id AND o.source <> 'UNDO'
            AND o.operation_id IS DISTINCT FROM $3)
       OR EXISTS (
         SELECT FROM group_member m WHERE m.account_id = $1 AND m.contact_id = c.id AND m.operation_id <> $3) AS touched
  FROM contact c
  JOIN ledger l ON l.account_id = $1 AND l.contact_id = c.id AND l.operation_id = $3 AND l.action = 'CONTACT_CREATED'
 WHERE c.account_id = $1 AND c.id = ANY ($2::uuid[])
 ORDER BY c.id FOR UPDATE OF c
"""
_AMENDED = """
SELECT DISTINCT l.contact_id FROM ledger l
 WHERE l.account_id = $1 AND l.contact_id = ANY ($2::uuid[]) AND l.operation_id = $3
   AND l.action IN ('CONTACT_UPDATED', 'ADDRESS_ADDED', 'ADDRESS_REMOVED')
   AND NOT EXISTS (SELECT FROM ledger n WHERE n.account_id = $1 AND n.contact_id = l.contact_id
                      AND n.operation_id = $3 AND n.action = 'CONTACT_CREATED')
"""
_ADDRESSES = """
SELECT ARRAY(SELECT address_id FROM contact_point WHERE account_id = $1 AND contact_id = ANY ($2::uuid[]))
"""
_DELETE = "DELETE FROM contact WHERE account_id = $1 AND id = ANY ($2::uuid[])"
# What nobody holds any more is kept as its hash alone, with the permission it has: an opt-out outlives its contact.
_EMPTY = """
UPDATE address a SET value = NULL
 WHERE a.account_id = $1 AND a.id = ANY ($2::uuid[]) AND a.value IS NOT NULL
   AND NOT EXISTS (SELECT FROM contact_point p WHERE p.account_id = $1 AND p.address_id = a.id)
"""


@dataclass(frozen=True, slots=True)
class Uncreated:
    """Who was taken back, who was touched since and stays, and whose details an import changed, which stay."""

    removed: list[UUID]
    touched: list[UUID]
    amended: list[UUID]


async def uncreate(connection: Connection, origin: Origin, undone: UUID, contact_ids: Sequence[UUID]) -> Uncreated:
    """Remove the contacts that the undone operation created. Their permission has been restored before.

    The contacts and all their addresses are locked. No suppression comes of it: an ERASE of the contact alone.
    """
    account_id, asked = origin.account_id, list(contact_ids)
    rows = await connection.fetch(_CREATED, account_id, asked, undone)
    removed = [row["id"] for row in rows if not row["touched"]]
    touched = [row["id"] for row in rows if row["touched"]]
    amended = [row["contact_id"] for row in await connection.fetch(_AMENDED, account_id, asked, undone)]
    if removed:
        addresses = await connection.fetchval(_ADDRESSES, account_id, removed)
        await leave(connection, account_id, removed)
        await connection.execute(_DELETE, account_id, removed)
        await connection.execute(_EMPTY, account_id, addresses)
        await append(connection, origin, [Entry(ConsentAction.ERASE, contact_id) for contact_id in removed])
    return Uncreated(removed, touched, amended)
