"""Changing one contact's details."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.actor import Actor
from domain.consent.deliverability import change_deliverability
from domain.consent.evidence import Evidence
from domain.consent.opt_out import opt_out
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.queries import tags
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError, Refusals
from domain.infra.db import pool
from domain.ledger.events import by_positions
from domain.values import ConsentAction, ConsentStatus, Deliverability, EvidenceMethod, OptOutPolicy
from tests.domain.contacts.people import (
    CALL,
    EMAIL,
    POST,
    SMS,
    account,
    actions,
    counts_are_exact,
    opted_in,
    person,
    points_of,
    refused,
    row,
)

CORRECTION = Evidence(EvidenceMethod.WRITTEN_REQUEST, "Asked by letter to correct her name.")
UPDATED, ADDED, REMOVED = ConsentAction.CONTACT_UPDATED, ConsentAction.ADDRESS_ADDED, ConsentAction.ADDRESS_REMOVED


async def test_what_is_left_out_stays_and_null_clears(actor: Actor) -> None:
    """Named fields change, null ones are emptied, the rest is as it was; the version moves by one."""
    contact_id = await person(
        actor, "a@example.com", first_name="Anna", last_name="Smith", tags=["vip"], attributes={"a": 1}, external_id="x"
    )
    receipt = await update_contact(actor, contact_id, ContactChanges(first_name=None, last_name="Jones", tags=None))
    contact = await row(actor, contact_id)
    assert (contact.first_name, contact.last_name, contact.name) == (None, "Jones", "Jones")
    assert (contact.external_id, contact.attributes, contact.version) == ("x", {"a": 1}, 2)
    assert contact.updated_at > contact.created_at
    assert await tags(actor, [contact_id]) == {contact_id: []}
    assert await actions(actor, receipt.positions) == [UPDATED]


@pytest.mark.parametrize(
    "changes",
    [
        ContactChanges(),
        ContactChanges(first_name=" Anna "),
        ContactChanges(points=[PointChange(EMAIL, "a@EXAMPLE.com"), PointChange(EMAIL, None, 3)]),
        ContactChanges(points=None),
        ContactChanges(tags=["b", "a", "a"]),
        ContactChanges(attributes={"y": [1.0, {"z": None}], "x": 100}),
        ContactChanges(external_id="x", contact_type="client"),
    ],
)
async def test_asking_for_what_already_holds_changes_nothing(actor: Actor, changes: ContactChanges) -> None:
    """A success without entries: the version and the time stay where they were."""
    contact_id = await person(
        actor, "a@example.com", first_name="Anna", external_id="x", contact_type="client", tags=["a", "b"],
        attributes={"x": 1e2, "y": [1, {"z": None}]},
    )  # fmt: skip
    before = await row(actor, contact_id)
    assert (await update_contact(actor, contact_id, changes)).positions == []
    assert await row(actor, contact_id) == before


async def test_a_stale_version_is_a_conflict(actor: Actor) -> None:
    """Of two who edit what they saw at the same version, the second is told."""
    contact_id = await person(actor, first_name="Anna")
    edits = [update_contact(actor, contact_id, ContactChanges(first_name=n), version=1) for n in ("Ann", "Annie")]
    answers = await asyncio.gather(*edits, return_exceptions=True)
    (lost,) = [answer for answer in answers if isinstance(answer, BaseException)]
    assert refused(lost) == [("CONFLICT", "version")]
    assert (await row(actor, contact_id)).version == 2


async def test_an_unknown_contact_is_not_found(actor: Actor, stranger: Actor) -> None:
    """Also one of another account."""
    contact_id = await person(stranger)
    with pytest.raises(DomainError) as refusal:
        await update_contact(actor, contact_id, ContactChanges(first_name="Anna"))
    assert refused(refusal.value) == [("NOT_FOUND", "contactId")]


async def test_slots_are_set_replaced_and_emptied(actor: Actor) -> None:
    """Each address that goes and each that comes has its entry; slots that are not named stay."""
    points = [NewPoint(EMAIL, "a@example.com"), NewPoint(EMAIL, "b@example.com", 2), NewPoint(SMS, "+12025550100")]
    contact_id = (await create_contact(actor, NewContact(points=points))).contact_id
    changed = [PointChange(EMAIL, "c@example.com"), PointChange(SMS, None), PointChange(POST, "12 Main St")]
    receipt = await update_contact(actor, contact_id, ContactChanges(points=changed))
    kept = [(point.channel, point.slot, point.value) for point in await points_of(actor, contact_id)]
    assert kept == [(EMAIL, 1, "c@example.com"), (EMAIL, 2, "b@example.com"), (POST, 1, "12 Main St")]
    assert sorted(await actions(actor, receipt.positions)) == [ADDED, ADDED, REMOVED, REMOVED]
    contact = await row(actor, contact_id)
    assert (contact.email, contact.phone, contact.version) == ("c@example.com", None, 2)
    await counts_are_exact(actor)


async def test_slots_can_be_swapped(actor: Actor) -> None:
    """Two emails change places: no address came or went, the details changed."""
    points = [NewPoint(EMAIL, "a@example.com"), NewPoint(EMAIL, "b@example.com", 2)]
    contact_id = (await create_contact(actor, NewContact(points=points))).contact_id
    swap = [PointChange(EMAIL, "b@example.com"), PointChange(EMAIL, "a@example.com", 2)]
    receipt = await update_contact(actor, contact_id, ContactChanges(points=swap))
    assert [point.value for point in await points_of(actor, contact_id)] == ["b@example.com", "a@example.com"]
    assert await actions(actor, receipt.positions) == [UPDATED]
    assert (await row(actor, contact_id)).email == "b@example.com"


async def test_an_address_in_another_slot_is_a_duplicate(actor: Actor) -> None:
    """A slot cannot rest on what an unnamed slot rests on."""
    contact_id = await person(actor, "a@example.com")
    with pytest.raises(Refusals) as refusal:
        await update_contact(actor, contact_id, ContactChanges(points=[PointChange(EMAIL, "A@example.com", 2)]))
    assert refused(refusal.value) == [("DUPLICATE", "points.0.value")]


async def test_another_ones_email_is_taken(actor: Actor) -> None:
    """TAKEN, along with whatever else is wrong; the contact stays as it was."""
    await person(actor, "b@example.com", external_id="theirs")
    contact_id = await person(actor, "a@example.com")
    before = await row(actor, contact_id)
    with pytest.raises(Refusals) as refusal:
        await update_contact(
            actor,
            contact_id,
            ContactChanges(points=[PointChange(EMAIL, "b@example.com")], external_id="theirs", tags=[""]),
        )
    expected = [("INVALID", "tags.0"), ("TAKEN", "externalId"), ("TAKEN", "points.0.value")]
    assert sorted(refused(refusal.value)) == expected
    assert await row(actor, contact_id) == before


async def test_of_two_that_race_for_an_external_id_one_wins(actor: Actor) -> None:
    """Ten contacts take one id at once: nine times TAKEN."""
    people = [await person(actor) for _ in range(10)]
    edits = [update_contact(actor, one, ContactChanges(external_id="crm-1")) for one in people]
    answers = await asyncio.gather(*edits, return_exceptions=True)
    lost = [refused(answer) for answer in answers if isinstance(answer, BaseException)]
    assert lost == [[("TAKEN", "externalId")]] * 9


async def test_an_email_can_be_written_differently(actor: Actor) -> None:
    """The local part in another case is the same address with the same permission, written anew."""
    contact_id = await opted_in(actor, "anna@example.com")
    receipt = await update_contact(actor, contact_id, ContactChanges(points=[PointChange(EMAIL, "Anna@example.com")]))
    (point,) = await points_of(actor, contact_id)
    assert (point.value, point.consent) == ("Anna@example.com", ConsentStatus.SINGLE_OPT_IN)
    assert await actions(actor, receipt.positions) == [UPDATED]
    assert (await row(actor, contact_id)).email == "Anna@example.com"


async def test_a_new_value_is_deliverable_and_has_no_permission(actor: Actor) -> None:
    """The slot rests on the new address's own row: ERROR is cleared, and permission does not come along."""
    contact_id = await opted_in(actor, "a@example.com")
    await change_deliverability(actor, contact_id, Deliverability.ERROR)
    await update_contact(actor, contact_id, ContactChanges(points=[PointChange(EMAIL, "b@example.com")]))
    (point,) = await points_of(actor, contact_id)
    assert (point.deliverability, point.consent) == (Deliverability.OK, ConsentStatus.NON_MARKETABLE)
    await counts_are_exact(actor)


