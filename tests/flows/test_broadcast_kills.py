"""Workers killed while a broadcast runs, servers that go away: nobody gets it twice, and no row is silent about it."""

import asyncio
from typing import Any

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.infra import queue, redis
from domain.infra.db import pool
from domain.mail.stream import LARGEST, MARKED
from domain.messages.deliveries import DeliveryStatus, Report
from tests.flows.audience import (
    PATIENCE,
    Remembering,
    assert_told_truly,
    audience,
    begun_again,
    broadcast,
    ended,
    in_hand,
    some_contact,
)
from tests.flows.crew import Worker, written_down
from tests.mailing import Server, serving

SENT, UNKNOWN = DeliveryStatus.SENT, DeliveryStatus.UNKNOWN
_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND pid <> ALL ($1::integer[]) AND datname = current_database()
"""
_WAITING = "SELECT EXISTS (SELECT FROM mail WHERE status = 'QUEUED')"


async def _came(server: Remembering) -> None:
    async with asyncio.timeout(PATIENCE):
        await server.came.wait()


async def _taken_over(actor: Actor, operation: Operation, server: Server, count: int) -> Report:
    """How it ends once another worker has taken up what the killed one left."""
    await begun_again(actor, operation)
    second = Worker(ASSENT_SMTP_URL=server.url)
    found = await ended(actor, operation, count)
    await second.kill()
    return found


async def test_killed_while_it_judges(db: None, redis: None) -> None:
    """Before the group is committed: nothing was claimed, and everybody gets it from the next worker."""
    actor = await audience(12)
    async with serving(server=Remembering()) as server:
        assert isinstance(server, Remembering)
        held = await some_contact(actor)
        async with pool().acquire() as connection, connection.transaction():
            await connection.execute(
                "SELECT FROM contact_state WHERE account_id = $1 AND contact_id = $2 FOR UPDATE", actor.account_id, held
            )
            operation = await broadcast(actor)
            worker = Worker(ASSENT_SMTP_URL=server.url)
            async with asyncio.timeout(PATIENCE):
                while not await pool().fetchval(
                    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('tuple', 'transactionid'))"
                ):
                    await asyncio.sleep(0.02)
            await worker.kill()
        found = await _taken_over(actor, operation, server, 12)
    await queue.drain()
    assert found.statuses == {SENT: 12}
    await assert_told_truly(actor, server)


async def test_killed_before_anything_was_said(db: None, redis: None) -> None:
    """Marked, and the server not yet told: those few end as UNKNOWN; those claimed with them are sent."""
    actor = await audience(150)
    async with serving(server=Remembering(deaf=True)) as server:
        assert isinstance(server, Remembering)
        operation = await broadcast(actor)
        worker = Worker(ASSENT_SMTP_URL=server.url)
        await _came(server)
        await worker.kill()
        await written_down()
        claimed, marked = await in_hand(actor)
        assert 0 < marked <= 2 * MARKED
        assert claimed <= 2 * LARGEST
        server.go_on()
        found = await _taken_over(actor, operation, server, 150)
    await queue.drain()
    assert found.statuses == {SENT: 150 - marked, UNKNOWN: marked}
    assert len(server.taken) == 150 - marked
    await assert_told_truly(actor, server)


async def test_killed_between_hand_over_and_record(db: None, redis: None) -> None:
    """The server has some of which it has not said so, and others whose end is not written down: all are UNKNOWN."""
    actor = await audience(150)
    async with serving(server=Remembering(hold_after=30)) as server:
        assert isinstance(server, Remembering)
        operation = await broadcast(actor)
        worker = Worker(ASSENT_SMTP_URL=server.url)
        await _came(server)
        await worker.kill()
        await written_down()
        marked = (await in_hand(actor))[1]
        assert marked >= 1
        server.go_on()
        found = await _taken_over(actor, operation, server, 150)
    await queue.drain()
    assert found.statuses == {SENT: 150 - marked, UNKNOWN: marked}
    await assert_told_truly(actor, server)


async def test_killed_while_it_writes_down(db: None, redis: None) -> None:
    """Somebody holds the rows, so no end can be written; killed, they are UNKNOWN, and not sent again."""
    actor = await audience(40)
    async with serving(server=Remembering(hold_after=1)) as server:
        assert isinstance(server, Remembering)
        operation = await broadcast(actor)
        worker = Worker(ASSENT_SMTP_URL=server.url)
        await _came(server)
        async with pool().acquire() as connection, connection.transaction():
            await connection.execute("SELECT FROM mail WHERE account_id = $1 FOR UPDATE", actor.account_id)
            before = len(server.taken)
            server.go_on()
            async with asyncio.timeout(PATIENCE):
                while len(server.taken) == before:
                    await asyncio.sleep(0.02)
            await worker.kill()
        await written_down()
        marked = (await in_hand(actor))[1]
        found = await _taken_over(actor, operation, server, 40)
    await queue.drain()
    assert found.statuses.get(UNKNOWN, 0) <= marked
    assert set(found.statuses) <= {SENT, UNKNOWN}
    await assert_told_truly(actor, server)


async def test_killed_again_and_again(db: None, redis: None) -> None:
    """Three workers die in the middle of it, two more share the rest; Valkey forgets everything each time."""
    actor, marked = await audience(600), 0
    async with serving(server=Remembering()) as server:
        assert isinstance(server, Remembering)
        operation = await broadcast(actor)
        for sent in (50, 200, 350):
            server.hold_after = sent
            server.came.clear()
            server.answer.clear()
            worker = Worker(ASSENT_SMTP_URL=server.url)
            await _came(server)
            await worker.kill()
            await written_down()
            marked += (await in_hand(actor))[1]
            server.go_on()
            await begun_again(actor, operation)
        crew = [Worker(ASSENT_SMTP_URL=server.url) for _ in range(2)]
        found = await ended(actor, operation, 600)
        for worker in crew:
            await worker.kill()
    await queue.drain()
    assert set(found.statuses) <= {SENT, UNKNOWN}
    assert found.statuses.get(UNKNOWN, 0) <= marked
    await assert_told_truly(actor, server)


async def test_servers_go_away_meanwhile(db: None, redis: None) -> None:
    """PostgreSQL cuts every connection of the worker, Valkey forgets everything and cuts too: it goes on by itself."""
    actor = await audience(400)
    async with serving(server=Remembering()) as server:
        assert isinstance(server, Remembering)
        operation = await broadcast(actor)
        worker = await _gone_on(server, 40, Worker(ASSENT_SMTP_URL=server.url))
        await _cut()
        worker = await _gone_on(server, 160, worker)
        await _cut()
        worker = await _gone_on(server, 380, worker)
        await begun_again(actor, operation)
        found = await ended(actor, operation, 400)
        await worker.kill()
    await queue.drain()
    assert set(found.statuses) <= {SENT, UNKNOWN}
    await assert_told_truly(actor, server)


async def _gone_on(server: Remembering, sent: int, worker: Worker) -> Worker:
    """Wait until so many are sent, or none waits any more; a worker that ended is replaced, as a supervisor does."""
    async with asyncio.timeout(PATIENCE):
        while len(server.taken) < sent and (not server.taken or await pool().fetchval(_WAITING)):
            if worker.process.exitcode is not None:
                worker = Worker(ASSENT_SMTP_URL=server.url)
            await asyncio.sleep(0.02)
    return worker


async def _cut() -> None:
    await pool().execute(_CUT, [await pool().fetchval("SELECT pg_backend_pid()")])
    await _cut_valkey()


async def _cut_valkey() -> None:
    client: Any = redis.client()
    await client.flushall()
    await client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
