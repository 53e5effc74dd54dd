"""The door: the one verb that changes permission, for one contact or for thousands, in four round trips.

Lock, then decide. The first statement locks the contacts by id, then their addresses by id; the second, on a
fresh view of what is locked, joins them to the tabulated decisions of `decide`, updates what changes, and appends
the ledger entries and the count deltas. Nothing else writes consent, deliverability or lifecycle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.consent.door_sql import (
    DECIDE,
    DECIDE_ADDRESSES,
    DECIDE_NAMED,
    DECIDE_SOLE,
    DECIDE_TAKEN_BACK,
    LOCK,
    LOCK_ADDRESSES,
)
from domain.consent.evidence import Evidence
from domain.consent.rules import CHECK_ORDER, TAKES_BACK, Change, Changed, Facts, Refused, Request, Step, decide
from domain.errors import ErrorCode
from domain.infra.db import Connection
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle, OptOutPolicy


@dataclass(frozen=True, slots=True)
class Targets:
    """Which addresses of which contacts. `slots` None: every slot; it concerns email alone."""

    contact_ids: Sequence[UUID]
    channels: Sequence[Channel]
    slots: Sequence[int] | None = None
    addresses: Sequence[UUID] | None = None
    """Beside `contact_ids`, one each: these alone, in a slot or in none any more. The caller has locked them."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, when, and on what proof. `now` is also the moment that evidence without a date was obtained."""

    account_id: UUID
    actor: str
    now: datetime
    evidence: Evidence | None = None
    evidence_id: UUID | None = None
    reason: str | None = None
    operation_id: UUID | None = None
    undoes: UUID | None = None
    """RESTORE of named addresses: the operation whose entries are gone back on."""
    since: datetime | None = None
    """RESTORE by the recipient: the time from which on their withdrawals are taken back."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One contact (or one of its addresses) that the change was refused for."""

    contact_id: UUID
    address_id: UUID | None
    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change. Contacts add up: changed + unchanged + skipped = found."""

    found: int
    changed: int
    unchanged: int
    skipped: dict[ErrorCode, int]
    refusals: list[Refusal]
    positions: list[int] = field(default_factory=list)
    """The ledger entries made, in order."""


async def change(connection: Connection, request: Request, targets: Targets, context: Context) -> Outcome:
    """Apply one request to a set of contacts, inside the caller's transaction.

    The policy is the account's own, read under the lock, and `request.evidence_newer` is judged address by address
    against the latest opt-out: what the request says of either is not read. Contacts that do not exist are not found
    and not counted. Raises nothing for a refusal: the caller decides whether one among many rolls back.
    """
    moves_lifecycle = any(rule.before or rule.after for rule in tabulate(request))
    contacts, channels = list(targets.contact_ids), list(targets.channels)
    policy = await connection.fetchval(LOCK, context.account_id, contacts, channels, moves_lifecycle)
    asked = replace(request, policy=OptOutPolicy(policy))
    given = parameters(asked, targets, context)
    if targets.addresses is not None:
        row = await connection.fetchrow(DECIDE_NAMED, *given, list(targets.addresses), context.undoes)
    elif channels == [Channel.EMAIL] and not moves_lifecycle:
        row = await connection.fetchrow(DECIDE_SOLE, *given)
    else:
        row = await connection.fetchrow(DECIDE, *given)
    assert row is not None
    return _outcome(row)


async def change_addresses(
    connection: Connection, request: Request, address_ids: Sequence[UUID], context: Context
) -> Outcome:
    """Apply one request to addresses themselves, also to those that no contact holds; the outcome counts addresses.

    The entry of an address that contacts share names the first of them. For requests that move no lifecycle; else as
    `change`.
    """
    assert not any(rule.before or rule.after for rule in tabulate(request))
    policy = await connection.fetchval(LOCK_ADDRESSES, context.account_id, list(address_ids))
    asked = replace(request, policy=OptOutPolicy(policy))
    given = parameters(asked, Targets(address_ids, tuple(Channel)), context)
    if context.since is None:
        row = await connection.fetchrow(DECIDE_ADDRESSES, *given)
    else:
        row = await connection.fetchrow(DECIDE_TAKEN_BACK, *given, list(TAKES_BACK[request.source]), context.since)
    assert row is not None
    return _outcome(row)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table that SQL joins: facts on the left, the decision on the right."""

    lifecycle: Lifecycle
    consent: ConsentStatus | None
    deliverability: Deliverability
    newer: bool
    was: ConsentStatus | None
    stands: bool
    code: ErrorCode | None = None
    before: Step | None = None
    """ACTIVATE or ARCHIVE of the contact, before its addresses."""
    step: Step | None = None
    """The address's own step."""
    after: Step | None = None
    """ARCHIVE of the contact again, after its addresses."""


