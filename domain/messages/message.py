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
from domain.inbound.hooks import status_callback
from domain.infra.db import Connection, pool, tx
from domain.mail.compose import Mail
from domain.mail.results import Refused
from domain.mail.sms.answers import LEFT, NO_SUCH_NUMBER
from domain.mail.sms.text import Text
from domain.messages import texting
from domain.messages.journeys.words import Templates
from domain.messages.judged import Judged, judge_many, wakes
from domain.messages.wording import said
from domain.recipients.links import recipient_links
from domain.values import Channel, ConsentSource

LOCK: Final = "SELECT lock_contacts($1, $2, $3, false)"
_WHO: Final = """
SELECT m.contact_id, t.channel FROM message m JOIN template t ON t.account_id = $1 AND t.id = m.template_id
 WHERE m.account_id = $1 AND m.id = $2
"""
READ: Final = """
SELECT m.id, m.operation_id, m.contact_id, m.purpose, m.topic_id, m.data, t.channel, t.marketing, t.opt_out_words,
       h.id AS hook_id, h.key AS hook_key,
       coalesce(w.subject, t.subject) AS subject, coalesce(w.text, t.text) AS text, coalesce(w.html, t.html) AS html,
       p.name AS topic, a.name AS account_name, a.language, a.postal_address,
       c.first_name, c.last_name, c.name, coalesce(o.cancel_requested, false) OR b.canceled_at IS NOT NULL AS canceled
  FROM message m
  JOIN template t ON t.account_id = $1 AND t.id = m.template_id
  LEFT JOIN template_past w ON w.account_id = $1 AND w.template_id = m.template_id AND w.version = m.template_version
  JOIN account a ON a.account_id = $1
  JOIN contact c ON c.account_id = $1 AND c.id = m.contact_id
  LEFT JOIN topic p ON p.account_id = $1 AND p.id = m.topic_id
  LEFT JOIN bulk_operation o ON o.account_id = $1 AND o.id = m.operation_id
  -- Where the provider is to tell of a text message's delivery.
  LEFT JOIN LATERAL (SELECT id, key FROM inbound_hook WHERE account_id = $1 AND kind = 'TWILIO_SMS'
                      ORDER BY id DESC LIMIT 1) h ON t.channel = 'SMS'
  LEFT JOIN mail_batch b ON b.account_id = $1 AND b.id = m.operation_id
 WHERE m.account_id = $1 AND m.id = ANY ($2::uuid[]) FOR NO KEY UPDATE OF m
"""
_END: Final = """
UPDATE message SET status = $3::message_status, reasons = $4::text[]::send_block[], address_id = $5
 WHERE account_id = $1 AND id = $2
"""
_ADDRESS: Final = "SELECT address_id FROM message WHERE account_id = $1 AND id = $2"
_NO_SUCH_MAILBOX: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
_FACTS: Final = ("account_name", "first_name", "last_name", "name", "topic", "postal_address")


async def compose(account_id: UUID, message_id: UUID) -> Mail | Text | None:
    """The mail or text message, or None: the person was erased, the broadcast canceled, the gate is closed (REFUSED).

    A transactional message activates an archived contact first, through the door (source AUTOMATION).
    """
    now = datetime.now(UTC)
    who = await pool().fetchrow(_WHO, account_id, message_id)
    if who is None:
        return None
    async with tx() as connection:
        await connection.execute(LOCK, account_id, [who["contact_id"]], [who["channel"]])
        row = await connection.fetchrow(READ, account_id, [message_id])
        if row is None:
            return None
        if row["canceled"]:
            await connection.execute(_END, account_id, message_id, "CANCELED", [], None)
            return None
        judged = await _judged(connection, account_id, row, now)
        status = "REFUSED" if judged.reasons else "HANDED_ON"
        given = list(judged.reasons), judged.address_id
        await connection.execute(_END, account_id, message_id, status, *given)
        if judged.reasons:
            return None
        return words_of(account_id, row, judged)


async def bounced(account_id: UUID, message_id: UUID, how: Refused) -> None:
    """Mark the address ERROR where there is no such mailbox or number; withdraw one that left at the provider."""
    request = _follows(how)
    if request is None:
        return
    address_id = await pool().fetchval(_ADDRESS, account_id, message_id)
    if address_id is None:
        return
    context = Context(
        account_id, "message", datetime.now(UTC), reason=f"Refused: {how.code} {how.enhanced or ''}".strip()
    )
    async with tx() as connection:
        await change_addresses(connection, request, [address_id], context)


def _follows(how: Refused) -> Request | None:
    if how.enhanced in _NO_SUCH_MAILBOX or how.code in NO_SUCH_NUMBER:
        return Request(Change.MARK_ERROR, ConsentSource.BOUNCE)
    return Request(Change.OPT_OUT, ConsentSource.SMS_KEYWORD) if how.code == LEFT else None


async def _judged(connection: Connection, account_id: UUID, row: Any, now: datetime) -> Judged:
    purpose, who = Purpose(row["purpose"]), row["contact_id"]
    about = Channel(row["channel"]), purpose, row["topic_id"], now
    judged = (await judge_many(connection, account_id, [who], *about))[who]
    if not wakes(judged, purpose):
        return judged
    request = Request(Change.ACTIVATE, ConsentSource.AUTOMATION)
    await change(connection, request, Targets([who], tuple(Channel)), Context(account_id, "message", now))
    return (await judge_many(connection, account_id, [who], *about))[who]


def words_of(account_id: UUID, row: Any, judged: Judged) -> Mail | Text:
    """What a message says to the one it was judged for: a row of READ. Raises DomainError if it cannot be filled in."""
    return _mail(account_id, row, judged) if row["channel"] == Channel.EMAIL else _text(account_id, row, judged)


def _mail(account_id: UUID, row: Any, judged: Judged) -> Mail:
    assert judged.address_id is not None
    assert judged.value is not None
    values = _values(row) | {"email": judged.value}
    headers: tuple[tuple[str, str], ...] = ()
    if row["marketing"]:
        links = recipient_links(account_id, judged.address_id, Channel.EMAIL, row["topic_id"])
        values |= {"unsubscribe": links.unsubscribe, "preferences": links.preferences}
        # RFC 2369 and RFC 8058.
        given = (("List-Unsubscribe", links.list_unsubscribe), ("List-Unsubscribe-Post", links.list_unsubscribe_post))
        headers = tuple((name, value) for name, value in given if value is not None)
    words = said(Templates(row["subject"], row["text"], row["html"]), values, marketing=row["marketing"])
    return Mail(judged.value, row["account_name"], words.subject, words.text, words.html, headers=headers)


def _text(account_id: UUID, row: Any, judged: Judged) -> Text:
    assert judged.address_id is not None
    assert judged.value is not None
    values = _values(row) | {"email": ""}
    if row["marketing"]:
        links = recipient_links(account_id, judged.address_id, Channel.SMS, row["topic_id"])
        values |= {"unsubscribe": links.unsubscribe, "preferences": links.preferences}
    words = texting.said(row["text"], values, row["language"] if row["opt_out_words"] else None)
    callback = status_callback(account_id, row["hook_id"], row["hook_key"], row["id"])
    return Text(row["id"], judged.value, words, callback)


def _values(row: Any) -> dict[str, str]:
    given: dict[str, str] = orjson.loads(row["data"])
    return given | {name: row[name] or "" for name in _FACTS}
