"""Changing the status of all."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.queries import page
from domain.bulk.values import BulkStatus, OperationStatus
from domain.contacts.filter import ContactFilter
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode
from domain.infra.db import pool
from domain.values import Channel, ConsentStatus
from domain.window import Window
from tests.domain.bulk.working import EVIDENCE, assert_exactly_once, crowd, mixed, now, work_off
from tests.domain.consent.population import Address, Person, account, assert_counts_exact, settle

EVERYONE = Selection(everyone=True)
OUT = BulkChange(EVERYONE, BulkStatus.OPTED_OUT)


async def refusal(actor: Actor, change: BulkChange) -> tuple[ErrorCode, tuple[str, ...]]:
    """The code and field that a change is refused with."""
    with pytest.raises(DomainError) as caught:
        await bulk_change_status(actor, change)
    return caught.value.code, caught.value.field


async def test_an_operation_is_on_record_before_anything_changes(db: None) -> None:
    """The mutation writes the row, in words, and changes nobody."""
    actor = await crowd(3)
    queued = await bulk_change_status(actor, OUT)
    assert queued.status is OperationStatus.QUEUED
    assert queued.total is None
    assert queued.summary == "Opt out: everyone (every email)"
    assert queued.actor == actor.name
    assert await pool().fetchval("SELECT count(*) FROM ledger") == 0
    assert await now(actor, queued.id) == queued


@pytest.mark.parametrize(
    ("status", "include_archived"), [*((status, False) for status in BulkStatus), (BulkStatus.OPTED_OUT, True)]
)
async def test_every_status_over_contacts_in_every_state(db: None, status: BulkStatus, include_archived: bool) -> None:
    """Whatever the states, each contact is counted once, each change recorded once, and the counts stay exact."""
    actor = await account()
    people = mixed()
    await settle(actor, people)
    change = BulkChange(
        EVERYONE, status, [Channel.EMAIL, Channel.SMS], evidence=EVIDENCE, include_archived=include_archived
    )
    done = await work_off(actor, (await bulk_change_status(actor, change)).id)
    assert done.status is OperationStatus.COMPLETED
    assert done.total == len(people)
    assert done.progress == 1
    await assert_exactly_once(actor, done)
    await assert_counts_exact(pool(), actor)


async def test_opt_in_never_touches_an_opt_out(db: None) -> None:
    """OPTED_OUT is refused, address by address; the rest opt in and rest on the operation's evidence."""
    actor = await account()
    out, new = Address(consent=ConsentStatus.OPTED_OUT), Address()
    await settle(actor, [Person(points=[(1, out)]), Person(points=[(1, new)])])
    change = BulkChange(EVERYONE, BulkStatus.OPTED_IN, evidence=EVIDENCE)
    done = await work_off(actor, (await bulk_change_status(actor, change)).id)
    assert (done.changed, done.skipped, done.outcomes) == (1, 1, {ErrorCode.OPTED_OUT: 1})
    consents = dict(await pool().fetch("SELECT id, consent FROM address"))
    assert consents == {out.id: "OPTED_OUT", new.id: "SINGLE_OPT_IN"}
    entry = await pool().fetchrow("SELECT l.source, e.statement FROM ledger l JOIN evidence e ON e.id = l.evidence_id")
    assert tuple(entry) == ("BULK", EVIDENCE.statement)


async def test_opt_in_takes_the_primary_and_opt_out_every_address(db: None) -> None:
    """Without `slots` an opt-in concerns the primary email alone; an opt-out all of them."""
    actor = await account()
    await settle(actor, [Person(points=[(1, Address()), (2, Address()), (3, Address())])])
    await work_off(
        actor, (await bulk_change_status(actor, BulkChange(EVERYONE, BulkStatus.OPTED_IN, evidence=EVIDENCE))).id
    )
    assert await pool().fetchval("SELECT count(*) FROM address WHERE consent = 'SINGLE_OPT_IN'") == 1
    await work_off(actor, (await bulk_change_status(actor, OUT)).id)
    assert await pool().fetchval("SELECT count(*) FROM address WHERE consent = 'OPTED_OUT'") == 3


