"""Opt one contact out."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from domain.actor import Actor
from domain.consent.rules import Change
from domain.consent.single import change_one
from domain.ledger.receipt import Receipt
from domain.values import Channel, ConsentSource


class OptOutRequester(StrEnum):
    """Whose wish it is."""

    OPERATOR = "OPERATOR"
    RECIPIENT = "RECIPIENT"


async def opt_out(
    actor: Actor,
    contact_id: UUID,
    channels: Sequence[Channel] = (Channel.EMAIL,),
    slots: Sequence[int] | None = None,
    *,
    reason: str | None = None,
    requested_by: OptOutRequester = OptOutRequester.OPERATOR,
    include_archived: bool = False,
) -> Receipt:
    """Withdraw permission from a contact's addresses; every one of the channels when no slot is named.

    The recipient's own wish always applies, and is recorded again when repeated. Raises DomainError: NO_ADDRESS,
    CONTACT_ARCHIVED (an operator's, unless `include_archived`), NOT_FOUND, INVALID.
    """
    by_recipient = requested_by is OptOutRequester.RECIPIENT
    source = ConsentSource.RECIPIENT_RELAYED if by_recipient else ConsentSource.OPERATOR
    return await change_one(
        actor, Change.OPT_OUT, source, contact_id, channels, slots, reason=reason, include_archived=include_archived
    )
