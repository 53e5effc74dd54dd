"""Work sign-ups off: the contact, the door, and where it takes one, the request to confirm. Each in one transaction.

A worker killed anywhere leaves the row as it was. What a form says of a contact that exists changes none of its
details: whoever filled it in may be anybody. A number it brings is tied to the contact when they confirm.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.confirmations.ask import ring
from domain.infra.db import pool, tx
from domain.infra.log import logger
from domain.signups.enter import enter

_TAKE: Final = """
SELECT * FROM signup WHERE account_id = $1 AND next_attempt_at <= $2
 ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_DONE: Final = "DELETE FROM signup WHERE account_id = $1 AND id = $2"
_LATER: Final = """
UPDATE signup SET attempts = attempts + 1, next_attempt_at = $3 WHERE account_id = $1 AND id = $2 RETURNING attempts
"""
_GIVE_UP: Final = timedelta(days=7)
_PAUSES: Final = (1, 5, 30, 300, 3_600)
"""Seconds."""
_DUE: Final = "SELECT DISTINCT account_id FROM signup WHERE next_attempt_at <= $1"

log = logger(__name__)


async def work_off(account_id: UUID, stopping: asyncio.Event) -> int:
    """Work an account's sign-ups off until none is due or the worker is to end; answers how many."""
    done = 0
    while not stopping.is_set() and await _one(account_id):
        done += 1
    ring(account_id)
    return done


async def due(now: datetime) -> list[UUID]:
    """The accounts that have sign-ups waiting."""
    return [row["account_id"] for row in await pool().fetch(_DUE, now)]


async def _one(account_id: UUID) -> bool:
    """One sign-up; false when none is left."""
    now = datetime.now(UTC)
    row: Any = None
    try:
        async with tx() as connection:
            row = await connection.fetchrow(_TAKE, account_id, now)
            if row is None:
                return False
            await enter(connection, row, now)
            await connection.execute(_DONE, account_id, row["id"])
    except Exception:  # whatever it is, the next one has its turn
        if row is None:
            raise
        log.exception("a sign-up could not be worked off", signup=str(row["id"]))
        await _put_off(row, now)
    return True


async def _put_off(row: Any, now: datetime) -> None:
    if now - row["received_at"] > _GIVE_UP:
        log.error("a sign-up was given up", signup=str(row["id"]))
        await pool().execute(_DONE, row["account_id"], row["id"])
        return
    pause = timedelta(seconds=_PAUSES[min(row["attempts"], len(_PAUSES) - 1)])
    await pool().execute(_LATER, row["account_id"], row["id"], now + pause)
