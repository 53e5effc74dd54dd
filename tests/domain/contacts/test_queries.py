"""Finding contacts and what belongs to them."""

from uuid import uuid4

import pytest

from domain.actor import Actor
from domain.consent.opt_in import opt_in
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.queries import Lookup, by_ids, find, points, points_by_ids, tags, topics
from domain.contacts.rows import opted_in, primary, subscribed
from domain.values import ConsentStatus
from tests.domain.contacts.people import CALL, EMAIL, SMS, WRITTEN, person, points_of, row


async def test_a_contact_is_found_by_each_of_its_keys(actor: Actor) -> None:
    """Its id, an email in any slot and any case, a number in any writing, its external id."""
    given = [NewPoint(EMAIL, "a@example.com"), NewPoint(EMAIL, "Second@example.com", 3), NewPoint(CALL, "+12025550100")]
    contact_id = (await create_contact(actor, NewContact(points=given, external_id="crm-1"))).contact_id
    for lookup in (
        Lookup(id=contact_id),
        Lookup(email="a@EXAMPLE.com "),
        Lookup(email="SECOND@example.com"),
        Lookup(phone="(202) 555-0100"),
        Lookup(external_id=" crm-1"),
    ):
        assert await find(actor, lookup) == await row(actor, contact_id), lookup


async def test_of_those_who_share_a_number_the_oldest_is_found(actor: Actor) -> None:
    """Whether it is their SMS or their CALL number."""
    given = [NewPoint(CALL, "+12025550100")]
    oldest = (await create_contact(actor, NewContact(points=given))).contact_id
    await person(actor, phone="+12025550100")
    found = await find(actor, Lookup(phone="+1 202 555 0100"))
    assert found is not None
    assert found.id == oldest


@pytest.mark.parametrize(
    "lookup",
    [
        Lookup(id=uuid4()),
        Lookup(email="nobody@example.com"),
        Lookup(email="no address"),
        Lookup(email="\x00"),
        Lookup(email="a" * 10_000_000),
        Lookup(phone="+12025550199"),
        Lookup(phone="call me"),
        Lookup(phone="\ud800"),
        Lookup(external_id="nobody"),
        Lookup(external_id="\x00"),
        Lookup(external_id="a" * 10_000_000),
        Lookup(),
    ],
)
async def test_nobody_is_found_by_anything_else(actor: Actor, lookup: Lookup) -> None:
    """Unknown keys, and what is no key at all."""
    await person(actor, "a@example.com", "+12025550100", external_id="crm-1")
    assert await find(actor, lookup) is None


async def test_another_account_finds_nothing(actor: Actor, stranger: Actor) -> None:
    """No look-up and no batch crosses accounts."""
    contact_id = await person(actor, "a@example.com", "+12025550100", external_id="crm-1", tags=["vip"])
    (email, *_) = await points_of(actor, contact_id)
    keys = {"id": contact_id, "email": "a@example.com", "phone": "+12025550100", "external_id": "crm-1"}
    for name, value in keys.items():
        assert await find(stranger, Lookup(**{name: value})) is None  # type: ignore[arg-type]
    assert await by_ids(stranger, [contact_id]) == {}
    assert await points(stranger, [contact_id]) == {contact_id: []}
    assert await points_by_ids(stranger, [email.id]) == {}
    assert await tags(stranger, [contact_id]) == {contact_id: []}
    assert {t.updated_at for t in (await topics(stranger, [contact_id]))[contact_id]} == {None}


async def test_points_come_in_order(actor: Actor) -> None:
    """By channel, then by slot, each with its permission and the proof of it."""
    given = [NewPoint(SMS, "+12025550100"), NewPoint(EMAIL, "b@example.com", 2), NewPoint(EMAIL, "a@example.com")]
    contact_id = (await create_contact(actor, NewContact(points=given))).contact_id
    receipt = await opt_in(actor, contact_id, evidence=WRITTEN)
    found = await points_of(actor, contact_id)
    assert [(p.channel, p.slot) for p in found] == [(EMAIL, 1), (EMAIL, 2), (SMS, 1)]
    assert (found[0].consent, [found[0].proof]) == (ConsentStatus.SINGLE_OPT_IN, receipt.positions)
    assert found[0].consent_at is not None
    assert await points_by_ids(actor, [found[1].id, (contact_id, uuid4())]) == {found[1].id: found[1]}
    contact = await row(actor, contact_id)
    assert (opted_in(found, EMAIL), opted_in(found, SMS), primary(found, CALL)) == (True, False, None)
    assert (subscribed(contact, found, EMAIL), subscribed(contact, found, CALL)) == (True, False)


async def test_batches_answer_for_everyone_asked_about(actor: Actor) -> None:
    """A contact without points or tags has empty lists, and every topic."""
    people = [await person(actor, f"p{n}@example.com", tags=["b", "a"]) for n in range(3)] + [await person(actor)]
    assert [len(found) for found in (await points(actor, people)).values()] == [1, 1, 1, 0]
    assert list((await tags(actor, people)).values()) == [["a", "b"]] * 3 + [[]]
    assert [len(found) for found in (await topics(actor, people)).values()] == [4] * 4
    assert set(await by_ids(actor, [*people, uuid4()])) == set(people)
