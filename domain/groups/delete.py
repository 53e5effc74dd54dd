"""Delete a group; its contacts stay."""

from uuid import UUID

from domain.actor import Actor
from domain.errors import not_found
from domain.infra.db import tx

_DELETE = "DELETE FROM contact_group WHERE account_id = $1 AND id = $2 RETURNING id"


async def delete_group(actor: Actor, group_id: UUID) -> UUID:
    """Delete a group; answers its id. Raises DomainError NOT_FOUND."""
    async with tx() as connection:
        deleted = await connection.fetchval(_DELETE, actor.account_id, group_id)
    if deleted is None:
        raise not_found("group", "id")
    return group_id
