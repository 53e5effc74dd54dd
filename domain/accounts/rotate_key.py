"""A new text for a key: the old one works on for a while, so that nothing stops while it is replaced."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from domain.accounts.keys import NewKey, insert
from domain.actor import Actor
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import tx

OVERLAP: Final = 24
"""Hours that the old key works on when nothing else is said."""
MAX_OVERLAP: Final = 30 * 24

_READ: Final = "SELECT * FROM api_key WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE"
_REPLACE: Final = """
UPDATE api_key SET replaced_by = $3, expires_at = least(expires_at, $4) WHERE account_id = $1 AND id = $2
"""


async def rotate_key(
    actor: Actor, key_id: UUID, overlap: int | None = None, expires_at: datetime | None = None
) -> NewKey:
    """Make a key with the old one's name, scopes and origins; the old one works for `overlap` more hours.

    The new one lasts until `expires_at`, else for as long as the old one was to last. An overlap of 0 ends the old one
    at once, as after a leak.
    Raises DomainError: NOT_FOUND, INVALID for an overlap or an expiry out of range, ALREADY_FINISHED for a key that
    works no longer or was rotated before, TOO_LARGE.
    """
    now, hours = datetime.now(UTC), OVERLAP if overlap is None else overlap
    if not 0 <= hours <= MAX_OVERLAP:
        raise invalid(f"Keys may overlap for 0 to {MAX_OVERLAP} hours.", "overlap")
    if expires_at is not None and expires_at <= now:
        raise invalid("A key's expiry lies in the future.", "expiresAt")
    async with tx() as connection:
        old = await connection.fetchrow(_READ, actor.account_id, key_id)
        if old is None:
            raise not_found("key", "id")
        _check(old, now)
        lasts = expires_at or (old["expires_at"] and now + (old["expires_at"] - old["created_at"]))
        new = await insert(connection, actor, old["name"], old["scopes"], None, lasts, old["origins"])
        await connection.execute(_REPLACE, actor.account_id, key_id, new.id, now + timedelta(hours=hours))
    return new


def _check(old: asyncpg.Record, now: datetime) -> None:
    if old["revoked_at"] or (old["expires_at"] and old["expires_at"] <= now):
        raise DomainError(ErrorCode.ALREADY_FINISHED, "This key works no longer: create a new one.", "id")
    if old["replaced_by"]:
        raise DomainError(ErrorCode.ALREADY_FINISHED, "This key was rotated before: rotate the one after it.", "id")
