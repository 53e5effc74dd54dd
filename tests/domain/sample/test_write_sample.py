"""The sample has contacts in every state, and counts that add up."""

from datetime import UTC, datetime

from domain.contacts.counts import differences
from domain.contacts.send import SendBlock
from domain.infra.db import pool
from domain.messages.journeys.missed import MissedFilter, journeys, missed_page
from domain.messages.journeys.watch import watch
from domain.messages.templates import templates
from domain.sample.journeys import POSTAL_ADDRESS, write_journey
from domain.sample.write import write_sample
from domain.values import Channel, ConsentStatus
from domain.window import Window
from tests.domain.consent.population import account
from tests.mailing import Server, mailbox, send_mail, text

__all__ = ["mailbox"]


async def test_a_small_sample_has_every_state(db: None) -> None:
    """Every consent, channel and lifecycle, undeliverable and shared addresses, groups, tags, topics on and off."""
    actor = await account()
    await write_sample(actor, 60)
    rows = await pool().fetch(
        "SELECT channel, consent, deliverability FROM address WHERE account_id = $1", actor.account_id
    )
    assert {row["channel"] for row in rows} == set(Channel)
    assert {row["consent"] for row in rows} == set(ConsentStatus)
    assert {row["deliverability"] for row in rows} == {"OK", "ERROR"}
    for question in (
        "SELECT count(DISTINCT lifecycle) = 2 FROM contact_state",
        "SELECT count(DISTINCT subscribed) = 2 FROM topic_switch",
        "SELECT count(DISTINCT slot) = 3 FROM contact_point",
        "SELECT count(*) > 0 FROM (SELECT FROM contact_point GROUP BY address_id HAVING count(*) > 1) shared",
        "SELECT count(DISTINCT group_id) = 4 FROM group_member",
        "SELECT count(DISTINCT tag) = 4 FROM contact_tag",
    ):
        assert await pool().fetchval(question), question
    assert await differences(actor.account_id) == []


async def test_a_welcome_and_a_missed_message(db: None, mailbox: Server) -> None:
    """Templates and a journey, once; one message of it goes and another is missed once a worker has looked."""
    actor = await account()
    await write_sample(actor, 20)
    for _ in range(2):
        await write_journey(actor)
    assert [journey.name for journey in await journeys(actor)] == ["Welcome"]
    assert await watch(datetime.now(UTC)) == 0
    await send_mail(actor.account_id)
    (kept,) = (await missed_page(actor, Window(), MissedFilter(), datetime.now(UTC))).rows
    assert kept.reasons == [SendBlock.NON_MARKETABLE]
    (mail,) = mailbox.mails
    assert str(mail["subject"]).startswith("Welcome to ")
    assert POSTAL_ADDRESS in text(mail)
    assert [one.key for one in await templates(actor)] == ["welcome", "news", "receipt"]


async def test_a_sample_that_was_cut_short_goes_on(db: None) -> None:
    """Asked for more, it adds what is missing; asked again, nothing."""
    actor = await account()
    for size, expected in ((20, 20), (30, 30), (30, 30), (10, 30)):
        await write_sample(actor, size)
        assert await pool().fetchval("SELECT count(*) FROM contact") == expected
    assert await differences(actor.account_id) == []
