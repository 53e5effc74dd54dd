"""Opt one contact in."""

from collections.abc import Sequence
from uuid import UUID

from domain.actor import Actor
from domain.consent.evidence import Evidence
from domain.consent.rules import Change
from domain.consent.single import change_one
from domain.ledger.receipt import Receipt
from domain.values import Channel, ConsentSource


async def opt_in(
    actor: Actor,
    contact_id: UUID,
    channels: Sequence[Channel] = (Channel.EMAIL,),
    slots: Sequence[int] | None = None,
    evidence: Evidence | None = None,
) -> Receipt:
    """An operator records permission for a contact's addresses; the primary ones when no slot is named.

    Raises DomainError: EVIDENCE_REQUIRED, NO_ADDRESS, CONTACT_ARCHIVED, OPTED_OUT, NOT_PERMITTED or LOCKED
    (rules.md, "Opt in"), NOT_FOUND, INVALID.
    """
    return await change_one(
        actor,
        Change.OPT_IN,
        ConsentSource.OPERATOR,
        contact_id,
        channels,
        (1,) if slots is None else slots,
        evidence=evidence,
    )
