"""Undo an operation: itself a bulk operation, for the contacts that the undone one changed."""

from datetime import datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.queries import operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.contacts.selection import Statement
from domain.errors import invalid, not_found

UNDOABLE: Final = frozenset(
    {BulkKind.CHANGE_STATUS, BulkKind.CHANGE_GROUP, BulkKind.CHANGE_TOPICS, BulkKind.CHANGE_TAGS, BulkKind.IMPORT}
)

# Whoever it has an entry for; whoever holds an address now that its entry's contact has given up; and by its groups.
_TOUCHED = """
SELECT contact_id AS id FROM ledger WHERE account_id = $1 AND operation_id = $2 AND contact_id IS NOT NULL
 UNION
SELECT p.contact_id
  FROM ledger l JOIN contact_point p ON p.account_id = $1 AND p.address_id = l.address_id
 WHERE l.account_id = $1 AND l.operation_id = $2 AND l.consent_to IS NOT NULL AND NOT EXISTS (
   SELECT FROM contact_point h WHERE h.account_id = $1 AND h.address_id = l.address_id AND h.contact_id = l.contact_id)
 UNION
SELECT contact_id FROM group_member WHERE account_id = $1 AND operation_id = $2
 UNION
SELECT contact_id FROM group_member_removed WHERE account_id = $1 AND operation_id = $2
"""


async def undo(actor: Actor, operation_id: UUID) -> Operation:
    """Put on record that an operation is to be undone, also one that was canceled or failed on its way.

    What has changed again since is left alone, and the report says so. Undone twice, the second finds nothing left.
    Raises DomainError: NOT_FOUND, INVALID for one that has not ended or is of a kind that cannot be undone.
    """

    async def check(_now: datetime) -> Asked:
        undone = await operation(actor, operation_id)
        if undone is None:
            raise not_found("bulk operation", "id")
        if undone.kind not in UNDOABLE:
            raise invalid("An operation of this kind cannot be undone.", "id")
        if not undone.finished:
            raise invalid("The operation has not ended. Cancel it, then undo what it did.", "id")
        return Asked(f"Undo: {undone.summary}", {"operation": str(undone.id), "kind": undone.kind}, {})

    return await start(actor, Wish(BulkKind.UNDO, {"operation": str(operation_id)}), check)


def touched(actor: Actor, operation_id: UUID) -> Statement:
    """The contacts that an operation changed, those that are gone since included."""
    return Statement(_TOUCHED, [actor.account_id, operation_id])
