"""Filters: what the contract's words mean, and that SQL means the same as plain Python."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.actor import Actor
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.filter import ContactFilter, OptStatus
from domain.contacts.filter_truth import holds
from domain.contacts.pages import page, total
from domain.contacts.queries import by_ids, points, tags, topics
from domain.contacts.rows import ContactRow, PointRow, opted_in, primary, subscribed
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.errors import DomainError, ErrorCode
from domain.groups import members
from domain.groups.create import create_group
from domain.infra.db import tx
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle
from domain.window import Window
from tests.domain.contacts.people import EMAIL, POST, SMS, WRITTEN, person, topic_ids

NON, SINGLE, DOUBLE, OUT = ConsentStatus


async def found(actor: Actor, where: ContactFilter | None = None, search: str | None = None) -> set[UUID]:
    """Who matches."""
    listed = await page(actor, Window(first=250), where=where, search=search)
    assert len(listed.contacts) == await total(actor, where, search)
    return {contact.id for contact in listed.contacts}


async def test_opted_out_is_whoever_is_not_opted_in(actor: Actor) -> None:
    """OPTED_OUT also finds those without permission and those without an address."""
    bare, fresh, in_, out = (
        await person(actor),
        await person(actor, "a@example.com"),
        await person(actor, "b@example.com"),
        await person(actor, "c@example.com"),
    )
    await opt_in(actor, in_, evidence=WRITTEN)
    await opt_out(actor, out)
    assert await found(actor, ContactFilter(status=OptStatus.OPTED_IN)) == {in_}
    assert await found(actor, ContactFilter(status=OptStatus.OPTED_OUT)) == {bare, fresh, out}
    assert await found(actor, ContactFilter(status=OptStatus.OPTED_OUT, channel=SMS)) == {bare, fresh, in_, out}
    assert await found(actor, ContactFilter(consent=[OUT, NON])) == {fresh, out}


async def test_not_includes_those_without_the_address(actor: Actor) -> None:
    """What is not so of a missing address is so of its negation."""
    bare, bounced = await person(actor), await person(actor, "a@example.com")
    await change_deliverability(actor, bounced, Deliverability.ERROR)
    for where in (
        ContactFilter(deliverability=Deliverability.ERROR),
        ContactFilter(consent=[NON]),
        ContactFilter(status=OptStatus.OPTED_IN, not_=ContactFilter(status=OptStatus.OPTED_IN)),
        ContactFilter(contact_type=["client"]),
        ContactFilter(tag="none"),
        ContactFilter(topic=uuid4()),
        ContactFilter(search="\x00"),
        ContactFilter(tag="\x00"),
    ):
        assert await found(actor, where) | await found(actor, ContactFilter(not_=where)) == {bare, bounced}
        assert await found(actor, where) & await found(actor, ContactFilter(not_=where)) == set()


async def test_the_primary_address_is_judged(actor: Actor) -> None:
    """Permission of a second email makes nobody opted in."""
    points = [NewPoint(EMAIL, "a@example.com"), NewPoint(EMAIL, "b@example.com", 2)]
    contact_id = (await create_contact(actor, NewContact(points=points))).contact_id
    await opt_in(actor, contact_id, [EMAIL], [2], WRITTEN)
    assert await found(actor, ContactFilter(status=OptStatus.OPTED_IN)) == set()


async def test_the_channel_is_inherited(actor: Actor) -> None:
    """A filter inside another judges the enclosing one's channel, else EMAIL."""
    contact_id = await person(actor, "a@example.com", "+12025550100")
    await opt_in(actor, contact_id, [SMS], evidence=WRITTEN)
    inner = ContactFilter(status=OptStatus.OPTED_IN)
    assert await found(actor, ContactFilter(and_=[inner])) == set()
    assert await found(actor, ContactFilter(channel=SMS, and_=[ContactFilter(not_=ContactFilter(not_=inner))])) == {
        contact_id
    }
    assert await found(actor, ContactFilter(channel=POST, or_=[ContactFilter(channel=SMS, or_=[inner])])) == {
        contact_id
    }


