"""The feed: a stable order in which no earlier entry ever appears later, whoever holds a transaction open."""

import asyncio
import random
from datetime import UTC, datetime

import pytest

from domain.actor import Actor
from domain.consent.change import Context, Targets, change
from domain.consent.opt_out import OptOutRequester, opt_out
from domain.consent.rules import Change, Request
from domain.infra.db import pool, tx
from domain.ledger.events import feed, history
from domain.values import Channel, ConsentAction, ConsentSource
from tests.domain.consent.population import Address, Person, account, elsewhere, settle

WITHDRAWN = Request(Change.OPT_OUT, ConsentSource.ONE_CLICK)


@pytest.fixture
async def actor(db: None) -> Actor:
    """An account."""
    return await account()


async def leave(actor: Actor, person: Person) -> int:
    """An opt-out, by its position."""
    return (await opt_out(actor, person.id, requested_by=OptOutRequester.RECIPIENT)).positions[0]


async def test_what_was_committed_is_in_the_feed_at_once(actor: Actor) -> None:
    """A reader sees its own writes."""
    person = Person(points=[(1, Address())])
    await settle(actor, [person])
    position = await leave(actor, person)
    assert [event.position for event in await feed(actor, 10)] == [position]


async def test_an_open_transaction_holds_later_entries_back(actor: Actor) -> None:
    """While an earlier entry is uncommitted, later ones do not show; then all show, in order."""
    early, late = Person(points=[(1, Address())]), Person(points=[(1, Address())])
    await settle(actor, [early, late])
    async with tx() as connection:
        asked = Context(actor.account_id, actor.name, datetime.now(UTC))
        await change(connection, WITHDRAWN, Targets([early.id], [Channel.EMAIL]), asked)
        await elsewhere(leave(actor, late))
        seen = await elsewhere(feed(actor, 10))
        assert seen == []
    assert [event.contact_id for event in await feed(actor, 10)] == [early.id, late.id]


async def test_a_follower_misses_nothing_and_sees_nothing_twice(actor: Actor) -> None:
    """Readers that page behind concurrent writers get every entry once, in rising order."""
    people = [Person(points=[(1, Address())]) for _ in range(300)]
    await settle(actor, people)

    async def write(some: list[Person]) -> None:
        for person in some:
            async with tx() as connection:
                asked = Context(actor.account_id, actor.name, datetime.now(UTC))
                await change(connection, WITHDRAWN, Targets([person.id], [Channel.EMAIL]), asked)
                await asyncio.sleep(random.random() / 200)

    async def follow() -> list[int]:
        seen: list[int] = []
        while len(seen) < len(people):
            seen += [event.position for event in await feed(actor, 50, seen[-1] if seen else 0)]
        return seen

    writers = [write(people[i::6]) for i in range(6)]
    first, second, *_ = await asyncio.wait_for(asyncio.gather(follow(), follow(), *writers), 30)
    written = [row[0] for row in await pool().fetch("SELECT position FROM ledger ORDER BY 1")]
    assert first == second == written


async def test_filters_of_the_feed(actor: Actor) -> None:
    """By action, and by contact: its own entries and those of an address it shares."""
    number = Address(Channel.SMS)
    mother, son = Person(points=[(1, number)]), Person(points=[(1, number), (1, Address())])
    await settle(actor, [mother, son])
    await opt_out(actor, mother.id, [Channel.SMS], requested_by=OptOutRequester.RECIPIENT)
    own = await leave(actor, son)
    assert len(await feed(actor, 10, contact_id=son.id)) == 2
    assert len(await feed(actor, 10, contact_id=mother.id)) == 1
    assert await feed(actor, 10, actions=[ConsentAction.ARCHIVE]) == []
    assert [e.position for e in await feed(actor, 10, actions=[ConsentAction.OPT_OUT], contact_id=son.id)][-1] == own
    assert [event.position for event in await history(actor, son.id, 1)] == [own]


@pytest.mark.parametrize("statement", ["UPDATE ledger SET actor = 'x'", "DELETE FROM ledger", "TRUNCATE ledger"])
async def test_the_database_refuses_to_change_the_ledger(actor: Actor, statement: str) -> None:
    """Neither an update nor a delete nor a truncate gets through, whoever asks."""
    with pytest.raises(Exception, match="append-only"):
        await pool().execute(statement)


async def test_another_account_reads_nothing(actor: Actor) -> None:
    """The feed stays inside the account."""
    person = Person(points=[(1, Address())])
    await settle(actor, [person])
    await leave(actor, person)
    assert await feed(await account(), 10) == []
