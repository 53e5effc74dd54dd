"""A broadcast for later, with real workers: one is killed before its moment, another begins it then and not before."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.actor import Actor
from domain.bulk.values import OperationStatus
from domain.contacts.selection import Selection
from domain.infra.db import pool
from domain.messages.broadcast import Broadcast, send_broadcast
from domain.messages.templates import create_template
from tests.domain.consent.population import account
from tests.domain.contacts.people import opted_in
from tests.domain.messages.test_journeys import WORDS
from tests.flows.crew import now, until, working


@pytest.fixture
async def actor(db: None, redis: None) -> Actor:
    """An account with somebody to write to."""
    opened = await account()
    await opted_in(opened, "ada@example.com")
    return opened


async def test_a_worker_killed_meanwhile_changes_nothing(actor: Actor) -> None:
    """The row holds the time: the next worker finds it, and begins no sooner."""
    kept = await create_template(actor, "news", "News", WORDS)
    at = datetime.now(UTC) + timedelta(seconds=3)
    queued = await send_broadcast(actor, Broadcast(kept.id, Selection(everyone=True), send_at=at))
    async with working() as [worker]:
        await worker.kill()
    assert (await now(actor, queued)).status is OperationStatus.QUEUED
    async with working():
        done = await until(actor, queued, lambda found: found.finished)
    assert (done.status, done.changed) == (OperationStatus.COMPLETED, 1)
    assert done.started_at is not None
    assert done.started_at >= at
    assert await pool().fetchval("SELECT count(*) FROM message WHERE account_id = $1", actor.account_id) == 1
