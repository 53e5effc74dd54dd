"""`python -m bench`: measure what is claimed, print it, and leave nothing behind."""

import asyncio
import sys
from collections.abc import Sequence
from uuid import UUID

from rich.console import Console
from rich.table import Table

from bench import bell, bulk, export, http, imports
from bench.data import account
from bench.servers import connected, servers
from domain.infra import db
from domain.infra.settings import settings

CONTACTS = 100_000
_console = Console(width=110)


@connected()
async def _measure(contacts: int) -> None:
    accounts = []
    for _ in range(2):
        async with db.pool().acquire() as connection:
            accounts.append(await account(connection, contacts))
    await db.pool().execute("VACUUM ANALYZE")
    await _export(accounts[0])  # first: after the opt-outs nobody may be sent anything
    await _bulk(accounts, contacts)
    await _bell(accounts[0])
    await _http(accounts[0])
    _console.print(imports.table({size: await imports.rates(size) for size in imports.SIZES}))


async def _bulk(accounts: Sequence[UUID], contacts: int) -> None:
    title = f"Bulk opt-out of {contacts:,} contacts"
    table = Table(title, "rows/s", "ratio", "peak memory", "goal")
    one = await bulk.rates(accounts, 1)
    table.add_row("one hand-written statement", f"{one.limit:,.0f}", "1", "", "the limit")
    table.add_row("1 worker, mutation to COMPLETED", *_rates(one), "≥ 0.5, < 200 MB")
    table.add_row("2 workers", *_rates(await bulk.rates(accounts, 2)), "")
    _console.print(table)


async def _export(account_id: UUID) -> None:
    title = "Export of those who may be sent a broadcast"
    table = Table(title, "COPY of the same query", "1 worker, mutation to file", "ratio", "peak memory", "goal")
    for format_, found in (await export.rates(account_id)).items():
        figures = (f"{found.limit:,.0f}", f"{found.worker:,.0f}", f"{found.ratio:.2f}", f"{found.memory:.0f} MB")
        table.add_row(format_, *figures, "≥ 0.5")
    _console.print(table)


def _rates(found: bulk.Rates) -> tuple[str, str, str]:
    return f"{found.worker:,.0f}", f"{found.ratio:.2f}", f"{found.memory:.0f} MB"


async def _bell(account_id: UUID) -> None:
    median, most = await bell.latencies(account_id)
    delay = settings().poll_delay
    table = Table("The bell: mutation to first part committed", "ms", "poll delays", "goal")
    table.add_row("median", f"{median * 1000:.0f}", f"{median / delay:.1f}", "")
    table.add_row("p95", f"{most * 1000:.0f}", f"{most / delay:.1f}", "≤ 3")
    _console.print(table)


async def _http(account_id: UUID) -> None:
    table = Table(
        "Over HTTP, beside bare Starlette", "at once", "bare rps", "p95 ms", "ours rps", "p95 ms", "ratio", "goal"
    )
    for (name, connections), (bare, ours) in sorted((await http.loads(account_id)).items()):
        goal = "≥ 0.45" if name == "optInContact" else ""
        figures = (f"{load.rate:,.0f}" if n == 0 else f"{load.p95:.1f}" for load in (bare, ours) for n in (0, 1))
        table.add_row(name, str(connections), *figures, f"{ours.rate / bare.rate:.2f}", goal)
    _console.print(table)


def main() -> None:
    """Run everything; `python -m bench 20000` takes a smaller crowd."""
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else CONTACTS
    with servers():
        asyncio.run(_measure(contacts))


if __name__ == "__main__":
    main()
