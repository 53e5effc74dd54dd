"""Undoing an operation: what it changed comes back, and whatever has happened since stays."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.bulk import write_down
from domain.bulk.cancel import cancel
from domain.bulk.change_members import add_to_group, remove_from_group
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.change_tags import TagChange, bulk_change_tags
from domain.bulk.change_topics import TopicChange, bulk_change_topics
from domain.bulk.claim import claim
from domain.bulk.erase import BulkErasure, bulk_erase
from domain.bulk.operation import Operation
from domain.bulk.report import report
from domain.bulk.run_part import run_part
from domain.bulk.undo import undo
from domain.bulk.values import BulkKind, BulkStatus, OperationStatus
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import activate, archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import OptOutRequester, opt_out
from domain.contacts.erase import erase_contact
from domain.contacts.queries import tags, topics
from domain.contacts.selection import Selection
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError, ErrorCode
from domain.groups.create import create_group
from domain.infra.db import pool
from domain.values import Channel, ConsentStatus, Deliverability
from tests.domain.bulk.working import EVIDENCE, mixed, now, work_off
from tests.domain.consent.population import assert_counts_exact, settle
from tests.domain.contacts.people import (
    EMAIL,
    SMS,
    WRITTEN,
    account,
    counts_are_exact,
    opted_in,
    person,
    points_of,
    refused,
    topic_ids,
)

NONE, SINGLE, DOUBLE, OUT = ConsentStatus
EVERYONE = Selection(everyone=True)
OPT_OUT = BulkChange(EVERYONE, BulkStatus.OPTED_OUT, include_archived=True)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts, even for a few."""
    monkeypatch.setattr(write_down, "MAX_PART", 3)


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account."""
    return await account()


async def done(actor: Actor, change: BulkChange) -> Operation:
    """A change of status, worked off."""
    return await work_off(actor, (await bulk_change_status(actor, change)).id)


async def undone(actor: Actor, operation: Operation) -> Operation:
    """Its undo, worked off."""
    return await work_off(actor, (await undo(actor, operation.id)).id)


async def consent(actor: Actor, contact_id: UUID) -> ConsentStatus:
    """What the primary email stands at."""
    return (await points_of(actor, contact_id))[0].consent


_STATES = """
SELECT s.contact_id, s.lifecycle, p.slot, a.channel, a.id, a.consent, a.deliverability
  FROM contact_state s
  LEFT JOIN contact_point p USING (account_id, contact_id)
  LEFT JOIN address a ON a.account_id = s.account_id AND a.id = p.address_id
 ORDER BY 1, 4, 3
"""


@pytest.mark.parametrize(
    ("status", "include_archived"), [*((status, False) for status in BulkStatus), (BulkStatus.OPTED_OUT, True)]
)
async def test_every_status_comes_back(actor: Actor, status: BulkStatus, include_archived: bool) -> None:
    """For contacts in every state, some sharing a phone: all stand as before afterwards, and the counts are exact."""
    await settle(actor, mixed())
    await pool().execute("UPDATE address SET deliverability = 'ERROR' WHERE get_byte(hash, 0) % 3 = 0")
    await pool().execute("DELETE FROM summary_delta")
    from domain.contacts.counts import enter
    from domain.infra.db import tx

    ids = [row["contact_id"] for row in await pool().fetch("SELECT contact_id FROM contact_state")]
    async with tx() as connection:
        await enter(connection, actor.account_id, ids)
    before = await pool().fetch(_STATES)
    channels = [Channel.EMAIL, Channel.SMS]
    change = BulkChange(EVERYONE, status, channels, evidence=EVIDENCE, include_archived=include_archived)
    first = await done(actor, change)
    assert await pool().fetch(_STATES) != before
    back = await undone(actor, first)
    assert (back.kind, back.status) == (BulkKind.UNDO, OperationStatus.COMPLETED)
    assert (back.total, back.skipped) == (back.changed + back.unchanged, 0)
    assert back.summary == f"Undo: {first.summary}"
    assert await pool().fetch(_STATES) == before
    await assert_counts_exact(pool(), actor)
    again = await undone(actor, first)
    assert (again.changed, again.skipped) == (0, 0)
    assert await pool().fetch(_STATES) == before


async def test_what_is_recorded(actor: Actor) -> None:
    """A RESTORE by UNDO, from and to, under the undo's own operation; the address rests on it."""
    contact_id = await opted_in(actor, "a@example.com")
    back = await undone(actor, await done(actor, OPT_OUT))
    row = await pool().fetchrow("SELECT * FROM ledger ORDER BY position DESC LIMIT 1")
    recorded = [row[name] for name in ("action", "source", "consent_from", "consent_to", "operation_id", "contact_id")]
    assert recorded == ["RESTORE", "UNDO", OUT, SINGLE, back.id, contact_id]
    (point,) = await points_of(actor, contact_id)
    assert (point.consent, point.proof) == (SINGLE, row["position"])


