"""A message, judged and put together under one lock at the moment when it goes; else refused, with every reason.

Whoever opts out takes the same lock, so nobody gets a message put together after their opt-out was committed.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from domain.consent.change import Context, Targets, change, change_addresses
from domain.consent.rules import Change, Request
from domain.contacts.send import Purpose
from domain.infra.db import Connection, pool, tx
from domain.mail.compose import Mail
from domain.mail.results import Refused
from domain.messages.journeys.words import Templates
from domain.messages.judged import Judged, judge_many, wakes
from domain.messages.wording import said
from domain.recipients.links import recipient_links
from domain.values import Channel, ConsentSource

_LOCK: Final = "SELECT lock_contacts($1, $2, $3, false)"
_WHO: Final = "SELECT contact_id FROM message WHERE account_id = $1 AND id = $2"
_READ: Final = """
SELECT m.contact_id, m.purpose, m.topic_id, m.data, t.marketing, t.subject, t.text, t.html, p.name AS topic,
       a.name AS account_name, a.postal_address, c.first_name, c.last_name, c.name,
       coalesce(o.cancel_requested, false) AS canceled
  FROM message m
  JOIN template t ON t.account_id = $1 AND t.id = m.template_id
  JOIN account a ON a.account_id = $1
  JOIN contact c ON c.account_id = $1 AND c.id = m.contact_id
  LEFT JOIN topic p ON p.account_id = $1 AND p.id = m.topic_id
  LEFT JOIN bulk_operation o ON o.account_id = $1 AND o.id = m.operation_id
 WHERE m.account_id = $1 AND m.id = $2 FOR NO KEY UPDATE OF m
"""
_END: Final = """
UPDATE message SET status = $3::message_status, reasons = $4::text[]::send_block[], address_id = $5
 WHERE account_id = $1 AND id = $2
"""
_ADDRESS: Final = "SELECT address_id FROM message WHERE account_id = $1 AND id = $2"
_NO_SUCH_MAILBOX: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
_FACTS: Final = ("account_name", "first_name", "last_name", "name", "topic", "postal_address")


async def compose(account_id: UUID, message_id: UUID) -> Mail | None:
    """The mail, or None: the person was erased, the broadcast canceled, or the gate is closed (REFUSED).

    A transactional message activates an archived contact first, through the door (source AUTOMATION).
    """
    now = datetime.now(UTC)
    contact_id = await pool().fetchval(_WHO, account_id, message_id)
    async with tx() as connection:
        await connection.execute(_LOCK, account_id, [contact_id] if contact_id else [], [Channel.EMAIL])
        row = await connection.fetchrow(_READ, account_id, message_id)
        if row is None:
            return None
        if row["canceled"]:
            await connection.execute(_END, account_id, message_id, "CANCELED", [], None)
            return None
        judged = await _judged(connection, account_id, row, now)
        status = "REFUSED" if judged.reasons else "HANDED_ON"
        given = list(judged.reasons), judged.address_id
        await connection.execute(_END, account_id, message_id, status, *given)
        return None if judged.reasons else _mail(account_id, row, judged)


async def bounced(account_id: UUID, message_id: UUID, how: Refused) -> None:
    """Mark the address undeliverable when the server says that there is no such mailbox."""
    if how.enhanced not in _NO_SUCH_MAILBOX:
        return
    address_id = await pool().fetchval(_ADDRESS, account_id, message_id)
    if address_id is None:
        return
    context = Context(account_id, "message", datetime.now(UTC), reason=f"Refused: {how.code} {how.enhanced}")
    async with tx() as connection:
        await change_addresses(connection, Request(Change.MARK_ERROR, ConsentSource.BOUNCE), [address_id], context)


async def _judged(connection: Connection, account_id: UUID, row: Any, now: datetime) -> Judged:
    purpose, who = Purpose(row["purpose"]), row["contact_id"]
    about = Channel.EMAIL, purpose, row["topic_id"], now
    judged = (await judge_many(connection, account_id, [who], *about))[who]
    if not wakes(judged, purpose):
        return judged
    request = Request(Change.ACTIVATE, ConsentSource.AUTOMATION)
    await change(connection, request, Targets([who], tuple(Channel)), Context(account_id, "message", now))
    return (await judge_many(connection, account_id, [who], *about))[who]


def _mail(account_id: UUID, row: Any, judged: Judged) -> Mail:
    assert judged.address_id is not None
    assert judged.value is not None
    values = orjson.loads(row["data"]) | {name: row[name] or "" for name in _FACTS} | {"email": judged.value}
    headers: tuple[tuple[str, str], ...] = ()
    if row["marketing"]:
        links = recipient_links(account_id, judged.address_id, Channel.EMAIL, row["topic_id"])
        values |= {"unsubscribe": links.unsubscribe, "preferences": links.preferences}
        # RFC 2369 and RFC 8058.
        given = (("List-Unsubscribe", links.list_unsubscribe), ("List-Unsubscribe-Post", links.list_unsubscribe_post))
        headers = tuple((name, value) for name, value in given if value is not None)
    words = said(Templates(row["subject"], row["text"], row["html"]), values, marketing=row["marketing"])
    return Mail(judged.value, row["account_name"], words.subject, words.text, words.html, headers=headers)
