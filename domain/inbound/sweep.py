"""Forget which calls were taken in, once no provider delivers them again and no signature is fresh enough."""

from datetime import UTC, datetime, timedelta
from typing import Final

from domain.infra.db import pool

REMEMBERED: Final = timedelta(days=90)
_BATCH: Final = 5_000
# Of every account: nothing but hashes.
_DELETE = f"""
WITH old AS (SELECT account_id, hook_id, key FROM inbound_seen WHERE seen_at < $1 LIMIT {_BATCH})
DELETE FROM inbound_seen s USING old
 WHERE s.account_id = old.account_id AND s.hook_id = old.hook_id AND s.key = old.key
"""


async def sweep_seen() -> int:
    """Forget what is older than 90 days; answers how many calls were forgotten."""
    gone, moment = 0, datetime.now(UTC) - REMEMBERED
    while count := int((await pool().execute(_DELETE, moment)).split()[1]):
        gone += count
    return gone
