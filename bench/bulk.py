"""A bulk opt-out through the real worker, beside the same change as one hand-written statement."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from uuid import UUID

from bench.servers import peak_memory, process
from domain.actor import Actor, Scope
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.operation import Operation
from domain.bulk.queries import operations
from domain.bulk.values import BulkStatus, OperationStatus
from domain.contacts.selection import Selection
from domain.infra import queue, redis
from domain.infra.db import pool

ROUNDS = 3
# No locks, no refusals, no counts, no progress, nothing to resume: the least that the change itself takes.
_LIMIT = """
WITH moved AS (
  UPDATE address a SET consent = 'OPTED_OUT', consent_at = $2, proof = nextval('ledger_position')
    FROM contact_point p JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
   WHERE p.account_id = $1 AND p.channel = 'EMAIL' AND a.account_id = $1 AND a.id = p.address_id
     AND a.consent <> 'OPTED_OUT' AND s.lifecycle = 'ACTIVE'
  RETURNING p.contact_id, a.id, a.proof, old.consent
)
INSERT INTO ledger (account_id, position, occurred_at, action, source, channel, consent_from, consent_to,
                    contact_id, address_id, operation_id, actor)
SELECT $1, proof, $2, 'OPT_OUT', 'BULK', 'EMAIL', consent, 'OPTED_OUT', contact_id, id, $1, 'key:bench' FROM moved
"""
RESET = """
UPDATE address SET consent = 'NON_MARKETABLE', consent_at = NULL, proof = NULL
 WHERE account_id = $1 AND proof IS NOT NULL
"""
"""Takes the account's permissions back to where a bench began; nothing else may."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Changed addresses a second, in the middle of the rounds; the worker's peak memory in MB."""

    limit: float
    worker: float
    ratio: float
    memory: float


def actor_of(account_id: UUID) -> Actor:
    """An actor who may do everything."""
    return Actor(account_id, "key:bench", frozenset(Scope))


async def finish(actor: Actor, queued: Operation, pause: float = 0.002) -> Operation:
    """Wait for the end of an operation."""
    found = queued
    while not found.finished:
        await asyncio.sleep(pause)
        found = (await operations(actor, [queued.id]))[queued.id]
    assert found.status is OperationStatus.COMPLETED, found
    return found


async def rates(accounts: Sequence[UUID], workers: int = 1) -> Rates:
    """Opt two accounts out, one each way, turn about, and put them back each time."""
    rounds = []
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(process("-m", "cli.main", "worker")) for _ in range(workers)]
        await awake(workers)
        for turn in range(ROUNDS):
            by_hand, by_worker = accounts[turn % 2], accounts[1 - turn % 2]
            rounds.append((await _by_hand(by_hand), await _by_worker(by_worker)))
            for account_id in accounts:
                await pool().execute(RESET, account_id)
            await pool().execute("VACUUM address")
        memory = peak_memory(first.pid)
    limits, theirs = zip(*rounds, strict=True)
    return Rates(median(limits), median(theirs), median(worker / limit for limit, worker in rounds), memory)


async def awake(workers: int = 1) -> None:
    """Wait for so many workers."""
    alive = 0
    while alive < workers:
        await asyncio.sleep(0.05)
        alive = len([key async for key in redis.client().scan_iter(match=f"{queue.ALIVE}*")])


async def _by_hand(account_id: UUID) -> float:
    await pool().execute("CHECKPOINT")
    began = perf_counter()
    answer = await pool().execute(_LIMIT, account_id, datetime.now(UTC))
    return int(answer.split()[-1]) / (perf_counter() - began)


async def _by_worker(account_id: UUID) -> float:
    await pool().execute("CHECKPOINT")
    actor = actor_of(account_id)
    began = perf_counter()
    queued = await bulk_change_status(actor, BulkChange(Selection(everyone=True), BulkStatus.OPTED_OUT))
    await finish(actor, queued, 0.02)
    seconds = perf_counter() - began
    entries = await pool().fetchval(
        "SELECT count(*) FROM ledger WHERE account_id = $1 AND operation_id = $2", account_id, queued.id
    )
    return int(entries) / seconds
