"""Undoing an import: who came with it goes, unless somebody else has touched them; what it permitted goes back."""

from uuid import UUID

import pytest

from domain.actor import Actor
from domain.bulk.change_members import add_to_group
from domain.bulk.operation import Operation
from domain.bulk.report import report
from domain.bulk.undo import undo
from domain.consent.lifecycle import archive
from domain.consent.opt_out import OptOutRequester, opt_out
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.erase import erase_contact
from domain.contacts.queries import Lookup, find, tags
from domain.contacts.selection import Selection
from domain.errors import ErrorCode
from domain.groups.create import create_group
from domain.infra.db import pool
from domain.values import ConsentStatus
from tests.domain.bulk.working import work_off
from tests.domain.contacts.people import CALL, EMAIL, account, counts_are_exact, person, points_of, topic_ids
from tests.domain.imports.importing import bring

NONE, SINGLE, DOUBLE, OUT = ConsentStatus


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account in an empty database."""
    return await account()


async def undone(actor: Actor, operation: Operation) -> Operation:
    """Its undo, worked off."""
    return await work_off(actor, (await undo(actor, operation.id)).id)


async def found(actor: Actor, email: str) -> UUID | None:
    """The contact with this email."""
    row = await find(actor, Lookup(email=email))
    return row.id if row else None


async def test_who_came_with_it_goes(actor: Actor) -> None:
    """Nobody and no address is left, the counts are exact, and a second undo finds nothing."""
    text = "email,mobile,first_name,tags\n" + "".join(f"a{n}@example.com,+1415555010{n},Ann,vip\n" for n in range(5))
    done = await bring(actor, text)
    back = await undone(actor, done)
    assert (back.total, back.changed, back.outcomes) == (5, 5, {})
    assert await pool().fetchval("SELECT count(*) FROM contact") == 0
    rows = await pool().fetch("SELECT DISTINCT value, consent FROM address")
    assert [tuple(row) for row in rows] == [(None, NONE)]
    await counts_are_exact(actor)
    again = await undone(actor, done)
    assert (again.changed, again.outcomes) == (0, {ErrorCode.NOT_FOUND: 5})


async def test_it_leaves_no_suppression_and_lifts_none(actor: Actor) -> None:
    """Brought in again, an address enters as if for the first time; one that was opted out before still is."""
    await erase_contact(actor, await person(actor, "out@example.com"))
    text = "email\nnew@example.com\nout@example.com\n"
    await undone(actor, await bring(actor, text))
    await bring(actor, text)
    consents = {}
    for email in ("new@example.com", "out@example.com"):
        contact_id = await found(actor, email)
        assert contact_id is not None
        consents[email] = (await points_of(actor, contact_id))[0].consent
    assert consents == {"new@example.com": SINGLE, "out@example.com": OUT}


async def test_who_was_touched_since_stays(actor: Actor) -> None:
    """By the recipient, an operator, or another operation: CONFLICT, but permission that the import gave goes back."""
    names = ("recipient", "archived", "grouped", "alone")
    done = await bring(actor, "email\n" + "".join(f"{name}@example.com\n" for name in names))
    ids = {name: await found(actor, f"{name}@example.com") for name in names}
    recipient, archived, grouped, alone = (id_ for id_ in ids.values() if id_)
    await opt_out(actor, recipient, requested_by=OptOutRequester.RECIPIENT)
    await archive(actor, archived)
    berlin = await create_group(actor, "Berlin")
    await work_off(actor, (await add_to_group(actor, berlin.id, Selection(ids=[grouped]))).id)
    back = await undone(actor, done)
    assert (back.total, back.changed, back.outcomes) == (4, 3, {ErrorCode.OPTED_OUT: 1})
    assert [await found(actor, f"{name}@example.com") is not None for name in names] == [True, True, True, False]
    assert [(await points_of(actor, id_))[0].consent for id_ in (recipient, archived, grouped)] == [OUT, NONE, NONE]
    lines = "".join([text async for text in report(actor, back.id)])
    assert lines.count("CONFLICT") == 3
    assert str(alone) not in lines
    await counts_are_exact(actor)


async def test_who_was_there_before(actor: Actor) -> None:
    """Permission, tags, topics and groups that it brought go back; details stay, and the report says so."""
    one = await person(actor, "one@example.com", first_name="Old", tags=["mine"])
    out = await person(actor, "out@example.com")
    (topic, *_) = await topic_ids(actor)
    key = await pool().fetchval("SELECT key FROM topic WHERE id = $1", topic)
    before = await pool().fetchval("SELECT default_subscribed FROM topic WHERE id = $1", topic)
    header = f"email,first_name,topic:{key},accepts_marketing"
    rows = f"one@example.com,New,{not before},true\nout@example.com,,,false"
    done = await bring(actor, f"{header}\n{rows}\n", tags=("vip",), new_group="Fair")
    assert (await points_of(actor, out))[0].consent is OUT
    back = await undone(actor, done)
    assert back.changed == 2
    assert [(await points_of(actor, id_))[0].consent for id_ in (one, out)] == [NONE, NONE]
    assert (await tags(actor, [one]))[one] == ["mine"]
    assert await pool().fetchval("SELECT count(*) FROM group_member") == 0
    switched = "SELECT subscribed FROM topic_switch WHERE contact_id = $1 AND topic_id = $2"
    assert await pool().fetchval(switched, one, topic) is before
    assert await pool().fetchval("SELECT first_name FROM contact WHERE id = $1", one) == "New"
    lines = "".join([text async for text in report(actor, back.id)])
    assert lines.count("Details that an import changed stay as they are now.") == 2
    await counts_are_exact(actor)


async def test_a_shared_phone_stays_with_who_had_it(actor: Actor) -> None:
    """The address of a contact that goes is emptied only when nobody else holds it."""
    points = [NewPoint(EMAIL, "kept@example.com"), NewPoint(CALL, "+14155550101")]
    kept = (await create_contact(actor, NewContact(points=points))).contact_id
    done = await bring(actor, "email,phone\nnew@example.com,+14155550101\n")
    assert await found(actor, "new@example.com") not in (None, kept)
    back = await undone(actor, done)
    assert (back.changed, await found(actor, "new@example.com")) == (1, None)
    assert [point.value for point in await points_of(actor, kept)] == ["kept@example.com", "+14155550101"]
    await counts_are_exact(actor)
