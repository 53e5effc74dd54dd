"""How addresses stand, as the rules of asking see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.confirmations.rules import GOOD_FOR, Standing
from domain.infra.db import Connection
from domain.values import ConsentStatus, Deliverability, Lifecycle

_COLUMNS: Final = """
SELECT a.id AS address_id, a.value, a.consent, a.consent_at, a.deliverability, p.contact_id, s.lifecycle,
       (SELECT max(l.occurred_at) FROM ledger l
         WHERE l.account_id = $1 AND l.address_id = a.id AND l.action = 'CONFIRMATION_REQUESTED'
           AND l.source IN ('SIGNUP_FORM', 'PREFERENCE_CENTRE') AND l.occurred_at >= $3) AS wished_at,
       c.asked_at, c.asked_today
"""
_ASKED: Final = """
  LEFT JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
 CROSS JOIN LATERAL (
   SELECT max(requested_at) AS asked_at, count(*) AS asked_today FROM confirmation
    WHERE account_id = $1 AND address_id = a.id AND requested_at > $4) c
"""
_OF_CONTACTS: Final = f"""{_COLUMNS}
  FROM contact_point p
  JOIN address a ON a.account_id = $1 AND a.id = p.address_id
  {_ASKED}
 WHERE p.account_id = $1 AND p.contact_id = ANY ($2::uuid[]) AND p.channel = 'EMAIL' AND p.slot = ANY ($5::smallint[])
 ORDER BY p.contact_id, p.slot
"""
_OF_ADDRESSES: Final = f"""{_COLUMNS}
  FROM address a
  LEFT JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id
  {_ASKED}
 WHERE a.account_id = $1 AND a.id = ANY ($2::uuid[]) AND a.channel = 'EMAIL' ORDER BY a.id
"""


@dataclass(frozen=True, slots=True)
class Addressee:
    """An email address, whose it is, and how it stands."""

    address_id: UUID
    contact_id: UUID | None
    value: str | None
    standing: Standing


async def of_contacts(
    connection: Connection, account_id: UUID, contact_ids: Sequence[UUID], slots: Sequence[int], now: datetime
) -> list[Addressee]:
    """The email addresses in these slots of contacts."""
    since = now - GOOD_FOR, now - timedelta(days=1)
    rows = await connection.fetch(_OF_CONTACTS, account_id, list(contact_ids), *since, list(slots))
    return [_addressee(row) for row in rows]


async def of_addresses(
    connection: Connection, account_id: UUID, address_ids: Sequence[UUID], now: datetime
) -> list[Addressee]:
    """Email addresses by id; others are left out."""
    since = now - GOOD_FOR, now - timedelta(days=1)
    return [_addressee(row) for row in await connection.fetch(_OF_ADDRESSES, account_id, list(address_ids), *since)]


def _addressee(row: Any) -> Addressee:
    standing = Standing(
        ConsentStatus(row["consent"]),
        row["consent_at"],
        Deliverability(row["deliverability"]),
        Lifecycle(row["lifecycle"] or Lifecycle.ACTIVE),
        row["wished_at"],
        row["asked_at"],
        row["asked_today"],
    )
    return Addressee(row["address_id"], row["contact_id"], row["value"], standing)
