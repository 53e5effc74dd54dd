"""Following an operation until its end."""

import asyncio

import pytest

from domain.actor import Actor
from domain.bulk import write_down
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.follow import follow
from domain.bulk.operation import Operation
from domain.bulk.values import BulkStatus, OperationStatus
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode
from tests.domain.bulk.working import crowd, work_off

OUT = BulkChange(Selection(everyone=True), BulkStatus.OPTED_OUT)


async def watched(actor: Actor) -> tuple[list[Operation], Operation]:
    """What a follower saw of an operation, and how that ended."""
    queued = await bulk_change_status(actor, OUT)

    async def watch() -> list[Operation]:
        return [snapshot async for snapshot in follow(actor, queued.id)]

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.2)
    done = await work_off(actor, queued.id)
    return await asyncio.wait_for(watching, 10), done


async def test_the_operation_now_then_each_move_until_the_end(
    db: None, redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First as it stands, then as it grows, and the end last; then the stream ends."""
    monkeypatch.setattr(write_down, "MAX_PART", 10)
    monkeypatch.setattr(write_down, "MIN_PART", 10)
    monkeypatch.setattr("domain.bulk.follow.INTERVAL", 60)
    actor = await crowd(60)
    seen, done = await watched(actor)
    assert seen[0].status is OperationStatus.QUEUED
    assert seen[-1] == done
    assert [snapshot.processed for snapshot in seen] == sorted(snapshot.processed for snapshot in seen)
    assert len(seen) > 3


async def test_without_redis_it_looks_by_itself(db: None) -> None:
    """A lost bell delays a follower by a second and loses nothing."""
    seen, done = await watched(await crowd(1))
    assert seen[-1] == done


async def test_a_finished_operation_is_one_snapshot(db: None, redis: None) -> None:
    """There is nothing to wait for."""
    actor = await crowd(1)
    done = await work_off(actor, (await bulk_change_status(actor, OUT)).id)
    assert [snapshot async for snapshot in follow(actor, done.id)] == [done]


async def test_an_unknown_operation(db: None) -> None:
    """Also another account's: NOT_FOUND."""
    actor, stranger = await crowd(1), await crowd(1)
    queued = await bulk_change_status(actor, OUT)
    with pytest.raises(DomainError) as caught:
        await anext(follow(stranger, queued.id))
    assert caught.value.code is ErrorCode.NOT_FOUND
