"""Never lost, never twice, also for topics, tags, erasures and undo: workers are killed in the middle of each."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from domain.actor import Actor
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.change_tags import TagChange, bulk_change_tags
from domain.bulk.change_topics import TopicChange, bulk_change_topics
from domain.bulk.erase import BulkErasure, bulk_erase
from domain.bulk.operation import Operation
from domain.bulk.undo import undo
from domain.bulk.values import BulkStatus, OperationStatus
from domain.contacts.selection import Selection
from domain.contacts.subscriptions import TopicSwitch
from domain.infra.db import pool
from domain.values import Channel
from tests.domain.consent.population import assert_counts_exact
from tests.domain.contacts.people import topic_ids
from tests.flows.crew import CONTACTS, crowd, now, until, working

EVERYONE = Selection(everyone=True)
OUT = BulkChange(EVERYONE, BulkStatus.OPTED_OUT, [Channel.EMAIL, Channel.SMS], include_archived=True)
_STATES = """
SELECT s.contact_id, s.lifecycle, s.topic_on, p.slot, a.id, a.consent, a.deliverability
  FROM contact_state s
  JOIN contact_point p USING (account_id, contact_id)
  JOIN address a ON a.account_id = s.account_id AND a.id = p.address_id
 WHERE s.account_id = $1 ORDER BY 1, 5
"""
_TWICE = """
SELECT contact_id, address_id, topic_id, action FROM ledger WHERE account_id = $1 AND operation_id = $2
 GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
"""
_OF = "SELECT count(DISTINCT contact_id) FROM ledger WHERE account_id = $1 AND operation_id = $2"


@pytest.fixture
async def actor(db: None, redis: None) -> Actor:
    """An account with a large crowd."""
    return await crowd()


def moved_on(before: Operation, by: int) -> Callable[[Operation], bool]:
    """Whether an operation has come so much further, or ended."""
    return lambda found: found.finished or found.processed >= before.processed + by


async def killed(actor: Actor, queued: Operation) -> Operation:
    """The operation, worked off by workers that are killed at random moments, and everything that must hold then."""
    chance, kills = random.Random(7), 0
    while not (before := await now(actor, queued)).finished:
        async with working() as [worker]:
            reached = moved_on(before, chance.choice([0, 1, 1]) if kills < 4 else CONTACTS)
            await until(actor, queued, reached)
            await asyncio.sleep(chance.uniform(0, 0.12))
            await worker.kill()
            kills += 1
    assert kills >= 3
    done = await now(actor, queued)
    assert done.status is OperationStatus.COMPLETED
    assert done.total == done.processed
    assert await pool().fetch(_TWICE, actor.account_id, done.id) == []
    assert await pool().fetchval(_OF, actor.account_id, done.id) == done.changed
    await assert_counts_exact(pool(), actor)
    return done


async def states(actor: Actor) -> list[Any]:
    """Every contact and address as it stands."""
    found: list[Any] = await pool().fetch(_STATES, actor.account_id)
    return found


async def test_an_undo_that_is_killed(actor: Actor) -> None:
    """An opt-out of everyone, undone by workers that die: all stand as before."""
    before = await states(actor)
    async with working(2):
        first = await bulk_change_status(actor, OUT)
        await until(actor, first, lambda found: found.finished)
    assert await states(actor) != before
    back = await killed(actor, await undo(actor, first.id))
    assert back.skipped == 0
    assert await states(actor) == before


async def test_topics_tags_and_an_erasure_that_are_killed(actor: Actor) -> None:
    """Each contact is changed exactly once by each, and in the end nobody is left."""
    switches = [TopicSwitch(topic, False) for topic in await topic_ids(actor)]
    off = await killed(actor, await bulk_change_topics(actor, TopicChange(EVERYONE, switches)))
    assert off.changed == CONTACTS
    tagged = await killed(actor, await bulk_change_tags(actor, TagChange(EVERYONE, ["vip"])))
    assert tagged.changed == CONTACTS
    versions = await pool().fetch("SELECT DISTINCT version FROM contact WHERE account_id = $1", actor.account_id)
    assert [row["version"] for row in versions] == [2]
    gone = await killed(actor, await bulk_erase(actor, BulkErasure(EVERYONE, CONTACTS)))
    assert gone.changed == CONTACTS
    left = await pool().fetch("SELECT DISTINCT value, consent FROM address WHERE account_id = $1", actor.account_id)
    assert [tuple(row) for row in left] == [(None, "OPTED_OUT")]
