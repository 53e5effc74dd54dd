"""The preview equals the run."""

import random
from dataclasses import replace

import pytest

from domain.bulk import write_down
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.preview import preview
from domain.bulk.values import BulkStatus
from domain.contacts.filter import ContactFilter
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode
from domain.infra.db import pool
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle
from tests.domain.bulk.working import EVIDENCE, crowd, mixed, work_off
from tests.domain.consent.population import Address, Person, account, assert_counts_exact, settle

EVERYONE = Selection(everyone=True)


@pytest.mark.parametrize("status", BulkStatus)
@pytest.mark.parametrize("channels", [[Channel.EMAIL], [Channel.EMAIL, Channel.SMS]], ids=["email", "email and SMS"])
@pytest.mark.parametrize("part", [1, 7, 5_000])
async def test_the_preview_is_what_the_run_does(
    db: None, monkeypatch: pytest.MonkeyPatch, status: BulkStatus, channels: list[Channel], part: int
) -> None:
    """Also for addresses that contacts share, however the selection is cut; and it changes nothing."""
    monkeypatch.setattr(write_down, "MAX_PART", part)
    chance = random.Random(part)
    actor = await account()
    people = mixed()
    for person in people:
        for _, address in person.points:
            address.deliverability = chance.choice(list(Deliverability))
    await settle(actor, people)
    change = BulkChange(EVERYONE, status, channels, evidence=EVIDENCE, include_archived=status is BulkStatus.OPTED_OUT)
    seen = await preview(actor, change)
    assert await pool().fetchval("SELECT count(*) FROM ledger") == 0
    assert seen.total == seen.changed + seen.unchanged + seen.skipped == len(people)
    done = await work_off(actor, (await bulk_change_status(actor, change)).id)
    assert seen == type(seen)(done.total or 0, done.changed, done.unchanged, done.skipped, done.outcomes)
    await assert_counts_exact(pool(), actor)


async def test_a_shared_address_in_error_keeps_nobody_archived(db: None) -> None:
    """Two archived contacts share an undeliverable phone: it is cleared once, and both are activated."""
    actor = await account()
    phone = Address(Channel.SMS, deliverability=Deliverability.ERROR)
    await settle(actor, [Person(Lifecycle.ARCHIVED, [(1, phone)]) for _ in range(2)])
    change = BulkChange(EVERYONE, BulkStatus.ACTIVE, [Channel.SMS])
    assert (await preview(actor, change)).changed == 2
    assert (await work_off(actor, (await bulk_change_status(actor, change)).id)).changed == 2
    assert await pool().fetchval("SELECT count(*) FROM contact_state WHERE lifecycle = 'ACTIVE'") == 2
    actions = await pool().fetch("SELECT action FROM ledger ORDER BY position")
    assert sorted(row["action"] for row in actions) == ["ACTIVATE", "ACTIVATE", "CLEAR_ERROR"]
    await assert_counts_exact(pool(), actor)


async def test_a_part_of_the_contacts(db: None) -> None:
    """A filter with values of its own."""
    actor = await account()
    await settle(actor, [Person(points=[(1, Address(consent=consent))]) for consent in ConsentStatus])
    where = ContactFilter(consent=[ConsentStatus.OPTED_OUT, ConsentStatus.SINGLE_OPT_IN], lifecycle=Lifecycle.ACTIVE)
    seen = await preview(actor, BulkChange(Selection(filter=where), BulkStatus.OPTED_OUT))
    assert (seen.total, seen.changed, seen.unchanged) == (2, 1, 1)


async def test_nobody(db: None) -> None:
    """A selection that holds nobody is counted, not refused."""
    actor = await crowd(1)
    assert (await preview(actor, BulkChange(Selection(tag="no one"), BulkStatus.ARCHIVED))).total == 0


async def test_what_would_be_refused(db: None) -> None:
    """A preview refuses what the change itself would."""
    actor = await crowd(1)
    change = BulkChange(EVERYONE, BulkStatus.OPTED_IN)
    for wrong, code in [
        (change, ErrorCode.EVIDENCE_REQUIRED),
        (replace(change, evidence=EVIDENCE, expected_total=2), ErrorCode.CONFLICT),
        (replace(change, evidence=EVIDENCE, selection=Selection()), ErrorCode.INVALID),
    ]:
        with pytest.raises(DomainError) as caught:
            await preview(actor, wrong)
        assert caught.value.code is code
