"""A slice of work: what it does with faults, and when it hands over."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.actor import Actor
from domain.bulk import rules, write_down
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.operation import Operation
from domain.bulk.run_part import Step, run_part
from domain.bulk.values import BulkStatus, OperationStatus
from domain.contacts.selection import Selection
from domain.infra import queue
from domain.infra.db import pool
from tests.domain.bulk.working import assert_exactly_once, crowd, now
from workers import bulk as work
from workers.sweep import sweep, tidy

OUT = BulkChange(Selection(everyone=True), BulkStatus.OPTED_OUT)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of ten contacts."""
    monkeypatch.setattr(write_down, "MAX_PART", 10)
    monkeypatch.setattr(write_down, "MIN_PART", 10)


def context() -> dict[str, Any]:
    """What arq hands to a job."""
    return {"stopping": asyncio.Event()}


async def queued(size: int) -> tuple[Actor, Operation]:
    """An opt-out of so many contacts, its bell rung and taken away."""
    actor = await crowd(size)
    made = await bulk_change_status(actor, OUT)
    await silence()
    return actor, made


async def silence() -> int:
    """Take every job from the queue, and answer how many there were."""
    await queue.drain()
    waiting = await queue.depth()
    await queue.jobs().flushdb()
    return waiting


async def test_a_slice_works_an_operation_off(db: None, redis: None) -> None:
    """From QUEUED to COMPLETED, with a second lane called for; nothing is rung for afterwards."""
    actor, made = await queued(45)
    await work.bulk(context(), str(actor.account_id), str(made.id))
    done = await now(actor, made.id)
    assert (done.status, done.changed) == (OperationStatus.COMPLETED, 45)
    await assert_exactly_once(actor, done)
    assert await silence() == work.LANES - 1
    await work.bulk(context(), str(actor.account_id), str(made.id))
    assert await now(actor, made.id) == done


async def test_a_slice_ends_and_rings_again(db: None, redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time another operation may have its turn."""
    monkeypatch.setattr(work, "SLICE", 0.0001)
    actor, made = await queued(45)
    turns = 0
    while not (await now(actor, made.id)).finished:
        await work.bulk(context(), str(actor.account_id), str(made.id))
        turns += 1
        assert turns < 20
    assert turns >= 4


async def test_a_worker_that_is_to_end_hands_over(db: None, redis: None) -> None:
    """Told to stop, it does no further part and rings for another."""
    actor, made = await queued(45)
    stopping = context()
    stopping["stopping"].set()
    await work.bulk(stopping, str(actor.account_id), str(made.id))
    assert (await now(actor, made.id)).processed == 0
    assert await silence() == work.LANES


@pytest.mark.parametrize("fault", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_what_passes_is_tried_again_at_once(
    db: None, redis: None, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """A deadlock with a neighbour is no fault of the operation."""
    actor, made = await queued(30)
    faults = [fault("neighbour"), fault("neighbour")]

    async def stumbling(account_id: UUID, operation_id: UUID, *rest: Any) -> Step:
        if faults:
            raise faults.pop()
        return await run_part(account_id, operation_id, *rest)

    monkeypatch.setattr(work, "run_part", stumbling)
    await work.bulk(context(), str(actor.account_id), str(made.id))
    done = await now(actor, made.id)
    assert (done.status, done.error) == (OperationStatus.COMPLETED, None)


async def test_a_fault_that_stays_fails_the_operation(db: None, redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five attempts with pauses in between, then FAILED, in words that quote nothing."""
    actor, made = await queued(30)

    async def broken(*_given: Any) -> Step:
        raise asyncpg.DataError("jane@example.com is bad")

    monkeypatch.setattr(work, "run_part", broken)
    for attempt in range(rules.MAX_ATTEMPTS):
        assert (await now(actor, made.id)).status is not OperationStatus.FAILED, attempt
        await pool().execute("UPDATE bulk_operation SET lease_until = NULL")
        await work.bulk(context(), str(actor.account_id), str(made.id))
    failed = await now(actor, made.id)
    assert failed.status is OperationStatus.FAILED
    assert failed.error == "The work stopped on a fault that was not expected (DataError)."


async def test_the_lease_is_renewed_while_a_part_waits(db: None, redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that waits for somebody's lock is not taken for dead."""
    from domain.bulk.stranded import stranded
    from domain.infra.settings import settings

    monkeypatch.setenv("ASSENT_LEASE", "0.3")
    settings.cache_clear()
    actor, made = await queued(5)
    async with pool().acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT FROM contact_state FOR UPDATE")
        working = asyncio.create_task(work.bulk(context(), str(actor.account_id), str(made.id)))
        await asyncio.sleep(0.3)
        for _ in range(10):
            await asyncio.sleep(0.1)
            assert await stranded() == []
        await held.rollback()
    await working
    settings.cache_clear()
    assert (await now(actor, made.id)).status is OperationStatus.COMPLETED


async def test_the_sweep_rings_once_for_one_silence(db: None, redis: None) -> None:
    """However often it comes round while a worker is busy."""
    await queued(5)
    for _ in range(5):
        await sweep({})
    assert 1 <= await silence() <= 2


async def test_the_sweep_rings_again_after_redis_forgot(db: None, redis: None) -> None:
    """Nothing but the row is needed."""
    await queued(5)
    await sweep({})
    await silence()
    await sweep({})
    assert await silence() == 1


async def test_counts_are_folded(db: None, redis: None) -> None:
    """Many signed changes become one a cell, and their sums stay."""
    from tests.domain.consent.population import assert_counts_exact

    actor, _ = await queued(5)
    await pool().execute(
        "INSERT INTO summary_delta (account_id, lifecycle, topic_on, contacts)"
        " SELECT $1, 'ACTIVE', true, (n % 2) * 2 - 1 FROM generate_series(1, 500) AS n",
        actor.account_id,
    )
    await tidy({})
    assert await pool().fetchval("SELECT count(*) FROM summary_delta") < 10
    await assert_counts_exact(pool(), actor)
