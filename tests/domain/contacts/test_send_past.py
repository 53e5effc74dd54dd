"""Might this have been sent then? What stood at a moment is told whatever has happened since."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.actor import Actor
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import activate, archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.create_topic import create_topic
from domain.contacts.erase import erase_contact
from domain.contacts.queries import Lookup
from domain.contacts.send import Purpose, SendBlock, SendDecision, send_decision
from domain.contacts.send_past import send_decision_at
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError
from domain.ledger.events import by_positions
from domain.values import ConsentAction, ConsentStatus, Deliverability
from tests.domain.contacts.people import EMAIL, WRITTEN, person, refused, topic_ids

BROADCAST, JOURNEY, TRANSACTIONAL, CONFIRMATION = Purpose
B = SendBlock


async def now() -> datetime:
    """A moment between what was done before and what is done next."""
    return datetime.now(UTC)


async def then(actor: Actor, who: UUID | str, at: datetime, purpose: Purpose = BROADCAST, **asked: Any) -> SendDecision:
    """The decision about a contact at a moment."""
    lookup = Lookup(email=who) if isinstance(who, str) else Lookup(id=who)
    return await send_decision_at(actor, lookup, EMAIL, purpose, asked.get("topic"), at)


async def test_every_axis_is_told_as_it_was(actor: Actor) -> None:
    """Permission, deliverability, lifecycle and topics: each by its last entry up to the moment."""
    before = await now()
    ada = await person(actor, "ada@example.com")
    topics = await topic_ids(actor)
    steps: list[tuple[Any, list[SendBlock]]] = [
        (None, [B.NON_MARKETABLE]),
        (lambda: opt_in(actor, ada, evidence=WRITTEN), []),
        (lambda: change_deliverability(actor, ada, Deliverability.ERROR), [B.UNDELIVERABLE]),
        (lambda: archive(actor, ada), [B.UNDELIVERABLE, B.ARCHIVED]),
        (
            lambda: update_subscriptions(actor, ada, [TopicSwitch(topic, False) for topic in topics]),
            [B.UNDELIVERABLE, B.ARCHIVED, B.TOPIC_OFF],
        ),
        (lambda: activate(actor, ada), [B.UNDELIVERABLE, B.TOPIC_OFF]),
        (lambda: change_deliverability(actor, ada, Deliverability.OK), [B.TOPIC_OFF]),
        (lambda: update_subscriptions(actor, ada, [TopicSwitch(topics[0], True)]), []),
        (lambda: opt_out(actor, ada), [B.OPTED_OUT]),
    ]
    moments = []
    for step, expected in steps:
        if step:
            await step()
        moments.append((await now(), expected, await send_decision(actor, Lookup(id=ada), EMAIL, BROADCAST)))
    assert (await then(actor, ada, before)).reasons == [B.UNKNOWN_CONTACT]
    for at, expected, found in moments:
        decision = await then(actor, ada, at)
        assert list(decision.reasons) == list(found.reasons) == expected
        assert (decision.allowed, decision.decided_by) == (found.allowed, found.decided_by)
        assert (decision.consent, decision.address, decision.certain) == (found.consent, "ada@example.com", True)
    last = moments[-1][2].decided_by
    assert last
    assert (await by_positions(actor, [last]))[0].action is ConsentAction.OPT_OUT


async def test_what_never_changed_is_what_it_is_now(actor: Actor) -> None:
    """Without an entry before the moment the next one says what it found; without any, nothing changed."""
    ada = await person(actor, "ada@example.com")
    await archive(actor, ada)
    at = await now()
    assert (await then(actor, ada, at, JOURNEY)).reasons == [B.NON_MARKETABLE]
    assert (await then(actor, ada, at, TRANSACTIONAL)).would_reactivate
    await activate(actor, ada)
    await opt_in(actor, ada, evidence=WRITTEN)
    found = await then(actor, ada, at)
    assert (list(found.reasons), found.consent) == ([B.NON_MARKETABLE, B.ARCHIVED], ConsentStatus.NON_MARKETABLE)


async def test_an_address_is_followed_to_whoever_held_it(actor: Actor) -> None:
    """Asked by an email: its holder then, on the address they had then, though both have changed since."""
    ada = await person(actor, "ada@example.com")
    await opt_in(actor, ada, evidence=WRITTEN)
    at = await now()
    await update_contact(actor, ada, ContactChanges(points=[PointChange(EMAIL, "new@example.com")]))
    moved = await now()
    found = await then(actor, "ada@example.com", at)
    assert (found.allowed, found.address, found.point, found.contact_id) == (True, "ada@example.com", None, ada)
    assert (await then(actor, ada, at)).address == "ada@example.com"
    assert (await then(actor, "ada@example.com", moved)).reasons == [B.UNKNOWN_CONTACT]
    assert (await then(actor, "new@example.com", at)).reasons == [B.UNKNOWN_CONTACT]
    later = await then(actor, ada, moved)
    assert (later.address, list(later.reasons)) == ("new@example.com", [B.NON_MARKETABLE])


async def test_of_several_emails_the_safe_answer(actor: Actor) -> None:
    """Which was the primary one is certain while nothing has moved; afterwards all must have been allowed."""
    ada = await person(actor, "ada@example.com")
    await update_contact(actor, ada, ContactChanges(points=[PointChange(EMAIL, "other@example.com", 2)]))
    await opt_in(actor, ada, evidence=WRITTEN)
    at = await now()
    found = await then(actor, ada, at)
    assert (found.allowed, found.certain, found.address) == (True, True, "ada@example.com")
    await update_contact(actor, ada, ContactChanges(first_name="Ada"))
    found = await then(actor, ada, at)
    assert (list(found.reasons), found.certain, found.address) == ([B.NON_MARKETABLE], False, "other@example.com")
    await opt_in(actor, ada, slots=[2], evidence=WRITTEN)
    found = await then(actor, ada, await now())
    assert (found.allowed, found.certain, found.address) == (True, True, "ada@example.com")


async def test_the_erased_are_told_by_number_alone(actor: Actor) -> None:
    """Whether they could be written to before is still known, the address is not; from the erasure on, nobody."""
    ada = await person(actor, "ada@example.com")
    await opt_in(actor, ada, evidence=WRITTEN)
    await update_subscriptions(actor, ada, [TopicSwitch(topic, True) for topic in await topic_ids(actor)])
    at = await now()
    await erase_contact(actor, ada)
    for who in (ada, "ada@example.com"):
        found = await then(actor, who, at, TRANSACTIONAL)
        assert (found.allowed, found.address, found.consent) == (True, None, ConsentStatus.SINGLE_OPT_IN)
        assert (await then(actor, who, await now(), TRANSACTIONAL)).reasons == [B.UNKNOWN_CONTACT]


async def test_a_topic_that_did_not_exist_was_off(actor: Actor) -> None:
    """Whatever its default; and a topic of nobody is NOT_FOUND."""
    ada = await person(actor, "ada@example.com")
    await opt_in(actor, ada, evidence=WRITTEN)
    at = await now()
    topic = (await create_topic(actor, "later", "Later", default_subscribed=True)).id
    assert (await then(actor, ada, at, topic=topic)).reasons == [B.TOPIC_OFF]
    assert (await then(actor, ada, await now(), topic=topic)).allowed
    with pytest.raises(DomainError) as refusal:
        await then(actor, ada, at, topic=uuid4())
    assert refused(refusal.value) == [("NOT_FOUND", "topic")]


async def test_the_future_and_strangers(actor: Actor, stranger: Actor) -> None:
    """A future moment is INVALID; another account's contact, a bad address and a random id are nobody."""
    ada = await person(actor, "ada@example.com")
    with pytest.raises(DomainError) as refusal:
        await then(actor, ada, datetime.now(UTC) + timedelta(days=1))
    assert refused(refusal.value) == [("INVALID", "at")]
    at = await now()
    for who in (ada, "ada@example.com", "no address", uuid4()):
        asks = stranger if who in (ada, "ada@example.com") else actor
        assert (await then(asks, who, at)).reasons == [B.UNKNOWN_CONTACT]
