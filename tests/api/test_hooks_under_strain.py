"""Hooks while other things happen: the same call at once, a storm of them, and a database that is gone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.inbound.sweep import REMEMBERED, sweep_seen
from domain.infra import db, queue
from domain.infra.db import pool
from domain.infra.settings import settings
from tests.api.client import EVIDENCE, Client
from tests.api.providers import AUTH_TOKEN, hook, twilio
from tests.domain.consent.population import assert_counts_exact

NUMBERS = [f"+120255501{n:02}" for n in range(20)]


@pytest.fixture
async def without_postgres(api: Client) -> AsyncIterator[None]:
    """A pool whose server is gone."""
    url = settings().database_url or ""
    yield
    await db.close()
    await db.connect(url)


async def family(api: Client) -> list[str]:
    """Twenty people who may be texted."""
    contacts = [(await api.contact(points=[{"channel": "SMS", "value": number}]))["id"] for number in NUMBERS]
    for contact in contacts:
        await api.changed("optInContact", contactId=contact, channels=["SMS"], evidence=EVIDENCE)
    return contacts


async def test_one_message_delivered_many_times_at_once(api: Client) -> None:
    """Each answer is a success, and it is recorded once."""
    await family(api)
    url = (await hook(api, "TWILIO_SMS", AUTH_TOKEN))["url"]
    answers = await asyncio.gather(*(twilio(url, NUMBERS[0], "STOP", MessageSid="SM1") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert await pool().fetchval("SELECT count(*) FROM ledger WHERE source = 'SMS_KEYWORD'") == 2


async def test_stop_wins_over_an_opt_in_under_way(api: Client) -> None:
    """Everybody stops while operators opt them in again with written evidence: nobody is left opted in."""
    contacts = await family(api)
    url = (await hook(api, "TWILIO_SMS", AUTH_TOKEN))["url"]

    async def opt_in(contact: str) -> None:
        old = EVIDENCE | {"obtainedAt": (datetime.now(UTC) - timedelta(days=1)).isoformat()}
        await api.change("optInContact", contactId=contact, channels=["SMS"], evidence=old)

    await asyncio.gather(*(twilio(url, number, "STOP") for number in NUMBERS), *map(opt_in, contacts))
    rows = await pool().fetch("SELECT DISTINCT consent FROM address")
    assert [row["consent"] for row in rows] == ["OPTED_OUT"]
    await assert_counts_exact(pool(), api.actor)


async def test_the_provider_is_to_come_again_without_postgres(api: Client, without_postgres: None) -> None:
    """503 with Retry-After, and never a false success."""
    url = (await hook(api, "TWILIO_SMS", AUTH_TOKEN))["url"]
    await queue.drain()
    await pool().close()
    answer = await twilio(url, NUMBERS[0], "STOP")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Traceback" not in answer.text


async def test_calls_are_forgotten_in_the_end(api: Client) -> None:
    """After 90 days, and not before."""
    url = (await hook(api, "TWILIO_SMS", AUTH_TOKEN))["url"]
    await twilio(url, NUMBERS[0], "STOP", MessageSid="SM1")
    await twilio(url, NUMBERS[0], "STOP", MessageSid="SM2")
    assert await sweep_seen() == 0
    await pool().execute(
        "UPDATE inbound_seen SET seen_at = $1 WHERE key = (SELECT min(key) FROM inbound_seen)",
        datetime.now(UTC) - REMEMBERED - timedelta(minutes=1),
    )
    assert await sweep_seen() == 1
    assert await pool().fetchval("SELECT count(*) FROM inbound_seen") == 1
