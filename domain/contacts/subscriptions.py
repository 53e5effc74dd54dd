"""Switch one contact's topics on or off."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.actor import Actor
from domain.ledger.receipt import Receipt


@dataclass(frozen=True, slots=True)
class TopicSwitch:
    """A topic, on or off."""

    topic_id: UUID
    subscribed: bool


async def update_subscriptions(actor: Actor, contact_id: UUID, switches: Sequence[TopicSwitch]) -> Receipt:
    """Store the switches, whatever the consent; entries are made for topics that were the other way.

    Raises DomainError: NOT_FOUND (the contact, or a topic: `subscriptions.0.topic`), DUPLICATE for a topic named twice.
    """
    raise NotImplementedError
