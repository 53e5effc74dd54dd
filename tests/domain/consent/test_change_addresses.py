"""The door for addresses themselves, held by somebody or by nobody, against `decide`."""

from dataclasses import replace
from hashlib import sha256

import pytest

from domain.consent.change import Targets, change, change_addresses, tabulate
from domain.consent.rules import Changed, Facts, Refused, Request, decide
from domain.infra.db import pool, tx
from domain.values import Channel, Lifecycle
from tests.domain.consent.population import Address, Person, account, assert_counts_exact, every_fact, settle
from tests.domain.consent.test_door import NOW, REQUESTS, assert_decided, context

# One that opens or closes a contact is a contact's affair.
OF_ADDRESSES = [asked for asked in REQUESTS if not any(rule.before or rule.after for rule in tabulate(asked))]


def named(request: Request) -> str:
    """A request in a test's name."""
    return f"{request.change}-{request.source}-{request.policy}-{request.proof}"


@pytest.mark.parametrize("request_", OF_ADDRESSES, ids=named)
async def test_held_addresses_move_as_decide_says(db: None, request_: Request) -> None:
    """On every combination of facts it does what asking for the contacts would do."""
    actor = await account()
    people = [person for person in every_fact() if person.points]
    await settle(actor, people)
    asked = context(actor, request_)
    async with tx() as connection:
        await connection.execute(
            "UPDATE account SET opt_out_policy = $2 WHERE account_id = $1", actor.account_id, request_.policy
        )
        addresses = [address.id for person in people for _, address in person.points]
        outcome = await change_addresses(connection, request_, addresses, asked)
        await assert_decided(connection, actor, request_, people, outcome, asked)
        await assert_counts_exact(connection, actor)


@pytest.mark.parametrize("request_", OF_ADDRESSES, ids=named)
async def test_nobodys_addresses_move_as_an_active_contacts(db: None, request_: Request) -> None:
    """An address that no contact holds is decided like one of an active contact, and counted by itself."""
    actor = await account()
    addresses = [address for person in every_fact() for _, address in person.points]
    await pool().executemany(
        "INSERT INTO address (account_id, id, channel, hash, consent, deliverability, consent_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            (actor.account_id, a.id, a.channel, sha256(a.id.bytes).digest(), a.consent, a.deliverability, a.at)
            for a in addresses
        ],
    )
    asked = context(actor, request_)
    async with tx() as connection:
        await connection.execute(
            "UPDATE account SET opt_out_policy = $2 WHERE account_id = $1", actor.account_id, request_.policy
        )
        outcome = await change_addresses(connection, request_, [address.id for address in addresses], asked)
        rows = await connection.fetch("SELECT id, consent FROM address WHERE account_id = $1", actor.account_id)
    stands = {row["id"]: row["consent"] for row in rows}
    moment = (asked.evidence and asked.evidence.obtained_at) or NOW
    changed = refused = 0
    for address in addresses:
        newer = address.at is None or address.at < moment
        facts = Facts(Lifecycle.ACTIVE, address.consent, address.deliverability)
        decision = decide(replace(request_, evidence_newer=newer), facts)
        steps = decision.steps if isinstance(decision, Changed) else ()
        assert stands[address.id] == next((step.consent for step in steps if step.consent), address.consent)
        changed, refused = changed + bool(steps), refused + isinstance(decision, Refused)
    assert (outcome.found, outcome.changed) == (len(addresses), changed)
    assert sum(outcome.skipped.values()) == len(outcome.refusals) == refused
    assert all(refusal.contact_id is None for refusal in outcome.refusals)
    assert len(outcome.positions) == changed


async def test_an_address_that_is_shared_moves_the_counts_of_all(db: None) -> None:
    """Three who share a phone: one entry, and each is counted where they stand now, the archived one too."""
    actor = await account()
    shared = Address(Channel.SMS)
    people = [
        Person(lifecycle, [(1, shared)]) for lifecycle in (Lifecycle.ACTIVE, Lifecycle.ARCHIVED, Lifecycle.ACTIVE)
    ]
    await settle(actor, people)
    opting_out = next(asked for asked in OF_ADDRESSES if named(asked).startswith("OPT_OUT-IMPORT"))
    async with tx() as connection:
        outcome = await change_addresses(connection, opting_out, [shared.id], context(actor, opting_out))
        assert (outcome.found, outcome.changed, len(outcome.positions)) == (1, 1, 1)
        await assert_counts_exact(connection, actor)
        again = await change(
            connection, opting_out, Targets([p.id for p in people], [Channel.SMS]), context(actor, opting_out)
        )
        assert (again.changed, again.unchanged) == (0, 3)