@lru_cache(maxsize=256)
def tabulate(request: Request) -> tuple[Rule, ...]:
    """Run `decide` over every combination of facts, so that SQL holds no rule of its own."""
    undone = product((None, *ConsentStatus), (False, True)) if request.change is Change.RESTORE else ((None, False),)
    facts = product(Lifecycle, (None, *ConsentStatus), Deliverability, (False, True), undone)
    return tuple(
        _rule(replace(request, evidence_newer=newer), Facts(lifecycle, consent, deliverability, *before))
        for lifecycle, consent, deliverability, newer, before in facts
    )


def _rule(request: Request, facts: Facts) -> Rule:
    rule = Rule(facts.lifecycle, facts.consent, facts.deliverability, request.evidence_newer, facts.was, facts.stands)
    decision = decide(request, facts)
    if isinstance(decision, Refused):
        return replace(rule, code=decision.code)
    steps = decision.steps if isinstance(decision, Changed) else ()
    addresses = [i for i, step in enumerate(steps) if step.lifecycle is None]
    at = addresses[0] if addresses else len(steps)
    before, step, after = (part[0] if part else None for part in (steps[:at], steps[at : at + 1], steps[at + 1 :]))
    return replace(rule, before=before, step=step, after=after)


@lru_cache(maxsize=256)
def _table(request: Request) -> tuple[list[Any], ...]:
    """The decisions as columns, in the order of the statement's parameters."""
    rules = tabulate(request)
    return (
        [rule.lifecycle for rule in rules],
        [rule.consent for rule in rules],
        [rule.deliverability for rule in rules],
        [rule.newer for rule in rules],
        [rule.code for rule in rules],
        [rule.before and rule.before.action for rule in rules],
        [rule.step and rule.step.action for rule in rules],
        [rule.step and rule.step.consent for rule in rules],
        [rule.step and rule.step.deliverability for rule in rules],
        [rule.after and rule.after.action for rule in rules],
        [rule.was for rule in rules],
        [rule.stands for rule in rules],
    )


def parameters(request: Request, targets: Targets, context: Context) -> list[Any]:
    """The door's parameters, `$1` first."""
    evidence = context.evidence
    words = evidence is not None or context.reason is not None
    return [
        context.account_id,
        list(targets.contact_ids),
        list(targets.channels),
        None if targets.slots is None else list(targets.slots),
        (evidence and evidence.obtained_at) or context.now,
        *_table(request),
        list(CHECK_ORDER),
        context.now,
        request.source,
        context.actor,
        context.operation_id,
        uuid7() if words else context.evidence_id,
        words,
        evidence and evidence.method,
        evidence and evidence.statement.strip(),
        evidence and evidence.obtained_at,
        evidence and evidence.url,
        context.reason,
    ]


def _outcome(row: Any) -> Outcome:
    refusals = zip(row["refused_contacts"], row["refused_addresses"], row["refused_codes"], strict=True)
    return Outcome(
        found=row["found"],
        changed=row["changed"],
        unchanged=row["unchanged"],
        skipped={ErrorCode(code): n for code, n in zip(row["skipped_codes"], row["skipped_counts"], strict=True)},
        refusals=[Refusal(contact, address, ErrorCode(code)) for contact, address, code in refusals],
        positions=row["positions"],
    )
