"""People opt out while a broadcast runs: nobody gets a message put together after their opt-out was committed."""

import asyncio
import os
from typing import Any

from domain.actor import Actor
from domain.consent.opt_out import opt_out
from domain.infra import queue
from domain.infra.db import pool, tx
from domain.messages.deliveries import DeliveryStatus
from tests.flows.audience import Remembering, assert_told_truly, audience, broadcast, ended
from tests.flows.crew import Worker
from tests.mailing import serving

PEOPLE = int(os.environ.get("ASSENT_TEST_BROADCAST", "1200"))
"""How many it goes to; 5,000 where there is time."""
_LEFT = "UPDATE contact SET first_name = 'Left' WHERE account_id = $1 AND id = $2"


async def _leave(actor: Actor, contacts: list[Any]) -> None:
    """Opt out, and in the same transaction change the name that a message put together later would show."""
    for contact_id in contacts:
        async with tx() as connection:
            await opt_out(actor, contact_id)
            await connection.execute(_LEFT, actor.account_id, contact_id)


async def test_nobody_who_left_before(db: None, redis: None) -> None:
    """A message of somebody who left says the name they had before; who left in time got none; all is counted."""
    actor = await audience(PEOPLE)
    rows = await pool().fetch("SELECT id FROM contact WHERE account_id = $1 ORDER BY id DESC", actor.account_id)
    leaving = [row["id"] for row in rows[:: PEOPLE // 300]]
    async with serving(server=Remembering()) as server:
        assert isinstance(server, Remembering)
        operation = await broadcast(actor)
        crew = [Worker(ASSENT_SMTP_URL=server.url) for _ in range(2)]
        async with asyncio.timeout(120):
            while len(server.taken) < 50:
                await asyncio.sleep(0.01)
        await asyncio.gather(*(_leave(actor, leaving[n::3]) for n in range(3)))
        found = await ended(actor, operation, PEOPLE)
        for worker in crew:
            await worker.kill()
    await queue.drain()
    assert [name for name, content in server.taken if b"Left" in content] == []
    sent, refused = found.statuses[DeliveryStatus.SENT], found.statuses[DeliveryStatus.REFUSED]
    assert sent + refused == PEOPLE
    assert sent == len(server.taken)
    assert refused == sum(found.reasons.values()) > 0
    await assert_told_truly(actor, server)
