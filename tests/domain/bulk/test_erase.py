"""Erasing many."""

from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.bulk import write_down
from domain.bulk.erase import BulkErasure, bulk_erase
from domain.bulk.resume import resume
from domain.bulk.values import BulkKind, OperationStatus
from domain.consent.lifecycle import archive
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.erase import erase_contact
from domain.contacts.selection import Selection
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError
from domain.infra.db import pool
from tests.domain.bulk.working import work_off
from tests.domain.contacts.people import (
    CALL,
    EMAIL,
    POST,
    SMS,
    account,
    counts_are_exact,
    opted_in,
    person,
    refused,
)

EVERYONE = Selection(everyone=True)


async def family(actor: Actor) -> list[UUID]:
    """People who share phones, gave addresses up to each other, are archived, have many addresses or none."""
    phone, other, street = "+12025550100", "+12025550101", "12 Main St"
    ids = [
        await opted_in(actor, "a@example.com", tags=["vip"]),
        await person(actor, "b@example.com", phone),
        await person(actor, phone=phone),
        await person(actor, first_name="Bare"),
        await person(actor, phone=other),
    ]
    points = [NewPoint(EMAIL, f"many{n}@example.com", n) for n in (1, 2, 3)]
    points += [NewPoint(SMS, phone), NewPoint(CALL, other), NewPoint(POST, street)]
    ids.append((await create_contact(actor, NewContact(points=points))).contact_id)
    # An email that went from one to another, and one that nobody holds any more.
    await update_contact(actor, ids[0], ContactChanges(points=[PointChange(EMAIL, "a2@example.com")]))
    await update_contact(actor, ids[3], ContactChanges(points=[PointChange(EMAIL, "a@example.com")]))
    await update_contact(actor, ids[4], ContactChanges(points=[PointChange(SMS, None)]))
    await archive(actor, ids[1])
    return ids


async def state(actor: Actor) -> list[list[Any]]:
    """What is left of the account, its ids replaced by their order."""
    known: dict[UUID, int] = {}
    for table in ("contact", "address"):
        for row in await pool().fetch(f"SELECT id FROM {table} WHERE account_id = $1 ORDER BY id", actor.account_id):
            known[row["id"]] = len(known)
    rows = await pool().fetch(
        "SELECT channel, value, consent, deliverability, id FROM address WHERE account_id = $1 ORDER BY id",
        actor.account_id,
    )
    points = await pool().fetch(
        "SELECT contact_id, address_id, slot FROM contact_point WHERE account_id = $1 ORDER BY 1, 2", actor.account_id
    )
    entries = await pool().fetch(
        "SELECT action, channel, consent_from, consent_to, address_id FROM ledger"
        " WHERE account_id = $1 AND action = 'ERASE' ORDER BY address_id, contact_id",
        actor.account_id,
    )
    return [[known.get(value, value) for value in row] for row in (*rows, *points, *entries)]


@pytest.mark.parametrize("size", [2, 100])
@pytest.mark.parametrize("chosen", [[0, 1, 2, 3, 4, 5], [0, 1], [1, 2], [3], [2, 4, 5], [0, 3, 5]])
async def test_many_at_once_are_as_one_by_one(
    db: None, monkeypatch: pytest.MonkeyPatch, size: int, chosen: list[int]
) -> None:
    """The same addresses, suppressions, entries and counts as an erasure for each alone, in any size of part."""
    monkeypatch.setattr(write_down, "MAX_PART", size)
    monkeypatch.setattr(write_down, "MIN_PART", 1)
    at_once, singly = await account("At once"), await account("Singly")
    ids, others = await family(at_once), await family(singly)
    selection = Selection(ids=[ids[n] for n in chosen])
    done = await work_off(at_once, (await bulk_erase(at_once, BulkErasure(selection, len(chosen)))).id)
    for n in chosen:
        await erase_contact(singly, others[n])
    assert (done.kind, done.status, done.changed) == (BulkKind.ERASE, OperationStatus.COMPLETED, len(chosen))
    assert await state(at_once) == await state(singly)
    owners = [
        [order.index(row["contact_id"]) for row in await pool().fetch(_OWNERS, of.account_id)]
        for of, order in ((at_once, ids), (singly, others))
    ]
    assert owners[0] == owners[1]
    for actor in (at_once, singly):
        await counts_are_exact(actor)


_OWNERS = """
SELECT contact_id FROM ledger WHERE account_id = $1 AND action = 'ERASE' AND address_id IS NOT NULL ORDER BY address_id
"""


async def test_nothing_personal_is_left(db: None) -> None:
    """Nor in what operations remember: the tag that one of them took off."""
    from domain.bulk.change_tags import TagChange, bulk_change_tags

    actor = await account()
    await person(actor, "needle@example.com", "+12025550100", first_name="needle", tags=["needle", "needle too"])
    change = TagChange(EVERYONE, remove=["needle too"])
    await work_off(actor, (await bulk_change_tags(actor, change)).id)
    await work_off(actor, (await bulk_erase(actor, BulkErasure(EVERYONE, 1))).id)
    for row in await pool().fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        if row["tablename"] != "bulk_operation":  # what was asked, in the words of whoever asked
            for found in await pool().fetch(f"SELECT row_to_json(t)::text AS text FROM {row['tablename']} t"):
                assert "needle" not in found["text"], row["tablename"]
                assert "2025550100" not in found["text"], row["tablename"]


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_the_exact_number_must_be_known(db: None, expected: int) -> None:
    """Another number than the selection holds is a CONFLICT, and nobody is erased."""
    actor = await account()
    await person(actor)
    await person(actor)
    with pytest.raises(DomainError) as caught:
        await bulk_erase(actor, BulkErasure(EVERYONE, expected))
    assert refused(caught.value) == [("CONFLICT", "expectedTotal")]


async def test_who_came_since_stops_it(db: None) -> None:
    """A selection that has grown before the work starts fails the erasure whole; one that shrank does not."""
    actor = await account()
    first = await person(actor)
    await person(actor)
    queued = await bulk_erase(actor, BulkErasure(EVERYONE, 2))
    third = await person(actor)
    ended = await work_off(actor, queued.id)
    assert (ended.status, ended.processed) == (OperationStatus.FAILED, 0)
    assert ended.error == "The selection has come to hold 3 contacts, not 2. Nothing was done."
    assert await pool().fetchval("SELECT count(*) FROM contact") == 3
    assert await pool().fetchval("SELECT count(*) FROM bulk_part") == 0
    for gone in (first, third):
        await erase_contact(actor, gone)
    assert (await resume(actor, queued.id)).status is OperationStatus.QUEUED
    assert (await work_off(actor, queued.id)).changed == 1
