"""PostgreSQL and Valkey stopped and started again while a broadcast goes out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.embedded import Postgres, Valkey, postgres, valkey
from domain.infra import db, queue, redis
from domain.infra.migrate import migrate
from domain.messages.deliveries import DeliveryStatus
from tests.flows.audience import Remembering, assert_told_truly, audience, begun_again, broadcast, ended
from tests.flows.crew import Worker
from tests.mailing import serving

PEOPLE, TURNS = 300, 400


@dataclass
class Own:
    """Servers that a test may stop."""

    postgres: Postgres
    valkey: Valkey

    def worker(self, smtp_url: str) -> Worker:
        """A worker on them."""
        return Worker(ASSENT_DATABASE_URL=self.postgres.url, ASSENT_REDIS_URL=self.valkey.url, ASSENT_SMTP_URL=smtp_url)


@pytest.fixture
async def own(tmp_path: Path, _pool: str, database_url: str) -> AsyncIterator[Own]:
    """Both servers, durable, with this process on them for as long as the test lasts."""
    tmp_path.chmod(0o711)
    for parent in list(tmp_path.parents)[:2]:
        parent.chmod(0o711)
    with postgres(tmp_path) as database, valkey(tmp_path) as bells:
        await migrate(database.url)
        await db.close()
        await db.connect(database.url)
        redis.connect(bells.url)
        yield Own(database, bells)
        await queue.drain()
        await redis.close()
        await db.close()
        await db.connect(database_url)


async def test_servers_restarted_in_the_middle(own: Own) -> None:
    """Each is stopped while mails are on their way, and started again: nobody gets two, and each row says the truth."""
    actor = await audience(PEOPLE)
    async with serving(server=Remembering()) as server:
        assert isinstance(server, Remembering)
        operation = await broadcast(actor)
        worker = own.worker(server.url)
        for restarted, sent in ((own.postgres, 30), (own.valkey, 120)):
            for _ in range(TURNS):  # what was in hand when a server went waits out its lease: not for that
                if len(server.taken) >= sent or worker.process.exitcode is not None:
                    break
                await asyncio.sleep(0.02)
            await asyncio.to_thread(restarted.stop)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(restarted.start)
            if worker.process.exitcode is not None:  # a supervisor's part
                worker = own.worker(server.url)
        await asyncio.sleep(1)
        await worker.kill()
        await begun_again(actor, operation)
        worker = own.worker(server.url)
        found = await ended(actor, operation, PEOPLE)
        await worker.kill()
        assert set(found.statuses) <= {DeliveryStatus.SENT, DeliveryStatus.UNKNOWN}
        await assert_told_truly(actor, server)