async def by_recipient(actor: Actor, contact_id: UUID) -> None:
    """The recipient's own wish."""
    await opt_out(actor, contact_id, requested_by=OptOutRequester.RECIPIENT)


async def by_operator(actor: Actor, contact_id: UUID) -> None:
    """An operator, with newer evidence in writing."""
    await opt_in(actor, contact_id, evidence=WRITTEN)


async def by_erasure(actor: Actor, contact_id: UUID) -> None:
    """Nobody is left."""
    await erase_contact(actor, contact_id)


async def by_another_address(actor: Actor, contact_id: UUID) -> None:
    """The contact gives the address up."""
    await update_contact(actor, contact_id, ContactChanges(points=[PointChange(EMAIL, "new@example.com")]))


@pytest.mark.parametrize(
    ("status", "since", "code", "stands"),
    [
        (BulkStatus.OPTED_OUT, by_recipient, ErrorCode.OPTED_OUT, OUT),
        (BulkStatus.OPTED_IN, by_recipient, ErrorCode.OPTED_OUT, OUT),
        (BulkStatus.OPTED_OUT, by_operator, ErrorCode.CONFLICT, SINGLE),
        (BulkStatus.OPTED_OUT, by_erasure, ErrorCode.NOT_FOUND, None),
        (BulkStatus.OPTED_OUT, by_another_address, ErrorCode.NO_ADDRESS, NONE),
    ],
)
async def test_what_happened_since_stays(
    actor: Actor,
    status: BulkStatus,
    since: Callable[[Actor, UUID], Awaitable[None]],
    code: ErrorCode,
    stands: ConsentStatus | None,
) -> None:
    """Never over a recipient's act, nor another's: left alone, and the report says why. The rest comes back."""
    touched, other = await person(actor, "a@example.com"), await person(actor, "b@example.com")
    first = await done(actor, BulkChange(EVERYONE, status, evidence=EVIDENCE))
    await since(actor, touched)
    back = await undone(actor, first)
    assert (back.changed, back.outcomes) == (1, {code: 1})
    assert await consent(actor, other) is NONE
    if stands is not None:
        assert await consent(actor, touched) is stands
    lines = "".join([text async for text in report(actor, back.id)]).splitlines()[1:]
    assert [line.split(",")[3] for line in lines] == [code]
    assert all(line.split(",", 4)[4] for line in lines)
    await counts_are_exact(actor)


async def test_as_it_was_already(actor: Actor) -> None:
    """Who came back to what stood before by another way is unchanged, and what they did is not undone."""
    contact_id = await opted_in(actor, "a@example.com")
    first = await done(actor, OPT_OUT)
    await by_operator(actor, contact_id)
    back = await undone(actor, first)
    assert (back.changed, back.unchanged, back.outcomes) == (0, 1, {})


async def test_strict_lifts_no_opt_out(db: None) -> None:
    """Under STRICT only the recipient ends an opt-out; an opt-in can be undone."""
    actor = await account()
    await person(actor, "a@example.com")
    first, second = await done(actor, OPT_OUT), None
    await pool().execute("UPDATE account SET opt_out_policy = 'STRICT'")
    assert (await undone(actor, first)).outcomes == {ErrorCode.LOCKED: 1}
    fresh = await person(actor, "b@example.com")
    change = BulkChange(Selection(ids=[fresh]), BulkStatus.OPTED_IN, evidence=EVIDENCE)
    second = await done(actor, change)
    assert (await undone(actor, second)).changed == 1
    assert await consent(actor, fresh) is NONE


