"""What was answered to those who asked whom they may send to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.contacts.send import Purpose, SendBlock
from domain.infra.db import pool
from domain.values import Channel

_OF: Final = """
SELECT r.id, r.actor, r.purpose, r.channel, r.topic_id, r.answered_at, a.reasons::text[] AS reasons, a.proof,
       a.activated, a.address_id, d.value
  FROM send_answer a
  JOIN send_authorization r ON r.account_id = $1 AND r.id = a.authorization_id
  LEFT JOIN address d ON d.account_id = $1 AND d.id = a.address_id
 WHERE a.account_id = $1 AND a.contact_id = $2 AND ($3::channel IS NULL OR r.channel = $3)
   AND r.answered_at <= $4
 ORDER BY a.authorization_id DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Authorized:
    """One answer about one contact. `address` is None once it was erased."""

    id: UUID
    actor: str
    purpose: Purpose
    channel: Channel
    topic_id: UUID | None
    answered_at: datetime
    reasons: Sequence[SendBlock]
    proof: int | None
    activated: bool
    address: str | None

    @property
    def allowed(self) -> bool:
        """Whether it was."""
        return not self.reasons


async def authorizations(
    actor: Actor, contact_id: UUID, upto: datetime, channel: Channel | None = None, most: int = 20
) -> list[Authorized]:
    """What was answered about a contact up to a moment, newest first; also of those who were erased since."""
    rows = await pool().fetch(_OF, actor.account_id, contact_id, channel, upto, most)
    return [_authorized(row) for row in rows]


def _authorized(row: Any) -> Authorized:
    return Authorized(
        row["id"],
        row["actor"],
        Purpose(row["purpose"]),
        Channel(row["channel"]),
        row["topic_id"],
        row["answered_at"],
        [SendBlock(reason) for reason in row["reasons"]],
        row["proof"],
        row["activated"],
        row["value"],
    )
