"""The outbox: a mail is a row, written in the transaction of what it is about, so it is lost with nothing but that.

A worker claims a row, marks it just before it hands the mail over, and records what became of it. Killed before the
mark, nothing was sent, and the mail goes again. Killed between the mark and the record, nobody knows: that is the
window. A mail that may repeat once (the same bytes under the same Message-ID) does so after the lease has passed;
the next time, and at once for a mail that may not, it ends as UNKNOWN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from domain.infra.db import Connection, pool
from domain.mail.results import Accepted, Deferred, Refused, Result

LEASE: Final = timedelta(minutes=5)
"""How long a worker may be silent about a mail; longer than all the time-outs of a hand-over together."""
REPEATS: Final = {"CONFIRMATION": 1}
"""How many unknown hand-overs a mail of a kind may have behind it and still go again. Others: none."""
GIVE_UP: Final = timedelta(days=2)
"""How long after its making a mail is still tried."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=2)

_QUEUE = """
INSERT INTO mail (account_id, id, kind, subject_id, created_at, next_attempt_at, batch_id)
SELECT $1, n.id, $2, n.subject_id, $3, $3, $6 FROM unnest($4::uuid[], $5::uuid[]) AS n(id, subject_id)
"""
# What a worker left behind: not handed over, it waits again; handed over, its end is not known.
_RECOVER = """
UPDATE mail SET
       status = (CASE WHEN handed_over_at IS NULL OR unknowns < $3 THEN 'QUEUED' ELSE 'UNKNOWN' END)::mail_status,
       ended_at = CASE WHEN handed_over_at IS NULL OR unknowns < $3 THEN NULL ELSE $2::timestamptz END,
       unknowns = unknowns + (handed_over_at IS NOT NULL)::integer,
       lease_until = NULL, handed_over_at = NULL, next_attempt_at = $2
 WHERE account_id = $1 AND status = 'SENDING' AND lease_until < $2 AND kind = $4
"""
_CLAIM = """
UPDATE mail m SET status = 'SENDING', lease_until = $3, attempts = attempts + 1
  FROM (SELECT id FROM mail
         WHERE account_id = $1 AND status = 'QUEUED' AND batch_id IS NULL AND next_attempt_at <= $2
         ORDER BY next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED) due
 WHERE m.account_id = $1 AND m.id = due.id
RETURNING m.id, m.kind, m.subject_id, m.created_at, m.attempts, m.unknowns
"""
# Only by whom it was claimed, and only while nobody may have claimed it since.
_HAND_OVER = """
UPDATE mail SET handed_over_at = $4
 WHERE account_id = $1 AND id = $2 AND status = 'SENDING' AND lease_until = $3 AND lease_until > $4
RETURNING id
"""
_END = """
UPDATE mail SET status = $4::mail_status, ended_at = $5, lease_until = NULL, code = $6, enhanced_code = $7
 WHERE account_id = $1 AND id = $2 AND status = 'SENDING' AND lease_until = $3
"""
_LATER = """
UPDATE mail SET status = 'QUEUED', next_attempt_at = $4, lease_until = NULL, handed_over_at = NULL,
       code = $5, enhanced_code = $6, unknowns = unknowns + $7
 WHERE account_id = $1 AND id = $2 AND status = 'SENDING' AND lease_until = $3
"""
_DUE = """
SELECT DISTINCT account_id FROM mail
 WHERE (status = 'QUEUED' AND batch_id IS NULL AND next_attempt_at <= $1) OR (status = 'SENDING' AND lease_until < $1)
"""


class MailKind(StrEnum):
    """What a mail is, and what its subject is the id of."""

    CONFIRMATION = "CONFIRMATION"
    """Of a request to confirm."""
    JOURNEY = "JOURNEY"
    """Of a contact's entry into an occasion of a journey."""
    MESSAGE = "MESSAGE"
    """Of a message of a broadcast, or a transactional one; both have the same id."""


