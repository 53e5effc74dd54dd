"""One delivery after another to an endpoint that this worker holds, and what each does to the endpoint's row.

A batch is fixed in the row before it is first sent, and the bookmark moves in the statement that logs its success: a
worker killed anywhere leaves a batch that is sent again under the same id, with the same events.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.accounts.queries import topics
from domain.infra.db import pool, tx
from domain.infra.log import logger
from domain.infra.settings import settings
from domain.ledger.events import Event, feed
from domain.ledger.horizon import final_position
from domain.webhooks import rules
from domain.webhooks.claim import STATE, Endpoint
from domain.webhooks.claim import endpoint as endpoint_now
from domain.webhooks.payload import events_body, test_body
from domain.webhooks.post import Answer, Message, Postman
from domain.webhooks.rows import DeliveryKind, DeliveryRow
from domain.webhooks.sealed import Unreadable, seal, unseal

KEPT: Final = 500
"""Deliveries that an endpoint's log holds."""
_MINE: Final = "id = $2 AND lease_owner = $3 AND disabled_at IS NULL"
_SKIP: Final = f"""
UPDATE webhook SET delivered_up_to = $4
 WHERE account_id = $1 AND {_MINE} AND batch_id IS NULL RETURNING id
"""
_FIX: Final = f"""
UPDATE webhook SET batch_id = $4, batch_up_to = $5
 WHERE account_id = $1 AND {_MINE} AND batch_id IS NULL RETURNING {STATE}
"""
_DELIVERED: Final = f"""
UPDATE webhook SET delivered_up_to = batch_up_to, batch_id = NULL, batch_up_to = NULL, attempts = 0,
       failing_since = NULL, last_error = NULL, next_attempt_at = now()
 WHERE account_id = $1 AND {_MINE} AND batch_id = $4 RETURNING {STATE}
"""
_FAILED: Final = f"""
UPDATE webhook SET attempts = attempts + 1, failing_since = $5, last_error = $6, next_attempt_at = $7, disabled_at = $8,
       lease_owner = NULL, lease_until = NULL
 WHERE account_id = $1 AND {_MINE} AND batch_id = $4
"""
_UNREADABLE: Final = f"""
UPDATE webhook SET disabled_at = now(), last_error = $4, lease_owner = NULL, lease_until = NULL
 WHERE account_id = $1 AND {_MINE}
"""
_LOG: Final = """
INSERT INTO webhook_delivery (account_id, id, webhook_id, kind, message_id, after_position, up_to_position, events,
                              attempt, created_at, sent_at, milliseconds, status, error)
SELECT $1, $2, id, 'EVENTS', $4, $5, $6, $7, $8, $9, $9, $10, $11, $12
  FROM webhook WHERE account_id = $1 AND id = $3
"""
_PRUNE: Final = f"""
DELETE FROM webhook_delivery WHERE account_id = $1 AND webhook_id = $2 AND sent_at IS NOT NULL AND id < (
  SELECT id FROM webhook_delivery WHERE account_id = $1 AND webhook_id = $2 ORDER BY id DESC OFFSET {KEPT - 1} LIMIT 1)
"""
_SENT: Final = """
UPDATE webhook_delivery SET events = $3, sent_at = $4, milliseconds = $5, status = $6, error = $7
 WHERE account_id = $1 AND id = $2 AND sent_at IS NULL
"""
_RESEAL: Final = "UPDATE webhook SET secret = $4 WHERE account_id = $1 AND id = $2 AND secret = $3"
_UNSIGNED: Final = "The secret can no longer be read, since ASSENT_SECRET was changed. Rotate it, then enable this."

log = logger(__name__)


async def deliver(held: Endpoint, postman: Postman, *, more: Callable[[], bool]) -> bool:
    """Deliver batch after batch, in order, while `more()` says so; whether the endpoint takes what it is sent.

    Ends when everything final is delivered, a batch fails, or the lease is lost.
    """
    endpoint: Endpoint | None = held
    while endpoint is not None:
        fixed, events = await _next_batch(endpoint)
        if fixed is None or fixed.batch_id is None:
            return True
        try:
            secrets = await _secrets(fixed)
        except Unreadable:
            await pool().execute(_UNREADABLE, *_key(fixed), _UNSIGNED)
            return False
        message = Message(f"msg_{fixed.batch_id.hex}", await _body(fixed, events), secrets)
        answer = await postman.post(fixed.url, message)
        endpoint = await _recorded(fixed, message.id, len(events), answer)
        if answer.error is not None:
            return False
        if not more():
            return True
    return True


