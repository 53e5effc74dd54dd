"""Send a template to an address that the caller names, to see how it arrives."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.contacts import rules
from domain.errors import DomainError, ErrorCode
from domain.infra.db import Connection, pool, tx
from domain.mail.compose import Mail, letter
from domain.mail.results import Accepted, Refused, Result
from domain.mail.sms.provider import provider
from domain.mail.sms.text import Text
from domain.mail.transport import transport
from domain.messages.preview import Draft, To, said_to
from domain.values import Channel, ConsentStatus, Deliverability

MARK: Final = "[Test]"
MOST: Final = 20
"""Test messages of an account within an hour."""
_HOUR: Final = timedelta(hours=1)
_ACCOUNT: Final = "SELECT address_key, default_country FROM account WHERE account_id = $1"
_ADDRESS: Final = "SELECT consent, deliverability FROM address WHERE account_id = $1 AND channel = $2 AND hash = $3"
_ONE_AFTER_THE_OTHER: Final = "SELECT pg_advisory_xact_lock(hashtextextended('test message ' || $1, 0))"
_FORGET: Final = "DELETE FROM test_message WHERE account_id = $1 AND sent_at < $2"
_COUNT: Final = "SELECT count(*) FROM test_message WHERE account_id = $1"
_INSERT: Final = "INSERT INTO test_message (account_id, id, actor, sent_at) VALUES ($1, $2, $3, $4)"


async def send_test_message(actor: Actor, what: UUID | Draft, to: To, address: str) -> str:
    """Send a message marked as a test, at once and once; answers the address as it was understood.

    Its links do nothing, it is no contact's message and counted nowhere. Raises DomainError or Refusals: as
    `preview_template`, the template's problems, INVALID for the address, OPTED_OUT for one that left, UNDELIVERABLE for
    one that is known to be or that the server refuses, CONFLICT when the server does not answer, TOO_LARGE for a 21st
    within an hour.
    """
    draft, words, account_name = await said_to(actor, what, to)
    recipient = await _checked(actor, draft.form.channel, address)
    message_id, now = uuid7(), datetime.now(UTC)
    async with tx() as connection:
        await _take_place(connection, actor, message_id, now)
    if draft.form.channel is Channel.SMS:
        result = await provider().send(Text(message_id, recipient, f"{MARK} {words.text}"))
    else:
        mail = Mail(recipient, account_name, f"{MARK} {words.subject}", words.text, words.html)
        result = await transport().send(letter(mail, message_id, now))
    _raise_unless_taken(result)
    return recipient


async def hang_up() -> None:
    """Take leave of the servers that tests were sent by, if any were."""
    if transport.cache_info().currsize:
        await transport().close()
    if provider.cache_info().currsize:
        await provider().close()


async def _checked(actor: Actor, channel: Channel, address: str) -> str:
    """The address in its normal form. A test is no way around somebody's opt-out."""
    account = await pool().fetchrow(_ACCOUNT, actor.account_id)
    assert account is not None
    value = rules.address(channel, address, account["default_country"], "to")
    known = rules.address_hash(account["address_key"], channel, value)
    row = await pool().fetchrow(_ADDRESS, actor.account_id, channel, known)
    if row is not None and row["consent"] == ConsentStatus.OPTED_OUT:
        raise DomainError(ErrorCode.OPTED_OUT, "Whoever has this address has opted out.", "to")
    if row is not None and row["deliverability"] == Deliverability.ERROR:
        raise DomainError(ErrorCode.UNDELIVERABLE, "What was sent to this address came back.", "to")
    return value


async def _take_place(connection: Connection, actor: Actor, message_id: UUID, now: datetime) -> None:
    await connection.execute(_ONE_AFTER_THE_OTHER, str(actor.account_id))
    await connection.execute(_FORGET, actor.account_id, now - _HOUR)
    if await connection.fetchval(_COUNT, actor.account_id) >= MOST:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST} test messages an hour; try again later.")
    await connection.execute(_INSERT, actor.account_id, message_id, actor.name, now)


def _raise_unless_taken(result: Result) -> None:
    if isinstance(result, Accepted):
        return
    if isinstance(result, Refused):
        said = f"{result.code} {result.enhanced or ''}".strip()
        raise DomainError(ErrorCode.UNDELIVERABLE, f"The server that sends refused it ({said}).", "to")
    raise DomainError(ErrorCode.CONFLICT, "The server that sends did not take it now; try again later.")
