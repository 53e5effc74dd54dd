"""A delivery that failed, or a complaint, as an integrator reports it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.consent.change import Context, Outcome, change_addresses
from domain.consent.rules import Change, Request
from domain.consent.single import MAX_REASON
from domain.contacts import rules
from domain.contacts.given import AccountFacts, read_account
from domain.contacts.suppress import known, withdraw
from domain.errors import DomainError, ErrorCode
from domain.inbound.came_back import came_back, last_came_back, our_id
from domain.inbound.values import DeliveryFailure
from domain.infra.db import Connection, tx
from domain.values import Channel, ConsentSource

BOUNCED: Final = Request(Change.MARK_ERROR, ConsentSource.BOUNCE)
COMPLAINED: Final = Request(Change.OPT_OUT, ConsentSource.COMPLAINT)
_HOLDERS = """
SELECT p.contact_id FROM contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 WHERE p.account_id = $1 AND a.channel = $2 AND a.hash = $3 ORDER BY p.contact_id
"""


@dataclass(frozen=True, slots=True)
class Reported:
    """Who holds the address, oldest first, and the ledger entries made."""

    contact_ids: Sequence[UUID]
    positions: Sequence[int]


async def report_delivery_failure(
    actor: Actor,
    channel: Channel,
    address: str,
    kind: DeliveryFailure,
    detail: str | None = None,
    message_id: str | None = None,
) -> Reported:
    """A hard bounce marks the address ERROR, and is no change of permission; a complaint withdraws it.

    A complaint about an address that nobody holds becomes a suppression; a bounce of one that the account has never
    seen changes nothing. The message that bounced is shown as BOUNCED: the one of `message_id`, else the last one that
    went to the address within five days. `detail` is kept as the entry's reason, where a contact holds the address:
    erasing them empties it. Raises DomainError: INVALID or TOO_LARGE for the address or the detail.
    """
    detail = rules.line(detail, MAX_REASON, "detail") or None if detail is not None else None
    async with tx() as connection:
        account = await read_account(connection, actor.account_id)
        (keyed,) = hashes(account, [channel], address)
        rows = await connection.fetch(_HOLDERS, actor.account_id, *keyed)
        context = Context(actor.account_id, actor.name, datetime.now(UTC), reason=detail if rows else None)
        outcome = await _fail(connection, kind, keyed, context)
        if kind is DeliveryFailure.HARD_BOUNCE:
            await _note(connection, keyed, message_id, context)
    return Reported([row["contact_id"] for row in rows], outcome.positions if outcome else ())


def hashes(account: AccountFacts, channels: Sequence[Channel], address: str) -> list[tuple[Channel, bytes]]:
    """An address as somebody writes it, keyed for each channel. Raises DomainError: INVALID, TOO_LARGE."""
    if not rules.storable(address):
        raise DomainError(ErrorCode.INVALID, "Control characters are not allowed.", "address")
    kept = rules.address(channels[0], address, account.default_country, "address")
    return [(channel, rules.address_hash(account.address_key, channel, kept)) for channel in channels]


async def _note(
    connection: Connection, address: tuple[Channel, bytes], message_id: str | None, context: Context
) -> None:
    key = our_id(message_id)
    if not (key and await came_back(connection, context.account_id, [key], context.now)):
        await last_came_back(connection, context.account_id, [address], context.now)


async def _fail(
    connection: Connection, kind: DeliveryFailure, address: tuple[Channel, bytes], context: Context
) -> Outcome | None:
    if kind is DeliveryFailure.COMPLAINT:
        return await withdraw(connection, [address], COMPLAINED, context)
    ids = await known(connection, context.account_id, [address])
    return await change_addresses(connection, BOUNCED, ids, context) if ids else None
