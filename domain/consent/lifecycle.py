"""Archive and activate one contact: idempotent, and never a change of permission."""

from uuid import UUID

from domain.actor import Actor
from domain.consent.rules import Change
from domain.consent.single import change_one
from domain.ledger.receipt import Receipt
from domain.values import Channel, ConsentSource


async def archive(actor: Actor, contact_id: UUID) -> Receipt:
    """Take a contact out of the active total; it is sent no email. Raises DomainError NOT_FOUND."""
    return await change_one(actor, Change.ARCHIVE, ConsentSource.OPERATOR, contact_id, tuple(Channel))


async def activate(actor: Actor, contact_id: UUID) -> Receipt:
    """Take an archived contact back. Raises DomainError NOT_FOUND."""
    return await change_one(actor, Change.ACTIVATE, ConsentSource.OPERATOR, contact_id, tuple(Channel))
