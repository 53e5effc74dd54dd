"""Creating one contact."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Actor
from domain.consent.opt_out import opt_out
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.erase import erase_contact
from domain.contacts.queries import Lookup, find, tags, topics
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError, Refusals
from domain.groups.create import create_group
from domain.groups.queries import of_contacts
from domain.infra.db import pool
from domain.ledger.events import by_positions
from domain.values import ConsentAction, ConsentSource, ConsentStatus, Deliverability, Lifecycle
from tests.domain.contacts.people import (
    CALL,
    EMAIL,
    POST,
    SMS,
    actions,
    counts_are_exact,
    opted_in,
    person,
    points_of,
    refused,
    row,
)


async def test_everything_that_was_given_is_kept(actor: Actor) -> None:
    """Details, points on every channel, tags, groups and attributes come back as they were given, normalised."""
    group = await create_group(actor, "Spring")
    points = [
        NewPoint(EMAIL, "Anna@Example.com"),
        NewPoint(EMAIL, "second@example.com", 2),
        NewPoint(SMS, "(202) 555-0100"),
        NewPoint(CALL, "+1 202 555 0100"),
        NewPoint(POST, " 12 Main St "),
    ]
    receipt = await create_contact(
        actor,
        NewContact(
            points=points,
            external_id=" crm-1 ",
            first_name=" Anna ",
            last_name="Smith",
            contact_type="client",
            tags=["vip", "a b"],
            groups=[group.id],
            attributes={"age": 41},
        ),
    )
    contact = await row(actor, receipt.contact_id)
    assert (contact.external_id, contact.name, contact.contact_type) == ("crm-1", "Anna Smith", "client")
    assert (contact.email, contact.phone, contact.attributes) == ("Anna@example.com", "+12025550100", {"age": 41})
    assert (contact.lifecycle, contact.topic_on, contact.version) == (Lifecycle.ACTIVE, True, 1)
    kept = [(p.channel, p.slot, p.value, p.consent, p.deliverability) for p in await points_of(actor, contact.id)]
    new, ok = ConsentStatus.NON_MARKETABLE, Deliverability.OK
    assert kept == [
        (EMAIL, 1, "Anna@example.com", new, ok),
        (EMAIL, 2, "second@example.com", new, ok),
        (SMS, 1, "+12025550100", new, ok),
        (CALL, 1, "+12025550100", new, ok),
        (POST, 1, "12 Main St", new, ok),
    ]
    assert await tags(actor, [contact.id]) == {contact.id: ["a b", "vip"]}
    assert [g.name for g in (await of_contacts(actor, [contact.id]))[contact.id]] == ["Spring"]
    await counts_are_exact(actor)


async def test_the_ledger_records_the_contact_and_each_address(actor: Actor) -> None:
    """One entry for the contact, then one for each address, by the operator's key."""
    points = [NewPoint(EMAIL, "a@example.com"), NewPoint(SMS, "+12025550100")]
    receipt = await create_contact(actor, NewContact(points=points))
    events = await by_positions(actor, receipt.positions)
    added = ConsentAction.ADDRESS_ADDED
    assert [event.action for event in events] == [ConsentAction.CONTACT_CREATED, added, added]
    assert [event.address for event in events] == [None, "a@example.com", "+12025550100"]
    assert {(event.source, event.actor) for event in events} == {(ConsentSource.OPERATOR, "key:test")}


async def test_a_contact_may_have_nothing_at_all(actor: Actor) -> None:
    """No point and no name is still a contact; its name is empty."""
    contact = await row(actor, await person(actor))
    assert (contact.name, contact.email, contact.phone) == ("", None, None)
    await counts_are_exact(actor)


