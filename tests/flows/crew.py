"""Worker processes that tests start, kill and start again, and a crowd large enough to be interrupted."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from cli.embedded.process import die_with_parent
from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.queries import operation
from domain.infra.db import pool
from domain.infra.log import configure
from domain.infra.settings import settings
from tests.domain.bulk.working import assert_exactly_once
from tests.domain.consent.population import RECOUNT, account, assert_counts_exact
from workers.main import run

CONTACTS = 20_000
_HASTY = {"ASSENT_LEASE": "0.5", "ASSENT_LOG_LEVEL": "CRITICAL"}
# A tenth opted out, a twentieth archived, some without an address, some with a second, and phones shared by two.
_CROWD = f"""
WITH person AS MATERIALIZED (
  SELECT n, uuidv7() AS id, uuidv7() AS email, uuidv7() AS email2 FROM generate_series(1, {CONTACTS}) AS n
), phone AS MATERIALIZED (
  SELECT n, uuidv7() AS id FROM generate_series(1, {CONTACTS} / 4) AS n
), contacts AS (
  INSERT INTO contact (account_id, id, updated_at) SELECT $1, id, now() FROM person
), states AS (
  INSERT INTO contact_state (account_id, contact_id, lifecycle, topic_on)
  SELECT $1, id, (CASE WHEN n % 20 = 0 THEN 'ARCHIVED' ELSE 'ACTIVE' END)::lifecycle, true FROM person
), point AS (
  SELECT id, 'EMAIL'::channel AS channel, 1 AS slot, email AS address_id FROM person WHERE n % 50 <> 0
  UNION ALL SELECT id, 'EMAIL', 2, email2 FROM person WHERE n % 10 = 3
  UNION ALL SELECT p.id, 'SMS', 1, f.id FROM person p JOIN phone f ON f.n = p.n % ({CONTACTS} / 2)
), addresses AS (
  INSERT INTO address (account_id, id, channel, consent, hash, value)
  SELECT $1, address_id, channel,
         (CASE WHEN get_byte(uuid_send(address_id), 15) < 26
          THEN 'OPTED_OUT' ELSE 'NON_MARKETABLE' END)::consent_status,
         sha256(uuid_send(address_id)), address_id || '@example.com'
    FROM (SELECT DISTINCT address_id, channel FROM point) AS a
)
INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
SELECT $1, id, channel, slot, address_id FROM point
"""


async def crowd() -> Actor:
    """An account of CONTACTS contacts in many states."""
    actor = await account()
    await pool().execute(_CROWD, actor.account_id)
    await pool().execute("ANALYZE contact, contact_state, contact_point, address")
    await pool().execute(
        "INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts) "
        + RECOUNT.replace("SELECT", "SELECT $1::uuid,", 1),
        actor.account_id,
    )
    return actor


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["workers.main", "tests.flows.crew"])


class Worker:
    """One worker process, forked from one that has everything imported, and replaced after half a second of silence."""

    def __init__(self, **env: str) -> None:
        given = {name: value for name, value in os.environ.items() if name.startswith("ASSENT_")}
        self.process = _forks.Process(target=_work, args=(given | _HASTY | env,), daemon=True)
        self.process.start()

    def send(self, sig: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, sig)

    async def ended(self, seconds: float = 30) -> int:
        """How it ended; a signal's number is negative."""
        await asyncio.to_thread(self.process.join, seconds)
        assert self.process.exitcode is not None, "the worker did not end"
        return self.process.exitcode

    async def kill(self) -> None:
        """SIGKILL, wherever it stands."""
        assert self.process.pid is not None
        _left_behind.update(_ports(self.process.pid))
        self.process.kill()
        await self.ended()


_left_behind: set[int] = set()
"""The ports from which workers that were killed spoke to the database."""


def _ports(pid: int) -> set[int]:
    """The ports of a process's TCP connections; none once it has ended."""
    sockets = set()
    for descriptor in range(1_024):
        with suppress(OSError):
            sockets.add(Path(f"/proc/{pid}/fd/{descriptor}").readlink().name)
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(line[1].rpartition(":")[2], 16) for line in lines if f"socket:[{line[9]}]" in sockets}


async def written_down() -> None:
    """Wait until the database has done what killed workers had asked it for, and knows that they are gone."""
    asked = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE client_port = ANY ($1::integer[]))"
    async with asyncio.timeout(60):
        while await pool().fetchval(asked, list(_left_behind)):
            await asyncio.sleep(0.02)
    _left_behind.clear()


def _work(env: dict[str, str]) -> None:
    die_with_parent(os.getppid(), signal.SIGKILL)
    os.environ.update(env)
    settings.cache_clear()
    configure(settings().log_level)
    run()


@asynccontextmanager
async def working(count: int = 1, **env: str) -> AsyncIterator[list[Worker]]:
    """So many workers, killed at the end of the block."""
    workers = [Worker(**env) for _ in range(count)]
    try:
        yield workers
    finally:
        for worker in workers:
            await worker.kill()


async def now(actor: Actor, queued: Operation) -> Operation:
    """The operation as it stands."""
    found = await operation(actor, queued.id)
    assert found is not None
    return found


async def until(
    actor: Actor, queued: Operation, reached: Callable[[Operation], bool], seconds: float = 60
) -> Operation:
    """Wait until the operation is as wanted."""
    deadline = monotonic() + seconds
    while not reached(found := await now(actor, queued)):
        assert monotonic() < deadline, found
        await asyncio.sleep(0.005)
    return found


async def finished(actor: Actor, queued: Operation) -> Operation:
    """The operation once it has ended, with everything that must hold then."""
    done = await until(actor, queued, lambda found: found.finished)
    assert done.total == done.processed == CONTACTS, done
    await assert_exactly_once(actor, done)
    await assert_counts_exact(pool(), actor)
    assert done.changed > CONTACTS / 2
    return done
