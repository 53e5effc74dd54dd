"""The gate for many says what the gate for one says; and what was answered is handed over to the person."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

from domain.actor import Actor
from domain.contacts.queries import Lookup
from domain.contacts.send import Purpose, send_decision
from domain.infra.db import pool, tx
from domain.ledger.append import Entry, Origin, append
from domain.messages.authorize import Question, authorize_sends
from domain.messages.judged import judge_many, wakes
from domain.proof.person import person_data
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus, Deliverability, Lifecycle
from tests.domain.consent.population import Address, Person, settle
from tests.domain.contacts.people import opted_in, topic_ids


def everybody() -> list[Person]:
    """A contact for each combination of facts, on two channels, and two without an address."""
    states = product(Lifecycle, ConsentStatus, Deliverability, (True, False))
    people = [
        Person(life, [(1, Address(channel, consent, reach)) for channel in (Channel.EMAIL, Channel.SMS)], topic_on)
        for life, consent, reach, topic_on in states
    ]
    return [*people, Person(), Person(Lifecycle.ARCHIVED, topic_on=False)]


async def test_many_are_judged_as_one_is(actor: Actor) -> None:
    """For every purpose, channel and topic, every contact: the same reasons, address, proof and awakening."""
    people = everybody()
    await settle(actor, people)
    ids, now = [person.id for person in people], datetime.now(UTC)
    topic = (await topic_ids(actor))[0]
    await pool().execute(
        "INSERT INTO topic_switch (account_id, contact_id, topic_id, subscribed, updated_at)"
        " SELECT $1, id, $3, number % 2 = 0, now() FROM unnest($2::uuid[]) WITH ORDINALITY AS n(id, number)",
        actor.account_id,
        ids,
        topic,
    )
    await _some_asked(actor, people, now)
    for purpose, channel in product(Purpose, (Channel.EMAIL, Channel.SMS)):
        for about in (None, topic) if purpose is Purpose.BROADCAST else (None,):
            async with pool().acquire() as connection:
                many = await judge_many(connection, actor.account_id, ids, channel, purpose, about, now)
            assert len(many) == len(ids)
            for contact_id in ids:
                one = await send_decision(actor, Lookup(id=contact_id), channel, purpose, about)
                found = many[contact_id]
                assert found.reasons == tuple(one.reasons)
                assert (found.value, found.proof) == (one.address, one.decided_by)
                assert wakes(found, purpose) is one.would_reactivate


async def test_the_person_is_told(actor: Actor) -> None:
    """Whoever asks what is held about them gets what was answered about them to those who asked."""
    ada = await opted_in(actor, "ada@example.com")
    await authorize_sends(actor, Question(Purpose.BROADCAST, Channel.EMAIL, ids=[ada, None, UUID(int=7)]))
    (told,) = (await person_data(actor, ada))["sendsAuthorized"]
    assert (told["by"], told["allowed"], told["address"]) == (actor.name, True, "ada@example.com")
    row = await pool().fetchrow("SELECT asked, allowed FROM send_authorization")
    assert row is not None
    assert tuple(row) == (3, 1)


async def _some_asked(actor: Actor, people: list[Person], now: datetime) -> None:
    """Every third asked for a confirmation lately, every fifth long ago."""
    async with tx() as connection:
        await connection.execute("UPDATE contact SET version = version")
        for age, chosen in ((timedelta(days=1), people[::3]), (timedelta(days=8), people[::5])):
            origin = Origin(actor.account_id, "form", ConsentSource.SIGNUP_FORM, now - age)
            entries = [
                Entry(ConsentAction.CONFIRMATION_REQUESTED, person.id, address.id, address.channel)
                for person in chosen
                for _, address in person.points
            ]
            await append(connection, origin, entries)
