"""Delete what has expired, in the database and in the store; what belongs to no row goes too."""

from datetime import UTC, datetime, timedelta
from typing import Final

from domain.accounts.logo import FOLDER as LOGOS
from domain.infra import storage
from domain.infra.db import pool

ORPHANED: Final = timedelta(days=1)
"""An object this old that no row names was left by a process that died between the two."""
_BATCH: Final = 500
_TABLES: Final = ("upload", "stored_file")
_KNOWN = (
    "SELECT object FROM upload WHERE object = ANY($1) UNION ALL SELECT object FROM stored_file WHERE object = ANY($1)"
)


async def sweep_files() -> int:
    """Delete every expired file and orphaned object of all accounts; answers how many objects went.

    The row goes first: what is interrupted in between is an orphan, and goes with the next sweep.
    """
    now = datetime.now(UTC)
    gone = 0
    for table in _TABLES:
        while keys := await _expired(table, now):
            await storage.delete([key for key in keys if key])
            gone += sum(key is not None for key in keys)
    return gone + await _orphans(now - ORPHANED)


async def _expired(table: str, now: datetime) -> list[str | None]:
    rows = await pool().fetch(
        f"""
        DELETE FROM {table} t USING (SELECT account_id, id FROM {table} WHERE expires_at <= $1 LIMIT {_BATCH}) e
         WHERE t.account_id = e.account_id AND t.id = e.id RETURNING t.object
        """,
        now,
    )
    return [row["object"] for row in rows]


async def _orphans(moment: datetime) -> int:
    gone, batch = 0, []
    async for key in storage.older_than(moment):
        if not key.startswith(f"{LOGOS}/"):  # an account's row names it, or did when a page was opened
            batch.append(key)
        if len(batch) == _BATCH:
            gone += await _unknown(batch)
            batch = []
    await storage.abandoned(moment)
    return gone + await _unknown(batch)


async def _unknown(keys: list[str]) -> int:
    known = {row["object"] for row in await pool().fetch(_KNOWN, keys)}
    unknown = [key for key in keys if key not in known]
    await storage.delete(unknown)
    return len(unknown)
