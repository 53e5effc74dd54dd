"""Parts: several workers, cancellation, faults, and the end."""

import asyncio

import asyncpg
import pytest

from domain.actor import Actor
from domain.bulk import rules, write_down
from domain.bulk.cancel import cancel
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.claim import claim, stumble
from domain.bulk.operation import Operation
from domain.bulk.resume import resume
from domain.bulk.run_part import Step, run_part
from domain.bulk.stranded import stranded
from domain.bulk.values import BulkStatus, OperationStatus
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode
from domain.infra.db import pool
from tests.domain.bulk.working import assert_exactly_once, crowd, now, work_off
from tests.domain.consent.population import assert_counts_exact

OUT = BulkChange(Selection(everyone=True), BulkStatus.OPTED_OUT)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of ten contacts."""
    monkeypatch.setattr(write_down, "MAX_PART", 10)
    monkeypatch.setattr(write_down, "MIN_PART", 10)


async def begun(actor: Actor) -> Operation:
    """An opt-out of everyone, claimed and written down."""
    queued = await bulk_change_status(actor, OUT)
    await claim(actor.account_id, queued.id)
    await write_down.write_down(actor.account_id, queued.id)
    return await now(actor, queued.id)


async def parts(actor: Actor) -> list[int]:
    """The sizes of the parts that are written down."""
    rows = await pool().fetch(
        "SELECT cardinality(contact_ids) FROM bulk_part WHERE account_id = $1 ORDER BY number", actor.account_id
    )
    return [row[0] for row in rows]


async def test_a_selection_is_cut_into_parts(db: None) -> None:
    """Every contact stands in one part, in the order of ids."""
    actor = await crowd(45)
    begun_ = await begun(actor)
    assert begun_.total == 45
    assert await parts(actor) == [10, 10, 10, 10, 5]
    rows = await pool().fetch("SELECT unnest(contact_ids) AS id FROM bulk_part ORDER BY number")
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


async def test_a_small_selection_is_cut_finer(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the bounds a selection gives about twenty parts."""
    monkeypatch.setattr(write_down, "MIN_PART", 2)
    actor = await crowd(100)
    await begun(actor)
    assert len(await parts(actor)) == rules.PARTS


async def test_several_workers_share_an_operation(db: None) -> None:
    """Ten at once: each part is done by one of them, and the last ends the operation once."""
    actor = await crowd(200)
    queued = await begun(actor)

    async def worker() -> list[Step]:
        steps = [await run_part(actor.account_id, queued.id)]
        while steps[-1] is Step.DONE:
            steps.append(await run_part(actor.account_id, queued.id))
        return steps

    done = [steps.count(Step.DONE) for steps in await asyncio.gather(*(worker() for _ in range(8)))]
    assert sum(done) == 19
    ended = await now(actor, queued.id)
    assert (ended.status, ended.changed) == (OperationStatus.COMPLETED, 200)
    await assert_exactly_once(actor, ended)
    await assert_counts_exact(pool(), actor)
    assert await parts(actor) == []


async def test_cancel_before_the_start(db: None) -> None:
    """A QUEUED operation is CANCELED at once and changes nobody; a second cancellation has nothing to cancel."""
    actor = await crowd(5)
    queued = await bulk_change_status(actor, OUT)
    assert (await cancel(actor, queued.id)).status is OperationStatus.CANCELED
    assert not await claim(actor.account_id, queued.id)
    with pytest.raises(DomainError) as caught:
        await cancel(actor, queued.id)
    assert caught.value.code is ErrorCode.ALREADY_FINISHED


async def test_cancel_in_the_middle(db: None) -> None:
    """The next part sees the flag: what is done stays done, and the figures stand still."""
    actor = await crowd(45)
    queued = await begun(actor)
    assert await run_part(actor.account_id, queued.id) is Step.DONE
    flagged = await cancel(actor, queued.id)
    assert (flagged.status, flagged.cancel_requested) == (OperationStatus.RUNNING, True)
    assert await cancel(actor, queued.id) == flagged
    assert await run_part(actor.account_id, queued.id) is Step.FINISHED
    ended = await now(actor, queued.id)
    assert (ended.status, ended.processed, ended.progress) == (OperationStatus.CANCELED, 10, 10 / 45)
    assert ended.finished_at is not None
    assert await pool().fetchval("SELECT count(*) FROM address WHERE consent = 'OPTED_OUT'") == 10
    assert await run_part(actor.account_id, queued.id) is Step.FINISHED