async def test_an_empty_list_is_nobodys_choice(actor: Actor) -> None:
    """None of nothing: `or: []` and empty values find nobody; `and: []` and an empty filter leave nobody out."""
    contact_id = await person(actor, "a@example.com", contact_type="client")
    for where in (ContactFilter(or_=[]), ContactFilter(consent=[]), ContactFilter(contact_type=[])):
        assert await found(actor, where) == set()
        assert await found(actor, ContactFilter(not_=where)) == {contact_id}
    for where in (
        ContactFilter(),
        ContactFilter(and_=[]),
        ContactFilter(search=" "),
        ContactFilter(or_=[ContactFilter()]),
    ):
        assert await found(actor, where) == {contact_id}
        assert await found(actor, ContactFilter(not_=where)) == set()


async def test_creation_is_compared_to_the_millisecond(actor: Actor) -> None:
    """After and before are strict, whatever the zone; far moments are no fault."""
    contact_id = await person(actor)
    created = (await by_ids(actor, [contact_id]))[contact_id].created_at
    tiny, far = timedelta(microseconds=1), datetime(9999, 12, 31, tzinfo=UTC)
    assert await found(actor, ContactFilter(created_after=created)) == set()
    assert await found(actor, ContactFilter(created_before=created)) == set()
    assert await found(actor, ContactFilter(created_after=created - tiny, created_before=created + tiny)) == {
        contact_id
    }
    assert await found(actor, ContactFilter(created_after=datetime(1, 1, 1), created_before=far)) == {contact_id}  # noqa: DTZ001
    assert await found(actor, ContactFilter(created_after=far)) == set()


async def test_a_filter_has_limits(actor: Actor) -> None:
    """Too deep, too many parts or too many values: TOO_LARGE."""
    deep = ContactFilter()
    for _ in range(50_000):
        deep = ContactFilter(not_=deep)
    wide = ContactFilter(or_=[ContactFilter()] * 200_000)
    many = ContactFilter(contact_type=["client"] * 101)
    for where in (deep, wide, many):
        with pytest.raises(DomainError) as refusal:
            await total(actor, where)
        assert (refusal.value.code, refusal.value.field) == (ErrorCode.TOO_LARGE, ("filter",))


async def test_another_accounts_ids_find_nobody(actor: Actor, stranger: Actor) -> None:
    """A group or topic of another account is as unknown as any."""
    await person(actor)
    group = await create_group(stranger, "Theirs")
    theirs = (await topic_ids(stranger))[0]
    for where in (ContactFilter(group=group.id), ContactFilter(topic=theirs), ContactFilter(imported_by=uuid4())):
        assert await found(actor, where) == set()


async def test_sql_and_python_agree(actor: Actor) -> None:
    """On a mixed account, hundreds of random filters find exactly whom their plain reading finds."""
    chance = random.Random(7)
    groups, people = await populate(actor, chance)
    rows, held, tagged = await by_ids(actor, people), await points(actor, people), await tags(actor, people)
    switched = await topics(actor, people)
    topic = (await topic_ids(actor))[0]
    moments = [contact.created_at for contact in rows.values()]

    def world(contact_id: UUID) -> dict[Any, Any]:
        contact, own = rows[contact_id], held[contact_id]
        return World(contact, own, groups[contact_id], tagged[contact_id], switched[contact_id][0].subscribed)

    for _ in range(300):
        where = random_filter(chance, 3, next(ids[0] for ids in groups.values() if ids), topic, moments)
        expected = {contact_id for contact_id in people if holds(where, world(contact_id))}
        assert await found(actor, where) == expected, where
    for channel in Channel:
        expected = {one for one in people if subscribed(rows[one], held[one], channel)}
        assert await found(actor, ContactFilter(subscribed=True, channel=channel)) == expected
        expected = {one for one in people if not opted_in(held[one], channel)}
        assert await found(actor, ContactFilter(status=OptStatus.OPTED_OUT, channel=channel)) == expected


