"""Erasing one person."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domain.actor import Actor
from domain.consent.change import Context, Targets, change
from domain.consent.evidence import Evidence
from domain.consent.lifecycle import archive
from domain.consent.opt_in import opt_in
from domain.consent.rules import Change, Proof, Request
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.erase import erase_contact
from domain.contacts.queries import by_ids
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError
from domain.infra.db import pool, tx
from domain.ledger.events import feed
from domain.values import ConsentAction, ConsentSource, ConsentStatus, EvidenceMethod
from tests.domain.contacts.people import (
    CALL,
    EMAIL,
    POST,
    SMS,
    counts_are_exact,
    opted_in,
    person,
    points_of,
    refused,
)

OUT = ConsentStatus.OPTED_OUT


async def consents(actor: Actor, value: str) -> list[ConsentStatus]:
    """The consent that an email has on a new contact."""
    return [point.consent for point in await points_of(actor, await person(actor, value))]


async def test_nothing_personal_is_left(actor: Actor) -> None:
    """No name, address, tag, attribute or evidence of the person is found in any table."""
    points = [NewPoint(EMAIL, "needle@example.com"), NewPoint(SMS, "+12025550100"), NewPoint(POST, "needle street")]
    details = {"first_name": "needle", "external_id": "needle", "tags": ["needle"], "attributes": {"needle": "needle"}}
    contact_id = (await create_contact(actor, NewContact(points=points, **details))).contact_id  # type: ignore[arg-type]
    await opt_in(
        actor, contact_id, evidence=Evidence(EvidenceMethod.OTHER, "the needle said so", url="https://needle.de")
    )
    await update_contact(actor, contact_id, ContactChanges(points=[PointChange(EMAIL, "needle2@example.com")]))
    assert await erase_contact(actor, contact_id) == contact_id
    for table in await pool().fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        name = table["tablename"]
        for found in await pool().fetch(f"SELECT row_to_json(t)::text AS text FROM {name} t"):
            assert "needle" not in found["text"], name
            assert "2025550100" not in found["text"], name
    assert await by_ids(actor, [contact_id]) == {}
    await counts_are_exact(actor)


@pytest.mark.parametrize("held", ["now", "before"])
async def test_an_erased_address_comes_back_opted_out(actor: Actor, held: str) -> None:
    """Whatever its consent was, and also when the person had changed it long before."""
    contact_id = await opted_in(actor, "anna@example.com")
    if held == "before":
        await update_contact(actor, contact_id, ContactChanges(points=[PointChange(EMAIL, "new@example.com")]))
    await erase_contact(actor, contact_id)
    assert await consents(actor, "Anna@Example.com") == [OUT]
    await counts_are_exact(actor)


async def test_many_former_addresses_are_all_withdrawn(actor: Actor) -> None:
    """More than the contact has slots for."""
    contact_id = await person(actor, "a0@example.com")
    for n in range(1, 9):
        changes = [PointChange(EMAIL, f"a{n}@example.com", 1 + n % 3), PointChange(SMS, f"+1202555010{n}")]
        await update_contact(actor, contact_id, ContactChanges(points=changes))
    await erase_contact(actor, contact_id)
    rows = await pool().fetch("SELECT value, consent FROM address")
    assert len(rows) == 17
    assert {(row["value"], row["consent"]) for row in rows} == {(None, OUT)}
    await counts_are_exact(actor)


async def test_an_address_that_another_holds_is_theirs(actor: Actor) -> None:
    """A family's number keeps its value and permission for those who stay, and goes with the last."""
    first, second = await person(actor, phone="+12025550100"), await person(actor, phone="+12025550100")
    await erase_contact(actor, first)
    (point,) = await points_of(actor, second)
    assert (point.value, point.consent) == ("+12025550100", ConsentStatus.NON_MARKETABLE)
    await erase_contact(actor, second)
    assert await pool().fetchval("SELECT count(*) FROM address WHERE value IS NULL AND consent = 'OPTED_OUT'") == 1
    await counts_are_exact(actor)


