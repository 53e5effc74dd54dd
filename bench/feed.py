"""The feed under a burst, and webhooks against a bad receiver: `python -m bench.feed [ENTRIES [SOCKETS [SOAKED]]]`.

A burst of entries to 50 followers of one process, the same through 50 WebSockets of an API process, and the webhook
soak: a receiver that fails a third of the time, answers slowly, is killed and restarted. All check that everything
arrived, in order, and print how fast.
"""

import asyncio
import json
import os
import sys
from contextlib import aclosing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from aiohttp import web
from rich.console import Console
from rich.table import Table

from bench.bulk import actor_of
from bench.listeners import digest
from bench.servers import connected, peak_memory, process, servers, serving
from domain.accounts.create import create_account
from domain.actor import Actor
from domain.infra import db
from domain.ledger import tail
from domain.ledger.horizon import final_position
from domain.webhooks.create import create_webhook
from domain.webhooks.queries import webhook
from tests.domain.webhooks.receiver import Receiver

FOLLOWERS = 50
ENTRIES = 100_000
PART = 5_000
"""Entries that are committed at once, as a part of a bulk operation is."""
KEY = "a key that is used by the bench alone"
_WRITE = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, actor)
SELECT $1, nextval('ledger_position'), now(), 'OPT_IN', 'BULK', 'key:bench' FROM generate_series(1, $2)
RETURNING position
"""


async def _burst(actor: Actor, number: int) -> list[int]:
    written: list[int] = []
    for begin in range(0, number, PART):
        async with db.tx() as connection:
            rows = await connection.fetch(_WRITE, actor.account_id, min(PART, number - begin))
        written += [row["position"] for row in rows]
    return written


async def _followed(actor: Actor, start: int, number: int) -> list[int]:
    seen: list[int] = []
    async with aclosing(cast(Any, tail.follow(actor, start))) as batches:
        async for batch in batches:
            seen += [event.position for event in batch]
            if len(seen) >= number:
                break
            await asyncio.sleep(0)
    return seen


async def followers(actor: Actor, number: int) -> tuple[float, float]:
    """Seconds to write the burst, and until the last of the followers in this process has all of it."""
    start = await final_position()
    tasks = [asyncio.create_task(_followed(actor, start, number)) for _ in range(FOLLOWERS)]
    await asyncio.sleep(0.5)
    began = perf_counter()
    written = await _burst(actor, number)
    wrote = perf_counter() - began
    for task in tasks:
        assert await task == written
    return wrote, perf_counter() - began


async def sockets(actor: Actor, number: int) -> tuple[float, float, float]:
    """Seconds until the last of the sockets has all of the burst; of CPU; and the most memory of the API, in MB.

    The API, the process of the clients, the database and the writer share this machine.
    """
    with serving("-m", "cli.main", "api", ready="/healthz") as url:
        start = await final_position()
        given = (url, KEY, str(start), str(number), str(FOLLOWERS))
        clients = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.listeners", *given, stdout=asyncio.subprocess.PIPE, limit=1 << 20
        )
        assert clients.stdout is not None
        assert await clients.stdout.readline() == b"ready\n"
        api = await _listening_on(url)
        used = _cpu(api)
        began = perf_counter()
        written = await _burst(actor, number)
        found = json.loads(await clients.stdout.readline())
        await clients.wait()
        assert found["found"] == [[number, digest(written)]] * FOLLOWERS
        return float(found["last"]) - began, _cpu(api) - used, peak_memory(api)


async def _listening_on(url: str) -> int:
    """The process that listens there."""
    return next(child for child in _children(os.getpid()) if url.rsplit(":", 1)[1] == _environment(child).get("PORT"))


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _environment(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _took(batches: int, receiver: Receiver) -> bool:
    return len(receiver.taken) > batches


async def soak(actor: Actor, number: int) -> tuple[float, Receiver]:
    """Seconds until everything is delivered to a receiver that is slow, fails a third of the time, and dies twice."""
    async with Receiver() as receiver:

        async def reply(seen: int) -> web.Response | None:
            await asyncio.sleep(0.02)
            return web.Response(status=500) if seen % 3 == 0 else None

        receiver.slow_reply = reply
        made = await create_webhook(actor, "https://example.com/")
        await db.pool().execute("UPDATE webhook SET url = $2 WHERE account_id = $1", actor.account_id, receiver.url)
        receiver.secret = made.secret
        began = perf_counter()
        with process("-m", "cli.main", "worker", ASSENT_WEBHOOK_ALLOWED_HOSTS="127.0.0.1", ASSENT_WEBHOOK_PAUSE="0.1"):
            written = await _burst(actor, number)
            for part in (1, 2):
                await receiver.until(partial(_took, part * number // 1_500), 600)
                await receiver.stop()
                await asyncio.sleep(1)
                await receiver.start()
            while (await webhook(actor, made.row.id)).delivered_up_to < written[-1]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert list(dict.fromkeys(receiver.positions)) == written
        assert receiver.forged == 0
        return perf_counter() - began, receiver


@connected()
async def _measure(number: int, through_sockets: int, soaked: int) -> None:
    account, _ = await create_account("Bench Ltd", KEY)
    actor = actor_of(account.id)
    table = Table(
        f"A burst to {FOLLOWERS} subscribers, complete and in order", "entries", "seconds", "entries/s", "each"
    )
    wrote, took = await followers(actor, number)
    table.add_row("written", f"{number:,}", f"{wrote:.1f}", f"{number / wrote:,.0f}", "")
    table.add_row("followers in one process", *_row(number, took))
    took, cpu, memory = await sockets(actor, through_sockets)
    table.add_row("WebSockets of one API process", *_row(through_sockets, took))
    table.add_row(f"(the API: {cpu:.1f} s of CPU, at most {memory:.0f} MB)", "", "", "", "")
    Console().print(table)
    if not soaked:
        await tail.close()
        return
    took, receiver = await soak(actor, soaked)
    table = Table("Webhook soak, complete, in order, signed", "requests", "failed", "events/s", "seconds")
    failed = receiver.seen - len(receiver.taken)
    figures = (f"{receiver.seen}", f"{failed}", f"{soaked / took:,.0f}", f"{took:.1f}")
    table.add_row(f"{soaked:,} events; 20 ms an answer; killed twice", *figures)
    Console().print(table)
    await tail.close()


def _row(number: int, took: float) -> tuple[str, str, str, str]:
    return f"{number:,}", f"{took:.1f}", f"{number * FOLLOWERS / took:,.0f} in all", f"{number / took:,.0f}"


def main() -> None:
    """Measure."""
    given = [int(one) for one in sys.argv[1:]] + [ENTRIES] * 3
    with servers():
        asyncio.run(_measure(*given[:3]))


if __name__ == "__main__":
    main()
