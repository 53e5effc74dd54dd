"""Reading the ledger: entries by position, a contact's history, and the change feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.infra.db import pool
from domain.ledger.horizon import final_position
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus, EvidenceMethod

# What a person's erasure emptied reads null; so does shared evidence (of a bulk change) on an erased contact's entry.
_EVENT = """
SELECT l.position, l.action, l.source, l.actor, l.contact_id, l.channel, l.topic_id, l.consent_from, l.consent_to,
       l.operation_id, l.occurred_at, l.address_id, CASE WHEN v.known THEN a.value END AS address,
       v.known, e.method, e.statement, e.obtained_at, e.url, host(e.ip) AS ip, e.user_agent, e.reason
  FROM ledger l
  LEFT JOIN contact c ON c.account_id = $1 AND c.id = l.contact_id
  LEFT JOIN address a ON a.account_id = $1 AND a.id = l.address_id
  LEFT JOIN evidence e ON e.account_id = $1 AND e.id = l.evidence_id
  CROSS JOIN LATERAL (SELECT (l.contact_id IS NULL OR c.id IS NOT NULL)
                         AND (l.address_id IS NULL OR a.value IS NOT NULL) AS known) v
 WHERE l.account_id = $1
"""
# A contact's own entries, and what became of the permission of the addresses it holds, whoever shares them.
_ABOUT = """
   AND (l.contact_id = $2 OR (l.address_id = ANY (ARRAY(
         SELECT address_id FROM contact_point WHERE account_id = $1 AND contact_id = $2))
       AND l.action NOT IN ('ADDRESS_ADDED', 'ADDRESS_REMOVED')))
"""
_BY_POSITIONS = _EVENT + " AND l.position = ANY ($2::bigint[]) ORDER BY l.position"
_HISTORY = _EVENT + _ABOUT + " AND l.position < $3 AND l.position > $4 ORDER BY l.position {} LIMIT $5"
_FEED = _EVENT + " AND l.position > $2 AND l.position <= $3 {} ORDER BY l.position {} LIMIT $4"
_FEED_OF = _EVENT + _ABOUT + " AND l.position > $3 AND l.position <= $4 {} ORDER BY l.position {} LIMIT $5"
_END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """Evidence as it was recorded."""

    method: EvidenceMethod
    statement: str
    obtained_at: datetime | None
    url: str | None
    ip: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One ledger entry, with the words that erasure can empty."""

    position: int
    action: ConsentAction
    source: ConsentSource
    actor: str
    contact_id: UUID | None
    channel: Channel | None
    address_id: UUID | None
    address: str | None
    topic_id: UUID | None
    consent_from: ConsentStatus | None
    consent_to: ConsentStatus | None
    evidence: EvidenceRow | None
    reason: str | None
    operation_id: UUID | None
    occurred_at: datetime


async def by_positions(actor: Actor, positions: Sequence[int]) -> list[Event]:
    """The account's entries at these positions, in order; those it does not have are left out."""
    if not positions:
        return []
    return _events(await pool().fetch(_BY_POSITIONS, actor.account_id, list(positions)))


async def history(
    actor: Actor, contact_id: UUID, first: int, before: int | None = None, since: int = 0, *, oldest: bool = False
) -> list[Event]:
    """A contact's entries, newest first, from just below `before` down to just above `since`; or the oldest first."""
    end = _END if before is None else before
    statement = _HISTORY.format("ASC" if oldest else "DESC")
    return _events(await pool().fetch(statement, actor.account_id, contact_id, end, since, first))


async def feed(
    actor: Actor,
    first: int,
    after: int = 0,
    actions: Sequence[ConsentAction] | None = None,
    contact_id: UUID | None = None,
    upto: int | None = None,
    *,
    latest: bool = False,
) -> list[Event]:
    """Entries after a position, in order, none missed: only those below which nothing can appear any more.

    `upto` is a final position already known; asked of the database when left out. `latest`: the last of them, the
    latest first.
    """
    end = await final_position() if upto is None else upto
    way = "DESC" if latest else "ASC"
    only = "" if actions is None else "AND l.action = ANY (${}::consent_action[])"
    if contact_id is None:
        rest: list[Any] = [after, end, first]
        statement = _FEED.format(only.format(5), way)
    else:
        rest = [contact_id, after, end, first]
        statement = _FEED_OF.format(only.format(6), way)
    if actions is not None:
        rest.append(list(actions))
    return _events(await pool().fetch(statement, actor.account_id, *rest))


def _events(rows: Sequence[Any]) -> list[Event]:
    return [_event(row) for row in rows]


def _event(row: Any) -> Event:
    return Event(
        position=row["position"],
        action=ConsentAction(row["action"]),
        source=ConsentSource(row["source"]),
        actor=row["actor"],
        contact_id=row["contact_id"],
        channel=row["channel"] and Channel(row["channel"]),
        address_id=row["address_id"],
        address=row["address"],
        topic_id=row["topic_id"],
        consent_from=row["consent_from"] and ConsentStatus(row["consent_from"]),
        consent_to=row["consent_to"] and ConsentStatus(row["consent_to"]),
        evidence=_evidence(row) if row["known"] and row["method"] else None,
        reason=row["reason"] if row["known"] else None,
        operation_id=row["operation_id"],
        occurred_at=row["occurred_at"],
    )


def _evidence(row: Any) -> EvidenceRow:
    method = EvidenceMethod(row["method"])
    return EvidenceRow(method, row["statement"], row["obtained_at"], row["url"], row["ip"], row["user_agent"])