class MailStatus(StrEnum):
    """Where a mail stands."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    REFUSED = "REFUSED"
    DROPPED = "DROPPED"
    """It was no longer to be sent, or could not be for too long."""
    UNKNOWN = "UNKNOWN"
    """It may have been sent, and is not sent again."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail in a worker's hands until its lease passes."""

    account_id: UUID
    id: UUID
    kind: MailKind
    subject_id: UUID
    created_at: datetime
    attempts: int
    unknowns: int
    lease_until: datetime


async def queue_mail(
    connection: Connection,
    account_id: UUID,
    kind: MailKind,
    pairs: Sequence[tuple[UUID, UUID]],
    now: datetime,
    batch_id: UUID | None = None,
) -> None:
    """Write mails, each an id and the id of its subject, in the caller's transaction; of a batch, or one by one."""
    ids, subjects = [mail_id for mail_id, _ in pairs], [subject for _, subject in pairs]
    await connection.execute(_QUEUE, account_id, kind, now, ids, subjects, batch_id)


async def recover(account_id: UUID, now: datetime) -> None:
    """Take from a silent worker what it left behind: what was not handed over waits again, the rest is UNKNOWN."""
    for kind in MailKind:
        await pool().execute(_RECOVER, account_id, now, REPEATS.get(kind, 0), kind)


async def claim(account_id: UUID, now: datetime, most: int) -> list[Claimed]:
    """Take mails of no batch that are due, those that a silent worker left behind included."""
    await recover(account_id, now)
    until = now + LEASE
    rows = await pool().fetch(_CLAIM, account_id, now, until, most)
    return [claimed(account_id, row, until) for row in rows]


def claimed(account_id: UUID, row: Any, until: datetime) -> Claimed:
    """A row of the outbox that was just claimed, for so long."""
    return Claimed(
        account_id,
        row["id"],
        MailKind(row["kind"]),
        row["subject_id"],
        row["created_at"],
        row["attempts"],
        row["unknowns"],
        until,
    )


async def hand_over(mail: Claimed, now: datetime) -> bool:
    """Mark a mail as on its way; false when it is no longer ours."""
    found = await pool().fetchval(_HAND_OVER, mail.account_id, mail.id, mail.lease_until, now)
    return found is not None


async def record(mail: Claimed, result: Result, now: datetime) -> MailStatus:
    """Write down what became of a mail, and when it is to be tried again; answers where it stands."""
    keys = mail.account_id, mail.id, mail.lease_until
    if isinstance(result, Accepted):
        await pool().execute(_END, *keys, MailStatus.SENT, now, None, None)
        return MailStatus.SENT
    if isinstance(result, Refused):
        await pool().execute(_END, *keys, MailStatus.REFUSED, now, result.code, result.enhanced)
        return MailStatus.REFUSED
    code, enhanced = (result.code, result.enhanced) if isinstance(result, Deferred) else (None, None)
    unknown = not isinstance(result, Deferred)
    if unknown and mail.unknowns >= REPEATS.get(mail.kind, 0):
        await pool().execute(_END, *keys, MailStatus.UNKNOWN, now, None, None)
        return MailStatus.UNKNOWN
    if now - mail.created_at > GIVE_UP:
        await pool().execute(_END, *keys, MailStatus.DROPPED, now, code, enhanced)
        return MailStatus.DROPPED
    await pool().execute(_LATER, *keys, now + pause(mail.attempts), code, enhanced, int(unknown))
    return MailStatus.QUEUED


async def drop(mail: Claimed, now: datetime) -> None:
    """End a mail that is no longer to be sent."""
    await pool().execute(_END, mail.account_id, mail.id, mail.lease_until, MailStatus.DROPPED, now, None, None)


async def due(now: datetime) -> list[UUID]:
    """The accounts that have mail to send."""
    return [row["account_id"] for row in await pool().fetch(_DUE, now)]


def pause(attempts: int) -> timedelta:
    """How long a mail waits after so many attempts: 30 s, 1, 2, 4 … minutes, 2 hours at most."""
    doubled: timedelta = _FIRST_PAUSE * (1 << min(attempts - 1, 10))
    return min(doubled, _LONGEST_PAUSE)