async def test_every_refusal_of_a_form_comes_at_once(actor: Actor) -> None:
    """What is wrong in several fields is said in one answer, and nothing is written."""
    await person(actor, "taken@example.com", external_id="crm-1")
    points = [
        NewPoint(EMAIL, "nonsense"),
        NewPoint(EMAIL, "TAKEN@example.com", 2),
        NewPoint(SMS, "12"),
        NewPoint(POST, "12 Main St", 2),
    ]
    with pytest.raises(Refusals) as refusal:
        await create_contact(
            actor,
            NewContact(
                points=points, external_id="crm-1", first_name="a" * 201, contact_type="pirate", tags=[""],
                groups=[uuid4()], attributes={"a": 2**70},
            ),
        )  # fmt: skip
    assert sorted(refused(refusal.value)) == [
        ("INVALID", "attributes"),
        ("INVALID", "contactType"),
        ("INVALID", "points.0.value"),
        ("INVALID", "points.2.value"),
        ("INVALID", "points.3.slot"),
        ("INVALID", "tags.0"),
        ("NOT_FOUND", "groups.0"),
        ("TAKEN", "externalId"),
        ("TAKEN", "points.1.value"),
        ("TOO_LARGE", "firstName"),
    ]
    assert await pool().fetchval("SELECT count(*) FROM contact") == 1
    assert await pool().fetchval("SELECT count(*) FROM address") == 1


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([NewPoint(EMAIL, "a@b.de"), NewPoint(EMAIL, "c@b.de")], ("DUPLICATE", "points.1.slot")),
        ([NewPoint(EMAIL, "a@b.de"), NewPoint(EMAIL, "A@B.de", 2)], ("DUPLICATE", "points.1.value")),
        ([NewPoint(EMAIL, "a@b.de", 4)], ("INVALID", "points.0.slot")),
        ([NewPoint(EMAIL, "a@b.de", 0)], ("INVALID", "points.0.slot")),
        ([NewPoint(SMS, "+12025550100", 2)], ("INVALID", "points.0.slot")),
        ([NewPoint(EMAIL, "a@b.de")] * 21, ("TOO_LARGE", "points")),
    ],
)
async def test_a_slot_and_an_address_are_named_once(
    actor: Actor, points: list[NewPoint], expected: tuple[str, str]
) -> None:
    """The same slot or address twice is DUPLICATE; email has slots 1 to 3, the other channels 1."""
    with pytest.raises(Refusals) as refusal:
        await create_contact(actor, NewContact(points=points))
    assert expected in refused(refusal.value)


async def test_an_email_belongs_to_one_contact(actor: Actor) -> None:
    """In whatever slot and case: TAKEN."""
    await create_contact(actor, NewContact(points=[NewPoint(EMAIL, "Anna@example.com", 3)]))
    with pytest.raises(Refusals) as refusal:
        await person(actor, "ANNA@EXAMPLE.COM")
    assert refused(refusal.value) == [("TAKEN", "points.0.value")]


@pytest.mark.parametrize("details", [{"email": "anna@example.com"}, {"external_id": "crm-1"}])
async def test_of_two_that_race_one_wins(actor: Actor, details: dict[str, Any]) -> None:
    """Ten requests at once for one email, or one external id: one contact, nine times TAKEN."""
    answers = await asyncio.gather(*(person(actor, **details) for _ in range(10)), return_exceptions=True)
    lost = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(lost) == 9
    assert {code for error in lost for code, _ in refused(error)} == {"TAKEN"}
    assert await pool().fetchval("SELECT count(*) FROM contact") == 1
    await counts_are_exact(actor)


async def test_many_new_contacts_that_share_addresses_never_deadlock(actor: Actor) -> None:
    """Families created at once, each naming the shared numbers in another order."""
    shared = [NewPoint(SMS, "+12025550100"), NewPoint(CALL, "+12025550101"), NewPoint(POST, "12 Main St")]
    orders = [shared[n % 3 :] + shared[: n % 3] for n in range(24)]
    await asyncio.gather(*(create_contact(actor, NewContact(points=order)) for order in orders))
    assert await pool().fetchval("SELECT count(*) FROM address") == 3
    await counts_are_exact(actor)


