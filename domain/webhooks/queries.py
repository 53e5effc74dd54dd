"""Reading endpoints and their log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.errors import not_found
from domain.infra.db import pool
from domain.webhooks.rows import COLUMNS, DELIVERY_COLUMNS, DeliveryRow, WebhookRow
from domain.window import Listing, Page, Window

_ALL = f"SELECT {COLUMNS} FROM webhook WHERE account_id = $1 ORDER BY id"
_BY_IDS = f"SELECT {COLUMNS} FROM webhook WHERE account_id = $1 AND id = ANY ($2::uuid[])"
_DELIVERIES_BY_IDS = f"SELECT {DELIVERY_COLUMNS} FROM webhook_delivery WHERE account_id = $1 AND id = ANY ($2::uuid[])"
_LOG = f"""
SELECT {DELIVERY_COLUMNS} FROM webhook_delivery
 WHERE account_id = $1 AND webhook_id = $2{{reach}} ORDER BY {{order}} LIMIT $3
"""
_NEWEST = Listing(("id",), down=True)


async def webhooks(actor: Actor) -> list[WebhookRow]:
    """The account's endpoints, oldest first."""
    return [WebhookRow.of(row) for row in await pool().fetch(_ALL, actor.account_id)]


async def by_ids(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, WebhookRow]:
    """The account's endpoints with these ids; those it does not have are left out."""
    return {row["id"]: WebhookRow.of(row) for row in await pool().fetch(_BY_IDS, actor.account_id, list(ids))}


async def webhook(actor: Actor, webhook_id: UUID, *field: str) -> WebhookRow:
    """One endpoint. Raises DomainError NOT_FOUND."""
    found = await by_ids(actor, [webhook_id])
    if webhook_id not in found:
        raise not_found("webhook", *field)
    return found[webhook_id]


async def deliveries_by_ids(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, DeliveryRow]:
    """The account's deliveries with these ids; those it does not have are left out."""
    rows = await pool().fetch(_DELIVERIES_BY_IDS, actor.account_id, list(ids))
    return {row["id"]: DeliveryRow.of(row) for row in rows}


async def log(actor: Actor, webhook_id: UUID, window: Window[UUID]) -> Page[DeliveryRow]:
    """An endpoint's deliveries, newest first, by their ids. Raises DomainError NOT_FOUND, INVALID for a bad window."""
    given: list[Any] = [actor.account_id, webhook_id, window.size() + 1]
    await webhook(actor, webhook_id, "webhook")
    rows = await pool().fetch(_NEWEST.statement(_LOG, window, given), *given)
    return window.page([DeliveryRow.of(row) for row in rows])
