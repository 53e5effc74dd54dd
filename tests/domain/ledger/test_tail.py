"""Following the ledger: one reader a process, any number of followers, nothing missed, nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

import pytest

from domain.actor import Actor
from domain.infra import redis as bell
from domain.infra.db import pool, tx
from domain.infra.settings import settings
from domain.ledger import tail
from domain.ledger.changes import changes
from domain.ledger.events import Event, feed
from domain.ledger.horizon import final_position, lag
from domain.ledger.tail import follow, growth
from tests.domain.consent.population import account, elsewhere

_ENTRIES = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, actor)
SELECT $1, nextval('ledger_position'), now(), 'OPT_IN', 'OPERATOR', 'key:test' FROM generate_series(1, $2)
RETURNING position
"""


@pytest.fixture
async def actor(db: None, redis: None) -> Actor:
    """An account."""
    return await account()


async def entries(actor: Actor, number: int) -> list[int]:
    """Write so many entries, ring, and answer their positions."""
    async with tx() as connection:
        return [row["position"] for row in await connection.fetch(_ENTRIES, actor.account_id, number)]


async def taken(source: AsyncIterator[Sequence[Event]], number: int, pause: float = 0.0) -> list[int]:
    """The positions of the next so many entries, after a pause at each batch."""
    positions: list[int] = []
    async with aclosing(cast(Any, source)) as batches, asyncio.timeout(60):
        async for batch in batches:
            positions += [event.position for event in batch]
            if len(positions) >= number:
                break
            await asyncio.sleep(pause)
    return positions


async def test_fifty_followers_and_a_burst(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has all 2,000 entries once and in order, also those too slow for the buffer; it is read once for all."""
    monkeypatch.setattr(tail, "KEPT", 300)
    monkeypatch.setattr(tail, "BATCH", 100)
    reads = 0

    async def counted(*given: Any, **more: Any) -> list[Event]:
        nonlocal reads
        reads += 1
        return await feed(*given, **more)

    monkeypatch.setattr(tail, "feed", counted)
    start = await final_position()
    followers = [
        asyncio.create_task(taken(follow(actor, start), 2_000, pause=0.02 if n % 10 == 9 else 0.0)) for n in range(50)
    ]
    written = [position for _ in range(20) for position in await entries(actor, 100)]
    for follower in followers:
        assert await follower == written
    # Each for itself would take a thousand.
    assert reads < 500


async def test_without_the_bell_readers_look_by_themselves(actor: Actor) -> None:
    """With Redis away entries arrive all the same, half a second later at most by the reader's own look."""
    await bell.close()
    bell.connect("redis://127.0.0.1:9")
    follower = asyncio.create_task(taken(follow(actor, await final_position()), 6))
    written = await entries(actor, 3)
    written += await entries(actor, 3)
    assert await follower == written
    await bell.close()
    bell.connect(settings().redis_url or "")


async def test_a_transaction_held_open_delays_and_is_measured(actor: Actor) -> None:
    """Nothing above an open writer's position shows until it ends; the lag says for how long; then all, in order."""
    follower = asyncio.create_task(taken(follow(actor, await final_position()), 3))
    async with tx() as connection:
        (early,) = [row["position"] for row in await connection.fetch(_ENTRIES, actor.account_id, 1)]
        late = await elsewhere(entries(actor, 2))
        await elsewhere(lag())
        before = await elsewhere(lag())
        assert before > 0
        assert await elsewhere(final_position()) < early
        assert not follower.done()
        assert await elsewhere(lag()) > before
    assert await follower == [early, *late]
    assert await lag() == 0.0


async def test_a_replay_that_ends(actor: Actor) -> None:
    """With `until`, following ends at that position, whether or not there is an entry at it."""
    written = await entries(actor, 5)
    other = await account()
    beyond = (await entries(other, 2))[0]
    async with asyncio.timeout(20):
        seen = [event.position async for batch in follow(actor, 0, written[2]) for event in batch]
        assert seen == written[:3]
        stretches = [stretch async for stretch in growth(actor, written[2], beyond)]
        assert stretches == [(written[2], beyond)]
        following = asyncio.create_task(_all(follow(actor, written[4], beyond + 2)))
        await entries(other, 3)
        assert await following == []


async def _all(source: AsyncIterator[Sequence[Event]]) -> list[Event]:
    return [event async for batch in source for event in batch]


async def test_the_reader_ends_with_its_last_follower(actor: Actor) -> None:
    """Nobody listens, nothing is read; whoever comes later begins anew."""
    for _ in range(2):
        follower = asyncio.create_task(taken(follow(actor, await final_position()), 1))
        written = await entries(actor, 1)
        assert await follower == written
        assert tail._reader.tails == {}


async def test_pages_of_changes_get_past_any_crowd(actor: Actor) -> None:
    """Contacts who changed at once can be paged one by one: none is missed, and the pages come to an end."""
    address, people = "018f0000-0000-7000-8000-00000000000a", 4
    async with tx() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            """INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
               SELECT $1, uuidv7(), 'SMS', 1, $2::uuid FROM generate_series(1, $3)""",
            actor.account_id,
            address,
            people,
        )
        await connection.execute(
            """INSERT INTO ledger (account_id, position, occurred_at, action, source, actor, address_id, channel)
               VALUES ($1, nextval('ledger_position'), now(), 'OPT_OUT', 'OPERATOR', 'key:test', $2::uuid, 'SMS')""",
            actor.account_id,
            address,
        )
    for size in (1, 2, 3, 4, 5):
        seen, after, more = set(), 0, True
        for _ in range(20):
            page = await changes(actor, size, after)
            seen |= {change.contact_id for change in page.changes}
            after, more = page.upto, page.more
            if not more:
                break
        assert not more
        assert len(seen) == people
    assert (await pool().fetchval("SELECT count(*) FROM ledger WHERE account_id = $1", actor.account_id)) == 1
