"""Forget mails of the outbox that ended long ago, where another record says what became of them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from domain.infra.db import pool

KEPT: Final = timedelta(days=30)
"""How long after its end a mail is kept: longer than servers take to report that one came back."""
_BATCH: Final = 5_000
# Of every account. A message that went, failed or may have gone has that in its mail alone: proof, and it stays. One
# that was refused or canceled says so itself; a confirmation and an occasion of a journey have records of their own.
_DELETE: Final = f"""
WITH old AS (
  SELECT m.account_id, m.id FROM mail m
   WHERE m.ended_at IS NOT NULL AND (m.batch_id IS NULL OR m.status = 'DROPPED') AND m.ended_at < $1
     AND NOT EXISTS (SELECT FROM message g WHERE g.account_id = m.account_id AND g.id = m.id
                        AND g.status NOT IN ('REFUSED', 'CANCELED'))
   LIMIT {_BATCH}
)
DELETE FROM mail m USING old WHERE m.account_id = old.account_id AND m.id = old.id
"""
_PACES: Final = "DELETE FROM mail_pace WHERE next_at < $1"


async def sweep_ended() -> int:
    """Forget what ended more than 30 days ago and is on record elsewhere; answers how many mails were forgotten."""
    gone, moment = 0, datetime.now(UTC) - KEPT
    while count := int((await pool().execute(_DELETE, moment)).split()[1]):
        gone += count
    await pool().execute(_PACES, moment)
    return gone
