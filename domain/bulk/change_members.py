"""Add a selection of contacts to a group, or take them out of it."""

from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.contacts.selection import Selection


async def add_to_group(actor: Actor, group_id: UUID, selection: Selection) -> Operation:
    """Put on record that the selection joins the group; who is in it already is unchanged.

    Raises DomainError: NOT_FOUND for the group, INVALID for a selection of nobody, and what the selection says.
    """
    raise NotImplementedError


async def remove_from_group(actor: Actor, group_id: UUID, selection: Selection) -> Operation:
    """Put on record that the selection leaves the group; who is not in it is unchanged. Raises as `add_to_group`."""
    raise NotImplementedError
