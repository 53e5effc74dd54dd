"""Create a group."""

from datetime import UTC, datetime

import asyncpg
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.groups import rules
from domain.groups.queries import GroupRow
from domain.infra.db import tx

_INSERT = "INSERT INTO contact_group (account_id, id, name, description, created_at) VALUES ($1, $2, $3, $4, $5)"


async def create_group(actor: Actor, name: str, description: str | None = None) -> GroupRow:
    """Create an empty group. Raises DomainError: INVALID, TOO_LARGE, TAKEN for a name in use, whatever its case."""
    group = GroupRow(uuid7(), rules.name(name), rules.description(description))
    try:
        async with tx() as connection:
            parameters = (actor.account_id, group.id, group.name, group.description, datetime.now(UTC))
            await connection.execute(_INSERT, *parameters)
    except asyncpg.UniqueViolationError:
        raise rules.taken() from None
    return group
