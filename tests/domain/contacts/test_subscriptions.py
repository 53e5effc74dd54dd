"""Switching one contact's topics on or off."""

from uuid import uuid4

import pytest

from domain.actor import Actor
from domain.consent.opt_out import opt_out
from domain.contacts.queries import topics
from domain.contacts.rows import subscribed
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.errors import DomainError, Refusals
from domain.ledger.events import by_positions
from domain.values import ConsentAction
from tests.domain.contacts.people import (
    EMAIL,
    account,
    actions,
    counts_are_exact,
    opted_in,
    person,
    points_of,
    refused,
    row,
    topic_ids,
)


async def test_a_topic_goes_off_and_on(actor: Actor) -> None:
    """Each effective change has its entry, with the topic; asking again changes nothing."""
    contact_id, (topic, *_) = await person(actor), await topic_ids(actor)
    for on, action in ((False, ConsentAction.TOPIC_OFF), (True, ConsentAction.TOPIC_ON)):
        receipt = await update_subscriptions(actor, contact_id, [TopicSwitch(topic, on)])
        (event,) = await by_positions(actor, receipt.positions)
        assert (event.action, event.topic_id, event.contact_id) == (action, topic, contact_id)
        assert (await update_subscriptions(actor, contact_id, [TopicSwitch(topic, on)])).positions == []
        (found,) = [t for t in (await topics(actor, [contact_id]))[contact_id] if t.topic_id == topic]
        assert (found.subscribed, found.updated_at) == (on, event.occurred_at)


async def test_a_switch_that_agrees_with_the_default_is_stored(actor: Actor) -> None:
    """It is the person's own choice now, though nothing changed and nothing is recorded."""
    contact_id, (topic, *_) = await person(actor), await topic_ids(actor)
    assert (await update_subscriptions(actor, contact_id, [TopicSwitch(topic, True)])).positions == []
    assert (await topics(actor, [contact_id]))[contact_id][0].updated_at is not None


async def test_with_every_topic_off_nobody_is_subscribed(actor: Actor) -> None:
    """Unticking every topic ends `subscribed`, is no opt-out, and moves the counts; an opt-out unticks nothing."""
    contact_id, known = await opted_in(actor, "a@example.com"), await topic_ids(actor)
    receipt = await update_subscriptions(actor, contact_id, [TopicSwitch(topic, False) for topic in known])
    contact, points = await row(actor, contact_id), await points_of(actor, contact_id)
    assert (contact.topic_on, subscribed(contact, points, EMAIL), points[0].opted_in) == (False, False, True)
    assert await actions(actor, receipt.positions) == [ConsentAction.TOPIC_OFF] * 4
    await counts_are_exact(actor)
    await update_subscriptions(actor, contact_id, [TopicSwitch(known[0], True)])
    await opt_out(actor, contact_id)
    assert (await row(actor, contact_id)).topic_on is True
    await counts_are_exact(actor)


async def test_switching_is_stored_whatever_the_consent(actor: Actor) -> None:
    """Also for a contact that opted out, and one without an address."""
    out, bare = await person(actor, "a@example.com"), await person(actor)
    await opt_out(actor, out)
    for contact_id in (out, bare):
        assert (
            await update_subscriptions(actor, contact_id, [TopicSwitch((await topic_ids(actor))[0], False)])
        ).positions
    assert {(await row(actor, contact_id)).version for contact_id in (out, bare)} == {1}


async def test_what_is_unknown_or_named_twice_is_refused(actor: Actor) -> None:
    """An unknown topic is NOT_FOUND, one named twice DUPLICATE; nothing is stored."""
    contact_id, (topic, *_) = await person(actor), await topic_ids(actor)
    foreign = (await topic_ids(await account("Elsewhere")))[0]
    switches = [TopicSwitch(topic, False), TopicSwitch(topic, True), TopicSwitch(foreign, True)]
    with pytest.raises(Refusals) as refusal:
        await update_subscriptions(actor, contact_id, switches)
    assert refused(refusal.value) == [("DUPLICATE", "subscriptions.1.topic"), ("NOT_FOUND", "subscriptions.2.topic")]
    assert (await topics(actor, [contact_id]))[contact_id][0].updated_at is None
    with pytest.raises(DomainError) as missing:
        await update_subscriptions(actor, uuid4(), [])
    assert refused(missing.value) == [("NOT_FOUND", "contactId")]
