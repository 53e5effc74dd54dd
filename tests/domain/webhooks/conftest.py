"""Endpoints of a test's own account, and a worker's round in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from domain.actor import Actor
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.values import ConsentAction
from domain.webhooks import create, deliver, update
from domain.webhooks.create import NewWebhook, create_webhook
from domain.webhooks.post import Postman
from tests.domain.consent.population import account
from tests.domain.webhooks.receiver import Receiver
from workers.webhooks import Round

HOSTS = frozenset({"127.0.0.1"})
# Entries without contacts: deliveries care for the order alone.
_ENTRIES = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, actor)
SELECT $1, nextval('ledger_position'), now(), $3::consent_action, 'OPERATOR', 'key:test'
  FROM generate_series(1, $2) RETURNING position
"""


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's host is allowed, and pauses are short."""
    given = settings().model_copy(update={"webhook_allowed_hosts": "127.0.0.1", "webhook_pause": 0.01})
    for module in (create, deliver, update):
        monkeypatch.setattr(module, "settings", lambda: given)


@pytest.fixture
async def actor(db: None, redis: None) -> Actor:
    """An account."""
    return await account()


async def entries(actor: Actor, number: int, action: ConsentAction = ConsentAction.OPT_IN) -> list[int]:
    """Write so many entries, and answer their positions."""
    return [row["position"] for row in await pool().fetch(_ENTRIES, actor.account_id, number, action)]


async def endpoint(actor: Actor, receiver: Receiver, actions: list[ConsentAction] | None = None) -> NewWebhook:
    """An endpoint that the receiver answers for."""
    made = await create_webhook(actor, receiver.url, actions)
    receiver.secret = made.secret
    return made


async def endpoint_at(actor: Actor, receiver: Receiver) -> NewWebhook:
    """As `endpoint`, for a receiver whose host this process does not allow."""
    made = await create_webhook(actor, "https://example.com/")
    await pool().execute("UPDATE webhook SET url = $2 WHERE account_id = $1", actor.account_id, receiver.url)
    receiver.secret = made.secret
    return made


@asynccontextmanager
async def delivering(seconds: float = 10) -> AsyncIterator[Round]:
    """A worker's deliveries, in this process."""
    stopping = asyncio.Event()
    async with Postman(HOSTS, seconds) as postman:
        round_ = Round(stopping, postman)
        task = asyncio.create_task(round_.run())
        try:
            yield round_
        finally:
            stopping.set()
            await task
