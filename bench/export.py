"""An export through the real worker, beside COPY of the very same query to nowhere."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from uuid import UUID

from bench.bulk import actor_of, awake, finish
from bench.servers import peak_memory, process
from domain.contacts.selection import Selection, to_json
from domain.contacts.send import Purpose
from domain.exports.export_contacts import EligibleFor, NewExport, export_contacts, rows
from domain.exports.fields import DEFAULT
from domain.exports.query import options
from domain.exports.values import ExportFormat
from domain.infra.db import pool
from domain.values import Channel

ROUNDS = 3
_FOR = EligibleFor(Channel.EMAIL, Purpose.BROADCAST)


@dataclass(frozen=True, slots=True)
class Rates:
    """Contacts a second, in the middle of the rounds; the worker's peak memory in MB."""

    limit: float
    worker: float
    ratio: float
    memory: float


async def rates(account_id: UUID) -> dict[ExportFormat, Rates]:
    """Everyone who may be sent a broadcast, with the default fields, in each format."""
    with ExitStack() as stack:
        worker = stack.enter_context(process("-m", "cli.main", "worker"))
        await awake()
        return {format_: await _rates(account_id, format_, worker.pid) for format_ in ExportFormat}


async def _rates(account_id: UUID, format_: ExportFormat, worker: int) -> Rates:
    rounds = [(await _copy(account_id, format_), await _export(account_id, format_)) for _ in range(ROUNDS)]
    limits, theirs = zip(*rounds, strict=True)
    ratio = median(theirs / limit for limit, theirs in rounds)
    return Rates(median(limits), median(theirs), ratio, peak_memory(worker))


async def _copy(account_id: UUID, format_: ExportFormat) -> float:
    change = {"format": format_, "fields": DEFAULT, "eligible_for": _FOR.to_json()}
    wanted = rows(account_id, change, to_json(Selection(everyone=True)))

    async def nowhere(_data: bytes) -> None:
        await asyncio.sleep(0)

    began = perf_counter()
    async with pool().acquire() as connection:
        tag = await connection.copy_from_query(wanted.text, *wanted.parameters, output=nowhere, **options(format_))
    return int(tag.split()[1]) / (perf_counter() - began)


async def _export(account_id: UUID, format_: ExportFormat) -> float:
    actor = actor_of(account_id)
    began = perf_counter()
    queued = await export_contacts(actor, NewExport(Selection(everyone=True), None, format_, _FOR))
    done = await finish(actor, queued, 0.02)
    return (done.total or 0) / (perf_counter() - began)
