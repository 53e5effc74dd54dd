"""Messages that were handed over and came back: matched by our own id, else by the address and the time."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.infra.db import Connection
from domain.values import Channel

TRIED_FOR: Final = timedelta(days=5)
"""How long servers try, at most (RFC 5321, 4.5.4.1): an earlier message came back long ago."""
_OURS: Final = re.compile(r"<?([0-9a-f]{32})@[^<>@\s]+>?")
_BACK: Final = """
UPDATE mail SET bounced_at = coalesce(bounced_at, $3),
       status = (CASE status WHEN 'UNKNOWN' THEN 'SENT' ELSE status::text END)::mail_status
 WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status IN ('SENDING', 'SENT', 'UNKNOWN')
RETURNING id
"""
_THERE: Final = """
UPDATE mail SET status = 'SENT' WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status = 'UNKNOWN'
"""
_LAST: Final = """
UPDATE mail b SET bounced_at = $4
  FROM (SELECT DISTINCT ON (a.id) m.id
          FROM unnest($2::channel[], $3::bytea[]) AS n(channel, hash)
          JOIN address a ON a.account_id = $1 AND a.channel = n.channel AND a.hash = n.hash
          JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id
          JOIN message m ON m.account_id = $1 AND m.contact_id = p.contact_id AND m.address_id = a.id
          JOIN mail w ON w.account_id = $1 AND w.id = m.id AND w.status = 'SENT' AND w.ended_at BETWEEN $5 AND $4
         ORDER BY a.id, w.ended_at DESC) last
 WHERE b.account_id = $1 AND b.id = last.id AND b.bounced_at IS NULL
"""


def our_id(message_id: str | None) -> UUID | None:
    """The mail's id in a Message-ID of ours (see domain/mail/compose.py), or None."""
    found = _OURS.fullmatch(message_id.strip()) if message_id else None
    return UUID(found[1]) if found else None


async def came_back(connection: Connection, account_id: UUID, mail_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Note that these came back; answers those that there are. One that was UNKNOWN has been sent, then."""
    return {row["id"] for row in await connection.fetch(_BACK, account_id, list(mail_ids), now)}


async def last_came_back(
    connection: Connection, account_id: UUID, addresses: Sequence[tuple[Channel, bytes]], now: datetime
) -> None:
    """Note that the last message to each of these addresses came back, if one went out in the last five days."""
    channels, hashes = [channel for channel, _ in addresses], [digest for _, digest in addresses]
    await connection.execute(_LAST, account_id, channels, hashes, now, now - TRIED_FOR)


async def went_out(connection: Connection, account_id: UUID, mail_ids: Sequence[UUID]) -> None:
    """Note that the provider has these after all, of those that were UNKNOWN."""
    await connection.execute(_THERE, account_id, list(mail_ids))
