"""What stood at a past moment, by the ledger: the last entry of each kind up to it, and the first one after it.

A moment is compared with when changes were asked for (`occurred_at`); of those up to it, the last in the ledger's order
counts. Where there is none, the first one afterwards says what it found; where there is none at all, nothing ever
changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.actor import Actor
from domain.contacts import rules
from domain.contacts.queries import Lookup, find
from domain.errors import DomainError
from domain.infra.db import pool
from domain.values import Channel, ConsentAction, ConsentStatus

_EDGES: Final = """
SELECT DISTINCT ON (past, kind, address_id, topic_id) past, kind, coalesce(address_id, topic_id) AS about, position,
       action, consent_from, consent_to
  FROM (
    SELECT l.occurred_at <= $3 AS past, {kind} AS kind, l.position, l.action, l.address_id, l.topic_id,
           l.consent_from, l.consent_to
      FROM ledger l
     WHERE l.account_id = $1 AND {whose} AND ({what})) e
 ORDER BY past, kind, address_id, topic_id, CASE WHEN past THEN -position ELSE position END
"""
OF_CONTACT: Final = _EDGES.format(
    kind="""CASE WHEN l.action IN ('ADDRESS_ADDED', 'ADDRESS_REMOVED') THEN 'held'
                WHEN l.action IN ('ARCHIVE', 'ACTIVATE') THEN 'lifecycle'
                WHEN l.action IN ('TOPIC_ON', 'TOPIC_OFF') THEN 'topic' ELSE l.action::text END""",
    whose="l.contact_id = $2",
    what="""l.action IN ('ARCHIVE', 'ACTIVATE', 'TOPIC_ON', 'TOPIC_OFF', 'CONTACT_UPDATED')
       OR (l.action IN ('ADDRESS_ADDED', 'ADDRESS_REMOVED') AND l.channel = $4::channel)
       OR (l.action = 'ERASE' AND l.address_id IS NULL)""",
)
"""Kinds: held (by address), lifecycle, topic (by topic), CONTACT_UPDATED, ERASE. `$4`: the channel."""
OF_ADDRESSES: Final = _EDGES.format(
    kind="""CASE WHEN l.consent_to IS NOT NULL THEN 'consent'
                WHEN l.action = 'CONFIRMATION_REQUESTED' THEN 'asked' ELSE 'deliverability' END""",
    whose="l.address_id = ANY ($2::uuid[])",
    what="""l.consent_to IS NOT NULL OR l.action IN ('MARK_ERROR', 'CLEAR_ERROR')
       OR (l.action = 'CONFIRMATION_REQUESTED' AND l.source IN ('SIGNUP_FORM', 'PREFERENCE_CENTRE')
           AND l.occurred_at BETWEEN $4 AND $3)""",
)
"""Kinds, by address: consent, deliverability, asked (of the recipient's own, since `$4`)."""
_ACCOUNT: Final = "SELECT address_key, default_country FROM account WHERE account_id = $1"
# Whoever was erased since held it then all the same; whoever was erased before did not any more.
_HOLDER: Final = """
SELECT contact_id FROM (
  SELECT DISTINCT ON (l.contact_id, l.address_id) l.contact_id, l.action
    FROM address a JOIN ledger l ON l.account_id = $1 AND l.address_id = a.id
   WHERE a.account_id = $1 AND (a.channel, a.hash) IN (SELECT * FROM unnest($2::channel[], $3::bytea[]))
     AND l.action IN ('ADDRESS_ADDED', 'ADDRESS_REMOVED') AND l.occurred_at <= $4
   ORDER BY l.contact_id, l.address_id, l.position DESC) e
 WHERE action = 'ADDRESS_ADDED' AND NOT EXISTS (
   SELECT FROM ledger g WHERE g.account_id = $1 AND g.contact_id = e.contact_id AND g.action = 'ERASE'
      AND g.address_id IS NULL AND g.occurred_at <= $4)
 ORDER BY contact_id LIMIT 1
"""
# A version 7 id tells when it was made.
_KNOWN: Final = """
SELECT coalesce(uuid_extract_timestamp($2::uuid) <= $3, false)
   AND (EXISTS (SELECT FROM contact WHERE account_id = $1 AND id = $2)
        OR EXISTS (SELECT FROM ledger WHERE account_id = $1 AND contact_id = $2))
"""


@dataclass(frozen=True, slots=True)
class Edge:
    """An entry next to the moment, on one side of it."""

    position: int
    action: ConsentAction
    found: ConsentStatus | None
    left: ConsentStatus | None


@dataclass(slots=True)
class Then:
    """The entries next to a moment, by kind and by what they are about."""

    before: dict[tuple[str, UUID | None], Edge] = field(default_factory=dict)
    after: dict[tuple[str, UUID | None], Edge] = field(default_factory=dict)

    def was(self, kind: str, about: UUID | None, on: ConsentAction, *, otherwise: bool) -> bool:
        """Whether something was on that `on` switches on; `otherwise`: how it is when it was never switched."""
        if last := self.before.get((kind, about)):
            return last.action is on
        if following := self.after.get((kind, about)):
            return following.action is not on
        return otherwise

    def consent(self, address_id: UUID, otherwise: ConsentStatus) -> ConsentStatus:
        """The permission of an address; `otherwise`: what it is when it never changed."""
        if last := self.before.get(("consent", address_id)):
            return last.left or otherwise
        following = self.after.get(("consent", address_id))
        return (following and following.found) or otherwise


async def edges(statement: str, actor: Actor, about: Any, at: datetime, more: Any) -> Then:
    """Read the entries next to a moment, by OF_CONTACT or OF_ADDRESSES."""
    then = Then()
    for row in await pool().fetch(statement, actor.account_id, about, at, more):
        side = then.before if row["past"] else then.after
        side[row["kind"], row["about"]] = _edge(row)
    return then


async def contact_then(actor: Actor, lookup: Lookup, at: datetime) -> UUID | None:
    """Who is looked up, as of a past moment: by an address, whoever held it then; None when nobody did.

    What is no email address or phone number at all finds nobody. External ids are looked up as they are now.
    """
    found: UUID | None = lookup.id
    if lookup.external_id is not None:
        contact = await find(actor, lookup)
        found = contact.id if contact else None
    elif lookup.id is None:
        found = await _holder(actor, lookup, at)
    known = found is not None and await pool().fetchval(_KNOWN, actor.account_id, found, at)
    return found if known else None


async def _holder(actor: Actor, lookup: Lookup, at: datetime) -> UUID | None:
    account: asyncpg.Record | None = await pool().fetchrow(_ACCOUNT, actor.account_id)
    assert account is not None
    try:
        channels, value = _address(lookup, account["default_country"])
    except DomainError:
        return None
    hashes = [rules.address_hash(account["address_key"], channel, value) for channel in channels]
    found: UUID | None = await pool().fetchval(_HOLDER, actor.account_id, channels, hashes, at)
    return found


def _address(lookup: Lookup, country: str | None) -> tuple[Sequence[Channel], str]:
    if lookup.email is not None:
        return [Channel.EMAIL], rules.email(lookup.email)
    return [Channel.SMS, Channel.CALL], rules.phone(lookup.phone or "", country)


def _edge(row: Any) -> Edge:
    return Edge(
        row["position"],
        ConsentAction(row["action"]),
        row["consent_from"] and ConsentStatus(row["consent_from"]),
        row["consent_to"] and ConsentStatus(row["consent_to"]),
    )
