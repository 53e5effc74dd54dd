"""A confirmation mail, put together by what stands when it goes; none when it is no longer to be sent."""

import re
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from domain.confirmations.rules import GOOD_FOR, gate, is_stale
from domain.confirmations.standings import Addressee, of_addresses
from domain.confirmations.words import Facts, Templates, Words, filled_in, ours
from domain.consent.change import Context, change_addresses
from domain.consent.rules import Change, Request
from domain.errors import DomainError
from domain.infra.db import pool, tx
from domain.infra.log import logger
from domain.mail.compose import Mail
from domain.mail.results import Refused
from domain.recipients.links import link
from domain.recipients.tokens import Purpose
from domain.values import ConsentSource

_READ: Final = """
SELECT c.address_id, c.requested_at, c.language, a.language AS accounts, a.name, a.postal_address, p.first_name,
       a.confirmation_subject AS subject, a.confirmation_text AS text, a.confirmation_html AS html,
       ARRAY(SELECT t.name FROM topic t WHERE t.account_id = $1 AND t.id = ANY (c.topics) ORDER BY t.id) AS topics
  FROM confirmation c
  JOIN account a ON a.account_id = $1
  LEFT JOIN contact_point o ON o.account_id = $1 AND o.address_id = c.address_id
  LEFT JOIN contact p ON p.account_id = $1 AND p.id = o.contact_id
 WHERE c.account_id = $1 AND c.id = $2
"""
_OF: Final = "SELECT address_id FROM confirmation WHERE account_id = $1 AND id = $2"
_NO_SUCH_MAILBOX: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""Refusals about the address itself (RFC 3463, RFC 7505): a hard bounce. Others are about us, or the mail."""

_NAME: Final = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+)*\.?")
_LONGEST_NAME: Final = 40

log = logger(__name__)


async def compose(account_id: UUID, confirmation_id: UUID) -> Mail | None:
    """The mail, or None: erased, undeliverable, confirmed or opted out meanwhile, archived, or too old."""
    now = datetime.now(UTC)
    row = await pool().fetchrow(_READ, account_id, confirmation_id)
    if row is None or now - row["requested_at"] > GOOD_FOR:
        return None
    async with pool().acquire() as connection:
        found = await of_addresses(connection, account_id, [row["address_id"]], now)
    if not found or found[0].value is None or not _may_go(found[0], row["requested_at"], now):
        return None
    facts = Facts(
        row["name"],
        link(Purpose.CONFIRM, account_id, confirmation_id, at=row["requested_at"], language=row["language"]),
        _greeted(row["first_name"]),
        row["postal_address"] or "",
        row["topics"],
        GOOD_FOR.days,
    )
    words = _words(row, facts, account_id)
    return Mail(found[0].value, row["name"], words.subject, words.text, words.html, row["language"] or row["accounts"])


async def bounced(account_id: UUID, confirmation_id: UUID, how: Refused) -> None:
    """Mark the address undeliverable when the server says that there is no such mailbox."""
    if how.enhanced not in _NO_SUCH_MAILBOX:
        return
    context = Context(account_id, "mail", datetime.now(UTC), reason=f"Refused: {how.code} {how.enhanced}")
    async with tx() as connection:
        address_id = await connection.fetchval(_OF, account_id, confirmation_id)
        await change_addresses(connection, Request(Change.MARK_ERROR, ConsentSource.BOUNCE), [address_id], context)


def _may_go(to: Addressee, requested_at: datetime, now: datetime) -> bool:
    return not is_stale(to.standing, requested_at) and gate(to.standing, now) is None


def _greeted(first_name: str | None) -> str:
    """A name that reads like one: what a form brings in is nobody's way to put words into our mail."""
    return first_name if first_name and len(first_name) <= _LONGEST_NAME and _NAME.fullmatch(first_name) else ""


def _words(row: Any, facts: Facts, account_id: UUID) -> Words:
    if row["subject"] is None:
        return ours(facts, row["language"] or row["accounts"])
    try:
        return filled_in(Templates(row["subject"], row["text"], row["html"]), facts)
    except DomainError as error:
        # Checked when it was set; should it fail all the same, nobody is to wait for their mail.
        log.warning("an account's confirmation mail does not work", account=str(account_id), code=error.code)
        return ours(facts, row["language"] or row["accounts"])