async def test_an_archived_contact_is_restored_and_stays_archived(actor: Actor) -> None:
    """Undoing puts a state back and grants nothing new, so archiving does not freeze it."""
    contact_id = await person(actor, "a@example.com")
    first = await done(actor, BulkChange(EVERYONE, BulkStatus.OPTED_IN, evidence=EVIDENCE))
    await archive(actor, contact_id)
    assert (await undone(actor, first)).changed == 1
    assert await consent(actor, contact_id) is NONE
    assert await pool().fetchval("SELECT lifecycle FROM contact_state") == "ARCHIVED"


async def test_lifecycle_and_delivery_that_moved_since(actor: Actor) -> None:
    """As before already: unchanged. The same again by somebody else: left alone, CONFLICT."""
    back_already, again = await person(actor, "a@example.com"), await person(actor, "b@example.com")
    archived = await done(actor, BulkChange(EVERYONE, BulkStatus.ARCHIVED))
    await activate(actor, back_already)
    await activate(actor, again)
    await archive(actor, again)
    ended = await undone(actor, archived)
    assert (ended.changed, ended.unchanged, ended.outcomes) == (0, 1, {ErrorCode.CONFLICT: 1})
    await activate(actor, again)
    marked = await done(actor, BulkChange(EVERYONE, BulkStatus.ERROR))
    for state in (Deliverability.OK, Deliverability.ERROR):
        await change_deliverability(actor, again, state)
    await change_deliverability(actor, back_already, Deliverability.OK)
    ended = await undone(actor, marked)
    assert (ended.changed, ended.unchanged, ended.outcomes) == (0, 1, {ErrorCode.CONFLICT: 1})
    await counts_are_exact(actor)


async def test_an_address_that_went_to_another(actor: Actor) -> None:
    """A phone that the first gave up and the second still has is restored for the second."""
    phone = "+12025550100"
    first, second = await person(actor, "a@example.com", phone), await person(actor, "b@example.com", phone)
    asked = BulkChange(Selection(ids=[first]), BulkStatus.OPTED_OUT, [SMS])
    operation = await done(actor, asked)
    await update_contact(actor, first, ContactChanges(points=[PointChange(SMS, None)]))
    back = await undone(actor, operation)
    assert (back.total, back.changed) == (2, 1)
    assert [point.consent for point in await points_of(actor, second)] == [NONE, NONE]
    await counts_are_exact(actor)


async def test_a_canceled_operation_can_be_undone(actor: Actor) -> None:
    """What it did until then comes back."""
    for n in range(7):
        await person(actor, f"a{n}@example.com")
    queued = await bulk_change_status(actor, OPT_OUT)
    with pytest.raises(DomainError) as caught:
        await undo(actor, queued.id)
    assert refused(caught.value) == [("INVALID", "id")]
    await claim(actor.account_id, queued.id)
    await write_down.write_down(actor.account_id, queued.id)
    await run_part(actor.account_id, queued.id)
    await cancel(actor, queued.id)
    await run_part(actor.account_id, queued.id)
    back = await undone(actor, await now(actor, queued.id))
    assert (back.total, back.changed) == (3, 3)
    assert await pool().fetchval("SELECT count(*) FROM address WHERE consent = 'OPTED_OUT'") == 0


async def test_what_cannot_be_undone(actor: Actor) -> None:
    """An erasure, an undo, what nobody knows, and another account's operation."""
    await person(actor, "a@example.com")
    first = await done(actor, OPT_OUT)
    back = await undone(actor, first)
    erased = await work_off(actor, (await bulk_erase(actor, BulkErasure(EVERYONE, 1))).id)
    stranger = await account("Elsewhere")
    for asking, operation_id, code in [
        (actor, back.id, "INVALID"),
        (actor, erased.id, "INVALID"),
        (actor, uuid7(), "NOT_FOUND"),
        (stranger, first.id, "NOT_FOUND"),
    ]:
        with pytest.raises(DomainError) as caught:
            await undo(asking, operation_id)
        assert refused(caught.value) == [(code, "id")]


async def members(group_id: UUID) -> set[UUID]:
    """Who is in the group."""
    rows = await pool().fetch("SELECT contact_id FROM group_member WHERE group_id = $1", group_id)
    return {row["contact_id"] for row in rows}


