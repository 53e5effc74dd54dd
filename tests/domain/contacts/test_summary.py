"""The cards above the list."""

import random
from collections import Counter
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.contacts.filter import ContactFilter
from domain.contacts.pages import page
from domain.contacts.queries import by_ids, points
from domain.contacts.rows import opted_in, primary, subscribed
from domain.contacts.summary import Summary, summary
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle
from domain.window import Window
from tests.domain.contacts.people import EMAIL, person
from tests.domain.contacts.test_filter_sql import populate


async def counted(actor: Actor, people: list[UUID], channel: Channel) -> dict[str, int]:
    """The same figures, one contact at a time."""
    rows, held = await by_ids(actor, people), await points(actor, people)
    at = {one: primary(held[one], channel) for one in people}
    in_ = sum(opted_in(held[one], channel) for one in people)
    return {
        "total": len(people),
        "active": sum(rows[one].lifecycle is Lifecycle.ACTIVE for one in people),
        "archived": sum(rows[one].lifecycle is Lifecycle.ARCHIVED for one in people),
        "opted_in": in_,
        "opted_out": len(people) - in_,
        "subscribed": sum(subscribed(rows[one], held[one], channel) for one in people),
        "undeliverable": sum(p is not None and p.deliverability is Deliverability.ERROR for p in at.values()),
    }


def cards(found: Summary) -> dict[str, int]:
    """The figures but for `by_consent`."""
    return {name: getattr(found, name) for name in found.__slots__ if name != "by_consent"}


@pytest.mark.parametrize("channel", list(Channel))
async def test_the_cards_are_exact(actor: Actor, channel: Channel) -> None:
    """Maintained, and with a filter counted: both are what counting one by one gives."""
    _, people = await populate(actor, random.Random(11))
    expected = await counted(actor, people, channel)
    assert cards(await summary(actor, channel)) == expected
    for where in (ContactFilter(search="a"), ContactFilter(lifecycle=Lifecycle.ARCHIVED), ContactFilter(tag="vip")):
        some = [contact.id for contact in (await page(actor, Window(first=250), where=where)).contacts]
        assert cards(await summary(actor, channel, where)) == await counted(actor, some, channel)


async def test_consents_are_counted_on_every_channel(actor: Actor) -> None:
    """By primary address; every pair of channel and consent is there, noughts too."""
    _, people = await populate(actor, random.Random(12))
    held = await points(actor, people)
    expected = Counter((p.channel, p.consent) for one in people for p in held[one] if p.slot == 1)
    found = (await summary(actor)).by_consent
    assert [(one.channel, one.consent) for one in found] == [(c, s) for c in Channel for s in ConsentStatus]
    assert {(one.channel, one.consent): one.count for one in found if one.count} == dict(expected)


async def test_an_empty_account_counts_nothing(actor: Actor, stranger: Actor) -> None:
    """All noughts, whatever another account holds."""
    await person(stranger, "a@example.com")
    assert set(cards(await summary(actor)).values()) == {0}
    assert set(cards(await summary(actor, EMAIL, ContactFilter(tag="x"))).values()) == {0}
