"""Take in what a provider's call says: through the door, once however often it is delivered."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from domain.consent.change import Context, change_addresses
from domain.consent.rules import Change, Request
from domain.contacts.given import AccountFacts, read_account
from domain.contacts.suppress import known, withdraw
from domain.errors import DomainError
from domain.inbound import trouble
from domain.inbound.call import Hook
from domain.inbound.came_back import came_back, last_came_back, our_id, went_out
from domain.inbound.report import BOUNCED, COMPLAINED, hashes
from domain.inbound.values import Happening, Incoming
from domain.infra.db import Connection, tx
from domain.values import Channel, ConsentSource

# In order, so that two deliveries of the same do not wait for each other crosswise.
_SEEN = """
INSERT INTO inbound_seen (account_id, hook_id, key, seen_at)
SELECT $1, $2, n.key, $4 FROM unnest($3::bytea[]) AS n(key) ORDER BY n.key
ON CONFLICT DO NOTHING RETURNING key
"""
_WITHDRAWALS: Final = {
    Happening.STOP: Request(Change.OPT_OUT, ConsentSource.SMS_KEYWORD),
    Happening.COMPLAINT: COMPLAINED,
    Happening.UNSUBSCRIBED: Request(Change.OPT_OUT, ConsentSource.RECIPIENT_RELAYED),
}
_CHANGES: Final = {
    Happening.START: Request(Change.RESTORE, ConsentSource.SMS_KEYWORD),
    Happening.HARD_BOUNCE: BOUNCED,
}
_BY_PHONE: Final = frozenset({Happening.STOP, Happening.START})
_OF_MESSAGES: Final = frozenset({Happening.HARD_BOUNCE, Happening.LOST})
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)

Address = tuple[Channel, bytes]


async def take(hook: Hook, incoming: Sequence[Incoming]) -> None:
    """Apply what has happened, a transaction for each kind of it; what was taken in before is passed over.

    STOP withdraws SMS and CALL, a complaint or the provider's own unsubscribing the channel; of an address that
    nobody holds, too. START gives back what STOP took. A hard bounce marks ERROR, a soft one is counted; what did not
    arrive is noted of the message. An address that is none is passed over: the provider cannot mend it.
    """
    for happening in Happening:
        if found := [one for one in incoming if one.happening is happening]:
            await (_sent(hook, found) if happening is Happening.SENT else _take(hook, happening, found))


async def _sent(hook: Hook, incoming: Sequence[Incoming]) -> None:
    """What the provider has; of most messages that is known, and again is harmless, so it is not remembered."""
    ids = [key for one in incoming if (key := our_id(one.message_id))]
    async with tx() as connection:
        await went_out(connection, hook.account_id, ids)


async def _take(hook: Hook, happening: Happening, incoming: Sequence[Incoming]) -> None:
    since = _ALWAYS if happening is Happening.START else None
    context = Context(hook.account_id, f"hook:{hook.id}", datetime.now(UTC), since=since)
    async with tx() as connection:
        new = await _new(connection, hook, incoming, context.now)
        account = await read_account(connection, hook.account_id)
        found = {address: one for one in new for address in _addresses(account, one)}
        if found:
            await _apply(connection, happening, list(found), context)
        await _follow(connection, account, happening, new, context)
        if found and happening in trouble.TROUBLES:
            await trouble.note(connection, context, _reports(account, happening, new))


async def _follow(
    connection: Connection, account: AccountFacts, happening: Happening, new: Sequence[Incoming], context: Context
) -> None:
    """Note what became of the messages themselves: by our id, else the last one to a bad address."""
    if happening not in _OF_MESSAGES or not new:
        return
    ids = {one: our_id(one.message_id) for one in new}
    known = [key for key in ids.values() if key]
    matched = await came_back(connection, context.account_id, known, context.now)
    rest = [one for one, key in ids.items() if key not in matched and _by_address(one)]
    addresses = sorted({address for one in rest for address in _addresses(account, one)})
    if addresses:
        await last_came_back(connection, context.account_id, addresses, context.now)


def _by_address(one: Incoming) -> bool:
    """Somebody else's mail that did not arrive says nothing of ours, unless nothing ever arrives there."""
    return one.happening is Happening.HARD_BOUNCE or one.message_id is None


async def _new(connection: Connection, hook: Hook, incoming: Sequence[Incoming], now: datetime) -> list[Incoming]:
    """What this hook has not taken in before."""
    by_key = {sha256(f"{one.happening}:{one.key}".encode("utf-8", "surrogatepass")).digest(): one for one in incoming}
    rows = await connection.fetch(_SEEN, hook.account_id, hook.id, list(by_key), now)
    new = {row["key"] for row in rows}
    return [one for key, one in by_key.items() if key in new]


def _addresses(account: AccountFacts, one: Incoming) -> list[Address]:
    """The keyed addresses that it is about, on each of their channels; none when it is no address."""
    channels = (Channel.SMS, Channel.CALL) if one.happening in _BY_PHONE else (one.channel,)
    try:
        return hashes(account, channels, one.address)
    except DomainError:
        return []


def _reports(account: AccountFacts, happening: Happening, new: Sequence[Incoming]) -> dict[Address, trouble.Report]:
    """What is reported of each address: the latest words, and how many soft bounces."""
    reports: dict[Address, trouble.Report] = {}
    for one in new:
        for address in _addresses(account, one):
            before = reports.get(address, trouble.Report(0, None))
            soft = before.soft_bounces + (happening is Happening.SOFT_BOUNCE)
            reports[address] = trouble.Report(soft, one.detail or before.detail)
    return reports


async def _apply(connection: Connection, happening: Happening, addresses: Sequence[Address], context: Context) -> None:
    if happening in _WITHDRAWALS:
        await withdraw(connection, addresses, _WITHDRAWALS[happening], context)
        return
    request = _CHANGES.get(happening)
    ids = await known(connection, context.account_id, addresses) if request else []
    if request and ids:
        await change_addresses(connection, request, ids, context)
