"""Mark one contact's addresses undeliverable, or deliverable again."""

from collections.abc import Sequence
from uuid import UUID

from domain.actor import Actor
from domain.consent.rules import Change
from domain.consent.single import change_one
from domain.ledger.receipt import Receipt
from domain.values import Channel, ConsentSource, Deliverability


async def change_deliverability(
    actor: Actor,
    contact_id: UUID,
    deliverability: Deliverability,
    channel: Channel = Channel.EMAIL,
    slots: Sequence[int] | None = None,
    reason: str | None = None,
) -> Receipt:
    """Set whether the addresses can be reached; every one of the channel when no slot is named.

    Never a change of permission. Raises DomainError: NO_ADDRESS, NOT_FOUND, INVALID.
    """
    asked = Change.MARK_ERROR if deliverability is Deliverability.ERROR else Change.CLEAR_ERROR
    return await change_one(actor, asked, ConsentSource.OPERATOR, contact_id, (channel,), slots, reason=reason)
