"""The maintained counts: equal to a full count after any sequence of verbs, while they are folded."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import activate, archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import OptOutRequester, opt_out
from domain.contacts.counts import differences, fold, unfolded
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.create_topic import create_topic
from domain.contacts.erase import erase_contact
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.contacts.summary import summary
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError, Refusals
from domain.infra.db import pool
from domain.values import Channel, Deliverability
from tests.domain.contacts.people import EMAIL, WRITTEN, counts_are_exact, person, topic_ids


class Storm:
    """Random verbs on a few contacts that share a few addresses."""

    def __init__(self, actor: Actor, seed: int) -> None:
        self.actor, self.chance = actor, random.Random(seed)
        self.people: list[UUID] = []
        self.topics = 0

    async def step(self) -> None:
        """One verb on one contact; refusals are part of life."""
        verbs: list[Callable[[UUID], Awaitable[Any]]] = [
            self.create, self.create, self.update, self.update, self.subscribe, self.erase, self.topic,
            lambda one: opt_in(self.actor, one, self.channels(), evidence=WRITTEN),
            self.withdraw, self.deliver,
            lambda one: archive(self.actor, one),
            lambda one: activate(self.actor, one),
        ]  # fmt: skip
        try:
            if not self.people:
                await self.create(None)
            await self.chance.choice(verbs)(self.chance.choice(self.people))
        except (DomainError, Refusals):
            return

    def channels(self) -> list[Channel]:
        """One to four channels."""
        return self.chance.sample(list(Channel), self.chance.randrange(1, 5))

    def value(self, channel: Channel) -> str:
        """One of a few addresses, so that they meet."""
        n = self.chance.randrange(5)
        return {EMAIL: f"p{n}@example.com", Channel.POST: f"{n} Main St"}.get(channel, f"+1202555010{n}")

    async def withdraw(self, one: UUID) -> None:
        """An opt-out by either side."""
        by, archived = self.chance.choice(list(OptOutRequester)), self.chance.random() < 0.5
        await opt_out(self.actor, one, self.channels(), requested_by=by, include_archived=archived)

    async def deliver(self, one: UUID) -> None:
        """A channel marked undeliverable, or cleared."""
        await change_deliverability(self.actor, one, self.chance.choice(list(Deliverability)), self.channels()[0])

    async def create(self, _one: UUID | None) -> None:
        """A new contact on some channels."""
        points = [NewPoint(channel, self.value(channel)) for channel in self.channels()]
        self.people.append((await create_contact(self.actor, NewContact(points=points))).contact_id)

    async def update(self, one: UUID) -> None:
        """A slot set or emptied."""
        channel = self.channels()[0]
        slot = self.chance.randrange(1, 4) if channel is EMAIL else 1
        value = None if self.chance.random() < 0.3 else self.value(channel)
        await update_contact(self.actor, one, ContactChanges(points=[PointChange(channel, value, slot)]))

    async def subscribe(self, one: UUID) -> None:
        """Some or all topics switched."""
        known = await topic_ids(self.actor)
        on = self.chance.random() < 0.4
        chosen = self.chance.sample(known, self.chance.choice([1, len(known)]))
        await update_subscriptions(self.actor, one, [TopicSwitch(topic, on) for topic in chosen])

    async def erase(self, one: UUID) -> None:
        """Sometimes someone goes for good."""
        if self.chance.random() < 0.5:
            await erase_contact(self.actor, one)

    async def topic(self, _one: UUID) -> None:
        """A new topic, a few times."""
        self.topics += 1
        if self.topics < 6:
            await create_topic(self.actor, f"t{self.topics}_{self.chance.random():.9f}".replace(".", "_"), "Topic",
                               default_subscribed=self.chance.random() < 0.7)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_any_sequence_of_verbs_keeps_the_counts(actor: Actor, seed: int) -> None:
    """Checked after every tenth step, folded now and then."""
    storm = Storm(actor, seed)
    for n in range(120):
        await storm.step()
        if n % 10 == 9:
            await counts_are_exact(actor)
        if n % 25 == 24:
            before = await summary(actor)
            await fold(actor.account_id)
            assert await summary(actor) == before


async def test_verbs_at_once_keep_the_counts(actor: Actor) -> None:
    """Four storms over the same contacts, with folding all the while: exact, and nobody deadlocks."""
    storms = [Storm(actor, seed) for seed in range(10, 14)]
    shared: list[UUID] = []
    for storm in storms:
        storm.people = shared
    done = asyncio.Event()

    async def folding() -> None:
        while not done.is_set():
            await fold(actor.account_id)
            await asyncio.sleep(0.005)

    async def blow(storm: Storm) -> None:
        for _ in range(80):
            await storm.step()

    fold_task = asyncio.create_task(folding())
    await asyncio.gather(*(blow(storm) for storm in storms))
    done.set()
    await fold_task
    await counts_are_exact(actor)


async def test_folding_leaves_a_row_a_cell(actor: Actor) -> None:
    """Signed changes become sums; cells that come to nothing are gone."""
    people = [await person(actor, f"p{n}@example.com") for n in range(5)]
    assert actor.account_id in await unfolded(5)
    assert actor.account_id not in await unfolded(1_000)
    assert await fold(actor.account_id) == 10 - 2
    for one in people:
        await erase_contact(actor, one)
    await fold(actor.account_id)
    left = "SELECT count(*) FROM summary_delta WHERE account_id = $1"
    assert await pool().fetchval(left, actor.account_id) == 0


async def test_a_wrong_count_is_seen(actor: Actor) -> None:
    """The check names the cell and both figures."""
    await person(actor)
    await pool().execute("UPDATE summary_delta SET contacts = 2 WHERE account_id = $1", actor.account_id)
    (found,) = await differences(actor.account_id)
    assert (found["channel"], found["kept"], found["counted"]) == (None, 2, 1)
