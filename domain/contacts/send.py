"""May this be sent, to which address, and if not, why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.actor import Actor
from domain.contacts.queries import Lookup
from domain.contacts.rows import PointRow
from domain.values import Channel


class Purpose(StrEnum):
    """What is to be sent (rules.md, "May this be sent?")."""

    BROADCAST = "BROADCAST"
    JOURNEY = "JOURNEY"
    TRANSACTIONAL = "TRANSACTIONAL"
    CONFIRMATION = "CONFIRMATION"


class SendBlock(StrEnum):
    """Why it may not be sent."""

    UNKNOWN_CONTACT = "UNKNOWN_CONTACT"
    NO_ADDRESS = "NO_ADDRESS"
    NON_MARKETABLE = "NON_MARKETABLE"
    OPTED_OUT = "OPTED_OUT"
    UNDELIVERABLE = "UNDELIVERABLE"
    ARCHIVED = "ARCHIVED"
    TOPIC_OFF = "TOPIC_OFF"


@dataclass(frozen=True, slots=True)
class SendDecision:
    """The answer: every reason, not only the first. `decided_by`: the ledger position of the address's proof."""

    allowed: bool
    point: PointRow | None
    reasons: Sequence[SendBlock]
    would_reactivate: bool
    decided_by: int | None


async def send_decision(
    actor: Actor, lookup: Lookup, channel: Channel, purpose: Purpose, topic_id: UUID | None = None
) -> SendDecision:
    """Judge the channel's primary address of one contact as it stands. Raises DomainError NOT_FOUND (field `topic`)."""
    raise NotImplementedError
