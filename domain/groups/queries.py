"""Reading groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.actor import Actor


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group's own details."""

    id: UUID
    name: str
    description: str | None


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Groups by name, and whether there are more."""

    groups: Sequence[GroupRow]
    has_next: bool
    has_previous: bool


async def by_ids(actor: Actor, group_ids: Sequence[UUID]) -> dict[UUID, GroupRow]:
    """The account's groups with these ids; those it does not have are left out."""
    raise NotImplementedError


async def page(
    actor: Actor, first: int | None = None, after: tuple[str, UUID] | None = None, search: str | None = None
) -> GroupPage:
    """Groups by name from just after `(lower-cased name, id)`: 50 when no size is named, 250 at most.

    `search` matches any part of a name. Raises DomainError INVALID for a negative or larger size.
    """
    raise NotImplementedError


async def total(actor: Actor, search: str | None = None) -> int:
    """How many groups match."""
    raise NotImplementedError


async def sizes(actor: Actor, group_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many contacts each group has; 0 for an empty or unknown one."""
    raise NotImplementedError


async def of_contacts(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[GroupRow]]:
    """The groups of each contact, by name; an empty list for one without."""
    raise NotImplementedError
