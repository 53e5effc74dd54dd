"""Ask one contact, or whoever wishes for it on a page of theirs, to confirm."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.confirmations import rules
from domain.confirmations.ask import Along, ask, ring
from domain.confirmations.standings import of_addresses, of_contacts
from domain.consent.door_sql import LOCK_ADDRESSES
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import tx
from domain.ledger.append import Origin
from domain.ledger.receipt import Receipt
from domain.recipients.preferences import Wishes, save_preferences
from domain.values import Channel, ConsentSource

_LOCK: Final = "SELECT lock_contacts($1, $2, $3, false)"
_PRESENT: Final = "SELECT EXISTS (SELECT FROM contact_state WHERE account_id = $1 AND contact_id = $2)"
WORDS: Final = {
    ErrorCode.NO_ADDRESS: "The contact has no email address there.",
    ErrorCode.CONTACT_ARCHIVED: "The contact is archived. Activate it first.",
    ErrorCode.OPTED_OUT: "The person opted out.",
    ErrorCode.NOT_PERMITTED: "Only recorded, unconfirmed permission can be confirmed.",
    ErrorCode.UNDELIVERABLE: "Mail to this address comes back.",
    ErrorCode.CONFLICT: "This address was asked a short while ago: once in 10 minutes, and 5 times a day, is the most.",
}


async def request_double_opt_in(actor: Actor, contact_id: UUID, slot: int = 1) -> Receipt:
    """Mail a confirmation link to one address, whose permission is recorded or whose owner asked in the last 7 days.

    Raises DomainError: NOT_FOUND, INVALID for a slot outside 1 to 3, NO_ADDRESS, CONTACT_ARCHIVED, OPTED_OUT,
    NOT_PERMITTED, UNDELIVERABLE; CONFLICT when the address was asked a short while ago.
    """
    if slot not in (1, 2, 3):
        raise invalid("Slots are 1, 2 or 3.", "slot")
    now = datetime.now(UTC)
    async with tx() as connection:
        await connection.execute(_LOCK, actor.account_id, [contact_id], [Channel.EMAIL])
        if not await connection.fetchval(_PRESENT, actor.account_id, contact_id):
            raise not_found("contact", "contactId")
        found = await of_contacts(connection, actor.account_id, [contact_id], [slot], now)
        code = rules.refusal(found[0].standing, now) if found else ErrorCode.NO_ADDRESS
        if code is not None:
            raise DomainError(code, WORDS[code], *(("slot",) if code is ErrorCode.NO_ADDRESS else ()))
        origin = Origin(actor.account_id, actor.name, ConsentSource.OPERATOR, now)
        positions = await ask(connection, origin, found)
    ring(actor.account_id)
    return Receipt(contact_id, positions)


async def save_and_ask(
    actor: Actor, address_id: UUID, wishes: Wishes, language: str | None = None
) -> tuple[list[UUID], list[int]]:
    """Save what a recipient wishes in the preference centre, and mail a link where that takes a confirmation: all or
    nothing, so that whoever is told of a mail gets one.

    Answers the addresses that wait for one, and the ledger positions of the requests; an address that may not be asked
    now (rules.md, CONFIRMATION; throttling) gets no mail. Raises DomainError NOT_FOUND for the address.
    """
    now = datetime.now(UTC)
    async with tx() as connection:
        waiting = await save_preferences(connection, actor, address_id, wishes, now)
        if not waiting:
            return [], []
        await connection.execute(LOCK_ADDRESSES, actor.account_id, waiting)
        found = await of_addresses(connection, actor.account_id, waiting, now)
        asked = [one for one in found if rules.refusal(rules.wishing(one.standing, now), now) is None]
        origin = Origin(actor.account_id, actor.name, ConsentSource.PREFERENCE_CENTRE, now)
        positions = await ask(connection, origin, asked, Along(language=language))
    ring(actor.account_id)
    return waiting, positions
