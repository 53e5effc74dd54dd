"""Never lost, never twice: bulk operations whose workers are killed, stopped, doubled, and cut off from Redis."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cli.embedded import Valkey, valkey
from domain.actor import Actor
from domain.bulk.cancel import cancel
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.operation import Operation
from domain.bulk.values import BulkStatus, OperationStatus
from domain.contacts.selection import Selection
from domain.infra import queue, redis
from domain.values import Channel
from tests.domain.bulk.working import EVIDENCE
from tests.flows.crew import CONTACTS, crowd, finished, now, until, working

CHANNELS = [Channel.EMAIL, Channel.SMS]
OUT = BulkChange(Selection(everyone=True), BulkStatus.OPTED_OUT, CHANNELS, include_archived=True)
IN = BulkChange(Selection(everyone=True), BulkStatus.OPTED_IN, CHANNELS, slots=[1, 2, 3], evidence=EVIDENCE)


@pytest.fixture
async def actor(db: None, redis: None) -> Actor:
    """An account with a large crowd."""
    return await crowd()


@pytest.fixture
async def own_valkey(tmp_path: Path, db: None) -> AsyncIterator[Valkey]:
    """A Valkey that the test may stop, and this process's bells on it."""
    with valkey(tmp_path, durable=False) as server:
        redis.connect(server.url)
        yield server
        await queue.drain()
        await redis.close()


def moved_on(before: Operation, by: int = 1) -> Callable[[Operation], bool]:
    """Whether an operation has come so much further, or ended."""
    return lambda found: found.finished or found.processed >= before.processed + by


async def test_killed_at_random_moments(actor: Actor) -> None:
    """A worker killed again and again, at any moment, leaves every contact changed exactly once."""
    chance = random.Random(20)
    queued = await bulk_change_status(actor, OUT)
    kills = 0
    while not (before := await now(actor, queued)).finished:
        async with working() as [worker]:
            await until(actor, queued, moved_on(before, chance.choice([0, 1, 1])))
            await asyncio.sleep(chance.uniform(0, 0.12))
            await worker.kill()
            kills += 1
    assert kills >= 3
    assert (await finished(actor, queued)).status is OperationStatus.COMPLETED


async def test_stopped_politely_again_and_again(actor: Actor) -> None:
    """SIGTERM, also twice: the part under way ends, the worker leaves with 0, and the next one goes on at once."""
    queued = await bulk_change_status(actor, OUT)
    while not (before := await now(actor, queued)).finished:
        async with working() as [worker]:
            await until(actor, queued, moved_on(before))
            worker.send(signal.SIGTERM)
            await asyncio.sleep(0.02)
            worker.send(signal.SIGTERM)
            assert await worker.ended() == 0
    assert (await finished(actor, queued)).status is OperationStatus.COMPLETED


async def test_two_workers_share_one_operation(actor: Actor) -> None:
    """Both do parts of it, and one of them ends it."""
    async with working(2):
        queued = await bulk_change_status(actor, OUT)
        assert (await finished(actor, queued)).status is OperationStatus.COMPLETED


async def test_two_workers_of_which_one_is_always_being_killed(actor: Actor) -> None:
    """Whatever the one leaves behind the other takes up."""
    chance = random.Random(40)
    async with working():
        queued = await bulk_change_status(actor, IN)
        while not (await now(actor, queued)).finished:
            async with working() as [victim]:
                await asyncio.sleep(chance.uniform(0.1, 0.5))
                await victim.kill()
    assert (await finished(actor, queued)).status is OperationStatus.COMPLETED


async def test_valkey_stopped_in_the_middle(own_valkey: Valkey) -> None:
    """The row is the outbox: a bell that nobody can ring delays the work and loses none of it."""
    actor = await crowd()
    own_valkey.stop()
    queued = await bulk_change_status(actor, OUT)
    assert queued.status is OperationStatus.QUEUED
    await asyncio.to_thread(own_valkey.start)
    async with working(ASSENT_REDIS_URL=own_valkey.url) as [worker]:
        await until(actor, queued, moved_on(queued))
        own_valkey.stop()
        assert await worker.ended() == 1
    left = await now(actor, queued)
    assert left.processed < CONTACTS
    await asyncio.to_thread(own_valkey.start)
    async with working(ASSENT_REDIS_URL=own_valkey.url):
        assert (await finished(actor, queued)).status is OperationStatus.COMPLETED


async def test_nothing_is_left_when_valkey_forgets(own_valkey: Valkey) -> None:
    """A Valkey that comes back empty has forgotten every job; the sweep has not."""
    actor = await crowd()
    queued = await bulk_change_status(actor, OUT)
    await queue.drain()
    assert await queue.depth() == 1
    await redis.client().flushall()
    async with working(ASSENT_REDIS_URL=own_valkey.url):
        assert (await finished(actor, queued)).status is OperationStatus.COMPLETED


async def test_canceled_while_two_workers_run(actor: Actor) -> None:
    """The end comes soon, the figures stand still, and what was done is on record exactly once."""
    async with working(2):
        queued = await bulk_change_status(actor, OUT)
        await until(actor, queued, moved_on(queued))
        await cancel(actor, queued.id)
        ended = await until(actor, queued, lambda found: found.finished, 10)
        assert ended.status is OperationStatus.CANCELED
        await asyncio.sleep(0.5)
        assert await now(actor, queued) == ended
    assert ended.processed < CONTACTS
