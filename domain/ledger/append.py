"""Append entries that are not decided by the door: details, addresses, topics, erasure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.infra.db import Connection
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus

_APPEND = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, actor, operation_id, evidence_id,
                    contact_id, address_id, channel, topic_id, consent_from, consent_to)
SELECT $1, nextval('ledger_position'), $2, e.action, $3::consent_source, $4, $5, $6,
       e.contact_id, e.address_id, e.channel, e.topic_id, e.consent_from, e.consent_to
  FROM unnest($7::consent_action[], $8::uuid[], $9::uuid[], $10::channel[], $11::uuid[],
              $12::consent_status[], $13::consent_status[])
    WITH ORDINALITY AS e(action, contact_id, address_id, channel, topic_id, consent_from, consent_to, n)
 ORDER BY e.n
RETURNING position
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    action: ConsentAction
    contact_id: UUID | None = None
    address_id: UUID | None = None
    channel: Channel | None = None
    topic_id: UUID | None = None
    consent_from: ConsentStatus | None = None
    consent_to: ConsentStatus | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where entries come from: the account, who asked, by which way, and when."""

    account_id: UUID
    actor: str
    source: ConsentSource
    now: datetime
    operation_id: UUID | None = None
    evidence_id: UUID | None = None


async def append(connection: Connection, origin: Origin, entries: Sequence[Entry]) -> list[int]:
    """Append entries in order and answer their positions.

    The caller's transaction must already hold a lock or have written a row: a position drawn by a transaction
    without an id of its own could appear below one that a reader took for final.
    """
    if not entries:
        return []
    rows = await connection.fetch(
        _APPEND,
        origin.account_id,
        origin.now,
        origin.source,
        origin.actor,
        origin.operation_id,
        origin.evidence_id,
        *(
            [getattr(entry, column) for entry in entries]
            for column in ("action", "contact_id", "address_id", "channel", "topic_id", "consent_from", "consent_to")
        ),
    )
    return [row["position"] for row in rows]
