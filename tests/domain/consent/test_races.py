"""Races held open on purpose: an opt-out wins each of them."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from domain.actor import Actor
from domain.consent.change import Context, Outcome, Targets, change
from domain.consent.evidence import Evidence
from domain.consent.lifecycle import archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import OptOutRequester, opt_out
from domain.consent.rules import Change, Proof, Request
from domain.errors import DomainError, ErrorCode
from domain.infra.db import Connection, pool, tx
from domain.values import Channel, ConsentSource, ConsentStatus, EvidenceMethod
from tests.domain.consent.population import Address, Person, account, assert_counts_exact, elsewhere, settle

EVIDENCE = Evidence(EvidenceMethod.VERBAL, "Said so on the telephone.")
BULK_OPT_IN = Request(Change.OPT_IN, ConsentSource.BULK, proof=Proof.UNWRITTEN)
WITHDRAWN = Request(Change.OPT_OUT, ConsentSource.ONE_CLICK)


def context(actor: Actor) -> Context:
    """Asked just now."""
    return Context(actor.account_id, actor.name, datetime.now(UTC))


async def bulk_opt_in(actor: Actor, people: list[Person], channel: Channel = Channel.EMAIL) -> Outcome:
    """One part of a bulk opt-in."""
    async with tx() as connection:
        return await change(connection, BULK_OPT_IN, Targets([p.id for p in people], [channel]), context(actor))


async def consents(actor: Actor) -> dict[object, ConsentStatus]:
    """Every address's consent."""
    rows = await pool().fetch("SELECT id, consent FROM address WHERE account_id = $1", actor.account_id)
    return {row["id"]: ConsentStatus(row["consent"]) for row in rows}


@asynccontextmanager
async def blocked(waiting: "asyncio.Task[object]") -> AsyncIterator[None]:
    """Go on once the task's transaction waits for a lock; fails when it never does."""
    for _ in range(200):
        if await pool().fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            break
        assert not waiting.done(), "it did not wait"
        await asyncio.sleep(0.01)
    else:
        pytest.fail("it never waited for a lock")
    yield


@pytest.fixture
async def actor(db: None) -> Actor:
    """An account."""
    return await account()


async def test_an_opt_out_under_way_is_seen_by_a_bulk_opt_in_that_waits(actor: Actor) -> None:
    """A bulk opt-in that waits for an uncommitted opt-out is refused by it, and does not overwrite it."""
    people = [Person(points=[(1, Address())]) for _ in range(3)]
    await settle(actor, people)
    async with tx() as connection:
        await change(connection, WITHDRAWN, Targets([people[1].id], [Channel.EMAIL]), context(actor))
        waiting = elsewhere(bulk_opt_in(actor, people))
        async with blocked(waiting):
            pass
    outcome = await waiting
    assert (outcome.changed, outcome.skipped) == (2, {ErrorCode.OPTED_OUT: 1})
    assert (await consents(actor))[people[1].points[0][1].id] is ConsentStatus.OPTED_OUT
    await assert_counts_exact(pool(), actor)


async def test_an_address_inserted_meanwhile_is_seen(actor: Actor) -> None:
    """An address put on the contact, opted out, while a bulk opt-in waits, is refused and not missed or opted in."""
    person, number = Person(points=[(1, Address())]), Address(Channel.SMS, ConsentStatus.OPTED_OUT)
    await settle(actor, [person])
    async with tx() as connection:
        await connection.execute("SELECT lock_contacts($1, $2, '{}', false)", actor.account_id, [person.id])
        waiting = elsewhere(bulk_opt_in(actor, [person], Channel.SMS))
        async with blocked(waiting):
            await _add(connection, actor, person, number)
    outcome = await waiting
    assert (outcome.changed, outcome.skipped) == (0, {ErrorCode.OPTED_OUT: 1})


async def test_a_shared_number_withdrawn_through_another_contact(actor: Actor) -> None:
    """A number opted out through one of its contacts cannot be opted in through another that waits for it."""
    number = Address(Channel.SMS)
    mother, son = Person(points=[(1, number)]), Person(points=[(1, number)])
    await settle(actor, [mother, son])
    async with tx() as connection:
        await change(connection, WITHDRAWN, Targets([mother.id], [Channel.SMS]), context(actor))
        waiting = elsewhere(bulk_opt_in(actor, [son], Channel.SMS))
        async with blocked(waiting):
            pass
    assert (await waiting).skipped == {ErrorCode.OPTED_OUT: 1}
    await assert_counts_exact(pool(), actor)


