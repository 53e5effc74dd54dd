"""One-click posts (RFC 8058) while an import and a bulk change run in the same account, and in a burst.

`python -m bench.recipients` measures these alone; `python -m bench.recipients 20000` in a smaller account.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlsplit
from uuid import UUID

from rich.console import Console
from rich.table import Table

from bench.bulk import actor_of, awake
from bench.data import account
from bench.imports import COLUMNS, EVIDENCE, HEADER, rows
from bench.servers import connected, process, servers, serving
from domain.actor import Actor
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.operation import Operation
from domain.bulk.queries import operations
from domain.bulk.values import BulkStatus
from domain.contacts.selection import Selection
from domain.files import uploads
from domain.imports.import_contacts import NewImport, import_contacts
from domain.imports.source import Uploaded
from domain.infra.db import pool
from domain.recipients.tokens import Purpose, issue

CONTACTS, BURST, CONNECTIONS = 100_000, 10_000, 64
PACE = 0.04
"""Seconds between two clicks while jobs run: a mailing of a hundred thousand has no more at its height."""
_BODY = b"List-Unsubscribe=One-Click"
_ADDRESSES = """
SELECT id FROM address WHERE account_id = $1 AND channel = 'EMAIL' AND consent <> 'OPTED_OUT' ORDER BY hash LIMIT $2
"""
_APPLIED = """
SELECT count(*) FROM address WHERE account_id = $1 AND consent = 'OPTED_OUT' AND id = ANY ($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Clicks:
    """How many, of which so many were applied; seconds each took, sorted; seconds for all."""

    applied: int
    taken: Sequence[float]
    seconds: float

    def share(self, part: float) -> str:
        """Milliseconds that this part of them took at most."""
        return f"{self.taken[int(part * (len(self.taken) - 1))] * 1000:.1f}"


async def measure(account_id: UUID, another: UUID) -> dict[str, Clicks]:
    """Clicks one after another when nothing else is going on, the same while jobs run, and a burst."""
    actor, neighbour = actor_of(account_id), actor_of(another)
    ids = [row["id"] for row in await pool().fetch(_ADDRESSES, account_id, 2 * BURST)]
    others = [row["id"] for row in await pool().fetch(_ADDRESSES, another, BURST)]
    with ExitStack() as stack:
        url = stack.enter_context(serving("-m", "cli.main", "api", ready="/healthz"))
        stack.enter_context(process("-m", "cli.main", "worker"))
        await awake()
        await _paced(url, actor, ids[:50], asyncio.Event())
        quiet = await _paced(url, actor, ids[50:550], asyncio.Event())
        jobs = [await _import(actor), await _bulk(actor)]
        done = asyncio.Event()
        watch = asyncio.create_task(_watch(actor, jobs, done))
        busy, beside = await asyncio.gather(
            _paced(url, actor, ids[550:BURST], done), _paced(url, neighbour, others, done)
        )
        await watch
        return {
            "nothing else going on": quiet,
            "an import and a bulk opt-in of the same people run": busy,
            "the same, for another account's recipients": beside,
            f"a burst over {CONNECTIONS} connections": await _burst(url, actor, ids[BURST:]),
        }


async def _paced(url: str, actor: Actor, ids: Sequence[UUID], done: asyncio.Event) -> Clicks:
    taken: list[float] = []
    clicks = set()
    began = perf_counter()
    for turn, address_id in enumerate(ids):
        if done.is_set():
            break
        clicks.add(asyncio.create_task(_click(await _connect(url), _path(actor, address_id), taken)))
        await asyncio.sleep(max(0.0, began + (turn + 1) * PACE - perf_counter()))
    await asyncio.gather(*clicks)
    return await _counted(actor, ids[: len(taken)], taken, perf_counter() - began)


async def _burst(url: str, actor: Actor, ids: Sequence[UUID]) -> Clicks:
    taken: list[float] = []
    left = iter(ids)

    async def hammer() -> None:
        connection = await _connect(url)
        for address_id in left:
            await _click(connection, _path(actor, address_id), taken, last=False)
        connection[1].close()

    began = perf_counter()
    await asyncio.gather(*(hammer() for _ in range(CONNECTIONS)))
    return await _counted(actor, ids, taken, perf_counter() - began)


async def _counted(actor: Actor, ids: Sequence[UUID], taken: list[float], seconds: float) -> Clicks:
    applied = await pool().fetchval(_APPLIED, actor.account_id, list(ids))
    return Clicks(int(applied), sorted(taken), seconds)


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connect(url: str) -> _Connection:
    place = urlsplit(url)
    return await asyncio.open_connection(place.hostname, place.port)


async def _click(connection: _Connection, path: str, taken: list[float], *, last: bool = True) -> None:
    reader, writer = connection
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    began = perf_counter()
    writer.write(f"{head}Content-Length: {len(_BODY)}\r\n\r\n".encode() + _BODY)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))
    taken.append(perf_counter() - began)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(answer.decode())
    if last:
        writer.close()


def _path(actor: Actor, address_id: UUID) -> str:
    return f"/u/{issue(Purpose.UNSUBSCRIBE, actor.account_id, address_id)}"


async def _import(actor: Actor) -> Operation:
    async def chunks() -> AsyncIterator[bytes]:
        yield f"{HEADER}\n".encode()
        for line in rows(CONTACTS):
            yield f"{line}\n".encode()

    announced = await uploads.create_upload(actor, "list.csv")
    await uploads.receive(announced, chunks())
    return await import_contacts(actor, NewImport(Uploaded(announced.id), True, EVIDENCE, COLUMNS))


async def _bulk(actor: Actor) -> Operation:
    change = BulkChange(Selection(everyone=True), BulkStatus.OPTED_IN, evidence=EVIDENCE)
    return await bulk_change_status(actor, change)


async def _watch(actor: Actor, jobs: Sequence[Operation], done: asyncio.Event) -> None:
    found = {job.id: job for job in jobs}
    while not all(job.finished for job in found.values()):
        await asyncio.sleep(0.1)
        found = await operations(actor, list(found))
    done.set()


def table(found: dict[str, Clicks]) -> Table:
    """The figures beside their limits."""
    made = Table("One-click posts", "clicks", "applied", "per s", "median ms", "p99 ms", title="all applied; p99 < 100")
    for words, clicks in found.items():
        count = len(clicks.taken)
        rate = f"{count / clicks.seconds:,.0f}"
        made.add_row(words, f"{count:,}", f"{clicks.applied:,}", rate, clicks.share(0.5), clicks.share(0.99))
    return made


@connected()
async def _main(contacts: int) -> None:
    async with pool().acquire() as connection:
        accounts = [await account(connection, contacts) for _ in range(2)]
    await pool().execute("VACUUM ANALYZE")
    Console(width=120).print(table(await measure(*accounts)))


if __name__ == "__main__":
    with servers():
        asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else CONTACTS))