async def test_a_shared_number_shares_its_permission(actor: Actor) -> None:
    """A number that another contact holds comes with the permission it has."""
    first = await person(actor, phone="+12025550100")
    await opt_out(actor, first, [SMS])
    second = await person(actor, phone="+1 202 555 0100")
    (point,) = await points_of(actor, second)
    assert point.consent is ConsentStatus.OPTED_OUT
    await counts_are_exact(actor)


async def test_an_address_taken_off_and_put_on_again_launders_nothing(actor: Actor) -> None:
    """An opted-out email that was removed from its contact is OPTED_OUT on the next contact too."""
    first = await opted_in(actor, "anna@example.com")
    await opt_out(actor, first)
    await update_contact(actor, first, ContactChanges(points=[PointChange(EMAIL, None)]))
    second = await person(actor, "anna@example.com")
    assert [point.consent for point in await points_of(actor, second)] == [ConsentStatus.OPTED_OUT]
    await counts_are_exact(actor)


async def test_a_suppressed_address_comes_back_opted_out(actor: Actor) -> None:
    """A hash without a value still suppresses; its value is filled in."""
    first = await opted_in(actor, "anna@example.com")
    await pool().execute("DELETE FROM contact WHERE id = $1", first)
    await pool().execute("UPDATE address SET value = NULL, consent = 'OPTED_OUT'")
    second = await person(actor, "Anna@example.com")
    (point,) = await points_of(actor, second)
    assert (point.consent, point.value) == (ConsentStatus.OPTED_OUT, "Anna@example.com")


async def test_a_suppressed_number_comes_back_opted_out(actor: Actor) -> None:
    """On every channel: an erased number and postal address return with their value, withdrawn."""
    points = [NewPoint(SMS, "+12025550100"), NewPoint(POST, "12 Main St")]
    await erase_contact(actor, (await create_contact(actor, NewContact(points=points))).contact_id)
    again = (await create_contact(actor, NewContact(points=points))).contact_id
    out = ConsentStatus.OPTED_OUT
    assert [(p.value, p.consent) for p in await points_of(actor, again)] == [("+12025550100", out), ("12 Main St", out)]
    await counts_are_exact(actor)


async def test_topics_start_as_the_account_says(actor: Actor) -> None:
    """Topics that are on by default are on; with none of those a contact has no topic on."""
    contact_id = await person(actor)
    assert {topic.subscribed for topic in (await topics(actor, [contact_id]))[contact_id]} == {True}
    await pool().execute("UPDATE topic SET default_subscribed = false")
    assert (await row(actor, await person(actor))).topic_on is False


async def test_a_contact_starts_in_a_hundred_groups_at_most(actor: Actor) -> None:
    """More at once is TOO_LARGE."""
    with pytest.raises(Refusals) as refusal:
        await person(actor, groups=[uuid4()] * 101)
    assert refused(refusal.value) == [("TOO_LARGE", "groups")]


async def test_accounts_do_not_meet(actor: Actor, stranger: Actor) -> None:
    """The same email and external id may stand in two accounts; a group of another account is NOT_FOUND."""
    group = await create_group(stranger, "Theirs")
    mine = await person(actor, "anna@example.com", external_id="crm-1")
    theirs = await person(stranger, "anna@example.com", external_id="crm-1")
    assert (await find(actor, Lookup(email="anna@example.com"))) == await row(actor, mine)
    assert (await find(stranger, Lookup(external_id="crm-1"))) == await row(stranger, theirs)
    with pytest.raises(Refusals) as refusal:
        await person(actor, groups=[group.id])
    assert refused(refusal.value) == [("NOT_FOUND", "groups.0")]


async def test_what_the_ledger_says_is_what_was_done(actor: Actor) -> None:
    """Creating and being refused leaves no trace of the refused one."""
    receipt = await create_contact(actor, NewContact(points=[NewPoint(EMAIL, "a@example.com")]))
    with pytest.raises((DomainError, Refusals)):
        await person(actor, "a@example.com")
    assert await pool().fetchval("SELECT count(*) FROM ledger") == len(await actions(actor, receipt.positions)) == 2