class World(dict[Any, Any]):
    """What is true of one contact, by what a filter looks at."""

    def __init__(
        self, contact: ContactRow, points: list[PointRow], groups: list[UUID], tags: list[str], topic: bool
    ) -> None:
        super().__init__()
        self.contact, self.points, self.groups, self.tags, self.topic = contact, points, groups, tags, topic

    def __missing__(self, axis: Any) -> Any:
        answers: dict[str, Callable[[], Any]] = {
            "lifecycle": lambda: self.contact.lifecycle,
            "topic_on": lambda: self.contact.topic_on,
            "type": lambda: self.contact.contact_type,
            "created": lambda: self.contact.created_at,
            "topic": lambda: self.topic,
            "group": lambda: axis.which in self.groups,
            "tag": lambda: axis.which in self.tags,
            "search": lambda: any(axis.which in text for text in (self.contact.name.lower(), self.contact.email or "")),
        }
        return answers[axis.what]()

    def get(self, axis: Any, default: Any = None) -> Any:
        """An address as (consent, deliverability), or None."""
        point = primary(self.points, axis.which)
        return (point.consent, point.deliverability) if point else None


async def populate(actor: Actor, chance: random.Random) -> tuple[dict[UUID, list[UUID]], list[UUID]]:
    """Sixty contacts in every state; answers each one's groups, and them all."""
    group, topics_ = await create_group(actor, "Spring"), await topic_ids(actor)
    groups: dict[UUID, list[UUID]] = {}
    for n in range(60):
        given = [
            NewPoint(channel, value)
            for channel, value in ((EMAIL, f"p{n}@example.com"), (SMS, f"+120255501{n % 9}0"), (POST, f"{n} Main St"))
            if chance.random() < 0.7
        ]
        new = NewContact(
            points=given,
            first_name=chance.choice(["Anna", "Bob", None]),
            contact_type=chance.choice(["client", "partner", None]),
            tags=chance.sample(["vip", "new"], chance.randrange(3)),
        )
        contact_id = (await create_contact(actor, new)).contact_id
        groups[contact_id] = [group.id] if chance.random() < 0.4 else []
        channels = list({point.channel for point in given}) or [EMAIL]
        verbs: list[Callable[[UUID, list[Channel]], Awaitable[Any]]] = [
            lambda one, on: opt_in(actor, one, on, evidence=WRITTEN),
            lambda one, on: opt_out(actor, one, on),
            lambda one, on: change_deliverability(actor, one, Deliverability.ERROR, on[0]),
            lambda one, _on: archive(actor, one),
            lambda one, _on: update_subscriptions(
                actor, one, [TopicSwitch(t, False) for t in topics_[: chance.choice([1, 4])]]
            ),
        ]
        for verb in verbs:
            if chance.random() < 0.35:
                with suppress(DomainError):
                    await verb(contact_id, channels)
    async with tx() as connection:
        await members.add(connection, actor.account_id, group.id, [one for one, has in groups.items() if has])
    return groups, list(groups)


def random_filter(
    chance: random.Random, depth: int, group: UUID, topic: UUID, moments: list[datetime]
) -> ContactFilter:
    """A filter that names a few things, and filters inside it."""
    fields: dict[str, Any] = {
        "status": lambda: chance.choice(list(OptStatus)),
        "channel": lambda: chance.choice(list(Channel)),
        "search": lambda: chance.choice(["anna", "p1", "example", "zzz"]),
        "consent": lambda: chance.sample(list(ConsentStatus), chance.randrange(4)),
        "deliverability": lambda: chance.choice(list(Deliverability)),
        "subscribed": lambda: chance.random() < 0.5,
        "topic": lambda: topic,
        "lifecycle": lambda: chance.choice(list(Lifecycle)),
        "contact_type": lambda: chance.sample(["client", "partner", "pirate"], chance.randrange(3)),
        "group": lambda: chance.choice([group, uuid4()]),
        "tag": lambda: chance.choice(["vip", "new", "old"]),
        "created_after": lambda: chance.choice(moments),
        "created_before": lambda: chance.choice(moments),
    }
    if depth:
        inner = partial(random_filter, chance, depth - 1, group, topic, moments)
        fields |= {name: lambda: [inner() for _ in range(chance.randrange(3))] for name in ("and_", "or_")}
        fields["not_"] = inner
    return ContactFilter(**{name: fields[name]() for name in chance.sample(list(fields), chance.choice([1, 1, 2, 3]))})
