"""The door's RESTORE against `decide`, on every combination of what an operation found, and of what came since."""

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.consent.change import Context, Targets, change
from domain.consent.rules import Change, Changed, Facts, Refused, Request, decide
from domain.infra.db import pool, tx
from domain.values import Channel, ConsentSource, ConsentStatus, Deliverability, Lifecycle, OptOutPolicy
from tests.domain.consent.population import LATELY, Address, Person, account, assert_counts_exact, settle

NOW = LATELY + timedelta(days=60)
UNDONE = uuid7()
_ENTRY = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, contact_id, address_id, channel, consent_from,
                    consent_to, operation_id, actor)
VALUES ($1, nextval('ledger_position'), $2, 'OPT_OUT', 'BULK', $3, $4, 'EMAIL', $5, $6, $7, 'x') RETURNING position
"""
_PROOF = "UPDATE address SET proof = $3 WHERE account_id = $1 AND id = $2"


async def happened(actor: Actor, person: Person, was: ConsentStatus | None, stands: bool) -> None:
    """An entry of the undone operation, and the address resting on it, or on another's that came after."""
    ((_, address),) = person.points
    keys = actor.account_id, LATELY, person.id, address.id
    proof = None
    if was is not None:
        proof = await pool().fetchval(_ENTRY, *keys, was, address.consent, UNDONE)
    if not stands:
        proof = await pool().fetchval(_ENTRY, *keys, address.consent, address.consent, uuid7())
    await pool().execute(_PROOF, actor.account_id, address.id, proof)


@pytest.mark.parametrize("policy", OptOutPolicy)
async def test_sql_agrees_with_decide(db: None, policy: OptOutPolicy) -> None:
    """Each address stands, is recorded and is counted as `decide` says; what rests on nothing undone stays."""
    actor = await account()
    cases = [
        (Person(lifecycle, [(1, Address(consent=consent, deliverability=delivery))]), was, stands)
        for lifecycle, consent, delivery, was, stands in product(
            Lifecycle, ConsentStatus, Deliverability, (None, *ConsentStatus), (False, True)
        )
        if was is not None or not stands
    ]
    await settle(actor, [person for person, *_ in cases])
    for case in cases:
        await happened(actor, *case)
    await pool().execute("UPDATE account SET opt_out_policy = $1", policy)
    people = [person for person, *_ in cases]
    addresses = [person.points[0][1].id for person in people]
    request, undo = Request(Change.RESTORE, ConsentSource.UNDO), uuid7()
    context = Context(actor.account_id, "x", NOW, operation_id=undo, undoes=UNDONE)
    async with tx() as connection:
        targets = Targets([person.id for person in people], list(Channel), addresses=addresses)
        outcome = await change(connection, request, targets, context)
    found = {row["id"]: row for row in await pool().fetch("SELECT * FROM address")}
    rows = await pool().fetch("SELECT * FROM ledger WHERE operation_id = $1", undo)
    entries: dict[UUID, tuple[str, str, int]] = {
        row["address_id"]: (row["consent_from"], row["consent_to"], row["position"]) for row in rows
    }
    refused = {refusal.address_id: refusal.code for refusal in outcome.refusals}
    asked = Request(Change.RESTORE, ConsentSource.UNDO, policy)
    for person, was, stands in cases:
        ((_, address),) = person.points
        decision = decide(asked, Facts(person.lifecycle, address.consent, address.deliverability, was, stands))
        after = found[address.id]
        assert refused.get(address.id) == (decision.code if isinstance(decision, Refused) else None)
        assert after["deliverability"] == address.deliverability
        if isinstance(decision, Changed):
            assert entries.pop(address.id) == (address.consent, was, after["proof"])
            assert (after["consent"], after["consent_at"]) == (was, NOW)
        else:
            assert (after["consent"], after["consent_at"]) == (address.consent, address.at)
    assert entries == {}
    assert outcome.found == outcome.changed + outcome.unchanged + sum(outcome.skipped.values()) == len(cases)
    await assert_counts_exact(pool(), actor)
