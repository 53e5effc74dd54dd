"""What reading gives: a contact, its points and its topics, as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

OPTED_IN = (ConsentStatus.SINGLE_OPT_IN, ConsentStatus.DOUBLE_OPT_IN)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact's details and state. `name`, `email` and `phone` are derived; empty ones read None but for `name`."""

    id: UUID
    external_id: str | None
    first_name: str | None
    last_name: str | None
    name: str
    contact_type: str | None
    lifecycle: Lifecycle
    topic_on: bool
    """At least one topic is on."""
    email: str | None
    """The primary email address."""
    phone: str | None
    """The primary SMS number, else the CALL number, in E.164."""
    attributes: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


PointId = tuple[UUID, UUID]
"""A contact, and an address of theirs."""


@dataclass(frozen=True, slots=True)
class PointRow:
    """One address on one channel of one contact. Slot 1 is the primary."""

    contact_id: UUID
    channel: Channel
    slot: int
    address_id: UUID
    value: str
    consent: ConsentStatus
    deliverability: Deliverability
    consent_at: datetime | None
    """When the consent last changed."""
    confirmation_requested_at: datetime | None
    proof: int | None
    """The ledger position that the present consent rests on."""

    @property
    def id(self) -> PointId:
        """What names it, wherever it stands."""
        return self.contact_id, self.address_id

    @property
    def opted_in(self) -> bool:
        """Whether permission is given, confirmed or not."""
        return self.consent in OPTED_IN


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """Whether a topic is on for a contact, and when it was last switched; None: never, so its default holds."""

    topic_id: UUID
    subscribed: bool
    updated_at: datetime | None


def primary(points: Sequence[PointRow], channel: Channel) -> PointRow | None:
    """The point in slot 1 of the channel, or None."""
    return next((point for point in points if point.channel is channel and point.slot == 1), None)


def opted_in(points: Sequence[PointRow], channel: Channel) -> bool:
    """Whether the channel's primary address is single or double opted in (the contract's `optedIn`)."""
    point = primary(points, channel)
    return point is not None and point.opted_in


def subscribed(contact: ContactRow, points: Sequence[PointRow], channel: Channel) -> bool:
    """Whether marketing would be sent now: active, opted in, deliverable, a topic on (the contract's `subscribed`)."""
    point = primary(points, channel)
    sendable = point is not None and point.opted_in and point.deliverability is Deliverability.OK
    return sendable and contact.topic_on and contact.lifecycle is Lifecycle.ACTIVE
