"""What is reported of an address and is no change of permission: soft bounces, and the provider's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.consent.change import Context
from domain.inbound.values import Happening
from domain.infra.db import Connection, pool
from domain.values import Channel

TROUBLES: Final = frozenset({Happening.SOFT_BOUNCE, Happening.HARD_BOUNCE})
_MOST_WORDS: Final = 500

# Erasure locks an address before it empties it, so nothing is noted of one that has just been.
_LOCK = """
SELECT FROM address a WHERE a.account_id = $1 AND a.id IN (
  SELECT w.id FROM unnest($2::channel[], $3::bytea[]) AS n(channel, hash)
    JOIN address w ON w.account_id = $1 AND w.channel = n.channel AND w.hash = n.hash)
 ORDER BY a.id FOR NO KEY UPDATE
"""
_NOTE = """
INSERT INTO delivery_trouble AS t (account_id, address_id, soft_bounces, detail, reported_at)
SELECT $1, a.id, n.soft_bounces, n.detail, $6
  FROM unnest($2::channel[], $3::bytea[], $4::integer[], $5::text[]) AS n(channel, hash, soft_bounces, detail)
  JOIN address a ON a.account_id = $1 AND a.channel = n.channel AND a.hash = n.hash
 WHERE a.value IS NOT NULL
ON CONFLICT (account_id, address_id) DO UPDATE
   SET soft_bounces = t.soft_bounces + excluded.soft_bounces, detail = coalesce(excluded.detail, t.detail),
       reported_at = excluded.reported_at
"""
_READ = """
SELECT address_id, soft_bounces, detail, reported_at FROM delivery_trouble
 WHERE account_id = $1 AND address_id = ANY ($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Report:
    """News of an address."""

    soft_bounces: int
    detail: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """All that has been reported of an address."""

    soft_bounces: int
    detail: str | None
    reported_at: datetime


async def note(connection: Connection, context: Context, reports: Mapping[tuple[Channel, bytes], Report]) -> None:
    """Add reports to what is known of these addresses; of one without a value nothing is kept."""
    keys = [channel for channel, _ in reports], [digest for _, digest in reports]
    await connection.execute(_LOCK, context.account_id, *keys)
    counts, details = [one.soft_bounces for one in reports.values()], [_words(one) for one in reports.values()]
    await connection.execute(_NOTE, context.account_id, *keys, counts, details, context.now)


async def troubles(actor: Actor, address_ids: Sequence[UUID]) -> dict[UUID, Trouble]:
    """What has been reported of each of these addresses; those without trouble are left out."""
    rows = await pool().fetch(_READ, actor.account_id, list(address_ids))
    return {row["address_id"]: Trouble(row["soft_bounces"], row["detail"], row["reported_at"]) for row in rows}


def _words(report: Report) -> str | None:
    """The provider's words in one line that the database can hold."""
    kept = "".join(character if character.isprintable() else " " for character in report.detail or "")
    return " ".join(kept.split())[:_MOST_WORDS] or None
