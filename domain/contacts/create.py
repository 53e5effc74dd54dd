"""Create one contact."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.ledger.receipt import Receipt
from domain.values import Channel


@dataclass(frozen=True, slots=True)
class NewPoint:
    """An address as it was given."""

    channel: Channel
    value: str
    slot: int = 1


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact as it was given."""

    points: Sequence[NewPoint] = ()
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    contact_type: str | None = None
    tags: Sequence[str] = ()
    groups: Sequence[UUID] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


async def create_contact(actor: Actor, new: NewContact) -> Receipt:
    """Create a contact; its addresses enter NON_MARKETABLE, or as they already stand in the account.

    An address that was opted out or erased comes back OPTED_OUT (rules.md, "Sticky beyond the row").
    Raises Refusals: INVALID, TOO_LARGE, DUPLICATE (an address or slot named twice), TAKEN (an email or external id of
    another contact), NOT_FOUND (a group). Fields as in CreateContactInput: `points.0.value`.
    """
    raise NotImplementedError
