"""Lists out and opt-outs in, with workers that are killed on the way."""

import asyncio
from functools import partial

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.values import OperationStatus
from domain.contacts.selection import Selection
from domain.exports.export_contacts import NewExport, export_contacts
from domain.files.stored import content, of_operations
from domain.files.uploads import keep_text
from domain.imports.source import Uploaded
from domain.infra.db import pool
from domain.suppressions.import_suppressions import NewSuppressions, import_suppressions
from tests.domain.consent.population import assert_counts_exact
from tests.flows.crew import CONTACTS, crowd, until, working

KILLS = 3
FIELDS = ("id", "email", "mobile", "tags", "groups", "proof:email", "proof:mobile", "attributes")


async def _completed(actor: Actor, queued: Operation) -> Operation:
    """The operation once it is done, by a worker that nobody kills."""
    async with working():
        done = await until(actor, queued, lambda found: found.finished)
    assert done.status is OperationStatus.COMPLETED
    return done


async def test_a_killed_export_begins_anew(db: None, redis: None) -> None:
    """Killed as soon as it writes, again and again, it leaves no file; then it writes everybody once."""
    actor = await crowd()
    queued = await export_contacts(actor, NewExport(Selection(everyone=True), FIELDS))
    for kill in range(KILLS):
        async with working():
            await until(actor, queued, lambda found: found.status is OperationStatus.RUNNING)
            if kill:
                await _writing()
    assert not await of_operations(actor, [queued.id])
    done = await _completed(actor, queued)
    assert (done.total, done.unchanged) == (CONTACTS, CONTACTS)
    (file,) = (await of_operations(actor, [queued.id])).values()
    lines = b"".join([piece async for piece in content(file)]).splitlines()
    assert len({line.split(b",")[0] for line in lines[1:]}) == len(lines) - 1 == CONTACTS


async def _writing() -> None:
    """Wait until somebody copies."""
    async with asyncio.timeout(30):
        while not await pool().fetchval("SELECT count(*) FROM pg_stat_progress_copy"):
            await asyncio.sleep(0)


def _further(before: Operation, found: Operation) -> bool:
    return found.processed > before.processed


async def test_killed_while_it_brings_opt_outs_in(db: None, redis: None) -> None:
    """Killed between and within batches, no line is counted twice, and no address is withdrawn twice."""
    actor = await crowd()
    values = await pool().fetch(
        "SELECT value FROM address WHERE account_id = $1 AND channel = 'EMAIL'", actor.account_id
    )
    known = [row["value"] for row in values]
    upload = await keep_text(actor, "\n".join([*known, *(f"new{n}@example.com" for n in range(20_000)), "nobody"]))
    queued = await import_suppressions(actor, NewSuppressions(Uploaded(upload.id)))
    reached = queued
    for _ in range(KILLS):
        async with working():
            reached = await until(actor, queued, partial(_further, reached))
    done = await _completed(actor, queued)
    assert (done.total, done.failed) == (len(known) + 20_001, 1)
    assert done.processed == done.total
    await assert_counts_exact(pool(), actor)
    entries = await pool().fetchrow(
        "SELECT count(*), count(DISTINCT address_id) FROM ledger WHERE account_id = $1 AND operation_id = $2",
        actor.account_id,
        queued.id,
    )
    assert tuple(entries) == (done.changed, done.changed)
    refused = "SELECT count(*) FROM bulk_refusal WHERE account_id = $1 AND operation_id = $2"
    assert await pool().fetchval(refused, actor.account_id, queued.id) == 1
