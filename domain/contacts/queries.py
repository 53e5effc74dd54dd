"""Reading contacts: one by a look-up, several by id, and what belongs to a page of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.actor import Actor
from domain.contacts.rows import ContactRow, PointRow, SubscriptionRow


@dataclass(frozen=True, slots=True)
class Lookup:
    """How to find one contact: exactly one of these."""

    id: UUID | None = None
    email: str | None = None
    """In any slot."""
    phone: str | None = None
    """SMS or CALL; national numbers are read in the account's country."""
    external_id: str | None = None


async def find(actor: Actor, lookup: Lookup) -> ContactRow | None:
    """The contact, or None. Of several that share a phone number: the oldest."""
    raise NotImplementedError


async def by_ids(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, ContactRow]:
    """The account's contacts with these ids; those it does not have are left out."""
    raise NotImplementedError


async def points(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[PointRow]]:
    """The points of each contact, by channel (EMAIL, SMS, CALL, POST) and slot; an empty list for one without."""
    raise NotImplementedError


async def points_by_ids(actor: Actor, point_ids: Sequence[UUID]) -> dict[UUID, PointRow]:
    """The account's points with these ids; those it does not have are left out."""
    raise NotImplementedError


async def topics(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[SubscriptionRow]]:
    """Every topic of the account, on or off for each contact, oldest topic first."""
    raise NotImplementedError


async def tags(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The tags of each contact, in alphabetical order; an empty list for one without."""
    raise NotImplementedError
