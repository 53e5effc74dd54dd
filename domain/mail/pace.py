"""How fast mail of batches may go: so many a second of a batch, of an account, and to a receiving domain.

The pace is kept in PostgreSQL as the moment of the next message, so all workers share it and nothing depends on Redis.
A batch or an account may use up what one second gave it; whoever has no turn now waits. A mail to a domain that is
slowed down is told its turn once, and then lies still until then, so that it holds up no mail to other domains.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.infra.db import Connection

LATE: Final = timedelta(seconds=5)
"""How long after its turn a mail still goes; later (nobody worked, or it was paused) it is told another."""
_AT_ONCE: Final = timedelta(seconds=1)
_ROW: Final = """
INSERT INTO mail_pace (account_id, name, next_at) SELECT $1, unnest($2::text[]), $3 ON CONFLICT DO NOTHING
"""
_HOLD: Final = """
SELECT name, next_at FROM mail_pace WHERE account_id = $1 AND name = ANY ($2::text[]) ORDER BY name FOR UPDATE
"""
_SPEND: Final = """
UPDATE mail_pace p SET next_at = n.next_at FROM unnest($2::text[], $3::timestamptz[]) AS n(name, next_at)
 WHERE p.account_id = $1 AND p.name = n.name
"""


async def held(connection: Connection, account_id: UUID, names: Sequence[str], now: datetime) -> dict[str, datetime]:
    """The moment of the next message of each, held until the transaction ends; long ago where there was none."""
    if not names:
        return {}
    await connection.execute(_ROW, account_id, sorted(names), now - timedelta(days=1))
    return {row["name"]: row["next_at"] for row in await connection.fetch(_HOLD, account_id, list(names))}


async def spend(connection: Connection, account_id: UUID, next_at: Mapping[str, datetime]) -> None:
    """Move the moments of those held on."""
    if next_at:
        await connection.execute(_SPEND, account_id, list(next_at), list(next_at.values()))


def allowed(next_at: datetime, now: datetime, per_second: float) -> int:
    """How many may go now."""
    return int((now - _base(next_at, now, per_second)) / step(per_second))


def after(next_at: datetime, now: datetime, per_second: float, count: int) -> datetime:
    """The moment of the next one once so many have gone."""
    return _base(next_at, now, per_second) + count * step(per_second)


def step(per_second: float) -> timedelta:
    """From one message to the next."""
    return timedelta(seconds=1 / per_second)


def turns(next_at: datetime, now: datetime, per_second: float, count: int) -> list[datetime]:
    """The turns of so many messages to a domain."""
    first = max(next_at, now)
    return [first + place * step(per_second) for place in range(count)]


def _base(next_at: datetime, now: datetime, per_second: float) -> datetime:
    return max(next_at, now - max(_AT_ONCE, step(per_second)))
