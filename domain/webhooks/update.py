"""Change an endpoint, switch it on or off, and give it another secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.errors import not_found
from domain.infra.db import tx
from domain.infra.settings import settings
from domain.values import ConsentAction
from domain.webhooks import rules
from domain.webhooks.create import NewWebhook
from domain.webhooks.rows import COLUMNS, WebhookRow
from domain.webhooks.sealed import new_secret, seal, shown

# A batch under way is made up anew: it would carry other events under the same id. Whoever holds the lease loses it.
_CHANGE: Final = f"""
UPDATE webhook SET url = coalesce($4, url), actions = CASE WHEN $5 THEN $6::consent_action[] ELSE actions END,
       batch_id = NULL, batch_up_to = NULL, attempts = 0, failing_since = NULL, next_attempt_at = $3,
       lease_owner = NULL, lease_until = NULL
 WHERE account_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
_ENABLE: Final = f"""
UPDATE webhook SET disabled_at = NULL, last_error = NULL, attempts = 0, failing_since = NULL, next_attempt_at = $3
 WHERE account_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
_DISABLE: Final = f"""
UPDATE webhook SET disabled_at = coalesce(disabled_at, $3), lease_owner = NULL, lease_until = NULL
 WHERE account_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
_ROTATE: Final = f"""
UPDATE webhook SET secret = $4, old_secret = CASE WHEN $5::timestamptz > $3::timestamptz THEN secret END,
       old_secret_until = CASE WHEN $5 > $3 THEN $5 END
 WHERE account_id = $1 AND id = $2 RETURNING {COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change. `url` None: as it is. `actions` counts when `set_actions` does; None then means all."""

    url: str | None = None
    set_actions: bool = False
    actions: Sequence[ConsentAction] | None = None


async def update_webhook(actor: Actor, webhook_id: UUID, changes: Changes) -> WebhookRow:
    """Change where an endpoint is or what it hears of, from its place in the ledger on.

    Raises DomainError: NOT_FOUND, REQUIRED, INVALID, TOO_LARGE.
    """
    url = None if changes.url is None else rules.endpoint_url(changes.url, settings().webhook_hosts)
    chosen = rules.actions(changes.actions)
    return await _updated(_CHANGE, actor, webhook_id, url, changes.set_actions, chosen)


async def enable_webhook(actor: Actor, webhook_id: UUID) -> WebhookRow:
    """Go on delivering from where it stopped, at once. Raises DomainError NOT_FOUND."""
    return await _updated(_ENABLE, actor, webhook_id)


async def disable_webhook(actor: Actor, webhook_id: UUID) -> WebhookRow:
    """Deliver nothing until it is enabled again; its place is kept. Raises DomainError NOT_FOUND."""
    return await _updated(_DISABLE, actor, webhook_id)


async def rotate_secret(actor: Actor, webhook_id: UUID, hours: int | None = None) -> NewWebhook:
    """Give the endpoint a new secret. For so many hours (24 when left out) the old one signs, too.

    With 0 hours the old secret ends at once, as after a leak; one that still overlapped from before ends in any case.
    Raises DomainError: NOT_FOUND, INVALID.
    """
    now, secret = datetime.now(UTC), new_secret()
    until = now + rules.overlap(hours)
    row = await _updated(_ROTATE, actor, webhook_id, seal(secret, webhook_id), until, now=now)
    return NewWebhook(row, shown(secret))


async def _updated(
    statement: str, actor: Actor, webhook_id: UUID, *values: Any, now: datetime | None = None
) -> WebhookRow:
    async with tx() as connection:
        row = await connection.fetchrow(statement, actor.account_id, webhook_id, now or datetime.now(UTC), *values)
    if row is None:
        raise not_found("webhook", "id")
    return WebhookRow.of(row)
