"""How long from a mutation until a worker has committed its first part."""

from statistics import quantiles
from time import perf_counter
from uuid import UUID

from bench.bulk import actor_of, awake, finish
from bench.servers import process
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.values import BulkStatus
from domain.contacts.selection import Selection
from domain.infra.db import pool

RINGS = 60


async def latencies(account_id: UUID) -> tuple[float, float]:
    """The median and the 95th percentile in seconds, of small operations one after another."""
    contact = await pool().fetchval("SELECT contact_id FROM contact_state WHERE account_id = $1 LIMIT 1", account_id)
    actor, one = actor_of(account_id), Selection(ids=[contact])
    seconds = []
    with process("-m", "cli.main", "worker"):
        await awake()
        for turn in range(RINGS):
            status = BulkStatus.ARCHIVED if turn % 2 else BulkStatus.ACTIVE
            began = perf_counter()
            await finish(actor, await bulk_change_status(actor, BulkChange(one, status)))
            seconds.append(perf_counter() - began)
    cuts = quantiles(seconds[2:], n=20)
    return cuts[9], cuts[18]
