"""Imports whose workers are killed, stopped, doubled and canceled: each contact is made once, no opt-out is lost."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator

import pytest

from domain.actor import Actor
from domain.bulk.cancel import cancel
from domain.bulk.operation import Operation
from domain.bulk.values import OperationStatus
from domain.consent.opt_out import opt_out
from domain.errors import DomainError
from domain.files import uploads
from domain.imports.import_contacts import NewImport, import_contacts
from domain.imports.source import Uploaded
from domain.imports.staging import sweep_staging
from domain.infra.db import pool
from tests.domain.contacts.people import account, counts_are_exact, person
from tests.domain.imports.importing import EVIDENCE
from tests.flows.crew import now, until, working

ROWS = 24_000
KNOWN = 40
"""Contacts that are there before; every other one of them opted out."""


@pytest.fixture
async def actor(db: None, redis: None) -> Actor:
    """An account with a few people in it."""
    actor = await account()
    for i in range(KNOWN):
        known = await person(actor, f"p{i * 250}@example.com")
        if i % 2:
            await opt_out(actor, known)
    return actor


async def queued(actor: Actor, rows: int = ROWS, *, dry_run: bool = False) -> Operation:
    """An import of so many rows, a tenth of which cannot be used, waiting for a worker."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"email,name,mobile\n"
        for i in range(rows):
            yield (f"bad{i}@,,\n" if i % 10 == 9 else f"p{i}@example.com,Person {i},+1415{i % 9000000:07d}\n").encode()

    announced = await uploads.create_upload(actor, "list.csv")
    await uploads.receive(announced, chunks())
    wish = NewImport(Uploaded(announced.id), granted=True, evidence=EVIDENCE, dry_run=dry_run)
    return await import_contacts(actor, wish)


async def assert_whole(actor: Actor, asked: Operation, rows: int = ROWS) -> None:
    """Each row did what it should, once; the counts, the ledger and the report say so."""
    done = await now(actor, asked)
    assert done.status is OperationStatus.COMPLETED
    assert done.total == done.processed == rows
    assert done.failed == rows // 10
    assert done.skipped == 0
    assert done.counts["created"] == rows - rows // 10 - KNOWN
    assert await pool().fetchval("SELECT count(*) FROM contact") == rows - rows // 10
    twice = await pool().fetchval(
        "SELECT count(*) FROM (SELECT contact_id, address_id, action FROM ledger WHERE operation_id = $1"
        " GROUP BY 1, 2, 3 HAVING count(*) > 1) t",
        asked.id,
    )
    assert twice == 0
    entries = await pool().fetch(
        "SELECT action, count(*) AS n FROM ledger WHERE operation_id = $1 GROUP BY 1", asked.id
    )
    found = {row["action"]: row["n"] for row in entries}
    created = done.counts["created"]
    assert found["CONTACT_CREATED"] == created
    assert found["ADDRESS_ADDED"] == 2 * created + KNOWN
    assert found["OPT_IN"] == created + KNOWN // 2
    assert (
        await pool().fetchval(
            "SELECT count(*) FROM bulk_refusal WHERE operation_id = $1 AND code = 'INVALID'", asked.id
        )
        == rows // 10
    )
    assert await pool().fetchval("SELECT count(*) FROM bulk_part") == 0
    out = "SELECT count(*) FROM address WHERE consent = 'OPTED_OUT'"
    assert await pool().fetchval(out) == KNOWN // 2
    await pool().execute("ANALYZE contact_state, contact_point, address, summary_delta")
    await counts_are_exact(actor)
    await sweep_staging()
    assert await pool().fetchval("SELECT count(*) FROM pg_tables WHERE tablename ~ '^import_[0-9a-f]{32}$'") == 0


async def reached(actor: Actor, asked: Operation) -> tuple[int, int]:
    """How far it has come: batches read, rows merged."""
    batches = await pool().fetchval("SELECT batches FROM import_progress WHERE operation_id = $1", asked.id)
    found = await now(actor, asked)
    return batches or 0, 10**9 if found.finished else found.processed


