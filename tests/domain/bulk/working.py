"""Bulk operations as tests want them: a crowd, an operation worked off in this process, and what came of it."""

import asyncio
from uuid import UUID

from domain.actor import Actor
from domain.bulk.claim import claim
from domain.bulk.operation import Operation
from domain.bulk.queries import operation
from domain.bulk.run_part import Step, run_part
from domain.bulk.write_down import write_down
from domain.consent.evidence import Evidence
from domain.infra.db import pool
from domain.values import Channel, ConsentStatus, EvidenceMethod, Lifecycle
from tests.domain.consent.population import Address, Person, account, settle

EVIDENCE = Evidence(EvidenceMethod.PAPER_FORM, "Signed at the counter, on paper.")


async def crowd(size: int, consent: ConsentStatus = ConsentStatus.NON_MARKETABLE) -> Actor:
    """An account with so many active contacts of one email each, all of this consent."""
    actor = await account()
    await settle(actor, [Person(points=[(1, Address(consent=consent))]) for _ in range(size)])
    return actor


def mixed() -> list[Person]:
    """A few contacts in each state, some with several addresses, and some who share a phone."""
    people = []
    for lifecycle in Lifecycle:
        shared = Address(Channel.SMS)
        for consent in ConsentStatus:
            people += [
                Person(lifecycle, [(1, Address(consent=consent))]),
                Person(lifecycle, [(1, Address(consent=consent)), (2, Address()), (1, shared)]),
                Person(lifecycle, [(1, shared)]),
                Person(lifecycle),
            ]
    return people


async def work_off(actor: Actor, operation_id: UUID) -> Operation:
    """Do what a worker does, to the end, and answer the operation as it stands then."""
    assert await claim(actor.account_id, operation_id)
    await write_down(actor.account_id, operation_id)
    while await run_part(actor.account_id, operation_id) is Step.DONE:
        await asyncio.sleep(0)
    return await now(actor, operation_id)


async def now(actor: Actor, operation_id: UUID) -> Operation:
    """The operation as it stands."""
    found = await operation(actor, operation_id)
    assert found is not None
    return found


async def assert_exactly_once(actor: Actor, done: Operation) -> None:
    """Each changed address has one entry of the operation, each is the proof it rests on, and the counts add up."""
    assert done.total == done.changed + done.unchanged + done.skipped + done.failed
    assert done.skipped == sum(done.outcomes.values())
    entries = await pool().fetch(
        "SELECT contact_id, address_id, action, position FROM ledger WHERE account_id = $1 AND operation_id = $2",
        actor.account_id,
        done.id,
    )
    steps = [(entry["contact_id"], entry["address_id"], entry["action"]) for entry in entries]
    assert len(steps) == len(set(steps))
    assert len({entry["contact_id"] for entry in entries}) == done.changed
    proofs = await pool().fetchval(
        "SELECT count(*) FROM address WHERE account_id = $1 AND proof = ANY ($2::bigint[])",
        actor.account_id,
        [entry["position"] for entry in entries],
    )
    assert proofs == sum(entry["action"] in ("OPT_IN", "OPT_OUT") for entry in entries)
