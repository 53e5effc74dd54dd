"""Delete a group; its contacts stay."""

from uuid import UUID

from domain.actor import Actor


async def delete_group(actor: Actor, group_id: UUID) -> UUID:
    """Delete a group; answers its id. Raises DomainError NOT_FOUND."""
    raise NotImplementedError