async def gets_on(actor: Actor, asked: Operation, before: tuple[int, int]) -> None:
    """Wait until it has come further."""
    async with asyncio.timeout(60):
        while await reached(actor, asked) == before:
            await asyncio.sleep(0.005)


async def test_killed_at_every_stage(actor: Actor) -> None:
    """Killed while it reads, stages, settles and merges, again and again, it ends whole."""
    chance = random.Random(31)
    asked = await queued(actor)
    reading = merging = 0
    while not (await now(actor, asked)).finished:
        before = await reached(actor, asked)
        async with working() as [worker]:
            await gets_on(actor, asked, before)
            await asyncio.sleep(chance.uniform(0, 0.4))
            await worker.kill()
        found = await now(actor, asked)
        reading, merging = reading + (found.total is None), merging + (found.total is not None)
    await assert_whole(actor, asked)
    assert reading
    assert merging > 2


async def test_two_workers_of_which_one_is_always_being_killed(actor: Actor) -> None:
    """Whatever the one leaves behind the other takes up; SIGTERM loses nothing either."""
    chance = random.Random(32)
    asked = await queued(actor)
    async with working():
        while not (await now(actor, asked)).finished:
            before = await reached(actor, asked)
            async with working() as [victim]:
                await gets_on(actor, asked, before)
                await asyncio.sleep(chance.uniform(0, 0.5))
                if chance.random() < 0.3:
                    victim.send(signal.SIGTERM)
                await victim.kill()
    await assert_whole(actor, asked)


async def test_opt_outs_during_an_import_win(actor: Actor) -> None:
    """Whoever opts out while the list that names them comes in ends opted out, and nothing deadlocks."""
    rows = await pool().fetch("SELECT id, email FROM contact ORDER BY id")
    asked = await queued(actor, 10_000)
    async with working():
        for row in rows:
            await opt_out(actor, row["id"])
            await asyncio.sleep(0.05)
        await until(actor, asked, lambda seen: seen.finished, 120)
    stand = await pool().fetch(
        "SELECT DISTINCT a.consent FROM address a JOIN contact_point p ON p.address_id = a.id"
        " WHERE p.contact_id = ANY ($1::uuid[]) AND a.channel = 'EMAIL'",
        [row["id"] for row in rows],
    )
    assert [consent for (consent,) in stand] == ["OPTED_OUT"]
    await pool().execute("ANALYZE contact_state, contact_point, address, summary_delta")
    await counts_are_exact(actor)


async def test_canceled_in_the_middle(actor: Actor) -> None:
    """It stops before the next part; what was done stays, and is on record once."""
    asked = await queued(actor)
    async with working(2):
        await until(actor, asked, lambda seen: seen.finished or seen.changed > 0, 120)
        try:
            await cancel(actor, asked.id)
        except DomainError:
            pytest.skip("it had ended")
        ended = await until(actor, asked, lambda seen: seen.finished)
    assert ended.status is OperationStatus.CANCELED
    created = "SELECT count(*) FROM ledger WHERE operation_id = $1 AND action = 'CONTACT_CREATED'"
    assert await pool().fetchval(created, asked.id) == ended.counts["created"]
    await pool().execute("ANALYZE contact_state, contact_point, address, summary_delta")
    await counts_are_exact(actor)


async def test_canceled_while_it_is_read(actor: Actor) -> None:
    """Nothing is merged of a list that is canceled before it is read whole."""
    asked = await queued(actor)
    await pool().execute("UPDATE bulk_operation SET status = 'RUNNING', lease_until = now() WHERE id = $1", asked.id)
    await cancel(actor, asked.id)
    async with working():
        ended = await until(actor, asked, lambda seen: seen.finished)
    assert (ended.status, ended.changed) == (OperationStatus.CANCELED, 0)