async def test_a_cancellation_waits_for_the_part_under_way(db: None) -> None:
    """Its figures count, and nothing is counted after the end."""
    actor = await crowd(20)
    queued = await begun(actor)
    contact = await pool().fetchval("SELECT contact_ids[1] FROM bulk_part WHERE number = 0")
    async with pool().acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT FROM contact_state WHERE contact_id = $1 FOR UPDATE", contact)
        slow = asyncio.create_task(run_part(actor.account_id, queued.id))
        await asyncio.sleep(0.2)
        await cancel(actor, queued.id)
        ending = asyncio.create_task(run_part(actor.account_id, queued.id))
        await asyncio.sleep(0.2)
        assert (await now(actor, queued.id)).status is OperationStatus.RUNNING
        await held.rollback()
    assert await slow is Step.DONE
    assert await ending is Step.FINISHED
    ended = await now(actor, queued.id)
    assert (ended.status, ended.processed) == (OperationStatus.CANCELED, 10)


async def test_a_fault_leaves_the_part_as_it_was(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that fails has changed nothing, and is done whole afterwards."""
    actor = await crowd(20)
    queued = await begun(actor)
    monkeypatch.setattr("domain.bulk.run_part._DONE", "SELECT 1 / 0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11")
    with pytest.raises(asyncpg.PostgresError):
        await run_part(actor.account_id, queued.id)
    assert await pool().fetchval("SELECT count(*) FROM ledger") == 0
    monkeypatch.undo()
    assert (await work_off(actor, queued.id)).changed == 20


async def test_too_many_attempts_fail_and_can_be_resumed(db: None) -> None:
    """Five attempts without a part done: FAILED with its error; resumed by hand, it goes on where it stopped."""
    actor = await crowd(20)
    queued = await begun(actor)
    await run_part(actor.account_id, queued.id)
    for attempt in range(rules.MAX_ATTEMPTS):
        await pool().execute("UPDATE bulk_operation SET lease_until = '2000-01-01'")
        assert await claim(actor.account_id, queued.id)
        assert await stumble(actor.account_id, queued.id, "It broke.") == (attempt == rules.MAX_ATTEMPTS - 1)
    failed = await now(actor, queued.id)
    assert (failed.status, failed.error, failed.finished) == (OperationStatus.FAILED, "It broke.", True)
    assert await run_part(actor.account_id, queued.id) is Step.FINISHED
    assert await stranded() == []
    assert (await resume(actor, queued.id)).status is OperationStatus.QUEUED
    done = await work_off(actor, queued.id)
    assert (done.status, done.changed, done.error) == (OperationStatus.COMPLETED, 20, None)
    await assert_exactly_once(actor, done)


async def test_a_worker_that_dies_again_and_again(db: None) -> None:
    """Claims after silence count: an operation that kills its workers is FAILED and says so."""
    actor = await crowd(1)
    queued = await bulk_change_status(actor, OUT)
    for _ in range(rules.MAX_ATTEMPTS):
        assert await claim(actor.account_id, queued.id)
        await pool().execute("UPDATE bulk_operation SET lease_until = '2000-01-01'")
    assert not await claim(actor.account_id, queued.id)
    failed = await now(actor, queued.id)
    assert failed.status is OperationStatus.FAILED
    assert failed.error


async def test_a_second_worker_is_no_second_attempt(db: None) -> None:
    """Whoever joins under a valid lease counts for nothing."""
    actor = await crowd(1)
    queued = await bulk_change_status(actor, OUT)
    for _ in range(20):
        assert await claim(actor.account_id, queued.id)
    assert await pool().fetchval("SELECT attempts FROM bulk_operation") == 1


async def test_what_is_stranded(db: None) -> None:
    """QUEUED, or RUNNING under a lease that ran out; not what is worked on or finished."""
    actor = await crowd(1)
    queued = await bulk_change_status(actor, OUT)
    assert [one.operation_id for one in await stranded()] == [queued.id]
    await claim(actor.account_id, queued.id)
    assert await stranded() == []
    await pool().execute("UPDATE bulk_operation SET lease_until = now() - interval '1 second'")
    assert [one.operation_id for one in await stranded()] == [queued.id]
    await work_off(actor, queued.id)
    assert await stranded() == []


async def test_a_selection_emptied_meanwhile(db: None) -> None:
    """Nobody left when the work starts: COMPLETED with a total of 0."""
    actor = await crowd(1)
    queued = await bulk_change_status(actor, OUT)
    await pool().execute("DELETE FROM contact")
    done = await work_off(actor, queued.id)
    assert (done.status, done.total, done.progress) == (OperationStatus.COMPLETED, 0, 1)


async def test_a_cancellation_while_the_selection_is_written_down(db: None) -> None:
    """Whoever comes first, no part is left behind and nobody is changed."""
    actor = await crowd(30)
    for _ in range(10):
        queued = await bulk_change_status(actor, OUT)
        await claim(actor.account_id, queued.id)
        await asyncio.gather(write_down.write_down(actor.account_id, queued.id), cancel(actor, queued.id))
        assert await run_part(actor.account_id, queued.id) is Step.FINISHED
        assert (await now(actor, queued.id)).status is OperationStatus.CANCELED
        assert await parts(actor) == []
    assert await pool().fetchval("SELECT count(*) FROM ledger") == 0
