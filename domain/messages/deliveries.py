"""What became of messages: one, and all of a broadcast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson

from domain.actor import Actor
from domain.contacts.send import Purpose, SendBlock
from domain.errors import not_found
from domain.infra.db import pool
from domain.mail.batches import read_batch
from domain.values import Channel

# Its end is in the outbox; a mail that the server refused, or that could not go for days, has failed.
_STATUS: Final = """CASE
  WHEN m.status IN ('REFUSED', 'CANCELED') THEN m.status::text
  WHEN o.bounced_at IS NOT NULL THEN 'BOUNCED'
  WHEN o.status = 'SENDING' THEN 'CLAIMED' WHEN o.status IN ('REFUSED', 'DROPPED') THEN 'FAILED'
  ELSE o.status::text END"""
_READ: Final = f"""
SELECT m.id, m.contact_id, m.template_id, m.purpose, m.operation_id, m.asked_at, m.reasons::text[] AS reasons,
       {_STATUS} AS status, o.ended_at
  FROM message m LEFT JOIN mail o ON o.account_id = $1 AND o.id = m.id
 WHERE m.account_id = $1 AND m.id = ANY ($2::uuid[])
"""
_TO: Final = f"""
SELECT t.name AS template, t.channel, m.purpose, m.topic_id, m.actor, m.asked_at, m.reasons::text[] AS reasons,
       {_STATUS} AS status, o.ended_at, m.data::text AS data, m.address_id, d.value AS address,
       CASE WHEN o.status IN ('SENT', 'UNKNOWN') THEN coalesce(o.handed_over_at, o.ended_at) END AS went_at
  FROM message m JOIN template t ON t.account_id = $1 AND t.id = m.template_id
  LEFT JOIN mail o ON o.account_id = $1 AND o.id = m.id
  LEFT JOIN address d ON d.account_id = $1 AND d.id = m.address_id
 WHERE m.account_id = $1 AND m.contact_id = $2 ORDER BY m.id
"""
_IS_ONE: Final = """
SELECT EXISTS (SELECT FROM bulk_operation WHERE account_id = $1 AND id = $2 AND kind = 'BROADCAST')
"""
_COUNTS: Final = f"""
SELECT {_STATUS} AS status, m.reasons::text[] AS reasons, count(*) AS count
  FROM message m LEFT JOIN mail o ON o.account_id = $1 AND o.id = m.id
 WHERE m.account_id = $1 AND m.operation_id = $2 GROUP BY 1, 2
"""


class DeliveryStatus(StrEnum):
    """Where a message stands."""

    QUEUED = "QUEUED"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    BOUNCED = "BOUNCED"
    UNKNOWN = "UNKNOWN"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one contact, and what became of it."""

    id: UUID
    contact_id: UUID
    template_id: UUID
    purpose: Purpose
    operation_id: UUID | None
    asked_at: datetime
    reasons: Sequence[SendBlock]
    status: DeliveryStatus
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """A message as the person whom it was for is told of it: by its template's name, with what was put into it."""

    template: str
    purpose: Purpose
    asked_at: datetime
    reasons: Sequence[SendBlock]
    status: DeliveryStatus
    ended_at: datetime | None
    data: Mapping[str, Any]
    channel: Channel
    topic_id: UUID | None
    actor: str
    """Who asked for it."""
    went_at: datetime | None
    """When it was handed over; None: it was not, or not taken."""
    address_id: UUID | None
    address: str | None
    """Where it went, or was refused; None where there was none, or it was erased since."""


@dataclass(frozen=True, slots=True)
class Report:
    """The messages of a broadcast by where they stand, and the refused by each of their reasons."""

    statuses: Mapping[DeliveryStatus, int]
    reasons: Mapping[SendBlock, int]
    paused: bool = False
    per_second: int | None = None


async def deliveries(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Delivery]:
    """Those of the account, by id."""
    found = {}
    for row in await pool().fetch(_READ, actor.account_id, list(ids)):
        read = dict(row) | {"purpose": Purpose(row["purpose"]), "status": DeliveryStatus(row["status"])}
        found[row["id"]] = Delivery(**read | {"reasons": [SendBlock(reason) for reason in row["reasons"]]})
    return found


async def written_to(actor: Actor, contact_id: UUID) -> list[Written]:
    """Every message for one contact, oldest first, the refused included."""
    return [
        Written(
            template=row["template"],
            purpose=Purpose(row["purpose"]),
            asked_at=row["asked_at"],
            reasons=[SendBlock(reason) for reason in row["reasons"]],
            status=DeliveryStatus(row["status"]),
            ended_at=row["ended_at"],
            data=orjson.loads(row["data"]),
            channel=Channel(row["channel"]),
            topic_id=row["topic_id"],
            actor=row["actor"],
            went_at=row["went_at"],
            address_id=row["address_id"],
            address=row["address"],
        )
        for row in await pool().fetch(_TO, actor.account_id, contact_id)
    ]


async def broadcast_report(actor: Actor, operation_id: UUID) -> Report:
    """How a broadcast stands. Raises DomainError NOT_FOUND."""
    if not await pool().fetchval(_IS_ONE, actor.account_id, operation_id):
        raise not_found("broadcast", "id")
    statuses: dict[DeliveryStatus, int] = {}
    reasons: dict[SendBlock, int] = {}
    for row in await pool().fetch(_COUNTS, actor.account_id, operation_id):
        status = DeliveryStatus(row["status"])
        statuses[status] = statuses.get(status, 0) + row["count"]
        for reason in map(SendBlock, row["reasons"]):
            reasons[reason] = reasons.get(reason, 0) + row["count"]
    batch = await read_batch(pool(), actor.account_id, operation_id)
    paused = batch is not None and batch.paused_at is not None
    return Report(statuses, reasons, paused, batch.per_second if batch else None)
