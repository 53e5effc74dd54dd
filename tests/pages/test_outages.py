"""While other things are on fire: without Redis one can leave, and without PostgreSQL nobody is told that they did."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from cli.embedded.process import free_port
from domain.infra import db, queue, redis
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.recipients.tokens import Purpose, issue
from domain.values import ConsentStatus
from tests.api.client import Client, account, connected
from tests.domain.consent.population import Address, Person, assert_counts_exact, settle
from tests.pages.visiting import ONE_CLICK, get, post, recipient

BURST, AT_ONCE = 1_500, 50


@pytest.fixture
async def without_redis(db: None) -> AsyncIterator[Client]:
    """An account, and a Redis that nobody answers for."""
    redis.connect(f"redis://127.0.0.1:{free_port()}")
    yield await account()
    await queue.drain()
    await redis.close()


@pytest.fixture
async def without_postgres(api: Client) -> AsyncIterator[None]:
    """A pool whose server is gone."""
    url = settings().database_url or ""
    yield
    await db.close()
    await db.connect(url)


async def test_leaving_without_redis(without_redis: Client) -> None:
    """The bell is not on the way: each page and each press works."""
    anna = await recipient(without_redis)
    assert (await post(anna.path(), ONE_CLICK)).status_code == 200
    assert await anna.consent() == "OPTED_OUT"
    assert (await get(anna.path())).status_code == 200
    assert (await get(anna.path(Purpose.PREFERENCES))).status_code == 200


async def test_no_false_success_without_postgres(api: Client, without_postgres: None) -> None:
    """Looking and leaving are answered 503 with Retry-After, and nobody is told that they left."""
    anna = await recipient(api)
    await queue.drain()
    await pool().close()
    for answer in (
        await post(anna.path(), ONE_CLICK),
        await get(anna.path()),
        await get(anna.path(Purpose.PREFERENCES)),
    ):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "30"
        assert "unsubscribed" not in answer.text
        assert "nothing was changed" in answer.text
    assert (await get("/u/cut")).status_code == 404


async def test_a_burst_of_one_clicks(api: Client) -> None:
    """Fifteen hundred at once, all of them applied, each recorded once, the counts exact."""
    people = await _crowd(api)
    waiting = asyncio.Semaphore(AT_ONCE)
    async with connected() as http:
        answers = await asyncio.gather(*(_click(http, path, waiting) for path in people))
    assert set(answers) == {200}
    found = await pool().fetchrow(
        "SELECT count(*) AS out, (SELECT count(*) FROM ledger WHERE source = 'ONE_CLICK') AS entries"
        "  FROM address WHERE consent = 'OPTED_OUT'"
    )
    assert tuple(found) == (BURST, BURST)
    await assert_counts_exact(pool(), api.actor)


async def _click(http: httpx2.AsyncClient, path: str, waiting: asyncio.Semaphore) -> int:
    async with waiting:
        return int((await http.post(path, data=ONE_CLICK)).status_code)


async def _crowd(api: Client) -> list[str]:
    """The links of many who may be written to."""
    people = [Person(points=[(1, Address(consent=ConsentStatus.SINGLE_OPT_IN))]) for _ in range(BURST)]
    await settle(api.actor, people)
    return [f"/u/{issue(Purpose.UNSUBSCRIBE, api.actor.account_id, person.points[0][1].id)}" for person in people]
