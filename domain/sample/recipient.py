"""Somebody of the sample whose pages are worth a look."""

from uuid import UUID

from domain.actor import Actor
from domain.infra.db import pool

# With a telephone, so that there is a choice of channels.
_SOMEBODY = """
SELECT a.id FROM contact_point p
  JOIN address a ON a.account_id = $1 AND a.id = p.address_id
  JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
 WHERE p.account_id = $1 AND p.channel = 'EMAIL' AND p.slot = 1 AND s.lifecycle = 'ACTIVE'
   AND a.consent IN ('SINGLE_OPT_IN', 'DOUBLE_OPT_IN')
 ORDER BY EXISTS (SELECT FROM contact_point o
                   WHERE o.account_id = $1 AND o.contact_id = p.contact_id AND o.channel = 'SMS') DESC, p.contact_id
 LIMIT 1
"""


async def somebody(actor: Actor) -> UUID | None:
    """The email address of an active contact who is opted in; None while there is none."""
    found: UUID | None = await pool().fetchval(_SOMEBODY, actor.account_id)
    return found