async def test_a_changed_address_that_opted_out_stays_opted_out(actor: Actor) -> None:
    """An address that was withdrawn elsewhere, and taken off there, comes back OPTED_OUT here."""
    first = await person(actor, "a@example.com")
    await opt_out(actor, first)
    await update_contact(actor, first, ContactChanges(points=[PointChange(EMAIL, None)]))
    second = await person(actor, "b@example.com")
    await update_contact(actor, second, ContactChanges(points=[PointChange(EMAIL, "a@example.com")]))
    assert [point.consent for point in await points_of(actor, second)] == [ConsentStatus.OPTED_OUT]


async def test_a_shared_number_keeps_its_writing(actor: Actor) -> None:
    """A postal address that two people share is kept as the first wrote it."""
    first = (await create_contact(actor, NewContact(points=[NewPoint(POST, "12 Main St")]))).contact_id
    second = await person(actor)
    await update_contact(actor, second, ContactChanges(points=[PointChange(POST, "12 MAIN ST")]))
    assert {point.value for one in (first, second) for point in await points_of(actor, one)} == {"12 Main St"}


class TestStrict:
    """The STRICT policy locks the details of a contact whose primary email is OPTED_OUT."""

    @pytest.fixture
    async def strict(self, db: None) -> Actor:
        """An account under STRICT."""
        return await account(policy=OptOutPolicy.STRICT)

    async def test_details_are_locked(self, strict: Actor) -> None:
        """An operator's edit is LOCKED, also one that would change nothing."""
        contact_id = await person(strict, "a@example.com", first_name="Anna")
        await opt_out(strict, contact_id)
        for changes in (ContactChanges(first_name="Ann"), ContactChanges(), ContactChanges(tags=["x"])):
            with pytest.raises(DomainError) as refusal:
                await update_contact(strict, contact_id, changes)
            assert refused(refusal.value) == [("LOCKED", "contactId")]

    async def test_a_correction_that_was_asked_for_is_made(self, strict: Actor) -> None:
        """With the evidence of who asked and how, which its entries keep."""
        contact_id = await person(strict, "a@example.com", first_name="Anna")
        await opt_out(strict, contact_id)
        receipt = await update_contact(strict, contact_id, ContactChanges(first_name="Ann"), rectification=CORRECTION)
        (event,) = await by_positions(strict, receipt.positions)
        assert event.evidence is not None
        assert event.evidence.statement == CORRECTION.statement
        assert (await row(strict, contact_id)).first_name == "Ann"

    async def test_others_are_not_locked(self, strict: Actor) -> None:
        """An opted-out number, or a second email, locks nothing; nor does an opt-out under WITH_EVIDENCE."""
        points = [NewPoint(EMAIL, "a@example.com"), NewPoint(EMAIL, "b@example.com", 2), NewPoint(SMS, "+12025550100")]
        contact_id = (await create_contact(strict, NewContact(points=points))).contact_id
        await opt_out(strict, contact_id, [EMAIL], [2])
        await opt_out(strict, contact_id, [SMS, CALL])
        assert (await update_contact(strict, contact_id, ContactChanges(first_name="Ann"))).positions

    async def test_evidence_without_an_edit_is_not_kept(self, strict: Actor) -> None:
        """Nothing changed, so nothing is recorded, the evidence included."""
        contact_id = await person(strict, "a@example.com")
        await update_contact(strict, contact_id, ContactChanges(), rectification=CORRECTION)
        assert await pool().fetchval("SELECT count(*) FROM evidence") == 0

    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            (Evidence(EvidenceMethod.VERBAL, "short"), ("EVIDENCE_REQUIRED", "rectification.statement")),
            (
                Evidence(EvidenceMethod.VERBAL, "Long enough, I hope.", datetime.now(UTC) + timedelta(days=1)),
                ("INVALID", "rectification.obtainedAt"),
            ),
        ],
    )
    async def test_evidence_must_count(self, strict: Actor, evidence: Evidence, expected: Any) -> None:
        """A statement without words, or from the future, corrects nothing."""
        contact_id = await person(strict, "a@example.com")
        with pytest.raises(DomainError) as refusal:
            await update_contact(strict, contact_id, ContactChanges(first_name="Ann"), rectification=evidence)
        assert refused(refusal.value) == [expected]


async def test_an_opted_out_contact_is_edited_under_with_evidence(actor: Actor) -> None:
    """The default policy locks no details."""
    contact_id = await person(actor, "a@example.com")
    await opt_out(actor, contact_id)
    assert (await update_contact(actor, contact_id, ContactChanges(first_name="Ann"))).positions


async def test_edits_that_cross_never_deadlock(actor: Actor) -> None:
    """Contacts that swap numbers with each other, all at once, each in another order of channels."""
    people = [await person(actor) for _ in range(6)]
    numbers = [f"+1202555010{n}" for n in range(4)]

    async def edit(n: int) -> None:
        channels = (SMS, CALL) if n % 2 else (CALL, SMS)
        points = [PointChange(channel, numbers[(n + k) % 4]) for k, channel in enumerate(channels)]
        await update_contact(actor, people[n % 6], ContactChanges(points=points))

    await asyncio.gather(*(edit(n) for n in range(60)))
    await counts_are_exact(actor)
