"""Which contacts: the contract's ContactFilterInput as a tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle


class OptStatus(StrEnum):
    """Whether the channel's primary address is opted in. OPTED_OUT: it is not, for whatever reason."""

    OPTED_IN = "OPTED_IN"
    OPTED_OUT = "OPTED_OUT"


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Every condition that is named must hold; None: not named. Lists mean any of these; empty, none.

    `channel` left out is the enclosing filter's, else EMAIL; the channel's primary address is judged.
    """

    status: OptStatus | None = None
    channel: Channel | None = None
    search: str | None = None
    consent: Sequence[ConsentStatus] | None = None
    deliverability: Deliverability | None = None
    subscribed: bool | None = None
    topic: UUID | None = None
    lifecycle: Lifecycle | None = None
    contact_type: Sequence[str] | None = None
    group: UUID | None = None
    tag: str | None = None
    imported_by: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    and_: Sequence["ContactFilter"] | None = None
    or_: Sequence["ContactFilter"] | None = None
    not_: "ContactFilter | None" = None
