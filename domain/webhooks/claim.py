"""Which endpoints are due, and who delivers to them: a lease in the row, renewed while its holder lives."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.values import ConsentAction
from domain.webhooks.rows import DELIVERY_COLUMNS, DeliveryRow

ERRAND_SECONDS: Final = 60
"""After which something that was asked for is taken over from a worker that said nothing of it."""
STATE: Final = """account_id, id, url, actions, secret, old_secret, old_secret_until, delivered_up_to, batch_id,
                  batch_up_to, attempts, failing_since, lease_owner"""
# A lease of its own for each: what is claimed twice, because its holder was silent, is recorded once.
_CLAIM: Final = f"""
UPDATE webhook SET lease_owner = gen_random_uuid(), lease_until = now() + $1 * interval '1 second'
 WHERE (account_id, id) IN (
   SELECT w.account_id, w.id FROM webhook w
    WHERE w.disabled_at IS NULL AND w.next_attempt_at <= now() AND (w.lease_until IS NULL OR w.lease_until < now())
      AND (w.attempts > 0) = $3
      AND EXISTS (SELECT FROM ledger l WHERE l.account_id = w.account_id AND l.position > w.delivered_up_to
                     AND l.position <= $2)
    ORDER BY w.next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING {STATE}
"""
_HELD: Final = """FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS held(account_id, id, owner)
 WHERE webhook.account_id = held.account_id AND webhook.id = held.id AND webhook.lease_owner = held.owner"""
_RENEW: Final = f"UPDATE webhook SET lease_until = now() + $4 * interval '1 second' {_HELD}"
_RELEASE: Final = f"UPDATE webhook SET lease_owner = NULL, lease_until = NULL {_HELD}"
_ERRANDS: Final = f"""
UPDATE webhook_delivery SET taken_until = now() + {ERRAND_SECONDS} * interval '1 second'
 WHERE (account_id, id) IN (
   SELECT account_id, id FROM webhook_delivery
    WHERE sent_at IS NULL AND (taken_until IS NULL OR taken_until < now())
    ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING account_id, {DELIVERY_COLUMNS}
"""
_ENDPOINT: Final = f"SELECT {STATE} FROM webhook WHERE account_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as a worker needs it."""

    account_id: UUID
    id: UUID
    url: str
    actions: Collection[ConsentAction] | None
    secret: bytes
    old_secret: bytes | None
    old_secret_until: datetime | None
    delivered_up_to: int
    batch_id: UUID | None
    batch_up_to: int | None
    attempts: int
    failing_since: datetime | None
    lease_owner: UUID | None

    @property
    def actor(self) -> Actor:
        """Who reads the ledger for it."""
        return Actor(self.account_id, f"webhook:{self.id}", frozenset())

    @classmethod
    def of(cls, row: Any) -> "Endpoint":
        """A row of STATE."""
        values = dict(row)
        actions = values.pop("actions")
        return cls(actions=actions and [ConsentAction(action) for action in actions], **values)


async def claim(final: int, most: int, *, failing: bool) -> list[Endpoint]:
    """Take endpoints that have something to hear up to a final position, and that nobody else delivers to.

    At most `most`, of those whose last try failed or of the others: what keeps failing never keeps another waiting.
    """
    rows = await pool().fetch(_CLAIM, settings().lease, final, failing, most)
    return [Endpoint.of(row) for row in rows]


async def renew(held: Collection[Endpoint]) -> None:
    """Keep what this worker holds."""
    await pool().execute(_RENEW, *_columns(held), settings().lease)


async def release(held: Collection[Endpoint]) -> None:
    """Give back what is still this worker's."""
    await pool().execute(_RELEASE, *_columns(held))


def _columns(held: Collection[Endpoint]) -> tuple[list[UUID], list[UUID], list[UUID | None]]:
    return [one.account_id for one in held], [one.id for one in held], [one.lease_owner for one in held]


async def errands(most: int) -> list[tuple[UUID, DeliveryRow]]:
    """Take what was asked for and not sent yet, oldest first, each with its account."""
    rows = [dict(row) for row in await pool().fetch(_ERRANDS, most)]
    return [(row.pop("account_id"), DeliveryRow.of(row)) for row in rows]


async def endpoint(account_id: UUID, webhook_id: UUID) -> Endpoint | None:
    """An endpoint, whoever delivers to it; None when it was deleted."""
    row = await pool().fetchrow(_ENDPOINT, account_id, webhook_id)
    return row and Endpoint.of(row)