async def test_groups(actor: Actor) -> None:
    """Whom an operation really added leaves, whom it really removed comes back, in any order of undoing."""
    berlin = (await create_group(actor, "Berlin")).id
    a, b, c = [await person(actor, f"{name}@example.com") for name in "abc"]
    before = await work_off(actor, (await add_to_group(actor, berlin, Selection(ids=[a]))).id)
    added = await work_off(actor, (await add_to_group(actor, berlin, EVERYONE)).id)
    removed = await work_off(actor, (await remove_from_group(actor, berlin, Selection(ids=[a, b]))).id)
    assert await members(berlin) == {c}
    assert (await undone(actor, removed)).changed == 2
    assert await members(berlin) == {a, b, c}
    assert (await undone(actor, added)).changed == 2
    assert await members(berlin) == {a}
    assert (await undone(actor, before)).changed == 1
    assert await members(berlin) == set()
    for operation in (before, added, removed):
        assert (await undone(actor, operation)).changed == 0


async def test_groups_that_moved_since(actor: Actor) -> None:
    """Who was taken out and put in again by somebody else stays in."""
    berlin = (await create_group(actor, "Berlin")).id
    a, b = await person(actor), await person(actor)
    added = await work_off(actor, (await add_to_group(actor, berlin, EVERYONE)).id)
    removed = await work_off(actor, (await remove_from_group(actor, berlin, Selection(ids=[a]))).id)
    await work_off(actor, (await add_to_group(actor, berlin, Selection(ids=[a]))).id)
    assert (await undone(actor, added)).changed == 1
    assert await members(berlin) == {a}
    assert (await undone(actor, removed)).changed == 0
    assert await members(berlin) == {a}
    assert b not in await members(berlin)


async def test_tags(actor: Actor) -> None:
    """What an operation really changed comes back, and what somebody changed since stays."""
    a, b, c = [await person(actor, tags=given) for given in (["old"], ["vip"], ["old", "vip"])]
    change = TagChange(EVERYONE, ["vip"], ["old"])
    first = await work_off(actor, (await bulk_change_tags(actor, change)).id)
    await update_contact(actor, c, ContactChanges(tags=["vip", "old"]))
    await update_contact(actor, c, ContactChanges(tags=["vip"]))
    back = await undone(actor, first)
    assert (back.total, back.changed, back.unchanged) == (2, 1, 1)
    assert await tags(actor, [a, b, c]) == {a: ["old"], b: ["vip"], c: ["vip"]}
    again = await undone(actor, first)
    assert again.changed == 0
    assert await pool().fetchval("SELECT version FROM contact WHERE id = $1", a) == 3


async def test_topics(actor: Actor) -> None:
    """What was really switched is switched back; what somebody switched since stays, and the counts are exact."""
    known = await topic_ids(actor)
    ids = [await opted_in(actor, f"a{n}@example.com") for n in range(4)]
    await update_subscriptions(actor, ids[0], [TopicSwitch(topic, False) for topic in known])
    off = TopicChange(EVERYONE, [TopicSwitch(topic, False) for topic in known])
    first = await work_off(actor, (await bulk_change_topics(actor, off)).id)
    assert first.changed == 3
    await update_subscriptions(actor, ids[2], [TopicSwitch(known[0], True)])
    await update_subscriptions(actor, ids[3], [TopicSwitch(known[0], True)])
    await update_subscriptions(actor, ids[3], [TopicSwitch(known[0], False)])
    back = await undone(actor, first)
    assert (back.total, back.changed) == (3, 3)
    found = await topics(actor, ids)
    on = [[topic.subscribed for topic in found[id_]] for id_ in ids]
    defaults = [row["default_subscribed"] for row in await pool().fetch("SELECT * FROM topic ORDER BY id")]
    assert on == [[False] * 4, defaults, defaults, [False, *defaults[1:]]]
    await counts_are_exact(actor)
    assert (await undone(actor, first)).changed == 0


async def test_undone_in_turn(actor: Actor) -> None:
    """Two operations, undone last first, lead back to the start; first first, the second's result stands."""
    contact_id = await person(actor, "a@example.com")
    first = await done(actor, BulkChange(EVERYONE, BulkStatus.OPTED_IN, evidence=EVIDENCE))
    second = await done(actor, OPT_OUT)
    assert (await undone(actor, first)).outcomes == {ErrorCode.OPTED_OUT: 1}
    assert (await undone(actor, second)).changed == 1
    assert await consent(actor, contact_id) is SINGLE
    # The opt-in stands again, but on the undo's own entry, so the first has nothing left that rests on it.
    assert (await undone(actor, replace(first))).outcomes == {ErrorCode.CONFLICT: 1}
