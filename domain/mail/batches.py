"""Crowds of mails: claimed, marked and ended some at a time; paused, resumed and canceled as one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.infra.db import Connection, pool
from domain.mail.outbox import LEASE, Claimed, MailStatus, claimed

_OPEN: Final = """
INSERT INTO mail_batch (account_id, id, per_second, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_READ: Final = "SELECT per_second, paused_at, canceled_at FROM mail_batch WHERE account_id = $1 AND id = $2"
_PAUSE: Final = """
UPDATE mail_batch SET paused_at = coalesce(paused_at, $3)
 WHERE account_id = $1 AND id = $2 AND canceled_at IS NULL
"""
_RESUME: Final = "UPDATE mail_batch SET paused_at = NULL WHERE account_id = $1 AND id = $2"
_CANCEL: Final = """
UPDATE mail_batch SET canceled_at = coalesce(canceled_at, $3), paused_at = NULL WHERE account_id = $1 AND id = $2
"""
_TAKE: Final = """
UPDATE mail m SET status = 'SENDING', lease_until = $4, attempts = attempts + 1
  FROM (SELECT id FROM mail
         WHERE account_id = $1 AND batch_id = $2 AND status = 'QUEUED' AND next_attempt_at <= $3
         ORDER BY next_attempt_at LIMIT $5 FOR UPDATE SKIP LOCKED) due
 WHERE m.account_id = $1 AND m.id = due.id
RETURNING m.id, m.kind, m.subject_id, m.created_at, m.attempts, m.unknowns, m.turn_at
"""
# Only by whom they were claimed, and only while nobody may have claimed them since.
_HAND_OVER: Final = """
UPDATE mail SET handed_over_at = $4
 WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status = 'SENDING' AND lease_until = ANY ($3::timestamptz[])
   AND lease_until > $4
RETURNING id
"""
_END: Final = """
UPDATE mail m
   SET status = n.status::mail_status, lease_until = NULL, code = n.code, enhanced_code = n.enhanced,
       ended_at = CASE WHEN n.status <> 'QUEUED' THEN $2::timestamptz END,
       handed_over_at = CASE WHEN n.status <> 'QUEUED' THEN m.handed_over_at END,
       next_attempt_at = coalesce(n.again_at, m.next_attempt_at), turn_at = n.turn_at,
       attempts = m.attempts - n.untried::integer
  FROM unnest($3::uuid[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::integer[],
              $9::text[], $10::boolean[]) AS n(id, lease, status, again_at, turn_at, code, enhanced, untried)
 WHERE m.account_id = $1 AND m.id = n.id AND m.status = 'SENDING' AND m.lease_until = n.lease
"""
_NEXT: Final = """
SELECT next_attempt_at FROM mail WHERE account_id = $1 AND batch_id = $2 AND status = 'QUEUED'
 ORDER BY next_attempt_at LIMIT 1
"""
# From line to line over the index, however many mails wait in each.
_LINES: Final = """
WITH RECURSIVE line AS (
  (SELECT account_id, batch_id FROM mail WHERE status = 'QUEUED' AND batch_id IS NOT NULL
    ORDER BY account_id, batch_id LIMIT 1)
  UNION ALL
  SELECT n.* FROM line l CROSS JOIN LATERAL (
    SELECT m.account_id, m.batch_id FROM mail m WHERE m.status = 'QUEUED' AND m.batch_id IS NOT NULL
       AND (m.account_id, m.batch_id) > (l.account_id, l.batch_id)
     ORDER BY m.account_id, m.batch_id LIMIT 1) n
)
SELECT l.account_id, l.batch_id FROM line l
  JOIN mail_batch b ON b.account_id = l.account_id AND b.id = l.batch_id
 WHERE b.paused_at IS NULL AND EXISTS (
   SELECT FROM mail m WHERE m.account_id = l.account_id AND m.batch_id = l.batch_id AND m.status = 'QUEUED'
      AND m.next_attempt_at <= $1)
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """How a batch stands."""

    per_second: int | None
    paused_at: datetime | None
    canceled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail of a batch in a worker's hands, and its turn, if it was told one."""

    mail: Claimed
    turn_at: datetime | None


@dataclass(frozen=True, slots=True)
class End:
    """What becomes of a mail in hand: where it stands then, and when it is tried again."""

    mail: Claimed
    status: MailStatus
    again_at: datetime | None = None
    code: int | None = None
    enhanced: str | None = None
    turn_at: datetime | None = None
    untried: bool = False
    """It was given back, and that does not count as an attempt."""


async def open_batch(
    connection: Connection, account_id: UUID, batch_id: UUID, per_second: int | None, now: datetime
) -> None:
    """Have a batch for mails to be queued in, unless it is there; at most `per_second` of them go in a second."""
    await connection.execute(_OPEN, account_id, batch_id, per_second, now)


async def read_batch(connection: Any, account_id: UUID, batch_id: UUID) -> Batch | None:
    """How it stands, read on a connection or the pool."""
    row = await connection.fetchrow(_READ, account_id, batch_id)
    return row and Batch(*row)


async def pause_batch(connection: Connection, account_id: UUID, batch_id: UUID, now: datetime) -> None:
    """Have nothing of it claimed from now on; what is in a worker's hands still goes."""
    await connection.execute(_PAUSE, account_id, batch_id, now)


async def resume_batch(connection: Connection, account_id: UUID, batch_id: UUID) -> None:
    """Have it go on."""
    await connection.execute(_RESUME, account_id, batch_id)


async def cancel_batch(connection: Connection, account_id: UUID, batch_id: UUID, now: datetime) -> None:
    """Have none of it sent that is not in a worker's hands."""
    await connection.execute(_CANCEL, account_id, batch_id, now)


async def lines(now: datetime) -> list[tuple[UUID, UUID]]:
    """Each account and batch with mail that is due, the paused ones aside."""
    return [(row["account_id"], row["batch_id"]) for row in await pool().fetch(_LINES, now)]


async def take(connection: Connection, account_id: UUID, batch_id: UUID, now: datetime, most: int) -> list[Taken]:
    """Claim mails that are due, in the caller's transaction: rolled back, nobody had them."""
    until = now + LEASE
    rows = await connection.fetch(_TAKE, account_id, batch_id, now, until, most)
    return [Taken(claimed(account_id, row, until), row["turn_at"]) for row in rows]


async def next_due(connection: Connection, account_id: UUID, batch_id: UUID) -> datetime | None:
    """When the next of its mails is due."""
    found: datetime | None = await connection.fetchval(_NEXT, account_id, batch_id)
    return found


async def hand_over_many(account_id: UUID, mails: Sequence[Claimed], now: datetime) -> set[UUID]:
    """Mark mails as on their way; answers those that are still ours."""
    ids, leases = [mail.id for mail in mails], list({mail.lease_until for mail in mails})
    return {row["id"] for row in await pool().fetch(_HAND_OVER, account_id, ids, leases, now)}


async def end_many(connection: Any, account_id: UUID, ends: Iterable[End], now: datetime) -> None:
    """Write down what becomes of mails in hand, on a connection or the pool."""
    columns = [
        (e.mail.id, e.mail.lease_until, e.status, e.again_at, e.turn_at, e.code, e.enhanced, e.untried) for e in ends
    ]
    if columns:
        await connection.execute(_END, account_id, now, *map(list, zip(*columns, strict=True)))
