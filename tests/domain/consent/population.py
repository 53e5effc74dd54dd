"""Contacts written straight into the tables, in any state, and the whole state read back."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import product
from typing import Any, TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.accounts.create import create_account
from domain.actor import Actor, Scope
from domain.infra.db import Connection, pool
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

T = TypeVar("T")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LATELY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Address:
    """An address as a test wants it. `at`: when its consent was set."""

    channel: Channel = Channel.EMAIL
    consent: ConsentStatus = ConsentStatus.NON_MARKETABLE
    deliverability: Deliverability = Deliverability.OK
    at: datetime | None = LONG_AGO
    id: UUID = field(default_factory=uuid7)


@dataclass
class Person:
    """A contact: its points by slot."""

    lifecycle: Lifecycle = Lifecycle.ACTIVE
    points: list[tuple[int, Address]] = field(default_factory=list)
    topic_on: bool = True
    id: UUID = field(default_factory=uuid7)


async def account() -> Actor:
    """A fresh account, and an actor who may do everything in it."""
    opened, _ = await create_account("Example Ltd")
    return Actor(opened.id, "key:test", frozenset(Scope))


async def settle(actor: Actor, people: list[Person]) -> None:
    """Write the people down, with counts that match."""
    connection = pool()
    addresses = {address.id: address for person in people for _, address in person.points}
    of = actor.account_id
    await connection.executemany(
        "INSERT INTO contact (account_id, id, updated_at) VALUES ($1, $2, $3)", [(of, p.id, LONG_AGO) for p in people]
    )
    await connection.executemany(
        "INSERT INTO contact_state (account_id, contact_id, lifecycle, topic_on) VALUES ($1, $2, $3, $4)",
        [(of, p.id, p.lifecycle, p.topic_on) for p in people],
    )
    await connection.executemany(
        "INSERT INTO address (account_id, id, channel, hash, value, consent, deliverability, consent_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (of, a.id, a.channel, sha256(a.id.bytes).digest(), f"{a.id}@example.com", a.consent, a.deliverability, a.at)
            for a in addresses.values()
        ],
    )
    await connection.executemany(
        "INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id) VALUES ($1, $2, $3, $4, $5)",
        [(of, p.id, a.channel, slot, a.id) for p in people for slot, a in p.points],
    )
    await connection.execute(
        "INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts) "
        + RECOUNT.replace("SELECT", "SELECT $1::uuid,", 1),
        of,
    )


RECOUNT = """
SELECT channel, lifecycle, consent, deliverability, topic_on, count(*) FROM (
  SELECT NULL::channel AS channel, lifecycle, NULL::consent_status AS consent,
         NULL::deliverability AS deliverability, topic_on
    FROM contact_state WHERE account_id = $1
  UNION ALL
  SELECT a.channel, s.lifecycle, a.consent, a.deliverability, s.topic_on
    FROM contact_point p JOIN contact_state s USING (account_id, contact_id)
    JOIN address a ON a.account_id = p.account_id AND a.id = p.address_id
   WHERE p.account_id = $1 AND p.slot = 1) AS cells
 GROUP BY channel, lifecycle, consent, deliverability, topic_on
"""
SUMMED = """
SELECT channel, lifecycle, consent, deliverability, topic_on, sum(contacts)::bigint AS count
  FROM summary_delta WHERE account_id = $1 GROUP BY 1, 2, 3, 4, 5 HAVING sum(contacts) <> 0
"""


async def assert_counts_exact(connection: Connection | Any, actor: Actor) -> None:
    """The sums of the appended deltas equal a full count."""
    full = {tuple(row) for row in await connection.fetch(RECOUNT, actor.account_id)}
    summed = {tuple(row) for row in await connection.fetch(SUMMED, actor.account_id)}
    assert summed == full


def every_fact() -> list[Person]:
    """A contact for each combination of facts that a decision can rest on."""
    dates = (None, LONG_AGO, LATELY + timedelta(days=30))
    combinations = product(Lifecycle, ConsentStatus, Deliverability, dates)
    held = [
        Person(lifecycle, [(1, Address(Channel.EMAIL, consent, deliverability, at))])
        for lifecycle, consent, deliverability, at in combinations
    ]
    return [Person(lifecycle) for lifecycle in Lifecycle] + held


def elsewhere(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Run beside the test as another client would: outside its transaction."""
    return asyncio.create_task(work, context=Context())
