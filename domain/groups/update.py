"""Rename or describe a group."""

from uuid import UUID

from domain.actor import Actor
from domain.contacts.unset import UNSET, Unset
from domain.groups.queries import GroupRow


async def update_group(
    actor: Actor, group_id: UUID, name: str | Unset | None = UNSET, description: str | Unset | None = UNSET
) -> GroupRow:
    """Change what is named; None clears the description. Raises DomainError: NOT_FOUND, and as `create_group` does."""
    raise NotImplementedError
