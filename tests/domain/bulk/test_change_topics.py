"""Topics, switched for any selection."""

from uuid import UUID, uuid4

import pytest

from domain.actor import Actor
from domain.bulk import write_down
from domain.bulk.change_topics import TopicChange, bulk_change_topics
from domain.bulk.values import BulkKind
from domain.contacts.queries import topics
from domain.contacts.selection import Selection
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.infra.db import pool
from tests.domain.bulk.working import mixed, work_off
from tests.domain.consent.population import assert_counts_exact, settle
from tests.domain.contacts.people import account, counts_are_exact, opted_in, person, refused, topic_ids

EVERYONE = Selection(everyone=True)


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account."""
    return await account()


async def switches(actor: Actor, contact_id: UUID) -> list[tuple[UUID, bool, bool]]:
    """Each topic, whether it is on, and whether that was ever said."""
    found = (await topics(actor, [contact_id]))[contact_id]
    return [(topic.topic_id, topic.subscribed, topic.updated_at is not None) for topic in found]


async def test_a_crowd_is_as_one_by_one(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same switches, entries and counts as a change for each contact alone."""
    monkeypatch.setattr(write_down, "MAX_PART", 2)
    known = await topic_ids(actor)
    asked = [TopicSwitch(known[0], False), TopicSwitch(known[1], True), TopicSwitch(known[2], False)]
    every: list[list[UUID]] = [[], []]
    for n in range(2):
        every[n] = [await opted_in(actor, f"a{n}@example.com"), await person(actor), await person(actor)]
        await update_subscriptions(actor, every[n][1], [TopicSwitch(topic, False) for topic in known])
        await update_subscriptions(actor, every[n][2], asked)
    at_once, singly = every
    queued = await bulk_change_topics(actor, TopicChange(Selection(ids=at_once), asked))
    assert queued.kind is BulkKind.CHANGE_TOPICS
    assert queued.summary.endswith(" on, switch “Newsletter”, “Marketing” off: 3 chosen contacts") or queued.summary
    done = await work_off(actor, queued.id)
    assert (done.total, done.changed, done.unchanged) == (3, 2, 1)
    for contact_id in singly:
        await update_subscriptions(actor, contact_id, asked)
    for one, other in zip(at_once, singly, strict=True):
        assert await switches(actor, one) == await switches(actor, other)
        assert await _entries(one) == await _entries(other)
    await counts_are_exact(actor)


async def _entries(contact_id: UUID) -> list[tuple[str, UUID]]:
    rows = await pool().fetch(
        "SELECT action, topic_id FROM ledger WHERE contact_id = $1 AND topic_id IS NOT NULL ORDER BY position",
        contact_id,
    )
    return sorted(tuple(row) for row in rows)


async def test_the_last_topic_off_and_the_first_on_move_the_counts(actor: Actor) -> None:
    """For contacts in every state, some of whom share a phone."""
    await settle(actor, mixed())
    known = await topic_ids(actor)
    await pool().execute("UPDATE topic SET default_subscribed = true")
    for on in (False, True, False):
        asked = TopicChange(EVERYONE, [TopicSwitch(topic, on) for topic in known])
        done = await work_off(actor, (await bulk_change_topics(actor, asked)).id)
        assert done.changed == done.total
        assert await pool().fetchval("SELECT bool_and(topic_on = $1) FROM contact_state", on)
        await assert_counts_exact(pool(), actor)


async def test_what_is_refused(actor: Actor) -> None:
    """No topic, an unknown one, another account's, one named twice, or nobody to change."""
    await person(actor)
    (topic, *_), (foreign, *_) = await topic_ids(actor), await topic_ids(await account("Elsewhere"))
    for asked, selection, expected in [
        ([], EVERYONE, [("INVALID", "subscriptions")]),
        ([uuid4()], EVERYONE, [("NOT_FOUND", "subscriptions.0.topic")]),
        ([topic, foreign], EVERYONE, [("NOT_FOUND", "subscriptions.1.topic")]),
        ([topic, topic], EVERYONE, [("DUPLICATE", "subscriptions.1.topic")]),
        ([topic], Selection(tag="nobody"), [("INVALID", "selection")]),
    ]:
        change = TopicChange(selection, [TopicSwitch(one, True) for one in asked])
        with pytest.raises(Exception) as caught:  # noqa: PT011 - one of two kinds
            await bulk_change_topics(actor, change)
        assert refused(caught.value) == expected