async def test_what_was_selected_is_what_is_changed(db: None) -> None:
    """Who comes to match after the selection was written down is left alone; who is gone is skipped NOT_FOUND."""
    from domain.bulk.claim import claim
    from domain.bulk.run_part import run_part
    from domain.bulk.write_down import write_down

    actor = await crowd(3)
    operation_id = (await bulk_change_status(actor, OUT)).id
    await claim(actor.account_id, operation_id)
    assert await write_down(actor.account_id, operation_id) == 1
    assert await write_down(actor.account_id, operation_id) == 0
    await settle(actor, [Person(points=[(1, Address())])])
    await pool().execute("DELETE FROM contact WHERE id = (SELECT id FROM contact ORDER BY id LIMIT 1)")
    await run_part(actor.account_id, operation_id)
    done = await now(actor, operation_id)
    assert (done.total, done.changed, done.skipped, done.outcomes) == (3, 2, 1, {ErrorCode.NOT_FOUND: 1})
    assert await pool().fetchval("SELECT count(*) FROM address WHERE consent = 'OPTED_OUT'") == 2


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (BulkChange(EVERYONE, BulkStatus.OPTED_IN), ErrorCode.EVIDENCE_REQUIRED, ("evidence",)),
        (
            BulkChange(EVERYONE, BulkStatus.OPTED_IN, evidence=replace(EVIDENCE, statement="too short")),
            ErrorCode.EVIDENCE_REQUIRED,
            ("evidence", "statement"),
        ),
        (replace(OUT, channels=[]), ErrorCode.INVALID, ("channels",)),
        (replace(OUT, slots=[]), ErrorCode.INVALID, ("slots",)),
        (replace(OUT, slots=[4]), ErrorCode.INVALID, ("slots",)),
        (BulkChange(EVERYONE, BulkStatus.ARCHIVED, include_archived=True), ErrorCode.INVALID, ("includeArchived",)),
        (replace(OUT, selection=Selection()), ErrorCode.INVALID, ("selection",)),
        (replace(OUT, selection=Selection(everyone=False)), ErrorCode.INVALID, ("selection", "everyone")),
        (replace(OUT, selection=Selection(ids=[])), ErrorCode.INVALID, ("selection", "ids")),
        (replace(OUT, selection=Selection(ids=[uuid7()])), ErrorCode.NOT_FOUND, ("selection", "ids")),
        (replace(OUT, selection=Selection(group=uuid7())), ErrorCode.NOT_FOUND, ("selection", "group")),
        (replace(OUT, selection=Selection(filter=ContactFilter())), ErrorCode.INVALID, ("selection", "filter")),
        (replace(OUT, selection=Selection(tag="nobody has it")), ErrorCode.INVALID, ("selection",)),
        (replace(OUT, expected_total=3), ErrorCode.CONFLICT, ("expectedTotal",)),
        (replace(OUT, idempotency_key=""), ErrorCode.INVALID, ("idempotencyKey",)),
        (replace(OUT, idempotency_key="a\x00b"), ErrorCode.INVALID, ("idempotencyKey",)),
    ],
)
async def test_what_cannot_be_done_is_refused_at_once(
    db: None, change: BulkChange, code: ErrorCode, field: tuple[str, ...]
) -> None:
    """A refusal names its field and leaves no operation behind."""
    actor = await crowd(2)
    assert await refusal(actor, change) == (code, field)
    assert (await page(actor, Window())).rows == []


async def test_expected_total_that_is_right_is_accepted(db: None) -> None:
    """The number that the person was shown, and that still holds."""
    actor = await crowd(2)
    assert (await bulk_change_status(actor, replace(OUT, expected_total=2))).status is OperationStatus.QUEUED


async def test_the_same_key_gives_the_same_operation(db: None) -> None:
    """A repeated request is answered before any other check; with another input it is a CONFLICT."""
    actor = await crowd(2)
    keyed = replace(OUT, idempotency_key="once", expected_total=2)
    first = await bulk_change_status(actor, keyed)
    await settle(actor, [Person()])
    again = await bulk_change_status(actor, keyed)
    assert again.id == first.id
    assert await refusal(actor, replace(keyed, include_archived=True)) == (ErrorCode.CONFLICT, ("idempotencyKey",))
    assert len((await page(actor, Window())).rows) == 1
    other = await crowd(2)
    assert (await bulk_change_status(other, keyed)).id != first.id


async def test_the_same_key_at_the_same_moment(db: None) -> None:
    """Of many requests with one key, one writes and all are given its operation, with one row of evidence."""
    actor = await crowd(2)
    keyed = BulkChange(EVERYONE, BulkStatus.OPTED_IN, evidence=EVIDENCE, idempotency_key="race")
    made = await asyncio.gather(*(bulk_change_status(actor, keyed) for _ in range(8)))
    assert len({operation.id for operation in made}) == 1
    assert await pool().fetchval("SELECT count(*) FROM evidence") == 1


async def test_another_account_is_out_of_reach(db: None) -> None:
    """Neither its contacts nor its operations can be named."""
    from domain.bulk.cancel import cancel
    from domain.bulk.queries import operation

    actor, stranger = await crowd(1), await crowd(1)
    ids: list[UUID] = [
        row["id"] for row in await pool().fetch("SELECT id FROM contact WHERE account_id = $1", actor.account_id)
    ]
    assert await refusal(stranger, replace(OUT, selection=Selection(ids=ids))) == (
        ErrorCode.NOT_FOUND,
        ("selection", "ids"),
    )
    made = await bulk_change_status(actor, OUT)
    assert await operation(stranger, made.id) is None
    with pytest.raises(DomainError) as caught:
        await cancel(stranger, made.id)
    assert caught.value.code is ErrorCode.NOT_FOUND