async def run_errand(account_id: UUID, asked: DeliveryRow, postman: Postman) -> None:
    """Send what somebody asked for, once, beside the stream: it moves no bookmark."""
    endpoint = await endpoint_now(account_id, asked.webhook_id)
    if endpoint is None:
        return
    events: list[Event] = []
    if asked.kind is DeliveryKind.TEST:
        body = test_body(endpoint.id, asked.created_at)
    else:
        bounded = replace(endpoint, delivered_up_to=asked.after_position, batch_up_to=asked.up_to_position)
        events = await _events(bounded, asked.up_to_position)
        body = await _body(bounded, events)
    try:
        answer = await postman.post(endpoint.url, Message(asked.message_id, body, await _secrets(endpoint)))
    except Unreadable:
        answer = Answer(0, error=_UNSIGNED)
    await pool().execute(
        _SENT, account_id, asked.id, len(events), datetime.now(UTC), answer.milliseconds, answer.status, answer.error
    )


def _key(held: Endpoint) -> tuple[UUID, UUID, UUID | None]:
    return held.account_id, held.id, held.lease_owner


async def _next_batch(endpoint: Endpoint) -> tuple[Endpoint | None, list[Event]]:
    """The endpoint with its batch fixed in the row, and the events; without a batch when nothing is left to say."""
    if endpoint.batch_up_to is not None:
        return endpoint, await _events(endpoint, endpoint.batch_up_to)
    end = await final_position()
    events = await _events(endpoint, end)
    if not events:
        if end > endpoint.delivered_up_to:
            await pool().execute(_SKIP, *_key(endpoint), end)
        return None, []
    upto = events[-1].position if len(events) == rules.BATCH else end
    fixed = await pool().fetchrow(_FIX, *_key(endpoint), uuid7(), upto)
    return (Endpoint.of(fixed), events) if fixed else (None, [])


async def _events(endpoint: Endpoint, upto: int) -> list[Event]:
    actions = None if endpoint.actions is None else list(endpoint.actions)
    return await feed(endpoint.actor, rules.BATCH, endpoint.delivered_up_to, actions, upto=upto)


async def _body(endpoint: Endpoint, events: Sequence[Event]) -> bytes:
    keys = {}
    if any(event.topic_id for event in events):
        keys = {topic.id: topic.key for topic in await topics(endpoint.actor)}
    assert endpoint.batch_up_to is not None
    return events_body(events, endpoint.delivered_up_to, endpoint.batch_up_to, keys)


async def _secrets(endpoint: Endpoint) -> list[bytes]:
    """The secret, and the old one while it overlaps. Encrypts anew what a former ASSENT_SECRET encrypted."""
    secret, present = unseal(endpoint.secret, endpoint.id)
    if not present:
        anew = seal(secret, endpoint.id)
        await pool().execute(_RESEAL, endpoint.account_id, endpoint.id, endpoint.secret, anew)
    until = endpoint.old_secret_until
    if endpoint.old_secret is None or until is None or until <= datetime.now(UTC):
        return [secret]
    return [secret, unseal(endpoint.old_secret, endpoint.id)[0]]


async def _recorded(sent: Endpoint, message_id: str, events: int, answer: Answer) -> Endpoint | None:
    """Write down what became of a try. The endpoint as it stands after a success, None when it is no longer held."""
    now = datetime.now(UTC)
    attempt, upto = sent.attempts + 1, sent.batch_up_to
    log_row = (sent.account_id, uuid7(), sent.id, message_id, sent.delivered_up_to, upto, events, attempt, now)
    key = (*_key(sent), sent.batch_id)
    async with tx() as connection:
        await connection.execute(_LOG, *log_row, answer.milliseconds, answer.status, answer.error)
        await connection.execute(_PRUNE, sent.account_id, sent.id)
        if answer.error is not None:
            await connection.execute(_FAILED, *key, *_failure(sent, answer, now))
            return None
        delivered = await connection.fetchrow(_DELIVERED, *key)
    return Endpoint.of(delivered) if delivered else None


def _failure(sent: Endpoint, answer: Answer, now: datetime) -> tuple[datetime, str | None, datetime, datetime | None]:
    """Since when it fails, why, when it is tried again, and since when it is disabled, if so."""
    since = sent.failing_since or now
    chance = random.random()  # noqa: S311 - no secret
    pause = rules.pause(sent.attempts + 1, max(settings().webhook_pause, answer.retry_after), chance)
    over = answer.gone or rules.gives_up(since, now)
    if over:
        log.warning("a webhook was disabled", webhook=str(sent.id), status=answer.status)
    return since, answer.error, now + pause, now if over else None
