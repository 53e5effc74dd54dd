"""Workers that are killed while they deliver: nothing is lost, nothing out of order, repeats carry their first id."""

import asyncio
from functools import partial

from domain.accounts.create import create_account
from domain.actor import Actor, Scope
from domain.webhooks.create import NewWebhook
from domain.webhooks.queries import webhook
from tests.domain.webhooks.conftest import endpoint_at, entries
from tests.domain.webhooks.receiver import Receiver
from tests.flows.crew import Worker

_ENV = {"ASSENT_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1", "ASSENT_WEBHOOK_PAUSE": "0.05"}


def _more(seen: int, receiver: Receiver) -> bool:
    return receiver.seen > seen


async def delivered(actor: Actor, made: NewWebhook, position: int) -> bool:
    """Whether everything up to a position is delivered."""
    return (await webhook(actor, made.row.id)).delivered_up_to >= position


async def test_killed_while_delivering(db: None, redis: None) -> None:
    """Three workers die in the middle of a request each; the fourth, beside a fifth, brings all there is."""
    opened, _ = await create_account("Example Ltd")
    actor = Actor(opened.id, "key:test", frozenset(Scope))
    async with Receiver() as receiver:
        made = await endpoint_at(actor, receiver)
        written: list[int] = []
        for _ in range(3):
            seen = receiver.seen
            worker = Worker(**_ENV)
            written += await entries(actor, 50)
            receiver.hold = True
            await receiver.until(partial(_more, seen))
            await worker.kill()
            receiver.let_go()
        crew = [Worker(**_ENV), Worker(**_ENV)]
        async with asyncio.timeout(60):
            while not await delivered(actor, made, written[-1]):
                await asyncio.sleep(0.02)
        for worker in crew:
            await worker.kill()
    assert list(dict.fromkeys(receiver.positions)) == written
    firsts = [int(body["data"]["events"][0]["position"]) for body in receiver.taken]
    assert firsts == sorted(firsts)
    ids = dict(zip(firsts, [headers["webhook-id"] for headers in receiver.headers], strict=True))
    assert len(set(ids.values())) == len(ids)
    assert receiver.forged == 0
