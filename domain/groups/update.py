"""Rename or describe a group."""

from uuid import UUID

import asyncpg

from domain.actor import Actor
from domain.contacts.unset import UNSET, Unset
from domain.errors import not_found
from domain.groups import rules
from domain.groups.queries import GroupRow
from domain.infra.db import tx

_READ = "SELECT id, name, description FROM contact_group WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE"
_WRITE = "UPDATE contact_group SET name = $3, description = $4 WHERE account_id = $1 AND id = $2"


async def update_group(
    actor: Actor, group_id: UUID, name: str | Unset | None = UNSET, description: str | Unset | None = UNSET
) -> GroupRow:
    """Change what is named; None clears the description. Raises DomainError: NOT_FOUND, and as `create_group` does."""
    try:
        async with tx() as connection:
            row = await connection.fetchrow(_READ, actor.account_id, group_id)
            if row is None:
                raise not_found("group", "id")
            group = GroupRow(
                group_id,
                row["name"] if name is UNSET else rules.name(name),
                row["description"] if description is UNSET else rules.description(description),
            )
            await connection.execute(_WRITE, actor.account_id, group_id, group.name, group.description)
    except asyncpg.UniqueViolationError:
        raise rules.taken() from None
    return group
