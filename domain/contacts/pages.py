"""Pages of contacts, by key: as fast at the end of a million as at the start, and stable under inserts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.actor import Actor
from domain.contacts.filter import ContactFilter
from domain.contacts.rows import ContactRow

DEFAULT, MOST = 50, 250


class OrderField(StrEnum):
    """What a list can be ordered by; contacts that are equal in it follow their creation."""

    CREATED_AT = "CREATED_AT"
    NAME = "NAME"
    EMAIL = "EMAIL"


class Direction(StrEnum):
    """Up or down."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class Order:
    """An order of contacts; newest first unless told otherwise."""

    field: OrderField = OrderField.CREATED_AT
    direction: Direction = Direction.DESC


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact stands in an order. `key` is the lower-cased name or email, empty for CREATED_AT."""

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the list: the `first` after a place, or the `last` before one; both ends may be given."""

    first: int | None = None
    after: Place | None = None
    last: int | None = None
    before: Place | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Contacts in order, the place of each, and whether there are more on either side."""

    contacts: Sequence[ContactRow]
    places: Sequence[Place]
    has_next: bool
    has_previous: bool


async def page(
    actor: Actor,
    window: Window,
    order: Order | None = None,
    where: ContactFilter | None = None,
    search: str | None = None,
) -> Page:
    """One page of the account's contacts: 50 when the window names no size, 250 at most.

    Raises DomainError INVALID (field `first` or `last`) for a negative or larger size, or for both at once, and for a
    filter that is too deep or too large (field `filter`).
    """
    raise NotImplementedError


async def total(actor: Actor, where: ContactFilter | None = None, search: str | None = None) -> int:
    """How many contacts match, exactly. Raises DomainError for a bad filter."""
    raise NotImplementedError
