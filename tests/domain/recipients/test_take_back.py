"""Taking a withdrawal back, against `decide`, on every history that an address can have had of late."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from domain.actor import Actor
from domain.consent.change import Context, change_addresses
from domain.consent.rules import BY_LINK, Change, Changed, Facts, Refused, Request, decide
from domain.infra.db import pool, tx
from domain.recipients.withdraw import TAKEN_BACK_WITHIN, can_take_back
from domain.values import ConsentSource, ConsentStatus, Lifecycle, OptOutPolicy
from tests.domain.consent.population import LATELY, RECOUNT, Address, Person, account, assert_counts_exact, settle

NOW = LATELY + timedelta(days=30)
S = ConsentSource
OUT = ConsentStatus.OPTED_OUT
OLD, NEW = NOW - TAKEN_BACK_WITHIN - timedelta(seconds=1), NOW - timedelta(minutes=1)
_ENTRY = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, contact_id, address_id, channel, consent_from,
                    consent_to, actor)
VALUES ($1, nextval('ledger_position'), $2, $3::consent_action, $4::consent_source, $5, $6, 'EMAIL', $7, $8, 'x')
RETURNING position
"""
_PROOF = "UPDATE address SET consent = $3, consent_at = $4, proof = $5 WHERE account_id = $1 AND id = $2"
Act = tuple[str, S, ConsentStatus, Any]
HISTORIES: dict[str, list[Act]] = {
    "nothing": [],
    "a press": [("OPT_OUT", S.UNSUBSCRIBE_LINK, OUT, NEW)],
    "a click": [("OPT_OUT", S.ONE_CLICK, OUT, NEW)],
    "a click, a press": [("OPT_OUT", S.ONE_CLICK, OUT, NEW), ("OPT_OUT", S.UNSUBSCRIBE_LINK, OUT, NEW)],
    "long ago": [("OPT_OUT", S.UNSUBSCRIBE_LINK, OUT, OLD)],
    "long ago, and again": [("OPT_OUT", S.ONE_CLICK, OUT, OLD), ("OPT_OUT", S.ONE_CLICK, OUT, NEW)],
    "a press, then a complaint": [("OPT_OUT", S.ONE_CLICK, OUT, NEW), ("OPT_OUT", S.COMPLAINT, OUT, NEW)],
    "a complaint, then a press": [("OPT_OUT", S.COMPLAINT, OUT, NEW), ("OPT_OUT", S.ONE_CLICK, OUT, NEW)],
    "taken back before": [
        ("OPT_OUT", S.ONE_CLICK, OUT, NEW),
        ("RESTORE", S.UNSUBSCRIBE_LINK, ConsentStatus.SINGLE_OPT_IN, NEW),
    ],
    "erased": [("OPT_OUT", S.ONE_CLICK, OUT, NEW), ("ERASE", S.OPERATOR, OUT, NEW)],
    "confirmed again": [
        ("OPT_OUT", S.ONE_CLICK, OUT, NEW),
        ("CONFIRM", S.CONFIRMATION_LINK, ConsentStatus.DOUBLE_OPT_IN, NEW),
    ],
}


async def happened(actor: Actor, person: Person, acts: list[Act]) -> Facts:
    """Write the acts into the ledger, and say what is true of the address then, as the rules see it."""
    ((_, address),) = person.points
    stands, chain = address.consent, list[ConsentStatus]()
    proof = at = None
    for action, source, becomes, at in acts:
        keys = (actor.account_id, at, action, source, person.id, address.id)
        proof = await pool().fetchval(_ENTRY, *keys, stands, becomes)
        by_link = action == "OPT_OUT" and source in BY_LINK and at >= NOW - TAKEN_BACK_WITHIN
        chain = [*chain, stands] if by_link else []
        stands = becomes
    await pool().execute(_PROOF, actor.account_id, address.id, stands, at, proof)
    return Facts(person.lifecycle, stands, was=chain[0] if chain else None, stands=bool(chain))


@pytest.mark.parametrize("policy", OptOutPolicy)
async def test_sql_agrees_with_decide(db: None, policy: OptOutPolicy) -> None:
    """Each address stands and is recorded as `decide` says, and the page offers what would succeed."""
    actor = await account()
    cases = [
        (Person(lifecycle, [(1, Address(consent=was))]), acts)
        for lifecycle, was, acts in product(Lifecycle, ConsentStatus, HISTORIES.values())
    ]
    await settle(actor, [person for person, _ in cases])
    facts = [await happened(actor, *case) for case in cases]
    await pool().execute("UPDATE account SET opt_out_policy = $1", policy)
    await _count_anew(actor)
    request = Request(Change.RESTORE, S.UNSUBSCRIBE_LINK)
    context = Context(actor.account_id, "link:unsubscribe", NOW, since=NOW - TAKEN_BACK_WITHIN)
    addresses = [person.points[0][1].id for person, _ in cases]
    offered = [await can_take_back(actor, address, NOW) for address in addresses]
    async with tx() as connection:
        outcome = await change_addresses(connection, request, addresses, context)
    found = {row["id"]: row["consent"] for row in await pool().fetch("SELECT id, consent FROM address")}
    refused = {refusal.address_id: refusal.code for refusal in outcome.refusals}
    changed = 0
    for address, fact, offer in zip(addresses, facts, offered, strict=True):
        decision = decide(Request(Change.RESTORE, S.UNSUBSCRIBE_LINK, policy), fact)
        assert refused.get(address) == (decision.code if isinstance(decision, Refused) else None)
        assert found[address] == (fact.was if isinstance(decision, Changed) else fact.consent)
        assert offer == isinstance(decision, Changed)
        changed += isinstance(decision, Changed)
    assert (outcome.changed, len(outcome.positions)) == (changed, changed)
    assert changed == len(Lifecycle) * 3 * 3  # three histories end in a withdrawal of today by the link alone
    await assert_counts_exact(pool(), actor)


async def _count_anew(actor: Actor) -> None:
    """Histories were written straight into the tables, so the counts have to be made to match."""
    await pool().execute("DELETE FROM summary_delta WHERE account_id = $1", actor.account_id)
    await pool().execute(
        "INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts) "
        + RECOUNT.replace("SELECT", "SELECT $1::uuid,", 1),
        actor.account_id,
    )
