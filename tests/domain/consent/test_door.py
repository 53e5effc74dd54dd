"""The door's SQL against `decide`, on every row of the table and on crowds that share addresses."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.consent.change import Context, Outcome, Targets, change, tabulate
from domain.consent.evidence import Evidence
from domain.consent.rules import CHECK_ORDER, RECIPIENT, Change, Changed, Facts, Proof, Refused, Request, Step, decide
from domain.errors import ErrorCode
from domain.infra.db import Connection, tx
from domain.values import (
    Channel,
    ConsentAction,
    ConsentSource,
    ConsentStatus,
    Deliverability,
    EvidenceMethod,
    Lifecycle,
    OptOutPolicy,
)
from tests.domain.consent.population import LATELY, Address, Person, account, assert_counts_exact, every_fact, settle

NOW = LATELY + timedelta(days=60)


def distinct_requests() -> list[Request]:
    """One request for each different table of decisions that any request can lead to."""
    tables: dict[Any, Request] = {}
    flags = ((False, True),) * 3
    for asked, source, policy, proof in product(Change, ConsentSource, OptOutPolicy, Proof):
        for archived, granted, confirmation in product(*flags):
            request = Request(asked, source, policy, proof, False, archived, granted, confirmation)
            tables.setdefault(tuple(tabulate(request)), request)
    return list(tables.values())


REQUESTS = distinct_requests()


def context(actor: Actor, request: Request) -> Context:
    """The context such a request would come in: evidence of its kind, from a known day."""
    method = {Proof.UNWRITTEN: EvidenceMethod.VERBAL, Proof.WRITTEN: EvidenceMethod.PAPER_FORM}.get(request.proof)
    evidence = Evidence(method, "Signed at the counter.", LATELY) if method else None
    return Context(actor.account_id, actor.name, NOW, evidence)


class Rollback(Exception):
    """Ends a transaction without keeping it."""


@pytest.mark.parametrize(
    "request_", REQUESTS, ids=lambda r: f"{r.change}-{r.source}-{r.policy}-{r.proof}-{r.include_archived}"
)
@pytest.mark.parametrize("channels", [[Channel.EMAIL], list(Channel)], ids=["email", "all"])
async def test_sql_agrees_with_decide_on_every_row(db: None, request_: Request, channels: list[Channel]) -> None:
    """For every table of decisions and every combination of facts, each statement does what `decide` says."""
    actor = await account()
    people = every_fact()
    await settle(actor, people)
    asked = context(actor, request_)
    async with tx() as connection:
        await connection.execute(
            "UPDATE account SET opt_out_policy = $2 WHERE account_id = $1", actor.account_id, request_.policy
        )
        outcome = await change(connection, request_, Targets([p.id for p in people], channels), asked)
        await assert_decided(connection, actor, request_, people, outcome, asked)
        await assert_counts_exact(connection, actor)


async def assert_decided(
    connection: Connection, actor: Actor, request: Request, people: list[Person], outcome: Outcome, asked: Context
) -> None:
    """Each person stands as `decide` says, with an entry a step, and is counted once."""
    expected = [_decision(request, person, asked) for person in people]
    states = await _states(connection, actor)
    entries = await _entries(connection, actor)
    refused = {refusal.contact_id: refusal.code for refusal in outcome.refusals}
    for person, decision in zip(people, expected, strict=True):
        steps = decision.steps if isinstance(decision, Changed) else ()
        assert states[person.id] == _after(person, steps), (person, decision)
        assert entries.get(person.id, []) == [step.action for step in steps], (person, decision)
        assert refused.get(person.id) == (decision.code if isinstance(decision, Refused) else None)
    kinds = [type(decision) for decision in expected]
    assert (outcome.found, outcome.changed) == (len(people), kinds.count(Changed))
    assert sum(outcome.skipped.values()) == kinds.count(Refused)
    assert outcome.unchanged == len(people) - outcome.changed - sum(outcome.skipped.values())
    assert len(outcome.positions) == sum(map(len, entries.values()))


def _decision(request: Request, person: Person, asked: Context) -> Changed | Refused | Any:
    if not person.points:
        return decide(request, Facts(person.lifecycle, None))
    _, address = person.points[0]
    moment = (asked.evidence and asked.evidence.obtained_at) or NOW
    newer = address.at is None or address.at < moment
    facts = Facts(person.lifecycle, address.consent, address.deliverability)
    return decide(replace(request, evidence_newer=newer), facts)


def _after(person: Person, steps: tuple[Step, ...]) -> tuple[Any, ...]:
    lifecycle, address = person.lifecycle, person.points[0][1] if person.points else None
    consent, deliverability, at = (
        (address.consent, address.deliverability, address.at) if address else (None, None, None)
    )
    for step in steps:
        lifecycle = step.lifecycle or lifecycle
        deliverability = step.deliverability or deliverability
        consent, at = (step.consent, NOW) if step.consent else (consent, at)
    return lifecycle, consent, deliverability, at


async def _states(connection: Connection, actor: Actor) -> dict[UUID, tuple[Any, ...]]:
    rows = await connection.fetch(
        "SELECT s.contact_id, s.lifecycle, a.consent, a.deliverability, a.consent_at FROM contact_state s"
        " LEFT JOIN contact_point p USING (account_id, contact_id)"
        " LEFT JOIN address a ON a.account_id = s.account_id AND a.id = p.address_id WHERE s.account_id = $1",
        actor.account_id,
    )
    return {row[0]: tuple(row)[1:] for row in rows}


async def _entries(connection: Connection, actor: Actor) -> dict[UUID, list[ConsentAction]]:
    rows = await connection.fetch(
        "SELECT l.contact_id, l.action, l.address_id, l.position, l.consent_from, l.consent_to, a.consent, a.proof"
        " FROM ledger l LEFT JOIN address a ON a.account_id = l.account_id AND a.id = l.address_id"
        " WHERE l.account_id = $1 ORDER BY l.position",
        actor.account_id,
    )
    found: dict[UUID, list[ConsentAction]] = {}
    for row in rows:
        found.setdefault(row["contact_id"], []).append(ConsentAction(row["action"]))
        if row["consent_to"]:
            assert (row["consent_to"], row["position"]) == (row["consent"], row["proof"])
    return found


PHONES = [Channel.SMS, Channel.CALL]


@st.composite
def crowds(draw: st.DrawFn) -> list[Person]:
    """A few contacts with several emails of their own and phones that they share."""

    def address(channel: Channel) -> Address:
        consent, deliverability = draw(st.sampled_from(ConsentStatus)), draw(st.sampled_from(Deliverability))
        return Address(channel, consent, deliverability)

    phones = [address(draw(st.sampled_from(PHONES))) for _ in range(3)]
    people = []
    for _ in range(draw(st.integers(1, 6))):
        person = Person(draw(st.sampled_from(Lifecycle)), topic_on=draw(st.booleans()))
        person.points = [(slot, address(Channel.EMAIL)) for slot in draw(st.sets(st.integers(1, 3)))]
        held = {phone.channel: phone for phone in draw(st.lists(st.sampled_from(phones), max_size=2))}
        person.points += [(1, phone) for phone in held.values()]
        people.append(person)
    return people


# What is recorded again when repeated is recorded once for a crowd: there, one by one would differ.
ONCE = [request for request in REQUESTS if request.source not in RECIPIENT and request.change is not Change.ERASE]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    crowds(),
    st.sampled_from(ONCE),
    st.sets(st.sampled_from(Channel), min_size=1),
    st.booleans(),
    st.booleans(),
)
async def test_a_crowd_at_once_is_as_one_by_one(
    db: None, people: list[Person], request_: Request, channels: set[Channel], primary: bool, everyone: bool
) -> None:
    """A set of contacts that share addresses ends as if each had been visited once, in order of id."""
    actor = await account()
    await settle(actor, people)
    chosen = people if everyone else people[: len(people) // 2 + 1]
    slots = [1] if primary else None
    expected = _one_by_one(request_, chosen, channels, slots)
    try:
        async with tx() as connection:
            await connection.execute(
                "UPDATE account SET opt_out_policy = $2 WHERE account_id = $1", actor.account_id, request_.policy
            )
            targets = Targets([p.id for p in chosen], sorted(channels), slots)
            outcome = await change(connection, request_, targets, Context(actor.account_id, "x", NOW))
            rows = await connection.fetch("SELECT id, consent, deliverability FROM address")
            found = {row["id"]: (row["consent"], row["deliverability"]) for row in rows}
            await assert_counts_exact(connection, actor)
            doubled = "SELECT address_id FROM ledger WHERE address_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
            assert not await connection.fetch(doubled)
            raise Rollback
    except Rollback:
        pass
    assert {key: found[key] for key in expected[0]} == expected[0]
    assert (outcome.changed, outcome.skipped, outcome.unchanged) == expected[1:]


def _one_by_one(
    request: Request, people: list[Person], channels: set[Channel], slots: list[int] | None
) -> tuple[dict[UUID, tuple[ConsentStatus, Deliverability]], int, dict[ErrorCode, int], int]:
    state = {a.id: (a.consent, a.deliverability) for p in people for _, a in p.points}
    changed, unchanged, skipped = 0, 0, dict[ErrorCode, int]()
    for person in sorted(people, key=lambda p: p.id):
        moved, codes = _visit(request, person, channels, slots, state)
        if moved:
            changed += 1
        elif codes:
            first = min(codes, key=CHECK_ORDER.index)
            skipped[first] = skipped.get(first, 0) + 1
        else:
            unchanged += 1
    return state, changed, skipped, unchanged


def _visit(
    request: Request,
    person: Person,
    channels: set[Channel],
    slots: list[int] | None,
    state: dict[UUID, tuple[ConsentStatus, Deliverability]],
) -> tuple[bool, list[ErrorCode]]:
    addresses = [
        a.id
        for slot, a in person.points
        if a.channel in channels and (slots is None or a.channel is not Channel.EMAIL or slot in slots)
    ]
    moved, codes = False, list[ErrorCode]()
    for address in addresses or (None,):
        facts = Facts(person.lifecycle, None) if address is None else Facts(person.lifecycle, *state[address])
        decision = decide(replace(request, evidence_newer=True), facts)
        if isinstance(decision, Refused):
            codes.append(decision.code)
        if isinstance(decision, Changed):
            moved = True
            for step in decision.steps:
                if address is not None and not step.lifecycle:
                    consent, deliverability = state[address]
                    state[address] = (step.consent or consent, step.deliverability or deliverability)
    return moved, codes


async def test_an_address_unknown_to_the_account_is_never_touched(db: None) -> None:
    """Another account's contacts are not found, whatever ids are given."""
    mine, theirs = await account(), await account()
    people = [Person(points=[(1, Address())])]
    await settle(theirs, people)
    async with tx() as connection:
        asked = Context(mine.account_id, "x", datetime.now(LATELY.tzinfo))
        targets = Targets([people[0].id], list(Channel))
        outcome = await change(connection, Request(Change.OPT_OUT, ConsentSource.ONE_CLICK), targets, asked)
    assert (outcome.found, outcome.changed, outcome.positions) == (0, 0, [])
