"""A journey's mail, judged and put together at the moment when it goes; refused, it is kept as missed."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.consent.change import Context, Targets, change, change_addresses
from domain.consent.rules import Change, Request
from domain.contacts.send import Purpose
from domain.infra.db import Connection, pool, tx
from domain.mail.compose import Mail
from domain.mail.results import Refused
from domain.messages.journeys.words import Templates, filled_in
from domain.messages.judged import Judged, judge_many, wakes
from domain.recipients.links import RecipientLinks, recipient_links
from domain.values import Channel, ConsentSource

ACTOR: Final = "journey"
_READ: Final = """
SELECT e.contact_id, e.entered_at, j.topic_id, w.subject, w.text, w.html, j.missed_days, j.key, t.name AS topic,
       a.name AS account_name, a.postal_address, c.first_name, c.last_name, c.name
  FROM journey_entry e
  JOIN journey j ON j.account_id = $1 AND j.id = e.journey_id
  JOIN template w ON w.account_id = $1 AND w.id = j.template_id
  JOIN account a ON a.account_id = $1
  JOIN contact c ON c.account_id = $1 AND c.id = e.contact_id
  LEFT JOIN topic t ON t.account_id = $1 AND t.id = j.topic_id
 WHERE e.account_id = $1 AND e.id = $2 FOR NO KEY UPDATE OF e
"""
_GOES: Final = "UPDATE journey_entry SET status = 'HANDED_ON', reasons = '{}' WHERE account_id = $1 AND id = $2"
# Missed again at a second try, it is as if that had never been.
_MISSED: Final = """
UPDATE journey_entry SET status = 'MISSED', reasons = $3::text[]::send_block[], missed_at = coalesce(missed_at, $4),
       expires_at = coalesce(expires_at, $5), resent_at = NULL, resent_by = NULL, operation_id = NULL
 WHERE account_id = $1 AND id = $2
"""
_ADDRESS: Final = """
SELECT p.address_id FROM journey_entry e
  JOIN contact_point p ON p.account_id = $1 AND p.contact_id = e.contact_id AND p.channel = 'EMAIL' AND p.slot = 1
 WHERE e.account_id = $1 AND e.id = $2
"""
_NO_SUCH_MAILBOX: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")


async def compose(account_id: UUID, entry_id: UUID) -> Mail | None:
    """The mail, or None: the person was erased, or the gate is closed, and the message is MISSED with the reasons.

    An archived contact who may be sent it is activated first, through the door (source AUTOMATION).
    """
    now = datetime.now(UTC)
    async with tx() as connection:
        row = await connection.fetchrow(_READ, account_id, entry_id)
        if row is None:
            return None
        judged = await _judged(connection, account_id, row, now)
        if judged.reasons:
            until = now + timedelta(days=row["missed_days"])
            await connection.execute(_MISSED, account_id, entry_id, list(judged.reasons), now, until)
            return None
        await connection.execute(_GOES, account_id, entry_id)
    assert judged.address_id is not None
    return _mail(account_id, row, judged, judged.address_id)


async def bounced(account_id: UUID, entry_id: UUID, how: Refused) -> None:
    """Mark the address undeliverable when the server says that there is no such mailbox."""
    if how.enhanced not in _NO_SUCH_MAILBOX:
        return
    address_id = await pool().fetchval(_ADDRESS, account_id, entry_id)
    if address_id is None:
        return
    context = Context(account_id, ACTOR, datetime.now(UTC), reason=f"Refused: {how.code} {how.enhanced}")
    async with tx() as connection:
        await change_addresses(connection, Request(Change.MARK_ERROR, ConsentSource.BOUNCE), [address_id], context)


async def _judged(connection: Connection, account_id: UUID, row: Any, now: datetime) -> Judged:
    about = Channel.EMAIL, Purpose.JOURNEY, row["topic_id"], now
    who = row["contact_id"]
    judged = (await judge_many(connection, account_id, [who], *about))[who]
    if not wakes(judged, Purpose.JOURNEY):
        return judged
    context = Context(account_id, f"{ACTOR}:{row['key']}", now)
    request = Request(Change.ACTIVATE, ConsentSource.AUTOMATION)
    await change(connection, request, Targets([who], tuple(Channel)), context)
    return (await judge_many(connection, account_id, [who], *about))[who]


def _mail(account_id: UUID, row: Any, judged: Judged, address_id: UUID) -> Mail:
    links = recipient_links(account_id, address_id, Channel.EMAIL, row["topic_id"])
    values = {name: row[name] or "" for name in ("account_name", "first_name", "last_name", "name", "topic")}
    values |= {"postal_address": row["postal_address"] or "", "email": judged.value or ""}
    values |= {"unsubscribe": links.unsubscribe, "preferences": links.preferences}
    said = filled_in(Templates(row["subject"], row["text"], row["html"]), values)
    assert judged.value is not None
    return Mail(judged.value, row["account_name"], said.subject, said.text, said.html, headers=_headers(links))


def _headers(links: RecipientLinks) -> tuple[tuple[str, str], ...]:
    """RFC 2369 and RFC 8058."""
    assert links.list_unsubscribe is not None
    assert links.list_unsubscribe_post is not None
    return (("List-Unsubscribe", links.list_unsubscribe), ("List-Unsubscribe-Post", links.list_unsubscribe_post))
