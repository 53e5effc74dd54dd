"""What the page behind a confirmation link says before anything is pressed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.errors import not_found
from domain.infra.db import pool

_LOOK: Final = """
SELECT c.address_id,
       ARRAY(SELECT t.name FROM topic t WHERE t.account_id = $1 AND t.id = ANY (c.topics) ORDER BY t.id) AS topics
  FROM confirmation c WHERE c.account_id = $1 AND c.id = $2
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody was asked to confirm."""

    address_id: UUID
    topics: Sequence[str]


async def look(actor: Actor, confirmation_id: UUID) -> Asked:
    """What a link is for. Raises DomainError NOT_FOUND."""
    row = await pool().fetchrow(_LOOK, actor.account_id, confirmation_id)
    if row is None:
        raise not_found("confirmation", "token")
    return Asked(**row)