async def test_an_opt_in_that_waits_for_an_archive_is_refused(actor: Actor) -> None:
    """An operator's opt-in that was read before an archive committed is judged after it."""
    person = Person(points=[(1, Address())])
    await settle(actor, [person])
    async with tx():
        await archive(actor, person.id)
        waiting = elsewhere(opt_in(actor, person.id, evidence=EVIDENCE))
        async with blocked(waiting):
            pass
    with pytest.raises(DomainError) as refused:
        await waiting
    assert refused.value.code is ErrorCode.CONTACT_ARCHIVED


async def test_a_recipients_opt_out_applies_while_an_archive_is_under_way(actor: Actor) -> None:
    """The recipient's opt-out waits for the archive and applies all the same."""
    person = Person(points=[(1, Address(consent=ConsentStatus.SINGLE_OPT_IN))])
    await settle(actor, [person])
    async with tx():
        await archive(actor, person.id)
        waiting = elsewhere(opt_out(actor, person.id, requested_by=OptOutRequester.RECIPIENT))
        async with blocked(waiting):
            pass
    assert len((await waiting).positions) == 1
    assert set((await consents(actor)).values()) == {ConsentStatus.OPTED_OUT}
    await assert_counts_exact(pool(), actor)


async def test_a_storm_of_opt_outs_during_a_bulk_opt_in(actor: Actor) -> None:
    """No address that opted out ends opted in, none is lost, nothing deadlocks, and the counts stay exact."""
    numbers = [Address(Channel.SMS) for _ in range(40)]
    people = [Person(points=[(1, Address()), (2, Address()), (1, random.choice(numbers))]) for _ in range(400)]
    await settle(actor, people)
    leaving = random.sample(people, 150)

    async def leave(person: Person) -> None:
        await asyncio.sleep(random.random() / 2)
        await opt_out(actor, person.id, [Channel.EMAIL, Channel.SMS], requested_by=OptOutRequester.RECIPIENT)

    async def part(some: list[Person]) -> None:
        async with tx() as connection:
            targets = Targets([p.id for p in some], [Channel.EMAIL, Channel.SMS])
            await change(connection, BULK_OPT_IN, targets, context(actor))

    shuffled = random.sample(people, len(people))
    parts = [shuffled[i : i + 40] for i in range(0, len(people), 40)] * 3
    await asyncio.gather(*(leave(person) for person in leaving), *(part(some) for some in parts))
    found = await consents(actor)
    gone = {address.id for person in leaving for _, address in person.points}
    assert {found[key] for key in gone} == {ConsentStatus.OPTED_OUT}
    assert {found[key] for key in found.keys() - gone} == {ConsentStatus.SINGLE_OPT_IN}
    await assert_counts_exact(pool(), actor)


async def test_a_client_that_hangs_up_leaves_nothing_behind(actor: Actor) -> None:
    """Requests cancelled at random moments lose no connection and leave no half change."""
    people = [Person(points=[(1, Address())]) for _ in range(60)]
    await settle(actor, people)

    async def hang_up(person: Person) -> None:
        asked = asyncio.create_task(opt_in(actor, person.id, evidence=EVIDENCE))
        await asyncio.sleep(random.random() * 0.02)
        asked.cancel()
        await asyncio.wait([asked])

    for _ in range(4):
        await asyncio.gather(*(hang_up(person) for person in people))
    assert pool().get_idle_size() == pool().get_size()
    opted_in = await pool().fetchval("SELECT count(*) FROM address WHERE consent = 'SINGLE_OPT_IN'")
    assert opted_in == await pool().fetchval("SELECT count(*) FROM ledger")
    assert not await pool().fetchval("SELECT count(*) FROM evidence WHERE id NOT IN (SELECT evidence_id FROM ledger)")


async def _add(connection: Connection, actor: Actor, person: Person, address: Address) -> None:
    await connection.execute(
        "INSERT INTO address (account_id, id, channel, hash, value, consent, consent_at)"
        " VALUES ($1, $2, $3, sha256($4), '+12025550123', $5, now())",
        actor.account_id, address.id, address.channel, address.id.bytes, address.consent,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)"
        " VALUES ($1, $2, $3, 1, $4)",
        actor.account_id, person.id, address.channel, address.id,
    )  # fmt: skip
