"""What a recipient's page shows: how one address stands, and as little of it as will do to be recognised."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.actor import Actor
from domain.infra.db import pool
from domain.values import Channel, ConsentStatus

_STANDING = """
SELECT a.channel, a.value, a.consent, t.name AS topic, ARRAY(
         SELECT p.contact_id FROM contact_point p WHERE p.account_id = $1 AND p.address_id = a.id ORDER BY p.contact_id
       ) AS contact_ids
  FROM address a
  LEFT JOIN topic t ON t.account_id = $1 AND t.id = $3
 WHERE a.account_id = $1 AND a.id = $2
"""
_HIDDEN = "•••"


@dataclass(frozen=True, slots=True)
class Standing:
    """One address as its recipient may see it."""

    channel: Channel
    masked: str | None
    """None: erased, or never known but as a hash."""
    consent: ConsentStatus
    contact_ids: Sequence[UUID]
    """Who holds it: nobody, one contact, or several who share a number."""
    topic: str | None
    """The name of the topic that the link is about."""

    @property
    def out(self) -> bool:
        """Whether the address is opted out."""
        return self.consent is ConsentStatus.OPTED_OUT


async def standing(actor: Actor, address_id: UUID, topic_id: UUID | None = None) -> Standing | None:
    """How the address stands, or None when the account has none of this id."""
    row = await pool().fetchrow(_STANDING, actor.account_id, address_id, topic_id)
    if row is None:
        return None
    channel = Channel(row["channel"])
    masked = row["value"] and mask(channel, row["value"])
    return Standing(channel, masked, ConsentStatus(row["consent"]), row["contact_ids"], row["topic"])


def mask(channel: Channel, value: str) -> str:
    """Enough for the owner to know the address, and too little for anybody else to learn it."""
    if channel is Channel.EMAIL:
        name, _, host = value.rpartition("@")
        first, dot, rest = host.partition(".")
        return f"{name[:1]}{_HIDDEN}@{first[:1]}{_HIDDEN}{dot}{rest.rpartition('.')[2]}"
    if channel is Channel.POST:
        return f"{value[:2]}{_HIDDEN}"
    return f"{_HIDDEN}{value[-2:]}"
