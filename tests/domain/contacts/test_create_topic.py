"""A topic added to an account that has contacts."""

import asyncio
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.contacts.create_topic import create_topic
from domain.contacts.queries import topics
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.errors import DomainError, Refusals
from domain.infra.db import pool, tx
from tests.domain.contacts.people import account, counts_are_exact, opted_in, person, refused, row, topic_ids


async def test_it_is_on_for_those_who_have_a_topic_on(actor: Actor) -> None:
    """On by default: on for who never switched, and for who switched only some off."""
    some, never = await person(actor), await person(actor)
    await update_subscriptions(actor, some, [TopicSwitch((await topic_ids(actor))[0], False)])
    topic = await create_topic(actor, "events", "Events", default_subscribed=True)
    for contact_id in (some, never):
        found = (await topics(actor, [contact_id]))[contact_id]
        assert [t.subscribed for t in found if t.topic_id == topic.id] == [True]


async def test_it_is_off_for_those_who_switched_every_topic_off(actor: Actor) -> None:
    """Whoever wants nothing gets no new topic, and stays so."""
    contact_id = await opted_in(actor, "a@example.com")
    switches = [TopicSwitch(topic, False) for topic in await topic_ids(actor)]
    await update_subscriptions(actor, contact_id, switches)
    await create_topic(actor, "events", "Events", default_subscribed=True)
    assert {t.subscribed for t in (await topics(actor, [contact_id]))[contact_id]} == {False}
    assert (await row(actor, contact_id)).topic_on is False
    await counts_are_exact(actor)


async def test_it_is_on_for_those_who_never_had_one_to_switch(actor: Actor) -> None:
    """In an account whose topics were all off by default, the first that is on reaches everyone."""
    await pool().execute("UPDATE topic SET default_subscribed = false")
    people = [await person(actor, f"a{n}@example.com", "+12025550100") for n in range(3)]
    await create_topic(actor, "quiet", "Quiet")
    assert (await row(actor, people[0])).topic_on is False
    await create_topic(actor, "events", "Events", default_subscribed=True)
    assert {(await row(actor, one)).topic_on for one in people} == {True}
    await counts_are_exact(actor)


async def test_it_waits_for_a_contact_that_is_being_created(actor: Actor) -> None:
    """A contact that commits while the topic is added comes out with it: the topic waits until then."""
    await pool().execute("UPDATE topic SET default_subscribed = false")
    created, may_commit = asyncio.Event(), asyncio.Event()

    async def create_slowly() -> UUID:
        async with tx():
            contact_id = await person(actor, "a@example.com")
            created.set()
            await may_commit.wait()
            return contact_id

    creating = asyncio.create_task(create_slowly())
    await created.wait()
    adding = asyncio.create_task(create_topic(actor, "events", "Events", default_subscribed=True))
    while not await pool().fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"):
        assert not adding.done(), "it did not wait"
        await asyncio.sleep(0.01)
    may_commit.set()
    await adding
    assert (await row(actor, await creating)).topic_on is True
    await counts_are_exact(actor)


async def test_its_key_is_its_own(actor: Actor) -> None:
    """A key in use is TAKEN; a key of another account is free; what no key can be is INVALID."""
    await create_topic(await account("Elsewhere"), "events", "Events")
    topic = await create_topic(actor, "events", " Events ", "")
    assert (topic.name, topic.default_subscribed) == ("Events", False)
    assert topic.description is None
    with pytest.raises(DomainError) as taken:
        await create_topic(actor, "events", "Again")
    assert refused(taken.value) == [("TAKEN", "key")]
    with pytest.raises(Refusals) as refusal:
        await create_topic(actor, "No Key\x00", "", "a" * 1_001)
    expected = [("INVALID", "key"), ("INVALID", "name"), ("TOO_LARGE", "description")]
    assert refused(refusal.value) == expected


async def test_an_account_has_two_hundred_topics_at_most(actor: Actor) -> None:
    """Every topic is read with every contact."""
    await pool().execute(
        "INSERT INTO topic (account_id, id, key, name, default_subscribed, created_at)"
        " SELECT $1, uuidv7(), 'more_' || n, 'More', true, now() FROM generate_series(1, 196) n",
        actor.account_id,
    )
    with pytest.raises(DomainError) as refusal:
        await create_topic(actor, "events", "Events")
    assert refused(refusal.value) == [("TOO_LARGE", "key")]
