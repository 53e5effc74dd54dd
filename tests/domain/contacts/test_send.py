"""May this be sent? The table of rules.md, row by row."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.actor import Actor
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.queries import Lookup
from domain.contacts.send import Purpose, SendBlock, SendDecision, send_decision
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.errors import DomainError
from domain.infra.db import pool, tx
from domain.ledger.append import Entry, Origin, append
from domain.values import Channel, ConsentAction, ConsentSource, Deliverability
from tests.domain.contacts.people import EMAIL, POST, SMS, WRITTEN, person, points_of, refused, topic_ids

BROADCAST, JOURNEY, TRANSACTIONAL, CONFIRMATION = Purpose
B = SendBlock


async def ask(
    actor: Actor, contact_id: UUID, purpose: Purpose, channel: Channel = EMAIL, topic: UUID | None = None
) -> SendDecision:
    """The decision about a contact."""
    decision = await send_decision(actor, Lookup(id=contact_id), channel, purpose, topic)
    assert decision.allowed is (not decision.reasons)
    return decision


async def in_state(actor: Actor, *states: str) -> UUID:
    """A contact with an email and a number, opted in and then in these states."""
    contact_id = await person(actor, "a@example.com", "+12025550100")
    if "fresh" not in states:
        await opt_in(actor, contact_id, [EMAIL, SMS], evidence=WRITTEN)
    if "out" in states:
        await opt_out(actor, contact_id, [EMAIL, SMS])
    if "error" in states:
        await change_deliverability(actor, contact_id, Deliverability.ERROR)
    if "topics off" in states:
        await update_subscriptions(actor, contact_id, [TopicSwitch(t, False) for t in await topic_ids(actor)])
    if "archived" in states:
        await archive(actor, contact_id)
    return contact_id


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), {BROADCAST: [], JOURNEY: [], TRANSACTIONAL: [], CONFIRMATION: []}),
        (
            ("fresh",),
            {
                BROADCAST: [B.NON_MARKETABLE],
                JOURNEY: [B.NON_MARKETABLE],
                TRANSACTIONAL: [],
                CONFIRMATION: [B.NON_MARKETABLE],
            },
        ),
        (("out",), {BROADCAST: [B.OPTED_OUT], JOURNEY: [B.OPTED_OUT], TRANSACTIONAL: [], CONFIRMATION: [B.OPTED_OUT]}),
        (("error",), {purpose: [B.UNDELIVERABLE] for purpose in Purpose}),
        (("archived",), {BROADCAST: [B.ARCHIVED], JOURNEY: [], TRANSACTIONAL: [], CONFIRMATION: [B.ARCHIVED]}),
        (("topics off",), {BROADCAST: [B.TOPIC_OFF], JOURNEY: [B.TOPIC_OFF], TRANSACTIONAL: [], CONFIRMATION: []}),
        (
            ("out", "error", "archived", "topics off"),
            {
                BROADCAST: [B.OPTED_OUT, B.UNDELIVERABLE, B.ARCHIVED, B.TOPIC_OFF],
                JOURNEY: [B.OPTED_OUT, B.UNDELIVERABLE, B.TOPIC_OFF],
                TRANSACTIONAL: [B.UNDELIVERABLE],
                CONFIRMATION: [B.OPTED_OUT, B.UNDELIVERABLE, B.ARCHIVED],
            },
        ),
    ],
)
async def test_every_reason_is_named(actor: Actor, states: tuple[str, ...], expected: dict[Purpose, Any]) -> None:
    """Not only the first; the decision rests on the address's proof."""
    contact_id = await in_state(actor, *states)
    (point, *_) = await points_of(actor, contact_id)
    for purpose, reasons in expected.items():
        decision = await ask(actor, contact_id, purpose)
        assert list(decision.reasons) == reasons
        assert (decision.point, decision.decided_by) == (point, point.proof)
        wakes = "archived" in states and purpose in (JOURNEY, TRANSACTIONAL) and not reasons
        assert decision.would_reactivate is wakes


async def test_a_receipt_never_rings_an_opted_out_phone(actor: Actor) -> None:
    """TRANSACTIONAL ignores consent by email, never OPTED_OUT on SMS and CALL."""
    out = await in_state(actor, "out")
    assert (await ask(actor, out, TRANSACTIONAL)).allowed
    assert (await ask(actor, out, TRANSACTIONAL, SMS)).reasons == [B.OPTED_OUT]


async def test_a_topic_is_judged_when_one_is_given(actor: Actor) -> None:
    """With a topic that one must be on; without, at least one."""
    contact_id, (first, second, *_) = await in_state(actor), await topic_ids(actor)
    await update_subscriptions(actor, contact_id, [TopicSwitch(first, False)])
    assert (await ask(actor, contact_id, BROADCAST, topic=first)).reasons == [B.TOPIC_OFF]
    assert (await ask(actor, contact_id, BROADCAST, topic=second)).allowed
    assert (await ask(actor, contact_id, BROADCAST)).allowed


async def test_without_an_address_or_a_contact(actor: Actor, stranger: Actor) -> None:
    """NO_ADDRESS and UNKNOWN_CONTACT, and nothing that it would rest on."""
    contact_id = await in_state(actor)
    assert await ask(actor, contact_id, BROADCAST, POST) == SendDecision(False, None, [B.NO_ADDRESS], False, None)
    unknown = SendDecision(False, None, [B.UNKNOWN_CONTACT], False, None)
    assert await ask(actor, uuid4(), BROADCAST) == unknown
    assert await ask(stranger, contact_id, BROADCAST) == unknown
    for topic in (uuid4(), (await topic_ids(stranger))[0]):
        with pytest.raises(DomainError) as refusal:
            await ask(actor, contact_id, BROADCAST, topic=topic)
        assert refused(refusal.value) == [("NOT_FOUND", "topic")]


@pytest.mark.parametrize(
    ("source", "age", "allowed"),
    [
        (ConsentSource.SIGNUP_FORM, timedelta(days=6), True),
        (ConsentSource.PREFERENCE_CENTRE, timedelta(days=6), True),
        (ConsentSource.SIGNUP_FORM, timedelta(days=8), False),
        (ConsentSource.OPERATOR, timedelta(days=1), False),
    ],
)
async def test_a_confirmation_answers_the_recipients_own_request(
    actor: Actor, source: ConsentSource, age: timedelta, allowed: bool
) -> None:
    """Within 7 days of it, also for an address that is NON_MARKETABLE or OPTED_OUT; never for an operator's."""
    for states in (("fresh",), ("out",)):
        contact_id = await in_state(actor, *states)
        (point, *_) = await points_of(actor, contact_id)
        entry = Entry(ConsentAction.CONFIRMATION_REQUESTED, contact_id, point.address_id, EMAIL)
        async with tx() as connection:
            await connection.execute("UPDATE contact SET version = version")
            await append(connection, Origin(actor.account_id, "form", source, datetime.now(UTC) - age), [entry])
        assert (await ask(actor, contact_id, CONFIRMATION)).allowed is allowed
        assert not (await ask(actor, contact_id, BROADCAST)).allowed
        await pool().execute("DELETE FROM contact")
        await pool().execute("DELETE FROM address")
