"""Lists, cards and single changes on a large account: alone, while a bulk change runs, and while a list comes in.

`python -m bench.scale 1000000`; server time is what a client on the same machine waits.
"""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from statistics import quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import httpx2
from rich.console import Console
from rich.table import Table

from api.relay import global_id
from bench import bulk, export, imports
from bench.bulk import actor_of, awake, finish
from bench.data import account
from bench.servers import connected, process, servers, serving
from domain.accounts.keys import ALL_SCOPES, create_key
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.values import BulkStatus
from domain.contacts.selection import Selection
from domain.infra.db import pool

KEY = "a key that is used by the bench alone"
PAGE, DEEP = 50, 10_000
TURNS = 100
_LIST = "{ nodes { id name email } pageInfo { hasNextPage endCursor } }"
_FIRST = f"query Page($after: String) {{ contacts(first: {PAGE}, after: $after) {_LIST} }}"
_SEARCH = f"query Search($text: String!) {{ contacts(first: {PAGE}, search: $text) {_LIST} }}"
_SKIP = "query Skip($after: String) { contacts(first: 250, after: $after) { pageInfo { endCursor } } }"
_CARDS = """{ contactSummary { total active archived optedIn optedOut subscribed undeliverable
  byConsent { channel consent count } } }"""
_OPT_OUT = """mutation Out($id: ID!) { optOutContact(input: { contactId: $id }) { events { action }
  userErrors { code message } } }"""

Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]


@connected()
async def measure(contacts: int) -> None:
    """Fill two accounts, and measure everything on them, one table at a time."""
    console = Console(width=120)
    accounts = []
    for _ in range(2):
        async with pool().acquire() as connection:
            accounts.append(await account(connection, contacts))
    await pool().execute("VACUUM ANALYZE")
    await create_key(actor_of(accounts[0]), "bench", ALL_SCOPES, KEY)
    with serving("-m", "cli.main", "api", ready="/healthz") as url:
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {KEY}"}, timeout=60) as client:
            ask = _asker(client, url)
            console.print(await _reading(ask, contacts))
            console.print(await _exporting(accounts[0]))
            for workers in (1, 2):
                console.print(await _changing(ask, accounts, workers))
            console.print(await _cards_during_import(ask, accounts[0], contacts))


def _asker(client: httpx2.AsyncClient, url: str) -> Ask:
    async def ask(query: str, variables: dict[str, Any]) -> Any:
        answer = await client.post(f"{url}/graphql", json={"query": query, "variables": variables})
        found = answer.json()
        assert "errors" not in found, found
        return found["data"]

    return ask


async def _reading(ask: Ask, contacts: int) -> Table:
    after = None
    for _ in range(min(contacts // 2, PAGE * DEEP) // 250):
        after = (await ask(_SKIP, {"after": after}))["contacts"]["pageInfo"]["endCursor"]
    chance = random.Random(1)
    table = Table(f"Reading, {contacts:,} contacts", "p50 ms", "p95 ms", "goal, p95")
    asked: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
        "cards": lambda: (_CARDS, {}),
        "first page": lambda: (_FIRST, {}),
        f"page {min(DEEP, contacts // 2 // PAGE):,}": lambda: (_FIRST, {"after": after}),
        "search, a whole email": lambda: (_SEARCH, {"text": f"person{chance.randrange(contacts)}@example.com"}),
        "search, part of a name": lambda: (
            _SEARCH,
            {"text": f"st{chance.randrange(997)} last{chance.randrange(9973)}"},
        ),
        "search, a common word": lambda: (_SEARCH, {"text": "example"}),
    }
    for name, make in asked.items():
        table.add_row(name, *await _times(ask, make), "< 50")
    return table


async def _times(ask: Ask, make: Callable[[], tuple[str, dict[str, Any]]], turns: int = TURNS) -> tuple[str, str]:
    taken = []
    for _ in range(turns):
        query, variables = make()
        began = perf_counter()
        await ask(query, variables)
        taken.append((perf_counter() - began) * 1_000)
    return _middle_and_most(taken)


def _middle_and_most(taken: list[float], most: int = 95) -> tuple[str, str]:
    hundredths = quantiles(taken, n=100)
    return f"{hundredths[49]:.1f}", f"{hundredths[most - 1]:.1f}"


async def _exporting(account_id: UUID) -> Table:
    table = Table("Export of those who may be sent a broadcast", "COPY rows/s", "worker rows/s", "ratio", "memory")
    for format_, found in (await export.rates(account_id)).items():
        table.add_row(
            format_, f"{found.limit:,.0f}", f"{found.worker:,.0f}", f"{found.ratio:.2f}", f"{found.memory:.0f} MB"
        )
    return table


async def _changing(ask: Ask, accounts: list[UUID], workers: int) -> Table:
    """A bulk opt-out beside the statement; then once more, while single contacts are opted out of the same account."""
    table = Table(f"Bulk opt-out, {workers} worker(s)", "rows/s", "ratio", "memory", "goal")
    found = await bulk.rates(accounts, workers)
    table.add_row("one hand-written statement", f"{found.limit:,.0f}", "1", "", "")
    goal = "≥ 0.5" if workers == 1 else "≥ 0.9"
    table.add_row("the worker", f"{found.worker:,.0f}", f"{found.ratio:.2f}", f"{found.memory:.0f} MB", goal)
    taken = await _singles(ask, accounts[0], workers)
    await pool().execute(bulk.RESET, accounts[0])
    await pool().execute("VACUUM address")
    table.add_row(
        f"{len(taken):,} single opt-outs meanwhile, p50 and p99 ms", *_middle_and_most(taken, 99), "", "< 100"
    )
    return table


async def _singles(ask: Ask, account_id: UUID, workers: int) -> list[float]:
    actor = actor_of(account_id)
    rows = await pool().fetch("SELECT id FROM contact WHERE account_id = $1 ORDER BY random() LIMIT 20000", account_id)
    ids = iter([row["id"] for row in rows])
    taken = []
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(process("-m", "cli.main", "worker"))
        await awake(workers)
        queued = await bulk_change_status(actor, BulkChange(Selection(everyone=True), BulkStatus.OPTED_OUT))
        running = asyncio.create_task(finish(actor, queued, 0.2))
        while not running.done():
            began = perf_counter()
            await ask(_OPT_OUT, {"id": global_id("Contact", next(ids))})
            taken.append((perf_counter() - began) * 1_000)
            await asyncio.sleep(0.02)
        await running
    return taken


async def _cards_during_import(ask: Ask, account_id: UUID, contacts: int) -> Table:
    table = Table("The cards while a list comes in", "p50 ms", "p95 ms", "goal, p95")
    with process("-m", "cli.main", "worker"):
        await awake()
        running = asyncio.create_task(imports.bring(actor_of(account_id), contacts // 10))
        taken = []
        while not running.done():
            began = perf_counter()
            await ask(_CARDS, {})
            taken.append((perf_counter() - began) * 1_000)
            await asyncio.sleep(0.05)
        await running
    table.add_row(f"import of {contacts // 10:,} rows", *_middle_and_most(taken), "< 50")
    return table


if __name__ == "__main__":
    with servers():
        asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
