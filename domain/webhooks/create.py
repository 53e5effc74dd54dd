"""Create and delete an endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import Connection, tx
from domain.infra.settings import settings
from domain.ledger.horizon import final_position
from domain.values import ConsentAction
from domain.webhooks import rules
from domain.webhooks.rows import COLUMNS, WebhookRow
from domain.webhooks.sealed import new_secret, seal, shown

# The account's row is the lock under which its endpoints are counted.
_LOCK: Final = "SELECT FROM account WHERE account_id = $1 FOR NO KEY UPDATE"
_COUNT: Final = "SELECT count(*) FROM webhook WHERE account_id = $1"
_INSERT: Final = f"""
INSERT INTO webhook (account_id, id, url, actions, secret, actor, created_at, next_attempt_at, delivered_up_to)
VALUES ($1, $2, $3, $4::consent_action[], $5, $6, $7, $7, $8) RETURNING {COLUMNS}
"""
_DELETE: Final = "DELETE FROM webhook WHERE account_id = $1 AND id = $2 RETURNING id"


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """An endpoint that was made, and its secret, which is never shown again."""

    row: WebhookRow
    secret: str


async def create_webhook(
    actor: Actor, url: str, actions: Sequence[ConsentAction] | None = None, after: int | None = None
) -> NewWebhook:
    """Have an endpoint told of what happens after a position of the ledger (from now on when left out).

    Raises DomainError: REQUIRED, INVALID, TOO_LARGE (50 endpoints an account).
    """
    url, chosen = rules.endpoint_url(url, settings().webhook_hosts), rules.actions(actions)
    end = await final_position()
    if after is not None and after > end:
        raise invalid("The ledger has not come this far.", "after")
    webhook_id, secret = uuid7(), new_secret()
    async with tx() as connection:
        await _room(connection, actor)
        row = await connection.fetchrow(
            _INSERT,
            actor.account_id,
            webhook_id,
            url,
            chosen,
            seal(secret, webhook_id),
            actor.name,
            datetime.now(UTC),
            end if after is None else after,
        )
    return NewWebhook(WebhookRow.of(row), shown(secret))


async def delete_webhook(actor: Actor, webhook_id: UUID) -> UUID:
    """Tell the endpoint nothing any more, and forget its log. Raises DomainError NOT_FOUND."""
    async with tx() as connection:
        if await connection.fetchval(_DELETE, actor.account_id, webhook_id) is None:
            raise not_found("webhook", "id")
    return webhook_id


async def _room(connection: Connection, actor: Actor) -> None:
    await connection.execute(_LOCK, actor.account_id)
    if await connection.fetchval(_COUNT, actor.account_id) >= rules.MOST:
        raise DomainError(ErrorCode.TOO_LARGE, f"An account may have {rules.MOST} webhooks.")
