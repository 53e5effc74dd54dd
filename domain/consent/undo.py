"""Go back on what one operation did to permission, lifecycle and delivery, where nothing else has happened since.

The contacts and all their addresses must be locked. What was changed is read from the ledger afterwards.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.consent.change import Context, Refusal, Targets, change
from domain.consent.rules import Change, Request
from domain.errors import ErrorCode
from domain.infra.db import Connection
from domain.values import Channel, ConsentAction, ConsentSource, Deliverability, Lifecycle

_PERMITTED = """
SELECT p.contact_id, p.address_id FROM contact_point p
 WHERE p.account_id = $1 AND p.contact_id = ANY ($2::uuid[]) AND EXISTS (
   SELECT FROM ledger l WHERE l.account_id = $1 AND l.address_id = p.address_id AND l.operation_id = $3
      AND l.consent_to IS NOT NULL)
 ORDER BY p.contact_id, p.address_id
"""
# Nobody holds them any more, so there is no contact to restore them for.
_LET_GO = """
SELECT DISTINCT l.contact_id, l.address_id FROM ledger l
 WHERE l.account_id = $1 AND l.contact_id = ANY ($2::uuid[]) AND l.operation_id = $3 AND l.consent_to IS NOT NULL
   AND NOT EXISTS (SELECT FROM contact_point p WHERE p.account_id = $1 AND p.address_id = l.address_id)
 ORDER BY 1, 2
"""
# Once alone: an archived contact that was opened and closed around an opt-out is as it was.
_LIVED = """
SELECT s.contact_id, NULL::uuid AS address_id, s.lifecycle AS state, l.action, l.stands
  FROM contact_state s
 CROSS JOIN LATERAL (
   SELECT max(l.action) FILTER (WHERE l.operation_id = $3) AS action,
          count(*) FILTER (WHERE l.operation_id = $3) AS times,
          max(l.position) FILTER (WHERE l.operation_id = $3) = max(l.position) AS stands
     FROM ledger l
    WHERE l.account_id = $1 AND l.contact_id = s.contact_id AND l.action IN ('ARCHIVE', 'ACTIVATE')) l
 WHERE s.account_id = $1 AND s.contact_id = ANY ($2::uuid[]) AND l.times = 1
 ORDER BY s.contact_id
"""
_DELIVERED = """
SELECT p.contact_id, a.id AS address_id, a.deliverability AS state, l.action, l.stands
  FROM contact_point p
  JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 CROSS JOIN LATERAL (
   SELECT max(l.action) FILTER (WHERE l.operation_id = $3) AS action,
          max(l.position) FILTER (WHERE l.operation_id = $3) = max(l.position) AS stands
     FROM ledger l
    WHERE l.account_id = $1 AND l.address_id = a.id AND l.action IN ('MARK_ERROR', 'CLEAR_ERROR')) l
 WHERE p.account_id = $1 AND p.contact_id = ANY ($2::uuid[]) AND l.action IS NOT NULL
 ORDER BY p.contact_id, a.id
"""
_BACK = {
    ConsentAction.ARCHIVE: (Lifecycle.ARCHIVED, Change.ACTIVATE),
    ConsentAction.ACTIVATE: (Lifecycle.ACTIVE, Change.ARCHIVE),
    ConsentAction.MARK_ERROR: (Deliverability.ERROR, Change.CLEAR_ERROR),
    ConsentAction.CLEAR_ERROR: (Deliverability.OK, Change.MARK_ERROR),
}
"""What each action leaves, and what goes back on it."""


async def undo_consent(connection: Connection, context: Context, contact_ids: Sequence[UUID]) -> list[Refusal]:
    """Give addresses back the permission that `context.undoes` found; answers what the door refused, and why.

    NO_ADDRESS: the contact no longer has the address, and nobody else does.
    """
    asked = context.account_id, list(contact_ids), context.undoes
    pairs = await connection.fetch(_PERMITTED, *asked)
    refusals: list[Refusal] = []
    if pairs:
        contacts, addresses = ([row[name] for row in pairs] for name in ("contact_id", "address_id"))
        targets = Targets(contacts, tuple(Channel), addresses=addresses)
        refusals = (await change(connection, Request(Change.RESTORE, ConsentSource.UNDO), targets, context)).refusals
    gone = await connection.fetch(_LET_GO, *asked)
    return refusals + [Refusal(row["contact_id"], row["address_id"], ErrorCode.NO_ADDRESS) for row in gone]


async def undo_lifecycle(connection: Connection, context: Context, contact_ids: Sequence[UUID]) -> list[Refusal]:
    """Activate what `context.undoes` archived, archive what it activated; CONFLICT where it was done again since."""
    return await _reverse(connection, context, await connection.fetch(_LIVED, *_asked(context, contact_ids)))


async def undo_deliverability(connection: Connection, context: Context, contact_ids: Sequence[UUID]) -> list[Refusal]:
    """Clear the errors that `context.undoes` marked, and mark those it cleared; CONFLICT as for the lifecycle."""
    return await _reverse(connection, context, await connection.fetch(_DELIVERED, *_asked(context, contact_ids)))


def _asked(context: Context, contact_ids: Sequence[UUID]) -> tuple[UUID, list[UUID], UUID | None]:
    return context.account_id, list(contact_ids), context.undoes


async def _reverse(connection: Connection, context: Context, rows: Sequence[Any]) -> list[Refusal]:
    for action, (_, back) in _BACK.items():
        some = [row for row in rows if row["stands"] and row["action"] == action]
        if some:
            addresses = [row["address_id"] for row in some] if some[0]["address_id"] else None
            targets = Targets([row["contact_id"] for row in some], tuple(Channel), addresses=addresses)
            await change(connection, Request(back, ConsentSource.UNDO), targets, context)
    return [
        Refusal(row["contact_id"], row["address_id"], ErrorCode.CONFLICT)
        for row in rows
        if not row["stands"] and row["state"] == _BACK[ConsentAction(row["action"])][0]
    ]
