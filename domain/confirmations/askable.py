"""Who could be asked to confirm now, as the request itself would answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from domain.actor import Actor
from domain.confirmations import rules
from domain.confirmations.standings import of_contacts
from domain.errors import ErrorCode
from domain.infra.db import pool


async def unaskable(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, ErrorCode | None]:
    """Why `request_double_opt_in` would refuse the primary email of each of these contacts; None: it would not."""
    now = datetime.now(UTC)
    async with pool().acquire() as connection:
        found = await of_contacts(connection, actor.account_id, contact_ids, [1], now)
    refusals = {one.contact_id: rules.refusal(one.standing, now) for one in found}
    return {contact_id: refusals.get(contact_id, ErrorCode.NO_ADDRESS) for contact_id in contact_ids}
