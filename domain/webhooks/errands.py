"""What somebody asks to have sent beside the stream: a delivery once more, or a test."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import DomainError, ErrorCode, not_found
from domain.infra.db import tx
from domain.webhooks.queries import deliveries_by_ids, webhook
from domain.webhooks.rows import DELIVERY_COLUMNS, DeliveryKind, DeliveryRow

MOST_WAITING: Final = 20
"""Asked for and not sent yet, an endpoint."""
_WAITING: Final = """
SELECT count(*) FROM webhook_delivery WHERE account_id = $1 AND webhook_id = $2 AND sent_at IS NULL
"""
_LOCK: Final = "SELECT FROM webhook WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE"
_INSERT: Final = f"""
INSERT INTO webhook_delivery (account_id, id, webhook_id, kind, message_id, after_position, up_to_position, attempt,
                              created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) RETURNING {DELIVERY_COLUMNS}
"""


async def test_webhook(actor: Actor, webhook_id: UUID) -> DeliveryRow:
    """Have a signed test sent to an endpoint, enabled or not. Raises DomainError: NOT_FOUND, TOO_LARGE."""
    known = await webhook(actor, webhook_id, "id")
    at = known.delivered_up_to
    return await _ask(actor, webhook_id, DeliveryKind.TEST, f"msg_{uuid7().hex}", at, at)


async def redeliver(actor: Actor, delivery_id: UUID) -> DeliveryRow:
    """Have a delivery sent once more under its own id, whatever became of it. Raises DomainError as test_webhook."""
    known = (await deliveries_by_ids(actor, [delivery_id])).get(delivery_id)
    if known is None:
        raise not_found("delivery", "deliveryId")
    kind = DeliveryKind.TEST if known.kind is DeliveryKind.TEST else DeliveryKind.REDELIVERY
    return await _ask(actor, known.webhook_id, kind, known.message_id, known.after_position, known.up_to_position)


async def _ask(
    actor: Actor, webhook_id: UUID, kind: DeliveryKind, message_id: str, after: int, up_to: int
) -> DeliveryRow:
    async with tx() as connection:
        await connection.execute(_LOCK, actor.account_id, webhook_id)
        if await connection.fetchval(_WAITING, actor.account_id, webhook_id) >= MOST_WAITING:
            raise DomainError(ErrorCode.TOO_LARGE, f"{MOST_WAITING} deliveries that were asked for are still waiting.")
        row = await connection.fetchrow(
            _INSERT, actor.account_id, uuid7(), webhook_id, kind, message_id, after, up_to, datetime.now(UTC)
        )
    return DeliveryRow.of(row)
