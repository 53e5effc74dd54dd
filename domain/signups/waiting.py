"""Sign-ups that wait to be worked off, of one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.infra.db import pool
from domain.values import Channel

# A number alone may be several people's: with an email beside it, it is that email's owner who signed up.
_OF: Final = """
SELECT received_at, email, phone, first_name, last_name, channels::text[] AS channels, topics, form_url, wording,
       language, host(ip) AS ip, user_agent
  FROM signup
 WHERE account_id = $1 AND (lower(email) = ANY ($2::text[]) OR (email IS NULL AND phone = ANY ($3::text[])))
 ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a form sent, as it was sent."""

    received_at: datetime
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    channels: Sequence[Channel]
    topics: Sequence[UUID]
    form_url: str
    wording: str
    language: str | None
    ip: str | None
    user_agent: str | None


async def waiting(actor: Actor, emails: Sequence[str], phones: Sequence[str]) -> list[Waiting]:
    """The account's sign-ups with one of these emails, or without any and with one of these numbers; oldest first."""
    rows = await pool().fetch(_OF, actor.account_id, [email.lower() for email in emails], list(phones))
    return [Waiting(**dict(row) | {"channels": [Channel(name) for name in row["channels"]]}) for row in rows]
