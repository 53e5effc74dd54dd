"""`python -m bench.hostile`: what each of the hostile documents of tests/fuzz costs the process, and what stays."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import process_time

from rich.console import Console
from rich.table import Table

from bench.asgi import post
from bench.bulk import actor_of
from bench.data import account
from bench.servers import connected, servers
from domain.accounts.keys import ALL_SCOPES, create_key
from domain.infra import db, log
from domain.infra.settings import settings
from tests.fuzz.hostile import hostile

KEY = "a key that is used by the bench alone"
CONTACTS = 2_000


@asynccontextmanager
async def application(contacts: int) -> AsyncIterator[None]:
    """The application with an account of so many contacts, and its key."""
    os.environ |= {"ASSENT_RATE_RESTORE": os.environ.get("ASSENT_RATE_RESTORE", "1000000000")}
    settings.cache_clear()  # they were read before the servers were there
    log.configure("ERROR")
    async with connected():
        async with db.pool().acquire() as connection:
            opened = await account(connection, contacts)
        await create_key(actor_of(opened), "bench", ALL_SCOPES, KEY)
        await db.pool().execute("VACUUM ANALYZE")
        gc.freeze()  # as the application does when it starts
        yield


async def _measure(rounds: int) -> None:
    documents = hostile()
    async with application(CONTACTS):
        for content in documents.values():
            await post(content, KEY)
        before = _held()
        taken: dict[str, float] = {}
        statuses: dict[str, int] = {}
        for _ in range(rounds):
            for name, content in documents.items():
                began = process_time()
                statuses[name] = (await post(content, KEY)).status
                taken[name] = min(taken.get(name, 9.0), process_time() - began)
        table = Table(f"the slowest of {len(documents)} hostile documents", "status", "ms of CPU", "goal")
        for name in sorted(taken, key=lambda one: -taken[one])[:15]:
            table.add_row(name, str(statuses[name]), f"{taken[name] * 1000:.1f}", "< 100")
        table.add_row("memory after, less before", "", f"{(_held() - before) / 1e6:.1f} MB", "flat")
        Console(width=110).print(table)


def _held() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    with servers():
        asyncio.run(_measure(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