async def test_an_email_that_moved_on_is_theirs(actor: Actor) -> None:
    """An address that the person gave up and another contact holds now is left alone."""
    first = await opted_in(actor, "anna@example.com")
    await update_contact(actor, first, ContactChanges(points=[PointChange(EMAIL, None)]))
    second = await person(actor, "anna@example.com")
    await erase_contact(actor, first)
    (point,) = await points_of(actor, second)
    assert (point.value, point.consent) == ("anna@example.com", ConsentStatus.SINGLE_OPT_IN)


async def test_the_ledger_keeps_that_it_happened(actor: Actor) -> None:
    """An ERASE for each address and one for the contact; their addresses and evidence read null."""
    contact_id = await opted_in(actor, "anna@example.com")
    await erase_contact(actor, contact_id)
    events = await feed(actor, 100)
    assert [event.action for event in events] == [
        ConsentAction.CONTACT_CREATED,
        ConsentAction.ADDRESS_ADDED,
        ConsentAction.OPT_IN,
        ConsentAction.ERASE,
        ConsentAction.ERASE,
    ]
    assert {event.contact_id for event in events} == {contact_id}
    assert [(event.address, event.evidence) for event in events] == [(None, None)] * 5
    assert (events[3].consent_from, events[3].consent_to, events[3].channel) == (
        ConsentStatus.SINGLE_OPT_IN,
        OUT,
        EMAIL,
    )
    assert (events[4].address_id, events[4].channel) == (None, None)


async def test_shared_evidence_stays_for_the_others(actor: Actor) -> None:
    """Evidence of a bulk change speaks of many: it stays, and reads null on the erased person's entry alone."""
    first, second = await person(actor, "a@example.com"), await person(actor, "b@example.com")
    evidence = Evidence(EvidenceMethod.PAPER_FORM, "Everyone signed at the fair.")
    async with tx() as connection:
        await change(
            connection,
            Request(Change.OPT_IN, ConsentSource.BULK, proof=Proof.WRITTEN),
            Targets([first, second], [EMAIL]),
            Context(actor.account_id, actor.name, datetime.now(UTC), evidence, operation_id=uuid4()),
        )
    await erase_contact(actor, first)
    found = {
        event.contact_id: event.evidence for event in await feed(actor, 100) if event.action is ConsentAction.OPT_IN
    }
    assert found[first] is None
    assert found[second] is not None


async def test_the_archived_and_the_addressless_are_erased_too(actor: Actor) -> None:
    """Erasing is never refused for what the contact is."""
    bare = await person(actor, first_name="Anna")
    archived = await opted_in(actor, "a@example.com")
    await archive(actor, archived)
    await erase_contact(actor, bare)
    await erase_contact(actor, archived)
    assert await pool().fetchval("SELECT count(*) FROM contact") == 0
    await counts_are_exact(actor)


async def test_an_unknown_contact_is_not_found(actor: Actor, stranger: Actor) -> None:
    """Also one of another account, and one that is erased already."""
    theirs, mine = await person(stranger), await person(actor)
    await erase_contact(actor, mine)
    for contact_id in (theirs, mine):
        with pytest.raises(DomainError) as refusal:
            await erase_contact(actor, contact_id)
        assert refused(refusal.value) == [("NOT_FOUND", "contactId")]


async def test_erasing_and_creating_the_same_address_at_once(actor: Actor) -> None:
    """Either the email was still taken, or it came back OPTED_OUT; it is never opted in."""
    for n in range(20):
        contact_id = await opted_in(actor, f"anna{n}@example.com")
        made, _ = await asyncio.gather(
            person(actor, f"anna{n}@example.com"), erase_contact(actor, contact_id), return_exceptions=True
        )
        if isinstance(made, BaseException):
            assert refused(made) == [("TAKEN", "points.0.value")]
        else:
            assert [point.consent for point in await points_of(actor, made)] == [OUT]
    await counts_are_exact(actor)


async def test_a_family_erased_at_once(actor: Actor) -> None:
    """Ten who share three addresses, erased together: nothing deadlocks and nothing is left."""
    points = [NewPoint(SMS, "+12025550100"), NewPoint(CALL, "+12025550101"), NewPoint(POST, "12 Main St")]
    family = [(await create_contact(actor, NewContact(points=points))).contact_id for _ in range(10)]
    await asyncio.gather(*(erase_contact(actor, one) for one in family))
    assert await pool().fetchval("SELECT count(*) FROM address WHERE value IS NOT NULL") == 0
    await counts_are_exact(actor)
